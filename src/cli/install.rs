//! `pscope install-docs`: writes the manual page and the completions of shells to where they belong below a directory.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, completions, man};
use crate::report::printer::{Ink, Printer};
use crate::report::{Error, Exit};
use crate::sys::asker::hand::{self, Wait};
use crate::sys::own::outfile;

/// Where each completion belongs; also what packages take.
pub const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "share/bash-completion/completions/pscope"),
    (Shell::Zsh, "share/zsh/site-functions/_pscope"),
    (Shell::Fish, "share/fish/vendor_completions.d/pscope.fish"),
];
/// Where the manual page belongs.
pub const MANUAL: &str = "share/man/man1/pscope.1";

/// Writes the manual page and the completions of bash, zsh and fish
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Below this directory, such as /usr/local or ~/.local; files of the same names are replaced
    directory: PathBuf,
}

/// Writes them and says where.
///
/// # Errors
/// `Failed` with the path that cannot be written.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let mut page = Vec::new();
    man::write(Cli::command(), &mut page)?;
    let mut files = vec![(MANUAL, page)];
    for (shell, place) in COMPLETIONS {
        files.push((place, completions::text(shell, Cli::command()).into_bytes()));
    }
    for (place, text) in files {
        let path = args.directory.join(place);
        let shown = path.display().to_string();
        let place = path.clone();
        let written = hand::write_out(Wait::PATIENT, &place, move || {
            outfile::install(&path, &text)?;
            Ok(Vec::new())
        });
        written.map_err(|e| Error::Failed(format!("cannot write {shown}: {e}")))?;
        printer.line(&[(&shown, Ink::Plain)])?;
    }
    Ok(Exit::Done)
}
