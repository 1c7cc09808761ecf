//! The composition root: joins terminal, app and samplers, and is the one place of effects. Draws nothing itself.

mod acting;
pub mod config;
pub mod drive;
pub mod inbox;
mod outside;
mod panics;
mod recording;
mod saving;
mod stream;
pub mod theme;
mod writers;

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ratatui::Terminal;
use ratatui::layout::{Position, Rect};

use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::world::Settings;
use crate::model::id::{Pid, Uid};
use crate::model::sample::Mode;
use crate::panels;
use crate::recording::{DetailWriter, Kept, Past};
use crate::sampler::scribe::{Chunks, Keeping, When};
use crate::sampler::{self, News, Samplers};
use crate::screen;
use crate::sys::asker::hand;
use crate::sys::clock;
use crate::sys::machine::gpus;
use crate::sys::own;
use crate::sys::root::ProcRoot;
use crate::sys::threads;
use crate::term::output::{self, Output};
use crate::term::signals::Meaning;
use crate::term::{self, input, signals};
use crate::theme::{Depth, Theme};
use acting::{Acting, Finish};
use inbox::{Ending, Inbox, Tell};
use outside::{Real, Source};
use recording::Lanes;

/// How long the first frame waits for the first sweep, so that the first picture is already the table.
const FIRST_SWEEP: Duration = Duration::from_millis(50);
/// How long the first frame waits for the terminal to say what is behind its text; where it says so later, the colours change then.
const ANSWER: Duration = Duration::from_millis(80);
/// How long a signal that ends the program waits for the loop, which may hang in a write to a stalled terminal.
const GRACE: Duration = Duration::from_millis(500);
/// How long it waits for what was ordered to be carried out; whoever is then still stopped on the way to a signal is let go.
const LEAVE: Duration = Duration::from_secs(5);

/// What a person chose on the command line and in the configuration.
pub struct Options {
    /// What the app keeps to.
    pub settings: Settings,
    /// Colours and glyphs.
    pub theme: Theme,
    /// What the panes begin with.
    pub choices: config::Choices,
    /// Where settings are kept when asked.
    pub config: Option<PathBuf>,
    /// Remapped keys.
    pub keys: Vec<config::Binding>,
    /// The configuration that was read.
    pub read_from: Option<PathBuf>,
    /// What was not understood of it, with the lines.
    pub complaints: Vec<(usize, String)>,
    /// What else was not understood, such as lines of a theme.
    pub told: Vec<String>,
    /// What is shown.
    pub shows: Shows,
    /// The one way to find which processes changed; the best that the kernel allows where none is named.
    pub sweep: Option<Mode>,
}

/// What the screen shows.
pub enum Shows {
    /// This machine, now.
    Now,
    /// Recordings, each with the name of its machine.
    Recordings(Vec<(String, Past)>),
    /// A recording that arrives here.
    Stream(OwnedFd),
}

/// Begins to read what is shown.
fn source(shows: Shows, sweep: Option<Mode>, app: &mut App, tell: &Tell) -> anyhow::Result<Source> {
    let remember = app.world.settings.remember_mib << 20;
    let kept = Kept::new(usize::try_from(remember).unwrap_or(usize::MAX));
    let mut source = Source {
        samplers: None,
        kept: Some(kept.clone()),
        lanes: Lanes::default(),
        acting: None,
    };
    if let Shows::Recordings(hosts) = shows {
        source.kept = None;
        app.replay(hosts);
        return Ok(source);
    }
    let past = Past::new(Box::new(kept.clone()));
    if let Shows::Stream(from) = shows {
        app.watch(past);
        let tell = tell.clone();
        spawn("stream", move || stream::show(&from, &kept, &tell))?;
        return Ok(source);
    }
    app.remember(past);
    let keeping = Keeping {
        kept: kept.clone(),
        when: When::AtNext,
        chunks: Chunks::ANY,
    };
    let root = ProcRoot::live();
    let samplers = Samplers::start(
        root,
        app.plan(),
        sweep,
        Some(keeping),
        &listener(tell, kept, Arc::clone(&source.lanes)),
    )
    .context("cannot start the sampling threads")?;
    source.samplers = Some(samplers);
    let (to, read_only) = (tell.clone(), app.world.settings.read_only);
    source.acting = Acting::start(&ProcRoot::live(), read_only, move |event| to.event(event))
        .context("cannot start the thread that acts on processes")?;
    Ok(source)
}

/// Shows the live screen until the person leaves or something ends the program.
///
/// # Errors
/// When the terminal cannot be taken or threads cannot be started; the terminal is as it was by then.
pub fn live(options: Options) -> anyhow::Result<Ending> {
    own::signals::block().context("cannot block signals")?;
    let inbox = Inbox::new();
    let panics = panics::install(&inbox.tell());
    let mouse = options.settings.mouse;
    let settings = Settings {
        // In a recording nobody is this program.
        me: matches!(options.shows, Shows::Now).then(|| {
            let user = Uid(nix::unistd::geteuid().as_raw());
            (Pid(std::process::id()), user)
        }),
        ..options.settings
    };
    let mut panes = panels::all();
    // Nothing of a card is shown, or opened, where there is none or it is not wanted.
    if !settings.gpu {
        gpus::leave_out();
    }
    if gpus::there(&ProcRoot::live()) == Ok(true) {
        panes.push(panels::gpu());
    }
    let mut app = App::new(panes, settings, options.theme);
    let mut complaints = options.complaints;
    complaints.extend(config::choose(&mut app, &options.choices));
    complaints.extend(config::keys::remap(&mut app, options.keys));
    complaints.sort();
    let mut told = config::told(options.read_from.as_deref(), &complaints);
    told.extend(options.told);
    app.complain(acting::unix_ms(), &told);
    // The panes say what the first sweep is worth reading for only once they know where they stand.
    screen::fit(&mut app, Rect::from((Position::ORIGIN, output::size())));
    let source = source(options.shows, options.sweep, &mut app, &inbox.tell())?;
    let finish = source.acting.as_ref().map(Acting::finish);
    if let Some(finish) = &finish {
        panics.before_the_end(finish.clone());
    }
    // Who acts on processes was begun; all else that is ours only reads.
    hand::only_by_hands();
    term::enter(mouse).context("cannot take the terminal")?;
    let mut outside = Real::new(mouse, options.config, source, inbox.tell());
    let asks = app.world.theme.depth == Depth::True;
    if asks {
        term::ask_ground().context("cannot write to the terminal")?;
    }
    let begun = Instant::now();
    let ending = threads(&inbox.tell(), finish).and_then(|()| {
        inbox.wait_first(FIRST_SWEEP);
        if asks {
            inbox.wait_answer(ANSWER.saturating_sub(begun.elapsed()));
        }
        let mut terminal = Terminal::new(Output::new())?;
        match drive::drive(&mut terminal, &mut app, &inbox, &mut outside) {
            Err(e) if term::is_gone(&e) => Ok(Ending::TerminalGone),
            other => other.context("cannot write to the terminal"),
        }
    });
    term::restore();
    panics.print();
    ending
}

/// Passes on what the samplers tell; what the inspector and the views show is remembered, but for environments.
fn listener(tell: &Tell, kept: Kept, lanes: Lanes) -> sampler::Tell {
    let tell = tell.clone();
    let details = Mutex::new(DetailWriter::new(false));
    Arc::new(move |news| {
        panics::rehearse();
        tell.event(match news {
            News::Snapshot(snapshot) => Event::Snapshot(snapshot),
            News::Detail(detail) => {
                let mut details = details.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(record) = details.record(&detail, clock::unix_ms(detail.at)) {
                    kept.push(vec![record]);
                }
                Event::Detail(detail)
            }
            News::Switches(timeline) => {
                let last = &mut *lanes.lock().unwrap_or_else(PoisonError::into_inner);
                *last = Some(Arc::clone(&timeline));
                Event::Switches(timeline)
            }
            News::Lost { thread, why } => Event::Lost { thread, why },
        });
    })
}

/// Starts the threads that listen to the person and to signals.
fn threads(tell: &Tell, finish: Option<Finish>) -> anyhow::Result<()> {
    let to = tell.clone();
    spawn("stop", move || {
        while let Ok(number) = own::signals::wait() {
            if let Some(told) = signals::meaning(number) {
                on_signal(&to, told, finish.as_ref());
            }
        }
    })?;
    let to = tell.clone();
    spawn("input", move || {
        input::read_until_gone(|event| {
            panics::rehearse();
            to.event(event);
        });
        to.end(Ending::TerminalGone);
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    threads::start(name, body).with_context(|| format!("cannot start the thread '{name}'"))?;
    Ok(())
}

fn on_signal(tell: &Tell, told: Meaning, finish: Option<&Finish>) {
    match told {
        Meaning::Resized => tell.event(Event::Resize),
        Meaning::Suspend => tell.perform(Effect::Suspend),
        Meaning::Continued => tell.perform(Effect::Redraw),
        Meaning::End(signal) => {
            let ending = Ending::Signal(signal);
            tell.end(ending);
            std::thread::sleep(GRACE);
            if let Some(finish) = finish {
                finish.wait(LEAVE);
            }
            term::restore();
            std::process::exit(ending.status().into());
        }
    }
}

impl Ending {
    /// The exit status: 0, or 128 and the signal, as shells and top count.
    pub fn status(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::Signal(signal) => 128_u8.saturating_add(signal as u8),
            // As if HUP had been delivered.
            Self::TerminalGone => 129,
        }
    }
}
