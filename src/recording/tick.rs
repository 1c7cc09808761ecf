//! One tick as fields: the whole state, or what changed since the one before.

use std::sync::Arc;

use super::extra::within;
use super::numbers::{self, code, why};
use super::wire::{self, Fields, Value};
use super::{Broken, MOST_TASKS, names, system, task};
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::id::{Bytes, Nanos, Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{
    Fault, Mode, OwnSample, Sample, Shares, SystemSample, TaskSample, ThreadSample,
};
use crate::model::text::SafeText;

/// The numbers of the fields of a tick.
mod field {
    pub const ROW: u32 = 1;
    pub const MACHINE: u32 = 2;
    pub const SYSTEM: u32 = 3;
    pub const TASK: u32 = 4;
    pub const GONE: u32 = 5;
    pub const THREAD: u32 = 6;
    pub const THREADS: u32 = 7;
    pub const ENDING: u32 = 8;
    pub const ENDINGS: u32 = 9;
    pub const FAULT: u32 = 10;
    pub const FAULTS: u32 = 11;
    pub const OWN: u32 = 12;
    pub const END: u32 = 13;
    pub const ENDS: u32 = 14;
    pub const COUNTS_ENDED: u32 = 15;
}

fn row(sample: &Sample) -> [u64; 4] {
    let mode = match sample.mode {
        Mode::Scan => 0,
        Mode::Connector => 1,
        Mode::Events => 2,
    };
    [sample.at.0, sample.interval.0, mode, sample.read.into()]
}

/// What a whole record is the change from: what later versions came to tell was not told by the first.
pub fn nothing() -> Sample {
    let mut nothing = Sample::default();
    nothing.system.load = Err(Missing::Unsupported);
    nothing.system.tasks = Err(Missing::Unsupported);
    nothing.system.disk_flow = Err(Missing::Unsupported);
    nothing.system.network_flow = Err(Missing::Unsupported);
    nothing
}

/// What is known before a whole record is read: what is not in it was not read then.
pub fn unread() -> Sample {
    let nothing = nothing();
    let SystemSample {
        load,
        tasks,
        disk_flow,
        network_flow,
        ..
    } = nothing.system;
    Sample {
        unread: Missing::Unrecorded,
        shares: Arc::new(Shares::unread(Missing::Unrecorded)),
        system: SystemSample {
            load,
            tasks,
            disk_flow,
            network_flow,
            ..SystemSample::unread(Missing::Unrecorded)
        },
        ..nothing
    }
}

/// A tick as what changed since `before`; the whole of it where there is none.
pub fn write(before: Option<&Sample>, now: &Sample) -> Vec<u8> {
    // Named one by one, so that none that is added is forgotten.
    let Sample {
        at: _,
        interval: _,
        machine: _,
        system: _,
        tasks: _,
        threads: _,
        endings: _,
        ends: _,
        brief: _,
        mode: _,
        read: _,
        faults: _,
        own: _,
        // Found beside the table, seconds ago; it is not kept.
        shares: _,
        counts_ended: _,
        // Of what is read back it is another one.
        unread: _,
    } = now;
    let nothing = nothing();
    let whole = before.is_none();
    let before = before.unwrap_or(&nothing);
    let mut o = Fields::default();
    let mut numbers = Fields::default();
    numbers::write(&mut numbers, 1, &row(before), &row(now));
    o.fields(field::ROW, &numbers);
    if whole || before.machine != now.machine {
        system::write_machine(&mut o, field::MACHINE, &now.machine);
    }
    system::write(&mut o, field::SYSTEM, &before.system, &now.system);
    // Who is gone comes first: a number may have been given anew.
    task::write_all(&mut o, field::TASK, field::GONE, &before.tasks, &now.tasks);
    if !same_threads(&before.threads, &now.threads) {
        o.number(field::THREADS, now.threads.len() as u64);
        task::write_threads(&mut o, field::THREAD, &before.threads, &now.threads);
    }
    if before.endings != now.endings {
        o.number(field::ENDINGS, now.endings.len() as u64);
        for ending in now.endings.iter() {
            let (id, how) = ending;
            write_fate(&mut o, field::ENDING, [id.pid.0.into(), id.start.0], how);
        }
    }
    if before.ends != now.ends {
        // 0: not told; else one more than there are.
        let many = now.ends.as_ref().map_or(0, |ends| ends.len() as u64 + 1);
        o.number(field::ENDS, many);
        for (pid, how) in now.ends.iter().flat_map(|ends| ends.iter()) {
            write_fate(&mut o, field::END, [pid.0.into(), 0], &Ok(how.clone()));
        }
    }
    if before.faults != now.faults {
        o.number(field::FAULTS, now.faults.len() as u64);
        for fault in &now.faults {
            let mut inner = Fields::default();
            inner.bytes(1, fault.source.as_bytes());
            inner.bytes(2, &fault.why.bytes());
            o.fields(field::FAULT, &inner);
        }
    }
    if before.counts_ended != now.counts_ended {
        o.number(field::COUNTS_ENDED, now.counts_ended.into());
    }
    if before.own != now.own {
        o.fields(field::OWN, &own(now.own));
    }
    o.0
}

fn same_threads(a: &[ThreadSample], b: &[ThreadSample]) -> bool {
    let same = |(a, b): (&ThreadSample, &ThreadSample)| {
        let (of_a, of_b) = ((a.of, a.id, a.after), (b.of, b.id, b.after));
        of_a == of_b && a.stat == b.stat && a.name == b.name
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// How the process with this number and start ended.
fn write_fate(out: &mut Fields, field: u32, [pid, start]: [u64; 2], how: &Reading<Fate>) {
    let (kind, detail, dumped) = match how {
        Ok(Fate::Exited(status)) => (1, u64::from(*status), false),
        Ok(Fate::Killed(signal, dumped)) => (2, signal.number().into(), *dumped),
        Ok(_) => (3, 0, false),
        Err(missing) => (4, code(*missing), false),
    };
    let mut inner = Fields::default();
    inner.number(1, pid);
    if start > 0 {
        inner.number(2, start);
    }
    inner.number(3, kind);
    inner.number(4, detail);
    if dumped {
        inner.number(5, 1);
    }
    out.fields(field, &inner);
}

fn ending(value: Value<'_>) -> Result<(ProcId, Reading<Fate>), Broken> {
    let mut n = [0; 5];
    within(value, |field, value| {
        if let (1..=5, Value::Number(number)) = (field, value) {
            n[field as usize - 1] = number;
        }
        Ok(())
    })?;
    let how = match n[2] {
        1 => Ok(Fate::Exited(n[3] as u8)),
        2 => match u32::try_from(n[3]).ok().and_then(Signal::new) {
            Some(signal) => Ok(Fate::Killed(signal, n[4] != 0)),
            None => Ok(Fate::Ended),
        },
        4 => Err(why(n[3])),
        _ => Ok(Fate::Ended),
    };
    Ok((ProcId::new(n[0] as u32, n[1]), how))
}

fn own(own: Option<OwnSample>) -> Fields {
    let mut o = Fields::default();
    let Some(own) = own else { return o };
    let OwnSample {
        cpu,
        resident,
        calls,
        written,
    } = own;
    o.number(1, cpu.0);
    o.number(2, resident.0);
    match calls {
        Ok(calls) => o.number(3, calls),
        Err(missing) => o.number(4, code(missing)),
    }
    match written {
        Ok(written) => o.number(5, written.0),
        Err(missing) => o.number(6, code(missing)),
    }
    o
}

fn read_own(value: Value<'_>) -> Result<Option<OwnSample>, Broken> {
    let mut own = OwnSample {
        cpu: Nanos(0),
        resident: Bytes(0),
        calls: Err(Missing::Unsupported),
        written: Err(Missing::Unsupported),
    };
    let mut any = false;
    within(value, |field, value| {
        any = true;
        match (field, value) {
            (1, Value::Number(n)) => own.cpu = Nanos(n),
            (2, Value::Number(n)) => own.resident = Bytes(n),
            (3, Value::Number(n)) => own.calls = Ok(n),
            (4, Value::Number(n)) => own.calls = Err(why(n)),
            (5, Value::Number(n)) => own.written = Ok(Bytes(n)),
            (6, Value::Number(n)) => own.written = Err(why(n)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(any.then_some(own))
}

/// What a tick says, gathered before the state is changed.
#[derive(Default)]
struct Difference {
    born: Vec<TaskSample>,
    gone: Vec<u64>,
    last: Option<u32>,
    threads: Option<Vec<ThreadSample>>,
    endings: Option<Vec<(ProcId, Reading<Fate>)>>,
    /// Whether ends are told, and which.
    ends: Option<(bool, Vec<(Pid, Fate)>)>,
    faults: Option<Vec<Fault>>,
    touched: Option<Touched>,
}

/// Whose numbers a tick changed.
#[derive(Debug, Default)]
pub struct Touched {
    /// As they were, those that are gone among them, ascending.
    pub before: Vec<TaskSample>,
    /// Their numbers, ascending; not of those that are gone.
    pub pids: Vec<u32>,
}

/// Changes a state to what it was at the next tick.
///
/// # Errors
/// When the bytes are not those of a tick after this state; the state is of no use then.
pub fn apply(state: &mut Sample, bytes: &[u8]) -> Result<(), Broken> {
    take_in(state, bytes, None).map(|_| ())
}

/// The same; answers with those whose numbers changed.
///
/// # Errors
/// As [`apply`].
pub fn apply_noting(state: &mut Sample, bytes: &[u8]) -> Result<Touched, Broken> {
    take_in(state, bytes, Some(Touched::default()))
}

fn take_in(state: &mut Sample, bytes: &[u8], touched: Option<Touched>) -> Result<Touched, Broken> {
    let mut news = Difference {
        touched,
        ..Difference::default()
    };
    wire::each(bytes, |field, value| hear(state, &mut news, field, value))?;
    if !news.gone.is_empty() {
        let gone = news.gone;
        let is_gone = |pid: Pid| gone.binary_search(&pid.0.into()).is_ok();
        if let Some(touched) = &mut news.touched {
            let gone = state.tasks.iter().filter(|task| is_gone(task.id.pid));
            touched.before.extend(gone.cloned());
            touched.before.sort_by_key(|task| task.id);
        }
        state.tasks.retain(|task| !is_gone(task.id.pid));
    }
    if !news.born.is_empty() {
        state.tasks.append(&mut news.born);
        // Two runs in order: the sort only merges them.
        state.tasks.sort_by_key(|task| task.id);
    }
    if let Some(threads) = news.threads {
        state.threads = threads;
    }
    if let Some(endings) = news.endings {
        state.endings = endings.into();
    }
    if let Some((told, ends)) = news.ends {
        state.ends = told.then(|| ends.into());
    }
    if let Some(faults) = news.faults {
        state.faults = faults;
    }
    Ok(news.touched.unwrap_or_default())
}

fn hear(
    state: &mut Sample,
    news: &mut Difference,
    field: u32,
    value: Value<'_>,
) -> Result<(), Broken> {
    match (field, value) {
        (field::ROW, _) => {
            let mut numbers = row(state);
            within(value, |field, value| {
                numbers::hear(&mut numbers, 1, field, value);
                Ok(())
            })?;
            (state.at, state.interval) = (Nanos(numbers[0]), Nanos(numbers[1]));
            state.mode = match numbers[2] {
                1 => Mode::Connector,
                2 => Mode::Events,
                _ => Mode::Scan,
            };
            state.read = numbers[3] as u32;
        }
        (field::MACHINE, _) => state.machine = system::read_machine(value)?,
        (field::SYSTEM, Value::Bytes(bytes)) => system::read(&mut state.system, bytes)?,
        (field::TASK, _) => {
            let (last, touched) = (news.last, news.touched.as_mut());
            let (tasks, born) = (&mut state.tasks, &mut news.born);
            news.last = Some(task::read_one(tasks, born, last, value, touched)?);
            if state.tasks.len() + news.born.len() > MOST_TASKS {
                return Err(Broken::TooLarge);
            }
        }
        (field::GONE, Value::Bytes(bytes)) => news.gone = wire::ascending(bytes)?,
        (field::THREADS, Value::Number(_)) => {
            news.threads.get_or_insert_default();
        }
        (field::THREAD, _) => {
            let thread = task::read_thread(&state.threads, value)?;
            let threads = news.threads.get_or_insert_default();
            let follows = |last: &ThreadSample| (last.of, last.id) < (thread.of, thread.id);
            if threads.len() >= MOST_TASKS || !threads.last().is_none_or(follows) {
                return Err(Broken::Damaged);
            }
            threads.push(thread);
        }
        (field::ENDINGS, Value::Number(_)) => {
            news.endings.get_or_insert_default();
        }
        (field::ENDING, _) => push(news.endings.get_or_insert_default(), ending(value)?)?,
        (field::ENDS, Value::Number(many)) => {
            news.ends.get_or_insert_default().0 = many > 0;
        }
        (field::END, _) => {
            let (id, how) = ending(value)?;
            push(
                &mut news.ends.get_or_insert_default().1,
                (id.pid, how.unwrap_or(Fate::Ended)),
            )?;
        }
        (field::COUNTS_ENDED, Value::Number(counts)) => state.counts_ended = counts != 0,
        (field::FAULTS, Value::Number(_)) => {
            news.faults.get_or_insert_default();
        }
        (field::FAULT, _) => {
            let mut fault = Fault {
                source: "",
                why: SafeText::default(),
            };
            within(value, |field, value| {
                match (field, value) {
                    (1, Value::Bytes(bytes)) => fault.source = names::word(bytes),
                    (2, Value::Bytes(bytes)) => fault.why = SafeText::from_bytes(bytes),
                    _ => {}
                }
                Ok(())
            })?;
            push(news.faults.get_or_insert_default(), fault)?;
        }
        (field::OWN, _) => state.own = read_own(value)?,
        _ => {}
    }
    Ok(())
}

/// More endings or faults than are ever told at once.
const MOST: usize = 1 << 16;

fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), Broken> {
    if list.len() >= MOST {
        return Err(Broken::TooLarge);
    }
    list.push(item);
    Ok(())
}
