//! The settings of a chunk: how fast the parts of a deep model learn.
//!
//! A setting is a factor on numbers of the parameter set, so that no setting changes the memory or
//! the time that a model takes.

use super::parameters::FilterSettings;
use crate::error::{Error, Result};
use crate::method::adaptive::least_squares::{CombinerSettings, LagSettings};

/// A part of a model that has a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::method::adaptive) enum Setting {
    /// How fast bases forget.
    Bases,
    /// The steps of long filters.
    Long,
    /// The steps of the other filters.
    Short,
    /// How fast combiners forget.
    Combiners,
}

impl Setting {
    pub(in crate::method::adaptive) const ALL: [Setting; 4] =
        [Setting::Bases, Setting::Long, Setting::Short, Setting::Combiners];

    /// Returns the place of the setting's code in a byte.
    fn shift(self) -> u32 {
        2 * self as u32
    }
}

/// The factors, by their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::method::adaptive) enum Factor {
    One,
    Half,
    Two,
    Quarter,
}

impl Factor {
    pub(in crate::method::adaptive) const ALL: [Factor; 4] =
        [Factor::One, Factor::Half, Factor::Two, Factor::Quarter];

    /// All factors are powers of two, so that products are exact.
    fn value(self) -> f32 {
        match self {
            Factor::One => 1.0,
            Factor::Half => 0.5,
            Factor::Two => 2.0,
            Factor::Quarter => 0.25,
        }
    }
}

/// The factors of all settings, as in a payload: each has two bits, the first one the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::method::adaptive) struct Settings(u8);

impl Settings {
    /// Returns the byte of a payload that has settings.
    pub(in crate::method::adaptive) fn byte(self) -> u8 {
        self.0
    }

    /// Reads the byte of a payload that has settings: one of them is not the usual one.
    pub(in crate::method::adaptive) fn from_byte(byte: u8) -> Result<Self> {
        match byte {
            0 => Err(Error::malformed("there are settings, but all of them are the usual ones")),
            _ => Ok(Settings(byte)),
        }
    }

    /// Returns these settings with another factor of one of them.
    pub(in crate::method::adaptive) fn with(self, setting: Setting, factor: Factor) -> Self {
        Settings(self.0 & !(3 << setting.shift()) | (factor as u8) << setting.shift())
    }

    fn factor(self, setting: Setting) -> f32 {
        Factor::ALL[usize::from(self.0 >> setting.shift() & 3)].value()
    }

    /// Returns a memory that fades faster or slower by the factor of a setting.
    fn memory(self, setting: Setting, memory: f64) -> f64 {
        1.0 - (1.0 - memory) * f64::from(self.factor(setting))
    }

    pub(super) fn base(self, base: LagSettings) -> LagSettings {
        LagSettings { memory: self.memory(Setting::Bases, base.memory), ..base }
    }

    pub(super) fn filter(self, filter: FilterSettings) -> FilterSettings {
        use FilterSettings::{Long, Middle, Short};
        let (long, short) = (self.factor(Setting::Long), self.factor(Setting::Short));
        match filter {
            Long(taps, step) => Long(taps, step * long),
            Middle(step) => Middle(step * short),
            Short(step, feedback) => Short(step * short, feedback),
        }
    }

    pub(super) fn combiner(self, combiner: CombinerSettings) -> CombinerSettings {
        let memory = self.memory(Setting::Combiners, combiner.memory);
        CombinerSettings { memory, ..combiner }
    }
}
