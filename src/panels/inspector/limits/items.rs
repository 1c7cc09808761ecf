//! The rows of the tab: sections, limits with a bar, facts.

use std::fmt::Write as _;

use ratatui::text::{Line, Span};

use crate::model::format::{bytes, count, duration};
use crate::model::id::{Bytes, Uid};
use crate::model::process::isolation::group::{Group, GroupCpu, Usage};
use crate::model::process::isolation::limit::Limit;
use crate::model::process::isolation::{Isolation, Namespace};
use crate::model::reading::Reading;
use crate::model::text::{pad, width};
use crate::theme::{Role, Theme};
use crate::widgets::table::Column;

/// One column, into which every row is laid out by itself.
pub const COLUMNS: &[Column] = &[Column::left("", 1, 0).growing()];

/// Cells of a name.
const NAME: usize = 20;
/// Cells of an amount.
const AMOUNT: usize = 9;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub name: String,
    pub value: String,
    pub role: Role,
    /// Used, soft and hard, and the share in use.
    pub amounts: Option<([String; 3], Option<f64>)>,
    pub section: bool,
}

impl Item {
    fn section(name: &str, value: String) -> Self {
        Self {
            name: name.to_owned(),
            value,
            role: Role::Dim,
            amounts: None,
            section: true,
        }
    }

    fn fact(name: &str, value: impl Into<String>, role: Role) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
            role,
            amounts: None,
            section: false,
        }
    }

    /// The row as plain text, for search and copy.
    pub fn text(&self) -> String {
        let mut text = self.name.clone();
        if let Some((amounts, _)) = &self.amounts {
            let [used, soft, _] = amounts;
            let _ = write!(text, ": {used} of {soft}");
        }
        if !self.value.is_empty() {
            text.push_str(": ");
            text.push_str(&self.value);
        }
        text
    }

    /// The row as it is drawn.
    pub fn line(&self, theme: &Theme, wide: u16) -> Line<'static> {
        let span = |text: String, role: Role| Span::styled(text, theme.style(role));
        if self.section {
            return Line::from(vec![
                span(format!("{}  ", self.name), Role::Title),
                span(self.value.clone(), Role::Dim),
            ]);
        }
        let mut spans = vec![span(format!(" {} ", pad(&self.name, NAME)), Role::Dim)];
        let Some(([used, soft, hard], share)) = &self.amounts else {
            spans.push(span(self.value.clone(), self.role));
            return Line::from(spans);
        };
        let near = role_of(*share);
        let roles = [
            if used == "–" { Role::Dim } else { near },
            Role::Text,
            Role::Dim,
        ];
        for (text, role) in [used, soft, hard].into_iter().zip(roles) {
            let fill = AMOUNT.saturating_sub(width(text));
            spans.push(span(format!("{}{text} ", " ".repeat(fill)), role));
        }
        let room = usize::from(wide).saturating_sub(NAME + 3 * AMOUNT + 8);
        if let Some(share) = share
            && room >= 4
        {
            let cells = room.min(20);
            let (full, empty) = if theme.glyphs.ascii {
                ("#", ".")
            } else {
                ("▰", "▱")
            };
            let filled = ((share * cells as f64).round() as usize).min(cells);
            spans.push(span(format!(" {}", full.repeat(filled)), near));
            spans.push(span(empty.repeat(cells - filled), Role::Faint));
        }
        if !self.value.is_empty() {
            spans.push(span(format!("  {}", self.value), Role::Dim));
        }
        Line::from(spans)
    }
}

/// How near a limit is.
fn role_of(share: Option<f64>) -> Role {
    match share {
        Some(s) if s >= 0.9 => Role::Bad,
        Some(s) if s >= 0.7 => Role::Warn,
        _ => Role::Text,
    }
}

/// All rows, in sections.
pub fn all(isolation: &Isolation) -> Vec<Item> {
    let mut items = Vec::new();
    limits(&isolation.limits, &mut items);
    group(&isolation.group, &mut items);
    namespaces(isolation, &mut items);
    rights(isolation, &mut items);
    rest(isolation, &mut items);
    items
}

fn missing<T>(reading: &Reading<T>) -> String {
    reading
        .as_ref()
        .err()
        .map_or(String::new(), |m| format!("– {m}"))
}

fn limits(limits: &Reading<Vec<Limit>>, items: &mut Vec<Item>) {
    let titles = if limits.is_ok() {
        let fill = (NAME + 2).saturating_sub("LIMITS  ".len());
        format!(
            "{}{:>AMOUNT$} {:>AMOUNT$} {:>AMOUNT$}",
            " ".repeat(fill),
            "used",
            "soft",
            "hard"
        )
    } else {
        missing(limits)
    };
    items.push(Item::section("LIMITS", titles));
    for limit in limits.iter().flatten() {
        let amount = |n: Option<u64>| n.map_or("no limit".to_owned(), |n| limit.resource.amount(n));
        let used = limit
            .used
            .map_or("–".to_owned(), |n| limit.resource.amount(n));
        items.push(Item {
            amounts: Some((
                [used, amount(limit.soft), amount(limit.hard)],
                limit.share(),
            )),
            ..Item::fact(limit.resource.words(), "", Role::Text)
        });
    }
}

fn group(group: &Reading<Group>, items: &mut Vec<Item>) {
    let Ok(group) = group else {
        items.push(Item::section("CONTROL GROUP", missing(group)));
        return;
    };
    items.push(Item::section(
        "CONTROL GROUP",
        group.layout.word().to_owned(),
    ));
    let path = group.path().map_or("–".to_owned(), |path| path.to_string());
    items.push(Item::fact("path", path, Role::Text));
    let mut usage = |name: &str, usage: &Option<Usage>, amount: fn(u64) -> String| {
        // The top of a hierarchy has no such files.
        let told = |u: &&Usage| u.used.is_some() || u.limit.is_some();
        let Some(usage) = usage.as_ref().filter(told) else {
            return;
        };
        items.push(Item {
            amounts: Some((
                [
                    usage.used.map_or("–".to_owned(), amount),
                    usage.limit.map_or("no limit".to_owned(), amount),
                    String::new(),
                ],
                usage.share(),
            )),
            ..Item::fact(name, group.whose(usage, amount), Role::Text)
        });
    };
    usage("memory", &group.memory, |n| bytes(Bytes(n)));
    usage("swap", &group.swap, |n| bytes(Bytes(n)));
    usage("tasks", &group.tasks, count);
    if let Some(cpu) = &group.cpu {
        items.push(cores(cpu));
    }
    if let Some(kills) = group.oom_kills.filter(|n| *n > 0) {
        let text = format!("{kills} ended for want of memory");
        items.push(Item::fact("out of memory", text, Role::Bad));
    }
    pressures(group, items);
    for m in &group.memberships {
        if group.memberships.len() > 1 && m.path.as_str() != "/" {
            let name = match m.controllers.as_str() {
                "" => "in v2".to_owned(),
                controllers => format!("in {controllers}"),
            };
            items.push(Item::fact(&name, m.readable().to_string(), Role::Dim));
        }
    }
}

fn cores(cpu: &GroupCpu) -> Item {
    let Some(cores) = cpu.cores else {
        return Item::fact("cores", "no limit", Role::Text);
    };
    let share = if cpu.periods > 0 {
        cpu.throttled as f64 * 100.0 / cpu.periods as f64
    } else {
        0.0
    };
    let by = cpu
        .set_by
        .as_ref()
        .map_or(String::new(), |b| format!(" (set by {b})"));
    let above = cpu
        .above_words()
        .map_or(String::new(), |w| format!("; {w}"));
    let text = format!(
        "at most {cores:.2}{by}; throttled in {share:.0}% of {} periods, {} in all{above}",
        count(cpu.periods),
        duration(cpu.throttled_time)
    );
    let role = if share >= 1.0 || cpu.above.is_some() {
        Role::Warn
    } else {
        Role::Text
    };
    Item::fact("cores", text, role)
}

fn pressures(group: &Group, items: &mut Vec<Item>) {
    let named = ["cpu", "memory", "io"].iter().zip(&group.pressure);
    let told: Vec<String> = named
        .filter_map(|(name, p)| Some(format!("{name} {:.0}%", (*p)?.some_10)))
        .collect();
    if !told.is_empty() {
        let high = group.pressure.iter().flatten().any(|p| p.some_10 >= 10.0);
        let role = if high { Role::Warn } else { Role::Text };
        let text = format!("{} of the last 10 s some task waited", told.join(", "));
        items.push(Item::fact("pressure", text, role));
    }
}

fn namespaces(isolation: &Isolation, items: &mut Vec<Item>) {
    let all = &isolation.namespaces;
    let apart = all.iter().filter(|n| n.ours == Ok(false)).count();
    let denied = all.iter().find_map(|n| {
        n.id.err()
            .filter(|m| *m != crate::model::reading::Missing::Gone)
    });
    let title = match (apart, denied) {
        (0, None) => "all are those of pscope".to_owned(),
        (0, Some(why)) => format!("– {why}"),
        (n, _) => format!("{n} of {} differ from those of pscope", all.len()),
    };
    items.push(Item::section("NAMESPACES", title));
    for namespace in all {
        items.extend(one(namespace));
    }
    if let [_, .., inner] = isolation.numbers.as_slice() {
        items.push(Item::fact("pid inside", inner.to_string(), Role::Text));
    }
}

fn one(namespace: &Namespace) -> Option<Item> {
    let id = namespace.id.ok()?;
    let (words, role) = match namespace.ours {
        Ok(false) => (format!("its own {}", namespace.about), Role::Accent),
        Ok(true) => (format!("ours · {}", namespace.about), Role::Dim),
        Err(_) => (namespace.about.to_owned(), Role::Dim),
    };
    Some(Item::fact(namespace.kind, format!("{id}  {words}"), role))
}

fn rights(isolation: &Isolation, items: &mut Vec<Item>) {
    let rights = &isolation.rights;
    let apart = isolation.is_apart("user");
    items.push(Item::section("RIGHTS", missing(rights)));
    let Ok(rights) = rights else { return };
    let [real, effective, saved] = rights.users;
    let users = if real == effective && effective == saved {
        real.to_string()
    } else {
        format!("real {real}, effective {effective}, saved {saved}")
    };
    let differ = real != effective || effective != saved;
    items.push(Item::fact(
        "user",
        users,
        if differ { Role::Warn } else { Role::Text },
    ));
    let last = rights.last;
    for (name, set) in [
        ("capabilities", rights.effective),
        ("permitted", rights.permitted),
        ("bounding", rights.bounding),
        ("ambient", rights.ambient),
    ] {
        let words = set.words_in(last, apart);
        let role = match (name, words.as_str()) {
            (_, "none") => Role::Dim,
            ("capabilities", _) => Role::Warn,
            _ => Role::Text,
        };
        items.push(Item::fact(name, words, role));
    }
    let nnp = if rights.no_new_privileges {
        "yes"
    } else {
        "no"
    };
    items.push(Item::fact("no new privileges", nnp, Role::Text));
    items.push(Item::fact("seccomp", rights.seccomp.words(), Role::Text));
}

fn rest(isolation: &Isolation, items: &mut Vec<Item>) {
    let mut fact = |name: &str, value: Reading<String>| match value {
        Ok(value) => items.push(Item::fact(name, value, Role::Text)),
        Err(why) => items.push(Item::fact(name, format!("– {why}"), Role::Dim)),
    };
    let label = isolation.label.as_ref().map_err(|m| *m);
    fact(
        "security label",
        label.map(|l| l.as_ref().map_or("none".to_owned(), ToString::to_string)),
    );
    let login = |l: Option<Uid>| l.map_or("nobody: a service".to_owned(), |u| format!("user {u}"));
    fact("logged in as", isolation.login.map(login));
    let adjustment = isolation.oom_adjustment;
    let oom = isolation.oom_score.map(|score| match adjustment {
        Ok(0) | Err(_) => score.to_string(),
        Ok(-1000) => "never ended when memory runs out (-1000)".to_owned(),
        Ok(by) => format!("{score}, adjusted by {by:+}"),
    });
    fact("OOM score", oom);
}
