//! From typed text to conditions.

use super::gauge::{Gauge, Number, PRESSURES};
use super::{Alternative, Happening, How, Trigger};
use crate::model::acting::signal::Signal;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Bottleneck, THRESHOLDS};
use crate::model::process::filter::{Compare, Filter, Note, parts};
use crate::model::span;

/// What one word says.
enum Said {
    Gauge(Gauge),
    Happening(Happening),
    How(How),
    /// Something about a process: the filter knows.
    Filter,
}

pub(super) fn parse(text: &str) -> Trigger {
    let mut trigger = Trigger {
        text: text.to_owned(),
        ..Trigger::default()
    };
    let tokens = parts(text);
    let bar = |at: &std::ops::Range<usize>| &text[at.clone()] == "|";
    for group in tokens.split(bar) {
        if let Some(one) = alternative(text, group, &mut trigger) {
            trigger.alternatives.push(one);
        }
    }
    trigger
}

fn alternative(
    text: &str,
    tokens: &[std::ops::Range<usize>],
    trigger: &mut Trigger,
) -> Option<Alternative> {
    let mut one = Alternative::default();
    let mut hows = Vec::new();
    let mut ended = false;
    let mut filter = String::new();
    let mut said = String::new();
    let mut rest = tokens.iter();
    while let Some(at) = rest.next() {
        let token = &text[at.clone()];
        let note = |why: String| Note {
            at: at.clone(),
            why,
        };
        let word_of_time = token.to_lowercase();
        if let "for" | "before" | "after" = word_of_time.as_str() {
            match rest
                .next()
                .map(|at| (at, span::parse_any(&text[at.clone()])))
            {
                Some((at, Ok(span))) => match word_of_time.as_str() {
                    "before" => trigger.before = Some(span),
                    "after" => trigger.after = Some(span),
                    _ => {
                        one.hold = span;
                        said = format!("{said} for {}", &text[at.clone()]);
                    }
                },
                Some((at, Err(why))) => trigger.notes.push(Note {
                    at: at.clone(),
                    why,
                }),
                None => trigger.notes.push(note(format!(
                    "{word_of_time} how long? as in {word_of_time} 3s"
                ))),
            }
            continue;
        }
        match word(token) {
            Ok(Said::Gauge(gauge)) => one.gauges.push(gauge),
            Ok(Said::How(how)) => hows.push(how),
            Ok(Said::Happening(Happening::Ended(_))) => ended = true,
            Ok(Said::Happening(_)) if one.happening.is_some() => {
                trigger.notes.push(note(
                    "one thing can happen at a time: part them by |".to_owned(),
                ));
                continue;
            }
            Ok(Said::Happening(happening)) => one.happening = Some(happening),
            Ok(Said::Filter) => {
                let found = Filter::parse(token);
                if let Some(why) = found.notes().first() {
                    trigger.notes.push(note(why.why.clone()));
                    continue;
                }
                filter = format!("{filter} {token}");
            }
            Err(why) => {
                trigger.notes.push(note(why));
                continue;
            }
        }
        said = format!("{said} {token}");
    }
    // How it ended says that it ended.
    if ended || !hows.is_empty() {
        if one.happening.is_some() {
            let at = tokens.first()?.start..tokens.last()?.end;
            let why = "one thing can happen at a time: part them by |".to_owned();
            trigger.notes.push(Note { at, why });
        } else {
            one.happening = Some(Happening::Ended(hows));
        }
    }
    if one.happening.is_some() && one.hold > Nanos(0) {
        let at = tokens.first()?.start..tokens.last()?.end;
        let why = "what happens at a moment has no duration: 'for' is left out".to_owned();
        trigger.notes.push(Note { at, why });
        one.hold = Nanos(0);
    }
    one.filter = Filter::parse(filter.trim());
    said.trim().clone_into(&mut one.text);
    let says = !one.gauges.is_empty() || one.happening.is_some() || !one.filter.is_empty();
    says.then_some(one)
}

fn word(token: &str) -> Result<Said, String> {
    let end = token.find([':', '=', '<', '>']).unwrap_or(token.len());
    let (key, rest) = (token[..end].to_lowercase(), &token[end..]);
    let (compare, value) = Compare::split(rest);
    let bare = rest.is_empty();
    let number =
        |unit: &[(&str, f64)], how: &str| amount(value, unit).ok_or_else(|| how.to_owned());
    let gauge = |of| {
        let want = number(&[("k", 1e3), ("m", 1e6), ("%", 1.0)], "it wants a number")?;
        Ok(Said::Gauge(Gauge::Number(of, compare, want)))
    };
    match key.as_str() {
        "oom" if bare => Ok(Said::Gauge(Gauge::Oom)),
        "verdict" if bare => Ok(Said::Gauge(Gauge::Verdict(None))),
        "verdict" => verdict(value).map(|of| Said::Gauge(Gauge::Verdict(Some(of)))),
        "pressure" => pressure(value),
        "switches" if !bare => gauge(Number::Switches),
        "forks" if !bare => gauge(Number::Forks),
        "load" if !bare => gauge(Number::Load),
        "used" if !bare => gauge(Number::Used),
        "new" if bare => Ok(Said::Happening(Happening::New)),
        "ended" if bare => Ok(Said::Happening(Happening::Ended(Vec::new()))),
        "dumped" if bare => Ok(Said::How(How::Dumped)),
        "signal" if value.eq_ignore_ascii_case("any") => Ok(Said::How(How::Signal(None))),
        "signal" if !bare => value
            .parse::<Signal>()
            .map(|signal| Said::How(How::Signal(Some(signal))))
            .map_err(|_| "a signal is a name or a number: SEGV, 11, any".to_owned()),
        "code" if !bare => {
            let want = number(&[], "a code is a number from 0 to 255")?;
            Ok(Said::How(How::Code(compare, want)))
        }
        "slice" | "waited" if !bare => {
            let span = span::parse_any(value)?;
            Ok(Said::Happening(if key == "slice" {
                Happening::Slice(compare, span)
            } else {
                Happening::Waited(compare, span)
            }))
        }
        _ => Ok(Said::Filter),
    }
}

/// `memory>30`: of which resource, and how much.
fn pressure(value: &str) -> Result<Said, String> {
    let how = || "it goes pressure:cpu>20, pressure:memory>5 or pressure:io>10".to_owned();
    let end = value.find(['=', '<', '>']).ok_or_else(how)?;
    let (compare, limit) = Compare::split(&value[end..]);
    let name = value[..end].to_lowercase();
    let which = PRESSURES.iter().position(|known| *known == name);
    let limit = amount(limit, &[("%", 1.0)]).ok_or_else(how)?;
    let number = Number::Pressure(which.ok_or_else(how)?);
    Ok(Said::Gauge(Gauge::Number(number, compare, limit)))
}

fn verdict(value: &str) -> Result<Bottleneck, String> {
    let value = value.to_lowercase();
    let word = |of: Bottleneck| match of {
        Bottleneck::Cpu => "cpu",
        Bottleneck::Memory => "memory",
        Bottleneck::Io => "io",
        Bottleneck::Steal => "steal",
        Bottleneck::Full => "full",
    };
    let mut known = THRESHOLDS.iter().map(|(of, ..)| *of);
    known
        .find(|of| word(*of) == value)
        .ok_or_else(|| "a verdict is one of cpu, memory, io, steal, full".to_owned())
}

fn amount(value: &str, suffixes: &[(&str, f64)]) -> Option<f64> {
    let value = value.to_lowercase();
    let mut suffixes = suffixes.iter();
    let found = suffixes.find_map(|(suffix, by)| Some((value.strip_suffix(suffix)?, *by)));
    let (number, by) = found.unwrap_or((&value, 1.0));
    let number = number.parse::<f64>().ok().filter(|n| n.is_finite())?;
    Some(number * by)
}
