//! Starts the puppet (`examples/puppet`) and reads what it says it has made.

use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use pscope::model::id::ProcId;
use serde_json::Value;

/// A running puppet; it ends when this is dropped.
pub struct Puppet {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it says it has made.
    pub truth: Value,
    /// Whether it does a single thing and does not listen for its end.
    single: bool,
}

/// Where the puppet is, built if need be: `cargo test --test live` builds no examples.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("our own path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/live");
    let target = profile.parent().expect("target/PROFILE");
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--offline",
        "--example",
        "puppet",
        "--target-dir",
    ]);
    build.arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    let program = profile.join("examples/puppet");
    // Another user than the one who built may not build; what is there serves. An old one would not.
    let may_build = std::fs::OpenOptions::new()
        .append(true)
        .open(&program)
        .is_ok()
        || !program.exists();
    let built = build.status().is_ok_and(|status| status.success());
    assert!(built || !may_build, "the puppet builds");
    program
});

/// Where the puppet is.
pub fn program() -> &'static Path {
    &PROGRAM
}

impl Puppet {
    /// Starts a puppet and waits until it is ready.
    pub fn start() -> Self {
        Self::run(&mut Command::new(&*PROGRAM))
    }

    /// Starts one that does a single thing, and waits until it says that it does.
    pub fn mode(mode: &str) -> Self {
        Self::run(Command::new(&*PROGRAM).arg(mode))
    }

    /// The same of a copy that names nothing, as a program that was stripped; it lies in `directory`.
    pub fn stripped(directory: &Path, mode: &str) -> Self {
        /// Where the head of a file says where its sections are, and how many there are (`elf(5)`, 64-bit words).
        const SECTIONS: std::ops::Range<usize> = 40..48;
        const COUNT: std::ops::Range<usize> = 60..64;
        let mut program = std::fs::read(&*PROGRAM).expect("the puppet");
        program[SECTIONS].fill(0);
        program[COUNT].fill(0);
        let copy = directory.join("puppet");
        std::fs::write(&copy, program).expect("room for a copy");
        let may_run = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&copy, may_run).expect("our own file");
        // A child that another test starts just now may still hold the copy open for writing.
        let mut command = Command::new(&copy);
        loop {
            match command.arg("none").output() {
                Err(why) if why.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
                tried => break drop(tried.expect("it starts")),
            }
            command = Command::new(&copy);
        }
        Self::run(Command::new(&copy).arg(mode))
    }

    /// Ends it, whatever it is about, with those that it started; answers when it has ended.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn run(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the puppet starts");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let truth = line(&mut output);
        Self {
            child,
            input,
            output,
            truth,
            single: command.get_args().len() > 0,
        }
    }

    /// Asks it for something; it answers on one line.
    pub fn ask(&mut self, what: &str) -> Value {
        let input = self.input.as_mut().expect("open until dropped");
        writeln!(input, "{what}").expect("it listens");
        line(&mut self.output)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.truth["pid"].as_u64().expect("a pid") as u32
    }

    /// Who it is.
    pub fn id(&self) -> ProcId {
        id_of(self.pid())
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.input.take();
        if self.single {
            self.kill();
        }
        let _ = self.child.wait();
    }
}

/// Who has this number now.
pub fn id_of(pid: u32) -> ProcId {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    let stat = stat.expect("it lives");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let start = fields.split_whitespace().nth(19).expect("a start time");
    ProcId::new(pid, start.parse().expect("a number"))
}

fn line(output: &mut impl std::io::BufRead) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).expect("it answers");
    serde_json::from_str(&line).expect("one line of JSON")
}
