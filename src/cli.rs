//! The command line: what can be asked for, and the exit status of each answer.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::app::world::Settings;
use crate::model::id::Nanos;
use crate::run;
use crate::term::{self, depth};

/// An oscilloscope for processes: which ran when, why it stopped, what it waits for, where its memory went.
#[derive(Debug, Parser)]
#[command(name = "pscope", version, max_term_width = 100)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
struct Cli {
    /// Opens this process in the inspector: a pid or a name
    target: Option<String>,
    /// The pace: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    interval: Duration,
    /// Colours: terminal-16, dark, light, contrast, colorblind, mono, or the path of a .toml file
    #[arg(long, value_name = "NAME", default_value = "terminal-16")]
    theme: String,
    /// Draws with ASCII only
    #[arg(long, global = true)]
    ascii: bool,
    /// Takes away everything that changes the machine: signals, priorities, affinity
    #[arg(long)]
    read_only: bool,
    /// Leaves the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
    /// Begins with the tree (as it does anyway)
    #[arg(long, conflicts_with = "flat")]
    tree: bool,
    /// Begins with the flat list
    #[arg(long)]
    flat: bool,
}

/// Reads a pace such as `1s`, `250ms`, `2m`, `0.5`; from 10 ms to one hour.
fn interval(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("write a number with ms, s or m: 500ms, 2s, 1m".to_owned()),
    };
    let seconds = number
        .parse::<f64>()
        .map_err(|_| "write a number with ms, s or m: 500ms, 2s, 1m".to_owned())?
        * scale;
    if !(0.01..=3600.0).contains(&seconds) {
        return Err("the pace goes from 10ms to 1h".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    match live(cli) {
        Ok(ending) => ExitCode::from(ending.status()),
        Err(e) => {
            eprintln!("pscope: {e:#}");
            ExitCode::from(1)
        }
    }
}

fn live(cli: Cli) -> anyhow::Result<run::inbox::Ending> {
    if !term::is_interactive() {
        anyhow::bail!(
            "the live screen needs a terminal at both ends; for a pipe or a file use 'pscope ps' or 'pscope tree'"
        );
    }
    let depth = depth::detect(|name| std::env::var(name).ok());
    run::live(run::Options {
        settings: Settings {
            interval: Nanos(cli.interval.as_nanos() as u64),
            read_only: cli.read_only,
            tree: !cli.flat,
            target: cli.target,
            ..Settings::default()
        },
        theme: run::theme::load(&cli.theme, depth, cli.ascii)?,
        mouse: !cli.no_mouse,
    })
}
