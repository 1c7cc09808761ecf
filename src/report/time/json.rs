//! The answer as JSON: `docs/json.md`.

use serde_json::{Value, json};

use super::{Args, Breakdown};
use crate::model::descriptors::peer::Peer;
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::spent::kin::Unlisted;
use crate::model::scheduling::spent::lines::{Line, What, lines};
use crate::model::scheduling::spent::{Cause, Spent};
use crate::model::scheduling::wakes::{ENDED, WakeRow, Waker};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::report::json::{Process, SCHEMA};

pub fn of(args: &Args, told: &[Breakdown], unlisted: Option<&Unlisted>) -> Value {
    let mut out = about(args, told.iter().map(process).collect());
    if args.tree {
        out["short_lived"] = unlisted.map_or(Value::Null, short_lived);
    }
    out
}

/// Descendants that ended before anybody looked at them: what each name did, or how long they had a core together.
fn short_lived(told: &Unlisted) -> Value {
    let exact = told.processes > 0;
    let spent = &told.spent;
    let names = told.busiest().into_iter().map(
        |(name, times, ran)| json!({ "name": name.exact(), "count": times, "running_ns": ran.0 }),
    );
    json!({
        "source": if exact { "exact" } else { "ended_children" },
        "processes": exact.then_some(told.processes),
        "running_ns": spent.running.0,
        "ready_ns": exact.then_some(spent.ready.0),
        "blocked_ns": exact.then(|| spent.blocked().0),
        "span_ns": exact.then_some(spent.span.0),
        "names": names.collect::<Vec<_>>(),
    })
}

/// The whole answer, of what is told of each process: the one that was asked for comes first, with `--tree` its descendants
/// stand below it.
pub fn about(args: &Args, mut processes: Vec<Value>) -> Value {
    let descendants = processes.split_off(1.min(processes.len()));
    let mut out = processes.pop().unwrap_or_else(|| json!({}));
    out["schema"] = SCHEMA.into();
    out["for_ns"] = args.span.0.into();
    if args.tree {
        out["descendants"] = descendants.into();
    }
    out
}

/// Who it is, the same as in every report; `null` of one that nothing was read of.
pub fn who(snapshot: &Snapshot, id: ProcId) -> Value {
    let known = snapshot.get(id).map(|proc| Process::new(snapshot, proc));
    json!(known)
}

pub fn process(told: &Breakdown) -> Value {
    let bucket = &told.bucket;
    let all = bucket.all();
    let threads = bucket.threads.iter().map(|t| {
        let mut out = parts(told, &t.spent);
        out["tid"] = t.id.tid.0.into();
        out["name"] = t.name.as_str().into();
        out
    });
    let mut out = parts(told, &all);
    out["process"] = told.who.clone();
    out["ended"] = told.ended.into();
    out["seconds"] = bucket.to.since(bucket.from).seconds().into();
    out["source"] = if bucket.exact { "exact" } else { "sampled" }.into();
    out["why"] = bucket.why.exact().into();
    out["readings"] = bucket.readings.into();
    out["certain"] = bucket.certain().into();
    out["threads"] = threads.collect();
    let wakes = told.wakes.as_ref().ok();
    out["wakers"] = wakes.map_or(Value::Null, |w| w.rows.iter().map(waker).collect());
    out["wakers_seconds"] = wakes.map(|w| w.span.seconds()).into();
    if let Err((why, _)) = &told.wakes {
        out["unavailable"] = json!({ "wakers": why.word() });
    }
    out
}

/// Who woke its threads, and how long these then waited for a core: a thread by its numbers, all else by what interrupted.
fn waker(row: &WakeRow) -> Value {
    let mut out = json!({
        "name": row.name.as_str(),
        "count": row.wakes,
        "waited_ns": row.waited.0,
        "waited_p50_ns": row.p50.0,
        "waited_p99_ns": row.p99.0,
        "waited_longest_ns": row.longest.0,
        "woken_tids": row.whom.iter().map(|t| t.0).collect::<Vec<_>>(),
    });
    let interrupt = match row.waker {
        Waker::Thread(pid, tid) => {
            out["pid"] = pid.0.into();
            // Threads that have ended are told together.
            if tid != ENDED {
                out["tid"] = tid.0.into();
            }
            return out;
        }
        Waker::Timer => "timer",
        Waker::Network => "network",
        Waker::Disk => "disk",
        Waker::Interrupt(_) => "interrupt",
        Waker::Kernel => "kernel",
    };
    out["interrupt"] = interrupt.into();
    out
}

/// `span_ns = running_ns + ready_ns + blocked_ns + unknown_ns`, and `blocked_ns` is the sum of `blocked[].ns`.
fn parts(told: &Breakdown, spent: &Spent) -> Value {
    let waits = lines(spent)
        .into_iter()
        .filter_map(|line| match &line.what {
            What::Blocked(cause) => Some(wait(told, &line, cause)),
            _ => None,
        });
    json!({
        "span_ns": spent.span.0,
        "running_ns": spent.running.0,
        "ready_ns": spent.ready.0,
        "blocked_ns": spent.blocked().0,
        // Whatever the kernel counts, or a look finds, is one of the three; what it was blocked on may not be known.
        "unknown_ns": unknown(spent).0,
        "blocked": waits.collect::<Vec<_>>(),
    })
}

/// Of which nothing is known at all.
fn unknown(spent: &Spent) -> Nanos {
    let known = spent.running.0 + spent.ready.0 + spent.blocked().0;
    spent.span.since(Nanos(known))
}

fn wait(told: &Breakdown, line: &Line, cause: &Cause) -> Value {
    let waiting = cause.waiting();
    let fds = waiting.map_or(&[][..], |w| w.what.descriptors());
    let call = waiting.and_then(|w| w.call.as_ref());
    let only = match fds {
        [fd] => Some(fd),
        _ => None,
    };
    json!({
        "cause": cause.kind().word(),
        "idle": cause.kind().is_idle(),
        "on": told.names(|names| cause.words(names)),
        "call": call.map(SafeText::as_str),
        "fd": only.map(|fd| fd.number),
        "target": only.and_then(|fd| fd.target.as_ref().ok()).map(SafeText::exact),
        "peers": only.map_or_else(Vec::new, |fd| peers(told, fd.number)),
        "fds": fds.iter().map(|fd| fd.number).collect::<Vec<_>>(),
        "holder_tid": waiting.and_then(|w| w.what.owner()).map(|t| t.0),
        "count": told.bucket.exact.then_some(line.waits),
        "ns": line.span.0,
        "whole_ns": line.whole.0,
    })
}

/// Who is at the other end of a descriptor.
fn peers(told: &Breakdown, fd: i32) -> Vec<Value> {
    let files = told.files.iter();
    let row = files.flat_map(|files| {
        files
            .rows
            .iter()
            .filter(|row| i64::from(row.fd) == i64::from(fd))
    });
    let named = row.flat_map(|row| row.peers.named.iter().filter(|peer| peer.id != told.id));
    let peer = |peer: &Peer| json!({"pid": peer.id.pid.0, "name": peer.name.exact()});
    named.map(peer).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::descriptors::descriptor::{Descriptor, Files};
    use crate::model::descriptors::peer::Flow;
    use crate::model::id::{Pid, ThreadId, Tid};
    use crate::model::reading::Missing;
    use crate::model::scheduling::spent::{Bucket, Share, ThreadSpent};
    use crate::model::scheduling::wait::{Fd, Wait, Waiting};

    #[test]
    fn a_wait_for_a_descriptor_says_where_it_leads_and_to_whom() {
        let id = ProcId::new(7, 1);
        let waiting = Waiting {
            what: Wait::On {
                verb: "read of",
                fd: Fd {
                    target: Ok("pipe:[40]".into()),
                    ..Fd::new(3)
                },
            },
            call: Some("read".into()),
            function: None,
            uninterruptible: false,
        };
        let share = Share {
            cause: Cause::of(&waiting).expect("it waits"),
            span: Nanos(5),
            whole: Nanos(5),
            waits: 2,
        };
        let spent = Spent {
            span: Nanos(5),
            blocked: vec![share],
            ..Spent::default()
        };
        let mut files = Files::new(id);
        let mut pipe = Descriptor::new(3, b"pipe:[40]");
        let peer = |pid| Peer {
            id: ProcId::new(pid, 1),
            name: "writer".into(),
            fd: Some(1),
            flow: Flow::In,
            foreign: false,
        };
        pipe.peers.named = vec![peer(7), peer(812)];
        files.rows.push(pipe);
        let told = Breakdown {
            id,
            name: "reader".into(),
            who: json!({ "pid": 7 }),
            bucket: Bucket {
                exact: true,
                threads: vec![ThreadSpent {
                    threads: 0,
                    id: ThreadId::default(),
                    name: "reader".into(),
                    spent,
                }],
                ..Bucket::default()
            },
            files: Some(Arc::new(files)),
            ended: false,
            wakes: Err((Missing::Denied, String::new())),
            when: String::new(),
        };
        let told = process(&told);
        assert_eq!(told["process"]["pid"], 7);
        let sums = [
            "span_ns",
            "running_ns",
            "ready_ns",
            "blocked_ns",
            "unknown_ns",
        ];
        assert_eq!(
            sums.map(|field| told[field].as_u64()),
            [5, 0, 0, 5, 0].map(Some)
        );
        let wait = &told["blocked"][0];
        assert_eq!(
            (&wait["cause"], &wait["call"]),
            (&json!("descriptor"), &json!("read"))
        );
        assert_eq!(
            (&wait["fd"], &wait["target"]),
            (&json!(3), &json!("pipe:[40]"))
        );
        assert_eq!(wait["peers"], json!([{"pid": 812, "name": "writer"}]));
    }

    #[test]
    fn an_interrupt_is_told_as_one_and_a_thread_by_its_numbers() {
        let row = |of| WakeRow {
            waker: of,
            name: "n".into(),
            wakes: 3,
            waited: Nanos(9),
            p50: Nanos(2),
            p99: Nanos(5),
            longest: Nanos(5),
            whom: Vec::new(),
        };
        let thread = waker(&row(Waker::Thread(Pid(8), Tid(9))));
        assert_eq!((&thread["pid"], &thread["tid"]), (&json!(8), &json!(9)));
        assert_eq!(thread.get("interrupt"), None);
        let timer = waker(&row(Waker::Timer));
        assert_eq!(
            (&timer["interrupt"], &timer["count"]),
            (&json!("timer"), &json!(3))
        );
        assert_eq!(timer.get("pid"), None);
    }
}
