//! Commands with words that stand for files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::baselines::process::run;
use crate::{Error, Result};

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// As it was given.
    pub(super) text: String,
    /// With the words for files still in them. There is at least one.
    words: Vec<String>,
    /// What follows `{out}`, if that is an ending of a file's name.
    ending: String,
}

impl CommandLine {
    pub(super) fn parse(text: &str) -> Result<CommandLine> {
        let refused = |reason: &str| Error::new(format!("the command \"{text}\" {reason}"));
        let words = shlex::split(text).ok_or_else(|| refused("has a quote that does not end"))?;
        if words.is_empty() {
            return Err(refused("has no words"));
        }
        for file in ["{in}", "{out}"] {
            if !words[1..].iter().any(|word| word.contains(file)) {
                return Err(refused(&format!("has no argument {file}")));
            }
        }
        let after = words.iter().find_map(|word| word.split_once("{out}")).map(|(_, after)| after);
        let ending = after.filter(|after| after.starts_with('.')).unwrap_or_default().to_owned();
        Ok(CommandLine { text: text.into(), words, ending })
    }

    /// The file that the command makes where `{out}` stands for this.
    pub(super) fn made(&self, output: &Path) -> PathBuf {
        let mut made = OsString::from(output);
        made.push(&self.ending);
        made.into()
    }

    /// Runs it, and says which file it made.
    pub(super) fn run(&self, input: &Path, output: &Path) -> Result<PathBuf> {
        let mut words = self.words.iter().map(|word| filled(word, input, output));
        let mut command = Command::new(words.next().unwrap_or_default());
        run(command.args(words), &self.text)?;
        let made = self.made(output);
        // Some say that all is well whatever happens.
        let problem = match fs::metadata(&made) {
            Ok(facts) if !facts.is_file() => "made something that is no file",
            Ok(facts) if facts.len() == 0 => "made an empty file",
            Ok(_) => return Ok(made),
            Err(_) => "made no file",
        };
        Err(Error::new(format!("{}: it {problem}", self.text)))
    }
}

/// A word with files in place of what stands for them.
fn filled(word: &str, input: &Path, output: &Path) -> OsString {
    let mut filled = OsString::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push(before);
        rest = if let Some(after) = from.strip_prefix("{in}") {
            filled.push(input);
            after
        } else if let Some(after) = from.strip_prefix("{out}") {
            filled.push(output);
            after
        } else {
            filled.push("{");
            &from[1..]
        };
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_as_by_a_shell() {
        let line = CommandLine::parse(r#"my\ codec 'a "b" $c' "-x={in}"  --to={out},1 {"#).unwrap();
        let filled: Vec<_> =
            line.words.iter().map(|word| filled(word, "i n".as_ref(), "o".as_ref())).collect();
        assert_eq!(filled, ["my codec", "a \"b\" $c", "-x=i n", "--to=o,1", "{"]);
        assert_eq!(line.made("o".as_ref()), Path::new("o"));
        let line = CommandLine::parse("x {in} {out}.flac").unwrap();
        assert_eq!(line.made("o".as_ref()), Path::new("o.flac"));
    }
}
