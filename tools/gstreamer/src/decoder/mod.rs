//! The element `lmacdec`: chunks to raw audio.

mod imp;

use gst::glib;

glib::wrapper! {
    pub(crate) struct LmacDec(ObjectSubclass<imp::LmacDec>)
        @extends gst_audio::AudioDecoder, gst::Element, gst::Object;
}
