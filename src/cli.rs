//! The command line: what can be asked for, and the exit status of each answer.

mod completions;
mod install;
mod live;
mod man;

use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model::text::SafeText;
use crate::report::printer::Printer;
use crate::report::{self, Error, Exit};
use crate::run::config::Config;
use crate::sys::asker::{self, hand};
use crate::sys::machine::gpus;
use crate::sys::own::{capabilities, heap, sandbox};
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

/// The commands: what each is, its arguments, what does it, and `acts` where something may be done to processes or `writes` where
/// a file may be written to which a person gave the name. Help, completions and the manual page follow.
macro_rules! commands {
    ($($(#[$about:meta])* $name:ident($args:ty) by $run:path $(, $does:ident)?;)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($(#[$about])* $name($args),)*
        }

        impl Command {
            fn does(&self) -> Does {
                match self {
                    $(Self::$name(_) => commands!(@ $($does)?),)*
                }
            }

            fn run(&self, printer: &mut Printer<'_>) -> Result<Exit, Error> {
                match self {
                    $(Self::$name(args) => $run(args, printer),)*
                }
            }
        }
    };
    (@ acts) => { Does::Acts };
    (@ writes) => { Does::Writes };
    (@) => { Does::Reads };
}

/// What a command may do beside printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Nothing.
    Reads,
    /// Something to processes.
    Acts,
    /// Write a file to which a person gave the name.
    Writes,
}

commands! {
    /// Prints the processes as a tree
    Tree(report::tree::Args) by report::tree::run;
    /// Prints a table of processes
    Ps(report::ps::Args) by report::ps::run;
    /// Prints everything about one process
    Inspect(report::inspect::Args) by report::inspect::run;
    /// Prints cores, memory, pressure, disks and what holds the machine back
    System(report::system::Args) by report::system::run;
    /// Sends a signal, to whom was meant and to nobody else
    Signal(report::signal::Args) by report::signal::run, acts;
    /// Prints who talks to whom
    Ipc(report::ipc::Args) by report::ipc::run;
    /// Tells who ran on which core
    ///
    /// When the time is over, or Ctrl-c ends it, a summary of each core and of who had them is printed; single slices are
    /// told with --json, as they end, and with --perfetto.
    ///
    /// With the right to see switches, which doctor tells how to get, every switch of every core is told (exact).
    /// Without it every switch of a TARGET of one's own is (own processes), else the cores are sampled 20 times a second:
    /// that gives sums, but no single slice. The first line, or "source" in JSON, says which it is.
    Slices(report::slices::Args) by report::slices::run, writes;
    /// Counts the system calls of a process: how many, how they fail, how long they take, on what
    ///
    /// Nobody is stopped. With the rights that doctor names, or as root, every call is counted in the kernel, which costs the process
    /// 0.2 to 0.3 us a call while it is looked at. Where that is not allowed but perf tracepoints are, a record of each is told,
    /// which costs the process more; records that were lost are told as lost, and then there were at least so many calls. Else,
    /// for processes of one's own, what their threads are in is looked at up to 250 times a second: that tells the time, but not
    /// how many.
    Calls(report::calls::Args) by report::calls::run;
    /// Tells where the time of a process went: on a core, waiting for one, blocked and on what
    ///
    /// The parts add up to the time that was looked at. Time on a core and waiting for one are the kernel's own counts. With the
    /// rights that doctor names, or as root, every wait is counted in the kernel by what it was on (exact). Else what a thread
    /// was blocked on is certain while it sleeps through; where it ran in between, it is what was seen up to 250 times a second.
    Time(report::time::Args) by report::time::run;
    /// Prints the machine and its programs as metrics for Prometheus
    Metrics(report::metrics::Args) by report::metrics::run, writes;
    /// Records what happens, to be looked at later or elsewhere
    Record(report::record::Args) by report::record::run, writes;
    /// Shows a recording on the live screen, or one that is piped in
    ///
    /// p plays and stops, ( and ) change the speed; , and . go a tick, < and > a minute, Home and End to its ends, a click on
    /// the line of time to a moment, and : takes a time: 12:03:40, 2026-11-26 12:03, -5m. Another machine is shown live by
    /// ssh HOST pscope record - | pscope replay -
    Replay(live::Replay) by shown_by_main;
    /// Tells which kernel interfaces are open to pscope, and how to open the others
    ///
    /// A line each: ok, limited, denied or absent; what it gives; what was seen; and the command that opens it.
    Doctor(report::doctor::Args) by report::doctor::run;
    /// Prints the completions of a shell
    Completions(completions::Args) by completions::run;
    /// Prints the manual page (roff)
    Man(man::Args) by man::run;
    /// Writes the manual page and the completions to where they belong
    InstallDocs(install::Args) by install::run, writes;
}

/// It is a screen, no report: `main` shows it.
#[expect(clippy::unnecessary_wraps, reason = "answers as every command does")]
fn shown_by_main(_: &live::Replay, _: &mut Printer<'_>) -> Result<Exit, Error> {
    Ok(Exit::Done)
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let code = carry_out();
    asker::end();
    code
}

fn carry_out() -> ExitCode {
    // Whoever is forked from here on has it too.
    heap::settle();
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            if e.use_stderr() {
                let _ = write!(std::io::stderr(), "{}", plain(&e.render().to_string()));
            } else {
                let _ = e.print();
            }
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
        (Some(command), None) => print(command, &cli.live, cli.ascii),
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
    let _ = writeln!(std::io::stderr(), "pscope: {}", plain(text));
}

/// What was typed is repeated in complaints, and may have come from the name of a file or a process: nothing of it acts on the
/// terminal. Lines stay lines.
fn plain(text: &str) -> String {
    let lines = text.split('\n').map(SafeText::from);
    let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
    lines.join("\n")
}

fn print(command: &Command, before: &live::Args, ascii: bool) -> ExitCode {
    // Nothing is lost where that is refused, and doctor tells what is held.
    let does = command.does();
    let _ = capabilities::keep_useful(does == Does::Acts, does == Does::Writes);
    sandbox::begin();
    let cards = gpus::library().is_some();
    if cards {
        // A driver's library opens its cards to write to them.
        asker::prepare();
    }
    if does == Does::Writes {
        hand::only_by_hands();
    } else {
        sandbox::only_read();
    }
    let named = match live::before_command(before, does == Does::Acts) {
        Ok(named) => named,
        Err(e) => {
            complain(&e.to_string());
            return ExitCode::from(e.exit() as u8);
        }
    };
    // What a person wants no screen to open is opened by no report. What else is wrong with their own file is the screen's to
    // tell.
    let config = named.map_or_else(|| cards.then(|| Config::load(None).ok()).flatten(), Some);
    if config.is_some_and(|config| !config.gpu) {
        gpus::leave_out();
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// Whoever adds a command is told here where a person looks for it.
    #[test]
    fn every_command_is_told_of_where_one_looks_for_it() {
        let readme = include_str!("../README.md");
        let json = include_str!("../docs/json.md");
        let schema = include_str!("../docs/schema.json");
        let mut man = Vec::new();
        man::write(Cli::command(), &mut man).expect("a page");
        let man = String::from_utf8(man).expect("UTF-8");
        let shells = [Shell::Bash, Shell::Zsh, Shell::Fish];
        let shells = shells.map(|shell| completions::text(shell, Cli::command()));
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(
                readme.contains(&format!("`pscope {name}")),
                "README.md: {name}"
            );
            let roff = name.replace('-', "\\-");
            assert!(man.contains(&roff), "the manual page: {name}");
            assert!(
                shells.iter().all(|text| text.contains(name)),
                "completions: {name}"
            );
            if command.get_arguments().any(|a| a.get_id() == "json") {
                assert!(json.contains(&format!("`{name}`")), "docs/json.md: {name}");
                assert!(
                    schema.contains(&format!("\"{name}\": {{")),
                    "docs/schema.json: {name}"
                );
            }
        }
    }
}
