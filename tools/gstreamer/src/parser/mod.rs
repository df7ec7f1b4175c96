//! The element `lmacparse`: a stream to its chunks.

mod imp;
mod stream;

use gst::glib;

glib::wrapper! {
    pub(crate) struct LmacParse(ObjectSubclass<imp::LmacParse>)
        @extends gst_base::BaseParse, gst::Element, gst::Object;
}
