//! The list in an app of its own: keys in, rows and replies out; frames with their styles.

mod frames;
mod headings;
mod keys;
mod rows;
mod search;
mod steady;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::List;
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::key::{Key, Mouse, Press};
use crate::app::world::Settings;
use crate::model::id::{Bytes, Uid};
use crate::model::process::stat::State;
use crate::model::sample::{Command, Facts, TaskSample};
use crate::model::scene::Scene;
use crate::screen;
use crate::theme::{Depth, Theme};
use crate::widgets::picture;

/// The screen of a machine with only the list on it.
pub(super) struct Stage {
    pub app: App,
    pub scene: Scene,
    pub size: Rect,
    pub effects: Vec<Effect>,
}

fn facts(task: &mut TaskSample, user: &str, uid: u32, command: &str) {
    task.facts = Arc::new(Facts {
        name: task.facts.name.clone(),
        command: Ok(Command::from_bytes(command.replace('|', "\0").as_bytes())),
        uid: Ok(Uid(uid)),
        user: user.into(),
    });
}

/// A machine as in the design's picture.
pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    let mut add = |pid, ppid, name: &str, user: &str, mib: u64, threads, command: &str| {
        let task = scene.task(pid, ppid, name);
        task.stat.resident = Bytes(mib << 20);
        task.stat.threads = threads;
        facts(task, user, if user == "root" { 0 } else { 1000 }, command);
    };
    add(1, 0, "systemd", "root", 12, 1, "/sbin/init|splash");
    add(612, 1, "sshd", "root", 31, 4, "/usr/sbin/sshd|-D");
    add(2210, 612, "sshd", "alice", 6, 1, "sshd: alice@pts/3");
    add(2214, 2210, "bash", "alice", 5, 1, "-bash");
    add(
        4211,
        2214,
        "rustc",
        "alice",
        812,
        9,
        "rustc|--crate-name|pscope|src/lib.rs",
    );
    add(
        1201,
        1,
        "gnome-shell",
        "alice",
        410,
        18,
        "/usr/bin/gnome-shell",
    );
    add(
        1842,
        1201,
        "firefox",
        "alice",
        1229,
        64,
        "/usr/lib/firefox/firefox",
    );
    for pid in [1901, 1902, 1903] {
        add(
            pid,
            1842,
            "Web Content",
            "alice",
            213,
            29,
            "/usr/lib/firefox/firefox|-contentproc",
        );
    }
    add(
        2044,
        1842,
        "Utility Process",
        "alice",
        64,
        3,
        "/usr/lib/firefox/firefox|-utility",
    );
    add(
        703,
        1,
        "postgres",
        "postgres",
        188,
        1,
        "/usr/bin/postgres|-D|/var/lib/postgresql/15/main",
    );
    add(2950, 1, "make", "bob", 0, 1, "");
    add(2, 0, "kthreadd", "root", 0, 1, "");
    add(3, 2, "kworker/0:1", "root", 0, 1, "");
    for pid in [2, 3] {
        scene.of(pid).stat.flags = 0x0020_0000;
    }
    scene.of(2950).stat.state = State::Zombie;
    scene.of(703).stat.state = State::Blocked;
    scene.of(4211).stat.state = State::Running;
    for (tid, name) in [
        (1842, "firefox"),
        (1843, "Compositor"),
        (1844, "StyleThread"),
        (1845, "StyleThread"),
    ] {
        scene.thread(1842, tid, name);
    }
    scene
}

impl Stage {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self::with(
            scene(),
            Settings::default(),
            picture::theme(),
            width,
            height,
        )
    }

    pub(super) fn with(
        scene: Scene,
        settings: Settings,
        theme: Theme,
        width: u16,
        height: u16,
    ) -> Self {
        let mut stage = Self::untouched(scene, settings, theme, Rect::new(0, 0, width, height));
        // On a row that every test knows, not on the busiest.
        stage.press("g");
        stage
    }

    /// Before anybody has pressed a key.
    pub(super) fn untouched(scene: Scene, settings: Settings, theme: Theme, size: Rect) -> Self {
        let app = App::new(vec![Box::new(List::default())], settings, theme);
        let mut stage = Self {
            app,
            scene,
            size,
            effects: Vec::new(),
        };
        let first = stage.scene.snapshot();
        stage.event(Event::Snapshot(Arc::new(first)));
        stage
    }

    pub(super) fn event(&mut self, event: Event) {
        self.effects.extend(self.app.update(event));
        screen::fit(&mut self.app, self.size);
    }

    /// One second passes; these were so many ticks on a core.
    pub(super) fn pass(&mut self, busy: &[(u32, u64)]) {
        let snapshot = self.scene.pass(1000, busy);
        self.event(Event::Snapshot(Arc::new(snapshot)));
    }

    /// Keys by name, parted by spaces.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            let key: Key = key.parse().expect(key);
            self.event(Event::Key(key));
        }
        self
    }

    pub(super) fn type_in(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(Event::Key(Key::char(c)));
        }
        self
    }

    pub(super) fn click(&mut self, column: u16, row: u16) -> &mut Self {
        self.mouse(Press::Left, column, row)
    }

    pub(super) fn mouse(&mut self, press: Press, column: u16, row: u16) -> &mut Self {
        self.event(Event::Mouse(Mouse { press, column, row }));
        self
    }

    pub(super) fn draw(&mut self) -> Buffer {
        screen::fit(&mut self.app, self.size);
        let mut buf = Buffer::empty(self.size);
        screen::render(&self.app, self.size, &mut buf);
        buf
    }

    pub(super) fn text(&mut self) -> String {
        picture::text(&self.draw())
    }

    /// The line of the selected row, from the pid on, or nothing.
    pub(super) fn selected(&mut self) -> String {
        let text = self.text();
        let line = text.lines().find(|l| l.contains('▌')).unwrap_or("");
        let line = line
            .trim_start_matches(['│', '▌', ' ', '◆', '+', '×', '■'])
            .trim_end_matches(['│', ' ']);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The pids of the rows in view, from the top.
    pub(super) fn pids(&mut self) -> Vec<u32> {
        let first = |line: &str| {
            let line = line.trim_start_matches(['│', '▌', ' ', '◆', '+', '×', '■']);
            line.split_whitespace()
                .next()
                .and_then(|word| word.parse().ok())
        };
        self.text().lines().filter_map(first).collect()
    }

    pub(super) fn focus(&self) -> u32 {
        self.app.world.focus.map_or(0, |id| id.pid.0)
    }
}
