//! The real world behind the app: the one place where effects happen.

use std::path::PathBuf;
use std::time::Duration;

use super::acting::Acting;
use super::{config, panics};
use crate::app::choice::Choice;
use crate::app::event::{Effect, Event, Outcome, Outside};
use crate::model::plan::Plan;
use crate::model::text::cut;
use crate::sampler::Samplers;
use crate::term::{self, clipboard, signals};

/// How long the program waits, before it stops, for what was ordered to be carried out.
const SETTLE: Duration = Duration::from_secs(3);

/// Performs effects on this terminal and this machine.
pub struct Real {
    mouse: bool,
    config: Option<PathBuf>,
    samplers: Samplers,
    acting: Option<Acting>,
}

impl Real {
    /// Over the terminal of this process.
    pub fn new(
        mouse: bool,
        config: Option<PathBuf>,
        samplers: Samplers,
        acting: Option<Acting>,
    ) -> Self {
        Self {
            mouse,
            config,
            samplers,
            acting,
        }
    }

    fn keep(&self, choices: &[Choice]) -> Event {
        let Some(path) = &self.config else {
            return failed(
                "there is no place for a configuration file: set HOME, or name one with --config"
                    .to_owned(),
            );
        };
        match config::keep::keep(path, choices) {
            Ok(names) if names.is_empty() => {
                done(format!("{} says all of this already", path.display()))
            }
            Ok(names) => done(format!("kept in {}: {}", path.display(), names.join(", "))),
            Err(e) => failed(format!("{e:#}")),
        }
    }

    /// Takes the terminal, again if need be. One that has gone is found out by the next frame.
    fn enter(&self) -> Option<Event> {
        let error = term::enter(self.mouse).err()?;
        (!term::is_gone(&error)).then(|| failed(format!("cannot take the terminal: {error}")))
    }
}

impl Outside for Real {
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            // The loop ends by itself.
            Effect::Quit => None,
            Effect::Redraw => self.enter(),
            Effect::Suspend => {
                term::restore();
                // Stopped between a stop and a signal of ours, we would leave a whole branch as it is.
                if let Some(acting) = &self.acting {
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
            Effect::Mouse(on) => {
                self.mouse = on;
                term::restore();
                self.enter()
            }
            Effect::Keep(choices) => Some(self.keep(&choices)),
            Effect::Act(ticket, order) => match &self.acting {
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
        self.samplers.replan(plan.clone());
    }
}

fn done(text: String) -> Event {
    Event::Outcome(Outcome::Done(text))
}

fn failed(text: String) -> Event {
    Event::Outcome(Outcome::Failed(text))
}
