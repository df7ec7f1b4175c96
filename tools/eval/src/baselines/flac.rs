//! FLAC by its reference encoder.

use std::fs;
use std::path::Path;
use std::process::Command;

use lmac::{AudioSpec, SampleFormat};

use crate::contestant::Codec;
use crate::process::run;
use crate::temporary::folder;
use crate::{Error, Result, said, wav};

const PROGRAM: &str = "flac";

/// The highest level, and beyond it the searches that no level has: through all orders of
/// the predictor, and all precisions of its coefficients.
pub(super) const BEST: &[&str] = &["-8", "-e", "-p"];

/// The highest level.
pub(super) const EIGHT: &[&str] = &["-8"];

/// Leave everything but audio out of the file. The last two allow formats outside the
/// streamable subset and any speaker positions, and change nothing elsewhere.
const ALWAYS: &[&str] =
    &["--no-padding", "--no-seektable", "--silent", "--force", "--lax", "--channel-map=none"];

/// Pieces that a process is given, so that starting it is not most of the work.
const BATCH: usize = 1000;

/// The first version with samples of 32 bits and rates above 655,350.
const WIDE: (u32, u32) = (1, 4);

/// The program `flac`. Pieces travel in files.
pub(super) struct Flac {
    name: &'static str,
    settings: &'static [&'static str],
    /// Its version line; `None` if it is not installed.
    banner: Option<String>,
}

impl Flac {
    /// The program that is installed. If none is, all audio is refused.
    pub(super) fn installed(name: &'static str, settings: &'static [&'static str]) -> Self {
        Self::of_program(PROGRAM, name, settings)
    }

    fn of_program(program: &str, name: &'static str, settings: &'static [&'static str]) -> Self {
        let output = run(Command::new(program).arg("--version"), program).ok();
        let banner = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Flac { name, settings, banner }
    }

    /// Runs the program in a folder with these options on files there, some at a time.
    fn run(&self, folder: &Path, options: &[&str], files: &[String]) -> Result<()> {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder).args(options).args(files);
        run(&mut command, &format!("{PROGRAM} {}", options.join(" "))).map(drop)
    }

    /// Stops where there is nothing to run, or nothing that it could do.
    fn accept(&self, spec: &AudioSpec) -> Result<()> {
        self.refuses(spec).map_or(Ok(()), |reason| Err(Error::new(reason)))
    }
}

impl Codec for Flac {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> String {
        let program = self.banner.as_deref().unwrap_or("flac, which is not installed");
        format!("{program}, {}, without padding and seek table", self.settings.join(" "))
    }

    fn refuses(&self, spec: &AudioSpec) -> Option<String> {
        let Some(banner) = &self.banner else {
            return Some("flac is not installed".into());
        };
        let wide = version(banner).is_none_or(|version| version >= WIDE);
        let most = if wide { 1_048_575 } else { 655_350 };
        match spec.format {
            format if format.is_float() => return Some("FLAC has no floats".into()),
            SampleFormat::S32 if !wide => {
                return Some(format!("32 bits need flac 1.4, and this is {banner}"));
            }
            _ => {}
        }
        if spec.channels > 8 {
            return Some(format!("FLAC has at most 8 channels, not {}", spec.channels));
        }
        if !(1..=most).contains(&spec.rate) {
            return Some(format!("{banner} takes rates of 1 to {most} Hz, not {}", spec.rate));
        }
        None
    }

    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        self.accept(spec)?;
        let options = [self.settings, ALWAYS].concat();
        let mut coded = Vec::with_capacity(pieces.len());
        for batch in pieces.chunks(BATCH) {
            let folder = folder()?;
            let files = names(batch.len(), "wav");
            for (piece, file) in batch.iter().zip(&files) {
                wav::write(&folder.path().join(file), piece, spec)?;
            }
            self.run(folder.path(), &options, &files)?;
            read_all(folder.path(), &names(batch.len(), "flac"), &mut coded)?;
        }
        Ok(coded)
    }

    fn decode(&self, coded: &[Vec<u8>], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        self.accept(spec)?;
        let sign = match spec.format {
            SampleFormat::U8 => "--sign=unsigned",
            _ => "--sign=signed",
        };
        let options =
            ["--decode", "--silent", "--force", "--force-raw-format", "--endian=little", sign];
        let mut pieces = Vec::with_capacity(coded.len());
        for batch in coded.chunks(BATCH) {
            let folder = folder()?;
            let files = names(batch.len(), "flac");
            for (coded, file) in batch.iter().zip(&files) {
                let path = folder.path().join(file);
                fs::write(&path, coded).map_err(|error| said(error).about(path.display()))?;
            }
            self.run(folder.path(), &options, &files)?;
            read_all(folder.path(), &names(batch.len(), "raw"), &mut pieces)?;
        }
        Ok(pieces)
    }
}

/// The names of the files of a batch. They are short: they all have to fit a command.
fn names(count: usize, extension: &str) -> Vec<String> {
    (0..count).map(|number| format!("{number}.{extension}")).collect()
}

fn read_all(folder: &Path, files: &[String], into: &mut Vec<Vec<u8>>) -> Result<()> {
    for file in files {
        let path = folder.join(file);
        let bytes = fs::read(&path);
        into.push(bytes.map_err(|error| said(error).about(path.display()))?);
    }
    Ok(())
}

/// Finds the first two numbers of the version; builds between releases have none.
fn version(banner: &str) -> Option<(u32, u32)> {
    let mut numbers = banner.strip_prefix("flac ")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{come_back, eight_bits, noise};

    /// The program, if it is there; says so if it is not.
    fn installed() -> Option<Flac> {
        let flac = Flac::installed("flac", BEST);
        if flac.banner.is_none() {
            eprintln!("skipped: flac is not installed");
            return None;
        }
        Some(flac)
    }

    fn of_version(banner: &str) -> Flac {
        Flac { name: "flac", settings: BEST, banner: Some(banner.into()) }
    }

    #[test]
    fn integers_of_up_to_eight_channels_come_back() {
        let Some(flac) = installed() else { return };
        come_back(&flac, &eight_bits());
        come_back(&flac, &AudioSpec::new(SampleFormat::S16, 1, 100_003));
        come_back(&flac, &AudioSpec::new(SampleFormat::S24, 2, 44100));
        come_back(&flac, &AudioSpec::new(SampleFormat::S16, 8, 1));
        let mask = AudioSpec::new(SampleFormat::S24, 3, 48000).with_channel_mask(0x4007);
        come_back(&flac, &mask.with_valid_bits(20));
        let wide = AudioSpec::new(SampleFormat::S32, 2, 192_000);
        if flac.refuses(&wide).is_none() {
            come_back(&flac, &wide);
        }
        come_back(&Flac::installed("flac-8", EIGHT), &eight_bits());
    }

    #[test]
    fn more_pieces_than_a_process_is_given_come_back_in_order() {
        let Some(flac) = installed() else { return };
        let noise = noise(BATCH + 50, 1);
        let pieces: Vec<&[u8]> = noise.windows(48).collect();
        assert!(pieces.len() > BATCH);
        let coded = flac.encode(&pieces, &eight_bits()).unwrap();
        assert!(flac.decode(&coded, &eight_bits()).unwrap() == pieces);
    }

    #[test]
    fn errors_quote_the_program() {
        let Some(flac) = installed() else { return };
        let error = flac.decode(&[b"no flac".to_vec()], &eight_bits()).unwrap_err().to_string();
        assert!(error.starts_with("flac --decode"), "{error}");
        assert!(error.contains("exit status: 1") && error.contains("0.flac"), "{error}");
        assert!(flac.encode(&[&[]], &eight_bits()).is_err());
    }

    #[test]
    fn audio_that_it_does_not_take_is_refused_for_a_reason() {
        let flac = of_version("flac 1.4.2");
        let refused = |flac: &Flac, format, channels, rate| {
            flac.refuses(&AudioSpec::new(format, channels, rate)).unwrap_or_default()
        };
        assert!(refused(&flac, SampleFormat::F32, 1, 8000).contains("floats"));
        assert!(refused(&flac, SampleFormat::U8, 9, 8000).contains("8 channels, not 9"));
        assert!(refused(&flac, SampleFormat::U8, 1, 0).contains("not 0"));
        assert!(refused(&flac, SampleFormat::U8, 1, 1_048_576).contains("1048575"));
        assert_eq!(refused(&flac, SampleFormat::S32, 8, 1_048_575), "");

        let old = of_version("flac 1.3.4");
        assert!(refused(&old, SampleFormat::S32, 1, 8000).contains("1.4, and this is flac 1.3.4"));
        assert!(refused(&old, SampleFormat::S24, 1, 655_351).contains("655350"));
        assert_eq!(refused(&old, SampleFormat::S24, 2, 655_350), "");
        assert_eq!(refused(&of_version("flac git-1a2b"), SampleFormat::S32, 2, 8000), "");
    }

    #[test]
    fn without_the_program_everything_is_refused() {
        let flac = Flac::of_program("no-such-flac", "flac", BEST);
        assert_eq!(flac.refuses(&eight_bits()).unwrap(), "flac is not installed");
        assert!(flac.description().contains("not installed"));
        assert_eq!(
            flac.encode(&[&[1]], &eight_bits()).unwrap_err().to_string(),
            "flac is not installed"
        );
        assert!(flac.decode(&[vec![1]], &eight_bits()).is_err());
    }
}
