//! The process as JSON, the same in every report: names carry their units, `null` has its reason in `unavailable`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::groups::unit;
use crate::model::plan::Needs;
use crate::model::process::column::{Column, Shows, Unit};
use crate::model::process::tty;
use crate::model::reading::Reading;
use crate::model::sample::OptionalStats;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;

/// The version of every JSON answer.
pub const SCHEMA: u32 = 1;

/// What must be read of a process for [`Process`].
pub const NEEDS: Needs = Needs::COMMANDS
    .union(Needs::EXE)
    .union(Needs::CGROUP)
    .union(Needs::RESIDENT);

/// One process. `cpu_percent` is its share of one core since it started.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the JSON contract"
)]
pub struct Process<'a> {
    pid: u32,
    ppid: u32,
    start_time_ticks: u64,
    start_time_unix_ms: u64,
    name: &'a str,
    command: Option<Vec<&'a str>>,
    exe: Option<&'a str>,
    uid: Option<u32>,
    user: Option<&'a str>,
    state: char,
    threads: u32,
    nice: i32,
    priority: i32,
    processor: u32,
    cpu_percent: Option<f64>,
    cpu_time_ms: u64,
    virtual_bytes: u64,
    rss_bytes: u64,
    tty: Option<String>,
    session: u32,
    process_group: u32,
    cgroup: Option<Cow<'a, str>>,
    kernel_thread: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unavailable: BTreeMap<&'static str, &'static str>,
}

impl<'a> Process<'a> {
    /// The words of one process of a snapshot.
    pub fn new(snapshot: &Snapshot, proc: &'a Proc) -> Self {
        let mut unavailable = BTreeMap::new();
        let mut note = Note(&mut unavailable);
        let stat = &proc.stat;
        let facts = &proc.facts;
        let uid = note.take("uid", facts.uid);
        if let (None, Err(why)) = (uid, facts.uid) {
            note.0.insert("user", why.word());
        }
        Self {
            pid: proc.id.pid.0,
            ppid: stat.ppid.0,
            start_time_ticks: proc.id.start.0,
            start_time_unix_ms: snapshot.machine.unix_ms(proc.id.start),
            name: facts.name.exact(),
            command: note
                .take("command", facts.command.as_ref().map_err(|m| *m))
                .map(|c| c.exact_args().collect()),
            exe: note.take(
                "exe",
                extra(snapshot, proc, |e| {
                    e.exe.as_ref().map(SafeText::exact).map_err(|m| *m)
                }),
            ),
            uid: uid.map(|u| u.0),
            user: uid.map(|_| facts.user.exact()),
            state: stat.state.letter(),
            threads: stat.threads,
            nice: stat.nice,
            priority: stat.priority,
            processor: stat.processor.0,
            cpu_percent: note.take("cpu_percent", proc.cpu).map(tenths),
            cpu_time_ms: snapshot.machine.nanos(stat.cpu_time()).0 / 1_000_000,
            virtual_bytes: stat.virtual_size.0,
            rss_bytes: stat.resident.0,
            tty: tty::name(stat.tty).map(Into::into),
            session: stat.session.0,
            process_group: stat.group.0,
            cgroup: note.take(
                "cgroup",
                extra(snapshot, proc, |e| {
                    let path = e.cgroup.as_ref().map_err(|why| *why)?;
                    Ok(unit::readable(path.exact()))
                }),
            ),
            kernel_thread: stat.is_kernel_thread(),
            unavailable,
        }
    }
}

/// Puts a value in, or `null` and its reason under `unavailable`.
pub fn put<T: Into<Value>>(into: &mut Map<String, Value>, name: &str, value: Reading<T>) {
    match value {
        Ok(value) => {
            into.insert(name.to_owned(), value.into());
        }
        Err(why) => {
            into.insert(name.to_owned(), Value::Null);
            let reasons = into.entry("unavailable").or_insert_with(|| json!({}));
            if let Value::Object(reasons) = reasons {
                reasons.insert(name.to_owned(), why.word().into());
            }
        }
    }
}

/// The values of columns, each by its name with its unit; those that are missing with their reason in one word.
pub fn columns(
    columns: &[&Column],
    mut value: impl FnMut(&Column) -> Result<Value, &'static str>,
) -> Value {
    let mut out = Map::new();
    let mut unavailable = Map::new();
    for column in columns.iter().filter(|c| !is_process(c)) {
        let name = column.json_name();
        let value = value(column).unwrap_or_else(|why| {
            unavailable.insert(name.clone(), why.into());
            Value::Null
        });
        out.insert(name, value);
    }
    if !unavailable.is_empty() {
        out.insert("unavailable".to_owned(), Value::Object(unavailable));
    }
    Value::Object(out)
}

/// A number of a column: whole where it counts, else to a hundredth.
pub fn number(column: &Column, value: f64) -> Value {
    match column.shows {
        Shows::Number {
            unit: Unit::Percent | Unit::Share | Unit::Rate,
            ..
        }
        | Shows::History => ((value * 100.0).round() / 100.0).into(),
        _ => (value.round() as i64).into(),
    }
}

/// What a column tells of one process.
///
/// # Errors
/// Why it tells nothing.
pub fn cell(snapshot: &Snapshot, column: &Column, proc: &Proc) -> Reading<Value> {
    match column.number(snapshot, proc) {
        Some(value) => value.map(|value| number(column, value)),
        None => column.text(snapshot, proc).map(Into::into),
    }
}

/// Whether the command is told with the process anyway.
fn is_process(column: &Column) -> bool {
    matches!(column.shows, Shows::Command)
}

/// Collects why values are missing.
struct Note<'a>(&'a mut BTreeMap<&'static str, &'static str>);

impl Note<'_> {
    fn take<T>(&mut self, field: &'static str, value: Reading<T>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(why) => {
                self.0.insert(field, why.word());
                None
            }
        }
    }
}

fn extra<'a, T>(
    snapshot: &Snapshot,
    proc: &'a Proc,
    of: impl FnOnce(&'a OptionalStats) -> Reading<T>,
) -> Reading<T> {
    proc.extra.as_deref().map_or(Err(snapshot.unread), of)
}

/// Rounded to a tenth, so that the text is as short as what is known.
fn tenths(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::Missing;
    use crate::model::scene::Scene;

    #[test]
    fn what_could_not_be_read_is_null_with_its_reason() {
        let mut scene = Scene::new();
        scene.task(7, 1, "demo").extra = Some(std::sync::Arc::new(OptionalStats {
            exe: Err(Missing::Denied),
            cgroup: Ok("/user.slice".into()),
            ..OptionalStats::default()
        }));
        let snapshot = scene.snapshot();
        let value =
            serde_json::to_value(Process::new(&snapshot, &snapshot.procs[0])).expect("JSON");
        assert_eq!(value["exe"], Value::Null);
        assert_eq!(value["unavailable"]["exe"], "denied");
        assert_eq!(value["unavailable"]["cpu_percent"], "soon");
        assert_eq!(value["cgroup"], "/user.slice");
        assert_eq!(value["command"], serde_json::json!(["demo"]));
        assert_eq!(value["rss_bytes"], 10 << 20);
    }
}
