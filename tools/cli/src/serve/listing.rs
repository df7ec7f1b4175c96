//! The page of a folder.

use std::fs::{self, File};
use std::path::Path;

use lmac::Decoder;

use super::find::is_served;
use super::http::encoded;
use crate::archive::Archive;
use crate::failure::Failure;
use crate::target::Target;
use crate::time;

/// Streams whose headers are looked at for their page. Others are listed by name alone.
const MOST_OPENED: usize = 2000;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:48rem;margin:2rem \
auto;padding:0 1rem}h1{font-size:1.2rem}table{border-collapse:collapse;width:100%}td{padding:.25rem \
.75rem .25rem 0}td+td{white-space:nowrap}td:last-child{text-align:right;padding-right:0}";

/// Makes the page of a folder that is served under this path, which ends with a slash.
pub(super) fn page(archive: &Archive<'_>, folder: &Path, path: &str) -> Result<String, Failure> {
    let (mut folders, mut streams) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Names that are not UTF-8 cannot be served.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(place) = archive.inside(&entry.path()).filter(|_| is_served(&name)) else {
            continue;
        };
        if place.is_dir() {
            folders.push(name);
        } else if name.ends_with(".lmac") && place.is_file() {
            streams.push((name, place));
        }
    }
    folders.sort();
    streams.sort();
    let mut rows = String::new();
    if path != "/" {
        rows += "<tr><td><a href=\"../\">..</a></td></tr>\n";
    }
    for name in folders {
        rows += &format!("<tr><td><a href=\"{}/\">{}/</a></td></tr>\n", link(&name), text(&name));
    }
    for (number, (name, path)) in streams.iter().enumerate() {
        rows += &row(name, path, number < MOST_OPENED);
    }
    let title = text(path);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<table>\n{rows}</table></body></html>\n"
    ))
}

/// A stream: links to its files, and its length.
fn row(name: &str, path: &Path, opened: bool) -> String {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    let file = |extension: &str| format!("{stem}.{extension}");
    let wav = file("wav");
    let mut links = Vec::new();
    let mut length = String::new();
    let decoder = opened.then(|| File::open(path).ok()).flatten();
    if let Some(Ok(decoder)) = decoder.map(Decoder::new) {
        let info = decoder.info();
        let extension = Target::Original.extension(info.source);
        if extension != "wav" {
            links.push((file(extension), extension));
        }
        let clock = info.declared_frames.and_then(|frames| time::clock(frames, info.spec.rate));
        length = clock.unwrap_or_default();
    }
    links.push((name.to_string(), "lmac"));
    let links = links.iter().map(|(file, word)| format!("<a href=\"{}\">{word}</a>", link(file)));
    let links = links.collect::<Vec<_>>().join(" ");
    let (wav_link, wav) = (link(&wav), text(&wav));
    format!("<tr><td><a href=\"{wav_link}\">{wav}</a></td><td>{links}</td><td>{length}</td></tr>\n")
}

fn link(name: &str) -> String {
    // A colon in the first part would make it the name of a protocol.
    format!("./{}", encoded(name))
}

/// A text as it stands in a page.
fn text(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
