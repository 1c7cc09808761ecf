//! Groups of processes as a table and as JSON: `pscope ps --group-by`, `pscope tree --by`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::printer::{Ink, Printer};
use super::ps::Line;
use super::{Error, json};
use crate::model::groups::grouping::{By, Group, Groups};
use crate::model::groups::unit;
use crate::model::plan::Needs;
use crate::model::process::column::{Column, Sum, all};
use crate::model::reading::Missing;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::width;

/// What must be read of a process for [`Summed`].
pub const NEEDS: Needs = Needs::RESIDENT.union(Needs::PSS);

/// Takes the name of what is grouped by.
///
/// # Errors
/// Names what there is.
pub fn by(word: &str) -> Result<By, String> {
    By::find(word)
        .filter(|by| *by != By::Parent)
        .ok_or_else(|| {
            let known: Vec<&str> = By::ALL[1..].iter().map(|by| by.word()).collect();
            format!("processes are grouped by {} or container", known.join(", "))
        })
}

/// One group with the sums of its members.
#[derive(Debug, Serialize)]
pub struct Summed<'a> {
    name: &'a str,
    kind: &'static str,
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<u32>,
    processes: usize,
    threads: u64,
    cpu_percent: Option<f64>,
    rss_bytes: u64,
    pss_bytes: Option<u64>,
    cpu_time_ms: u64,
    members: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Self>>,
    /// Of how many members a part of a sum is missing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    missing: BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unavailable: BTreeMap<&'static str, &'static str>,
}

/// A group, who of it passes, and its sums of the columns that add up.
struct Row<'a> {
    place: u32,
    group: &'a Group,
    members: Vec<&'a Proc>,
}

/// What is printed of groups.
pub struct Report<'a> {
    /// The processes.
    pub snapshot: &'a Snapshot,
    /// How they stand together.
    pub groups: &'a Groups,
    /// Whether a group that nobody is in is told as well.
    pub empty: &'a dyn Fn(&Group) -> bool,
    /// Whether a process passes the filter.
    pub passes: &'a dyn Fn(&Proc) -> bool,
    /// The columns that are summed.
    pub columns: &'a [&'a Column],
    /// What they are sorted by, and whether the greatest comes first.
    pub sort: (&'a Column, bool),
}

impl Report<'_> {
    /// The groups that have somebody who passes, and those that nobody is in, sorted.
    fn rows(&self) -> Vec<Row<'_>> {
        let all = self.groups.all.iter().zip(0..);
        let row = |(group, place)| {
            let members = self.groups.members(self.snapshot, place);
            let members: Vec<_> = members.filter(|p| (self.passes)(p)).collect();
            let empty = || place as usize >= self.groups.populated && (self.empty)(group);
            (!members.is_empty() || empty()).then_some(Row {
                place,
                group,
                members,
            })
        };
        let mut rows: Vec<Row<'_>> = all.filter_map(row).collect();
        let (by, descending) = self.sort;
        if by.adds() {
            let key = |row: &Row<'_>| self.sum(by, row).value.unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|a, b| {
                let order = key(a).total_cmp(&key(b));
                if descending { order.reverse() } else { order }
            });
        } else {
            rows.sort_by(|a, b| {
                let order = a.group.name.cmp(&b.group.name);
                if descending { order.reverse() } else { order }
            });
        }
        rows
    }

    fn sum(&self, column: &Column, row: &Row<'_>) -> Sum {
        let known = |value| Sum { value, missing: 0 };
        if !column.adds() {
            return known(Err(Missing::Unsupported));
        }
        if row.members.is_empty() {
            return known(Ok(0.0));
        }
        let sum = column.sum(self.snapshot, row.members.iter().copied());
        sum.unwrap_or(known(Err(Missing::Unsupported)))
    }

    fn summed<'b>(&'b self, row: &Row<'b>, groups: Option<Vec<Summed<'b>>>) -> Summed<'b> {
        let mut unavailable = BTreeMap::new();
        let mut missing_of = BTreeMap::new();
        let mut take = |name: &'static str, column: &Column| {
            let sum = self.sum(column, row);
            if sum.missing > 0 {
                missing_of.insert(name.to_owned(), sum.missing);
            }
            let value = sum.value;
            value
                .map_err(|why| unavailable.insert(name, why.word()))
                .ok()
        };
        let cpu = take("cpu_percent", all::CPU);
        let pss = take("pss_bytes", all::PSS);
        let whole = |column: &Column| self.sum(column, row).value.unwrap_or(0.0) as u64;
        let columns = json::columns(self.columns, |column| {
            let sum = self.sum(column, row);
            if sum.missing > 0 {
                missing_of.insert(column.json_name(), sum.missing);
            }
            Ok(json::number(column, sum.value?))
        });
        let key = &row.group.key;
        let number = |by| (key.by == by).then(|| key.of.parse().ok())?;
        let path = row.group.path.as_ref();
        Summed {
            name: row.group.name.exact(),
            kind: row.group.kind,
            path: path.map(|path| unit::readable(path.exact())),
            uid: number(By::User),
            session: number(By::Session),
            processes: row.members.len(),
            threads: whole(all::THREADS),
            cpu_percent: cpu.map(|cpu| (cpu * 10.0).round() / 10.0),
            rss_bytes: whole(all::MEM),
            pss_bytes: pss.map(|pss| pss as u64),
            cpu_time_ms: whole(all::TIME) / 1_000_000,
            members: row.members.iter().map(|p| p.id.pid.0).collect(),
            columns: (!self.columns.is_empty()).then_some(columns),
            groups,
            missing: missing_of,
            unavailable,
        }
    }

    /// `{"schema":1,"group_by":"unit","groups":[…]}`, a group a line; `nested`: below the groups that they are part of.
    ///
    /// # Errors
    /// When the printer takes no more.
    pub fn write_json(
        &self,
        over: &str,
        nested: bool,
        printer: &mut Printer<'_>,
    ) -> Result<(), Error> {
        let schema = json::SCHEMA;
        let by = self.groups.by.word();
        write!(
            printer.out,
            "{{\"schema\":{schema},\"group_by\":\"{by}\",\"cpu_percent_over\":\"{over}\",\"groups\":["
        )?;
        let rows = self.rows();
        let tops = rows.iter().filter(|r| !nested || r.group.parent.is_none());
        for (i, row) in tops.enumerate() {
            printer.out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
            let parts = nested.then(|| self.parts(&rows, row.place));
            printer.json(&self.summed(row, parts))?;
        }
        printer.out.write_all(b"\n]}\n")?;
        Ok(())
    }

    /// A line of JSON for each group, with when that was.
    ///
    /// # Errors
    /// When the printer takes no more.
    pub fn write_lines(&self, time_unix_ms: u64, printer: &mut Printer<'_>) -> Result<(), Error> {
        for row in &self.rows() {
            let row = self.summed(row, None);
            printer.json(&Line { time_unix_ms, row })?;
            printer.out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The parts of a group; a path has at most some 2,000.
    fn parts<'b>(&'b self, rows: &[Row<'b>], of: u32) -> Vec<Summed<'b>> {
        let parts = rows.iter().filter(|r| r.group.parent == Some(of));
        parts
            .map(|row| self.summed(row, Some(self.parts(rows, row.place))))
            .collect()
    }

    /// A line for each group: how many are in it, the sums, its kind and name; a tree of control groups by indents.
    ///
    /// # Errors
    /// When the printer takes no more.
    pub fn write_table(&self, printer: &mut Printer<'_>) -> Result<(), Error> {
        let missing = if printer.ascii { "-" } else { "–" };
        let sign = |sum: &Sum| match sum.sign() {
            "≥" if printer.ascii => ">",
            sign => sign,
        };
        let rows = self.rows();
        let titles = ["PROCS"]
            .into_iter()
            .chain(self.columns.iter().map(|c| c.title));
        let mut table = vec![titles.map(str::to_owned).collect::<Vec<_>>()];
        for row in &rows {
            let sums = self.columns.iter().map(|column| {
                let sum = self.sum(column, row);
                match (sum.value, column.unit()) {
                    (Ok(value), Some(unit)) => {
                        format!("{}{}", sign(&sum), unit.text(value, self.snapshot))
                    }
                    _ => missing.to_owned(),
                }
            });
            table.push(
                [row.members.len().to_string()]
                    .into_iter()
                    .chain(sums)
                    .collect(),
            );
        }
        let wide = |at: usize| table.iter().map(|row| width(&row[at])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..table[0].len()).map(wide).collect();
        let kinds = rows
            .iter()
            .map(|row| width(row.group.kind))
            .max()
            .unwrap_or(0)
            .max(4);
        for (n, cells) in table.iter().enumerate() {
            let padded = cells.iter().zip(&widths).map(|(cell, wide)| {
                let fill = wide - width(cell).min(*wide);
                format!("{:fill$}{cell} ", "")
            });
            let numbers: String = padded.collect();
            let (kind, name, ink) = match n.checked_sub(1).map(|n| &rows[n]) {
                None => ("KIND", "NAME".to_owned(), Ink::Strong),
                Some(row) => (row.group.kind, self.told(row), Ink::Plain),
            };
            let kind = format!("{kind:kinds$} ");
            printer.line(&[(&numbers, ink), (&kind, ink), (&name, ink)])?;
        }
        Ok(())
    }

    /// The name; of a control group its path, since a part of that says little.
    fn told(&self, row: &Row<'_>) -> String {
        let path = row
            .group
            .readable()
            .filter(|_| self.groups.by == By::Cgroup);
        path.map_or_else(|| row.group.title(), |path| path.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::json::Process;
    use super::*;
    use crate::model::sample::OptionalStats;
    use crate::model::scene::Scene;
    use crate::model::text::SafeText;

    /// The groups of a snapshot as JSON.
    fn groups(snapshot: &Snapshot, by: By, columns: &[&Column]) -> Vec<Value> {
        let report = Report {
            snapshot,
            groups: &Groups::new(snapshot, by),
            empty: &|_| true,
            passes: &|_| true,
            columns,
            sort: (all::CPU, true),
        };
        let rows = report.rows();
        let told = rows.iter().map(|row| report.summed(row, None));
        told.map(|one| serde_json::to_value(one).expect("JSON"))
            .collect()
    }

    #[test]
    fn what_is_missing_of_a_sum_stands_under_the_name_of_the_sum() {
        let mut scene = Scene::new();
        scene.task(7, 1, "x").extra = Some(Arc::new(OptionalStats {
            held: Ok(crate::model::sample::Held::default()),
            ..OptionalStats::default()
        }));
        scene.task(8, 1, "x").extra = Some(Arc::new(OptionalStats {
            held: Err(Missing::Denied),
            ..OptionalStats::default()
        }));
        let columns: Vec<&Column> = crate::model::process::column::ALL
            .iter()
            .copied()
            .filter(|c| c.adds())
            .collect();
        let told = groups(&scene.snapshot(), By::User, &columns);
        let missing = told[0]["missing"].as_object().expect("somebody hides some");
        assert_eq!(missing["fds"], 1, "{missing:?}");
        let fixed = ["cpu_percent", "pss_bytes"];
        for name in missing
            .keys()
            .filter(|name| !fixed.contains(&name.as_str()))
        {
            assert!(told[0]["columns"].get(name).is_some(), "{name}");
        }
        let shown: Vec<String> = columns.iter().map(|c| c.json_name()).collect();
        let distinct: std::collections::BTreeSet<&String> = shown.iter().collect();
        assert_eq!(distinct.len(), shown.len(), "{shown:?}");
    }

    #[test]
    fn what_does_not_add_up_has_no_sum() {
        let mut scene = Scene::new();
        scene.task(7, 1, "x").stat.nice = -10;
        let told = groups(&scene.snapshot(), By::User, &[all::MEM, all::NICE]);
        assert!(told[0]["columns"]["mem_bytes"].is_u64());
        assert!(told[0]["columns"]["ni"].is_null());
        assert_eq!(told[0]["columns"]["unavailable"]["ni"], "unsupported");
    }

    #[test]
    fn a_path_is_spelled_as_that_of_its_members_and_a_user_by_its_number() {
        let mut scene = Scene::new();
        let paths = [&b"/a\x1b\xff"[..], b"/../b", b"/../../b", b"/c"];
        for (pid, path) in (7..).zip(paths) {
            scene.task(pid, 1, "x").extra = Some(Arc::new(OptionalStats {
                cgroup: Ok(SafeText::from_bytes(path)),
                ..OptionalStats::default()
            }));
        }
        let snapshot = scene.snapshot();
        let told = groups(&snapshot, By::Unit, &[]);
        for group in &told {
            let pid = group["members"][0].as_u64().expect("a member") as u32;
            let proc = snapshot
                .by_pid(crate::model::id::Pid(pid))
                .expect("it is there");
            let process = serde_json::to_value(Process::new(&snapshot, proc)).expect("JSON");
            assert_eq!(group["path"], process["cgroup"]);
        }
        let paths: std::collections::BTreeSet<String> =
            told.iter().map(|group| group["path"].to_string()).collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        assert!(!paths.iter().any(|path| path.contains("..")), "{paths:?}");
        assert_eq!(groups(&snapshot, By::User, &[])[0]["uid"], 0);
        assert_eq!(
            groups(&snapshot, By::Session, &[])[0]["kind"],
            "session",
            "and its number is that of its leader"
        );
        assert!(groups(&snapshot, By::Session, &[])[0]["session"].is_u64());
    }
}
