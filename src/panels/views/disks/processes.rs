//! Processes by what they read and write.

use std::cmp::Reverse;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::requests::{OfProcess, Requests, by_process};
use crate::model::process::called::called;
use crate::model::process::stat::State;
use crate::model::process::title::Title;
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::blocked::Cause;
use crate::model::snapshot::{Proc, Rates, Snapshot};
use crate::panels::listing::{self, Order};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// A process that reads, writes, or waits for a disk.
#[derive(Clone)]
pub struct Busy {
    pub id: ProcId,
    pub name: String,
    command: String,
    title: Title,
    user: String,
    read: Reading<f64>,
    written: Reading<f64>,
    /// By children that ended since the last tick.
    ended: Reading<f64>,
    all_read: Reading<u64>,
    all_written: Reading<u64>,
    /// Share of the time since the last tick spent waiting for block devices, percent.
    held: Reading<f64>,
    /// Whether it is in uninterruptible sleep now.
    blocked: bool,
    cause: Option<Cause>,
    /// Time spent waiting for block devices since it began.
    pub waited: Reading<Nanos>,
    /// Requests to disks a second, and how long 99 of 100 took at most.
    asked: Reading<f64>,
    p99: Reading<Nanos>,
    /// What a thread of the kernel does for others: it writes down what processes left to it.
    whose: &'static str,
}

impl Busy {
    /// Bytes a second in both directions, as far as known, with those of children that ended.
    pub fn total(&self) -> f64 {
        self.read.unwrap_or(0.0) + self.written.unwrap_or(0.0) + self.ended.unwrap_or(0.0)
    }

    /// Whether most of that is of children that ended.
    pub fn by_ended(&self) -> bool {
        self.ended.unwrap_or(0.0) * 2.0 > self.total()
    }

    /// Bytes in both directions since it began, as far as known.
    fn ever(&self) -> u64 {
        self.all_read
            .unwrap_or(0)
            .saturating_add(self.all_written.unwrap_or(0))
    }

    /// Everything that search and filter look at, and what is copied.
    pub fn words(&self) -> String {
        format!("{} {} {}", self.id.pid, self.user, self.command)
    }
}

/// The processes of the table, and how many are not in it since their I/O may not be read.
#[derive(Default)]
pub struct List {
    pub rows: Vec<Busy>,
    pub denied: usize,
    /// Whether the kernel accounts how long tasks wait for devices; `None` where it does not say.
    accounted: Option<bool>,
    /// Whether each request is counted.
    counted: bool,
}

/// Those that do any I/O now, then those that did any; kernel threads only while they do. The chosen one stays, also
/// while it is not known what it does.
pub fn list(
    snapshot: &Snapshot,
    accounted: Option<bool>,
    requests: Option<&Requests>,
    chosen: Option<ProcId>,
) -> List {
    let counted_requests = requests.filter(|r| r.counted());
    let asked = counted_requests.map(by_process).unwrap_or_default();
    let mut denied = 0;
    let mut rows: Vec<Busy> = Vec::new();
    for p in snapshot.procs.iter() {
        let io = p.extra.as_deref().map_or(Err(snapshot.unread), |e| e.io);
        denied += usize::from(io == Err(Missing::Denied));
        let rates = p.rates.as_deref();
        let rate = |f: fn(&Rates) -> Reading<f64>| rates.map_or(Err(snapshot.unread), f);
        // Without accounting the kernel says 0, which is no measurement.
        let counted = |n: u64| accounted != Some(false) && (n > 0 || accounted == Some(true));
        let waited = snapshot.machine.nanos(p.stat.block_delay);
        // Of who waited while accounting was turned on, the kernel tells more than all its life.
        let known = counted(p.stat.block_delay.0) && waited.0 <= snapshot.age(p.id).0;
        let of: Option<&OfProcess> = asked.get(&p.id.pid);
        let busy = Busy {
            id: p.id,
            name: called(p).into_owned(),
            command: p.command_line(),
            title: Title::of(p, false),
            user: p.facts.user.to_string(),
            read: rate(|r| r.read),
            written: rate(|r| r.written),
            ended: rate(|r| r.ended),
            held: rate(|r| r.blocked).and_then(|r| known.then_some(r).ok_or(Missing::Unsupported)),
            all_read: io.map(|io| io.all.read.0),
            all_written: io.map(|io| io.all.written.0),
            blocked: p.stat.state == State::Blocked,
            cause: p.blocked_on(),
            waited: known.then_some(waited).ok_or(Missing::Unsupported),
            asked: counted_requests
                .ok_or(Missing::Unsupported)
                .map(|r| r.per_second(of.map_or(0, OfProcess::all))),
            p99: of.map_or(Err(snapshot.unread), |of| of.p99),
            whose: of.map_or("", |of| whose(p, of)),
        };
        let ever = busy.ever() > 0 && !p.stat.is_kernel_thread();
        if Some(p.id) == chosen
            || ever
            || busy.total() > 0.0
            || of.is_some()
            || busy.blocked
            || busy.held.unwrap_or(0.0) > 0.0
        {
            rows.push(busy);
        }
    }
    rows.sort_by(|a, b| {
        let first = b
            .total()
            .total_cmp(&a.total())
            .then(b.blocked.cmp(&a.blocked))
            .then(b.asked.unwrap_or(0.0).total_cmp(&a.asked.unwrap_or(0.0)));
        first.then(b.ever().cmp(&a.ever())).then(a.id.cmp(&b.id))
    });
    rows.truncate(500);
    List {
        rows,
        denied,
        accounted,
        counted: counted_requests.is_some(),
    }
}

/// For whom a thread of the kernel asks a disk for something.
fn whose(p: &Proc, of: &OfProcess) -> &'static str {
    if !p.stat.is_kernel_thread() {
        return "";
    }
    let journal = p.facts.name.as_str().starts_with("jbd2/");
    match (journal, of.writes, of.others) {
        // It writes for all who changed names, sizes or owners, and for each that waits in fsync: one record for several.
        (true, ..) => "journal by ",
        (false, 1.., _) => "writeback by ",
        (false, 0, 1..) => "flushes by ",
        _ => "",
    }
}

impl List {
    /// The one that reads and writes the most now.
    pub fn busiest(&self) -> Option<&Busy> {
        let most = self
            .rows
            .iter()
            .max_by(|a, b| a.total().total_cmp(&b.total()));
        most.filter(|p| p.total() > 0.0)
    }

    /// Who waits in the kernel for something that is no disk: `812 make: waiting for the child of vfork`.
    pub fn held_elsewhere(&self) -> Vec<String> {
        let other = |p: &&Busy| p.cause.is_some_and(|cause| cause != Cause::Disk);
        let held = self.rows.iter().filter(other);
        let words = |p: &Busy| p.cause.map_or("", Cause::words);
        held.map(|p| format!("{} {} {}", p.id.pid, p.name, words(p)))
            .collect()
    }

    /// Who is in state D, on what is not told to this user: `812 make, 900 tar`.
    pub fn held_unknown(&self) -> String {
        let unknown = |p: &Busy| p.blocked && p.cause.is_none() && p.held.unwrap_or(0.0) < 10.0;
        Self::named(self.rows.iter().filter(|p| unknown(p)).collect())
    }

    /// Who is blocked on a disk, or spent a tenth of the tick waiting for devices: `dd 92%, tar`.
    pub fn held_up(&self) -> String {
        let on_disk = |p: &Busy| p.blocked && p.cause == Some(Cause::Disk);
        let held = |p: &&Busy| on_disk(p) || p.held.unwrap_or(0.0) >= 10.0;
        Self::named(self.rows.iter().filter(held).collect())
    }

    fn named(mut held: Vec<&Busy>) -> String {
        held.sort_by(|a, b| b.held.unwrap_or(0.0).total_cmp(&a.held.unwrap_or(0.0)));
        let name = |p: &&Busy| match p.held {
            Ok(share) if share > 0.0 => format!("{} {} {share:.0}%", p.id.pid, p.name),
            _ => format!("{} {}", p.id.pid, p.name),
        };
        let names: Vec<String> = held.iter().take(5).map(name).collect();
        let more = held.len().saturating_sub(names.len());
        let more = (more > 0).then(|| format!(" and {more} more"));
        format!("{}{}", names.join(", "), more.unwrap_or_default())
    }

    /// What the table is ordered by at first, and what it cannot know.
    pub fn title(&self) -> Vec<(String, Role)> {
        let by = "  by disk reads and writes";
        let mut out = vec![
            (" Processes".to_owned(), Role::Title),
            (by.to_owned(), Role::Dim),
        ];
        if self.denied > 0 {
            let text = format!("; {} may not be read", self.denied);
            out.push((text, Role::Warn));
        }
        if self.accounted == Some(false) {
            let how = "; who waits how long: sysctl kernel.task_delayacct=1";
            out.push((how.to_owned(), Role::Dim));
        }
        out
    }
}

/// The order at first, by no column: who moves the most, in both directions.
pub const BY_BOTH: usize = COLUMNS.len();

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    match column {
        BY_BOTH => Order::None,
        _ => Order::descending((2..12).contains(&column)),
    }
}

/// Sorts by a column; those of equal rank stay in the order of what they move.
pub fn sort(processes: &mut [Busy], (by, inverted): (usize, bool)) {
    let rate = |r: Reading<f64>| r.unwrap_or(-1.0);
    match by {
        0 => processes.sort_by_key(|p| p.id),
        1 => processes.sort_by(|a, b| a.user.cmp(&b.user)),
        2 => processes.sort_by(|a, b| rate(b.read).total_cmp(&rate(a.read))),
        3 => processes.sort_by(|a, b| rate(b.written).total_cmp(&rate(a.written))),
        4 => processes.sort_by(|a, b| rate(b.ended).total_cmp(&rate(a.ended))),
        5 => processes.sort_by(|a, b| rate(b.asked).total_cmp(&rate(a.asked))),
        6 => processes.sort_by_key(|p| Reverse(p.p99.ok())),
        7 => processes.sort_by(|a, b| rate(b.held).total_cmp(&rate(a.held))),
        8 => processes.sort_by_key(|p| Reverse(p.all_read.ok())),
        9 => processes.sort_by_key(|p| Reverse(p.all_written.ok())),
        10 => processes.sort_by_key(|p| Reverse(p.waited.ok())),
        11 => processes.sort_by_key(|p| Reverse(p.blocked)),
        12 => processes.sort_by(|a, b| a.command.cmp(&b.command)),
        _ => {}
    }
    if inverted {
        processes.reverse();
    }
}

/// The columns.
pub const COLUMNS: [Column; 13] = [
    Column::right("PID", 7, 0),
    Column::left("USER", listing::USER, 4),
    Column::right("READ", 8, 0),
    Column::right("WRITTEN", 8, 0),
    Column::right("BY CHILDREN", 11, 3),
    Column::right("REQ/s", 6, 2),
    Column::right("REQ p99", 7, 2),
    Column::right("BLOCKED", 7, 1),
    Column::right("READ EVER", 9, 4),
    Column::right("WRITTEN EVER", 12, 4),
    Column::right("WAITED", 7, 5),
    Column::left("BLOCKED ON", 10, 2),
    Column::left("COMMAND", 14, 0).growing(),
];

impl List {
    /// The columns; those of what the kernel does not account are left out.
    pub fn columns(&self) -> [Column; 13] {
        let mut columns = COLUMNS;
        for column in [HELD, WAITED] {
            columns[column] = columns[column].absent_if(self.accounted == Some(false));
        }
        for column in ASKED {
            columns[column] = columns[column].absent_if(!self.counted);
        }
        columns
    }
}

/// The columns of the time that tasks wait for devices.
const HELD: usize = 7;
const WAITED: usize = 10;
/// The columns of requests.
const ASKED: [usize; 2] = [5, 6];

/// One row.
pub fn row(world: &World, users: &UserNames, p: &Busy) -> Row {
    let style = |role| world.theme.style(role);
    let cell = |text: String, role| Line::from(Span::styled(text, style(role)));
    let rate = |r: Reading<f64>| match r {
        Ok(0.0) => cell(format::rate(0.0), Role::Dim),
        Ok(n) => cell(format::rate(n), Role::Strong),
        Err(_) => cell("–".to_owned(), Role::Dim),
    };
    let size = |r: Reading<u64>| match r {
        Ok(n) => cell(format::bytes(crate::model::id::Bytes(n)), Role::Dim),
        Err(_) => cell("–".to_owned(), Role::Dim),
    };
    let command = Line::from(vec![
        Span::styled(p.whose, style(Role::Accent)),
        Span::styled(p.title.name.clone(), style(Role::Strong)),
        Span::styled(p.title.rest.clone(), style(Role::Dim)),
    ]);
    Row {
        cells: vec![
            cell(p.id.pid.to_string(), Role::Dim),
            cell(users.shown(&p.user).into_owned(), Role::User),
            rate(p.read),
            rate(p.written),
            rate(p.ended),
            match p.asked {
                Ok(n) if n > 0.0 => cell(format::per_second(n), Role::Strong),
                Ok(n) => cell(format::per_second(n), Role::Dim),
                Err(_) => cell("–".to_owned(), Role::Dim),
            },
            match p.p99 {
                Ok(p99) => cell(format::duration(p99), Role::Text),
                Err(_) => cell("–".to_owned(), Role::Dim),
            },
            match p.held {
                Ok(0.0) => cell("0%".to_owned(), Role::Dim),
                Ok(share) => cell(format!("{share:.0}%"), Role::Warn),
                Err(_) => cell("–".to_owned(), Role::Dim),
            },
            size(p.all_read),
            size(p.all_written),
            match p.waited {
                Ok(span) => cell(format::duration(span), Role::Dim),
                Err(_) => cell("–".to_owned(), Role::Dim),
            },
            if p.blocked {
                let cause = p.cause.map_or("blocked", Cause::word);
                cell(cause.to_owned(), Role::Bad)
            } else {
                Line::default()
            },
            command,
        ],
        style: Style::new(),
    }
}

#[cfg(test)]
mod tests;
