use std::fmt::Write as _;

use super::*;
use crate::sys::scenario;

/// Who uses cards and how much, by what descriptors tell.
#[test]
fn users_of_cards_are_known_by_their_descriptors() {
    let begin = |root: &ProcRoot| Graphics::new(root, Shared::new(root));
    scenario::play("gpu-users", begin, |graphics, _, step| {
        graphics.shared.expire();
        let now = Nanos::from_millis(step.at_ms);
        let gpus = match graphics.read_at(Duration::from_mins(1), now) {
            Ok(gpus) => gpus,
            Err(why) => return format!("– ({})", why.word()),
        };
        let mut out = String::new();
        let told = |r: Reading<f32>| {
            r.map_or_else(|why| format!("– ({})", why.word()), |n| format!("{n:.1}"))
        };
        for card in &gpus.cards {
            let (busy, encoder) = (told(card.busy), told(card.encoder));
            writeln!(
                out,
                "{} {}: busy {busy}, encoder {encoder}",
                card.index, card.name
            )
            .expect("written");
            for user in card.users.iter().flatten() {
                let memory = user.memory.map_or("–".to_owned(), |b| b.0.to_string());
                writeln!(out, "  {} {} {memory}", user.pid, told(user.busy)).expect("written");
            }
        }
        out
    });
}

#[test]
fn no_card_is_no_card() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    let mut graphics = Graphics::new(&root, Shared::new(&root));
    assert_eq!(graphics.read_now(Duration::ZERO), Err(Missing::Unsupported));
}
