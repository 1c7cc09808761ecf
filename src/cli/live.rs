//! `pscope [TARGET]`: the live screen and its options.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::world::Settings;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::sample::Mode;
use crate::model::span;
use crate::recording::Past;
use crate::report::{self, Error, target};
use crate::run::config::{self, Config};
use crate::run::{self, Shows, theme};
use crate::sys::asker;
use crate::sys::asker::hand::{self, Wait};
use crate::sys::own::{capabilities, sandbox};
use crate::term::{self, depth};
use crate::theme::ground::{self, AUTO};
use crate::theme::{Depth, Ground, Theme};

/// The pace where nobody says another.
const PACE: Nanos = Nanos(1_000_000_000);

/// Options of the live screen.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Args {
    /// Opens this process in the inspector: a pid or a name
    pub target: Option<String>,
    /// The pace: 500ms, 2s, 1m [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = span::parse, allow_hyphen_values = true)]
    interval: Option<Nanos>,
    /// Colours: auto, dark, light, gruvbox, nord, dracula, solarized-dark, solarized-light, catppuccin, tokyo-night, monokai, contrast, colorblind, mono, terminal-16, or a .toml file [default: auto, what fits the terminal]
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    /// Takes away everything that changes the machine: signals, priorities, affinity
    #[arg(long)]
    read_only: bool,
    /// Shows in the header what pscope itself costs (also the key @)
    #[arg(long = "self")]
    own_cost: bool,
    /// Finds which processes changed in this way only: events, connector, scan [default: the best that the kernel allows]
    #[arg(long, value_name = "WAY", value_parser = Mode::find)]
    sweep: Option<Mode>,
    /// Leaves the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
    /// Begins with the tree, as it does unless the configuration says otherwise
    #[arg(long, conflicts_with = "flat")]
    tree: bool,
    /// Begins with the flat list
    #[arg(long)]
    flat: bool,
    /// Reads this configuration instead of ~/.config/pscope/config.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What `replay` shows.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// A recording, or - for one that is piped in; several, each with a name before it (a=FILE b=FILE), stand on one axis
    /// of time
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

/// Shows a recording on the live screen.
///
/// # Errors
/// As [`run`], and `Failed` when it is no recording or cannot be read.
pub fn replay(args: &Args, replay: &Replay, ascii: bool) -> Result<u8, Error> {
    let shows = if replay.files == ["-"] {
        let piped = term::take_piped();
        Shows::Stream(piped.map_err(|e| Error::Failed(format!("cannot read the stream: {e}")))?)
    } else {
        Shows::Recordings(hosts(&replay.files)?)
    };
    let _ = capabilities::keep_useful(false, true);
    sandbox::begin();
    show(args, shows, ascii)
}

/// Whether there is a file of this name; where that is not answered, opening it will say so.
fn is_there(path: &str) -> bool {
    let path = PathBuf::from(path);
    let look = move || Ok(vec![u8::from(path.exists())]);
    hand::carry_out(Wait::PATIENT, look).map_or(true, |there| there == [1])
}

/// Opens recordings by what was written: a file, or a name and a file.
fn hosts(written: &[String]) -> Result<Vec<(String, Past)>, Error> {
    let mut hosts: Vec<(String, Past)> = Vec::new();
    for text in written {
        if text == "-" {
            return Err(Error::Usage(
                "a stream is shown alone: pscope replay -".to_owned(),
            ));
        }
        let named = match text.split_once('=') {
            Some(named) => Some(named).filter(|_| !is_there(text)),
            None => None,
        };
        let (name, file) = named.unwrap_or_else(|| {
            let stem = Path::new(text).file_stem().and_then(OsStr::to_str);
            (stem.unwrap_or(text), text)
        });
        if name.is_empty() || hosts.iter().any(|(known, _)| known == name) {
            return Err(Error::Usage(format!(
                "'{text}' needs a name of its own, as in web={file}"
            )));
        }
        hosts.push((
            name.to_owned(),
            report::past::open_for_keys(Path::new(file))?,
        ));
    }
    Ok(hosts)
}

/// The configuration that was named before a command, if one was; what is wrong with its lines is told.
///
/// # Errors
/// `Usage` when it cannot be read, or when the command `acts` and nothing may be changed.
pub fn before_command(args: &Args, acts: bool) -> Result<Option<Config>, Error> {
    if args.read_only && acts {
        let why = "--read-only takes away everything that changes the machine; nothing was done";
        return Err(Error::Usage(why.to_owned()));
    }
    let Some(file) = &args.config else {
        return Ok(None);
    };
    let config = Config::load(Some(file)).map_err(|e| unusable(&e))?;
    for line in config::told(config.path.as_deref(), &config.all_complaints()) {
        report::attention(Some(line));
    }
    Ok(Some(config))
}

/// A configuration or theme that a person named and that cannot be used.
fn unusable(e: &anyhow::Error) -> Error {
    match e.root_cause().downcast_ref::<io::Error>() {
        // The file may be as it should be.
        Some(why) if why.kind() == io::ErrorKind::TimedOut => Error::Failed(format!("{e:#}")),
        _ => Error::Usage(format!("{e:#}")),
    }
}

/// Shows the live screen; answers with the exit status.
///
/// # Errors
/// `Usage` when the configuration or the theme cannot be used, or the name is that of several; `NoProcess` when there is none;
/// `Failed` when there is no terminal.
pub fn run(args: &Args, ascii: bool) -> Result<u8, Error> {
    // Nothing is lost where that is refused, and doctor tells what is held.
    let _ = capabilities::keep_useful(!args.read_only, true);
    sandbox::begin();
    // Under the same rule as we are, but not yet under that of our readers.
    // Of a recording nothing is asked.
    asker::prepare();
    show(args, Shows::Now, ascii)
}

fn show(args: &Args, shows: Shows, ascii: bool) -> Result<u8, Error> {
    let mut config = Config::load(args.config.as_deref()).map_err(|e| unusable(&e))?;
    let depth = depth::detect(|name| std::env::var(name).ok());
    let letters = || depth::is_ascii(|name| std::env::var(name).ok());
    let ascii = ascii || config.ascii.unwrap_or_else(letters);
    let ground = Ground::hint(std::env::var("COLORFGBG").ok().as_deref());
    let (name, (theme, told)) = match (&args.theme, config.theme.take()) {
        (Some(name), _) => (
            name.clone(),
            theme::load(name, ground, depth, ascii).map_err(|e| unusable(&e))?,
        ),
        (None, named) => usual(named, ground, depth, ascii),
    };
    let target = match &args.target {
        Some(text) => Some(target::find(&report::sweep(Needs::COMMANDS)?, text)?),
        None => None,
    };
    if !term::is_interactive() {
        return Err(Error::Failed(
            "the live screen needs a terminal for input and output; 'pscope ps' and 'pscope tree' print to a pipe or a file".to_owned(),
        ));
    }
    if let Some(why) = depth::no_screen(|name| std::env::var(name).ok()) {
        let instead = "'pscope ps' and 'pscope tree' print line by line";
        return Err(Error::Failed(format!("{why}; {instead}")));
    }
    let ending = run::live(run::Options {
        settings: Settings {
            theme: name,
            ground,
            mouse: config.mouse && !args.no_mouse,
            gpu: config.gpu,
            interval: args.interval.or(config.interval).unwrap_or(PACE),
            of_machine: config.of_machine,
            // Nothing can be done to the processes of a recording.
            read_only: args.read_only || config.read_only || !matches!(shows, Shows::Now),
            own_cost: args.own_cost,
            tree: args.tree || !(args.flat || config.flat),
            target,
            ..Settings::default()
        },
        theme,
        choices: config.choices,
        config: config::place(args.config.as_deref()),
        keys: config.keys,
        read_from: config.path,
        complaints: config.complaints,
        told,
        shows,
        sweep: args.sweep,
    })
    .map_err(|e| Error::Failed(format!("{e:#}")))?;
    Ok(ending.status())
}

/// The theme of the configuration, or the usual one where that cannot be had: a wrong line never keeps the program from starting.
fn usual(
    named: Option<String>,
    ground: Ground,
    depth: Depth,
    ascii: bool,
) -> (String, (Theme, Vec<String>)) {
    let mut told = Vec::new();
    if let Some(name) = named {
        match theme::load(&name, ground, depth, ascii) {
            Ok(theme) => return (name, theme),
            Err(why) => told.push(format!("{why:#}")),
        }
    }
    (AUTO.to_owned(), (ground::auto(ground, depth, ascii), told))
}
