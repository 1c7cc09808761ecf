//! What the words and numbers of a pane mean, and why a `–` stands where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::hints;
use super::scroll::{self, Scroll};
use crate::app::button::Button;
use crate::app::key::{Code, Key, Mouse};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::{pad, width, wrap};
use crate::theme::Role;
use crate::widgets::{line, popup};

static SPEC: Spec = Spec {
    name: "explain",
    title: "Explanation",
    about: "What the words and numbers of a pane mean.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

/// The explanation of the pane that had the keyboard.
#[derive(Default)]
pub struct Explain {
    scroll: Scroll,
    lines: Vec<Vec<(String, Role)>>,
}

const WIDTH: u16 = 84;

impl Panel for Explain {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        let width = popup::content(popup::area(screen, WIDTH, 1)).width as usize;
        self.lines = lines(world, width);
        let content = popup::content(popup::area(screen, WIDTH, self.lines.len() as u16));
        self.scroll
            .fit(self.lines.len(), usize::from(content.height));
        Reply::Pass
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Char('k') => self.scroll.by(-1),
            Code::Char('j') => self.scroll.by(1),
            Code::Char(' ') => self.scroll.page(1),
            Code::Char('g') => self.scroll.home(),
            Code::Char('G') => self.scroll.end(),
            Code::Esc | Code::Enter | Code::Char('x' | 'q') => {
                self.scroll.home();
                return Reply::Close;
            }
            _ if self.scroll.key(key) => {}
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.scroll.mouse(mouse)
    }

    fn buttons(&self, world: &World, screen: Rect) -> Vec<Button> {
        let outer = popup::area(screen, WIDTH, self.lines.len() as u16);
        hints::status(outer, world.explanation.title, &self.scroll.status())
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let outer = popup::area(screen, WIDTH, self.lines.len() as u16);
        let area = popup::draw(
            &world.theme,
            outer,
            world.explanation.title,
            &self.scroll.status(),
            buf,
        );
        for (i, parts) in self.lines[self.scroll.shown()].iter().enumerate() {
            let row = scroll::row(area, i);
            line::draw(&world.theme, row, parts, Modifier::empty(), buf);
        }
    }
}

/// The pane's sentence, then each word beside its meaning, wrapped to the width.
fn lines(world: &World, cells: usize) -> Vec<Vec<(String, Role)>> {
    let explanation = &world.explanation;
    let about = wrap(explanation.about, cells)
        .into_iter()
        .map(|l| vec![(l, Role::Text)]);
    let mut out: Vec<_> = about.collect();
    out.push(Vec::new());
    let widest = explanation
        .lines
        .iter()
        .map(|(word, _)| width(word))
        .max()
        .unwrap_or(0);
    let indent = widest.min(cells / 3) + 2;
    for (word, means) in &explanation.lines {
        let mut word = pad(word, indent.saturating_sub(2));
        for part in wrap(means, cells.saturating_sub(indent)) {
            out.push(vec![(format!("{word}  "), Role::Strong), (part, Role::Dim)]);
            word = " ".repeat(indent.saturating_sub(2));
        }
    }
    if explanation.lines.is_empty() {
        out.push(vec![("Press ? for the keys.".to_owned(), Role::Dim)]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::world::{Explanation, Settings};
    use crate::theme::{Depth, Theme};

    #[test]
    fn wraps_and_never_spills() {
        let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
        world.explanation = Explanation {
            title: "Processes",
            about: "Every process of the machine.",
            lines: vec![("CPU%".to_owned(), "Share of one core over the last interval, in percent; – where no two samples are known yet.".to_owned())],
        };
        let mut explain = Explain::default();
        for (width, height) in [(1, 1), (30, 6), (60, 15), (160, 48)] {
            let screen = Rect::new(0, 0, width, height);
            explain.fit(&world, screen);
            let mut buf = Buffer::empty(screen);
            explain.render(&world, screen, &mut buf);
        }
        let text: Vec<String> = lines(&world, 40)
            .iter()
            .map(|l| l.iter().map(|p| p.0.as_str()).collect())
            .collect();
        assert_eq!(text[2], "CPU%  Share of one core over the last");
        assert!(
            text[3..]
                .iter()
                .all(|l| l.starts_with("      ") && width(l) <= 40),
            "{text:?}"
        );
    }
}
