//! Sizes that other codecs reached elsewhere, from a CSV file.
//!
//! A column `file` names the recordings, a column `wav` their bytes, and every column after
//! that is a codec. An empty cell is a file that the codec did not take; files that are not
//! here are passed over.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, Trim};
use lmac::AudioSpec;

use crate::audio::Clip;
use crate::contestant::{Arrangement, Contestant, Job, Outcome};
use crate::results::ClipFacts;
use crate::{Error, Result, said};

/// A codec whose sizes alone are known.
#[derive(Debug)]
pub struct Peer {
    name: String,
    source: String,
    /// By the names of the clips.
    sizes: HashMap<String, u64>,
}

impl Peer {
    /// The codecs of a CSV file that took any of the clips.
    pub fn read(path: &Path, clips: &[ClipFacts]) -> Result<Vec<Peer>> {
        let shown = path.display().to_string();
        let file = File::open(path).map_err(said);
        file.and_then(|file| parse(file, &shown, clips)).map_err(|error| error.about(&shown))
    }
}

fn parse(csv: impl Read, source: &str, clips: &[ClipFacts]) -> Result<Vec<Peer>> {
    let clips: HashMap<&str, &ClipFacts> =
        clips.iter().map(|clip| (clip.name.as_str(), clip)).collect();
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(csv);
    let header = reader.headers().map_err(said)?.clone();
    let column = |wanted: &str| {
        let found = header.iter().position(|name| name == wanted);
        found.ok_or_else(|| Error::new(format!("there is no column {wanted}")))
    };
    let (file, wav) = (column("file")?, column("wav")?);
    let named = header.iter().skip(wav + 1).map(|name| Peer {
        name: format!("{name} (stored)"),
        source: source.into(),
        sizes: HashMap::new(),
    });
    let mut peers: Vec<Peer> = named.collect();
    for record in reader.records() {
        let record = record.map_err(said)?;
        let Some(&clip) = record.get(file).and_then(|name| clips.get(name)) else { continue };
        let cell = |at: usize| {
            let cell = record.get(at).unwrap_or_default();
            size(cell, &header[at]).map_err(|error| error.about(&clip.name))
        };
        if let Some(bytes) = cell(wav)? {
            same_file(bytes, clip).map_err(|error| error.about(&clip.name))?;
        }
        for (peer, at) in peers.iter_mut().zip(wav + 1..) {
            if let Some(bytes) = cell(at)? {
                peer.sizes.insert(clip.name.clone(), bytes);
            }
        }
    }
    peers.retain(|peer| !peer.sizes.is_empty());
    Ok(peers)
}

fn size(cell: &str, column: &str) -> Result<Option<u64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    let wrong = |error| Error::new(format!("{column}: \"{cell}\" is not a size: {error}"));
    cell.parse().map(Some).map_err(wrong)
}

/// Fails unless a size is that of the file, with or without the bytes around its audio.
fn same_file(bytes: u64, clip: &ClipFacts) -> Result<()> {
    let size = clip.size(Arrangement::Files);
    if (clip.pcm_bytes..=size).contains(&bytes) {
        return Ok(());
    }
    Err(Error::new(format!("the sizes are of another file: {bytes} bytes, not {size}")))
}

impl Contestant for Peer {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        format!("sizes from {}, which were measured before on the same files", self.source)
    }

    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Files]
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn measure(&self, clip: &Clip, _: &Job) -> Result<Outcome> {
        let size = self.sizes.get(&clip.name).copied();
        let missing = || Error::new(format!("{} has no size of it", self.source)).into_refusal();
        size.map(Outcome::of_bytes).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::clip;

    fn parsed(csv: &str) -> std::result::Result<Vec<Peer>, String> {
        let of =
            |name, bytes: u64| ClipFacts { file_bytes: Some(bytes), ..clip(name, 8, bytes - 44) };
        let clips = [of("a/0.wav", 100), of("a/1.wav", 200)];
        parse(csv.as_bytes(), "peers.csv", &clips).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_after_wav_are_codecs() {
        let peers = parsed(
            "bits,file,wav,one,\"two, or more\",three\r\n\
             16,a/1.wav,200,150,,\r\n\
             16,elsewhere.wav,1,1,1,1\r\n\
             16,a/0.wav,60,50,40,\r\n",
        )
        .unwrap();
        let names: Vec<_> = peers.iter().map(|peer| peer.name.as_str()).collect();
        assert_eq!(names, ["one (stored)", "two, or more (stored)"]);
        let sizes = |peer: &Peer| ["a/0.wav", "a/1.wav"].map(|clip| peer.sizes.get(clip).copied());
        assert_eq!(sizes(&peers[0]), [Some(50), Some(150)]);
        assert_eq!(sizes(&peers[1]), [Some(40), None]);
    }

    #[test]
    fn errors_name_the_file_and_the_column() {
        let cases = [
            ("", "there is no column file"),
            ("file,one\n", "there is no column wav"),
            ("file,wav,one\na/0.wav,100,x5\n", "a/0.wav: one: \"x5\" is not a size"),
            ("file,wav,one\na/0.wav,55,5\n", "a/0.wav: the sizes are of another file: 55"),
            ("file,wav,one\na/0.wav,101,5\n", "a/0.wav: the sizes are of another file: 101"),
            ("file,wav,one\na/0.wav,100\n", "line: 2"),
        ];
        for (csv, expected) in cases {
            let error = parsed(csv).err().unwrap_or_default();
            assert!(error.contains(expected), "{csv:?}: {error}");
        }
    }
}
