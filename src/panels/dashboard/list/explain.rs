//! What `x` tells in the list: what each column means, its value in the selected row with the parts that it is made of, and
//! why one is missing.

use std::borrow::Cow;

use super::List;
use super::cells::Subject;
use super::command::{ended_children, is_command};
use crate::app::world::World;
use crate::model::process::called::called;
use crate::model::process::column::{Column, Sum, Together, all};
use crate::model::process::forest::{Item, Row};
use crate::model::snapshot::Proc;

/// How many parts of a sum are told one by one.
const PARTS: usize = 3;

/// What each shown column tells, the value of the selected row, and why it is missing.
pub(super) fn explain(list: &List, world: &World) -> Vec<(String, String)> {
    let row = list.at.and_then(|at| list.forest.rows.get(at)).copied();
    let subject = row.and_then(|row| {
        let elsewhere = || {
            let group = list.forest.heading(row.item)?;
            Subject::listed_elsewhere(list, world, group)
        };
        Subject::of(list, world, row).or_else(elsewhere)
    });
    let whole = row.and_then(|row| whole(list, row, subject.as_ref()));
    let mut out = Vec::new();
    if let Some(whole) = &whole {
        let word = if whole.group { "group" } else { "row" };
        out.push((word.to_owned(), whole.about.clone()));
    }
    out.extend(list.layout.shown().map(|column| {
        let now = match (&subject, &whole) {
            (Some(subject), Some(whole)) => of_several(world, column, subject, whole),
            (Some(subject), None) => of_one(world, column, subject),
            (None, _) => String::new(),
        };
        let about = format!("{}{now} From {}.", column.about, column.source);
        (column.title.to_owned(), about)
    }));
    let ended = all::ENDED;
    let told = subject.filter(|_| !list.layout.shown().any(|c| c.name == ended.name));
    let told = told.and_then(|subject| {
        let lead = std::slice::from_ref(&subject.lead);
        let all = if whole.is_some() { &subject.all } else { lead };
        ended_children(world, all)
    });
    if let Some(told) = told {
        let about = format!("{} Now {told}. From {}.", ended.about, ended.source);
        out.push(("ended children".to_owned(), about));
    }
    let marks = "tagged ◆, began lately +, ended ×, or the colour that it has in the lanes ■";
    out.push(("mark".to_owned(), marks.to_owned()));
    out
}

/// What shares the selected row.
struct Whole {
    /// Whether it is a group of processes; else they only share the row.
    group: bool,
    /// What the row stands for, a sentence.
    about: String,
    /// Over whom the sums are: `its 4 members`.
    over: String,
}

/// What the row stands for, where that is more than one process or thread.
fn whole(list: &List, row: Row, subject: Option<&Subject<'_>>) -> Option<Whole> {
    let n = subject.map_or(0, |subject| subject.all.len());
    if let Some(group) = list.forest.heading(row.item) {
        let all = list.forest.members(row.item);
        let left_out = match all.len() - list.passing_of(all).len() {
            0 => String::new(),
            n => format!(" The filter leaves {n} out: they count in no number."),
        };
        let who = match n {
            0 => group.vacant(),
            _ if all.is_empty() => format!("{}; the numbers are of them together", group.vacant()),
            1 => "the numbers are of its one member".to_owned(),
            n => format!("the numbers are of its {n} members together"),
        };
        return Some(Whole {
            group: true,
            about: format!("{} ({}): {who}.{left_out}", group.title(), group.kind),
            over: match n {
                1 => "its one member".to_owned(),
                n => format!("its {n} members"),
            },
        });
    }
    let subject = subject.filter(|_| n > 1)?;
    let lead = &subject.lead;
    let (about, over) = match row.item {
        Item::Threads { .. } => (
            format!("{n} threads of one name: the numbers are of all of them together."),
            format!("these {n} threads"),
        ),
        Item::Group { .. } => (
            format!(
                "{n} processes of one name and command line below one parent: the numbers are of all of them together."
            ),
            format!("these {n} processes"),
        ),
        _ => (
            format!(
                "{} with {} folded away below it: what adds up is of all of them together, the rest of {} alone.",
                name(lead),
                n - 1,
                name(lead)
            ),
            format!("it and the {} below it", n - 1),
        ),
    };
    Some(Whole {
        group: false,
        about,
        over,
    })
}

/// The value of one process or thread.
fn of_one(world: &World, column: &Column, subject: &Subject<'_>) -> String {
    if subject.thread.is_some() && !column.of_threads {
        return lacking(column);
    }
    if subject.gone && (column.over_time() || column.name == all::CPU.name) {
        return " Missing here: it has ended.".to_owned();
    }
    match column.text(&world.snapshot, &subject.lead) {
        Err(why) => format!(" Missing here: {why}."),
        Ok(text) if !is_command(column) && !text.is_empty() => {
            let ticks = ticks(world, column, &subject.lead).filter(|_| subject.thread.is_none());
            format!(" Now {text}{}.", ticks.unwrap_or_default())
        }
        Ok(_) => String::new(),
    }
}

/// What a thread shares with its process stands there alone.
fn lacking(column: &Column) -> String {
    if is_command(column) {
        return String::new();
    }
    " Blank here: threads have none of their own.".to_owned()
}

/// The value of those that share a row: a sum and its parts, what all have in common, or why there is none.
fn of_several(world: &World, column: &Column, subject: &Subject<'_>, whole: &Whole) -> String {
    if subject.all.is_empty() || is_command(column) {
        return String::new();
    }
    if subject.thread.is_some() && !column.of_threads {
        return lacking(column);
    }
    match column.together() {
        Together::Sum if column.is_number() => summed(world, column, subject, whole),
        Together::Sum => format!(" Each moment here is the sum over {}.", whole.over),
        Together::Greatest => greatest(world, column, subject, whole),
        Together::Union => union(world, column, subject, whole),
        // Of those that are no group the first one stands for all.
        _ if !whole.group => of_one(world, column, subject),
        Together::Alike => in_common(world, column, subject, whole),
        Together::Nothing => " Blank here: of several it does not add up.".to_owned(),
    }
}

/// The parts of a number of several, the greatest first, and how it reads.
struct Parts<'a> {
    sum: Sum,
    all: Vec<(f64, &'a Proc)>,
    text: Box<dyn Fn(f64) -> String + 'a>,
    /// What is to be said of those whose part is hidden.
    hidden: String,
}

impl<'a> Parts<'a> {
    fn new(world: &'a World, column: &'a Column, subject: &'a Subject<'_>) -> Option<Self> {
        let (sum, unit) = subject.number(world, column).zip(column.unit())?;
        let part = |p: &Proc| match column.together() {
            Together::Greatest => column.number(&world.snapshot, p),
            _ => column.part(&world.snapshot, p),
        };
        let procs = || subject.all.iter().map(AsRef::as_ref);
        let known = |p: &'a Proc| Some((part(p)?.ok()?, p));
        let mut all: Vec<(f64, &Proc)> = procs().filter_map(known).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
        let why = procs().find_map(|p| part(p)?.err().filter(|why| why.may_be_much()));
        let hidden = why.map(|why| without(sum.missing, &why, "the true number may be greater"));
        Some(Self {
            sum,
            all,
            text: Box::new(move |value| super::cells::number(world, unit, value).0),
            hidden: hidden.unwrap_or_default(),
        })
    }
}

/// ` Not told of 2 of them (…): the true number may be greater.`
fn without(n: usize, why: &dyn std::fmt::Display, so: &str) -> String {
    format!(" Not told of {n} of them ({why}): {so}.")
}

/// ` Now 12.3, the sum over its 3 members: 10.0 of 812 web, 2.1 of 813 web, 0.2 of 2 others.`
fn summed(world: &World, column: &Column, subject: &Subject<'_>, whole: &Whole) -> String {
    let Some(Parts {
        sum,
        all,
        text,
        hidden,
    }) = Parts::new(world, column, subject)
    else {
        return String::new();
    };
    let value = match sum.value {
        Ok(value) => value,
        Err(why) => return format!(" Missing here: {why}."),
    };
    let shown = if all.len() == PARTS + 1 {
        PARTS + 1
    } else {
        PARTS
    };
    let (first, others) = all.split_at(shown.min(all.len()));
    let part = |(value, p): &(f64, &Proc)| format!("{} of {}", text(*value), name(p));
    let mut told: Vec<String> = first.iter().map(part).collect();
    if !others.is_empty() {
        let rest = others.iter().map(|(value, _)| value).sum();
        told.push(format!("{} of {} others", text(rest), others.len()));
    }
    let of_all: f64 = all.iter().map(|(value, _)| value).sum();
    let bound = if of_all > value {
        " It is never told as more than the cores have."
    } else {
        ""
    };
    let (sign, now, over) = (sum.sign(), text(value), &whole.over);
    format!(
        " Now {sign}{now}, the sum over {over}: {}.{bound}{hidden}",
        told.join(", ")
    )
}

/// ` Now 90.0, the greatest of its 3 members: that of 812 web. It does not add up.`
fn greatest(world: &World, column: &Column, subject: &Subject<'_>, whole: &Whole) -> String {
    let Some(Parts {
        sum,
        all,
        text,
        hidden,
    }) = Parts::new(world, column, subject)
    else {
        return String::new();
    };
    match (sum.value, all.first()) {
        (Ok(value), Some((_, of))) => {
            let (sign, now, over) = (sum.sign(), text(value), &whole.over);
            let of = name(of);
            format!(
                " Now {sign}{now}, the greatest of {over}: that of {of}. It does not add up.{hidden}"
            )
        }
        (Err(why), _) => format!(" Missing here: {why}."),
        _ => String::new(),
    }
}

/// ` Now 22,80, of its 3 members together: 22 of 812 sshd, 80 of 813 web.`
fn union(world: &World, column: &Column, subject: &Subject<'_>, whole: &Whole) -> String {
    let Some(joined) = subject.joined(world, column) else {
        return String::new();
    };
    let text = match &joined.text {
        Ok(text) => format!("{text}{}", joined.sign()),
        Err(why) => return format!(" Missing here: {why}."),
    };
    let own = |p: &Proc| {
        column
            .text(&world.snapshot, p)
            .map(|text| (text.into_owned(), name(p)))
    };
    let all = || subject.all.iter().map(|p| own(p));
    let owners = all()
        .filter_map(Result::ok)
        .filter(|(text, _)| !text.is_empty());
    let mut told: Vec<String> = owners
        .map(|(text, name)| format!("{text} of {name}"))
        .collect();
    let more = told.len().saturating_sub(PARTS);
    told.truncate(PARTS);
    if more > 0 {
        told.push(format!("those of {more} others"));
    }
    let why = all().find_map(|own| own.err().filter(|why| why.may_be_much()));
    let hidden = why.map(|why| without(joined.missing, &why, "there may be more"));
    let hidden = hidden.unwrap_or_default();
    let over = &whole.over;
    if told.is_empty() {
        return format!(" None of {over} has any.{hidden}");
    }
    let told = told.join(", ");
    format!(" Now {text}, of {over} together: {told}.{hidden}")
}

/// What all members of a group have alike, or that they differ.
fn in_common(world: &World, column: &Column, subject: &Subject<'_>, whole: &Whole) -> String {
    let joined = subject.joined(world, column).map(|joined| joined.text);
    match joined {
        Some(Err(why)) => format!(" Missing here: {why}."),
        Some(Ok(text)) if !text.is_empty() && subject.all.len() == 1 => {
            format!(" Now {text}, of {}.", whole.over)
        }
        Some(Ok(text)) if !text.is_empty() => format!(" Now {text}, of each of {}.", whole.over),
        // None of them has one, as a daemon has no terminal.
        _ if subject
            .all
            .iter()
            .all(|p| column.text(&world.snapshot, p) == Ok(Cow::Borrowed(""))) =>
        {
            String::new()
        }
        _ => format!(" Blank here: it is not the same of {}.", whole.over),
    }
}

/// `812 web`.
fn name(proc: &Proc) -> String {
    format!("{} {}", proc.id.pid, called(proc))
}

/// The ticks of the kernel that a share of a core is made of, where those are known.
fn ticks(world: &World, column: &Column, proc: &Proc) -> Option<String> {
    let trace = &world.trace;
    let point = trace.until(world.snapshot.at).next_back()?;
    let (user, system, span) = point.ticks?;
    (trace.of() == Some(proc.id) && column.name == all::CPU.name).then(|| {
        format!(
            " = ({user} user + {system} system) ticks of {} ms / {:.2} s",
            1000 / world.snapshot.machine.ticks_per_second.max(1),
            span.seconds()
        )
    })
}
