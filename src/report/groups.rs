//! Groups of processes as a table and as JSON: `pscope ps --group-by`, `pscope tree --by`.

mod facts;

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
use crate::model::process::column::{Column, Joined, Sum, Together, all};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::width;

/// What must be read of a process for [`Summed`].
pub const NEEDS: Needs = Needs::RESIDENT.union(Needs::PSS);

/// Why a column tells nothing of a group: it is each member's own, not the same of all, and does not add up.
const DIFFERS: &str = "differs";

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
    /// Who is in it by another hierarchy of v1, and is a member of the group that this one tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members_listed_elsewhere: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Value>,
    /// What the kernel tells of a control group.
    #[serde(skip_serializing_if = "Option::is_none")]
    control_group: Option<Value>,
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
    /// Who is in it by another hierarchy of v1, and passes.
    elsewhere: Vec<&'a Proc>,
}

impl<'a> Row<'a> {
    /// Whose sums it has: where it lists nobody, those of who is in it all the same.
    fn counted(&self) -> &[&'a Proc] {
        if self.members.is_empty() {
            &self.elsewhere
        } else {
            &self.members
        }
    }
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
    /// Whether the kernel can be asked about a group: it is not one of a recording.
    pub live: bool,
}

impl Report<'_> {
    /// The groups that have somebody who passes, and those that nobody is in, sorted.
    fn rows(&self) -> Vec<Row<'_>> {
        let all = self.groups.all.iter().zip(0..);
        let row = |(group, place)| {
            let members = self.groups.members(self.snapshot, place);
            let members: Vec<_> = members.filter(|p| (self.passes)(p)).collect();
            let empty = || place as usize >= self.groups.populated && (self.empty)(group);
            let elsewhere = self.groups.elsewhere(self.snapshot, place);
            let elsewhere = elsewhere.filter(|p| (self.passes)(p));
            (!members.is_empty() || empty()).then(|| Row {
                place,
                group,
                members,
                elsewhere: elsewhere.collect(),
            })
        };
        let mut rows: Vec<Row<'_>> = all.filter_map(row).collect();
        let (by, descending) = self.sort;
        if by.counts_several() {
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
        if !column.counts_several() {
            return known(Err(Missing::Unsupported));
        }
        if row.counted().is_empty() && column.adds() {
            return known(Ok(0.0));
        }
        let sum = column.of_several(self.snapshot, row.counted().iter().copied());
        sum.unwrap_or(known(Err(Missing::Unsupported)))
    }

    /// The text of the members of a row; `None` where the column has numbers.
    fn joined<'b>(&'b self, column: &Column, row: &Row<'b>) -> Option<Joined<'b>> {
        column.text_of_several(self.snapshot, row.counted().iter().copied())
    }

    /// What a column tells of a row, or in one word why nothing; and of how many members a part of it is missing.
    fn cell(&self, column: &Column, row: &Row<'_>) -> (Result<Value, &'static str>, usize) {
        if let Some(joined) = self.joined(column, row) {
            let differ = |text: &Cow<'_, str>| {
                let one = |p: &&Proc| column.text(self.snapshot, p).as_ref() == Ok(text);
                column.together() == Together::Alike && !row.counted().iter().all(one)
            };
            let value = match joined.text {
                Ok(text) if differ(&text) => Err(DIFFERS),
                text => text.map(Value::from).map_err(Missing::word),
            };
            return (value, joined.missing);
        }
        if !column.counts_several() {
            return (Err(DIFFERS), 0);
        }
        let sum = self.sum(column, row);
        let value = sum.value.map(|value| json::number(column, value));
        (value.map_err(Missing::word), sum.missing)
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
            let (value, missing) = self.cell(column, row);
            if missing > 0 {
                missing_of.insert(column.json_name(), missing);
            }
            value
        });
        let control_group = self.control_group(row).map(|read| {
            read.unwrap_or_else(|why| {
                unavailable.insert("control_group", why.word());
                Value::Null
            })
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
            processes: row.counted().len(),
            threads: whole(all::THREADS),
            cpu_percent: cpu.map(|cpu| (cpu * 10.0).round() / 10.0),
            rss_bytes: whole(all::MEM),
            pss_bytes: pss.map(|pss| pss as u64),
            cpu_time_ms: whole(all::TIME) / 1_000_000,
            members: row.members.iter().map(|p| p.id.pid.0).collect(),
            members_listed_elsewhere: row.elsewhere.iter().map(|p| p.id.pid.0).collect(),
            columns: (!self.columns.is_empty()).then_some(columns),
            control_group,
            groups,
            missing: missing_of,
            unavailable,
        }
    }

    /// What the kernel tells of the control group that a row stands for; `None` where it stands for none.
    fn control_group(&self, row: &Row<'_>) -> Option<Reading<Value>> {
        let path = row.group.path.as_ref()?;
        if !self.live {
            return Some(Err(Missing::Unrecorded));
        }
        let all = self.groups.members(self.snapshot, row.place);
        let member = all.map(|p| p.id.pid).next();
        Some(facts::read(path, member))
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
                if let Some(joined) = self.joined(column, row) {
                    let sign = match joined.sign() {
                        "" => "",
                        _ if printer.ascii => ",...",
                        sign => sign,
                    };
                    return match joined.text {
                        Ok(text) => text.into_owned() + sign,
                        Err(_) => missing.to_owned(),
                    };
                }
                let sum = self.sum(column, row);
                match (sum.value, column.unit()) {
                    (Ok(value), Some(unit)) => {
                        format!("{}{}", sign(&sum), unit.text(value, self.snapshot))
                    }
                    _ => missing.to_owned(),
                }
            });
            table.push(
                [row.counted().len().to_string()]
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
        let name = path.map_or_else(|| row.group.title(), |path| path.to_string());
        if row.members.is_empty() && row.group.elsewhere > 0 {
            format!("{name} ({})", row.group.vacant())
        } else {
            name
        }
    }
}

#[cfg(test)]
mod tests;
