//! `/proc/PID/fdinfo/N`: position, flags, and what only one kind of descriptor has. `proc_pid_fdinfo(5)`.

use crate::model::descriptors::descriptor::about::{Marks, Watch};
use crate::model::descriptors::descriptor::{About, Flags, Gpu, Info};
use crate::model::id::{Bytes, Nanos};
use crate::model::text::SafeText;

/// Parses `pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t18\neventfd-count:                5\neventfd-id: 1\n`.
///
/// Lines that this program does not know, or that read otherwise, are passed over.
pub fn parse(text: &[u8]) -> Info {
    let mut info = Info::default();
    for line in text.split(|b| *b == b'\n') {
        let Some(colon) = line.iter().position(|b| matches!(b, b':' | b' ')) else {
            continue;
        };
        let (key, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        match key {
            b"pos" => info.position = number(value, 10).unwrap_or(0),
            b"flags" => info.flags = flags(number(value, 8).unwrap_or(0)),
            b"ino" => info.inode = number(value, 10),
            _ if key.starts_with(b"drm-") => gpu(key, value, &mut info.about),
            _ => kind_line(key, value, &mut info.about),
        }
    }
    info
}

fn kind_line(key: &[u8], value: &[u8], about: &mut About) {
    match key {
        b"tfd" => watch(value, about),
        b"eventfd-count" | b"eventfd-id" => eventfd(key, value, about),
        b"clockid" | b"ticks" | b"it_value" | b"it_interval" => timer(key, value, about),
        b"sigmask" => *about = About::Signalfd(number(value, 16).unwrap_or(0)),
        b"inotify" => {
            let n = if let About::Inotify(n) = about { *n } else { 0 };
            *about = About::Inotify(n.saturating_add(1));
        }
        b"fanotify" => fanotify(value, about),
        b"Pid" => {
            let pid = number(value, 10).filter(|pid| *pid > 0);
            *about = About::Pidfd(pid.map(|pid| pid as u32));
        }
        b"SqHead" | b"SqTail" | b"CqHead" | b"CqTail" => queue(key, value, about),
        b"tty-index" => *about = About::Pty(number(value, 10).unwrap_or(0) as u32),
        b"prog_id" => *about = About::Bpf("program", number(value, 10).unwrap_or(0)),
        b"map_id" => *about = About::Bpf("map", number(value, 10).unwrap_or(0)),
        b"link_id" => *about = About::Bpf("link", number(value, 10).unwrap_or(0)),
        _ => {}
    }
}

/// `drm-driver:\ti915`, `drm-engine-render:\t9288864723 ns`, `drm-resident-vram:\t12 MiB`.
fn gpu(key: &[u8], value: &[u8], about: &mut About) {
    if key == b"drm-driver" {
        *about = About::Gpu(Gpu {
            driver: SafeText::from_bytes(value),
            ..Gpu::default()
        });
        return;
    }
    // The driver comes first.
    let About::Gpu(gpu) = about else { return };
    if key == b"drm-pdev" {
        gpu.card = SafeText::from_bytes(value);
        return;
    }
    let mut words = value.split(|b| *b == b' ').filter(|w| !w.is_empty());
    let Some(n) = words.next().and_then(|w| number(w, 10)) else {
        return;
    };
    let unit = words.next();
    let add = |to: &mut Option<Bytes>| {
        let unit = match unit {
            Some(b"KiB") => 1 << 10,
            Some(b"MiB") => 1 << 20,
            _ => 1,
        };
        let known = to.map_or(0, |b| b.0);
        *to = Some(Bytes(known.saturating_add(n.saturating_mul(unit))));
    };
    match key {
        b"drm-client-id" => gpu.client = Some(n),
        _ if key.starts_with(b"drm-engine-capacity-") => gpu.engine(&key[20..]).capacity = n,
        _ if key.starts_with(b"drm-engine-") && unit == Some(b"ns") => {
            gpu.busy = Nanos(gpu.busy.0.saturating_add(n));
            gpu.engine(&key[11..]).worked = Nanos(n);
        }
        _ if key.starts_with(b"drm-cycles-") => gpu.engine(&key[11..]).cycles.0 = n,
        _ if key.starts_with(b"drm-total-cycles-") => gpu.engine(&key[17..]).cycles.1 = n,
        _ if key.starts_with(b"drm-resident-") => add(&mut gpu.resident),
        _ if key.starts_with(b"drm-memory-") => add(&mut gpu.memory),
        _ if key.starts_with(b"drm-total-") => add(&mut gpu.total),
        _ => {}
    }
}

/// `tfd:        4 events:       19 data:                4  pos:0 ino:9a21 sdev:f`.
fn watch(value: &[u8], about: &mut About) {
    let mut words = value
        .split(|b| b.is_ascii_whitespace() || *b == b':')
        .filter(|w| !w.is_empty());
    let fd = words.next().and_then(|w| number(w, 10));
    let events = words.nth(1).and_then(|w| number(w, 16));
    if let (Some(fd), Some(events)) = (fd, events) {
        let watch = Watch {
            fd: fd as u32,
            events: events as u32,
        };
        match about {
            About::Epoll(watches) => watches.push(watch),
            other => *other = About::Epoll(vec![watch]),
        }
    }
}

fn eventfd(key: &[u8], value: &[u8], about: &mut About) {
    let (mut count, mut id) = match about {
        About::Eventfd { count, id } => (*count, *id),
        _ => (0, None),
    };
    if key == b"eventfd-id" {
        id = number(value, 10).map(|id| id as u32);
    } else {
        count = number(value, 16).unwrap_or(0);
    }
    *about = About::Eventfd { count, id };
}

fn timer(key: &[u8], value: &[u8], about: &mut About) {
    let (mut clock, mut ticks, mut left, mut every) = match about {
        About::Timerfd {
            clock,
            ticks,
            left,
            every,
        } => (*clock, *ticks, *left, *every),
        _ => (0, 0, None, Nanos(0)),
    };
    match key {
        b"clockid" => clock = number(value, 10).unwrap_or(0) as i32,
        b"ticks" => ticks = number(value, 10).unwrap_or(0),
        b"it_value" => left = seconds(value).filter(|n| n.0 > 0),
        _ => every = seconds(value).unwrap_or_default(),
    }
    *about = About::Timerfd {
        clock,
        ticks,
        left,
        every,
    };
}

/// `fanotify ino:4f969 sdev:800013 mflags:0 mask:3b …`, `fanotify mnt_id:12 …`, `fanotify sdev:800013 …`: what is marked comes
/// first; `fanotify flags:10 event-flags:0` tells of no mark.
fn fanotify(value: &[u8], about: &mut About) {
    let (mut all, mut marks) = match about {
        About::Fanotify(all, marks) => (*all, *marks),
        _ => (0, Marks::default()),
    };
    let more = |n: &mut u32| *n = n.saturating_add(1);
    let kind = value.split(|b| *b == b':').next();
    match kind {
        Some(b"ino") => more(&mut marks.files),
        Some(b"mnt_id") => more(&mut marks.mounts),
        Some(b"sdev") => more(&mut marks.filesystems),
        _ => {}
    }
    if kind != Some(b"flags") {
        more(&mut all);
    }
    *about = About::Fanotify(all, marks);
}

/// `(0, 49406829)`: seconds and nanoseconds.
fn seconds(value: &[u8]) -> Option<Nanos> {
    let inside = value.strip_prefix(b"(")?.strip_suffix(b")")?;
    let comma = inside.iter().position(|b| *b == b',')?;
    let whole = number(&inside[..comma], 10)?;
    let rest = number(inside[comma + 1..].trim_ascii(), 10)?;
    Some(Nanos(
        whole.saturating_mul(1_000_000_000).saturating_add(rest),
    ))
}

/// `SqHead:\t12`: the queues as the kernel and the process have moved them; what lies between waits.
fn queue(key: &[u8], value: &[u8], about: &mut About) {
    let n = number(value, 10).unwrap_or(0) as u32;
    let (mut submitted, mut completed) = match about {
        About::IoUring {
            submitted,
            completed,
        } => (*submitted, *completed),
        _ => (0, 0),
    };
    match key {
        b"SqHead" => submitted = submitted.wrapping_sub(n),
        b"SqTail" => submitted = submitted.wrapping_add(n),
        b"CqHead" => completed = completed.wrapping_sub(n),
        _ => completed = completed.wrapping_add(n),
    }
    *about = About::IoUring {
        submitted,
        completed,
    };
}

fn number(digits: &[u8], base: u32) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()
}

fn flags(kernel: u64) -> Flags {
    const WORDS: &[(i32, Flags)] = &[
        (libc::O_APPEND, Flags::APPEND),
        (libc::O_NONBLOCK, Flags::NONBLOCK),
        (libc::O_CLOEXEC, Flags::CLOEXEC),
        (libc::O_DIRECT, Flags::DIRECT),
        (libc::O_DSYNC, Flags::SYNC),
        (libc::O_ASYNC, Flags::ASYNC),
        (libc::O_PATH, Flags::PATH),
        (libc::O_NOATIME, Flags::NOATIME),
        (libc::O_DIRECTORY, Flags::DIRECTORY),
    ];
    let set = WORDS
        .iter()
        .filter(|(bit, _)| kernel & (*bit as u64) != 0)
        .map(|(_, flag)| *flag);
    set.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        let common = "pos:\t4096\nflags:\t02102002\nmnt_id:\t17\nino:\t18\n";
        let about = |rest: &str| {
            let info = parse(format!("{common}{rest}").as_bytes());
            assert_eq!((info.position, info.inode), (4096, Some(18)));
            let words: Vec<_> = info.flags.words().collect();
            assert_eq!(words, ["append", "cloexec"]);
            info.about
        };
        assert_eq!(about(""), About::Nothing);
        assert_eq!(
            about(
                "tfd:        4 events:       19 data:                4  pos:0 ino:9a21 sdev:f\n\
                 tfd:       17 events: 80000005 data: 0 \n"
            ),
            About::Epoll(vec![
                Watch {
                    fd: 4,
                    events: 0x19
                },
                Watch {
                    fd: 17,
                    events: 0x8000_0005
                }
            ])
        );
        assert_eq!(
            about("eventfd-count:               1f\neventfd-id: 3\neventfd-semaphore: 0\n"),
            About::Eventfd {
                count: 0x1f,
                id: Some(3)
            }
        );
        assert_eq!(
            about(
                "clockid: 1\nticks: 2\nsettime flags: 01\nit_value: (0, 49406829)\nit_interval: (1, 0)\n"
            ),
            About::Timerfd {
                clock: 1,
                ticks: 2,
                left: Some(Nanos(49_406_829)),
                every: Nanos(1_000_000_000)
            }
        );
        assert_eq!(
            about("sigmask:\t0000000000000200\n"),
            About::Signalfd(0x200)
        );
        assert_eq!(
            about(
                "inotify wd:2 ino:3 sdev:4 mask:2 ignored_mask:0\ninotify wd:1 ino:3c4a7 sdev:fe00000\n"
            ),
            About::Inotify(2)
        );
        let marks = |rest: &str| {
            let text = format!("fanotify flags:10 event-flags:0\n{rest}");
            about(&text).words().expect("words")
        };
        let ino =
            "fanotify ino:4f969 sdev:800013 mflags:0 mask:3b ignored_mask:0 fhandle-bytes:8\n";
        let mount = "fanotify mnt_id:12 mflags:40 mask:38 ignored_mask:0\n";
        let sdev = "fanotify sdev:800013 mflags:100 mask:3b ignored_mask:0\n";
        assert_eq!(marks(ino), "hears of changes to 1 file or directory");
        assert_eq!(marks(mount), "hears of changes to 1 whole mount");
        assert_eq!(marks(sdev), "hears of changes to 1 whole filesystem");
        assert_eq!(
            marks(&format!("{ino}{ino}{mount}{sdev}{sdev}")),
            "hears of changes to 2 files and directories, 1 whole mount, 2 whole filesystems"
        );
        assert_eq!(marks(""), "hears of nothing: it has no mark");
        assert_eq!(about("Pid:\t1\nNSpid:\t1\n"), About::Pidfd(Some(1)));
        assert_eq!(about("Pid:\t-1\n"), About::Pidfd(None));
        assert_eq!(
            about("SqMask:\t0x7\nSqHead:\t5\nSqTail:\t8\nCqHead:\t4294967295\nCqTail:\t1\n"),
            About::IoUring {
                submitted: 3,
                completed: 2
            }
        );
        let card = about(
            "drm-driver:\ti915\ndrm-client-id:\t7\ndrm-engine-render:\t9000000000 ns\ndrm-engine-copy:\t300000000 ns\n\
             drm-engine-capacity-render:\t2\ndrm-resident-system0:\t1024 KiB\ndrm-resident-vram:\t11 MiB\n",
        );
        assert_eq!(
            card.words().as_deref(),
            Some("GPU i915: worked 9.3 s, holds 12.0M")
        );
        assert_eq!(about("drm-engine-render:\t9 ns\n"), About::Nothing);
        assert_eq!(about("tty-index:\t4\n"), About::Pty(4));
        assert_eq!(about("map_type:\t1\nmap_id:\t9\n"), About::Bpf("map", 9));
    }

    #[test]
    fn cards_of_old_and_new_drivers_tell_their_memory() {
        let about = |text: &str| parse(text.as_bytes()).about;
        let amd = about(
            "drm-driver:\tamdgpu\ndrm-client-id:\t31\ndrm-pdev:\t0000:03:00.0\npasid:\t32770\n\
             drm-memory-vram:\t2048 KiB\ndrm-memory-gtt:\t1024 KiB\ndrm-memory-cpu:\t0 KiB\n\
             drm-total-vram:\t4 MiB\ndrm-shared-vram:\t0\ndrm-resident-vram:\t2 MiB\ndrm-resident-gtt:\t1 MiB\n\
             drm-engine-gfx:\t5000000 ns\n",
        );
        let About::Gpu(gpu) = &amd else {
            panic!("{amd:?}");
        };
        assert_eq!((gpu.client, gpu.card.as_str()), (Some(31), "0000:03:00.0"));
        assert_eq!(
            gpu.holds(),
            Some(Bytes(3 << 20)),
            "both words tell the same"
        );
        assert_eq!(
            amd.words().as_deref(),
            Some("GPU amdgpu: worked 5 ms, holds 3.0M, claims 4.0M")
        );
        let old = about("drm-driver:\tmsm\ndrm-memory-system:\t512 KiB\n");
        assert_eq!(
            old.words().as_deref(),
            Some("GPU msm: worked 0 µs, holds 512K")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_value_never_panics(key in "pos|flags|tfd|drm-driver|drm-engine-x|drm-resident-x|it_value|eventfd-id|Pid|SqTail|inotify", value in "\\PC{0,30}") {
            let _ = parse(format!("{key}: {value}\n{key}:{value}").as_bytes());
        }
    }
}
