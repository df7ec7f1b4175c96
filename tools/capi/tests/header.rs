//! `lmac.h` is what cbindgen makes of this crate. `LMAC_WRITE_HEADER=1 cargo test -p lmac-capi
//! --test header` writes it.

use std::fs;
use std::path::Path;

/// The files of the crate, in the order that the header has.
const FILES: [&str; 9] =
    ["version", "error", "sized", "audio", "model", "tags", "options", "input", "output"];
const HANDLES: [&str; 2] = ["decoder", "encoder"];

#[test]
fn the_header_is_that_of_the_crate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    config.header = Some(fs::read_to_string(folder.join("header.txt")).unwrap().trim_end().into());
    let builder = cbindgen::Builder::new().with_config(config);
    let files = FILES.iter().chain(&HANDLES).map(|name| folder.join(format!("src/{name}.rs")));
    let builder = files.fold(builder, |builder, file| builder.with_src(file));
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    let header = String::from_utf8(header).unwrap();

    let path = folder.join("lmac.h");
    if std::env::var_os("LMAC_WRITE_HEADER").is_some() {
        fs::write(&path, &header).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == header, "lmac.h is old: set LMAC_WRITE_HEADER=1 to write it");
    let long = header.lines().find(|line| line.len() > 100);
    assert_eq!(long, None, "the line is too long");
}
