//! Searching: what is folded away is found as well, and nothing is told to be nothing.

use super::keys::stage;

#[test]
fn a_search_that_finds_nothing_says_so() {
    let mut stage = stage();
    stage.press("F3").type_in("ssh");
    assert!(!stage.text().contains("no match"));
    stage.type_in("nowhere");
    assert!(stage.text().contains("no match"), "while it is typed");
    stage.press("Enter");
    let notice = stage.app.world.notice.as_ref().map(|n| n.text.clone());
    assert_eq!(
        notice.as_deref(),
        Some("no match: no row has 'sshnowhere'"),
        "and afterwards"
    );
}

#[test]
fn a_search_unfolds_to_what_it_finds() {
    let mut stage = stage();
    stage.press("g *");
    assert_eq!(stage.pids(), [1, 612, 1201, 703, 2950]);
    stage.press("F3").type_in("rustc");
    assert_eq!(stage.focus(), 612, "the row that hides it");
    assert_eq!(stage.pids().len(), 5, "what is only typed unfolds nothing");
    assert!(stage.text().contains("Enter unfolds"), "{}", stage.text());
    stage.press("Enter");
    assert_eq!(stage.focus(), 4211);
    assert_eq!(stage.pids(), [1, 612, 2210, 2214, 4211, 1201, 703, 2950]);
    stage.press("F3").type_in("utility").press("Enter");
    assert_eq!(stage.focus(), 2044, "in another branch");
}

#[test]
fn the_next_match_may_be_folded_away() {
    let mut stage = stage();
    stage.press("F3").type_in("ssh").press("Enter ←");
    assert_eq!(stage.focus(), 612);
    stage.press("n");
    assert_eq!(stage.focus(), 2210, "it was folded into the row before");
    stage.press("n");
    assert_eq!(stage.focus(), 612, "around the end");
}

#[test]
fn a_search_looks_into_groups() {
    let mut stage = stage();
    stage.press("D D D");
    let text = stage.text();
    assert!(!text.contains("rustc"), "every group is folded: {text}");
    stage.press("F3").type_in("rustc").press("Enter");
    assert_eq!(stage.focus(), 4211);
    assert!(stage.selected().contains("rustc"), "{}", stage.selected());
}
