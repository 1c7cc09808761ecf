use std::sync::Arc;

use super::*;
use crate::model::id::Tid;
use crate::model::scheduling::timeline::{Slice, Who};
use crate::theme::Depth;

fn cell(pid: u32, busy: f32) -> Cell {
    Cell {
        fill: Fill::Known,
        who: (pid > 0).then(|| {
            Arc::new(Who {
                id: ProcId::new(pid, 1),
                tid: Tid(pid),
                name: format!("job{pid}").into(),
            })
        }),
        slice: None,
        run: Nanos((busy * 1e6) as u64),
        slices: 1,
        preempted: 1,
        busy,
        focus: if pid == 7 { busy } else { 0.0 },
        others: Some(0.0),
    }
}

fn drawn(cells: &[Cell], focus: Option<u32>, theme: &Theme, rows: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, cells.len() as u16, rows));
    let look = Look::new(theme, focus.map(|pid| ProcId::new(pid, 1)));
    draw(look, buf.area, cells, &mut buf);
    buf
}

fn row(buf: &Buffer, y: u16) -> String {
    let cells = (0..buf.area.width).map(|x| buf[(x, y)].symbol());
    cells.collect()
}

fn scene() -> Vec<Cell> {
    let mut cells = vec![cell(0, 0.0), cell(0, 0.0), cell(3, 0.3)];
    cells.extend(std::iter::repeat_n(cell(7, 1.0), 8));
    cells.push(cell(9, 0.6));
    cells.push(Cell {
        fill: Fill::Gap(Blind::Lost),
        ..Cell::default()
    });
    cells.push(Cell::default());
    cells
}

#[test]
fn heights_names_gaps_and_idle() {
    let theme = Theme::terminal(Depth::True, false);
    let buf = drawn(&scene(), None, &theme, 2);
    assert_eq!(row(&buf, 0), "··▃ job7   ▅╱ ");
    assert_eq!(
        row(&buf, 1).trim(),
        "",
        "of several slices no length is told"
    );
    let color = theme.process(ProcId::new(7, 1));
    assert_eq!(buf[(4, 0)].bg, color);
    assert_eq!(buf[(2, 0)].fg, theme.process(ProcId::new(3, 1)));
}

#[test]
fn two_rows_hold_the_name_the_length_and_finer_heights() {
    let theme = Theme::terminal(Depth::True, false);
    let mut cells = scene();
    let run = &mut cells[3..11];
    for cell in run.iter_mut() {
        (cell.slices, cell.preempted) = (0, 0);
    }
    (run[7].slices, run[7].preempted) = (1, 1);
    let buf = drawn(&cells, None, &theme, 3);
    assert_eq!(row(&buf, 0), "    job7   ▂╱ ");
    assert_eq!(row(&buf, 1), "··▅ 8.0ms  █╱ ");
    assert_eq!(row(&buf, 2), "          ┘   ");
    let color = theme.process(ProcId::new(7, 1));
    assert_eq!((buf[(4, 0)].bg, buf[(4, 1)].bg), (color, color));
}

#[test]
fn every_slice_that_is_seen_as_one_has_its_name_its_length_and_its_end() {
    let theme = Theme::terminal(Depth::True, false);
    let slice = |start: u64, end: u64, ended| {
        let of = Slice {
            start: Nanos::from_millis(start),
            end: Nanos::from_millis(end),
            ended,
        };
        // Its end is counted in a cell of whoever came next.
        let cell = Cell {
            slice: Some(of),
            slices: 0,
            preempted: 0,
            ..cell(7, 1.0)
        };
        std::iter::repeat_n(cell, (end - start) as usize)
    };
    let mut cells: Vec<_> = slice(0, 12, Ended::Preempted).collect();
    cells.extend(slice(12, 19, Ended::Yielded));
    let buf = drawn(&cells, None, &theme, 3);
    assert_eq!(row(&buf, 0), " job7        job7  ");
    assert_eq!(row(&buf, 1), " 12.0ms      7.0ms ");
    assert_eq!(row(&buf, 2), "  preempted┘       ");
}

#[test]
fn without_colour_runs_are_blocks_and_names_are_cut_out() {
    let theme = Theme::terminal(Depth::Mono, true);
    let buf = drawn(&scene(), None, &theme, 1);
    assert_eq!(row(&buf, 0), "...#job7##|-/ ");
    let theme = Theme::terminal(Depth::Mono, false);
    let buf = drawn(&scene(), None, &theme, 1);
    assert_eq!(row(&buf, 0), "··▃█job7██▊▅╱ ");
}

#[test]
fn what_interrupts_and_the_hypervisor_took_hangs_below() {
    let theme = Theme::terminal(Depth::True, false);
    let share = |irq, softirq, steal| {
        Some(CoreShare {
            irq,
            softirq,
            steal,
            ..CoreShare::default()
        })
    };
    let shares = [
        None,
        share(1.0, 0.5, 0.0),
        share(1.0, 1.5, 0.0),
        share(3.0, 0.0, 25.0),
    ];
    let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
    taken(&theme, buf.area, &shares, &mut buf);
    assert_eq!(row(&buf, 0), "  ▔▀");
    assert_eq!(
        buf[(2, 0)].fg,
        theme.style(Role::CpuIrq).fg.expect("a colour")
    );
    assert_eq!(
        buf[(3, 0)].fg,
        theme.style(Role::CpuSteal).fg.expect("a colour")
    );
    taken(
        &Theme::terminal(Depth::Mono, true),
        buf.area,
        &shares,
        &mut buf,
    );
    assert_eq!(row(&buf, 0), "  \"^");
}

#[test]
fn what_others_had_stands_above_and_is_never_idle() {
    let with = |pid, busy, others| Cell {
        others,
        ..cell(pid, busy)
    };
    let cells = [
        with(3, 0.4, Some(0.6)),
        with(3, 0.4, Some(0.1)),
        with(0, 0.0, Some(1.0)),
        with(0, 0.0, Some(0.3)),
        with(0, 0.0, Some(0.0)),
        with(0, 0.0, None),
    ];
    let theme = coloured();
    let buf = drawn(&cells, None, &theme, 1);
    assert_eq!(row(&buf, 0), "▄▄░▃· ");
    let faint = theme.style(Role::Faint).fg.expect("a colour");
    assert_eq!(buf[(0, 0)].bg, faint);
    assert_eq!(Some(buf[(1, 0)].bg), theme.style(Role::Text).bg);
    assert_eq!((buf[(2, 0)].fg, buf[(3, 0)].fg), (faint, faint));
    // Two rows: the upper one is theirs.
    let buf = drawn(&cells, None, &theme, 3);
    assert_eq!(row(&buf, 0), "░ ░   ");
    assert_eq!(row(&buf, 1), "▇▇░▅· ");
    // Without colour one picture is both.
    let buf = drawn(&cells, None, &Theme::terminal(Depth::Mono, true), 1);
    let ascii = row(&buf, 0);
    assert!(ascii.starts_with('#') && ascii[2..3] == *":", "{ascii}");
}

#[test]
fn the_rest_of_a_cell_of_the_focus_is_not_idle() {
    let theme = coloured();
    let mut half = cell(7, 1.0);
    half.focus = 0.5;
    let buf = drawn(&[half, cell(9, 0.5)], Some(7), &theme, 1);
    assert_eq!(row(&buf, 0), "▄▄");
    let faint = theme.style(Role::Faint).fg.expect("a colour");
    assert_eq!(
        (buf[(0, 0)].fg, buf[(0, 0)].bg),
        (theme.process(ProcId::new(7, 1)), faint)
    );
    assert_eq!(buf[(1, 0)].fg, faint);
}

fn coloured() -> Theme {
    let palette = crate::theme::builtin("dark").expect("a theme");
    Theme::new(&palette, Depth::True, false)
}

#[test]
fn an_offline_core_is_no_loss() {
    let theme = Theme::terminal(Depth::True, false);
    let gone = Cell {
        fill: Fill::Gap(Blind::Offline),
        ..Cell::default()
    };
    let buf = drawn(&[gone.clone(), gone], None, &theme, 1);
    assert_eq!(row(&buf, 0), "╌╌");
    assert_ne!(buf[(0, 0)].fg, theme.style(Role::Bad).fg.expect("a colour"));
}

#[test]
fn the_process_in_focus_keeps_its_colour() {
    let theme = Theme::terminal(Depth::True, false);
    let buf = drawn(&scene(), Some(7), &theme, 1);
    let faint = theme.style(Role::Faint).add_modifier;
    assert!(buf[(2, 0)].modifier.contains(faint) && !faint.is_empty());
    assert_eq!(buf[(4, 0)].bg, theme.process(ProcId::new(7, 1)));
}

#[test]
fn full_lanes_above_each_other_do_not_touch() {
    let theme = coloured();
    let cells = vec![cell(7, 1.0); 8];
    let look = Look::new(&theme, None).marked(false);
    let mut buf = Buffer::empty(Rect::new(0, 0, 8, 6));
    for y in [0, 3] {
        draw(look, Rect::new(0, y, 8, 3), &cells, &mut buf);
    }
    let color = theme.process(ProcId::new(7, 1));
    for y in [0, 3] {
        assert_eq!(row(&buf, y), "▇▇▇▇▇▇▇▇");
        assert_eq!((buf[(0, y)].fg, buf[(0, y)].bg), (color, Color::Reset));
        assert_eq!(row(&buf, y + 1), " job7   ");
        assert_eq!(
            (buf[(1, y + 1)].fg, buf[(1, y + 1)].bg),
            (ink(color), color)
        );
        assert_eq!(buf[(0, y + 2)].bg, color);
    }
    // In two rows letters stand on the colour of the upper one.
    let area = Rect::new(0, 0, 8, 2);
    draw(look, area, &cells, &mut buf);
    assert_eq!(row(&buf, 0), "▇job7▇▇▇");
    assert_eq!((buf[(1, 0)].fg, buf[(1, 0)].bg), (ink(color), color));
    // Where a row for marks parts them, they are whole.
    draw(look.marked(true), Rect::new(0, 0, 8, 3), &cells, &mut buf);
    assert_eq!(buf[(0, 0)].bg, color);
}
