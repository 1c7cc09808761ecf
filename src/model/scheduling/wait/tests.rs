//! The table of kernel facts, row by row: raw numbers in, words out.

mod frozen;
mod locks;
mod sentences;
mod shapes;

use super::words::Names;
use super::*;
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::scheduling::spent::Cause;

struct Thread {
    state: State,
    name: &'static str,
    args: [u64; 6],
    memory: Memory,
    function: Option<&'static str>,
    wide: bool,
    inside: Option<Inside>,
    flavour: Flavour,
}

/// Numbers 100 to 109 are threads of the process, 200 is one of another.
fn owner(number: u32, shared: Option<u64>) -> Owner {
    match number {
        100..110 => Owner::Thread(Tid(number)),
        200 if shared.is_some() => Owner::Elsewhere {
            tid: Tid(200),
            pid: Pid(199),
            name: "postgres".into(),
        },
        _ => Owner::Nobody(number),
    }
}

fn call(name: &'static str, args: &[u64]) -> Thread {
    let mut all = [0; 6];
    all[..args.len()].copy_from_slice(args);
    Thread {
        state: State::Sleeping,
        name,
        args: all,
        memory: Memory::default(),
        function: None,
        wide: true,
        inside: None,
        flavour: Flavour::Unknown,
    }
}

impl Thread {
    fn with(mut self, address: u64, bytes: &[u8]) -> Self {
        self.memory.insert(address, bytes.to_vec());
        self
    }

    fn words32(mut self, address: u64, words: &[u32]) -> Self {
        let bytes = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        self.memory.insert(address, bytes);
        self
    }

    fn words64(mut self, address: u64, words: &[u64]) -> Self {
        let bytes = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        self.memory.insert(address, bytes);
        self
    }

    fn waiting(&self) -> Waiting {
        let call = Call::In {
            number: 1,
            args: self.args,
            sp: 0x7000,
            pc: 0,
        };
        classify(&Clues {
            state: self.state,
            kernel_thread: false,
            call: Ok(call),
            name: Some(self.name),
            function: Ok(self.function.map(SafeText::from)),
            memory: &self.memory,
            wide: self.wide,
            inside: self.inside.as_ref(),
            frozen: false,
            flavour: self.flavour,
            owner: &owner,
            now: Now {
                real: Nanos::from_millis(1_700_000_000_000),
                monotonic: Nanos::from_millis(50_000),
                boot: Nanos::from_millis(60_000),
                tai: Nanos::from_millis(1_700_000_037_000),
            },
        })
    }

    fn said(&self) -> String {
        self.waiting().words(&Names {
            thread: &|t| (t.0 == 101).then(|| "io".into()),
            peer: &|fd| match fd {
                3 => Some("pipe written by 812 make".to_owned()),
                7 => Some("tcp to 9 psql, 2.5M unsent".to_owned()),
                _ => None,
            },
        })
    }
}

#[test]
fn a_poll_names_its_descriptors() {
    let t = call("poll", &[0x5000, 3, 0xffff_ffff]).words32(0x5000, &[3, 1, u32::MAX, 1, 5, 1]);
    assert_eq!(
        t.said(),
        "poll on 2 descriptors: 3 pipe written by 812 make, 5 to read"
    );
    let t = call("ppoll", &[0x5000, 1, 0x6000])
        .words32(0x5000, &[5, 1])
        .words64(0x6000, &[2, 0]);
    assert_eq!(t.said(), "poll on 1 descriptor: 5 to read, at most 2.0s");
    let t = call("poll", &[0x5000, 3, 0xffff_ffff]).words32(0x5000, &[7, 4, 8, 5, 9, 2]);
    assert_eq!(
        t.said(),
        "poll on 3 descriptors: 7 tcp to 9 psql to write, 2.5M unsent, 8 to read or write, 9 for urgent data"
    );
    let t = call("poll", &[0x5000, 4, 1500]);
    assert_eq!(
        t.said(),
        "poll on 4 descriptors, at most 1.5s",
        "memory not readable"
    );
    assert_eq!(call("poll", &[0, 0, 250]).said(), "sleep of 250ms");
    let fds: Vec<u32> = (0..20).flat_map(|n| [n + 10, 1]).collect();
    let t = call("poll", &[0x5000, 20, 0xffff_ffff]).words32(0x5000, &fds);
    assert_eq!(
        t.said(),
        "poll on 20 descriptors: 10 to read, 11 to read, 12 to read, 13 to read, 14 to read, 15 to read + 14 more"
    );
}

#[test]
fn select_reads_three_sets() {
    let t = call("select", &[70, 0x5000, 0x6000, 0, 0])
        .words64(0x5000, &[1 << 5, 1 << 4])
        .words64(0x6000, &[1 << 7 | 1 << 5, 0]);
    assert_eq!(
        t.said(),
        "select on 3 descriptors: 5 to read or write, 7 tcp to 9 psql to write, 2.5M unsent, 68 to read"
    );
    let t = call("select", &[0, 0, 0, 0, 0x5000]).words64(0x5000, &[1, 500_000]);
    assert_eq!(t.said(), "sleep of 1.5s");
}

#[test]
fn descriptors_children_and_time() {
    assert_eq!(
        call("read", &[3]).said(),
        "read of fd 3, pipe written by 812 make"
    );
    assert_eq!(call("recvfrom", &[9]).said(), "receive on fd 9");
    assert_eq!(call("accept4", &[4]).said(), "accept on fd 4");
    assert_eq!(call("flock", &[4]).said(), "file lock (flock) on fd 4");
    assert_eq!(call("fcntl", &[4, 7]).said(), "record lock (fcntl) on fd 4");
    let of_description = "open file description lock (fcntl) on fd 4";
    assert_eq!(call("fcntl", &[4, 38]).said(), of_description);
    assert_eq!(call("wait4", &[u64::MAX]).said(), "any child to end");
    assert_eq!(call("wait4", &[812]).said(), "child 812 to end");
    assert_eq!(
        call("wait4", &[(-812_i64) as u64]).said(),
        "a child of process group 812 to end"
    );
    assert_eq!(call("waitid", &[1, 812]).said(), "child 812 to end");
    assert_eq!(
        call("waitid", &[3, 7]).said(),
        "the child behind pidfd 7 to end"
    );
    assert_eq!(call("rt_sigsuspend", &[]).said(), "a signal");
    let t = call("semop", &[1, 0x5000, 1]).words32(0x5000, &[3, 0]);
    assert_eq!(t.said(), "semaphore 3 of System V set 1");
    let keyed = SystemV {
        what: Object::Message,
        id: 8,
        key: Some(0x15a1),
        about: Some("never used".into()),
    };
    let keyed = Waiting {
        what: Wait::SystemV(keyed),
        call: None,
        function: None,
        uninterruptible: false,
    };
    assert_eq!(
        keyed.words(&Names::NONE),
        "a message in System V queue 8 (key 0x15a1), never used"
    );
    assert_eq!(call("msgrcv", &[8]).said(), "a message in System V queue 8");
    assert_eq!(call("msgsnd", &[8]).said(), "room in System V queue 8");
    assert_eq!(call("keyctl", &[]).said(), "in keyctl");
    let t = call("clock_nanosleep", &[1, 1, 0x5000]).words64(0x5000, &[51, 200_000_000]);
    assert_eq!(t.said(), "sleep, 1.2s left");
    for (clock, end, left) in [
        (0, 1_700_000_005, "5.0s"),
        (11, 1_700_000_042, "5.0s"),
        (7, 65, "5.0s"),
    ] {
        let t = call("clock_nanosleep", &[clock, 1, 0x5000]).words64(0x5000, &[end, 0]);
        assert_eq!(t.said(), format!("sleep, {left} left"), "clock {clock}");
    }
    let of_a_process = (-6_i64) as u64;
    let t = call("clock_nanosleep", &[of_a_process, 1, 0x5000]).words64(0x5000, &[90, 0]);
    assert_eq!(t.said(), "sleep until it has used 1m 30s in all");
    let t = call("clock_nanosleep", &[2, 0, 0x5000]).words64(0x5000, &[90, 0]);
    assert_eq!(t.said(), "sleep until it has used 1m 30s more");
    let t = call("clock_nanosleep", &[0, 0, 0x5000]).words64(0x5000, &[30, 0]);
    assert_eq!(t.said(), "sleep of 30s");
    assert_eq!(
        call("nanosleep", &[0x5000]).said(),
        "sleep",
        "memory not readable"
    );
}

#[test]
fn a_32_bit_process_has_short_times_and_sets() {
    let mut t = call("clock_nanosleep_time64", &[1, 1, 0x5000]).words64(0x5000, &[51, 0]);
    t.wide = false;
    assert_eq!(t.said(), "sleep, 1.0s left");
    let mut t = call("nanosleep", &[0x5000]).words32(0x5000, &[30, 0]);
    t.wide = false;
    assert_eq!(t.said(), "sleep of 30s");
    let mut t = call("_newselect", &[64, 0x5000]).words32(0x5000, &[1 << 5, 1 << 2]);
    t.wide = false;
    assert_eq!(t.said(), "select on 2 descriptors: 5 to read, 34 to read");
}

#[test]
fn targets_are_said_in_a_word() {
    let mut waiting = call("read", &[9]).waiting();
    for (target, word) in [
        ("pipe:[4711]", "pipe"),
        ("socket:[4711]", "socket"),
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:inotify", "inotify"),
        ("/dev/pts/3", "terminal /dev/pts/3"),
        ("/var/log/x", "/var/log/x"),
    ] {
        for fd in waiting.what.descriptors_mut() {
            fd.target = Ok(target.into());
        }
        assert_eq!(waiting.words(&Names::NONE), format!("read of fd 9, {word}"));
    }
}

#[test]
fn what_is_opened_connected_or_read_is_named() {
    let mut t = call("openat", &[0, 0x5000, 0]).with(0x5000, b"/run/x.fifo\0rest");
    assert_eq!(t.said(), "opening /run/x.fifo");
    t.function = Some("wait_for_partner");
    assert_eq!(
        t.said(),
        "opening FIFO /run/x.fifo to read, which nobody has open to write"
    );
    let mut t = call("open", &[0x5000, 1]).with(0x5000, b"x\0");
    t.function = Some("wait_for_partner");
    assert_eq!(
        t.said(),
        "opening FIFO x to write, which nobody has open to read"
    );
    let mut address = 1_u16.to_ne_bytes().to_vec();
    address.extend(b"/run/x.sock\0");
    let mut t = call("connect", &[4, 0x5000, 14]).with(0x5000, &address);
    assert_eq!(t.said(), "connect of fd 4 to /run/x.sock");
    t.function = Some("unix_wait_for_peer");
    assert_eq!(
        t.said(),
        "connect of fd 4 to /run/x.sock, whose backlog is full"
    );
    let t = call("rt_sigtimedwait", &[0x5000]).words64(0x5000, &[1 << 9 | 1 << 33]);
    assert_eq!(t.said(), "a signal: USR1 RTMIN");
    // KILL and STOP are never waited for, whatever is asked, and the C library keeps two for itself.
    let asked = |set: u64| call("rt_sigtimedwait", &[0x5000]).words64(0x5000, &[set]);
    let unstoppable = 1 << 8 | 1 << 18;
    assert_eq!(asked(unstoppable | 1 << 14).said(), "a signal: TERM");
    assert_eq!(asked(unstoppable).said(), "a signal of none");
    assert_eq!(asked(!(3 << 31)).said(), "a signal");
    assert_eq!(call("tee", &[4, 5]).said(), "copy (tee) from fd 4");
}

#[test]
fn who_a_message_is_for_is_told_where_the_call_names_somebody() {
    let address = b"\x01\x00/run/log\x00";
    let length = address.len() as u64;
    let t = call("sendto", &[5, 0, 0, 0, 0x5000, length]).with(0x5000, address);
    assert_eq!(t.said(), "send on fd 5 to /run/log");
    let header = [0x5000, length];
    let t = call("sendmsg", &[5, 0x4000]).words64(0x4000, &header);
    assert_eq!(t.with(0x5000, address).said(), "send on fd 5 to /run/log");
    assert_eq!(call("sendto", &[5]).said(), "send on fd 5");
}

#[test]
fn a_timer_tells_what_is_left_and_is_one_cause() {
    let timer = |about: &str| Fd {
        target: Ok(TIMER.into()),
        about: Some(about.into()),
        ..Fd::new(3)
    };
    let of = |what| Waiting {
        what,
        call: None,
        function: None,
        uninterruptible: false,
    };
    let read = |about| {
        of(Wait::On {
            verb: "read of",
            fd: timer(about),
        })
    };
    let words = read("58s left").words(&Names::NONE);
    assert_eq!(words, "read of fd 3, timerfd, 58s left");
    let any = of(Wait::Any {
        how: "poll",
        set: None,
        fds: vec![timer("58s left")],
        total: 1,
        limit: Limit::None,
    });
    let words = any.words(&Names::NONE);
    assert_eq!(words, "poll on 1 descriptor: 3 timerfd, 58s left");
    let cause = |about| Cause::of(&read(about));
    assert_eq!(cause("58s left"), cause("57s left"));
}

#[test]
fn pages_that_others_bring_are_told_in_any_call() {
    let mut t = call("read", &[3]);
    t.function = Some("handle_userfault");
    assert_eq!(t.said(), "a page that userfaultfd holds back, in read");
    t.state = State::Blocked;
    t.function = Some("request_wait_answer");
    assert_eq!(t.said(), "an answer of a FUSE server, in read");
}

#[test]
fn state_d_names_the_kernels_function() {
    let mut t = call("write", &[4]);
    t.state = State::Blocked;
    t.function = Some("jbd2_log_wait_commit");
    assert_eq!(
        t.said(),
        "blocked on a disk (D, in jbd2_log_wait_commit): write of fd 4"
    );
    t.function = None;
    assert_eq!(t.said(), "held in the kernel (D): write of fd 4");
    t.function = Some("kernel_clone");
    assert_eq!(t.said(), "its new child to run a program or end");
}

#[test]
fn states_that_need_no_system_call() {
    let clues = |state, kernel_thread, call: Reading<Call>, function: Option<&str>| {
        let memory = Memory::default();
        classify(&Clues {
            state,
            kernel_thread,
            call,
            name: None,
            function: Ok(function.map(SafeText::from)),
            memory: &memory,
            wide: true,
            inside: None,
            frozen: false,
            flavour: Flavour::Unknown,
            owner: &owner,
            now: Now::default(),
        })
        .words(&Names::NONE)
    };
    let denied = Err(Missing::Denied);
    let call = Ok(Call::In {
        number: 999,
        args: [0; 6],
        sp: 0,
        pc: 0,
    });
    assert_eq!(clues(State::Running, false, denied, None), "running");
    assert_eq!(clues(State::Zombie, false, denied, None), "ended");
    assert_eq!(
        clues(State::Stopped, false, denied, None),
        "the signal CONT"
    );
    assert_eq!(
        clues(State::Idle, true, denied, Some("worker_thread")),
        "work, in worker_thread"
    );
    assert_eq!(
        clues(State::Sleeping, false, denied, None),
        "not shown to this user"
    );
    assert_eq!(
        clues(State::Sleeping, false, Ok(Call::Running), None),
        "running"
    );
    assert_eq!(
        clues(State::Sleeping, false, call, None),
        "in system call 999"
    );
    assert_eq!(
        clues(
            State::Sleeping,
            false,
            denied,
            Some("poll_schedule_timeout.constprop.0")
        ),
        "in poll_schedule_timeout"
    );
    assert_eq!(
        clues(State::Blocked, false, denied, Some("io_schedule")),
        "blocked on a disk (D, in io_schedule)"
    );
}

#[test]
fn a_kernel_thread_is_in_no_system_call() {
    let memory = Memory::default();
    let waiting = classify(&Clues {
        state: State::Sleeping,
        kernel_thread: true,
        call: Call::parse(b"0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0").ok_or(Missing::Soon),
        name: Some("read"),
        function: Ok(Some("kthreadd".into())),
        memory: &memory,
        wide: true,
        inside: None,
        frozen: false,
        flavour: Flavour::Unknown,
        owner: &owner,
        now: Now::default(),
    });
    assert_eq!((waiting.call, waiting.what), (None, Wait::Work));
}

#[test]
fn names_are_plain_arguments() {
    let t = call("epoll_wait", &[4, 0, 0, 500]).with(0, &[]);
    let mut waiting = t.waiting();
    if let Wait::Any { fds, total, .. } = &mut waiting.what {
        *total = 1;
        fds.push(Fd {
            target: Ok("socket:[1]".into()),
            ..Fd::new(7)
        });
    }
    assert_eq!(
        waiting.words(&Names::NONE),
        "epoll 4 on 1 descriptor: 7 socket, at most 500ms"
    );
    assert_eq!(waiting.what.descriptors().len(), 1);
    assert_eq!(
        waiting.what.descriptors_mut().count(),
        2,
        "the set itself too"
    );
}
