//! The answer as text: a heading and indented lines for each section.

use std::fmt::Write as _;

use super::{Found, faults, files, memory};
use crate::model::acting::signal::{Disposition, Signal, SignalState};
use crate::model::format::{bytes, counted, duration};
use crate::model::id::Bytes;
use crate::model::process::column::Column;
use crate::model::process::environment::Environment;
use crate::model::process::isolation::Isolation;
use crate::model::process::isolation::group::{Group, Usage};
use crate::model::process::overview::Overview;
use crate::model::process::threads::Threads;
use crate::model::process::tty;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Proc;
use crate::model::text::pad;
use crate::report::Error;
use crate::report::printer::{Ink, Printer};

type Written = Result<(), Error>;

/// Writes every section that was asked for.
pub(super) fn write(found: &Found, printer: &mut Printer<'_>) -> Written {
    let proc = found.snapshot.get(found.id);
    if let Some(proc) = proc {
        let title = format!("{} {}", proc.id.pid, proc.facts.name);
        let line = format!("  {}", proc.command_line());
        printer.line(&[(&title, Ink::Strong), (&line, Ink::Dim)])?;
    }
    if found.recorded {
        recorded(found, proc, printer)?;
    }
    section(
        "overview",
        found.overview.as_ref(),
        printer,
        |o, printer| proc.map_or(Ok(()), |p| overview(found, p, o, printer)),
    )?;
    section("memory", found.memory.as_ref(), printer, |m, printer| {
        Ok(memory::write(m, printer)?)
    })?;
    let told = found.page_faults.as_ref();
    section("page faults", told, printer, |told, printer| {
        Ok(faults::write_faults(told, found.space(), printer)?)
    })?;
    section("files", found.files.as_ref(), printer, |f, printer| {
        Ok(files::write(f, found, printer)?)
    })?;
    section("threads", found.threads.as_ref(), printer, |t, printer| {
        threads(found, t, printer)
    })?;
    section("signals", found.signals.as_ref(), printer, signals)?;
    section(
        "environment",
        found.environment.as_ref(),
        printer,
        environment,
    )?;
    section("limits", found.limits.as_ref(), printer, limits)?;
    let unread = found.unread();
    if unread.is_empty() {
        return Ok(());
    }
    let dash = dash(printer.ascii);
    let one = matches!(unread[..], [name] if !name.ends_with('s'));
    let were = if one { "was" } else { "were" };
    let names = unread.join(", ");
    let how = "record --inspect FILTER keeps them";
    let line = format!("  {dash} {names} {were} not read at that moment: {how}");
    printer.line(&[(&line, Ink::Dim)])?;
    Ok(())
}

/// Of a recording in which no overview was read of it by then, where one is asked for: what the table had of the process.
fn recorded(found: &Found, proc: Option<&Proc>, printer: &mut Printer<'_>) -> Written {
    let missing = dash(printer.ascii);
    let unread = found.overview.as_ref().is_some_and(Result::is_err);
    if let Some(proc) = proc.filter(|_| unread) {
        for name in [
            "state", "ppid", "user", "cpu", "mem", "thr", "time", "start", "age",
        ] {
            let Some(column) = Column::find(name) else {
                continue;
            };
            let text = column.text(&found.snapshot, proc);
            let text = text.map_or_else(|_| missing.to_owned(), String::from);
            labelled(column.title, text.trim(), printer)?;
        }
    }
    Ok(())
}

fn section<T>(
    title: &str,
    part: Option<&Reading<T>>,
    printer: &mut Printer<'_>,
    body: impl FnOnce(&T, &mut Printer<'_>) -> Written,
) -> Written {
    // What a recording does not have is told at the end.
    let Some(part) = part.filter(|part| !matches!(part, Err(Missing::Unrecorded))) else {
        return Ok(());
    };
    printer.line(&[("", Ink::Plain)])?;
    printer.line(&[(&title.to_uppercase(), Ink::Strong)])?;
    match part {
        Ok(part) => body(part, printer),
        Err(why) => {
            let dash = dash(printer.ascii);
            let help = if *why == Missing::Denied {
                "; its own user may see it, and whoever may trace it (root, or cap_sys_ptrace)"
            } else {
                ""
            };
            printer.line(&[(&format!("  {dash} {why}{help}"), Ink::Plain)])?;
            Ok(())
        }
    }
}

fn labelled(label: &str, value: &str, printer: &mut Printer<'_>) -> Written {
    let label = format!("  {}", pad(label, 13));
    printer.line(&[(&label, Ink::Dim), (value, Ink::Plain)])?;
    Ok(())
}

fn or_dash<T>(value: &Reading<T>, ascii: bool, show: impl Fn(&T) -> String) -> String {
    value
        .as_ref()
        .map_or_else(|why| format!("{} ({})", dash(ascii), why.word()), show)
}

pub(super) fn dash(ascii: bool) -> &'static str {
    if ascii { "-" } else { "–" }
}

fn overview(found: &Found, proc: &Proc, o: &Overview, printer: &mut Printer<'_>) -> Written {
    let ascii = printer.ascii;
    let stat = &proc.stat;
    let snapshot = &found.snapshot;
    let state = format!("{} {}", stat.state.letter(), o.state_words(stat));
    labelled("state", &state, printer)?;
    let parent = snapshot.by_pid(stat.ppid);
    let parent = parent.map_or_else(
        || stat.ppid.to_string(),
        |p| format!("{} {}", p.id.pid, p.facts.name),
    );
    labelled("parent", &parent, printer)?;
    let status = o.status.as_ref().ok();
    if let Some(pid) = status.and_then(|s| s.tracer) {
        let name = snapshot.by_pid(pid).map(|p| format!(" {}", p.facts.name));
        let tracer = format!(
            "{pid}{}, asked first about every signal",
            name.unwrap_or_default()
        );
        labelled("traced by", &tracer, printer)?;
    }
    let mut user = format!(
        "{} ({})",
        proc.facts.user,
        or_dash(&proc.facts.uid, ascii, ToString::to_string)
    );
    if let Ok(status) = &o.status {
        if let Some(inside) = status.inside.words() {
            user = format!("{user}, {inside}");
        }
        user = format!("{user}, capabilities: {}", status.capabilities_words());
    }
    labelled("user", &user, printer)?;
    let age = duration(snapshot.age(proc.id));
    labelled("started", &format!("{age} ago"), printer)?;
    let kernel = stat.is_kernel_thread();
    let exe = or_dash(&o.exe, ascii, ToString::to_string);
    let exe = if kernel {
        "none, a thread of the kernel"
    } else {
        &exe
    };
    labelled("exe", exe, printer)?;
    labelled("cwd", &or_dash(&o.cwd, ascii, ToString::to_string), printer)?;
    labelled(
        "root",
        &or_dash(&o.root, ascii, ToString::to_string),
        printer,
    )?;
    labelled(
        "cgroup",
        &or_dash(&o.cgroup, ascii, ToString::to_string),
        printer,
    )?;
    let mut sched = format!("{}, nice {}", stat.policy_words(), stat.nice);
    if let Some(status) = status.filter(|s| !s.cores.is_empty()) {
        let _ = write!(sched, ", cores {}", status.cores);
    }
    labelled("policy", &sched, printer)?;
    let tty = tty::name(stat.tty).map_or_else(|| "none".to_owned(), Into::into);
    let session = format!("{}, group {}, terminal {tty}", stat.session, stat.group);
    labelled("session", &session, printer)?;
    let pool = o.memory.as_ref().map_or(Bytes(0), |m| m.pool);
    let pool = match pool {
        Bytes(0) => String::new(),
        pool => format!(" and {} of huge pages", bytes(pool)),
    };
    let sums = format!(
        "claims {}, holds {}{pool}",
        bytes(stat.virtual_size),
        bytes(stat.resident)
    );
    let own = or_dash(&o.memory, ascii, |m| bytes(m.own));
    let memory = if kernel {
        "none of its own".to_owned()
    } else {
        format!("{sums}, own {own}")
    };
    labelled("memory", &memory, printer)?;
    let schedule = or_dash(&o.schedule, ascii, |s| {
        let (run, wait) = (duration(s.total.run), duration(s.total.wait));
        let slices = counted(s.total.slices, "slice", "slices");
        format!("{run} on cores in {slices}, waited {wait} for a core")
    });
    labelled("schedule", &schedule, printer)?;
    let io = or_dash(&o.io, ascii, |i| {
        format!("read {}, written {}", bytes(i.read), bytes(i.written))
    });
    labelled("storage", &io, printer)?;
    labelled(
        "descriptors",
        &or_dash(&o.descriptors, ascii, ToString::to_string),
        printer,
    )
}

fn threads(found: &Found, all: &Threads, printer: &mut Printer<'_>) -> Written {
    let ascii = printer.ascii;
    for row in &all.rows {
        let front = format!("  {:>7} {} ", row.id.tid, pad(&row.name, 16));
        let cpu = or_dash(&row.cpu, ascii, |c| format!("{c:.1}"));
        let middle = format!("{} {cpu:>5}%  ", row.stat.state.letter());
        let waits = or_dash(
            &all.waits_on(row, &|fd| found.peer(fd)),
            ascii,
            Clone::clone,
        );
        printer.line(&[
            (&front, Ink::Strong),
            (&middle, Ink::Dim),
            (&waits, Ink::Plain),
        ])?;
    }
    for deadlock in &all.deadlocks {
        let told = format!("  deadlock: {}", all.told(deadlock));
        printer.line(&[(&told, Ink::Strong)])?;
    }
    Ok(())
}

/// What differs from the default, then how many do not.
fn signals(state: &SignalState, printer: &mut Printer<'_>) -> Written {
    let mut plain = 0;
    for signal in Signal::all() {
        let disposition = state.disposition(signal);
        let marks = [
            (state.is_blocked(signal), "blocked"),
            (state.is_pending(signal), "pending"),
        ];
        let marks: Vec<&str> = marks
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, w)| *w)
            .collect();
        let reader = state.read_by(signal);
        let reader = reader.map(|w| format!("read by {} {}", w.tid, w.name));
        if disposition == Disposition::Default && marks.is_empty() && reader.is_none() {
            plain += 1;
            continue;
        }
        let front = format!("  {:>3} {}", signal.number(), pad(&signal.name(), 10));
        let marks = reader.unwrap_or_else(|| marks.join(" "));
        let middle = format!("{:<9} {marks:<15} ", disposition.word());
        printer.line(&[
            (&front, Ink::Strong),
            (&middle, Ink::Plain),
            (signal.meaning(), Ink::Dim),
        ])?;
    }
    let rest = format!("  {plain} others have their default action");
    printer.line(&[(&rest, Ink::Dim)])?;
    Ok(())
}

fn environment(all: &Environment, printer: &mut Printer<'_>) -> Written {
    for variable in &all.variables {
        let name = format!("  {}=", variable.name);
        printer.line(&[(&name, Ink::Dim), (variable.shown(false), Ink::Plain)])?;
    }
    if all.overwritten {
        let why = "  the program wrote a title over its beginning: what stood there is gone";
        printer.line(&[(why, Ink::Dim)])?;
    } else if all.variables.is_empty() {
        printer.line(&[("  none", Ink::Dim)])?;
    }
    Ok(())
}

fn limits(isolation: &Isolation, printer: &mut Printer<'_>) -> Written {
    let ascii = printer.ascii;
    match &isolation.limits {
        Ok(limits) => {
            for limit in limits {
                let amount = |n: Option<u64>| {
                    n.map_or_else(|| "unlimited".to_owned(), |n| limit.resource.amount(n))
                };
                let used = match &limit.used {
                    // Of some the kernel counts nothing that could be shown.
                    Err(Missing::Unsupported) => dash(ascii).to_owned(),
                    used => or_dash(used, ascii, |n| limit.resource.amount(*n)),
                };
                let front = format!("  {}", pad(limit.resource.name(), 12));
                let line = format!(
                    "{used:>16} of {:<12} (at most {})",
                    amount(limit.soft),
                    amount(limit.hard)
                );
                printer.line(&[(&front, Ink::Strong), (&line, Ink::Plain)])?;
            }
        }
        Err(why) => labelled("limits", &why.to_string(), printer)?,
    }
    for namespace in &isolation.namespaces {
        let value = match (&namespace.id, namespace.ours) {
            (Ok(id), Ok(true)) => format!("{id}, the same as ours"),
            (Ok(id), Ok(false)) => format!("{id}, apart from ours: {}", namespace.about),
            (Ok(id), Err(_)) => id.to_string(),
            (Err(why), _) => format!("{} ({})", dash(ascii), why.word()),
        };
        let label = format!("  {}", pad(&format!("{} namespace", namespace.kind), 18));
        printer.line(&[(&label, Ink::Dim), (&value, Ink::Plain)])?;
    }
    let group = or_dash(&isolation.group, ascii, |g| {
        g.path()
            .map_or_else(|| "none".to_owned(), |path| path.to_string())
    });
    labelled("cgroup", &group, printer)?;
    if let Ok(group) = &isolation.group {
        of_group(group, printer)?;
    }
    let rights = or_dash(&isolation.rights, ascii, |r| {
        r.effective.words_in(r.last, isolation.is_apart("user"))
    });
    labelled("capabilities", &rights, printer)
}

/// The limits of a control group, as the tab has them.
fn of_group(group: &Group, printer: &mut Printer<'_>) -> Written {
    let amounts = [
        ("memory", &group.memory),
        ("swap", &group.swap),
        ("tasks", &group.tasks),
    ];
    for (name, usage) in amounts {
        let amount = |n: u64| {
            if name == "tasks" {
                n.to_string()
            } else {
                bytes(Bytes(n))
            }
        };
        // The top of a hierarchy has no such files.
        let told = |u: &&Usage| u.used.is_some() || u.limit.is_some();
        let Some(usage) = usage.as_ref().filter(told) else {
            continue;
        };
        let used = usage
            .used
            .map_or_else(|| dash(printer.ascii).to_owned(), amount);
        let limit = usage.limit.map_or_else(|| "no limit".to_owned(), amount);
        let by = match group.whose(usage, amount) {
            by if by.is_empty() => by,
            by => format!(", {by}"),
        };
        labelled(
            &format!("group {name}"),
            &format!("{used} of {limit}{by}"),
            printer,
        )?;
    }
    if let Some(cpu) = &group.cpu {
        let told = cpu.cores.map_or_else(
            || "no limit".to_owned(),
            |cores| {
                let (times, all) = (cpu.throttled, cpu.periods);
                let by = cpu.set_by.as_ref();
                let by = by.map_or_else(String::new, |by| format!(", set by {by}"));
                let above = cpu.above_words();
                let above = above.map_or_else(String::new, |words| format!("; {words}"));
                format!("at most {cores:.2}{by}, throttled in {times} of {all} periods{above}")
            },
        );
        labelled("group cores", &told, printer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
