//! `pscope tree`: the processes as a tree of lines, or nested JSON.

use std::collections::{BTreeSet, HashSet};

use super::json::{self, Process};
use super::printer::{self, Ink, Printer};
use super::{Error, Exit, groups, ps, target};
use crate::model::groups::grouping::{By, Groups};
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::model::process::column::{self, Column};
use crate::model::process::filter::Filter;
use crate::model::process::forest::{Forest, Headings, Item, View, threads_of};
use crate::model::process::steady::Steady;
use crate::model::snapshot::{Proc, Snapshot};

/// Prints the processes as a tree, then exits
#[derive(Debug, Default, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Args {
    /// Only this process and what is below it: a pid or a name. With --by a filter as `ps` takes it, or a pid
    #[arg(value_name = "TARGET")]
    target: Vec<String>,
    /// Shows the number of each process; identical ones are not put together then
    #[arg(long, short)]
    pids: bool,
    /// Shows threads, as {name}
    #[arg(long, short)]
    threads: bool,
    /// Shows kernel threads (JSON always has them)
    #[arg(long, short)]
    kernel: bool,
    /// Gives each of identical leaves its own line instead of 6×[name]
    #[arg(long)]
    no_compact: bool,
    /// Groups them: by cgroup (as a tree), unit (or container), user, program, session
    #[arg(long, value_name = "WHAT", value_parser = groups::by)]
    by: Option<By>,
    /// Prints JSON, nested by "children", or with --by by "groups"
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: super::past::Args,
}

/// Writes the tree.
///
/// # Errors
/// When the target is not there, and when the processes cannot be read.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let mut needs = if args.json {
        json::NEEDS
    } else {
        Needs::empty()
    };
    needs.set(Needs::THREADS, args.threads);
    let asked = Asked::new(args)?;
    // A name may be that of a program whose name the kernel has cut.
    let named = asked.target.is_some_and(|t| t.parse::<u32>().is_err());
    needs.set(Needs::COMMANDS, named || args.json);
    needs |= asked.filter.needs();
    if let Some(by) = args.by {
        needs |= by.needs() | groups::NEEDS;
    }
    if args.threads && args.json && args.by.is_some() {
        return Err(Error::Usage(
            "--threads: groups as JSON have the pids of their members; leave it out, or ask for them without --by"
                .to_owned(),
        ));
    }
    let past = args.past.snapshot()?;
    if past
        .as_ref()
        .is_some_and(|then| args.threads && then.threads.is_empty())
    {
        return Err(Error::Failed(
            "--threads: threads were not read at that moment; inspect PID threads tells of those whom record --inspect kept"
                .to_owned(),
        ));
    }
    let twice = asked.filter.over_time();
    let over = if past.is_some() || twice {
        "interval"
    } else {
        "lifetime"
    };
    let find = if past.is_some() {
        target::find_then
    } else {
        target::find
    };
    let live = || {
        if twice {
            super::sweep_twice(needs)
        } else {
            super::sweep(needs)
        }
    };
    let snapshot = past.map_or_else(live, Ok)?;
    let root = asked.target.map(|t| find(&snapshot, t)).transpose()?;
    print(&snapshot, (root, &asked.filter), args, over, printer)?;
    ps::doubts(&snapshot, &asked.filter);
    Ok(Exit::Done)
}

/// Whom the words of the command line mean: one process with what is below it, or of groups all who pass.
struct Asked<'a> {
    target: Option<&'a str>,
    filter: Filter,
}

impl<'a> Asked<'a> {
    fn new(args: &'a Args) -> Result<Self, Error> {
        let (target, filter) = match (args.by, args.target.as_slice()) {
            (None, []) => (None, Filter::default()),
            (None, [one]) => (Some(one.as_str()), Filter::default()),
            (None, [_, more, ..]) => {
                let told = format!("'{more}': a tree is of one process; --by takes a filter");
                return Err(Error::Usage(told));
            }
            (Some(_), [pid]) if pid.parse::<u32>().is_ok() => {
                (None, ps::filter(&[format!("pid:{pid}")])?)
            }
            (Some(_), words) => (None, ps::filter(words)?),
        };
        Ok(Self { target, filter })
    }
}

fn print(
    snapshot: &Snapshot,
    (root, filter): (Option<ProcId>, &Filter),
    args: &Args,
    over: &str,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let passes = |proc: &Proc| filter.matches(snapshot, proc, 1.0);
    if let Some(by) = args.by.filter(|_| args.json) {
        let sort = Column::find("pid").unwrap_or(column::DEFAULT[0]);
        let report = groups::Report {
            snapshot,
            groups: &Groups::new(snapshot, by),
            empty: &|group| filter.fits_empty(snapshot, group),
            passes: &passes,
            columns: &[],
            sort: (sort, false),
            live: args.past.is_live(),
        };
        return report.write_json(over, true, printer);
    }
    let passing: Vec<bool> = snapshot.procs.iter().map(passes).collect();
    let passing = (!filter.is_empty()).then_some(passing.as_slice());
    let forest = forest(snapshot, (root, filter, passing), args)?;
    let at = |row: &crate::model::process::forest::Row| {
        Forest::proc(snapshot, &[], forest.node(row.item))
    };
    let from = match root {
        None => 0,
        Some(id) => forest
            .rows
            .iter()
            .position(|r| matches!(r.item, Item::Proc(_)) && at(r).is_some_and(|p| p.id == id))
            .unwrap_or(forest.rows.len()),
    };
    let rows = from..from + extent(&forest, from, root.is_some());
    if args.json {
        write_json(snapshot, &forest, rows, (args.threads, over), printer)
    } else {
        write_lines(snapshot, (&forest, passing), rows, args.pids, printer)
    }
}

/// How many rows from this one on belong to the answer.
fn extent(forest: &Forest, from: usize, only_below: bool) -> usize {
    let rows = &forest.rows[from.min(forest.rows.len())..];
    match rows.first() {
        Some(first) if only_below => {
            1 + rows[1..]
                .iter()
                .take_while(|r| r.depth > first.depth)
                .count()
        }
        _ => rows.len(),
    }
}

fn forest(
    snapshot: &Snapshot,
    (root, filter, passing): (Option<ProcId>, &Filter, Option<&[bool]>),
    args: &Args,
) -> Result<Forest, Error> {
    let pid = Column::find("pid").ok_or_else(|| Error::Failed("no column 'pid'".to_owned()))?;
    let (folded, opened) = (HashSet::new(), HashSet::new());
    // The target has a line of its own, even where others are identical.
    let tags: BTreeSet<ProcId> = root.into_iter().collect();
    let of_kernel = root
        .and_then(|id| snapshot.get(id))
        .is_some_and(|p| p.stat.is_kernel_thread());
    let view = View {
        tree: true,
        threads: args.threads && !args.json,
        kernel: args.kernel || args.json || of_kernel,
        compact: !(args.no_compact || args.pids || args.json),
        sort: pid,
        descending: false,
        folded: &folded,
        opened: &opened,
        tags: &tags,
        passing,
        ended: &[],
        headings: Headings {
            by: args.by.unwrap_or_default(),
            folded: None,
            open: true,
            sought: passing.is_some().then_some(filter),
        },
    };
    Ok(Forest::build(snapshot, &view, &mut Steady::default()))
}

fn write_lines(
    snapshot: &Snapshot,
    (forest, passing): (&Forest, Option<&[bool]>),
    rows: std::ops::Range<usize>,
    pids: bool,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    // In the number of a group stand those who have a line in it.
    let counts = |node: &&u32| passing.is_none_or(|all| all.get(**node as usize) != Some(&false));
    let [tee, corner, through, blank] = if printer.ascii {
        ["|- ", "`- ", "|  ", "   "]
    } else {
        ["├─ ", "└─ ", "│  ", "   "]
    };
    let top = forest.rows.get(rows.start).map_or(0, |r| r.depth);
    let mut guides = String::new();
    for at in rows {
        let row = &forest.rows[at];
        let depth = (row.depth - top) as usize;
        guides.clear();
        if depth > 0 {
            let mut above: Vec<bool> = forest.above(at).take(depth - 1).collect();
            above.reverse();
            for last in above {
                guides.push_str(if last { blank } else { through });
            }
            guides.push_str(if row.last { corner } else { tee });
        }
        let name = match forest.heading(row.item) {
            Some(group) => {
                let members = forest.members(row.item).iter().filter(counts);
                let procs = members.filter_map(|node| Forest::proc(snapshot, &[], *node));
                let (n, still) = procs.fold((0, 0), |(n, still), proc| {
                    (
                        n + 1,
                        still + usize::from(snapshot.shares.stands_still(proc)),
                    )
                });
                let told = match n {
                    0 => format!("{} {}", group.title(), group.vacant()),
                    n => format!("{} ({n})", group.title()),
                };
                let empty = n == 0 && snapshot.shares.frozen.is_within(group);
                if empty || (n > 0 && n == still) {
                    format!("{told} frozen")
                } else {
                    told
                }
            }
            None => label(snapshot, forest, row.item, pids, printer.ascii),
        };
        printer.line(&[(&guides, Ink::Dim), (&name, Ink::Plain)])?;
    }
    Ok(())
}

/// `sshd`, `sshd(612)`, `6×[cat]`, `{worker}`, `{7×worker}`.
fn label(snapshot: &Snapshot, forest: &Forest, item: Item, pids: bool, ascii: bool) -> String {
    let times = if ascii { "*" } else { "×" };
    let name =
        Forest::proc(snapshot, &[], forest.node(item)).map_or("?", |p| p.facts.name.as_str());
    let thread = |i: u32| snapshot.threads.get(i as usize);
    match item {
        Item::Proc(node) => match Forest::proc(snapshot, &[], node).filter(|_| pids) {
            Some(proc) => format!("{name}({})", proc.id.pid),
            None => name.to_owned(),
        },
        Item::Heading(_) => String::new(),
        Item::Group { len, .. } => format!("{len}{times}[{name}]"),
        Item::Thread { thread: i, .. } => match thread(i) {
            Some(t) if pids => format!("{{{}}}({})", t.name, t.id.tid),
            Some(t) => format!("{{{}}}", t.name),
            None => String::new(),
        },
        Item::Threads { len, .. } => {
            let first = forest.members(item).first().and_then(|i| thread(*i));
            first.map_or_else(String::new, |t| format!("{{{len}{times}{}}}", t.name))
        }
    }
}

/// Each process as `ps --json` has it, with `children`, and with `threads` where they are asked for.
///
/// It is written from row to row: a tree may be deeper than a stack.
fn write_json(
    snapshot: &Snapshot,
    forest: &Forest,
    rows: std::ops::Range<usize>,
    (threads, over): (bool, &str),
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let schema = json::SCHEMA;
    write!(
        printer.out,
        "{{\"schema\":{schema},\"cpu_percent_over\":\"{over}\",\"processes\":["
    )?;
    let mut open: Vec<u32> = Vec::new();
    let mut fresh = true;
    for row in &forest.rows[rows] {
        let Some(proc) = Forest::proc(snapshot, &[], forest.node(row.item)) else {
            continue;
        };
        while open.last().is_some_and(|depth| *depth >= row.depth) {
            open.pop();
            printer.out.write_all(b"]}")?;
            fresh = false;
        }
        printer.out.write_all(if fresh { b"\n" } else { b",\n" })?;
        let mut text = Vec::new();
        printer::json(&mut text, &Process::new(snapshot, proc))?;
        text.pop();
        printer.out.write_all(&text)?;
        if threads {
            let of: Vec<serde_json::Value> = threads_of(snapshot, proc.id)
                .map(|(_, t)| serde_json::json!({"tid": t.id.tid.0, "name": t.name, "state": t.stat.state.letter()}))
                .collect();
            printer.out.write_all(b",\"thread_list\":")?;
            printer.json(&of)?;
        }
        printer.out.write_all(b",\"children\":[")?;
        open.push(row.depth);
        fresh = true;
    }
    for _ in open {
        printer.out.write_all(b"]}")?;
    }
    printer.out.write_all(b"\n]}\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;
    use crate::model::scene::Scene;
    use crate::report::printer::piped;

    fn scene() -> Snapshot {
        let mut scene = Scene::new();
        scene.task(1, 0, "systemd");
        scene.task(5, 1, "sshd");
        scene.task(6, 5, "bash");
        for pid in 10..13 {
            scene.task(pid, 6, "cat");
        }
        scene.task(20, 1, "cron").stat.threads = 3;
        for tid in [20, 21, 22] {
            scene.thread(20, tid, "worker");
        }
        scene.snapshot()
    }

    fn written(root: Option<u32>, args: &Args, ascii: bool) -> String {
        let snapshot = scene();
        let root = root.and_then(|pid| snapshot.by_pid(Pid(pid))).map(|p| p.id);
        let asked = Asked::new(args).expect("it is understood");
        piped(ascii, |to| {
            print(&snapshot, (root, &asked.filter), args, "lifetime", to)
        })
        .expect("written")
    }

    #[test]
    fn draws_the_tree() {
        let all = written(None, &Args::default(), false);
        assert_eq!(
            all,
            "systemd\n├─ sshd\n│  └─ bash\n│     └─ 3×[cat]\n└─ cron\n"
        );
        let threads = Args {
            threads: true,
            ..Args::default()
        };
        let below = written(Some(20), &threads, true);
        assert_eq!(below, "cron\n`- {2*worker}\n");
        let pids = Args {
            pids: true,
            ..Args::default()
        };
        let below = written(Some(5), &pids, false);
        assert_eq!(
            below,
            "sshd(5)\n└─ bash(6)\n   ├─ cat(10)\n   ├─ cat(11)\n   └─ cat(12)\n"
        );
        assert_eq!(written(Some(11), &Args::default(), false), "cat\n");
    }

    #[test]
    fn groups_have_only_those_who_pass_and_say_how_many() {
        let by = |words: &[&str], json| Args {
            by: Some(By::Program),
            target: words.iter().map(|word| (*word).to_owned()).collect(),
            json,
            ..Args::default()
        };
        let all = written(None, &by(&[], false), true);
        assert!(all.contains("cat (3)") && all.contains("bash (1)"), "{all}");
        let some = written(None, &by(&["cat", "!pid:11"], false), true);
        assert_eq!(some, "cat (2)\n`- 2*[cat]\n");
        let one = written(None, &by(&["11"], false), true);
        assert_eq!(one, "cat (1)\n`- cat\n", "a number is a pid");
        let told: serde_json::Value =
            serde_json::from_str(&written(None, &by(&["cat", "!pid:11"], true), false))
                .expect("JSON");
        let groups = told["groups"].as_array().expect("groups");
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0]["members"], serde_json::json!([10, 12]));
        let wrong = Asked::new(&by(&["cpu>many"], false)).map(|_| ());
        assert!(matches!(wrong, Err(Error::Usage(why)) if why.contains("cpu>many")));
        let two = Args {
            target: vec!["a".to_owned(), "b".to_owned()],
            ..Args::default()
        };
        assert!(
            matches!(Asked::new(&two).map(|_| ()), Err(Error::Usage(why)) if why.contains("'b'"))
        );
    }

    #[test]
    fn nests_json() {
        let args = Args {
            json: true,
            threads: true,
            ..Args::default()
        };
        let value: serde_json::Value =
            serde_json::from_str(&written(None, &args, false)).expect("JSON");
        let root = &value["processes"][0];
        assert_eq!(root["name"], "systemd");
        let sshd = &root["children"][0];
        assert_eq!(sshd["children"][0]["children"][2]["pid"], 12);
        assert_eq!(root["children"][1]["thread_list"][1]["tid"], 22);
        assert_eq!(value["processes"].as_array().map(Vec::len), Some(1));
    }
}
