//! Values of every kind that the inspector and the views show.

use std::sync::Arc;

use crate::model::descriptors::descriptor::about::Watch;
use crate::model::descriptors::descriptor::gpu::Engine;
use crate::model::descriptors::descriptor::{
    About, Descriptor, Extent, Files, Flags, Gpu, GpuUse, Info, Kind as Descriptors, Mode,
};
use crate::model::descriptors::peer::{Flow, Note, Object, Peer, Peers};
use crate::model::descriptors::socket::{Inet, Protocol, Socket, State, Style, Tcp, Unix};
use crate::model::detail::{Detail, Stamped};
use crate::model::groups::facts::{DeviceIo, GroupFacts, GroupRates};
use crate::model::groups::refusal::Refusal;
use crate::model::groups::unit::Called;
use crate::model::id::{Bytes, Nanos, Pid, ProcId, ThreadId, Ticks, Tid, Uid};
use crate::model::machine::gpu::trouble::Trouble;
use crate::model::machine::gpu::{Card, Gpus, User};
use crate::model::machine::requests::{
    Column, DeviceRequests, FocusRequests, Kind as Asked, ProcessRequests, Requests, Took,
};
use crate::model::process::environment::{Environment, Variable};
use crate::model::process::isolation::group::{Group, Near, Usage};
use crate::model::process::stat::Stat;
use crate::model::process::threads::{Other, Stack, Switches, ThreadDetail, ThreadRow, Threads};
use crate::model::reading::Missing;
use crate::model::scheduling::spent::{Bucket, Cause, Share, Spent, ThreadSpent, TimeSpent};
use crate::model::scheduling::wait::{
    Child, Deadlock, End, Fd, Futex, Limit, Lock, Mutex, Object as What, Owner, RwHeld, SystemV,
    Wait, Waiting, Wants,
};

pub(super) const OF: ProcId = ProcId::new(7, 3);

fn objects() -> [Object; 7] {
    [
        Object::Pipe(5),
        Object::Socket(0),
        Object::Pty {
            instance: 1,
            index: 0,
            master: true,
        },
        Object::Eventfd(3),
        Object::Inode {
            device: 1,
            inode: 2,
            memory: false,
        },
        Object::File("/dev/null".into()),
        Object::Other,
    ]
}

fn abouts() -> [About; 9] {
    let gpu = Gpu {
        engines: vec![Engine {
            name: "render".into(),
            worked: Nanos(5),
            cycles: (6, 7),
            capacity: 2,
        }],
        driver: "i915".into(),
        card: "0000:00:02.0".into(),
        client: Some(0),
        busy: Nanos(7),
        resident: None,
        memory: Some(Bytes(0)),
        total: Some(Bytes(9)),
    };
    [
        About::Nothing,
        About::Epoll(vec![Watch { fd: 0, events: 1 }, Watch { fd: 3, events: 0 }]),
        About::Eventfd { count: 0, id: None },
        About::Timerfd {
            clock: -1,
            ticks: 0,
            left: Some(Nanos(0)),
            every: Nanos(5),
        },
        About::Pidfd(Some(0)),
        About::IoUring {
            submitted: 1,
            completed: 0,
        },
        About::Bpf("map", 8),
        About::Gpu(gpu),
        About::Socket("\u{1b}[2J".into()),
    ]
}

fn sockets() -> [Option<Socket>; 3] {
    let inet = Inet {
        protocol: Protocol::Tcp,
        inode: 1,
        cookie: 2,
        state: State::Other(99),
        local: "[::1]:80".parse().expect("an address"),
        remote: "10.0.0.1:4000".parse().expect("an address"),
        receive_queue: 0,
        send_queue: 1,
        uid: Uid(0),
        interface: 0,
        namespace: 4,
        only_v6: Some(false),
        tcp: Some(Tcp {
            rtt: Some((Nanos(1), Nanos(0))),
            ..Tcp::default()
        }),
    };
    let unix = Unix {
        inode: 3,
        style: Style::Packet,
        state: State::Listening,
        name: Some("@a\n".into()),
        peer: None,
        peer_name: None,
        waiting: vec![0, 7],
        receive_queue: 2,
        send_queue: 0,
        uid: Some(Uid(0)),
    };
    [None, Some(Socket::Inet(inet)), Some(Socket::Unix(unix))]
}

pub(super) fn files() -> Files {
    let peer = Peer {
        id: ProcId::new(9, 4),
        name: "tee".into(),
        fd: Some(0),
        flow: Flow::Out,
        foreign: true,
    };
    let sockets = sockets();
    let rows = abouts().into_iter().zip(objects().into_iter().cycle());
    let rows = rows.enumerate().map(|(fd, (about, object))| Descriptor {
        fd: fd as u32,
        kind: Descriptors::ALL[fd * 2],
        object,
        target: format!("target {fd}").into(),
        deleted: fd == 2,
        mode: if fd == 1 {
            Err(Missing::Late)
        } else {
            Ok(Mode::Both)
        },
        info: Ok(Info {
            position: fd as u64,
            flags: Flags::APPEND,
            inode: None,
            about,
        }),
        extent: Ok(Extent {
            size: Bytes(0),
            held: Bytes(1),
            device: 2,
            inode: 3,
        }),
        socket: sockets[fd % 3].clone(),
        peers: Peers {
            named: vec![peer.clone(); fd % 2],
            more: fd,
            note: (fd == 3).then_some(Note::Hidden(Some(Uid(0)))),
        },
    });
    Files {
        of: OF,
        rows: rows.collect(),
        limit: Ok(Some(0)),
        pipelines: vec![vec![], vec![(OF, "a".into()), (OF, "".into())]],
        hidden: 1,
        unlisted: true,
        taken: 9,
        gpu: Some(GpuUse {
            drivers: vec!["i915".into()],
            busy: Nanos(0),
            share: Ok(0.0),
            holds: Some(Bytes(0)),
            total: None,
        }),
    }
}

fn waits() -> Vec<Wait> {
    let fd = |number| Fd {
        number,
        target: Err(Missing::Denied),
        wants: Wants::READ,
        about: None,
        listens: number == 1,
    };
    let owners = [
        Owner::Thread(Tid(0)),
        Owner::Elsewhere {
            tid: Tid(1),
            pid: Pid(0),
            name: "".into(),
        },
        Owner::Nobody(0),
        Owner::Numbered(3),
    ];
    let mut locks = vec![
        Lock::Mutex(Mutex::Robust, None),
        Lock::RwLock(RwHeld::Readers(0)),
        Lock::RwLock(RwHeld::SomeWriter),
        Lock::Join(None),
        Lock::Condition,
        Lock::Library("std".into()),
        Lock::Several(0),
    ];
    locks.extend(owners.map(|owner| Lock::Mutex(Mutex::Plain, Some(owner))));
    let mut waits: Vec<Wait> = locks
        .into_iter()
        .map(|kind| {
            Wait::Futex(Futex {
                kind,
                word: 0x7f00,
                place: None,
                limit: Limit::Left(Nanos(0)),
            })
        })
        .collect();
    waits.extend([
        Wait::Running,
        Wait::Any {
            how: "poll",
            set: Some(fd(-1)),
            fds: vec![fd(0), fd(3)],
            total: 2,
            limit: Limit::None,
        },
        Wait::On {
            verb: "read",
            fd: fd(0),
        },
        Wait::Child(Child::One(Pid(0), None)),
        Wait::Child(Child::Vforked),
        Wait::Sleep(Limit::Asked(Nanos(5))),
        Wait::Signal {
            set: Some(0),
            limit: Limit::None,
        },
        Wait::SystemV(SystemV {
            what: What::Semaphore(Some(0)),
            id: -1,
            key: None,
            about: None,
        }),
        Wait::Opening {
            path: None,
            fifo: Some(End::Write),
        },
        Wait::Phrase("the disk"),
        Wait::Traced(None),
        Wait::Hidden,
    ]);
    waits
}

fn waiting(what: Wait) -> Waiting {
    Waiting {
        what,
        call: Some("futex".into()),
        function: None,
        uninterruptible: true,
    }
}

fn thread(what: Wait) -> ThreadRow {
    ThreadRow {
        id: ThreadId {
            tid: Tid(7),
            start: Ticks(3),
        },
        name: "worker".into(),
        stat: Stat::default(),
        at: Nanos(9),
        cpu: Ok(0.0),
        detail: Ok(ThreadDetail {
            at: Nanos(1),
            switches: Ok(Switches {
                voluntary: 0,
                involuntary: 3,
            }),
            rates: Ok(Switches {
                voluntary: 0.5,
                involuntary: 0.0,
            }),
            waiting: waiting(what),
            seen: Nanos(2),
            stack: Ok(Stack {
                start: 1,
                used: Bytes(0),
                size: Bytes(8),
            }),
            sp: Err(Missing::Denied),
        }),
    }
}

pub(super) fn everything(at: Nanos) -> Detail {
    let mut detail = Detail {
        at,
        of: Some(OF),
        ..Detail::default()
    };
    detail.files = Some(Stamped::new(at, Ok(files())));
    detail.threads = Some(Stamped::new(
        at,
        Ok(Threads {
            rows: waits().into_iter().map(thread).collect(),
            deadlocks: vec![Deadlock(vec![Tid(0), Tid(7)])],
            others: vec![Other {
                tid: Tid(1),
                name: "x".into(),
                waits_for: Tid(0),
            }],
        }),
    ));
    detail.environment = Some(Stamped::new(
        at,
        Ok(Environment {
            variables: vec![Variable {
                name: "TOKEN".into(),
                value: "hunter2".into(),
                secret: true,
            }],
            overwritten: false,
        }),
    ));
    let causes = [
        Cause::Wait(Box::new(waiting(Wait::Call))),
        Cause::Short,
        Cause::Others,
        Cause::Untold(Missing::Late),
    ];
    let share = |cause| Share {
        cause,
        span: Nanos(1),
        whole: Nanos(0),
        waits: 7,
    };
    detail.spent = Some(Stamped::new(
        at,
        Ok(TimeSpent {
            buckets: vec![Arc::new(Bucket {
                from: Nanos(0),
                to: Nanos(1),
                readings: 2,
                exact: true,
                why: "refused".into(),
                threads: vec![ThreadSpent {
                    threads: 7,
                    id: ThreadId::default(),
                    name: "".into(),
                    spent: Spent {
                        span: Nanos(1),
                        running: Nanos(0),
                        ready: Nanos(1),
                        blocked: causes.map(share).to_vec(),
                    },
                }],
            })],
        }),
    ));
    detail.calls = Some(Stamped::new(at, Err(Missing::Unsupported)));
    machine(&mut detail, at);
    detail
}

fn requests(at: Nanos) -> Requests {
    let took = Took {
        done: 3,
        mean: Ok(Nanos(5)),
        device: Ok(Nanos(0)),
        p50: Err(Missing::Soon),
        p99: Ok(Nanos(u64::MAX)),
    };
    let device = DeviceRequests {
        name: "vda".into(),
        kind: Asked::Other,
        took: took.clone(),
        longest: Nanos(9),
        columns: vec![Column {
            number: 120,
            steps: vec![(0, 1), (63, u64::MAX)],
        }],
    };
    Requests {
        at,
        span: Nanos(7),
        since: Nanos(1),
        why: "why".to_owned(),
        denied: true,
        devices: vec![device.clone()],
        processes: vec![ProcessRequests {
            pid: Pid(7),
            called: "dd".into(),
            device: "vda".into(),
            kind: Asked::Write,
            took,
        }],
        dropped: 2,
        focus: Some(FocusRequests {
            pid: Pid(7),
            since: Nanos(3),
            devices: vec![device],
        }),
    }
}

fn machine(detail: &mut Detail, at: Nanos) {
    let card = Card {
        trouble: Some(Trouble::Answers(18)),
        asleep: true,
        index: 0,
        name: "A card".into(),
        driver: "nvidia".into(),
        busy: Ok(0.0),
        memory_busy: Err(Missing::Unsupported),
        used: Ok(Bytes(0)),
        total: Ok(Bytes(1)),
        temperature: Ok(-1.5),
        power: Err(Missing::Denied),
        power_limit: Ok(300.0),
        clock: Ok(0),
        memory_clock: Ok(1),
        encoder: Ok(0.0),
        decoder: Ok(1.0),
        split: true,
        users: Ok(vec![User {
            pid: Pid(0),
            memory: Ok(Bytes(1)),
            busy: Err(Missing::Late),
        }]),
    };
    detail.machine.requests = Some(Stamped::new(at, Ok(requests(at))));
    let all = &mut detail.machine;
    all.gpus = Some(Stamped::new(
        at,
        Ok(Gpus {
            cards: vec![card],
            hidden: vec![Pid(9)],
        }),
    ));
    all.group = Some(Stamped::new(
        at,
        Ok(GroupFacts {
            path: "/a".into(),
            limits: Group::default(),
            high: Some(Usage {
                used: Some(1),
                limit: Some(0),
                set_by: Some("/".into()),
                near: Some(Near {
                    group: "/".into(),
                    used: 1,
                    limit: 0,
                }),
            }),
            memory_peak: Some(0),
            memory: vec![("anonymous", Bytes(1))],
            limit_met: Some(0),
            forks_refused: Some(3),
            slowed: None,
            cpu_time: Some(Nanos(0)),
            quota_time: Some(Nanos(7)),
            cpu_weight: Some(100),
            io: vec![DeviceIo {
                device: "vda".into(),
                read: Bytes(0),
                written: Bytes(1),
                requests: 2,
            }],
            io_told: true,
            frozen: Some(false),
            freeze_refused: Some(Refusal::Above("/a".into())),
            kill_refused: Some(Refusal::Threads),
            rates: Some(GroupRates {
                cpu: None,
                of_quota: Some(0.5),
                throttled: Some(0.0),
                throttled_above: None,
                read: 1.0,
                written: 0.0,
            }),
        }),
    ));
    let called = |name: &str| Called {
        name: name.into(),
        pod: None,
    };
    let names = [("abc", "web"), ("def", "")];
    all.containers = Arc::new(names.map(|(id, name)| (id.into(), called(name))).into());
}
