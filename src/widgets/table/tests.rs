use super::*;
use crate::theme::Depth;

const COLUMNS: &[Column] = &[
    Column {
        title: "FD",
        width: 4,
        right: true,
        grows: false,
        rank: 0,
        absent: false,
    },
    Column {
        title: "KIND",
        width: 6,
        right: false,
        grows: false,
        rank: 2,
        absent: false,
    },
    Column {
        title: "TARGET",
        width: 8,
        right: false,
        grows: true,
        rank: 0,
        absent: false,
    },
];

fn row(cells: &[&str]) -> Row {
    Row {
        cells: cells.iter().map(|c| Line::from((*c).to_owned())).collect(),
        style: Style::new(),
    }
}

fn drawn(wide: u16, needle: &str) -> Buffer {
    let rows = [
        row(&["0", "tty", "/dev/pts/3"]),
        row(&["17", "pipe", "進程 → tee"]),
    ];
    let area = Rect::new(0, 0, wide, 3);
    let mut buf = Buffer::empty(area);
    let table = Table {
        columns: COLUMNS,
        rows: &rows,
        selected: Some(1),
        sort: Some((0, true)),
        needle,
        header: true,
    };
    table.render(&Theme::terminal(Depth::Ansi, false), area, &mut buf);
    buf
}

fn text(buf: &Buffer) -> Vec<String> {
    let mut out = Vec::new();
    for y in 0..buf.area.height {
        let line: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        out.push(line.trim_end().to_owned());
    }
    out
}

#[test]
fn rows_stand_under_their_titles() {
    let lines = text(&drawn(30, ""));
    assert_eq!(lines[0], "  FD▼ KIND   TARGET");
    assert_eq!(lines[1], "    0 tty    /dev/pts/3");
    assert!(lines[2].starts_with("▌  17 pipe   進"), "{}", lines[2]);
}

#[test]
fn narrow_tables_lose_the_column_of_the_highest_rank_and_cut_by_cell() {
    let lines = text(&drawn(14, ""));
    assert_eq!(lines[0], "  FD▼ TARGET");
    assert_eq!(lines[1], "    0 /dev/pt…");
}

#[test]
fn a_picture_keeps_its_colour_on_the_reversed_bar() {
    let theme = Theme::terminal(Depth::Ansi, false);
    let area = Rect::new(0, 0, 4, 1);
    let mut buf = Buffer::empty(area);
    buf.set_string(0, 0, " a▃▇", Style::new().fg(Color::Green));
    select(&theme, area, &mut buf);
    let cell = |x| &buf[(x, 0)];
    assert!((0..4).all(|x| cell(x).modifier.contains(Modifier::REVERSED)));
    assert_eq!((cell(1).fg, cell(1).bg), (Color::Reset, Color::Reset));
    assert_eq!((cell(2).fg, cell(2).bg), (Color::Reset, Color::Green));
}

#[test]
fn selection_is_reversed_and_matches_are_marked() {
    let buf = drawn(30, "PTS");
    assert!(buf[(5, 2)].modifier.contains(Modifier::REVERSED));
    assert!(!buf[(5, 1)].modifier.contains(Modifier::REVERSED));
    let marked: String = (0..30)
        .filter(|x| buf[(*x, 1)].modifier.contains(Modifier::UNDERLINED))
        .map(|x| buf[(x, 1)].symbol())
        .collect();
    assert_eq!(marked, "pts");
}

#[test]
fn every_size_is_drawn_without_leaving_it() {
    for wide in 0..40 {
        drawn(wide, "t");
    }
}

#[test]
fn the_sort_mark_stands_in_the_gap_where_the_title_fills_its_column() {
    const TIGHT: [Column; 3] = [
        Column::left("NAME", 4, 0),
        Column::right("READS", 5, 0),
        Column::left("USER", 4, 0),
    ];
    let header = |sorted: usize| {
        let area = Rect::new(0, 0, 16, 1);
        let mut buf = Buffer::empty(area);
        let table = Table {
            columns: &TIGHT,
            rows: &[],
            selected: None,
            sort: Some((sorted, true)),
            needle: "",
            header: true,
        };
        table.render(&Theme::terminal(Depth::True, false), area, &mut buf);
        crate::widgets::picture::text(&buf).trim_end().to_owned()
    };
    assert_eq!(header(0), " NAME▼READS USER");
    assert_eq!(header(1), " NAMEREADS▼ USER", "the gap before it is free");
    assert_eq!(header(2), " NAME READS US…▼", "there is no gap at the end");
}
