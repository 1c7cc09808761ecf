use super::*;

fn fitted(rows: &[u32], height: usize) -> TableState<u32> {
    let mut table = TableState::default();
    fit(&mut table, rows, height);
    table
}

fn fit(table: &mut TableState<u32>, rows: &[u32], height: usize) {
    table.fit(rows, height, |i, needle| {
        rows[i].to_string().contains(needle)
    });
}

/// Of three columns the middle one cannot be sorted by.
fn act(table: &mut TableState<u32>, action: &Action) -> Reply {
    table.act(action, 3, |column| column != 1)
}

fn typed(table: &mut TableState<u32>, text: &str) {
    for c in text.chars() {
        table.key(&Keymap::default(), Key::char(c));
    }
}

#[test]
fn the_selection_stays_on_its_row_when_rows_move() {
    let mut table = fitted(&[3, 4, 5], 3);
    act(&mut table, moves::DOWN);
    fit(&mut table, &[3, 4, 5], 3);
    assert_eq!(table.chosen(), Some(&4));
    fit(&mut table, &[1, 2, 3, 4, 5], 3);
    assert_eq!((table.selected(), table.chosen()), (Some(3), Some(&4)));
    assert_eq!(table.window(), 1..4);
    fit(&mut table, &[1, 2], 3);
    assert_eq!((table.selected(), table.window()), (Some(1), 0..2));
    fit(&mut table, &[], 3);
    assert_eq!((table.selected(), table.chosen()), (None, None));
}

#[test]
fn until_a_row_is_chosen_the_first_one_is_selected() {
    let mut table = fitted(&[3, 4, 5], 3);
    fit(&mut table, &[9, 3, 4], 3);
    assert_eq!((table.selected(), table.chosen()), (Some(0), Some(&9)));
    table.act(moves::DOWN, 0, |_| false);
    fit(&mut table, &[9, 3, 4], 3);
    fit(&mut table, &[9, 4, 3], 3);
    assert_eq!((table.selected(), table.chosen()), (Some(2), Some(&3)));
    table.act(moves::FIRST, 0, |_| false);
    fit(&mut table, &[9, 4, 3], 3);
    fit(&mut table, &[4, 3, 9], 3);
    assert_eq!((table.selected(), table.chosen()), (Some(0), Some(&4)));
}

#[test]
fn pages_ends_and_the_wheel_stay_inside() {
    let rows: Vec<u32> = (0..100).collect();
    let mut table = fitted(&rows, 10);
    act(&mut table, moves::PAGE_DOWN);
    fit(&mut table, &rows, 10);
    assert_eq!((table.chosen(), table.window()), (Some(&9), 0..10));
    act(&mut table, moves::LAST);
    fit(&mut table, &rows, 10);
    assert_eq!(table.window(), 90..100);
    act(&mut table, moves::FIRST);
    fit(&mut table, &rows, 10);
    assert_eq!(table.window(), 0..10);
    let wheel = Mouse {
        press: Press::WheelUp,
        column: 0,
        row: 0,
    };
    assert_eq!(table.mouse(wheel, -1), Hit::Taken);
    fit(&mut table, &rows, 10);
    assert_eq!(table.selected(), Some(0));
}

#[test]
fn search_goes_to_matches_around_the_end() {
    let rows: Vec<u32> = (0..30).collect();
    let mut table = fitted(&rows, 10);
    let keys = Keymap::default();
    act(&mut table, moves::SEARCH);
    assert!(table.typing());
    for c in "27".chars() {
        table.key(&keys, Key::char(c));
    }
    table.key(&keys, Key::of(Code::Enter));
    fit(&mut table, &rows, 10);
    assert_eq!((table.chosen(), table.typing()), (Some(&27), false));
    act(&mut table, moves::SEARCH);
    table.key(&keys, Key::char('7'));
    act(&mut table, moves::NEXT);
    fit(&mut table, &rows, 10);
    assert_eq!(table.chosen(), Some(&7));
    act(&mut table, moves::PREVIOUS);
    fit(&mut table, &rows, 10);
    assert_eq!(table.chosen(), Some(&27));
}

#[test]
fn a_search_that_finds_nothing_says_so_and_escape_drops_it() {
    let mut table = fitted(&[1, 2, 3], 3);
    assert!(matches!(act(&mut table, moves::NEXT), Reply::Say(_)));
    act(&mut table, moves::SEARCH);
    typed(&mut table, "9");
    fit(&mut table, &[1, 2, 3], 3);
    assert_eq!(table.status(3), "search 9▏  nowhere");
    table.key(&Keymap::default(), Key::of(Code::Enter));
    assert!(matches!(act(&mut table, moves::CLEAR), Reply::Done));
    assert_eq!(table.status(3), "1/3");
    assert!(
        matches!(act(&mut table, moves::CLEAR), Reply::Pass),
        "then it leaves the pane"
    );
}

#[test]
fn a_filter_is_edited_where_it_was_left() {
    let mut table = fitted(&[1], 3);
    act(&mut table, moves::FILTER);
    typed(&mut table, "ab");
    table.key(&Keymap::default(), Key::of(Code::Enter));
    act(&mut table, moves::FILTER);
    table.key(&Keymap::default(), Key::of(Code::Left));
    typed(&mut table, "x");
    assert_eq!(table.filter(), "axb");
    assert_eq!(table.status(9), "/ax▏b  1/1 of 9");
    table.key(&Keymap::default(), Key::of(Code::Esc));
    assert_eq!((table.filter(), table.typing()), ("", false));
}

#[test]
fn a_second_click_on_a_row_opens_it() {
    let mut table = fitted(&[1, 2, 3], 2);
    let mouse = Mouse {
        press: Press::Left,
        column: 0,
        row: 0,
    };
    assert_eq!(table.mouse(mouse, 1), Hit::Taken);
    fit(&mut table, &[1, 2, 3], 2);
    assert_eq!(
        (table.mouse(mouse, 1), table.chosen()),
        (Hit::Again, Some(&2))
    );
    assert_eq!(table.mouse(mouse, 2), Hit::Missed, "below the table");
}

#[test]
fn sorting_goes_round_and_a_second_click_inverts() {
    let mut table = fitted(&[1], 1);
    act(&mut table, moves::SORT_LEFT);
    assert_eq!(table.sort, 2);
    act(&mut table, moves::SORT_RIGHT);
    assert_eq!(table.sort, 0);
    table.sort_by(1);
    table.sort_by(1);
    assert!(table.sort == 1 && table.inverted);
}
