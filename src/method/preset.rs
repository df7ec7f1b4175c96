//! The presets. All that a preset stands for is in one table, [`Preset::row`].

use crate::audio::AudioSpec;
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::default_chunk_frames;
use crate::method::adaptive::ParameterSet;

/// How much work an encoder does to make a stream small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Preset {
    /// Keeps the audio as it is, with checksums and an index.
    Store,
    /// Takes the light method, which codes any number of channels.
    Light,
    /// Takes the embedded model at its fastest.
    ///
    /// Audio that the embedded model cannot code goes to the light method, with this preset
    /// and all that follow.
    Fast,
    /// Takes the embedded model.
    #[default]
    Standard,
    /// Takes the embedded model at its largest: the smallest streams, many times slower.
    Max,
}

/// The first choice of a preset for chunks that are not constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstChoice {
    Stored,
    Light,
    Adaptive(ParameterSet),
}

/// What a preset stands for.
struct Row {
    /// The name.
    name: &'static str,
    first_choice: FirstChoice,
    /// The length of a chunk, in multiples of the format's default of ten seconds.
    default_lengths: u64,
}

impl Preset {
    /// All presets, the fastest first.
    pub const ALL: &[Preset] =
        &[Preset::Store, Preset::Light, Preset::Fast, Preset::Standard, Preset::Max];

    fn row(self) -> Row {
        let row = |name, first_choice, default_lengths| Row { name, first_choice, default_lengths };
        let adaptive = FirstChoice::Adaptive;
        match self {
            Preset::Store => row("store", FirstChoice::Stored, 1),
            Preset::Light => row("light", FirstChoice::Light, 1),
            Preset::Fast => row("fast", adaptive(ParameterSet::Fast), 1),
            Preset::Standard => row("standard", adaptive(ParameterSet::Standard), 2),
            Preset::Max => row("max", adaptive(ParameterSet::Max), 3),
        }
    }

    /// Returns the preset's name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn first_choice(self) -> FirstChoice {
        self.row().first_choice
    }

    /// Returns the frames of a chunk for callers that do not choose a length, of a stream of this
    /// many frames where that is known.
    pub(crate) fn chunk_frames(self, spec: &AudioSpec, stream_frames: Option<u64>) -> u64 {
        let default = default_chunk_frames(spec);
        // The header leaves out the length that is the format's default.
        if stream_frames.is_some_and(|frames| frames <= default) {
            return default;
        }
        let frames = self.row().default_lengths * default;
        frames.min(MAX_CHUNK_PCM / spec.frame_bytes() as u64)
    }
}
