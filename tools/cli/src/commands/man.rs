//! `lmac man`

use std::io::{self, Write};

use clap::Args;
use clap_mangen::Man;

pub use super::completions::print_all;
use super::eval;
use crate::failure::{Status, Usage};
use crate::version;

/// Print the manual page
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArgs {
    /// The command that the page describes [default: all of lmac]
    pub(crate) command: Option<String>,
}

pub(crate) fn run(args: &ManArgs, lmac: clap::Command) -> Result<Status, Usage> {
    if args.command.as_deref() == Some("eval") {
        return Ok(eval::run(["man"]));
    }
    let mut cli = lmac.disable_help_subcommand(true);
    cli.build();
    let (title, command) = match &args.command {
        None => ("lmac".to_string(), cli),
        Some(name) => match cli.find_subcommand(name) {
            Some(command) => (format!("lmac-{name}"), command.clone()),
            None => return Err(Usage::new("man", format!("there is no command {name}"))),
        },
    };
    let page = page(command, title).map_err(|error| Usage::new("man", error))?;
    Ok(print_all(&page))
}

/// The manual page of a program or of a command of it.
pub fn page(command: clap::Command, title: String) -> io::Result<Vec<u8>> {
    let details = command.get_after_long_help().or(command.get_after_help());
    let details = details.map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    let man = Man::new(command).title(title).source(format!("lmac {}", version()));

    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_subcommands {
        man.render_subcommands_section(&mut page)?;
    }
    // The generator would fill the lines of examples and tables.
    writeln!(page, ".SH DETAILS\n.nf")?;
    for line in details.lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        writeln!(page, "\\&{line}")?;
    }
    writeln!(page, ".fi")?;
    Ok(page)
}

const EXAMPLES: &str = "\
Examples:
  lmac man > lmac.1
  lmac man encode > lmac-encode.1";
