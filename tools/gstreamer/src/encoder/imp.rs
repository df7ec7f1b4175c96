use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use gst::prelude::*;
use gst::subclass::prelude::*;
use gst::{ClockTime, FlowError, FlowSuccess, glib};
use gst_audio::AudioInfo;
use gst_audio::prelude::*;
use gst_audio::subclass::prelude::*;
use lmac::packets::{PacketParser, Step};
use lmac::{AudioSpec, EncodeOptions, Encoder};

use super::Preset;
use crate::channels::Reordering;
use crate::{MEDIA_TYPE, format, tags, time};

#[derive(Debug, Default)]
pub(crate) struct LmacEnc {
    settings: Mutex<Settings>,
    state: Mutex<Option<State>>,
    timing: Mutex<Timing>,
}

/// The times of what is pushed.
#[derive(Debug, Default)]
struct Timing {
    /// When the first frame is due, once that is known.
    start: Option<ClockTime>,
    /// Frames that the base class no longer keeps. It takes what is pushed for audio behind them.
    released: u64,
    rate: u32,
    next: Option<Stamp>,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    preset: Preset,
    chunk_frames: u32,
    threads: u32,
    verify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { preset: Preset::default(), chunk_frames: 0, threads: 1, verify: true }
    }
}

/// A stream that is being made.
#[derive(Debug)]
struct State {
    spec: AudioSpec,
    /// For channels that have another order in the stream.
    reordering: Option<Reordering>,
    /// The encoder, from the first audio on: then the tags are known.
    encoder: Option<Encoder<Outbox>>,
    outbox: Outbox,
    /// Takes the stream apart, since each chunk is to have its time.
    parser: PacketParser,
    /// Whether the trailer is written.
    ended: bool,
}

/// Bytes that the encoder has written.
#[derive(Debug, Clone, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// When a part of the stream is due, counted from its first frame.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    begin: ClockTime,
    duration: ClockTime,
    header: bool,
}

#[glib::object_subclass]
impl ObjectSubclass for LmacEnc {
    const NAME: &'static str = "GstLmacEnc";
    type Type = super::LmacEnc;
    type ParentType = gst_audio::AudioEncoder;
    type Interfaces = (gst::TagSetter,);
}

impl ObjectImpl for LmacEnc {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let defaults = Settings::default();
            vec![
                glib::ParamSpecEnum::builder_with_default("preset", defaults.preset)
                    .nick("Preset")
                    .blurb("How much work is done to make the stream small")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("chunk-frames")
                    .nick("Frames of a chunk")
                    .blurb("Frames of a chunk, the unit of seeking (0 = that of the preset)")
                    .default_value(defaults.chunk_frames)
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("threads")
                    .nick("Threads")
                    .blurb("Threads that encode chunks (0 = one for each core)")
                    .maximum(1024)
                    .default_value(defaults.threads)
                    .mutable_ready()
                    .build(),
                glib::ParamSpecBoolean::builder("verify")
                    .nick("Verify")
                    .blurb("Decode each chunk again before it is pushed")
                    .default_value(defaults.verify)
                    .mutable_ready()
                    .build(),
            ]
        });
        PROPERTIES.as_ref()
    }

    fn set_property(&self, _id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        let mut settings = lock(&self.settings);
        // The types are those of the specifications above.
        match spec.name() {
            "preset" => settings.preset = value.get().unwrap_or_default(),
            "chunk-frames" => settings.chunk_frames = value.get().unwrap_or_default(),
            "threads" => settings.threads = value.get().unwrap_or_default(),
            "verify" => settings.verify = value.get().unwrap_or_default(),
            _ => {}
        }
    }

    fn property(&self, _id: usize, spec: &glib::ParamSpec) -> glib::Value {
        let settings = *lock(&self.settings);
        match spec.name() {
            "preset" => settings.preset.to_value(),
            "chunk-frames" => settings.chunk_frames.to_value(),
            "threads" => settings.threads.to_value(),
            _ => settings.verify.to_value(),
        }
    }
}

impl GstObjectImpl for LmacEnc {}

impl ElementImpl for LmacEnc {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "lmac encoder",
                "Codec/Encoder/Audio",
                "Encodes audio losslessly",
                "The lmac project",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let src = gst::Caps::builder(MEDIA_TYPE).field("framed", false).build();
            let sink = format::raw_caps();
            [("sink", gst::PadDirection::Sink, sink), ("src", gst::PadDirection::Src, src)]
                .into_iter()
                .filter_map(|(name, direction, caps)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
                })
                .collect()
        });
        TEMPLATES.as_ref()
    }
}

impl TagSetterImpl for LmacEnc {}

impl AudioEncoderImpl for LmacEnc {
    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        *lock(&self.timing) = Timing::default();
        self.obj().reset_tags();
        Ok(())
    }

    fn set_format(&self, info: &AudioInfo) -> Result<(), gst::LoggableError> {
        let mut state = lock(&self.state);
        if state.as_ref().is_some_and(|state| state.encoder.is_some() || state.ended) {
            return Err(gst::loggable_error!(
                gst::CAT_RUST,
                "the audio changes its format; a stream has one"
            ));
        }
        let Some((spec, reordering)) = format::spec(info) else {
            return Err(gst::loggable_error!(gst::CAT_RUST, "no stream can hold {info:?}"));
        };
        let caps = gst::Caps::builder(MEDIA_TYPE).field("framed", false).build();
        self.obj()
            .set_output_format(&caps)
            .map_err(|error| gst::loggable_error!(gst::CAT_RUST, "{error}"))?;
        *state = Some(State {
            spec,
            reordering,
            encoder: None,
            outbox: Outbox::default(),
            parser: PacketParser::new(),
            ended: false,
        });
        lock(&self.timing).rate = info.rate();
        Ok(())
    }

    fn handle_frame(&self, buffer: Option<&gst::Buffer>) -> Result<FlowSuccess, FlowError> {
        // What is left is written when the stream ends, in `sink_event`.
        let Some(buffer) = buffer else { return Ok(FlowSuccess::Ok) };
        let encoded = self.encode(buffer);
        let pushed = match encoded {
            Ok(parts) => self.push(parts),
            Err(error) => self.fail(&error),
        };
        // The encoder has the samples: the base class need not keep them until their chunk is
        // written.
        let released = self.obj().finish_frame(None, -1);
        let frame_bytes = self.obj().audio_info().bpf().max(1) as usize;
        lock(&self.timing).released += (buffer.size() / frame_bytes) as u64;
        pushed.and(released)
    }

    fn pre_push(&self, mut buffer: gst::Buffer) -> Result<Option<gst::Buffer>, FlowError> {
        let mut timing = lock(&self.timing);
        if timing.start.is_none() {
            let released = time::of_frame(timing.released, timing.rate);
            timing.start = buffer.pts().map(|pts| pts.saturating_sub(released));
        }
        if let Some(stamp) = timing.next.take() {
            let buffer = buffer.make_mut();
            let pts = timing.start.map(|start| start + stamp.begin);
            buffer.set_pts(pts);
            buffer.set_dts(pts);
            buffer.set_duration(stamp.duration);
            if stamp.header {
                buffer.set_flags(gst::BufferFlags::HEADER);
            }
        }
        Ok(Some(buffer))
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::Tag(tag) => {
                let mode = self.obj().tag_merge_mode();
                TagSetterExt::merge_tags(&*self.obj(), &tag.tag_owned(), mode);
            }
            gst::EventView::Eos(_) => {
                let finished = match self.finish() {
                    Ok(parts) => self.push(parts),
                    Err(error) => self.fail(&error),
                };
                if matches!(finished, Err(FlowError::Error)) {
                    return false;
                }
            }
            _ => {}
        }
        self.parent_sink_event(event)
    }
}

/// A part of the stream with its time.
struct Part {
    bytes: Vec<u8>,
    stamp: Stamp,
}

impl LmacEnc {
    fn encode(&self, buffer: &gst::Buffer) -> Result<Vec<Part>, lmac::Error> {
        let mut state = lock(&self.state);
        let Some(state) = state.as_mut() else { return Ok(Vec::new()) };
        self.begin(state)?;
        let Some(encoder) = &mut state.encoder else {
            return Err(io::Error::other("audio comes behind the end of the stream").into());
        };
        let pcm = buffer.map_readable().map_err(io::Error::other)?;
        match &state.reordering {
            None => encoder.write_all(&pcm)?,
            Some(reordering) => {
                let mut pcm = pcm.to_vec();
                reordering.apply(&mut pcm);
                encoder.write_all(&pcm)?;
            }
        }
        state.parts()
    }

    /// Writes the rest of the stream. Without any audio, that is all of it.
    fn finish(&self) -> Result<Vec<Part>, lmac::Error> {
        // The base class tells the format with the first audio.
        if lock(&self.state).is_none()
            && let Some(caps) = self.obj().sink_pad().current_caps()
            && let Ok(info) = AudioInfo::from_caps(&caps)
            && let Err(error) = self.set_format(&info)
        {
            return Err(io::Error::other(error.to_string()).into());
        }
        let mut state = lock(&self.state);
        let Some(state) = state.as_mut() else { return Ok(Vec::new()) };
        self.begin(state)?;
        if let Some(encoder) = state.encoder.take() {
            encoder.finish()?;
        }
        state.ended = true;
        state.parts()
    }

    /// Makes the encoder, if there is none yet.
    fn begin(&self, state: &mut State) -> Result<(), lmac::Error> {
        if state.encoder.is_some() || state.ended {
            return Ok(());
        }
        let settings = *lock(&self.settings);
        let mut options = EncodeOptions::default()
            .with_preset(settings.preset.into())
            .with_threads(settings.threads as usize)
            .with_verify(settings.verify);
        if settings.chunk_frames > 0 {
            options = options.with_chunk_frames(settings.chunk_frames.into());
        }
        if let Some(list) = self.obj().tag_list() {
            let tags = tags::of_list(&list);
            if !tags.is_empty() {
                options = options.with_tags(tags);
            }
        }
        let encoder = Encoder::with_options(state.outbox.clone(), state.spec, options)?;
        state.encoder = Some(encoder);
        Ok(())
    }

    fn push(&self, parts: Vec<Part>) -> Result<FlowSuccess, FlowError> {
        for Part { bytes, stamp } in parts {
            lock(&self.timing).next = Some(stamp);
            self.obj().finish_frame(Some(gst::Buffer::from_mut_slice(bytes)), 0)?;
        }
        Ok(FlowSuccess::Ok)
    }

    fn fail(&self, error: &lmac::Error) -> Result<FlowSuccess, FlowError> {
        gst::element_imp_error!(self, gst::StreamError::Encode, ["{error}"]);
        Err(FlowError::Error)
    }
}

impl State {
    /// Takes what the encoder has written.
    fn parts(&mut self) -> Result<Vec<Part>, lmac::Error> {
        let written = mem::take(&mut *lock(&self.outbox.0));
        self.parser.push(&written)?;
        let rate = self.spec.rate;
        let mut parts = Vec::new();
        loop {
            let (bytes, first_frame, frames, header) = match self.parser.next_step()? {
                Step::Header(header) => (header.bytes().to_vec(), 0, 0, true),
                Step::Packet(packet) => {
                    (packet.bytes.into(), packet.first_frame, packet.frames, false)
                }
                _ => return Ok(parts),
            };
            let begin = time::of_frame(first_frame, rate);
            let duration = time::of_frame(first_frame + frames, rate) - begin;
            let stamp = Stamp { begin, duration, header };
            parts.push(Part { bytes, stamp });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
