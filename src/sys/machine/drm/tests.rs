use std::fmt::Write as _;

use super::*;
use crate::sys::scenario;

/// What is told of cards, by driver.
#[test]
fn cards_of_every_driver() {
    scenario::play("gpus", Cards::new, |cards, root, step| {
        let mut out = match there(root) {
            Ok(there) => format!("there: {there}\n"),
            Err(why) => format!("there: – ({})\n", why.word()),
        };
        for (place, card) in cards.read(Nanos::from_millis(step.at_ms)) {
            let told = |r: Reading<String>| r.unwrap_or_else(|why| format!("– ({})", why.word()));
            let f = |r: Reading<f32>| told(r.map(|n| n.to_string()));
            let n = |r: Reading<u32>| told(r.map(|n| n.to_string()));
            let b = |r: Reading<Bytes>| told(r.map(|n| n.0.to_string()));
            let asleep = if card.asleep { " asleep" } else { "" };
            let lines = [
                format!("{} ({}, {}){asleep}", card.name, place.driver, place.slot),
                format!("  busy {}, memory {}", f(card.busy), f(card.memory_busy)),
                format!("  holds {} of {}", b(card.used), b(card.total)),
                format!(
                    "  heat {}, power {} of {}",
                    f(card.temperature),
                    f(card.power),
                    f(card.power_limit)
                ),
                format!(
                    "  clock {}, of memory {}",
                    n(card.clock),
                    n(card.memory_clock)
                ),
            ];
            let lines = if card.asleep { &lines[..1] } else { &lines[..] };
            for line in lines {
                writeln!(out, "{line}").expect("a string takes it");
            }
        }
        out
    });
}

#[test]
fn cards_are_called_as_people_call_them() {
    let list = b"# comment\n0e11  Compaq\n\t73bf  No\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t73a0  x\n\
        \t73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]\n\t\t1002 0e3a  Radeon RX 6900 XT\n8086  Intel Corporation\n\t4680  AlderLake-S GT1\n";
    let of = |vendor, device| called(list, vendor, device).map(|name| name.to_string());
    assert_eq!(
        of("1002", "73bf").as_deref(),
        Some("AMD Radeon RX 6800/6800 XT / 6900 XT")
    );
    assert_eq!(of("8086", "4680").as_deref(), Some("Intel AlderLake-S GT1"));
    assert_eq!(of("8086", "73bf"), None);
    assert_eq!(of("ffff", "73bf"), None);
}

#[test]
fn whether_there_is_a_card_is_known_only_where_one_can_look() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    assert_eq!(there(&root), Err(Missing::Unsupported), "there is no /sys");
    std::fs::create_dir_all(root.sys("class")).expect("made");
    assert_eq!(there(&root), Ok(false), "no driver of cards is loaded");
    std::fs::create_dir_all(root.sys("class/drm/card0/device")).expect("made");
    assert_eq!(there(&root), Ok(false), "it renders nothing");
    if !nix::unistd::geteuid().is_root() {
        use std::os::unix::fs::PermissionsExt as _;
        let closed = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(root.sys("class/drm"), closed).expect("ours");
        assert_eq!(there(&root), Err(Missing::Denied));
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(root.sys("class/drm"), open).expect("ours");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>) {
        let _ = called(&bytes, "", "");
        let _ = (called(&bytes, "1002", "73bf"), ids(&bytes));
    }
}
