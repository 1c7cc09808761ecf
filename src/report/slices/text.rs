//! The summary of `pscope slices` for a person.

use std::fmt::Write as _;

use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::timeline::{Origin, PidStats, Tally, Timeline, Window};
use crate::model::text::pad;
use crate::report::Error;
use crate::report::printer::{Ink, Printer};

/// Rows at most.
const ROWS: usize = 30;

/// Writes who had the cores in a window, with what is said of when that was, and what is known of one process in particular.
pub fn write(
    printer: &mut Printer<'_>,
    line: &Timeline,
    (window, when): (Window, &str),
    of: Option<ProcId>,
    names: &dyn Fn(&PidStats) -> String,
) -> Result<(), Error> {
    let seconds = line.known(window).seconds().max(1e-9);
    let mut head = format!("{} · {seconds:.1} s{when}", line.origin.title());
    if line.lost > 0 {
        let _ = write!(head, " · {} events lost", line.lost);
    }
    printer.line(&[(&head, Ink::Strong)])?;
    if !line.why.is_empty() {
        printer.line(&[(&line.why, Ink::Dim)])?;
    }
    // Samples do not tell how slices ended.
    let told = !line.origin.is_coarse();
    for lane in &line.lanes {
        let sums = lane.total(window, line.origin);
        let seconds = lane.known(window, line.origin).seconds().max(1e-9);
        let rest = line.rest_on(lane, window);
        let busy = (sums.run.seconds() + rest.others.seconds()) * 100.0 / seconds;
        // Without any count of the core nobody knows what others did there.
        let others = rest.idle.map(|_| rest.others.seconds() * 100.0 / seconds);
        let least = match others {
            Some(_) => "",
            None => "≥",
        };
        let text = format!(
            "cpu{:<4} busy {:>6}%{}  {:>7} slices/s  mean {:>7}{}",
            lane.cpu.0,
            format!("{least}{busy:.1}"),
            of_that(line.origin, others),
            format::per_second(sums.slices as f64 / seconds),
            sums.mean().map_or("–".to_owned(), format::duration),
            if told {
                format!("  {} preempted", preempted(&sums))
            } else {
                String::new()
            },
        );
        printer.line(&[(&text, Ink::Plain)])?;
    }
    printer.line(&[])?;
    let title = "    PID NAME             SHARE% SLICES/S    MEAN  WAITED";
    let more = " LONGEST PREEMPTED  MOVED";
    let title = format!("{title}{}", if told { more } else { "" });
    printer.line(&[(&title, Ink::Dim)])?;
    let found = line.by_process(window);
    let shown = found.iter().filter(|p| of.is_none_or(|id| id == p.who.id));
    for found in shown.take(ROWS) {
        let mut text = row(found, &names(found), seconds);
        if told {
            text += &ends(&found.sums);
        }
        printer.line(&[(&text, Ink::Plain)])?;
    }
    if of.is_none() {
        nobodys(printer, line, window, seconds)?;
    }
    if let Some(id) = of.filter(|_| line.origin.tells_all_ends()) {
        takers(printer, line, window, id)?;
    }
    Ok(())
}

/// What is known of a process, however the slices are.
fn row(found: &PidStats, name: &str, seconds: f64) -> String {
    let sums = found.sums;
    format!(
        "{:>7} {} {:>6} {:>8} {:>7} {:>7}",
        found.who.id.pid.0,
        pad(name, 16),
        format::percent((sums.run.seconds() * 100.0 / seconds) as f32),
        format::per_second(sums.slices as f64 / seconds),
        sums.mean().map_or("–".to_owned(), format::duration),
        waited(found),
    )
}

/// What only switches tell.
fn ends(sums: &Tally) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or("–".to_owned());
    format!(
        " {:>7} {:>9} {:>6}",
        or_dash(sums.told.map(|t| format::duration(t.longest))),
        preempted(sums),
        or_dash(sums.told.map(|t| format::count(t.moved))),
    )
}

/// How much of a core's time no slice tells of, where that is not a matter of course.
fn of_that(origin: Origin, percent: Option<f64>) -> String {
    match origin {
        Origin::Exact | Origin::Summed | Origin::Sums | Origin::None => String::new(),
        Origin::Own | Origin::Inside | Origin::Sampled => {
            let share = percent.map_or("–".to_owned(), |percent| format!("{percent:.1}%"));
            format!("  {} {share:>6}", origin.others())
        }
    }
}

/// What was nobody's of whom the slices tell; with it the shares add up to 100 for each core.
fn nobodys(
    printer: &mut Printer<'_>,
    line: &Timeline,
    window: Window,
    seconds: f64,
) -> Result<(), Error> {
    let rest = line.rest(window);
    for (name, part, always) in [
        (
            line.origin.others(),
            rest.idle.map(|_| rest.others),
            rest.idle.is_none(),
        ),
        ("idle", rest.idle, true),
        ("not known", Some(rest.unknown), false),
    ] {
        if always || part.is_some_and(|part| part.0 > 0) {
            let percent = |part: Nanos| (part.seconds() * 100.0 / seconds) as f32;
            let share = part.map_or("–".to_owned(), |part| format::percent(percent(part)));
            let text = format!("        {} {share:>6}", pad(name, 16));
            printer.line(&[(&text, Ink::Dim)])?;
        }
    }
    Ok(())
}

fn preempted(sums: &Tally) -> String {
    let share = sums.preempted_percent();
    share.map_or("–".to_owned(), |p| format!("{p:.0}%"))
}

/// The time waited for a core; `≥` where not all of it was counted.
fn waited(found: &PidStats) -> String {
    match (found.waited.whole, found.waited.span) {
        (true, span) => format::duration(span),
        (false, Nanos(0)) => "–".to_owned(),
        (false, span) => format!("≥{}", format::duration(span)),
    }
}

fn takers(
    printer: &mut Printer<'_>,
    line: &Timeline,
    window: Window,
    id: ProcId,
) -> Result<(), Error> {
    let takers = line.takers(
        id,
        Window {
            from: window.from,
            to: Nanos(window.to.0),
        },
    );
    let all: u64 = takers.iter().map(|(_, n)| n).sum();
    printer.line(&[])?;
    if all == 0 {
        printer.line(&[("nobody took the core from it", Ink::Plain)])?;
        return Ok(());
    }
    printer.line(&[("who took the core from it", Ink::Dim)])?;
    for (who, count) in takers.iter().take(ROWS) {
        let share = *count as f64 * 100.0 / all as f64;
        let text = format!(
            "{:>7} {} {share:>5.1}%  {count} times",
            who.id.pid.0,
            pad(&who.name, 16)
        );
        printer.line(&[(&text, Ink::Plain)])?;
    }
    Ok(())
}
