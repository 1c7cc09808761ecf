//! What the scheduler allows one process, and what it got by the kernel's own count.

use crate::model::format;
use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::schedule::{Schedule, policy_words};
use crate::panels::dashboard::lanes::picture::rounded;
use crate::panels::dashboard::lanes::summary::SumLine;
use crate::theme::Role;

fn fact(label: &str, words: Vec<(String, Role)>) -> SumLine {
    SumLine {
        label: label.to_owned(),
        words,
        ..SumLine::default()
    }
}

fn known<T>(value: &Reading<T>, write: impl Fn(&T) -> String) -> (String, Role) {
    match value {
        Ok(value) => (write(value), Role::Text),
        Err(why) => (format!("– {}", why.word()), Role::Dim),
    }
}

/// The lines, what is allowed first.
pub fn lines(s: &Schedule) -> Vec<SumLine> {
    let priority = if s.rt_priority > 0 {
        format!(", priority {}", s.rt_priority)
    } else {
        format!(", nice {}", s.nice)
    };
    let of = if s.counters.threads > 1 {
        ", its first thread"
    } else {
        ""
    };
    let when = if s.asleep { " when it last ran" } else { "" };
    let mut out = vec![
        fact(
            "policy",
            vec![(
                format!("{}{priority}", policy_words(s.policy)),
                Role::Strong,
            )],
        ),
        fact(
            "may run on",
            vec![
                ("cores ".to_owned(), Role::Dim),
                known(&s.cores, ToString::to_string),
            ],
        ),
        fact("slice wanted", vec![known(&s.slice, |n| rounded(*n))]),
        fact(
            "virtual time",
            vec![known(&s.vruntime_ms, |ms| format!("{ms:.1} ms"))],
        ),
        fact("lag", vec![lag(&s.lag_ms)]),
        fact("weight", vec![known(&s.weight, |w| format!("{w:.0}"))]),
        fact(
            "utilisation",
            vec![known(&s.utilisation, |p| {
                format!("{p:.0}% of a core{of}{when}")
            })],
        ),
        throttled(s),
        SumLine::default(),
    ];
    out.extend(rates(s));
    out
}

/// How far it is behind its share; Linux 6.18 prints it nowhere but in debugfs.
fn lag(lag: &Reading<f64>) -> (String, Role) {
    match lag {
        Err(Missing::Unsupported) => ("– this kernel does not print it".to_owned(), Role::Dim),
        lag => known(lag, |ms| format!("{ms:.3} ms")),
    }
}

fn throttled(s: &Schedule) -> SumLine {
    let words = match &s.throttling {
        Ok(t) if t.throttled == 0 => vec![
            ("no".to_owned(), Role::Text),
            (format!("  group {}", t.group), Role::Dim),
        ],
        Ok(t) => vec![
            (
                format!("{} of {} periods", t.throttled, t.periods),
                Role::Warn,
            ),
            (
                format!("  {} in all, group {}", format::duration(t.time), t.group),
                Role::Dim,
            ),
        ],
        Err(why) => vec![(format!("– {}", why.word()), Role::Dim)],
    };
    fact("throttled", words)
}

/// What it got: of the last second where two readings are there, and since it started.
fn rates(s: &Schedule) -> Vec<SumLine> {
    let c = &s.counters;
    let plural = if c.threads == 1 { "thread" } else { "threads" };
    let mut out = vec![SumLine {
        title: true,
        ..fact(
            "by the kernel",
            vec![(format!("{} {plural}, a second", c.threads), Role::Dim)],
        )
    }];
    let mut push = |label: &str, now: Option<String>, all: String, role: Role| {
        let now = now.map_or(("–".to_owned(), Role::Dim), |text| (text, role));
        out.push(fact(
            label,
            vec![now, (format!("  {all} in all"), Role::Dim)],
        ));
    };
    let rates = s.rates.ok();
    let span = |ns: f64| rounded(Nanos(ns as u64));
    let hurts = rates.is_some_and(|r| r.wait > r.run / 5.0 && r.wait > 1e7);
    let wait = if hurts { Role::Warn } else { Role::Strong };
    push(
        "on a core",
        rates.map(|r| span(r.run)),
        format::duration(c.run),
        Role::Strong,
    );
    push(
        "waiting",
        rates.map(|r| span(r.wait)),
        format::duration(c.wait),
        wait,
    );
    push(
        "slices",
        rates.map(|r| format::per_second(r.slices)),
        format::count(c.slices),
        Role::Text,
    );
    push(
        "preempted",
        rates.map(|r| format::per_second(r.involuntary)),
        format::count(c.involuntary),
        Role::Text,
    );
    push(
        "yielded",
        rates.map(|r| format::per_second(r.voluntary)),
        format::count(c.voluntary),
        Role::Text,
    );
    if let Some(moves) = c.migrations {
        let rate = rates.and_then(|r| r.migrations).map(format::per_second);
        push("moved core", rate, format::count(moves), Role::Text);
        if c.threads > 1
            && let Some(line) = out.last_mut()
        {
            line.words
                .push((", its first thread".to_owned(), Role::Dim));
        }
    }
    out
}
