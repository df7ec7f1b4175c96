//! Prints the PCM of a file to standard output, and its format and tags to standard error.

use std::error::Error;
use std::fs::File;
use std::io;

use lmac_import::Imported;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: import FILE")?;
    let mut song = Imported::open(File::open(path)?)?;
    eprintln!("{} {:?}, frames: {:?}", song.coding(), song.spec(), song.frames());
    for (name, value) in &song.tags().comments {
        eprintln!("{name}={value}");
    }
    for picture in &song.tags().pictures {
        eprintln!("picture {} {} of {} bytes", picture.kind, picture.mime, picture.data.len());
    }
    io::copy(&mut song, &mut io::stdout().lock())?;
    Ok(())
}
