//! The element `lmacenc`: raw audio to a stream.

mod imp;

use gst::glib;

/// The preset that an encoder works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstLmacEncPreset")]
#[repr(i32)]
pub(crate) enum Preset {
    #[enum_value(name = "Keeps the audio as it is", nick = "store")]
    Store,
    #[enum_value(name = "Takes little time", nick = "light")]
    Light,
    #[enum_value(name = "Takes the model at its fastest", nick = "fast")]
    Fast,
    #[default]
    #[enum_value(name = "Takes the model", nick = "standard")]
    Standard,
    #[enum_value(name = "Makes the smallest streams, many times slower", nick = "max")]
    Max,
}

impl From<Preset> for lmac::Preset {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Store => lmac::Preset::Store,
            Preset::Light => lmac::Preset::Light,
            Preset::Fast => lmac::Preset::Fast,
            Preset::Standard => lmac::Preset::Standard,
            Preset::Max => lmac::Preset::Max,
        }
    }
}

glib::wrapper! {
    pub(crate) struct LmacEnc(ObjectSubclass<imp::LmacEnc>)
        @extends gst_audio::AudioEncoder, gst::Element, gst::Object,
        @implements gst::TagSetter;
}
