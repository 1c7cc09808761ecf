//! A program in a real pseudo-terminal: what it shows, which modes it left the terminal in, how it ended.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser, Screen};

/// Long enough for a loaded machine; nothing waits for it when all is well.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the terminal has heard so far.
struct Heard {
    parser: Parser,
    bytes: Vec<u8>,
    closed: bool,
    stalled: bool,
    /// The window is gone: the next bytes are the last that are read.
    shut: bool,
    /// The thread that hears.
    hearer: Pid,
}

pub struct Session {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("at least one cell")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// pscope itself, with a home where no configuration is.
pub fn pscope(args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pscope"));
    command.args(args);
    environment(&mut command);
    command
}

/// A shell with job control that runs `script`; `$PSCOPE` is the program.
pub fn shell(script: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script]);
    environment(&mut command);
    command.env("PSCOPE", env!("CARGO_BIN_EXE_pscope"));
    command
}

fn environment(command: &mut CommandBuilder) {
    command.env("HOME", "/nonexistent");
    command.env("RUST_BACKTRACE", "0");
    command.cwd("/");
    command.env_remove("XDG_CONFIG_HOME");
    command.env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR");
    command.env("LC_ALL", "C.UTF-8");
}

impl Session {
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pty");
        let child = pair.slave.spawn_command(command).expect("a child");
        // Only the child holds the other end, so that its end is heard.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let heard = Arc::new((
            Mutex::new(Heard {
                parser: Parser::new(cells(rows), cells(columns), 0),
                bytes: Vec::new(),
                closed: false,
                stalled: false,
                shut: false,
                hearer: nix::unistd::gettid(),
            }),
            Condvar::new(),
        ));
        let shared = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            shared.0.lock().expect("the terminal").hearer = nix::unistd::gettid();
            loop {
                let n = reader.read(&mut buffer).unwrap_or(0);
                let (lock, changed) = &*shared;
                let mut heard = lock.lock().expect("the terminal");
                heard.parser.process(&buffer[..n]);
                heard.bytes.extend_from_slice(&buffer[..n]);
                heard.closed = n == 0;
                changed.notify_all();
                if n == 0 || heard.shut {
                    return;
                }
                while heard.stalled {
                    heard = changed.wait(heard).expect("the terminal");
                }
            }
        });
        Self {
            master: Some(pair.master),
            writer: Some(writer),
            child,
            heard,
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `good` of what was heard; fails with the screen's text.
    fn wait_for(&self, what: &str, good: impl Fn(&Heard) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut heard = self.heard();
        while !good(&heard) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what} never came; the screen:\n{}",
                heard.parser.screen().contents()
            );
            heard = self
                .heard
                .1
                .wait_timeout(heard, left)
                .expect("the terminal")
                .0;
        }
    }

    /// Waits until the screen shows `text`.
    pub fn shows(&self, text: &str) {
        self.wait_for(text, |heard| {
            heard.parser.screen().contents().contains(text)
        });
    }

    /// Waits until the live screen is there with its processes.
    pub fn is_live(&self) {
        self.wait_for("the live screen", |heard| {
            let screen = heard.parser.screen();
            screen.alternate_screen() && screen.contents().contains("pscope")
        });
    }

    /// How many bytes were heard.
    pub fn mark(&self) -> usize {
        self.heard().bytes.len()
    }

    /// All that was sent so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.heard().bytes.clone()
    }

    /// Waits for `bytes` after a mark.
    pub fn sends(&self, mark: usize, bytes: &[u8]) {
        let what = String::from_utf8_lossy(bytes).into_owned();
        self.wait_for(&what, |heard| {
            heard.bytes[mark..].windows(bytes.len()).any(|w| w == bytes)
        });
    }

    pub fn press(&mut self, keys: &[u8]) {
        let writer = self.writer.as_mut().expect("an open terminal");
        writer
            .write_all(keys)
            .and_then(|()| writer.flush())
            .expect("typed");
    }

    /// Presses a button of the mouse on the first cell of a text, once that is there, and lets it go.
    pub fn mouse(&mut self, button: u8, text: &str) {
        self.shows(text);
        let (column, row) = self.place(text).expect("it was there");
        let event = format!("\x1b[<{button};{column};{row}M\x1b[<{button};{column};{row}m");
        self.press(event.as_bytes());
    }

    /// Turns the wheel down over a text until another one is there.
    pub fn wheel(&mut self, over: &str, until: &str) {
        self.shows(over);
        let (column, row) = self.place(over).expect("it was there");
        while self.place(until).is_none() {
            let mark = self.mark();
            self.press(format!("\x1b[<65;{column};{row}M").as_bytes());
            // The end of a frame, and of the next one: whichever of them has it.
            self.sends(mark, b"\x1b[?2026l");
            let mark = self.mark();
            self.sends(mark, b"\x1b[?2026l");
        }
    }

    /// Waits until a text is not on the screen.
    pub fn lacks(&self, text: &str) {
        self.wait_for(&format!("a screen without '{text}'"), |heard| {
            !heard.parser.screen().contents().contains(text)
        });
    }

    /// Column and row of the first cell of a text, counted from one as the mouse does.
    fn place(&self, text: &str) -> Option<(usize, usize)> {
        let heard = self.heard();
        let screen = heard.parser.screen();
        let (_, columns) = screen.size();
        let rows = screen.rows(0, columns.get());
        let found = rows.enumerate().find_map(|(row, line)| {
            let before = line.find(text)?;
            // No name that is looked for has letters of two cells before it.
            Some((line[..before].chars().count() + 1, row + 1))
        });
        drop(heard);
        found
    }

    /// The terminal takes nothing any more, or again.
    pub fn stall(&self, stalled: bool) {
        self.heard().stalled = stalled;
        self.heard.1.notify_all();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let master = self.master.as_ref().expect("an open terminal");
        self.heard()
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        master.resize(size(columns, rows)).expect("resized");
    }

    /// The window is closed.
    pub fn close(&mut self) {
        self.heard().shut = true;
        // Ctrl-l: so that there are last bytes.
        self.press(b"\x0c");
        self.writer = None;
        self.master = None;
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().expect("a pid") as i32)
    }

    /// The thread of ours that hears what it sends.
    pub fn hearer(&self) -> Pid {
        self.heard().hearer
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("a signal");
    }

    /// Waits until the program has ended and all it said was heard; answers with its status.
    pub fn ends(&mut self) -> u32 {
        let status = self.ends_unread();
        if self.master.is_some() {
            self.wait_for("the end of the output", |heard| heard.closed);
        }
        status
    }

    /// Waits until it was ended by a signal, and nothing of it is left that would keep who waits for it.
    pub fn ends_killed(&mut self) {
        assert!(self.reaped().signal().is_some(), "it ended by itself");
        self.wait_for("the end of the output", |heard| heard.closed);
    }

    /// Waits until the program has ended, heard or not.
    pub fn ends_unread(&mut self) -> u32 {
        let status = self.reaped();
        assert_eq!(status.signal(), None, "killed");
        status.exit_code()
    }

    fn reaped(&mut self) -> ExitStatus {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(
                Instant::now() < until,
                "it did not end; the screen:\n{}",
                self.text()
            );
            // There is no waiting for a child with a deadline; this one only bounds how often it is asked.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn text(&self) -> String {
        self.heard().parser.screen().contents()
    }

    /// What is not as the program found it.
    pub fn left_behind(&self) -> Vec<&'static str> {
        let heard = self.heard();
        let screen: &Screen = heard.parser.screen();
        let mut left = Vec::new();
        let mut note = |wrong: bool, what| {
            if wrong {
                left.push(what);
            }
        };
        note(screen.alternate_screen(), "alternate screen");
        note(screen.hide_cursor(), "hidden cursor");
        note(screen.bracketed_paste(), "bracketed paste");
        note(
            screen.mouse_protocol_mode() != MouseProtocolMode::None,
            "mouse",
        );
        note(screen.inverse() || screen.bold(), "attributes");
        let modes = self
            .master
            .as_ref()
            .and_then(|m| m.get_termios())
            .expect("modes");
        let local = modes.local_flags.bits();
        note(local & libc::ICANON == 0, "raw mode");
        note(local & libc::ECHO == 0, "no echo");
        note(local & libc::ISIG == 0, "no signals from keys");
        left
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stall(false);
        let _ = self.child.kill();
    }
}
