//! The first lines of a view: an answer in each, made of facts. The facts that there is no room for are counted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::line::{self, Styled};

/// How many facts an answer has at most.
const FACTS: usize = 8;

/// One line.
#[derive(Debug)]
pub struct Answer {
    head: Vec<Styled>,
    facts: Vec<Vec<Styled>>,
    more: usize,
}

impl Answer {
    /// An answer to the question that `label` names.
    pub fn to(label: &str) -> Self {
        Self {
            head: vec![(format!("{label:<10} "), Role::Dim)],
            facts: Vec::new(),
            more: 0,
        }
    }

    /// Says what stands before every fact.
    pub fn say(&mut self, text: impl Into<String>, role: Role) {
        self.head.push((text.into(), role));
    }

    /// Adds facts, the most telling first.
    pub fn add(&mut self, facts: impl ExactSizeIterator<Item = Vec<Styled>>) {
        let all = facts.len();
        let room = FACTS.saturating_sub(self.facts.len());
        self.facts.extend(facts.take(room));
        self.more += all.saturating_sub(room);
    }

    /// The line at `cells`: facts in whole as long as there is room, then how many there are besides.
    fn parts(&self, cells: usize) -> Vec<Styled> {
        let mut out = self.head.clone();
        let mut left = self.facts.len() + self.more;
        for fact in &self.facts {
            let first = out.len() == 1;
            let gap = if first { "" } else { GAP };
            let taken = wide(&out) + gap.len() + wide(fact);
            // What is counted needs room as well, unless this is the first fact.
            let known = out.len() > self.head.len();
            let counter = format!("{GAP}+{left} more").len();
            let needs = taken + if known && left > 1 { counter } else { 0 };
            if needs > cells && !first {
                break;
            }
            out.push((gap.to_owned(), Role::Dim));
            out.extend_from_slice(fact);
            left -= 1;
        }
        let room = cells.saturating_sub(wide(&out));
        let counters = [format!("{GAP}+{left} more"), format!(" +{left}")];
        let counter = counters.into_iter().find(|text| text.len() <= room);
        out.extend(counter.filter(|_| left > 0).map(|text| (text, Role::Dim)));
        out
    }
}

/// What sets facts apart.
const GAP: &str = "   ";

fn wide(parts: &[Styled]) -> usize {
    parts.iter().map(|(text, _)| width(text)).sum()
}

/// Draws the answers below each other.
pub fn draw(world: &World, answers: &[Answer], area: Rect, buf: &mut Buffer) {
    for (answer, y) in answers.iter().zip(area.y..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        let parts = answer.parts(usize::from(at.width));
        line::draw(&world.theme, at, &parts, Modifier::empty(), buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: &Answer, cells: usize) -> String {
        let parts = answer.parts(cells);
        parts.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_fact_is_whole_or_counted() {
        let mut answer = Answer::to("ports");
        answer.say("3 listen", Role::Strong);
        let fact = |name: &str| vec![(name.to_owned(), Role::Text)];
        answer.add(["22 sshd", "53 named", "631 cupsd"].map(fact).into_iter());
        let whole = "ports      3 listen   22 sshd   53 named   631 cupsd";
        assert_eq!(text(&answer, whole.len()), whole);
        assert_eq!(
            text(&answer, whole.len() - 1),
            "ports      3 listen   22 sshd   53 named   +1 more"
        );
        assert_eq!(text(&answer, 40), "ports      3 listen   22 sshd   +2 more");
    }

    #[test]
    fn facts_without_a_head_follow_the_label_and_the_rest_is_counted() {
        let mut answer = Answer::to("most");
        answer.add((0..20).map(|n| vec![(format!("n{n}"), Role::Text)]));
        let text = text(&answer, 200);
        assert!(text.starts_with("most       n0   n1"), "{text}");
        assert!(text.ends_with("   n7   +12 more"), "{text}");
    }
}
