//! What the words of the selected row mean, and why a `–` stands where it does.

use crate::app::world::World;
use crate::model::descriptors::descriptor::Descriptor;
use crate::model::descriptors::peer::Note;

/// The words of the selected row, and why a `–` stands in it.
pub fn words(_: &World, row: Option<&Descriptor>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut say = |word: &str, about: &str| out.push((word.to_owned(), about.to_owned()));
    if let Some(row) = row {
        if let Some(about) = row.kind.words() {
            say(row.kind.word(), about);
        }
        if let Err(why) = &row.info {
            say("flags –", &why.to_string());
        }
        if let Some(note) = row.peers.note {
            say(&note.words(), about_note(note));
        }
    }
    out
}

fn about_note(note: Note) -> &'static str {
    match note {
        Note::NotAccepted => {
            "The connection stands, but the process that listens has not called accept(2) yet."
        }
        Note::Full => {
            "As many connections wait to be accepted as the process that listens allowed: the kernel does not answer more, and whoever asks tries again."
        }
        Note::Hidden(_) => {
            "The other end is open, in a process whose descriptors the kernel does not show to this user."
        }
        Note::Looking => {
            "Not every process was asked yet what it holds: who is at the other end is told as soon as it is found."
        }
        Note::Closed => {
            "No process holds the other end: reading gives end of file, writing gives SIGPIPE."
        }
        Note::Elsewhere => "The other end is on another machine.",
        Note::Alone(_) => {
            "It lasts, and whoever opens it later can be its other end: reading or writing waits until then."
        }
        Note::AloneInSight => {
            "Of those whose descriptors the kernel shows to this user nobody else has it open; others may."
        }
        Note::Shared => "Others hold the very same object, so there is no other end.",
    }
}
