//! Commands with words that stand for files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use lmac::{AudioSpec, SampleFormat};

use crate::{Error, Result};

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// As it was given.
    pub(super) text: String,
    /// With the words for files still in them. There is at least one.
    words: Vec<String>,
    /// The text after `{out}`, if that is an ending of a file's name.
    ending: String,
    /// Whether it writes the file to standard output.
    to_stdout: bool,
}

impl CommandLine {
    /// A command that names both of its files.
    pub(super) fn parse(text: &str) -> Result<CommandLine> {
        let line = Self::of_known(text)?;
        match line.to_stdout {
            true => Err(Error::new(format!("the command \"{text}\" has no argument {{out}}"))),
            false => Ok(line),
        }
    }

    /// A command that writes to standard output where it has no `{out}`.
    pub(super) fn of_known(text: &str) -> Result<CommandLine> {
        let refused = |reason: &str| Error::new(format!("the command \"{text}\" {reason}"));
        let words = shlex::split(text).ok_or_else(|| refused("has a quote that does not end"))?;
        if words.is_empty() {
            return Err(refused("has no words"));
        }
        let has = |file| words[1..].iter().any(|word| word.contains(file));
        if !has("{in}") {
            return Err(refused("has no argument {in}"));
        }
        let to_stdout = !has("{out}");
        let after = words.iter().find_map(|word| word.split_once("{out}")).map(|(_, after)| after);
        let ending = after.filter(|after| after.starts_with('.')).unwrap_or_default().to_owned();
        Ok(CommandLine { text: text.into(), words, ending, to_stdout })
    }

    /// The program that it runs.
    pub(super) fn program(&self) -> &str {
        &self.words[0]
    }

    /// The file that the command makes where `{out}` stands for this.
    pub(super) fn made(&self, output: &Path) -> PathBuf {
        let mut made = OsString::from(output);
        made.push(&self.ending);
        made.into()
    }

    /// Has `run` run it, which gets the words and the file for standard output, and gives the
    /// file that it made.
    pub(super) fn run<T>(
        &self,
        [input, output]: [&Path; 2],
        spec: &AudioSpec,
        run: impl FnOnce(&[OsString], Option<&Path>) -> Result<T>,
    ) -> Result<(PathBuf, T)> {
        let words: Vec<OsString> =
            self.words.iter().map(|word| filled(word, input, output, spec)).collect();
        let made = self.made(output);
        let done = run(&words, self.to_stdout.then_some(made.as_path()))?;
        // Some programs exit with 0 after a failure.
        let problem = match fs::metadata(&made) {
            Ok(facts) if !facts.is_file() => "made something other than a file",
            Ok(facts) if facts.len() == 0 => "made an empty file",
            Ok(_) => return Ok((made, done)),
            Err(_) => "made no file",
        };
        Err(Error::new(format!("{}: it {problem}", self.text)))
    }
}

/// A word with files and the sample format in place of the words that stand for them.
fn filled(word: &str, input: &Path, output: &Path, spec: &AudioSpec) -> OsString {
    let pcm = match spec.format {
        SampleFormat::U8 => "pcm_u8".into(),
        format if format.is_float() => format!("pcm_f{}le", format.bits()),
        format => format!("pcm_s{}le", format.bits()),
    };
    let values =
        [("{in}", input.as_os_str()), ("{out}", output.as_os_str()), ("{pcm}", pcm.as_ref())];
    let mut filled = OsString::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push(before);
        let value = values.iter().find(|(name, _)| from.starts_with(name));
        let (value, length) = value.map_or(("{".as_ref(), 1), |(name, value)| (*value, name.len()));
        filled.push(value);
        rest = &from[length..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_as_by_a_shell() {
        let filled = |line: &CommandLine, format| -> Vec<OsString> {
            let spec = AudioSpec::new(format, 1, 8000);
            let words = line.words.iter();
            words.map(|word| filled(word, "i n".as_ref(), "o".as_ref(), &spec)).collect()
        };
        let line = CommandLine::parse(r#"my\ codec 'a "b" $c' "-x={in}"  --to={out},1 {"#).unwrap();
        let expected = ["my codec", "a \"b\" $c", "-x=i n", "--to=o,1", "{"];
        assert_eq!(filled(&line, SampleFormat::U8), expected);
        assert_eq!(line.made("o".as_ref()), Path::new("o"));
        let line = CommandLine::parse("x {in} {out}.flac").unwrap();
        assert_eq!(line.made("o".as_ref()), Path::new("o.flac"));
        let line = CommandLine::of_known("x {pcm} {in}").unwrap();
        assert!(line.to_stdout);
        for (format, expected) in [
            (SampleFormat::U8, "pcm_u8"),
            (SampleFormat::S24, "pcm_s24le"),
            (SampleFormat::F32, "pcm_f32le"),
        ] {
            assert_eq!(filled(&line, format), ["x", expected, "i n"]);
        }
    }
}
