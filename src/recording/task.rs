//! Processes and threads, as fields: those that changed, by ascending number.

use std::sync::Arc;

use super::extra::{self, within};
use super::numbers::{self, Numbers as _};
use super::tick::Touched;
use super::wire::{Fields, Value};
use super::{Broken, mask};
use crate::model::id::{Nanos, ProcId, ThreadId, Ticks, Tid, Uid};
use crate::model::process::stat::Stat;
use crate::model::reading::Missing;
use crate::model::sample::{Command, Facts, TaskSample, ThreadSample};
use crate::model::text::{SafeText, bytes_of};

/// The first field of the counters, and how many there are.
const STAT: u32 = 4;
const ROW: usize = 22;
/// Behind the places that counters may have one day.
const EXTRA: u32 = 64;
const NO_EXTRA: u32 = 65;
/// How much more of the time of ended children had been seen in them.
const SEEN: u32 = 66;

/// Writes the processes that changed as fields `changed`, and the numbers of those that are gone as one field `gone`.
pub fn write_all(
    out: &mut Fields,
    changed: u32,
    gone: u32,
    old: &[TaskSample],
    new: &[TaskSample],
) {
    let mut rest = old;
    let mut ended = Vec::new();
    let mut last = 0;
    for task in new {
        while let [first, tail @ ..] = rest
            && first.id.pid < task.id.pid
        {
            ended.push(first.id.pid.0.into());
            rest = tail;
        }
        let same_pid = rest.first().filter(|first| first.id.pid == task.id.pid);
        if same_pid.is_some() {
            rest = &rest[1..];
        }
        let before = same_pid.filter(|before| before.id == task.id);
        if before.is_some_and(|before| same(before, task)) {
            continue;
        }
        out.fields(changed, &one(before, task, last));
        last = task.id.pid.0;
    }
    ended.extend(rest.iter().map(|task| u64::from(task.id.pid.0)));
    if !ended.is_empty() {
        out.ascending(gone, ended.into_iter());
    }
}

fn same(a: &TaskSample, b: &TaskSample) -> bool {
    let extra = match (&a.extra, &b.extra) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
        _ => false,
    };
    a.stat == b.stat
        && a.seen == b.seen
        && extra
        && (Arc::ptr_eq(&a.facts, &b.facts) || a.facts == b.facts)
}

fn one(before: Option<&TaskSample>, task: &TaskSample, last: u32) -> Fields {
    // Named one by one here and below, so that none that is added is forgotten.
    let TaskSample {
        id: _,
        stat: _,
        seen: _,
        facts: _,
        extra: _,
    } = task;
    let mut o = Fields::default();
    o.number(1, u64::from(task.id.pid.0 - last));
    let Some(before) = before else {
        o.number(2, task.id.start.0);
        facts(&mut o, &task.facts);
        numbers::write(&mut o, STAT, &Stat::default().row(), &task.stat.row());
        numbers::write(&mut o, SEEN, &[0], &task.seen.row());
        if let Some(now) = &task.extra {
            extra::write(&mut o, EXTRA, None, now);
        }
        return o;
    };
    if !Arc::ptr_eq(&before.facts, &task.facts) && before.facts != task.facts {
        facts(&mut o, &task.facts);
    }
    numbers::write(&mut o, STAT, &before.stat.row(), &task.stat.row());
    numbers::write(&mut o, SEEN, &before.seen.row(), &task.seen.row());
    match (&before.extra, &task.extra) {
        (Some(_), None) => o.number(NO_EXTRA, 1),
        (old, Some(now)) if old.as_ref() != Some(now) => {
            extra::write(&mut o, EXTRA, old.as_deref(), now);
        }
        _ => {}
    }
    o
}

fn facts(out: &mut Fields, facts: &Facts) {
    let Facts {
        name,
        command,
        uid,
        user,
    } = facts;
    let mut o = Fields::default();
    o.bytes(1, &name.bytes());
    match command {
        Ok(command) if command.is_empty() => o.bytes(2, b""),
        Ok(command) => {
            // Each argument is ended, so that an empty last one is not lost.
            let arguments: String = command.exact_args().flat_map(|arg| [arg, "\0"]).collect();
            o.bytes(2, &bytes_of(&mask::command(&arguments)));
        }
        Err(why) => o.number(3, numbers::code(*why)),
    }
    match *uid {
        Ok(uid) => o.number(4, uid.0.into()),
        Err(why) => o.number(5, numbers::code(why)),
    }
    o.bytes(6, &user.bytes());
    out.fields(3, &o);
}

fn read_facts(value: Value<'_>) -> Result<Facts, Broken> {
    let mut facts = Facts {
        command: Err(Missing::Unsupported),
        uid: Err(Missing::Unsupported),
        ..Facts::default()
    };
    within(value, |field, value| {
        match (field, value) {
            (1, Value::Bytes(bytes)) => facts.name = SafeText::from_bytes(bytes),
            (2, Value::Bytes(bytes)) => facts.command = Ok(Command::from_bytes(bytes)),
            (3, Value::Number(code)) => facts.command = Err(numbers::why(code)),
            (4, Value::Number(uid)) => facts.uid = Ok(Uid(uid as u32)),
            (5, Value::Number(code)) => facts.uid = Err(numbers::why(code)),
            (6, Value::Bytes(bytes)) => facts.user = SafeText::from_bytes(bytes),
            _ => {}
        }
        Ok(())
    })?;
    Ok(facts)
}

/// What a field says of one process, before it is known which state it changes.
struct Incoming<'a> {
    gap: u64,
    start: Option<u64>,
    facts: Option<Facts>,
    counters: [u64; ROW],
    seen: [u64; 1],
    extra: Option<&'a [u8]>,
    no_extra: bool,
}

fn told(value: Value<'_>) -> Result<Incoming<'_>, Broken> {
    let mut told = Incoming {
        gap: 0,
        start: None,
        facts: None,
        counters: [0; ROW],
        seen: [0],
        extra: None,
        no_extra: false,
    };
    within(value, |field, value| {
        match (field, value) {
            (1, Value::Number(gap)) => told.gap = gap,
            (2, Value::Number(start)) => told.start = Some(start),
            (3, _) => told.facts = Some(read_facts(value)?),
            (EXTRA, Value::Bytes(bytes)) => told.extra = Some(bytes),
            (NO_EXTRA, Value::Number(_)) => told.no_extra = true,
            (SEEN, _) => numbers::hear(&mut told.seen, SEEN, field, value),
            _ => numbers::hear(&mut told.counters, STAT, field, value),
        }
        Ok(())
    })?;
    Ok(told)
}

/// Takes one process in: changes it in place, or puts it among the `born`; notes as it was who is `touched`. Answers its number.
pub fn read_one(
    tasks: &mut [TaskSample],
    born: &mut Vec<TaskSample>,
    last: Option<u32>,
    value: Value<'_>,
    touched: Option<&mut Touched>,
) -> Result<u32, Broken> {
    let told = told(value)?;
    let pid = u64::from(last.unwrap_or(0)).saturating_add(told.gap);
    let pid = u32::try_from(pid).map_err(|_| Broken::Damaged)?;
    if last.is_some_and(|last| pid <= last) {
        return Err(Broken::Damaged);
    }
    let place = tasks.binary_search_by_key(&pid, |t| t.id.pid.0);
    if let Some(touched) = touched {
        touched.pids.push(pid);
        touched
            .before
            .extend(place.ok().map(|at| tasks[at].clone()));
    }
    let Some(start) = told.start else {
        let task = &mut tasks[place.map_err(|_| Broken::Alone)?];
        told.change(task)?;
        return Ok(pid);
    };
    let mut new = TaskSample {
        id: ProcId::new(pid, start),
        stat: Stat::default(),
        seen: Ticks(0),
        facts: Arc::default(),
        extra: None,
    };
    told.change(&mut new)?;
    match place {
        Ok(place) => tasks[place] = new,
        Err(_) => born.push(new),
    }
    Ok(pid)
}

impl Incoming<'_> {
    fn change(self, task: &mut TaskSample) -> Result<(), Broken> {
        if self.counters != [0; ROW] {
            let mut row = task.stat.row();
            for (place, difference) in row.iter_mut().zip(self.counters) {
                *place = place.wrapping_add(difference);
            }
            task.stat = Stat::of(row);
        }
        task.seen.0 = task.seen.0.wrapping_add(self.seen[0]);
        if let Some(facts) = self.facts {
            task.facts = Arc::new(facts);
        }
        if let Some(bytes) = self.extra {
            task.extra = Some(Arc::new(extra::read(task.extra.as_deref(), bytes)?));
        } else if self.no_extra {
            task.extra = None;
        }
        Ok(())
    }
}

/// Writes every thread as a field.
pub fn write_threads(out: &mut Fields, field: u32, old: &[ThreadSample], new: &[ThreadSample]) {
    for thread in new {
        let ThreadSample {
            of,
            id,
            name,
            stat,
            after,
        } = thread;
        let before = old.binary_search_by_key(&(*of, *id), |t| (t.of, t.id));
        let before = before.ok().map(|at| &old[at]);
        let mut o = Fields::default();
        o.number(1, of.pid.0.into());
        o.number(2, of.start.0);
        o.number(3, id.tid.0.into());
        // The first counters stand in the same fields as those of a process.
        o.number(62, id.start.0);
        if after.0 > 0 {
            o.number(61, after.0);
        }
        if before.is_none_or(|before| before.name != *name) {
            o.bytes(63, &name.bytes());
        }
        let known = before.map_or_else(Stat::default, |before| before.stat);
        numbers::write(&mut o, STAT, &known.row(), &stat.row());
        out.fields(field, &o);
    }
}

/// Reads one thread.
pub fn read_thread(old: &[ThreadSample], value: Value<'_>) -> Result<ThreadSample, Broken> {
    let mut key = [0; 4];
    let mut after = Nanos(0);
    let mut name = None;
    let mut counters = [0; ROW];
    within(value, |field, value| {
        match (field, value) {
            (1..=3, Value::Number(number)) => key[field as usize - 1] = number,
            (61, Value::Number(number)) => after = Nanos(number),
            (62, Value::Number(number)) => key[3] = number,
            (63, Value::Bytes(bytes)) => name = Some(SafeText::from_bytes(bytes)),
            _ => numbers::hear(&mut counters, STAT, field, value),
        }
        Ok(())
    })?;
    let of = ProcId::new(key[0] as u32, key[1]);
    let id = ThreadId {
        tid: Tid(key[2] as u32),
        start: Ticks(key[3]),
    };
    let before = old.binary_search_by_key(&(of, id), |t| (t.of, t.id));
    let before = before.ok().map(|at| &old[at]);
    let mut row = before
        .map_or_else(Stat::default, |before| before.stat)
        .row();
    for (place, difference) in row.iter_mut().zip(counters) {
        *place = place.wrapping_add(difference);
    }
    let known = || before.map(|before| before.name.clone());
    Ok(ThreadSample {
        of,
        id,
        name: name.or_else(known).unwrap_or_default(),
        stat: Stat::of(row),
        after,
    })
}
