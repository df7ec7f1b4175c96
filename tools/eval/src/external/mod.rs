//! Any program that makes a file of a WAV file.

mod command_line;
pub(crate) mod known;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lmac::AudioSpec;

use self::command_line::CommandLine;
use crate::contestant::Codec;
use crate::process::{self, Cost};
use crate::temporary::folder;
use crate::{Error, Result, said, wav};

/// A codec that is a command, or two.
///
/// Commands are not for a shell: they are cut into words as a shell would cut them, quotes
/// included, and nothing more is done to them. `{in}` and `{out}` stand for files, alone or
/// within a word, and `{pcm}` for the sample format as ffmpeg calls it. Where a program needs
/// to know from its name what file to make, that is `{out}.flac`; the decoder's `{in}` is the
/// name with the ending.
///
/// Each piece is a process of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    name: String,
    /// The version, of a program that is known.
    version: Option<String>,
    /// The name of a compressed file.
    coded: String,
    encoder: CommandLine,
    decoder: Option<CommandLine>,
}

impl External {
    /// A codec from `name=command`: the command reads the WAV file `{in}` and makes the file
    /// `{out}`, whose size is what counts.
    pub fn parse(text: &str) -> Result<External> {
        let (name, encoder) = named(text)?;
        Ok(External {
            name: name.into(),
            version: None,
            coded: "coded".into(),
            encoder,
            decoder: None,
        })
    }

    /// The same with `name=command` for the way back: that command reads the file that was
    /// made and writes the WAV file `{out}`.
    pub fn with_decoder(self, text: &str) -> Result<External> {
        let (name, decoder) = named(text)?;
        if name != self.name {
            return Err(Error::new(format!(
                "\"{text}\" decodes \"{name}\", and the codec is called \"{}\"",
                self.name
            )));
        }
        if self.decoder.is_some() {
            return Err(Error::new(format!("there are two decoders for \"{name}\"")));
        }
        Ok(External { decoder: Some(decoder), ..self })
    }

    /// Makes codecs of texts `name=command`, each decoder with the encoder of the same name.
    pub fn list(encoders: &[String], decoders: &[String]) -> Result<Vec<External>> {
        let mut list: Vec<External> = Vec::new();
        for text in encoders {
            let external = Self::parse(text)?;
            if list.iter().any(|other| other.name == external.name) {
                return Err(Error::new(format!("two codecs are called \"{}\"", external.name)));
            }
            list.push(external);
        }
        for text in decoders {
            let (name, _) = named(text)?;
            let Some(external) = list.iter_mut().find(|external| external.name == name) else {
                return Err(Error::new(format!("\"{text}\": no codec is called \"{name}\"")));
            };
            *external = external.clone().with_decoder(text)?;
        }
        Ok(list)
    }

    /// Compresses a WAV file into a folder, in a process that is measured.
    pub(crate) fn encode_file(
        &self,
        wav: &Path,
        folder: &Path,
        spec: &AudioSpec,
    ) -> Result<(PathBuf, Cost)> {
        let measured = |words: &[OsString], stdout: Option<&Path>| {
            process::measured(words, stdout, &self.encoder.text)
        };
        self.encoder.run([wav, &folder.join(&self.coded)], spec, measured)
    }

    /// Decompresses a file that [`encode_file`](Self::encode_file) made into the same folder;
    /// `None` where there is no decoder.
    pub(crate) fn decode_file(
        &self,
        coded: &Path,
        folder: &Path,
        spec: &AudioSpec,
    ) -> Result<Option<(PathBuf, Cost)>> {
        let Some(decoder) = &self.decoder else { return Ok(None) };
        let measured = |words: &[OsString], stdout: Option<&Path>| {
            process::measured(words, stdout, &decoder.text)
        };
        decoder.run([coded, &folder.join("back.wav")], spec, measured).map(Some)
    }

    fn encode_one(&self, piece: &[u8], spec: &AudioSpec) -> Result<Vec<u8>> {
        let folder = folder()?;
        let input = folder.path().join("piece.wav");
        wav::write(&input, piece, spec)?;
        let output = folder.path().join(&self.coded);
        let (made, ()) = self.encoder.run([&input, &output], spec, |words, _| {
            process::run(&mut command(words), &self.encoder.text).map(drop)
        })?;
        fs::read(&made).map_err(|error| said(error).about(made.display()))
    }

    fn decode_one(&self, decoder: &CommandLine, coded: &[u8], spec: &AudioSpec) -> Result<Vec<u8>> {
        let folder = folder()?;
        let input = self.encoder.made(&folder.path().join(&self.coded));
        fs::write(&input, coded).map_err(|error| said(error).about(input.display()))?;
        let output = folder.path().join("back.wav");
        let (made, ()) = decoder.run([&input, &output], spec, |words, _| {
            process::run(&mut command(words), &decoder.text).map(drop)
        })?;
        self.audio(&made, spec)
    }

    /// The audio of a file that the decoder made, which has to be of this kind.
    pub(crate) fn audio(&self, made: &Path, spec: &AudioSpec) -> Result<Vec<u8>> {
        let shown = self.decoder.as_ref().map_or(&self.name, |decoder| &decoder.text);
        let (back, pcm) = wav::read(made).map_err(|error| error.about(shown))?;
        if (back.format, back.channels, back.rate) != (spec.format, spec.channels, spec.rate) {
            return Err(Error::new(format!(
                "{shown}: the decoded audio is {}, not {}",
                described(&back),
                described(spec)
            )));
        }
        Ok(pcm)
    }
}

fn command(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().map_or("".as_ref(), OsString::as_os_str));
    command.args(words);
    command
}

impl Codec for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        let version = self.version.as_ref().map(|version| format!("version {version}; "));
        let back = self.decoder.as_ref().map(|decoder| format!("; back: {}", decoder.text));
        let (version, back) = (version.unwrap_or_default(), back.unwrap_or_default());
        format!("{version}command: {}{back}", self.encoder.text)
    }

    /// Only the program can tell.
    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn decodes(&self) -> bool {
        self.decoder.is_some()
    }

    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        pieces.iter().map(|piece| self.encode_one(piece, spec)).collect()
    }

    fn decode(&self, coded: &[Vec<u8>], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let Some(decoder) = &self.decoder else {
            return Err(Error::new(format!("there is no decoder for \"{}\"", self.name)));
        };
        coded.iter().map(|coded| self.decode_one(decoder, coded, spec)).collect()
    }
}

/// The name and the command of `name=command`.
fn named(text: &str) -> Result<(&str, CommandLine)> {
    let name = text.split_once('=').map(|(name, command)| (name.trim(), command.trim()));
    let fits = |name: &str| !name.is_empty() && !name.contains('{');
    let Some((name, command)) = name.filter(|(name, _)| fits(name)) else {
        return Err(Error::new(format!(
            "\"{text}\" is not of the form \"name=command {{in}} {{out}}\""
        )));
    };
    if name.chars().any(char::is_control) {
        return Err(Error::new(format!("the name {name:?} has characters that cannot be shown")));
    }
    Ok((name, CommandLine::parse(command).map_err(|error| error.about(name))?))
}

fn described(spec: &AudioSpec) -> String {
    let kind = if spec.format.is_float() { "float" } else { "integer" };
    format!("{} Hz, {} x {} bits {kind}", spec.rate, spec.channels, spec.format.bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::eight_bits;

    #[test]
    fn names_and_commands_that_cannot_be_are_refused() {
        let cases = [
            ("cmd {in} {out}", "not of the form"),
            ("=cmd {in} {out}", "not of the form"),
            ("cmd {in} --level=4 {out}", "not of the form"),
            ("a\u{7}b=cmd {in} {out}", "cannot be shown"),
            ("x=", "has no words"),
            ("x=cmd {in}", "has no argument {out}"),
            ("x=cmd {out}", "has no argument {in}"),
            ("x={in} {out}", "has no argument {in}"),
            ("x=cmd '{in} {out}", "quote"),
        ];
        for (text, expected) in cases {
            let error = External::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn decoders_find_their_encoders() {
        let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|&x| x.into()).collect() };
        let encoders = texts(&["a=x {in} {out}", "b=y {in} {out} k=1"]);
        let list = External::list(&encoders, &texts(&["b=z {in} {out}"])).unwrap();
        assert_eq!(list.iter().map(Codec::name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(list.iter().map(Codec::decodes).collect::<Vec<_>>(), [false, true]);
        assert_eq!(list[1].description(), "command: y {in} {out} k=1; back: z {in} {out}");
        assert!(list[0].decode(&[], &eight_bits()).is_err());

        let error = |encoders: &[&str], decoders: &[&str]| {
            External::list(&texts(encoders), &texts(decoders)).unwrap_err().to_string()
        };
        let command = "a=x {in} {out}";
        assert!(error(&[command, command], &[]).contains("two codecs are called \"a\""));
        assert!(error(&[command], &[command, command]).contains("two decoders for \"a\""));
        assert!(error(&[command], &["c=x {in} {out}"]).contains("no codec is called \"c\""));
    }

    /// With scripts for programs.
    #[cfg(unix)]
    mod scripts {
        use std::path::Path;

        use lmac::SampleFormat;

        use super::*;
        use crate::temporary::TemporaryFolder;
        use crate::testing::{come_back, noise};

        /// A codec of two scripts, which get `{in}` and `{out}` as `$1` and `$2`.
        fn scripts(encode: &str, decode: &str) -> (TemporaryFolder, External) {
            let folder = folder().unwrap();
            let line = |name: &str, script: &str| {
                let path = folder.path().join(name);
                fs::write(&path, script).unwrap();
                format!("script=sh '{}' {{in}} {{out}}.coded", path.display())
            };
            let encoder = line("encode", encode);
            let decoder = line("decode", decode).replace(".coded", "");
            let external = External::parse(&encoder).unwrap().with_decoder(&decoder).unwrap();
            (folder, external)
        }

        /// Whether the folder of a file is gone, of a script that said its name.
        fn is_gone(error: &str) -> bool {
            let file = error.rsplit("in ").next().unwrap();
            assert!(file.ends_with("/piece.wav") || file.ends_with("/coded.coded"), "{error}");
            !Path::new(file).parent().unwrap().exists()
        }

        #[test]
        fn pieces_come_back() {
            let (_folder, external) = scripts("echo so; cp \"$1\" \"$2\"", "cp \"$1\" \"$2\"");
            come_back(&external, &eight_bits());
            come_back(&external, &AudioSpec::new(SampleFormat::S24, 2, 44100));
            come_back(&external, &AudioSpec::new(SampleFormat::F64, 3, 1));
            let coded = external.encode(&[&[1, 2, 3]], &eight_bits()).unwrap();
            assert_eq!(coded[0].len(), 44 + 3 + 1);
        }

        #[test]
        fn failures_name_the_command_and_what_it_said_and_leave_nothing() {
            let (_folder, external) = scripts(
                "echo one >&2; echo two; printf 'three\\n\\nin %s\\n' \"$1\" >&2; exit 3",
                "echo \"in $1\"; kill -9 $$",
            );
            let piece = noise(50, 1);
            let error = external.encode(&[&piece], &eight_bits()).unwrap_err().to_string();
            assert!(error.starts_with("sh '") && error.contains("{in} {out}.coded: "), "{error}");
            assert!(error.contains("exit status: 3: one; three; in /"), "{error}");
            assert!(is_gone(&error));
            let error = external.decode(&[piece], &eight_bits()).unwrap_err().to_string();
            assert!(error.contains("signal: 9"), "{error}");
            assert!(is_gone(&error));
        }

        #[test]
        fn success_without_a_file_is_a_failure() {
            let refused = |script: &str| {
                let (_folder, external) = scripts(script, script);
                let encoded = external.encode(&[&[1, 2]], &eight_bits());
                let decoded = external.decode(&[vec![1]], &eight_bits());
                [encoded, decoded].map(|made| made.unwrap_err().to_string())
            };
            for (script, expected) in [
                ("true", "it made no file"),
                (": > \"$2\"", "it made an empty file"),
                ("mkdir \"$2\"", "it made something other than a file"),
            ] {
                for error in refused(script) {
                    assert!(error.ends_with(expected), "{script}: {error}");
                }
            }
        }

        #[test]
        fn decoded_audio_must_be_of_the_same_format() {
            let (_folder, external) = scripts("cp \"$1\" \"$2\"", "cp \"$1\" \"$2\"");
            let coded = external.encode(&[&[1, 2, 3, 4]], &eight_bits()).unwrap();
            let wide = AudioSpec::new(SampleFormat::S16, 1, 16000);
            let error = external.decode(&coded, &wide).unwrap_err().to_string();
            assert!(
                error.contains("16000 Hz, 1 x 8 bits integer, not 16000 Hz, 1 x 16"),
                "{error}"
            );
            let error = external.decode(&[vec![1; 100]], &wide).unwrap_err().to_string();
            assert!(error.contains("back.wav"), "{error}");
        }
    }
}
