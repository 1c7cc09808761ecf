//! One file, many locks: whose is the one that is waited for.

use tempfile::TempDir;

use super::*;

const OFD: &str = "open file description lock (fcntl) on";

/// A tree of `/proc`, in which process 700 waits at descriptor 3.
fn tree(locks: &str) -> (TempDir, ProcRoot) {
    let home = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(home.path());
    write(&root, "locks", locks);
    write(&root, "700/status", "Tgid:\t700\nThreads:\t1\n");
    write(&root, "700/comm", "waiter\n");
    write(&root, "700/fdinfo/3", "pos:\t0\nmnt_id:\t41\nino:\t7\n");
    let mounts = "36 35 254:0 / / rw - ext4 /dev/vda rw\n41 36 0:52 / /m rw - tmpfs none rw\n";
    write(&root, "700/mountinfo", mounts);
    (home, root)
}

fn write(root: &ProcRoot, path: &str, text: &str) {
    let path = root.proc(path);
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
    std::fs::write(path, text).expect("written");
}

/// Another process, whose descriptor 4 shows a lock.
fn holder(root: &ProcRoot, pid: u32, lock: &str) {
    write(
        root,
        &format!("{pid}/status"),
        &format!("Tgid:\t{pid}\nThreads:\t1\n"),
    );
    write(root, &format!("{pid}/comm"), &format!("h{pid}\n"));
    let shown = format!("pos:\t0\nlock:\t1: {lock}\n");
    write(root, &format!("{pid}/fdinfo/4"), &shown);
}

fn said(root: &ProcRoot, verb: &str, thread: Option<Tid>) -> Option<String> {
    let mut locks = Locks::read(root, Pid(700));
    let said = locks.held_by(verb, &Fd::new(3), thread);
    said.map(|said| said.as_str().to_owned())
}

#[test]
fn of_several_locks_of_a_file_the_call_tells_which_is_waited_for() {
    let whole = "ADVISORY  WRITE 812 00:34:7 0 EOF";
    let bytes = "ADVISORY  WRITE 813 00:34:7 0 9";
    let text = format!(
        "1: FLOCK  {whole}\n1: -> FLOCK  ADVISORY  WRITE 700 00:34:7 0 EOF\n\
         2: POSIX  {bytes}\n2: -> POSIX  ADVISORY  WRITE 700 00:34:7 0 9\n\
         3: POSIX  ADVISORY  READ  814 00:34:7 50 59\n3: -> POSIX  ADVISORY  WRITE 700 00:34:7 50 59\n"
    );
    let (_home, root) = tree(&text);
    holder(&root, 812, &format!("FLOCK  {whole}"));
    holder(&root, 813, "");
    holder(&root, 814, "");
    let call = |number: i64, command: u32| {
        let text = format!("{number} 0x3 {command:#x} 0x7ffd 0x0 0x0 0x0 0x7ffd 0x7f5c\n");
        write(&root, "700/task/700/syscall", &text);
    };
    let flock = "file lock (flock) on";
    call(libc::SYS_flock, 2);
    assert_eq!(
        said(&root, flock, Some(Tid(700))).as_deref(),
        Some("held by 812 h812")
    );
    assert_eq!(
        said(&root, flock, None).as_deref(),
        Some("held by 812 h812"),
        "by its kind"
    );
    // The memory of a tree of files cannot be read: it is one of two.
    call(libc::SYS_fcntl, 7);
    let either = Some("held by 813 h813 or 814 h814");
    let record = "record lock (fcntl) on";
    assert_eq!(said(&root, record, Some(Tid(700))).as_deref(), either);
}

#[test]
fn a_file_of_another_device_with_the_same_number_is_another_file() {
    let lock = |device: &str| format!("OFDLCK ADVISORY  WRITE -1 {device}:7 0 EOF");
    let (near, far) = (lock("00:34"), lock("00:33"));
    let (_home, root) = tree(&format!("1: {far}\n1: -> {far}\n2: {near}\n2: -> {near}\n"));
    holder(&root, 812, &far);
    holder(&root, 813, &near);
    assert_eq!(said(&root, OFD, None).as_deref(), Some("held by 813 h813"));
}

#[test]
fn of_descriptions_with_other_bytes_of_the_file_none_is_named() {
    let lock = |bytes: &str| format!("OFDLCK ADVISORY  WRITE -1 00:34:7 {bytes}");
    let (first, second) = (lock("200 209"), lock("300 309"));
    let (_home, root) = tree(&format!("1: {first}\n1: -> {first}\n2: {second}\n"));
    holder(&root, 812, &second);
    holder(&root, 813, &first);
    assert_eq!(said(&root, OFD, None).as_deref(), Some("held by 813 h813"));
}

#[test]
fn the_process_itself_is_looked_at_however_little_time_there_is() {
    let lock = |bytes: &str| format!("OFDLCK ADVISORY  WRITE -1 00:34:7 {bytes}");
    let (own, other) = (lock("0 9"), lock("20 29"));
    let of = |lock: &str| {
        let (home, root) = tree(&format!("1: {lock}\n1: -> {lock}\n"));
        write(
            &root,
            "700/fdinfo/5",
            &format!("pos:\t0\nlock:\t1: {own}\n"),
        );
        holder(&root, 812, &other);
        let mut locks = Locks::read(&root, Pid(700));
        locks.patience = Duration::ZERO;
        let said = locks.held_by(OFD, &Fd::new(3), None);
        drop(home);
        said.map(|said| said.as_str().to_owned())
    };
    assert_eq!(of(&own).as_deref(), Some("held by 700 waiter"));
    let given_up = "held by an open file; the search for its holder was given up";
    assert_eq!(of(&other).as_deref(), Some(given_up));
    assert_eq!(of(&lock("40 49")).as_deref(), Some(given_up));
}
