//! What people come for, with the mouse alone: clicks, right clicks and the wheel, as a terminal sends them (SGR, mode 1006).
//!
//! What must be named to be found (a port, a file, a pid) can only be typed; such a process is on the screen from the start here.

use super::session::{Session, pscope};
use super::signal::Puppet;

enum Do<'a> {
    /// A click on the first cell of this text, which is waited for.
    Click(&'a str),
    Right(&'a str),
    /// The wheel, down, over this text, until the other one is seen.
    Wheel(&'a str, &'a str),
    See(&'a str),
    /// It is gone.
    Gone(&'a str),
}
use Do::{Click, Gone, Right, See, Wheel};

/// The screens that the tasks are done on.
const SIZES: [(u16, u16); 2] = [(120, 40), (80, 24)];

fn perform(what: &str, args: &[&str], does: &[Do<'_>]) {
    for (columns, rows) in SIZES {
        perform_on(what, args, does, (columns, rows), None);
    }
}

fn perform_on(
    what: &str,
    args: &[&str],
    does: &[Do<'_>],
    (columns, rows): (u16, u16),
    config: Option<&std::path::Path>,
) {
    let mut command = pscope(args);
    if let Some(config) = config {
        command.env("XDG_CONFIG_HOME", config);
    }
    let mut session = Session::start(command, columns, rows);
    session.is_live();
    session.shows("● LIVE");
    session.shows("Σ");
    // With the first rates everything has its place, and what came with them is drawn.
    session.shows("sw/s");
    let mark = session.mark();
    session.sends(mark, b"\x1b[?2026l");
    for step in does {
        match step {
            Click(text) => session.mouse(0, text),
            Right(text) => session.mouse(2, text),
            Wheel(text, until) => session.wheel(text, until),
            See(text) => session.shows(text),
            Gone(text) => session.lacks(text),
        }
    }
    println!("{what} at {columns}x{rows}");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0, "{what}");
    assert_eq!(session.left_behind(), [] as [&str; 0], "{what}");
}

/// The user that we are, as the list of users has it.
fn me() -> String {
    let uid = nix::unistd::geteuid();
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    let name = known.map_or_else(|| uid.to_string(), |user| user.name);
    // In the list less is between name and state.
    format!("{name}      ")
}

#[test]
fn the_list_is_ordered_and_looked_at() {
    perform("sort by memory", &[], &[Click("   MEM"), See("by MEM ▼")]);
    perform(
        "sort by a column that is chosen",
        &[],
        &[
            Click("by CPU%"),
            See("Sort by"),
            Click("PPID "),
            See("by PPID"),
        ],
    );
    perform(
        "see a flat list, and a tree again",
        &[],
        &[
            Click("tree ·"),
            See("Processes flat"),
            Click("flat ·"),
            See("Processes tree"),
        ],
    );
    perform(
        "see threads",
        &[],
        &[
            Click("? help"),
            See("First of all"),
            Click("H K"),
            See("· threads"),
        ],
    );
    perform(
        "see one user's processes",
        &[],
        &[
            Click("? help"),
            Click("one user's processes"),
            See("User"),
            See("Enter filters"),
            Click(&me()),
            See("user="),
        ],
    );
    perform(
        "find a key",
        &[],
        &[
            Click("? help"),
            See("First of all"),
            Click("Esc closes"),
            Gone("First of all"),
        ],
    );
}

#[test]
fn the_machine_is_looked_at() {
    for (tab, seen) in [
        ("2 CPU", "idle"),
        ("3 Memory", "Memory"),
        ("4 Disks", "Disks"),
        ("5 Network", "Network"),
        ("6 IPC", "IPC"),
    ] {
        perform(
            tab,
            &[],
            &[
                Click(tab),
                See(seen),
                Click("1 Processes"),
                See("Processes tree"),
            ],
        );
    }
    perform(
        "stop time and go back",
        &[],
        &[
            Click("● LIVE"),
            See("PAUSED"),
            Click(", ."),
            See("PAUSED"),
            Click("PAUSED"),
            See("LIVE"),
        ],
    );
    perform(
        "change the theme",
        &[],
        &[
            Click("? help"),
            Click("settings, themes"),
            See("Settings"),
            Click(" theme  "),
            Gone(" auto "),
            Click("Esc closes"),
            Gone("Settings"),
        ],
    );
    perform(
        "find temperatures",
        &[],
        &[
            Click(" pscope "),
            Wheel("Commands", " view-cpu "),
            Click(" view-cpu "),
            See("idle"),
        ],
    );
}

/// A configuration with which the list shows this process alone.
fn alone(puppet: &Puppet) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("pscope");
    std::fs::create_dir(&dir).expect("made");
    let text = format!("view = \"flat\"\nfilter = \"pid={}\"\n", puppet.pid());
    std::fs::write(dir.join("config.toml"), text).expect("written");
    home
}

#[test]
fn a_process_is_looked_into() {
    let puppet = Puppet::ready("echo ready; exec sleep 1000");
    let home = alone(&puppet);
    let row = "sleep 1000";
    for size in SIZES {
        for (line, seen) in [
            ("its memory", "KIND"),
            ("its files", "PEER"),
            ("its threads", "WAITS FOR"),
            ("its environment", "Environment"),
            ("its connections", "Sockets"),
        ] {
            let does = [
                Right(row),
                Click(line),
                See(seen),
                Click("1 Processes"),
                See("pid="),
            ];
            perform_on(line, &[], &does, size, Some(home.path()));
        }
        // A second click on a row opens it; the tabs are clicked, those without room by the mark of more.
        let mut does = vec![
            Click(row),
            Click(row),
            Gone("Processes flat"),
            See("KERNEL LAND"),
            Click("Memory  Files"),
            See("KIND"),
        ];
        does.extend(match size.0 {
            80 => [Click("›"), See("‹")],
            _ => [Click("History"), Gone("KIND")],
        });
        perform_on("tabs", &[], &does, size, Some(home.path()));
    }
}

#[test]
fn processes_are_acted_on() {
    for size in SIZES {
        let mut one = Puppet::ready("echo ready; exec sleep 1000");
        let home = alone(&one);
        let row = "sleep 1000";
        let does = [
            Right(row),
            Click("nice …"),
            See("allowed"),
            Click("Enter apply"),
            See("✓"),
        ];
        perform_on("make it nicer", &[], &does, size, Some(home.path()));
        let does = [Right(row), Click("copy …"), Click(" pid "), See("copied: ")];
        perform_on("copy its pid", &[], &does, size, Some(home.path()));
        let does = [
            Right(row),
            Click("send a signal"),
            See("pinned"),
            Click("Enter send"),
            See("killed by SIGTERM"),
            Click("Esc"),
        ];
        perform_on("end it", &[], &does, size, Some(home.path()));
        assert_eq!(one.ended_by(), Some(15));

        let mut tree = Puppet::ready("sleep 1001 & sleep 1002 & echo ready; wait");
        let home = alone(&tree);
        let row = "sh -c sleep";
        let does = [
            Right(row),
            Click("send a signal"),
            See("pinned"),
            Click("subtree"),
            See(" sh, "),
            Click("Enter send"),
            See("killed by SIGTERM"),
            Click("Esc"),
        ];
        perform_on("end a tree", &[], &does, size, Some(home.path()));
        assert_eq!(tree.ended_by(), Some(15));
    }
}
