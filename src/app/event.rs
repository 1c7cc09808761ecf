//! What comes in (events) and what is to be done (effects). The app turns one into the other and performs nothing.

use super::choice::Choice;
use std::sync::Arc;

use super::key::{Key, Mouse};
use super::save::Save;
use crate::model::acting::{Order, Report, Ticket};
use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;

/// What came in, from any thread.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The mouse did something.
    Mouse(Mouse),
    /// Text was pasted.
    Paste(String),
    /// The terminal changed its size or was given back; draw everything.
    Resize,
    /// A sweep is done.
    Snapshot(Arc<Snapshot>),
    /// A part of the inspector or of a system view was read.
    Detail(Arc<Detail>),
    /// Who had the cores until now.
    Switches(Arc<Timeline>),
    /// What became of an effect.
    Outcome(Outcome),
    /// What the terminal answered when it was asked what is behind its text: a colour, or nothing that says one.
    Ground(Option<[u8; 3]>),
    /// It is time for the next tick of what is played.
    Beat,
    /// A recording began in a file of this name, ended, or could not go on.
    Recording(Result<Option<String>, String>),
    /// The stream that is shown has come to its end: why.
    Ended(String),
    /// The program is asked to end (a signal, or the terminal went away).
    Stop,
    /// A thread of the program died; the rest goes on.
    Lost {
        /// Which thread.
        thread: &'static str,
        /// What it said.
        why: String,
    },
}

/// What is to be done outside the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End with status 0.
    Quit,
    /// Give the terminal back and stop, as Ctrl-z does.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Put a text into the clipboard (OSC 52).
    Copy(String),
    /// Save the screen as it is seen, or the table of the pane with the keyboard.
    Save(Save),
    /// Write this into a file that a person named.
    Write(Save, Vec<u8>),
    /// Take the mouse, or give it back to the terminal.
    Mouse(bool),
    /// Write these into the configuration file, as far as they differ from the defaults.
    Keep(Vec<Choice>),
    /// Begin to record what is remembered and what comes, or end that.
    Record,
    /// The past may take so much memory, MiB.
    Remember(u64),
    /// Mark a moment of what is kept: a trigger fired.
    Mark(Nanos),
    /// Keep this span in a file: what is remembered of it at once, and what is still to come as it comes.
    KeepMoment {
        /// Its begin.
        from: Nanos,
        /// Its end.
        until: Nanos,
        /// With every slice, where these are told.
        slices: bool,
    },
    /// Tell a beat each time this has passed, or none any more.
    Play(Option<Nanos>),
    /// Find out about processes, or act on them; reports come back as [`Outcome::Acted`].
    Act(Ticket, Order),
}

/// What became of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is done; the text says what, in one line.
    Done(String),
    /// It failed; the text says why and what would help.
    Failed(String),
    /// A file of this name is there: it is left as it is unless that is asked for.
    Exists(Save),
    /// Progress of an order that acts on processes.
    Acted(Report),
}

/// The one place of effects: the real one in `run`, a recording one in tests.
pub trait Outside {
    /// Performs an effect; what became of it comes back as an event, now or later.
    fn perform(&mut self, effect: Effect) -> Option<Event>;
    /// Tells the samplers what is worth reading from now on.
    fn replan(&mut self, plan: &crate::model::plan::Plan);
}
