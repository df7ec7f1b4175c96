//! The colours of charts.

/// A colour as it is written in SVG.
pub(crate) type Colour = &'static str;

pub(crate) const PAPER: Colour = "#ffffff";
pub(crate) const INK: Colour = "#3b4252";
pub(crate) const HEADING: Colour = "#16202e";
pub(crate) const FAINT: Colour = "#6a7484";
pub(crate) const GRID: Colour = "#e3e7ed";
pub(crate) const MINOR_GRID: Colour = "#f1f3f6";
pub(crate) const FRAME: Colour = "#c3cad4";
pub(crate) const LEADER: Colour = "#9aa4b2";
pub(crate) const WAVEFORM: Colour = "#5d7189";

/// What kind of codec a contestant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// A preset of lmac.
    Preset,
    /// A language model.
    LanguageModel,
    /// Any other codec.
    Baseline,
}

impl Group {
    /// Returns the colour of the whole group.
    pub(crate) const fn colour(self) -> Colour {
        match self {
            Group::Preset => "#1c64d9",
            Group::LanguageModel => "#d9661c",
            Group::Baseline => "#7b8797",
        }
    }

    /// Returns the colour of names.
    pub(crate) const fn name_colour(self) -> Colour {
        match self {
            Group::Preset => "#1552b5",
            Group::LanguageModel => "#a9480b",
            Group::Baseline => INK,
        }
    }

    /// Returns colours that tell members apart: presets are blue, models warm.
    const fn members(self) -> &'static [Colour] {
        match self {
            Group::Preset => &["#5c9df4", "#1c64d9", "#0b2f7a", "#5a48c8"],
            Group::LanguageModel => {
                &["#d9661c", "#c2185b", "#e0a100", "#8c2d04", "#e377a8", "#7a1fa2"]
            }
            Group::Baseline => &[
                "#7b8797", "#2a9d8f", "#6b8e23", "#8a6d5b", "#2f4858", "#8fb8b0", "#b3a36a",
                "#4f7a4c",
            ],
        }
    }
}

/// Returns a colour for each of several codecs.
pub(crate) fn apart(groups: impl Iterator<Item = Group>) -> Vec<Colour> {
    let mut taken = [0; 3];
    groups
        .map(|group| {
            let members = group.members();
            let number = &mut taken[group as usize];
            *number += 1;
            members[(*number - 1) % members.len()]
        })
        .collect()
}

/// From silence to the loudest: the lightness falls evenly from the paper's to nearly
/// black, while the hue goes from yellow through green and blue to violet.
const LOUDNESS: [u32; 9] =
    [0xfbfaeb, 0xcae3aa, 0x7ece90, 0x1bb493, 0x129293, 0x0a7388, 0x01547d, 0x203560, 0x1f1f29];

/// Returns the colours of [`LOUDNESS`] in 256 steps.
pub(crate) fn loudness() -> Vec<[u8; 3]> {
    let steps = LOUDNESS.len() - 1;
    (0..=255)
        .map(|level: usize| {
            let low = (level * steps / 255).min(steps - 1);
            let part = (level * steps - low * 255) as f64 / 255.0;
            [1, 2, 3].map(|byte| {
                let [from, to] =
                    [low, low + 1].map(|at| f64::from(LOUDNESS[at].to_be_bytes()[byte]));
                (from * (1.0 - part) + to * part).round() as u8
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
