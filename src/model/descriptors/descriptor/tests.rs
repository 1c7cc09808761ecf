use super::about::Watch;
use super::*;

#[test]
fn links_tell_the_kind() {
    for (link, kind) in [
        (&b"/etc/passwd"[..], Kind::File),
        (b"pipe:[39457]", Kind::Pipe),
        (b"anon_inode:[eventpoll]", Kind::Epoll),
        (b"anon_inode:inotify", Kind::Inotify),
        (b"anon_inode:bpf-map", Kind::Bpf),
        (b"anon_inode:[pidfd]", Kind::Pidfd),
        (b"pidfd:[1234]", Kind::Pidfd),
        (b"anon_inode:[io_uring]", Kind::IoUring),
        (b"/memfd:wayland (deleted)", Kind::Memfd),
        (b"/dev/pts/7", Kind::Tty),
        (b"/dev/ptmx", Kind::Tty),
        (b"/dev/null", Kind::Device),
        (b"/dev/shm/queue", Kind::File),
        (b"net:[4026531840]", Kind::Other),
        (b"pipe:[x]", Kind::Other),
        (b"", Kind::Other),
    ] {
        assert_eq!(
            Descriptor::new(3, link).kind,
            kind,
            "{}",
            link.escape_ascii()
        );
    }
    assert_eq!(
        Descriptor::new(3, b"socket:[1584]").object,
        Object::Socket(1584)
    );
}

#[test]
fn a_removed_file_keeps_its_path_and_says_what_it_holds() {
    let mut file = Descriptor::new(4, b"/var/log/big.log (deleted)");
    assert!(file.deleted);
    assert_eq!(file.target.as_str(), "/var/log/big.log");
    assert_eq!(file.held_by_deleted(), None, "not read is not zero");
    file.extent = Ok(Extent {
        size: Bytes(5000),
        held: Bytes(8192),
        device: 1,
        inode: 2,
    });
    assert_eq!(file.held_by_deleted(), Some(Bytes(8192)));
    assert!(!Descriptor::new(5, b"/memfd:x (deleted)").deleted);
}

#[test]
fn anonymous_inodes_are_explained() {
    let words = |about: About| about.words().expect("it has words");
    assert_eq!(
        words(About::Epoll(vec![
            Watch { fd: 4, events: 1 },
            Watch { fd: 7, events: 5 }
        ])),
        "watches 2: 4r 7rw"
    );
    assert_eq!(
        words(About::Signalfd(1 << 1 | 1 << 14)),
        "receives INT TERM"
    );
    assert_eq!(
        words(About::Timerfd {
            clock: 1,
            ticks: 2,
            left: Some(Nanos(49_406_829)),
            every: Nanos(1_000_000_000)
        }),
        "timer, expires in 49 ms (monotonic), every 1.0 s, 2 expirations not read"
    );
    assert_eq!(
        words(About::Pidfd(None)),
        "a handle of a process that has ended"
    );
}

#[test]
fn progress_needs_a_position_and_a_size() {
    let mut file = Descriptor::new(3, b"/a");
    assert_eq!(file.progress(), None);
    file.info = Ok(Info {
        position: 50,
        ..Info::default()
    });
    file.extent = Ok(Extent {
        size: Bytes(200),
        ..Extent::default()
    });
    assert_eq!(file.progress(), Some((50, 200)));
    file.kind = Kind::Directory;
    assert_eq!(file.progress(), None);
}

use crate::model::id::Nanos;

proptest::proptest! {
    #[test]
    fn any_link_is_some_kind(link: Vec<u8>) {
        let descriptor = Descriptor::new(0, &link);
        proptest::prop_assert!(!descriptor.words().contains('\x1b'));
    }
}
