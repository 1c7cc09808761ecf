//! The answer as text.

use super::{Args, Breakdown};
use crate::model::format::{counted, duration};
use crate::model::scheduling::spent::Spent;
use crate::model::scheduling::spent::kin::Unlisted;
use crate::model::scheduling::spent::lines::{What, lines, tenths};
use crate::model::scheduling::wait::Names;
use crate::report::Error;
use crate::report::printer::{Ink, Printer};

pub fn write(
    args: &Args,
    told: &[Breakdown],
    unlisted: Option<&Unlisted>,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    for (n, one) in told
        .iter()
        .filter(|t| !t.bucket.threads.is_empty())
        .enumerate()
    {
        if n > 0 {
            printer.line(&[])?;
        }
        self::one(args, one, printer)?;
    }
    if let Some(unlisted) = unlisted {
        printer.line(&[])?;
        self::unlisted(unlisted, printer)?;
    }
    if args.tree {
        sums(told, unlisted, printer)?;
    }
    Ok(())
}

/// One process.
pub fn one(args: &Args, one: &Breakdown, printer: &mut Printer<'_>) -> Result<(), Error> {
    head(one, printer)?;
    if args.threads {
        threads(one, printer)?;
    } else {
        table(one, &one.bucket.all(), "", printer)?;
    }
    wakes(one, printer)
}

/// `812 make · 3 threads · 5.0 s · exact: every switch and wake-up was counted`.
fn head(told: &Breakdown, printer: &mut Printer<'_>) -> Result<(), Error> {
    let bucket = &told.bucket;
    let all = bucket.all();
    let window = duration(bucket.to.since(bucket.from));
    let sum = duration(all.span);
    // What the parts add up to: of one thread how long that was followed, of several that and the time in which they were.
    let span = match bucket.threads.len() {
        1 => sum,
        _ if sum == window => window,
        _ => format!("{window}, {sum} of its threads together"),
    };
    let ended = if told.ended { " · has ended" } else { "" };
    let about = format!(
        " · {} · {span}{}{ended} · {}",
        counted(bucket.threads_told(), "thread", "threads"),
        told.when,
        bucket.how(),
    );
    let name = format!("{} {}", told.id.pid, told.name);
    printer.line(&[(&name, Ink::Strong), (&about, Ink::Dim)])?;
    let parts = [
        ("running", all.running),
        ("ready", all.ready),
        ("blocked", all.blocked().since(all.idle())),
        ("idle", all.idle()),
    ];
    let shares = tenths(&parts.map(|(_, span)| span.0));
    let told = parts.iter().zip(shares).filter(|(part, _)| part.1.0 > 0);
    let told = told.map(|((word, _), share)| format!("{word} {}.{} %", share / 10, share % 10));
    let told = told.collect::<Vec<_>>().join(" · ");
    printer.line(&[(&told, Ink::Dim)])?;
    if !bucket.why.is_empty() {
        let why = format!("not counted by the kernel: {}", bucket.why);
        printer.line(&[(&why, Ink::Dim)])?;
    }
    Ok(())
}

fn table(
    told: &Breakdown,
    spent: &Spent,
    indent: &str,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    rows(
        spent,
        &|what| told.names(|names| what.words(names)),
        indent,
        printer,
    )
}

fn rows(
    spent: &Spent,
    words: &dyn Fn(&What) -> String,
    indent: &str,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    for line in lines(spent) {
        let share = format!(
            "{indent}{:>4}.{} %  {:>8}  ",
            line.share / 10,
            line.share % 10,
            duration(line.span)
        );
        let kind = format!("{:<11}", line.what.word());
        let words = words(&line.what);
        printer.line(&[
            (&share, Ink::Plain),
            (&kind, Ink::Dim),
            (&words, Ink::Plain),
        ])?;
    }
    Ok(())
}

/// How many names of descendants that were not looked at are told.
const NAMES: usize = 6;

/// Descendants that ended before anybody looked at them.
fn unlisted(told: &Unlisted, printer: &mut Printer<'_>) -> Result<(), Error> {
    let title = "short-lived descendants";
    if told.processes == 0 {
        let ran = format!(
            ", not looked at: {} on a core",
            duration(told.spent.running)
        );
        let how = " · by the kernel's count of ended children; of those that nobody waited for it counts nothing";
        return Ok(printer.line(&[(title, Ink::Strong), (&ran, Ink::Plain), (how, Ink::Dim)])?);
    }
    let about = format!(
        " · {} · {} together · exact: counted from their fork on",
        counted(told.processes, "process", "processes"),
        duration(told.spent.span),
    );
    printer.line(&[(title, Ink::Strong), (&about, Ink::Dim)])?;
    let names = told.busiest();
    let mut line: Vec<String> = names
        .iter()
        .take(NAMES)
        .map(|(name, times, ran)| format!("{times} {name}: {} on a core", duration(*ran)))
        .collect();
    if names.len() > NAMES {
        line.push(format!("and {} more names", names.len() - NAMES));
    }
    printer.line(&[(&line.join(" · "), Ink::Dim)])?;
    rows(&told.spent, &|what| what.words(&Names::NONE), "", printer)
}

/// How many wakers are listed.
const LISTED: usize = 8;

/// Who woke its threads, and how long these then waited for a core.
fn wakes(told: &Breakdown, printer: &mut Printer<'_>) -> Result<(), Error> {
    let wakes = match &told.wakes {
        Ok(wakes) => wakes,
        Err((_, why)) => {
            return Ok(printer.line(&[(&format!("who woke it: – ({why})"), Ink::Dim)])?);
        }
    };
    let Some(all) = &wakes.all else {
        return Ok(printer.line(&[("nobody woke it", Ink::Dim)])?);
    };
    let sums = format!(
        " · waited for a core: half at most {}, 99 of 100 at most {}, the longest {}",
        duration(all.p50),
        duration(all.p99),
        duration(all.longest)
    );
    let woken = format!("woken {}", counted(all.wakes, "time", "times"));
    printer.line(&[(&woken, Ink::Strong), (&sums, Ink::Dim)])?;
    for row in wakes.rows.iter().take(LISTED) {
        let share = row.wakes as f64 * 100.0 / all.wakes.max(1) as f64;
        let line = format!("{share:>6.1} %  {:>8}  ", row.wakes);
        let waited = format!("p99 {:<9} ", duration(row.p99));
        let who = format!("by {}", row.who());
        printer.line(&[(&line, Ink::Plain), (&waited, Ink::Dim), (&who, Ink::Plain)])?;
    }
    if wakes.rows.len() > LISTED {
        let more = format!("            and {} more", wakes.rows.len() - LISTED);
        printer.line(&[(&more, Ink::Dim)])?;
    }
    Ok(())
}

fn threads(told: &Breakdown, printer: &mut Printer<'_>) -> Result<(), Error> {
    let mut all: Vec<_> = told.bucket.threads.iter().collect();
    all.sort_by_key(|t| std::cmp::Reverse((t.spent.running, t.spent.ready)));
    for thread in all {
        let name = match thread.id.tid.0 {
            0 => thread.name.to_string(),
            tid => format!("{tid} {}", thread.name),
        };
        let span = format!(" · {}", duration(thread.spent.span));
        printer.line(&[("  ", Ink::Plain), (&name, Ink::Strong), (&span, Ink::Dim)])?;
        table(told, &thread.spent, "  ", printer)?;
    }
    Ok(())
}

/// What all processes did together.
fn sums(
    told: &[Breakdown],
    unlisted: Option<&Unlisted>,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let mut all = Spent::default();
    for one in told {
        all.merge(&one.bucket.all());
    }
    let others = unlisted.map_or(0, |u| u.processes);
    if let Some(unlisted) = unlisted {
        all.merge(&unlisted.spent);
    }
    let share = |part: u64| part as f64 * 100.0 / all.span.0.max(1) as f64;
    let line = format!(
        "{} together: {:.1} % on a core, {:.1} % waiting for one, {:.1} % blocked",
        counted(told.len() as u64 + others, "process", "processes"),
        share(all.running.0),
        share(all.ready.0),
        share(all.blocked().0),
    );
    printer.line(&[])?;
    printer.line(&[(&line, Ink::Strong)])?;
    Ok(())
}
