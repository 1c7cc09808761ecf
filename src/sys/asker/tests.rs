use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Instant;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

#[test]
fn answers_are_those_of_the_kernel() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "twelve bytes").expect("written");
    assert_eq!(read(&file, 6), Ok(b"twelve".to_vec()));
    assert_eq!(read(&dir.path().join("none"), 6), Err(Missing::Gone));
    let told = spaces(vec![dir.path().to_owned(), file.join("below")]);
    let own = crate::sys::machine::disks::space(dir.path()).expect("our own answer");
    assert_eq!(told[0].map(|s| s.total), Ok(own.total));
    assert_eq!(told[1], Err(Missing::Unsupported));
    let ours = crate::sys::descriptors::fds::behind(&file);
    assert_eq!(targets(vec![file]), [ours]);
}

#[test]
fn a_thousand_questions_come_back_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |n: u32| dir.path().join(n.to_string());
    for n in 0..10 {
        std::fs::write(path(n), n.to_string()).expect("written");
    }
    let all = regular((0..1000).map(|n| path(n % 11)).collect(), 10);
    for (n, answer) in (0..1000).zip(all) {
        let expected = match n % 11 {
            10 => Err(Missing::Gone),
            n => Ok(n.to_string().into_bytes()),
        };
        assert_eq!(answer, expected);
    }
}

#[test]
fn neither_a_fifo_nor_a_device_is_waited_for_or_opened() {
    let dir = tempfile::tempdir().expect("a directory");
    let fifo = dir.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("made");
    assert_eq!(read(&fifo, 10), Ok(Vec::new()), "nobody writes");
    // A writer that does not wait finds no reader: looking at it is not opening it.
    let paths = vec![fifo.clone(), "/dev/zero".into(), "/dev/ptmx".into()];
    assert!(
        regular(paths, 10)
            .iter()
            .all(|r| *r == Err(Missing::Unsupported))
    );
    let mut open = std::fs::OpenOptions::new();
    let writer = open.write(true).custom_flags(libc::O_NONBLOCK).open(&fifo);
    assert_eq!(
        writer.expect_err("no reader").raw_os_error(),
        Some(libc::ENXIO)
    );
}

#[test]
fn who_does_not_answer_is_given_up_and_the_others_are_still_told() {
    let Some(hung) = hung::Mount::new() else {
        println!("skipped: a filesystem that does not answer needs root and /dev/fuse");
        return;
    };
    let begun = Instant::now();
    let told = spaces(vec!["/".into(), hung.path().to_owned(), "/".into()]);
    assert!(told[0].is_ok() && told[2].is_ok(), "{told:?}");
    assert_eq!(told[1], Err(Missing::Late));
    let (unanswered, _) = unanswered();
    assert!(unanswered.iter().any(|u| u.path == hung.path()));
    // While it hangs it is not asked a second time: nothing more is held.
    let again = spaces(vec![hung.path().to_owned(); 1000]);
    assert!(again.iter().all(|r| *r == Err(Missing::Late)));
    drop(hung);
    assert!(begun.elapsed().as_secs() < 60, "it came to an end");
}

mod hung {
    //! A FUSE filesystem of our own that answers the kernel's first question and then none.

    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    use nix::mount::{MntFlags, MsFlags, mount, umount2};

    /// `FUSE_INIT` and `FUSE_GETATTR` of the kernel's `linux/fuse.h`.
    const INIT: u32 = 26;
    const GETATTR: u32 = 3;

    pub struct Mount {
        dir: tempfile::TempDir,
    }

    impl Mount {
        pub fn new() -> Option<Self> {
            let dir = tempfile::tempdir().ok()?;
            let device = File::options()
                .read(true)
                .write(true)
                .open("/dev/fuse")
                .ok()?;
            let options = format!(
                "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
                device.as_raw_fd()
            );
            let none = MsFlags::empty();
            mount(
                Some("hung"),
                dir.path(),
                Some("fuse"),
                none,
                Some(options.as_str()),
            )
            .ok()?;
            std::thread::spawn(move || serve(device));
            Some(Self { dir })
        }

        pub fn path(&self) -> &Path {
            self.dir.path()
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = umount2(self.dir.path(), MntFlags::MNT_FORCE | MntFlags::MNT_DETACH);
        }
    }

    /// Answers until the filesystem is gone; then the kernel fails every call that waits.
    fn serve(mut device: File) {
        let mut request = vec![0; 1 << 17];
        while let Ok(n) = device.read(&mut request) {
            let word = |at: usize| {
                request
                    .get(at..at + 4)
                    .map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            };
            if n < 40 {
                return;
            }
            let body = match word(4) {
                INIT => {
                    let mut body = vec![0_u8; 64];
                    body[0..4].copy_from_slice(&7_u32.to_le_bytes());
                    body[4..8].copy_from_slice(&31_u32.to_le_bytes());
                    body[20..24].copy_from_slice(&4096_u32.to_le_bytes());
                    body
                }
                GETATTR => {
                    let mut body = vec![0_u8; 16 + 88];
                    body[0..8].copy_from_slice(&1_u64.to_le_bytes());
                    body[16..24].copy_from_slice(&1_u64.to_le_bytes());
                    body[16 + 60..16 + 64].copy_from_slice(&0o40755_u32.to_le_bytes());
                    body[16 + 64..16 + 68].copy_from_slice(&2_u32.to_le_bytes());
                    body
                }
                _ => continue,
            };
            let mut reply = Vec::new();
            reply.extend((16 + body.len() as u32).to_le_bytes());
            reply.extend(0_i32.to_le_bytes());
            reply.extend(&request[8..16]);
            reply.extend(body);
            if device.write_all(&reply).is_err() {
                return;
            }
        }
    }
}
