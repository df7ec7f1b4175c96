//! Elements that play and make lmac streams in GStreamer pipelines.
//!
//! `lmacparse` cuts a stream into chunks, `lmacdec` decodes them, and `lmacenc` encodes raw audio.
//! A function that finds the type of files recognises lmac streams, so that `playbin`,
//! `decodebin` and all programs that use them play them.

mod channels;
mod decoder;
mod encoder;
mod format;
mod parser;
mod tags;
mod time;

use gst::prelude::*;
use gst::{Rank, TypeFind, TypeFindProbability, glib};

/// The media type of lmac streams.
const MEDIA_TYPE: &str = "audio/x-lmac";

/// The bytes that every stream begins with.
const MAGIC: &[u8] = b"\x89lmac\r\n";

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    let caps = gst::Caps::new_empty_simple(MEDIA_TYPE);
    let suggested = caps.clone();
    TypeFind::register(
        Some(plugin),
        MEDIA_TYPE,
        Rank::PRIMARY,
        Some("lmac"),
        Some(&caps),
        move |typefind| {
            if typefind.peek(0, MAGIC.len() as u32) == Some(MAGIC) {
                typefind.suggest(TypeFindProbability::Maximum, &suggested);
            }
        },
    )?;
    // Before the decoder, as the parsers and decoders of GStreamer.
    let above = Rank::PRIMARY + 1;
    gst::Element::register(Some(plugin), "lmacparse", above, parser::LmacParse::static_type())?;
    let primary = Rank::PRIMARY;
    gst::Element::register(Some(plugin), "lmacdec", primary, decoder::LmacDec::static_type())?;
    gst::Element::register(Some(plugin), "lmacenc", primary, encoder::LmacEnc::static_type())
}

mod plugin {
    use super::plugin_init;

    gst::plugin_define!(
        lmac,
        env!("CARGO_PKG_DESCRIPTION"),
        plugin_init,
        env!("CARGO_PKG_VERSION"),
        "MIT/X11",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_NAME"),
        "lmac"
    );
}

/// Makes the elements known to a program that is linked with them.
pub fn register() -> Result<(), glib::BoolError> {
    plugin::plugin_desc::plugin_register_static()
}
