//! Colours, and who has which.

/// A colour, and how much of what is below it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Colour {
    /// Red, green and blue.
    pub(crate) rgb: [u8; 3],
    /// From 0, which is nothing, to 1.
    pub(crate) opacity: f64,
}

impl Colour {
    /// An opaque one, as it is written after `#` in SVG.
    pub(crate) const fn new(rgb: u32) -> Self {
        Colour { rgb: [(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8], opacity: 1.0 }
    }

    pub(crate) const fn with_opacity(self, opacity: f64) -> Self {
        Colour { opacity, ..self }
    }
}

pub(crate) const PAPER: Colour = Colour::new(0xffffff);
pub(crate) const INK: Colour = Colour::new(0x3b4252);
pub(crate) const HEADING: Colour = Colour::new(0x16202e);
pub(crate) const FAINT: Colour = Colour::new(0x6a7484);
pub(crate) const GRID: Colour = Colour::new(0xe3e7ed);
pub(crate) const MINOR_GRID: Colour = Colour::new(0xf1f3f6);
pub(crate) const FRAME: Colour = Colour::new(0xc3cad4);
pub(crate) const LEADER: Colour = Colour::new(0x9aa4b2);
pub(crate) const WAVEFORM: Colour = Colour::new(0x5d7189);

/// What kind of codec somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// A preset of lmac.
    Preset,
    /// A language model.
    LanguageModel,
    /// Anything else.
    Baseline,
}

impl Group {
    /// The colour of all of them together.
    pub(crate) const fn colour(self) -> Colour {
        match self {
            Group::Preset => Colour::new(0x1c64d9),
            Group::LanguageModel => Colour::new(0xd9661c),
            Group::Baseline => Colour::new(0x7b8797),
        }
    }

    /// The colour of their names.
    pub(crate) const fn name_colour(self) -> Colour {
        match self {
            Group::Preset => Colour::new(0x1552b5),
            Group::LanguageModel => Colour::new(0xa9480b),
            Group::Baseline => INK,
        }
    }

    /// Colours that tell the members apart: presets are blue, models warm.
    const fn members(self) -> &'static [u32] {
        match self {
            Group::Preset => &[0x5c9df4, 0x1c64d9, 0x0b2f7a, 0x5a48c8],
            Group::LanguageModel => &[0xd9661c, 0xc2185b, 0xe0a100, 0x8c2d04, 0xe377a8, 0x7a1fa2],
            Group::Baseline => {
                &[0x7b8797, 0x2a9d8f, 0x6b8e23, 0x8a6d5b, 0x2f4858, 0x8fb8b0, 0xb3a36a, 0x4f7a4c]
            }
        }
    }
}

/// A colour for each of several codecs.
pub(crate) fn apart(groups: impl Iterator<Item = Group>) -> Vec<Colour> {
    let mut before: Vec<Group> = Vec::new();
    groups
        .map(|group| {
            let members = group.members();
            let number = before.iter().filter(|&&other| other == group).count();
            before.push(group);
            Colour::new(members[number % members.len()])
        })
        .collect()
}

/// From silence to the loudest: the lightness falls evenly from the paper's to nearly
/// black, while the hue goes from yellow through green and blue to violet.
const LOUDNESS: [u32; 9] =
    [0xfbfaeb, 0xcae3aa, 0x7ece90, 0x1bb493, 0x129293, 0x0a7388, 0x01547d, 0x203560, 0x1f1f29];

/// The colours of [`LOUDNESS`] in 256 steps.
pub(crate) fn loudness() -> Vec<[u8; 3]> {
    let steps = LOUDNESS.len() - 1;
    (0..=255)
        .map(|level: usize| {
            let at = level * steps;
            let low = (at / 255).min(steps - 1);
            let part = (at - low * 255) as f64 / 255.0;
            let (from, to) = (Colour::new(LOUDNESS[low]).rgb, Colour::new(LOUDNESS[low + 1]).rgb);
            std::array::from_fn(|c| {
                (f64::from(from[c]) * (1.0 - part) + f64::from(to[c]) * part).round() as u8
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_group_differ() {
        use Group::{Baseline, LanguageModel, Preset};
        let groups = [Preset, Baseline, Preset, LanguageModel, Baseline, LanguageModel, Baseline];
        let colours = apart(groups.into_iter());
        for (at, colour) in colours.iter().enumerate() {
            assert!(!colours[..at].contains(colour), "{colours:?}");
        }
        assert_eq!(apart([Preset; 9].into_iter()).len(), 9);
    }

    /// Lightness as in the CIE's L*a*b*.
    fn lightness(rgb: [u8; 3]) -> f64 {
        let linear = rgb.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        116.0 * luminance.cbrt() - 16.0
    }

    #[test]
    fn loudness_darkens_evenly() {
        let colours = loudness();
        assert_eq!(colours.len(), 256);
        let steps: Vec<f64> = (0..15)
            .map(|at| lightness(colours[at * 17]) - lightness(colours[at * 17 + 17]))
            .collect();
        assert!(steps.iter().all(|step| (3.5..8.5).contains(step)), "{steps:?}");
    }
}
