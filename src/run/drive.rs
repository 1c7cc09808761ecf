//! The loop, the same in production and in tests: take what came, let the app decide, perform, draw once.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Position, Rect};

use super::inbox::{Ending, Inbox, Wake};
use super::saving;
use crate::app::App;
use crate::app::event::{Effect, Event, Outcome, Outside};
use crate::model::id::Nanos;
use crate::model::plan::Plan;
use crate::screen;

/// For how long what the samplers tell of one moment is gathered into one frame. The first table does not wait.
const GATHER: Duration = Duration::from_millis(20);

/// Runs until the person leaves or something ends the program.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn drive<B: Backend>(
    terminal: &mut Terminal<B>,
    app: &mut App,
    inbox: &Inbox,
    outside: &mut dyn Outside,
) -> Result<Ending, B::Error> {
    let mut wakes = inbox.poll();
    let mut plan = Plan::default();
    loop {
        let mut acted = false;
        for wake in wakes {
            let after = match wake {
                Wake::Event(event) => {
                    let asks = matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Paste(_));
                    // Keys come in bursts: each must mean what it would on a screen drawn after the one before, or
                    // a dialog would open about the row that was selected earlier.
                    if acted && asks {
                        let size = terminal.size()?;
                        screen::fit(app, Rect::from((Position::ORIGIN, size)));
                    }
                    acted |= asks;
                    take(event, terminal, app, outside)?
                }
                Wake::Do(effect) => perform(effect, terminal, app, outside)?,
                Wake::End(ending) => {
                    app.update(Event::Stop);
                    Some(ending)
                }
            };
            if let Some(ending) = after {
                return Ok(ending);
            }
        }
        draw(terminal, app)?;
        let wanted = app.plan();
        if wanted != plan {
            outside.replan(&wanted);
            plan = wanted;
        }
        let first = app.world.snapshot.at == Nanos(0);
        wakes = inbox.wait(if first { Duration::ZERO } else { GATHER });
    }
}

fn draw<B: Backend>(terminal: &mut Terminal<B>, app: &mut App) -> Result<(), B::Error> {
    terminal.draw(|frame| {
        let area = frame.area();
        screen::fit(app, area);
        screen::render(app, area, frame.buffer_mut());
    })?;
    Ok(())
}

/// Lets the app take an event in and performs what it asks for, and what comes of that.
fn take<B: Backend>(
    event: Event,
    terminal: &mut Terminal<B>,
    app: &mut App,
    outside: &mut dyn Outside,
) -> Result<Option<Ending>, B::Error> {
    if matches!(event, Event::Resize) {
        terminal.clear()?;
    }
    for effect in app.update(event) {
        let ending = perform(effect, terminal, app, outside)?;
        if ending.is_some() {
            return Ok(ending);
        }
    }
    Ok(None)
}

fn perform<B: Backend>(
    effect: Effect,
    terminal: &mut Terminal<B>,
    app: &mut App,
    outside: &mut dyn Outside,
) -> Result<Option<Ending>, B::Error> {
    let mut todo = VecDeque::from([effect]);
    while let Some(effect) = todo.pop_front() {
        if effect == Effect::Quit {
            return Ok(Some(Ending::Quit));
        }
        let all_anew = matches!(effect, Effect::Redraw | Effect::Suspend | Effect::Mouse(_));
        let effect = match effect {
            Effect::Save(save) => {
                let area = Rect::from((Position::ORIGIN, terminal.size()?));
                let bytes = saving::bytes(app, area, save.form);
                match bytes {
                    Ok(bytes) => Effect::Write(save, bytes),
                    Err(why) => {
                        let told = Event::Outcome(Outcome::Failed(why));
                        todo.extend(app.update(told));
                        continue;
                    }
                }
            }
            effect => effect,
        };
        if let Some(event) = outside.perform(effect) {
            todo.extend(app.update(event));
        }
        if all_anew {
            terminal.clear()?;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
