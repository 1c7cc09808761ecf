//! Files that a person names, where something else lies: nobody waits for a pipe, and nothing that was there is lost.

use std::fs;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{pscope, text};

fn refused(args: &[&str], said: &str) {
    let output = pscope(args);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {err}");
    assert!(err.contains(said), "{args:?}: {err}");
}

#[test]
fn a_pipe_that_is_named_as_a_file_is_not_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let fifo = dir.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("made");
    let fifo = fifo.to_str().expect("UTF-8");
    for args in [
        &["replay", fifo][..],
        &["ps", "--from", fifo],
        &["tree", "--from", fifo],
        &["ps", "--from", "/dev/zero"],
    ] {
        refused(args, "no regular file");
    }
    refused(&["record", fifo, "--for", "1s"], "it is a pipe");
    let trace = ["slices", "--for", "100ms", "--perfetto", fifo];
    let output = pscope(&trace);
    // Whoever is told no slices is told so first.
    if output.status.code() == Some(4) {
        let err = text(&output.stderr);
        assert!(err.contains("CAP_PERFMON"), "{err}");
    } else {
        refused(&trace, "it is a pipe");
    }
    refused(&["metrics", "--out", fifo], "no regular file");
    assert!(!Path::new(fifo).is_file(), "it is still what it was");
}

#[test]
fn what_a_killed_writer_left_beside_a_file_is_in_nobodys_way() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("pscope.prom");
    // In a container the number of the program is the same each time: whoever was killed had every one of these.
    let left = |n: u32| dir.path().join(format!(".pscope.prom.{n}"));
    fs::write(left(1), "half").expect("written");
    let path = out.to_str().expect("UTF-8");
    for _ in 0..2 {
        assert!(pscope(&["metrics", "--out", path]).status.success());
    }
    assert!(
        fs::read_to_string(&out)
            .expect("there")
            .ends_with("# EOF\n")
    );
    assert_eq!(fs::read(left(1)).expect("there"), b"half");
    let all = fs::read_dir(dir.path()).expect("there").count();
    assert_eq!(all, 2, "nothing else lies beside it");
}
