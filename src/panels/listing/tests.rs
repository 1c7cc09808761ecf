use super::*;
use crate::app::action::Keymap;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Hit, Rows as _};
use crate::app::world::Settings;
use crate::theme::Depth;
use crate::widgets::picture;

const COLUMNS: &[Column] = &[
    Column::left("NAME", 8, 0),
    Column::left("", 4, 0),
    Column::right("SIZE", 6, 0),
];

fn fit(listing: &mut Listing<&'static str>, names: &[&'static str]) -> String {
    let world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    let area = Rect::new(0, 0, 30, 6);
    let content = Content {
        columns: COLUMNS,
        order: |column| match column {
            1 => Order::None,
            _ => Order::descending(column == 2),
        },
        titles: true,
        head: vec![vec![("head".to_owned(), Role::Text)]],
        foot: &no_foot,
        keys: names,
        words: &|i| names[i].to_owned(),
        row: &|i| Row {
            cells: vec![names[i].to_owned().into()],
            ..Row::default()
        },
    };
    listing.fit(area, content);
    let mut buf = Buffer::empty(area);
    listing.render(&world, &mut buf);
    picture::text(&buf)
}

fn filter(listing: &mut Listing<&'static str>, text: &str) {
    listing.act(moves::FILTER);
    listing.paste(text);
    listing.key(&Keymap::default(), Key::of(Code::Enter));
}

const NAMES: [&str; 3] = ["red fox", "red hen", "blue hen"];

#[test]
fn a_filter_leaves_rows_with_all_its_words_and_keeps_the_selection() {
    let mut listing = Listing::default();
    fit(&mut listing, &NAMES);
    listing.act(moves::DOWN);
    fit(&mut listing, &NAMES);
    filter(&mut listing, "HEN");
    let text = fit(&mut listing, &NAMES);
    assert!(!text.contains("fox") && text.contains("blue"), "{text}");
    assert_eq!(
        (listing.chosen(), listing.selected()),
        (Some(&"red hen"), Some(1))
    );
    assert_eq!(listing.status(), "/HEN  1/2 of 3");
    assert_eq!(listing.in_view().collect::<Vec<_>>(), [1, 2]);
    filter(&mut listing, " red");
    let text = fit(&mut listing, &NAMES);
    assert!(text.contains("red hen") && !text.contains("blue"), "{text}");
}

#[test]
fn a_filter_that_hides_everything_says_so() {
    let mut listing = Listing::default();
    filter(&mut listing, "owl");
    let text = fit(&mut listing, &NAMES);
    assert!(text.contains("none of 3 rows has 'owl'"), "{text}");
    assert_eq!((listing.selected(), listing.in_view().count()), (None, 0));
    assert!(matches!(listing.act(moves::CLEAR), Reply::Done));
    assert!(fit(&mut listing, &NAMES).contains("fox"));
}

#[test]
fn only_columns_with_an_order_are_sorted_by() {
    let mut listing = Listing::default();
    assert!(fit(&mut listing, &NAMES).contains("NAME▲"));
    listing.act(moves::SORT_RIGHT);
    assert_eq!(listing.sort(), (2, false));
    assert!(fit(&mut listing, &NAMES).contains("SIZE▼"));
    let click = |column| Mouse {
        press: Press::Left,
        column,
        row: 1,
    };
    assert_eq!(listing.mouse(click(11)), Hit::Taken);
    assert_eq!(listing.sort(), (2, false), "the column has no order");
    assert_eq!(listing.mouse(click(1)), Hit::Taken);
    assert_eq!(listing.sort(), (0, false));
}
