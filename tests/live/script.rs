//! A shell that goes through a script step by step: it says a word, and goes on when it is told to.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use pscope::model::id::Pid;

/// Ends with its last step, or when this is dropped.
pub struct Script {
    shell: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// Starts the script, with a path as `$0`.
    pub fn start(script: &str, path: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let input = shell.stdin.take().expect("piped");
        let lines = BufReader::new(shell.stdout.take().expect("piped")).lines();
        Self {
            shell,
            input,
            lines,
        }
    }

    pub fn pid(&self) -> Pid {
        Pid(self.shell.id())
    }

    /// Waits for what it says next.
    pub fn said(&mut self) -> String {
        self.lines.next().expect("it goes on").expect("readable")
    }

    /// Lets it go on.
    pub fn go(&mut self) {
        writeln!(self.input).expect("it listens");
    }

    /// Lets it go through its last step.
    pub fn end(mut self) {
        self.go();
        self.shell.wait().expect("it ends");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
