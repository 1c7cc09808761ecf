//! What the inspector and the views showed, as records of their own between the ticks. Each part stands whole with the moment at
//! which it was read, so that it needs no other record; what was not read anew is not told again.

use std::sync::Arc;

use super::Broken;
use super::extra::within;
use super::numbers;
use super::packed::Packer;
use super::record::{self, Kind, Summary};
use super::told::Told;
use super::wire::{self, Fields, Value};
use crate::model::detail::{Detail, MachineDetail, Slot, Stamped};
use crate::model::groups::frozen::Frozen;
use crate::model::groups::unit::Names;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// The process that the record is about: its number and its start.
const OF: u32 = 1;
/// What containers are called.
const CONTAINERS: u32 = 27;
/// What a part may take at the most; beyond it nothing is told of it.
const MOST: usize = 2 << 20;
/// The paths of all control groups, and after how long they are told again where they are the same.
const GROUPS: u32 = 30;
/// Which of them are frozen, and who with them: told with them.
const FROZEN: u32 = 31;
const GROUPS_AGAIN: Nanos = Nanos(55_000_000_000);
/// What containers are called is told again after so long: whoever looks back does not look far.
const AGAIN: Nanos = Nanos(20_000_000_000);
/// A part that takes more than this is told seldom.
const LARGE: usize = 64 << 10;
const SELDOM: Nanos = Nanos(10_000_000_000);

/// Hears of every part of a detail with the number of its field; names all of them, so that none that is added is forgotten.
macro_rules! parts {
    ($detail:expr, $environment:expr, $hear:expr) => {{
        // When it was published and of whom stands in the head; faults are those of reading now.
        let Detail {
            at: _,
            of: _,
            unreadable: _,
            faults: _,
            slow: _,
            files,
            threads,
            environment,
            isolation,
            schedule,
            spent,
            calls,
            wakes,
            signals,
            machine,
            overview,
            regions,
            page_faults,
        } = $detail;
        let MachineDetail {
            ipc,
            network,
            memory,
            disks,
            requests,
            sensors,
            gpus,
            call_rates,
            group,
            containers: _,
            hierarchy: _,
            frozen: _,
        } = machine;
        $hear.part(2, files.as_ref());
        $hear.part(3, threads.as_ref());
        if $environment {
            $hear.part(4, environment.as_ref());
        }
        $hear.part(5, isolation.as_ref());
        $hear.part(6, schedule.as_ref());
        $hear.part(7, spent.as_ref());
        $hear.part(8, calls.as_ref());
        $hear.part(9, signals.as_ref());
        $hear.part(10, overview.as_ref());
        $hear.part(11, regions.as_ref());
        $hear.part(12, wakes.as_ref());
        $hear.part(13, page_faults.as_ref());
        $hear.part(20, ipc.as_ref());
        $hear.part(21, network.as_ref());
        $hear.part(22, memory.as_ref());
        $hear.part(23, disks.as_ref());
        $hear.part(24, sensors.as_ref());
        $hear.part(25, gpus.as_ref());
        $hear.part(26, group.as_ref());
        $hear.part(28, requests.as_ref());
        $hear.part(29, call_rates.as_ref());
    }};
}

/// From which number on parts are of the machine.
const MACHINE: u32 = 20;
/// Behind the last part.
const PARTS: usize = 32;

/// Makes records of what was read since the one before.
pub struct DetailWriter {
    /// Environments are told as well.
    environment: bool,
    packer: Packer,
    of: Option<ProcId>,
    /// When what was told of each part last was read, and how much it took.
    told: [(Nanos, usize); PARTS],
    /// What containers were called when that was told last, and when it was.
    containers: (Arc<Names>, Nanos),
    /// The same of the control groups.
    groups: (Arc<[SafeText]>, Arc<Frozen>, Nanos),
}

/// The parts that are news.
struct News<'a> {
    writer: &'a mut DetailWriter,
    out: Fields,
}

impl News<'_> {
    fn part<T: Told>(&mut self, number: u32, slot: Option<&Stamped<T>>) {
        let Some(Stamped { at, value }) = slot else {
            return;
        };
        let (told, size) = self.writer.told[number as usize];
        let seldom = size > LARGE && at.since(told) < SELDOM;
        if *at == told || seldom {
            return;
        }
        let mut inner = Fields::default();
        at.tell(&mut inner, 1);
        match value {
            Ok(value) => value.tell(&mut inner, 2),
            Err(why) => why.tell(&mut inner, numbers::WHY),
        }
        self.writer.told[number as usize] = (*at, inner.0.len());
        if inner.0.len() <= MOST {
            self.out.fields(number, &inner);
        }
    }
}

impl DetailWriter {
    /// Tells environments as well, or does not.
    pub fn new(environment: bool) -> Self {
        Self {
            environment,
            packer: Packer::quick(),
            of: None,
            told: [(Nanos(0), 0); PARTS],
            containers: (Arc::default(), Nanos(0)),
            groups: (Arc::default(), Arc::default(), Nanos(0)),
        }
    }

    /// The record of what was read since the last call; none where nothing was. `unix_ms`: when that is.
    pub fn record(&mut self, detail: &Detail, unix_ms: u64) -> Option<Vec<u8>> {
        if detail.of != self.of {
            self.of = detail.of;
            self.told[..MACHINE as usize].fill((Nanos(0), 0));
        }
        let environment = self.environment;
        let mut news = News {
            writer: self,
            out: Fields::default(),
        };
        parts!(detail, environment, news);
        let mut parts = news.out;
        let names = &detail.machine.containers;
        let (told, at) = &self.containers;
        let due = !names.is_empty() && detail.at.since(*at) >= AGAIN;
        if due || names != told {
            self.containers = (Arc::clone(names), detail.at);
            names.tell(&mut parts, CONTAINERS);
        }
        self.tell_groups(detail, &mut parts);
        if parts.0.is_empty() {
            return None;
        }
        let mut body = Fields::default();
        if let Some(of) = detail.of {
            of.tell(&mut body, OF);
        }
        body.0.extend(parts.0);
        let packed = self.packer.pack(&body.0);
        let summary = Summary::at(unix_ms);
        let at = detail.at;
        Some(record::write(Kind::Details, at, &summary, &body.0, packed))
    }
}

impl DetailWriter {
    /// The control groups, where they are listed and are others than before, or were told long ago.
    fn tell_groups(&mut self, detail: &Detail, parts: &mut Fields) {
        let (groups, frozen) = (&detail.machine.hierarchy, &detail.machine.frozen);
        let (told, still, at) = &self.groups;
        let due = detail.at.since(*at) >= GROUPS_AGAIN || groups != told || frozen != still;
        if due && !groups.is_empty() {
            self.groups = (Arc::clone(groups), Arc::clone(frozen), detail.at);
            groups.to_vec().tell(parts, GROUPS);
            frozen.tell(parts, FROZEN);
        }
    }
}

/// Puts what a record tells where nothing is known yet: of the process that is asked for, and of the machine. So whoever goes
/// back from record to record finds of each part what was read last.
///
/// # Errors
/// When the record is damaged.
pub fn fill(into: &mut Detail, body: &[u8]) -> Result<(), Broken> {
    fill_some(into, body, |_| true)
}

/// The parts of which charts tell how they came about, by what needs them.
const CHARTED: [(Needs, u32); 4] = [
    (Needs::OVERVIEW, 10),
    (Needs::MEMORY, 22),
    (Needs::GPU, 25),
    (Needs::GROUP, 26),
];

/// All needs for which [`fill_charted`] finds something.
pub fn charted() -> Needs {
    CHARTED.iter().map(|(need, _)| *need).collect()
}

/// As [`fill`], but only what charts of these needs tell of.
///
/// # Errors
/// As [`fill`].
pub fn fill_charted(into: &mut Detail, body: &[u8], needs: Needs) -> Result<(), Broken> {
    let wanted = |(need, number): &(Needs, u32), field| *number == field && needs.contains(*need);
    fill_some(into, body, |field| {
        CHARTED.iter().any(|part| wanted(part, field))
    })
}

fn fill_some(into: &mut Detail, body: &[u8], wanted: impl Fn(u32) -> bool) -> Result<(), Broken> {
    let mut of = None;
    let machine = &mut into.machine;
    let mut ours = false;
    let unlisted = machine.hierarchy.is_empty();
    wire::each(body, |field, value| {
        if field == OF {
            of = Some(ProcId::hear(value)?);
        }
        if !wanted(field) {
            return Ok(());
        }
        ours = of.is_some() && of == into.of;
        match field {
            2 if ours => put(&mut into.files, value),
            3 if ours => put(&mut into.threads, value),
            4 if ours => put(&mut into.environment, value),
            5 if ours => put(&mut into.isolation, value),
            6 if ours => put(&mut into.schedule, value),
            7 if ours => put(&mut into.spent, value),
            8 if ours => put(&mut into.calls, value),
            9 if ours => put(&mut into.signals, value),
            10 if ours => put(&mut into.overview, value),
            11 if ours => put(&mut into.regions, value),
            12 if ours => put(&mut into.wakes, value),
            13 if ours => put(&mut into.page_faults, value),
            20 => put(&mut machine.ipc, value),
            21 => put(&mut machine.network, value),
            22 => put(&mut machine.memory, value),
            23 => put(&mut machine.disks, value),
            24 => put(&mut machine.sensors, value),
            25 => put(&mut machine.gpus, value),
            26 => put(&mut machine.group, value),
            28 => put(&mut machine.requests, value),
            29 => put(&mut machine.call_rates, value),
            CONTAINERS if machine.containers.is_empty() => {
                machine.containers = Arc::hear(value)?;
            }
            GROUPS if machine.hierarchy.is_empty() => {
                machine.hierarchy = Vec::hear(value)?.into();
            }
            FROZEN if unlisted => machine.frozen = Arc::hear(value)?,
            _ => {}
        }
        Ok(())
    })
}

/// A part that cannot be read is one that only a later version knows: it is told as not supported.
fn put<T: Told>(slot: &mut Slot<T>, value: Value<'_>) {
    if slot.is_some() {
        return;
    }
    let mut at = Nanos(0);
    let mut found: Reading<T> = Err(Missing::Unsupported);
    let heard = within(value, |field, value| {
        match field {
            1 => at = Nanos::hear(value)?,
            2 => found = Ok(T::hear(value)?),
            numbers::WHY => found = Err(Missing::hear(value)?),
            _ => {}
        }
        Ok(())
    });
    if heard.is_err() {
        found = Err(Missing::Unsupported);
    }
    *slot = Some(Stamped::new(at, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the parts of which nothing is known.
    struct Unknown(Vec<u32>);

    impl Unknown {
        fn part<T>(&mut self, number: u32, slot: Option<&Stamped<T>>) {
            if slot.is_none() {
                self.0.push(number);
            }
        }
    }

    #[test]
    fn every_part_is_read_back() {
        let of = ProcId::new(7, 3);
        let mut body = Fields::default();
        of.tell(&mut body, OF);
        let mut denied = Fields::default();
        Missing::Denied.tell(&mut denied, numbers::WHY);
        for number in (OF + 1..PARTS as u32).filter(|n| ![CONTAINERS, GROUPS, FROZEN].contains(n)) {
            body.fields(number, &denied);
        }
        let mut detail = Detail {
            of: Some(of),
            ..Detail::default()
        };
        fill(&mut detail, &body.0).expect("well formed");
        let mut unknown = Unknown(Vec::new());
        parts!(&detail, true, unknown);
        assert_eq!(unknown.0, [0; 0], "told, and never heard");
    }
}
