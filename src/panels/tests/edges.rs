//! Tables hold their edges: over a hundred ticks in which every number changes its width, no column moves and no cell spills.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::stage::living;
use crate::app::App;
use crate::app::event::Event;
use crate::model::id::Bytes;
use crate::screen;
use crate::widgets::picture;

/// Heads of figures: they end where their column ends.
const FIGURES: [&str; 14] = [
    "PID", "CPU%", "MEM", "THR", "SHARE%", "MEAN", "LONGEST", "READ", "WRITTEN", "RESIDENT",
    "SWAPPED", "OOM", "IN", "OUT",
];

fn lines(app: &App, area: Rect) -> Vec<Vec<String>> {
    let mut buf = Buffer::empty(area);
    screen::render(app, area, &mut buf);
    let cell = |x, y| buf[(x, y)].symbol().to_owned();
    (0..area.height)
        .map(|y| (0..area.width).map(|x| cell(x, y)).collect())
        .collect()
}

/// The heads of the table with the most of them: its row, and each head with the cell in which it ends.
fn heads(lines: &[Vec<String>]) -> (usize, Vec<(String, usize)>) {
    let words = |line: &Vec<String>| -> Vec<(String, usize)> {
        let mut out: Vec<(String, usize)> = Vec::new();
        for (x, symbol) in line.iter().enumerate() {
            let goes_on = x > 0 && line[x - 1] != " ";
            match out.last_mut() {
                Some((word, end)) if goes_on && symbol != " " => {
                    word.push_str(symbol);
                    *end = x;
                }
                _ if symbol != " " => out.push((symbol.clone(), x)),
                _ => {}
            }
        }
        out.retain(|(word, _)| {
            word.chars()
                .all(|c| c.is_ascii_uppercase() || "%▼▲/s".contains(c))
        });
        out
    };
    let all = lines.iter().map(words).enumerate();
    all.max_by_key(|(_, words)| words.len()).expect("lines")
}

#[test]
fn no_column_moves_and_no_cell_spills_over_a_hundred_ticks() {
    for (keys, size) in [
        ("1 t", (120, 30)),
        ("1", (80, 24)),
        ("2", (120, 30)),
        ("3", (100, 24)),
        ("4", (100, 24)),
        ("5", (120, 24)),
    ] {
        let (mut app, mut scene) = living(picture::theme());
        let area = Rect::new(0, 0, size.0, size.1);
        screen::fit(&mut app, area);
        for key in keys.split(' ') {
            app.update(Event::Key(key.parse().expect(key)));
            screen::fit(&mut app, area);
        }
        let (row, wanted) = heads(&lines(&app, area));
        assert!(wanted.len() > 3, "{keys} at {size:?}: {wanted:?}");
        for tick in 0..100_u64 {
            let share = [0, 3, 99, 100][tick as usize % 4];
            scene.pass(1000, &[(2, share), (900, 100 - share), (1500, tick % 50)]);
            for (pid, unit) in [(2, 1_u64), (900, 1 << 10), (1500, 1 << 21)] {
                scene.of(pid).stat.resident = Bytes(unit * (tick * 977 % 1500 + 1));
                scene.of(pid).stat.threads = 1 + (tick % 3 * 55) as u32;
            }
            app.update(Event::Snapshot(Arc::new(scene.snapshot())));
            screen::fit(&mut app, area);
            let shown = lines(&app, area);
            let place = format!("{keys} at {size:?}, tick {tick}");
            let plain = |heads: &[(String, usize)]| -> Vec<(String, usize)> {
                let plain = |w: &str| w.trim_end_matches(['▼', '▲']).to_owned();
                heads.iter().map(|(w, end)| (plain(w), *end)).collect()
            };
            let (at, found) = heads(&shown);
            assert_eq!((at, plain(&found)), (row, plain(&wanted)), "{place}");
            for (head, end) in &wanted {
                let name = head.trim_end_matches(['▼', '▲']);
                if !FIGURES.contains(&name) {
                    continue;
                }
                // The mark of the order is the last cell of its head.
                let edge = *end;
                let below = shown[row + 1..].iter();
                let rows = below.take_while(|line| line[1] != "─" && line[edge] != "─");
                for line in rows.take(6) {
                    let text: String = line.concat();
                    assert!(
                        line[edge + 1] == " " || line[edge] == " ",
                        "{place}: {head} spills in {text}"
                    );
                }
            }
        }
    }
}
