//! What the reports tell of graphics cards, over a library that stands in for NVIDIA's; it is compiled here.

#[path = "pty/session.rs"]
#[expect(dead_code, reason = "what only the tests of the terminal use")]
mod session;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use session::Session;

/// The library; `None` where there is no compiler beside cargo.
fn library(dir: &Path) -> Option<PathBuf> {
    let to = dir.join("libstand_in.so");
    let beside = Path::new(env!("CARGO")).with_file_name("rustc");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gpu/stand_in.rs");
    // Where that one may not be run, a distribution's may be older than this project.
    let knows = |rustc: &PathBuf| {
        let edition = ["--edition", "2024", "--print", "cfg"];
        let asked = Command::new(rustc).args(edition).output();
        asked.is_ok_and(|told| told.status.success())
    };
    let rustc = [beside, PathBuf::from("rustc")];
    for rustc in rustc.into_iter().filter(knows) {
        let made = Command::new(rustc)
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "-C",
                "debuginfo=0",
                source,
                "-o",
            ])
            .arg(&to)
            .output();
        match made {
            Ok(made) if made.status.success() => return Some(to),
            Ok(made) => panic!("{}", String::from_utf8_lossy(&made.stderr)),
            Err(_) => {}
        }
    }
    println!("skipped: there is no rustc to make the stand-in library with");
    None
}

struct Bench {
    dir: tempfile::TempDir,
    library: PathBuf,
}

impl Bench {
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let library = library(dir.path())?;
        Some(Self { dir, library })
    }

    /// What the library answers from now on.
    fn script(&self, script: &str) -> PathBuf {
        let file = self.dir.path().join("script");
        std::fs::write(&file, script.replace(", ", "\n")).expect("written");
        file
    }

    /// The live screen over the library.
    fn live(&self, script: &str, args: &[&str]) -> Session {
        let file = self.script(script);
        let mut command = session::pscope(args);
        command.env("PSCOPE_NVML", &self.library);
        command.env("NVML_STAND_IN", &file);
        let session = Session::start(command, 140, 40);
        session.is_live();
        session
    }

    fn pscope(&self, script: &str, args: &[&str]) -> String {
        let file = self.script(script);
        let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
            .args(args)
            .env("PSCOPE_NVML", &self.library)
            .env("NVML_STAND_IN", &file)
            .env("XDG_CONFIG_HOME", self.dir.path())
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn system(&self, script: &str) -> Value {
        let text = self.pscope(script, &["system", "--for", "10ms", "--json"]);
        serde_json::from_str(&text).expect("JSON")
    }
}

#[test]
fn cards_are_told_as_far_as_the_library_tells_of_them() {
    let Some(bench) = Bench::new() else { return };
    let me = std::process::id();
    let one = format!(
        "cards 1, busy 87, memory 40 80, heat 61, power 300, clock 1980, users {me}:39 9999999:1, shares {me}:85"
    );
    let card = bench.system(&one)["gpus"][0].clone();
    assert_eq!(card["name"], "Stand-in 0");
    assert_eq!(card["utilization_percent"], 87.0);
    assert_eq!(card["memory_used_bytes"], 40_u64 << 30);
    assert_eq!(card["power_watts"], 300.0);
    // The library has no such function.
    assert_eq!(card["power_limit_watts"], Value::Null);
    assert_eq!(card["unavailable"]["power_limit_watts"], "unsupported");
    let users = card["processes"].as_array().expect("users");
    assert_eq!(users[0]["pid"], me);
    assert_eq!(users[0]["utilization_percent"], 85.0);
    assert_eq!(users[0]["memory_bytes"], 39_u64 << 30);
    // Another pid namespace's number has no name here.
    assert_eq!(users[1]["name"], Value::Null);

    // Several; what fails, what is split, and what is above the whole is not told; lists change.
    let told = bench.system("cards 3, busy 150, memory 1 2, fails heat, users 7:0, shares 7:101");
    assert_eq!(told["gpus"].as_array().map(Vec::len), Some(3));
    let card = &told["gpus"][2];
    assert_eq!(card["name"], "Stand-in 2");
    for field in ["utilization_percent", "temperature_celsius"] {
        assert_eq!(card[field], Value::Null, "{field}");
    }
    assert_eq!(card["processes"][0]["memory_bytes"], Value::Null);
    assert_eq!(card["processes"][0]["utilization_percent"], Value::Null);
    // Without a sample nobody ran, unless the card was busy; what is refused is no zero either.
    for (script, share) in [
        ("cards 1, busy 0, users 7:1", 0.0.into()),
        ("cards 1, busy 40, users 7:1", Value::Null),
        ("cards 1, busy 0, users 7:1, fails shares", Value::Null),
    ] {
        let user = bench.system(script)["gpus"][0]["processes"][0].clone();
        assert_eq!(user["utilization_percent"], share, "{script}");
    }
    // What the driver keeps for itself is used by nobody.
    let kept = bench.system("cards 1, memory 40 80, keeps 1");
    assert_eq!(kept["gpus"][0]["memory_used_bytes"], 40_u64 << 30);
    let split = bench.system("cards 1, busy 50, mig, users 7:1, shares 7:10");
    assert_eq!(split["gpus"][0]["split"], true);
    assert_eq!(split["gpus"][0]["utilization_percent"], Value::Null);
    let none = bench.system("cards 0");
    assert_eq!(none["gpus"], serde_json::json!([]));
}

#[test]
fn what_keeps_a_library_from_telling_is_said_and_not_that_there_is_no_card() {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    let said = |bench: &Bench, script: &str, part: &str| {
        let card = bench.system(script)["gpus"][0].clone();
        let trouble = card["trouble"].as_str().unwrap_or_default();
        assert!(trouble.contains(part), "{card}");
        assert_eq!(card["name"], "NVIDIA");
        assert_eq!(card["processes"], Value::Null);
        for args in [&["system", "--for", "10ms"][..], &["doctor"]] {
            let text = bench.pscope(script, args);
            let line = text.lines().filter(|line| line.contains(part)).count();
            assert!(line >= 1, "{args:?}: {text}");
        }
    };
    said(&bench, "cards 1, answers 18", "different versions");
    said(&bench, "cards 1, answers 9", "driver is not loaded");
    said(&bench, "fails cards", "error 3");
    let mut session = bench.live("cards 1, answers 18", &["--interval", "200ms"]);
    session.press(b"7");
    session.shows("different versions");
    leave(session);
    bench.library = bench.dir.path().join("libnothing.so");
    said(&bench, "cards 1", "no library libnvidia-ml.so.1");
}

#[test]
fn a_line_of_a_card_says_what_is_not_told() {
    let Some(bench) = Bench::new() else { return };
    let line = |script: &str| {
        let text = bench.pscope(script, &["system", "--for", "10ms", "--ascii"]);
        let found = text.lines().find(|line| line.contains("Stand-in 0"));
        found.expect("a line of the card").to_owned()
    };
    let split = line("cards 1, mig, busy 50, users 7:1");
    assert!(
        split.contains("split (MIG)") && split.contains("1 process "),
        "{split}"
    );
    let hidden = line("cards 1, busy 50, fails users");
    assert!(hidden.contains("- processes"), "{hidden}");
    let nobody = line("cards 1, busy 50, users x");
    assert!(nobody.contains("0 processes"), "{nobody}");
}

#[test]
fn columns_of_processes_and_groups_add_up_what_cards_tell() {
    let Some(bench) = Bench::new() else { return };
    let me = std::process::id();
    let script = format!("cards 2, users {me}:3, shares {me}:20");
    let filter = format!("pid:{me}");
    let text = bench.pscope(
        &script,
        &["ps", &filter, "--columns", "gpu,gpu-mem", "--json"],
    );
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let columns = &value["processes"][0]["columns"];
    assert_eq!(columns["gpu_percent"], 40.0, "{columns}");
    assert_eq!(columns["gpu_mem_bytes"], 6_u64 << 30);
}

#[test]
fn a_driver_that_hangs_holds_nobody() {
    let Some(bench) = Bench::new() else { return };
    let began = Instant::now();
    let told = bench.system("hangs, cards 1");
    assert_eq!(told["gpus"], Value::Null);
    assert_eq!(told["unavailable"]["gpus"], "late");
    // A worker that hangs for an hour is not waited for.
    assert!(began.elapsed().as_secs() < 60);
}

#[test]
fn cards_that_take_long_to_open_are_told_all_the_same() {
    let Some(bench) = Bench::new() else { return };
    // Longer than a tick waits for them; a report waits.
    let script = "opens 1200, cards 1, busy 73";
    assert_eq!(bench.system(script)["gpus"][0]["name"], "Stand-in 0");
    let mut session = bench.live(script, &["--interval", "200ms"]);
    session.press(b"7");
    session.shows("Stand-in 0");
    session.shows("busy 73 %");
    leave(session);
}

fn leave(mut session: Session) {
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
}

#[test]
fn the_view_shows_what_cards_do_as_it_changes() {
    let Some(bench) = Bench::new() else { return };
    let me = std::process::id();
    let of = |busy, share| {
        format!("cards 2, busy {busy}, memory 40 80, heat 61, users {me}:39, shares {me}:{share}")
    };
    let mut session = bench.live(&of(87, 85), &["--interval", "200ms"]);
    session.shows("7 GPU");
    session.press(b"7");
    for part in ["Stand-in 0", "Stand-in 1", "87 %", "40.0G of 80.0G", "85.0"] {
        session.shows(part);
    }
    bench.script(&of(13, 7));
    session.shows("13 %");
    // A driver that hangs takes nothing from the keys.
    bench.script("hangs, cards 2");
    session.press(b"1");
    session.shows("COMMAND");
    session.press(b"7");
    session.shows("Graphics cards");
    session.press(b"?");
    session.shows("Help");
    session.press(b"\x1b");
    leave(session);
}

#[test]
fn what_is_not_wanted_is_not_opened() {
    let Some(bench) = Bench::new() else { return };
    let config = bench.dir.path().join("config.toml");
    std::fs::write(&config, "gpu = false\n").expect("written");
    let config = config.to_str().expect("UTF-8");
    let mut session = bench.live("cards 1", &["--config", config]);
    session.shows("6 IPC");
    assert!(!session.text().contains("7 GPU"), "{}", session.text());
    session.press(b"7");
    session.press(b"?");
    session.shows("Help");
    assert!(!session.text().contains("Graphics cards"));
    leave(session);
    // Nor by a report, which goes by the settings that are kept.
    let cards = |machine: &Value| machine["gpus"].as_array().map(Vec::len);
    assert_eq!(cards(&bench.system("cards 1")), Some(1));
    let kept = bench.dir.path().join("pscope");
    std::fs::create_dir(&kept).expect("made");
    std::fs::copy(config, kept.join("config.toml")).expect("kept");
    assert_eq!(cards(&bench.system("cards 1")), Some(0));
}
