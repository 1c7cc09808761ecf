//! What the words of the tab mean, and why a `–` stands where it does.

use crate::app::world::World;
use crate::model::descriptors::descriptor::Descriptor;
use crate::model::descriptors::peer::Note;

/// The words of the tab; those of the selected row first.
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
    say(
        "FD",
        "The number by which the process names it. 0, 1 and 2 are standard input, output and error by custom.",
    );
    say(
        "MODE",
        "r: it can be read, w: written, rw: both, path: it only names a place.",
    );
    say(
        "POSITION, QUEUES",
        "Of a file: where the next read or write begins, and its size. Of a socket: bytes that wait to be read here, \
         and bytes that the other end has not acknowledged. Of a listener: connections that wait, of how many may.",
    );
    say(
        "PEER",
        "The process at the other end. ← data comes from it, → data goes to it, ⇄ both, = it holds the same object.",
    );
    say(
        "deleted",
        "The file has no name any more, but takes space until the last descriptor is closed.",
    );
    say(
        "of 1024",
        "How many it may have (RLIMIT_NOFILE, soft). At the limit open, accept and pipe fail with EMFILE.",
    );
    say(
        "not visible",
        "Processes of other users do not show their descriptors to you, and those of another pid namespace, or that hidepid hides, are not even listed: one of them may be the missing peer.",
    );
    out
}

fn about_note(note: Note) -> &'static str {
    match note {
        Note::NotAccepted => {
            "The connection stands, but the process that listens has not called accept(2) yet."
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
        Note::Shared => "Others hold the very same object, so there is no other end.",
    }
}
