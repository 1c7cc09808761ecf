//! The command line: what can be asked for, and the exit status of each answer.

mod completions;
mod install;
mod live;
mod man;

use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::report::printer::Printer;
use crate::report::{self, Error, Exit};
use crate::sys::own::{capabilities, sandbox};
use crate::term::{depth, output};
use crate::theme::Depth;

/// An oscilloscope for processes: which ran when, why it stopped, what it waits for, where its memory went
#[derive(Debug, Parser)]
#[command(
    name = "pscope",
    version,
    max_term_width = 100,
    override_usage = "pscope [OPTIONS] [TARGET]\n       pscope [OPTIONS] COMMAND …",
    after_help = "Exit status: 0 done, 1 failed, 2 usage, 3 no such process, 4 not permitted; 128 and its number after a signal.",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(flatten)]
    live: live::Args,
    /// Draws with ASCII only
    #[arg(long, global = true)]
    ascii: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Every report is one file under `report` and one line here and in [`Command::run`].
#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the processes as a tree
    Tree(report::tree::Args),
    /// Prints a table of processes
    Ps(report::ps::Args),
    /// Prints everything about one process
    Inspect(report::inspect::Args),
    /// Prints cores, memory, pressure, disks and what holds the machine back
    System(report::system::Args),
    /// Sends a signal, to whom was meant and to nobody else
    Signal(report::signal::Args),
    /// Prints who talks to whom
    Ipc(report::ipc::Args),
    /// Tells who ran on which core
    ///
    /// When the time is over, or Ctrl-c ends it, a summary of each core and of who had them is printed; single slices are
    /// told with --json, as they end, and with --perfetto.
    ///
    /// With the right to see switches, which doctor tells how to get, every switch of every core is told (exact).
    /// Without it every switch of a TARGET of one's own is (own processes), else the cores are sampled 20 times a second:
    /// that gives sums, but no single slice. The first line, or "source" in JSON, says which it is.
    Slices(report::slices::Args),
    /// Counts the system calls of a process: how many, how they fail, how long they take, on what
    ///
    /// Nobody is stopped. With the rights that doctor names, or as root, every call is counted in the kernel, which costs the process
    /// about 0.2 us a call while it is looked at. Else, for processes of one's own, what their threads are in is looked at 20
    /// times a second: that tells the time, but not how many.
    Calls(report::calls::Args),
    /// Tells where the time of a process went: on a core, waiting for one, blocked and on what
    ///
    /// The parts add up to the time that was looked at. Time on a core and waiting for one are the kernel's own counts. What a
    /// thread was blocked on is certain while it sleeps through; where it ran in between, it is what was seen 20 times a second.
    Time(report::time::Args),
    /// Prints the machine and its programs as metrics for Prometheus
    Metrics(report::metrics::Args),
    /// Records what happens, to be looked at later or elsewhere
    Record(report::record::Args),
    /// Shows a recording on the live screen, or one that is piped in
    ///
    /// p plays and stops, ( and ) change the speed; , and . go a tick, < and > a minute, Home and End to its ends, a click on
    /// the line of time to a moment, and : takes a time: 12:03:40, -5m. Another machine is shown live by
    /// ssh HOST pscope record - | pscope replay -
    Replay(live::Replay),
    /// Tells which kernel interfaces are open to pscope, and how to open the others
    ///
    /// A line each: ok, limited, denied or absent; what it gives; what was seen; and the command that opens it.
    Doctor(report::doctor::Args),
    /// Prints the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page (roff)
    Man,
    /// Writes the manual page and the completions to where they belong
    InstallDocs(install::Args),
}

impl Command {
    /// Whether something may be done to processes.
    fn acts(&self) -> bool {
        matches!(self, Self::Signal(_))
    }

    /// Whether a file may be written, to which a person gave the name.
    fn writes(&self) -> bool {
        matches!(
            self,
            Self::Slices(_) | Self::Record(_) | Self::Metrics(_) | Self::InstallDocs(_)
        )
    }

    fn run(&self, printer: &mut Printer<'_>) -> Result<Exit, Error> {
        match self {
            Self::Tree(args) => report::tree::run(args, printer),
            Self::Ps(args) => report::ps::run(args, printer),
            Self::Inspect(args) => report::inspect::run(args, printer),
            Self::System(args) => report::system::run(args, printer),
            Self::Signal(args) => report::signal::run(args, printer),
            Self::Ipc(args) => report::ipc::run(args, printer),
            Self::Slices(args) => report::slices::run(args, printer),
            Self::Calls(args) => report::calls::run(args, printer),
            Self::Time(args) => report::time::run(args, printer),
            Self::Metrics(args) => report::metrics::run(args, printer),
            Self::Record(args) => report::record::run(args, printer),
            // It is a screen, no report: main shows it.
            Self::Replay(_) => Ok(Exit::Done),
            Self::Doctor(args) => report::doctor::run(args, printer),
            Self::Completions { shell } => {
                let text = completions::text(*shell, Cli::command());
                printer.out.write_all(text.as_bytes())?;
                Ok(Exit::Done)
            }
            Self::InstallDocs(args) => install::run(args, printer),
            Self::Man => manual(printer),
        }
    }
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(u8::from(e.use_stderr()) * Exit::Usage as u8);
        }
    };
    let letters = depth::is_ascii(|name| std::env::var(name).ok());
    cli.ascii |= letters && cli.command.is_some();
    match (&cli.command, &cli.live.target) {
        (Some(_), Some(target)) => {
            complain(&format!(
                "'{target}' comes before a command; write it after"
            ));
            ExitCode::from(Exit::Usage as u8)
        }
        (Some(Command::Replay(replay)), None) => shown(live::replay(&cli.live, replay, cli.ascii)),
        (Some(command), None) => print(command, cli.ascii),
        (None, _) => shown(live::run(&cli.live, cli.ascii)),
    }
}

/// How a screen ended.
fn shown(status: Result<u8, Error>) -> ExitCode {
    match status {
        Ok(status) => ExitCode::from(status),
        Err(e) => {
            complain(&e.to_string());
            ExitCode::from(e.exit() as u8)
        }
    }
}

/// Says what went wrong; there may be nobody who hears it.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "pscope: {text}");
}

fn print(command: &Command, ascii: bool) -> ExitCode {
    // Nothing is lost where that is refused, and doctor tells what is held.
    let _ = capabilities::keep_useful(command.acts(), command.writes());
    sandbox::begin();
    if !command.writes() {
        sandbox::only_read();
    }
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal();
    let depth = depth::detect(|name| std::env::var(name).ok());
    let mut out = BufWriter::with_capacity(1 << 16, stdout.lock());
    let mut printer = Printer {
        out: &mut out,
        width: terminal.then(|| output::size().width.into()),
        ascii,
        styled: terminal && depth > Depth::Mono,
    };
    let result = command.run(&mut printer);
    let result = result.and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    let exit = result.unwrap_or_else(|e| {
        if !e.is_quiet() {
            complain(&e.to_string());
        }
        e.exit()
    });
    // What is left in the buffer has no reader, or was just written: it must not be tried again.
    drop(out.into_parts());
    ExitCode::from(exit as u8)
}

fn manual(printer: &mut Printer<'_>) -> Result<Exit, Error> {
    man::write(Cli::command(), &mut printer.out)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
