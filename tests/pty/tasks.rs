//! What people come for, each as a session in a real terminal with the number of keys that it takes from the first screen.
//!
//! What must be typed to be named (a name, a port, a theme) is not counted among the keys; a paste is one.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::session::{Session, pscope};
use super::signal::Puppet;

const DOWN: &str = "\x1b[B";
const ENTER: &str = "\r";
const ESC: &str = "\x1b";

/// Keys, and what is typed between them.
enum Do<'a> {
    Key(&'a str),
    Type(&'a str),
    /// The screen is waited for.
    See(&'a str),
}
use Do::{Key, See, Type};

struct Task<'a> {
    what: &'a str,
    does: Vec<Do<'a>>,
    keys: usize,
}

fn task<'a>(what: &'a str, keys: usize, does: Vec<Do<'a>>) -> Task<'a> {
    Task { what, does, keys }
}

/// Does a task on a screen of its own.
fn perform(task: &Task<'_>) {
    let mut session = Session::start(pscope(&[]), 120, 40);
    session.is_live();
    // The first rates.
    session.shows("● LIVE");
    session.shows("Σ");
    let mut keys = 0;
    for step in &task.does {
        match step {
            Key(key) => {
                session.press(key.as_bytes());
                keys += 1;
            }
            Type(text) => session.press(text.as_bytes()),
            See(text) => session.shows(text),
        }
    }
    assert_eq!(keys, task.keys, "keys to {}", task.what);
    println!("{}: {keys}", task.what);
    session.press(b"\x03");
    assert_eq!(session.ends(), 0, "{}", task.what);
    assert_eq!(session.left_behind(), [] as [&str; 0], "{}", task.what);
}

/// A child that has ended and was not waited for.
struct Zombie(Child);

impl Zombie {
    fn new() -> Self {
        let child = Command::new("true").stdout(Stdio::null()).spawn();
        Self(child.expect("true"))
    }
}

impl Drop for Zombie {
    fn drop(&mut self) {
        let _ = self.0.wait();
    }
}

#[test]
fn what_is_there_is_found() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = port.local_addr().expect("bound").port();
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("needle.log");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(b"x").expect("written");
    let zombie = Zombie::new();
    let me = std::process::id().to_string();
    let (by_port, by_file) = (format!("port:{number}"), "fd:needle.log");
    let (of_zombie, of_me) = (format!("pid={}", zombie.0.id()), format!("{me} "));
    let jump = format!(":{me}");
    for task in [
        task("see the busiest process", 0, vec![See("Overview")]),
        task("sort by memory", 1, vec![Key("M"), See("by MEM")]),
        task(
            "sort by a column that is chosen",
            2,
            vec![Key("\x1b[17~"), See("Sort by"), Key(DOWN), See("Sort by")],
        ),
        task(
            "find who has a port",
            2,
            vec![Key("/"), Type(&by_port), See(&of_me), Key(ENTER)],
        ),
        task(
            "find who has a file",
            2,
            vec![Key("/"), Type(by_file), See(&of_me), Key(ENTER)],
        ),
        task(
            "find a zombie",
            2,
            vec![Key("/"), Type(&of_zombie), See(" Z "), Key(ENTER)],
        ),
        task("jump to a pid", 1, vec![Type(&jump), Key(ENTER), See(&me)]),
        task(
            "see one user's processes",
            3,
            vec![Key("u"), See("User"), Key(DOWN), Key(ENTER), See("user=")],
        ),
        task("see a flat list", 1, vec![Key("t"), See("Processes flat")]),
        task("see threads", 1, vec![Key("H"), See("Processes")]),
    ] {
        perform(&task);
    }
}

#[test]
fn a_process_is_looked_into() {
    for (what, key, seen) in [
        ("see what it waits for", "w", "WAITS"),
        ("see its open files", "f", "PEER"),
        ("see where its memory is", "m", "KIND"),
        ("see its environment", "e", "Environment"),
        ("see when it ran", "S", "Schedule"),
    ] {
        perform(&task(what, 1, vec![Key(key), See(seen)]));
    }
}

#[test]
fn the_machine_is_looked_at() {
    for (what, keys, does) in [
        ("see each core", 1, vec![Key("2"), See("idle")]),
        ("see where memory went", 1, vec![Key("3"), See("Memory")]),
        ("see disks", 1, vec![Key("4"), See("Disks")]),
        ("see the network", 1, vec![Key("5"), See("Network")]),
        ("see who talks to whom", 1, vec![Key("6"), See("IPC")]),
        (
            "find temperatures",
            2,
            vec![
                Key(":"),
                Type("temperature"),
                See("view-cpu"),
                Key(ENTER),
                See("idle"),
            ],
        ),
        (
            "change the theme",
            2,
            vec![
                Key(":"),
                Type("theme light"),
                See("theme light"),
                Key(ENTER),
            ],
        ),
        (
            "stop time and go back",
            2,
            vec![Key("p"), See("PAUSED"), Key(","), See("PAUSED")],
        ),
        ("find a key", 1, vec![Key("?"), See("First of all")]),
    ] {
        perform(&task(what, keys, does));
    }
}

#[test]
fn processes_are_acted_on() {
    let one = Puppet::ready("echo ready; exec sleep 1000");
    let find = format!("pid={}", one.pid());
    let row = format!("{} ", one.pid());
    perform(&task(
        "make it nicer",
        4,
        vec![
            Key("/"),
            Type(&find),
            See(&row),
            Key(ENTER),
            Key("\x1b[19~"),
            See("Nice"),
            Key(ENTER),
            See("1"),
        ],
    ));
    perform(&task(
        "copy its pid",
        4,
        vec![
            Key("/"),
            Type(&find),
            See(&row),
            Key(ENTER),
            Key("y"),
            See("row as text"),
            Key("p"),
            See("copied: "),
        ],
    ));
    perform(&task(
        "end it",
        4,
        vec![
            Key("/"),
            Type(&find),
            See(&row),
            Key(ENTER),
            Key("s"),
            See("pinned"),
            Key(ENTER),
            See("killed by SIGTERM"),
        ],
    ));
    let tree = Puppet::ready("sleep 1001 & sleep 1002 & echo ready; wait");
    let find = format!("pid={}", tree.pid());
    let row = format!("{} ", tree.pid());
    perform(&task(
        "end a tree",
        6,
        vec![
            Key("/"),
            Type(&find),
            See(&row),
            Key(ENTER),
            Key("s"),
            See("pinned"),
            Key("\t"),
            Key("\t"),
            See(" sh, "),
            Key(ENTER),
            See("killed by SIGTERM"),
        ],
    ));
}

#[test]
fn the_screen_and_the_table_are_saved() {
    let dir = tempfile::tempdir().expect("a directory");
    let picture = dir.path().join("a.svg");
    let table = dir.path().join("a.csv");
    let (save_picture, save_table) = (
        format!("save {}", picture.display()),
        format!("save {}", table.display()),
    );
    perform(&task(
        "save a picture",
        2,
        vec![
            Key(":"),
            Type(&save_picture),
            See("as a picture"),
            Key(ENTER),
            See("saved the screen"),
        ],
    ));
    perform(&task(
        "save a table",
        2,
        vec![
            Key(":"),
            Type(&save_table),
            See("for spreadsheets"),
            Key(ENTER),
            See("saved the table"),
        ],
    ));
    let svg = std::fs::read_to_string(&picture).expect("a picture");
    assert!(svg.starts_with("<svg") && svg.contains("pscope") && !svg.contains("Enter does it"));
    let csv = std::fs::read_to_string(&table).expect("a table");
    assert!(csv.starts_with("pid,user,state,") && csv.lines().count() > 1);
    perform(&task(
        "save it from a dialog, over a file only when told",
        5,
        vec![
            Key("?"),
            See("First of all"),
            Key("\x13"),
            See("the screen as text"),
            Key("\x15"),
            Type(table.to_str().expect("text")),
            Key(ENTER),
            See("Enter replaces it"),
            Key(ESC),
            See("First of all"),
        ],
    ));
    assert_eq!(
        std::fs::read_to_string(&table).expect("a table"),
        csv,
        "it is as it was"
    );
}
