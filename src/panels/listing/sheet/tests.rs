use super::*;

fn fitted(rows: &[u32], height: usize) -> Sheet<u32> {
    let mut sheet = Sheet::default();
    fit(&mut sheet, rows, height);
    sheet
}

fn fit(sheet: &mut Sheet<u32>, rows: &[u32], height: usize) {
    sheet.fit(rows, height, |i, needle| {
        rows[i].to_string().contains(needle)
    });
}

/// Of three columns the middle one cannot be sorted by.
fn act(sheet: &mut Sheet<u32>, action: &Action) -> Reply {
    sheet.act(action, 3, |column| column != 1)
}

fn typed(sheet: &mut Sheet<u32>, text: &str) {
    for c in text.chars() {
        sheet.key(&Keymap::default(), Key::char(c));
    }
}

#[test]
fn the_selection_stays_on_its_row_when_rows_move() {
    let mut sheet = fitted(&[3, 4, 5], 3);
    act(&mut sheet, moves::DOWN);
    fit(&mut sheet, &[3, 4, 5], 3);
    assert_eq!(sheet.chosen(), Some(&4));
    fit(&mut sheet, &[1, 2, 3, 4, 5], 3);
    assert_eq!((sheet.selected(), sheet.chosen()), (Some(3), Some(&4)));
    assert_eq!(sheet.window(), 1..4);
    fit(&mut sheet, &[1, 2], 3);
    assert_eq!((sheet.selected(), sheet.window()), (Some(1), 0..2));
    fit(&mut sheet, &[], 3);
    assert_eq!((sheet.selected(), sheet.chosen()), (None, None));
}

#[test]
fn until_a_row_is_chosen_the_first_one_is_selected() {
    let mut sheet = fitted(&[3, 4, 5], 3);
    fit(&mut sheet, &[9, 3, 4], 3);
    assert_eq!((sheet.selected(), sheet.chosen()), (Some(0), Some(&9)));
    sheet.act(moves::DOWN, 0, |_| false);
    fit(&mut sheet, &[9, 3, 4], 3);
    fit(&mut sheet, &[9, 4, 3], 3);
    assert_eq!((sheet.selected(), sheet.chosen()), (Some(2), Some(&3)));
    sheet.act(moves::FIRST, 0, |_| false);
    fit(&mut sheet, &[9, 4, 3], 3);
    fit(&mut sheet, &[4, 3, 9], 3);
    assert_eq!((sheet.selected(), sheet.chosen()), (Some(0), Some(&4)));
}

#[test]
fn pages_ends_and_the_wheel_stay_inside() {
    let rows: Vec<u32> = (0..100).collect();
    let mut sheet = fitted(&rows, 10);
    act(&mut sheet, moves::PAGE_DOWN);
    fit(&mut sheet, &rows, 10);
    assert_eq!((sheet.chosen(), sheet.window()), (Some(&9), 0..10));
    act(&mut sheet, moves::LAST);
    fit(&mut sheet, &rows, 10);
    assert_eq!(sheet.window(), 90..100);
    act(&mut sheet, moves::FIRST);
    fit(&mut sheet, &rows, 10);
    assert_eq!(sheet.window(), 0..10);
    let wheel = Mouse {
        press: Press::WheelUp,
        column: 0,
        row: 0,
    };
    assert_eq!(sheet.mouse(wheel, -1), Hit::Taken);
    fit(&mut sheet, &rows, 10);
    assert_eq!(sheet.selected(), Some(0));
}

#[test]
fn search_goes_to_matches_around_the_end() {
    let rows: Vec<u32> = (0..30).collect();
    let mut sheet = fitted(&rows, 10);
    let keys = Keymap::default();
    act(&mut sheet, moves::SEARCH);
    assert!(sheet.typing());
    for c in "27".chars() {
        sheet.key(&keys, Key::char(c));
    }
    sheet.key(&keys, Key::of(Code::Enter));
    fit(&mut sheet, &rows, 10);
    assert_eq!((sheet.chosen(), sheet.typing()), (Some(&27), false));
    act(&mut sheet, moves::SEARCH);
    sheet.key(&keys, Key::char('7'));
    act(&mut sheet, moves::NEXT);
    fit(&mut sheet, &rows, 10);
    assert_eq!(sheet.chosen(), Some(&7));
    act(&mut sheet, moves::PREVIOUS);
    fit(&mut sheet, &rows, 10);
    assert_eq!(sheet.chosen(), Some(&27));
}

#[test]
fn a_search_that_finds_nothing_says_so_and_escape_drops_it() {
    let mut sheet = fitted(&[1, 2, 3], 3);
    assert!(matches!(act(&mut sheet, moves::NEXT), Reply::Say(_)));
    act(&mut sheet, moves::SEARCH);
    typed(&mut sheet, "9");
    fit(&mut sheet, &[1, 2, 3], 3);
    assert_eq!(sheet.status(3), "search 9▏  nowhere");
    sheet.key(&Keymap::default(), Key::of(Code::Enter));
    assert!(matches!(act(&mut sheet, moves::CLEAR), Reply::Done));
    assert_eq!(sheet.status(3), "1/3");
    assert!(
        matches!(act(&mut sheet, moves::CLEAR), Reply::Pass),
        "then it leaves the pane"
    );
}

#[test]
fn a_filter_is_edited_where_it_was_left() {
    let mut sheet = fitted(&[1], 3);
    act(&mut sheet, moves::FILTER);
    typed(&mut sheet, "ab");
    sheet.key(&Keymap::default(), Key::of(Code::Enter));
    act(&mut sheet, moves::FILTER);
    sheet.key(&Keymap::default(), Key::of(Code::Left));
    typed(&mut sheet, "x");
    assert_eq!(sheet.filter(), "axb");
    assert_eq!(sheet.status(9), "/ax▏b  1/1 of 9");
    sheet.key(&Keymap::default(), Key::of(Code::Esc));
    assert_eq!((sheet.filter(), sheet.typing()), ("", false));
}

#[test]
fn a_second_click_on_a_row_opens_it() {
    let mut sheet = fitted(&[1, 2, 3], 2);
    let mouse = Mouse {
        press: Press::Left,
        column: 0,
        row: 0,
    };
    assert_eq!(sheet.mouse(mouse, 1), Hit::Taken);
    fit(&mut sheet, &[1, 2, 3], 2);
    assert_eq!(
        (sheet.mouse(mouse, 1), sheet.chosen()),
        (Hit::Again, Some(&2))
    );
    assert_eq!(sheet.mouse(mouse, 2), Hit::Missed, "below the table");
}

#[test]
fn sorting_goes_round_and_a_second_click_inverts() {
    let mut sheet = fitted(&[1], 1);
    act(&mut sheet, moves::SORT_LEFT);
    assert_eq!(sheet.sort, 2);
    act(&mut sheet, moves::SORT_RIGHT);
    assert_eq!(sheet.sort, 0);
    sheet.sort_by(1);
    sheet.sort_by(1);
    assert!(sheet.sort == 1 && sheet.inverted);
}
