//! The real world behind the app: the one place where effects happen.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::acting::Acting;
use super::inbox::Tell;
use super::recording::{self, Lanes, Recorder};
use super::writers::{self, Writers};
use super::{config, panics, saving};
use crate::app::choice::Choice;
use crate::app::event::{Effect, Event, Outcome, Outside};
use crate::app::save::Save;
use crate::model::id::Nanos;
use crate::model::plan::Plan;
use crate::model::text::cut;
use crate::recording::{Kept, Marks};
use crate::sampler::Samplers;
use crate::sys::threads;
use crate::term::{self, clipboard, signals};

/// How long the program waits, before it stops, for what was ordered to be carried out.
const SETTLE: Duration = Duration::from_secs(3);

/// Performs effects on this terminal and this machine.
pub struct Real {
    mouse: bool,
    config: Option<PathBuf>,
    source: Source,
    tell: Tell,
    recorder: Option<Recorder>,
    /// Moments of a trigger that are still written.
    moments: Vec<Recorder>,
    writers: Writers,
    /// Which player's beats count.
    player: Arc<AtomicU64>,
}

/// What is shown: a machine that runs, or a recording.
pub struct Source {
    /// Who reads the machine; nobody where a recording is shown.
    pub samplers: Option<Samplers>,
    /// What is remembered.
    pub kept: Option<Kept>,
    /// What the cores did, as it was told last.
    pub lanes: Lanes,
    /// Who acts on processes; nobody where nothing may be done to them.
    pub acting: Option<Acting>,
}

impl Real {
    /// Over the terminal of this process.
    pub fn new(mouse: bool, config: Option<PathBuf>, source: Source, tell: Tell) -> Self {
        Self {
            mouse,
            config,
            source,
            tell,
            recorder: None,
            moments: Vec::new(),
            writers: Writers::default(),
            player: Arc::default(),
        }
    }

    /// Begins a recording, which says so itself, or ends the one that runs.
    fn record(&mut self) -> Option<Event> {
        let running = self.recorder.take().filter(|r| !r.is_over());
        if let Some(recorder) = running {
            self.writers.adopt(recorder.end());
            return Some(Event::Recording(Ok(None)));
        }
        let Some(kept) = self.source.kept.clone() else {
            return Some(failed("this is a recording already".to_owned()));
        };
        match Recorder::begin(kept, self.tell.clone()) {
            Ok(recorder) => {
                self.recorder = Some(recorder);
                None
            }
            Err(why) => Some(Event::Recording(Err(why))),
        }
    }

    /// Writes in a process of its own, and tells what became of it.
    fn apart(
        &self,
        what: String,
        place: &Path,
        save: Option<Save>,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Option<Event> {
        let tell = self.tell.clone();
        let begun = writers::apart(what, place, save, work, move |outcome| {
            tell.event(Event::Outcome(outcome));
        });
        begun.err().map(|e| failed(format!("cannot write: {e}")))
    }

    /// Tells beats at this pace until another one is asked for.
    fn play(&self, pace: Option<Nanos>) -> Option<Event> {
        let mine = self.player.fetch_add(1, Ordering::Relaxed) + 1;
        let pace = Duration::from_nanos(pace?.0);
        let (player, tell) = (Arc::clone(&self.player), self.tell.clone());
        let beat = move || {
            while player.load(Ordering::Relaxed) == mine {
                std::thread::sleep(pace);
                tell.event(Event::Beat);
            }
        };
        let error = threads::start("player", beat).err()?;
        Some(failed(format!("cannot play: {error}")))
    }

    fn keep(&self, choices: Vec<Choice>) -> Option<Event> {
        let Some(path) = self.config.clone() else {
            return Some(failed(
                "there is no place for a configuration file: set HOME, or name one with --config"
                    .to_owned(),
            ));
        };
        self.apart(
            format!("cannot keep settings in {}", path.display()),
            &path.clone(),
            None,
            move || match config::keep::keep(&path, &choices) {
                Ok(names) if names.is_empty() => {
                    Outcome::Done(format!("{} says all of this already", path.display()))
                }
                Ok(names) => {
                    Outcome::Done(format!("kept in {}: {}", path.display(), names.join(", ")))
                }
                Err(e) => Outcome::Failed(format!("{e:#}")),
            },
        )
    }

    /// Takes the terminal, again if need be. One that has gone is found out by the next frame.
    fn enter(&self) -> Option<Event> {
        let error = term::enter(self.mouse).err()?;
        (!term::is_gone(&error)).then(|| failed(format!("cannot take the terminal: {error}")))
    }
}

impl Drop for Real {
    /// What is recorded is written to its end.
    fn drop(&mut self) {
        for recorder in self
            .recorder
            .take()
            .into_iter()
            .chain(self.moments.drain(..))
        {
            self.writers.adopt(recorder.end());
        }
    }
}

impl Outside for Real {
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            // The loop ends by itself, and turns what is saved into what is written.
            Effect::Quit | Effect::Save(_) => None,
            Effect::Redraw => self.enter(),
            Effect::Suspend => {
                term::restore();
                // Stopped between a stop and a signal of ours, we would leave a whole branch as it is.
                if let Some(acting) = &self.source.acting {
                    acting.settle(SETTLE);
                }
                let stopped = signals::stop();
                let entered = self.enter();
                match stopped {
                    Ok(()) => entered,
                    Err(e) => Some(failed(format!("cannot stop: {e}"))),
                }
            }
            Effect::Copy(text) => Some(match term::say(&clipboard::copy(&text)) {
                Ok(()) => done(format!("copied: {}", cut(&text, 100))),
                Err(e) => failed(format!("cannot copy: {e}")),
            }),
            Effect::Write(save, bytes) => {
                let what = format!("cannot save to {}", save.path);
                self.apart(
                    what,
                    &saving::place(&save.path),
                    Some(save.clone()),
                    move || saving::write(save, &bytes),
                )
            }
            Effect::Mouse(on) => {
                self.mouse = on;
                term::restore();
                self.enter()
            }
            Effect::Record => self.record(),
            Effect::Play(pace) => self.play(pace),
            Effect::Remember(mib) => {
                if let Some(kept) = &self.source.kept {
                    kept.set_budget(usize::try_from(mib << 20).unwrap_or(usize::MAX));
                }
                None
            }
            Effect::Mark(at) => {
                if let Some(kept) = &self.source.kept {
                    kept.mark(at, Marks::TRIGGER);
                }
                None
            }
            Effect::KeepMoment {
                from,
                until,
                slices,
            } => {
                let kept = self.source.kept.clone()?;
                let lanes = slices.then(|| Arc::clone(&self.source.lanes));
                match recording::keep_moment(kept, lanes, [from, until], self.tell.clone()) {
                    Ok(moment) => {
                        self.moments.retain(|moment| !moment.is_over());
                        self.moments.push(moment);
                        None
                    }
                    Err(e) => Some(failed(format!("cannot keep the moment: {e}"))),
                }
            }
            Effect::Keep(choices) => self.keep(choices),
            Effect::Act(ticket, order) => match &self.source.acting {
                Some(acting) => {
                    acting.order(ticket, order);
                    None
                }
                None => Some(failed(
                    "pscope runs read-only: nothing is done to processes".to_owned(),
                )),
            },
        }
    }

    fn replan(&mut self, plan: &Plan) {
        panics::rehearse();
        if let Some(samplers) = &self.source.samplers {
            samplers.replan(plan.clone());
        }
    }
}

fn done(text: String) -> Event {
    Event::Outcome(Outcome::Done(text))
}

fn failed(text: String) -> Event {
    Event::Outcome(Outcome::Failed(text))
}
