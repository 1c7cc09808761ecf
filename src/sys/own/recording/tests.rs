//! Files of recordings: whose they are, and what becomes of them.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_file_is_for_its_owner_alone_and_another_one_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let mut file = begin(&path, b"MAGIC").expect("made");
    file.append(b"one").expect("written");
    let mode = std::fs::metadata(&path)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(file);
    let mut again = begin(&path, b"MAGIC").expect("gone on with");
    again.append(b"two").expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"MAGIConetwo");
    again.shorten(b"MAGIC", 8).expect("shorter");
    again.append(b"three").expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwothree");
    assert_eq!(again.size(), 13);
    let other = dir.path().join("other");
    std::fs::write(&other, "letters").expect("written");
    assert!(begin(&other, b"MAGIC").is_err());
    assert_eq!(std::fs::read(&other).expect("read"), b"letters");
}

#[test]
fn one_that_was_for_others_to_read_is_gone_on_with_for_its_owner_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let mode = |path: &Path| {
        let meta = std::fs::metadata(path).expect("there");
        meta.permissions().mode() & 0o777
    };
    let open_to_all = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o664)).expect("ours");
        path
    };
    for text in ["", "MAGIConce"] {
        let path = open_to_all("a.pscope", text);
        begin(&path, b"MAGIC").expect("gone on with");
        assert_eq!(mode(&path), 0o600, "{text:?}");
    }
    // What is no recording is left as it is, with its rights.
    let other = open_to_all("other", "letters");
    assert!(begin(&other, b"MAGIC").is_err());
    assert_eq!(mode(&other), 0o664);
}

#[test]
fn one_of_somebody_else_is_left_alone_since_he_could_read_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    std::fs::write(&path, "MAGIC").expect("written");
    if let Err(why) = std::os::unix::fs::chown(&path, Some(65533), None) {
        println!("skipped: files cannot be given away: {why}");
        return;
    }
    let why = begin(&path, b"MAGIC").map(|_| ()).expect_err("not ours");
    assert_eq!(why.kind(), io::ErrorKind::PermissionDenied);
    assert!(why.to_string().contains("name another file"), "{why}");
    assert_eq!(std::fs::read(&path).expect("there"), b"MAGIC");
}

#[test]
fn a_pipe_is_neither_waited_for_nor_written_to() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
    for why in [
        begin(&path, b"MAGIC").map(|_| ()).expect_err("no file"),
        open(&path).map(|_| ()).expect_err("no file"),
        open(Path::new("/dev/zero"))
            .map(|_| ())
            .expect_err("no file"),
        open(dir.path()).map(|_| ()).expect_err("no file"),
    ] {
        assert_eq!(why.kind(), io::ErrorKind::InvalidInput, "{why}");
    }
}

#[test]
fn what_lies_beside_a_recording_is_not_touched_when_it_is_shortened() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let others = [
        dir.path().join("a.pscope.new"),
        // As one that was killed while it wrote left it, with our number.
        dir.path().join(format!(".a.pscope.{}", std::process::id())),
    ];
    for other in &others {
        std::fs::write(other, "letters").expect("written");
    }
    let mut file = begin(&path, b"MAGIC").expect("made");
    file.append(b"onetwo").expect("written");
    file.shorten(b"MAGIC", 8).expect("shorter");
    assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwo");
    for other in &others {
        assert_eq!(std::fs::read(other).expect("read"), b"letters");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 3);
}

fn kind<T>(what: io::Result<T>) -> Option<io::ErrorKind> {
    what.err().map(|why| why.kind())
}

#[test]
fn a_file_has_one_who_writes_it_whatever_becomes_of_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let busy = Some(io::ErrorKind::ResourceBusy);
    let mut first = begin(&path, b"MAGIC").expect("made");
    assert_eq!(kind(begin(&path, b"MAGIC")), busy);
    first.append(b"onetwo").expect("written");
    // What takes the place of the file is as much theirs.
    first.shorten(b"MAGIC", 8).expect("shorter");
    assert_eq!(kind(begin(&path, b"MAGIC")), busy);
    // One that is moved away is written on, and nobody else's is put in its place.
    let moved = dir.path().join("moved");
    std::fs::rename(&path, &moved).expect("ours");
    let mut second = begin(&path, b"MAGIC").expect("made");
    second.append(b"other").expect("written");
    first.append(b"three").expect("written");
    assert_eq!(
        kind(first.shorten(b"MAGIC", 8)),
        Some(io::ErrorKind::AlreadyExists)
    );
    assert_eq!(std::fs::read(&path).expect("there"), b"MAGICother");
    assert_eq!(std::fs::read(&moved).expect("there"), b"MAGICtwothree");
    assert_eq!(kind(begin(&moved, b"MAGIC")), busy);
    // It ends with who has it.
    drop(first);
    begin(&moved, b"MAGIC").expect("gone on with");
}

#[test]
fn a_new_one_takes_a_name_that_no_other_has() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.b.pscope");
    let numbers = (0..3).map(|_| begin_new(&path, b"MAGIC").expect("made").1);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(numbered(&path, 1), path);
    assert_eq!(numbered(&path, 3), dir.path().join("a.b-3.pscope"));
    assert!(dir.path().join("a.b-3.pscope").exists());
}

#[test]
fn a_link_to_a_recording_stays_one_when_it_is_shortened() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).expect("made");
    drop(begin(&path, b"MAGIC").expect("made"));
    let mut file = begin(&link, b"MAGIC").expect("gone on with");
    file.append(b"onetwo").expect("written");
    file.shorten(b"MAGIC", 8).expect("shorter");
    assert_eq!(std::fs::read(&path).expect("there"), b"MAGICtwo");
    assert_eq!(std::fs::read_link(&link).expect("a link"), path);
}

#[test]
fn what_is_no_file_is_never_put_in_the_place_of_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let why = begin(dir.path(), b"MAGIC").map(|_| ()).expect_err("none");
    assert!(why.to_string().contains("name a file in it"), "{why}");
    let Ok(mut zero) = begin(Path::new("/dev/zero"), b"MAGIC") else {
        println!("skipped: there is no /dev/zero");
        return;
    };
    zero.append(b"onetwo").expect("taken");
    assert_eq!(
        kind(zero.shorten(b"MAGIC", 8)),
        Some(io::ErrorKind::InvalidInput)
    );
    let pty = nix::pty::openpty(None, None).expect("a terminal");
    let path = nix::unistd::ttyname(&pty.slave).expect("its name");
    let why = begin(&path, b"MAGIC").map(|_| ()).expect_err("a terminal");
    assert!(why.to_string().contains("not for a terminal"), "{why}");
}

#[test]
fn a_full_disk_is_said() {
    let Ok(mut full) = begin(Path::new("/dev/full"), b"") else {
        println!("skipped: there is no /dev/full");
        return;
    };
    let why = full.append(b"x").expect_err("no room");
    assert_eq!(why.raw_os_error(), Some(28));
}

/// A file that was made and of which nothing could be written is none.
#[test]
fn no_file_is_left_of_which_nothing_could_be_written() {
    let dir = tempfile::tempdir().expect("a directory");
    // One that is open for reading takes nothing, as one on a full disk.
    let unwritable = |name: &str, made: bool| {
        let path = dir.path().join(name);
        std::fs::write(&path, "MAGIC").expect("written");
        let file = File::open(&path).expect("there");
        let mut written = Written::over(file, &path).expect("ours").expect("free");
        (written.len, written.nothing) = (5, made.then_some(5));
        (written, path)
    };
    let (mut made, path) = unwritable("made", true);
    let why = made.append(b"x").expect_err("not for writing");
    assert_eq!(why.kind(), NOTHING);
    assert!(why.to_string().contains("no file is left"), "{why}");
    assert!(!path.exists());
    let (mut found, path) = unwritable("found", false);
    assert!(found.append(b"x").is_err_and(|why| why.kind() != NOTHING));
    assert!(path.exists(), "it was there before");
    let (mut moved, path) = unwritable("moved", true);
    std::fs::rename(&path, dir.path().join("away")).expect("moved");
    std::fs::write(&path, "another").expect("written");
    assert!(moved.append(b"x").is_err_and(|why| why.kind() != NOTHING));
    assert_eq!(std::fs::read(&path).expect("there"), b"another");
}
