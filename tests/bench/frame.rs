//! What the screen costs: a frame that changed in nothing, a key, and a whole tick from the proc tree to the last cell.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pscope::app::App;
use pscope::app::event::Event;
use pscope::app::key::Key;
use pscope::app::world::Settings;
use pscope::model::id::Nanos;
use pscope::panels;
use pscope::sampler::sweeper::Sweeper;
use pscope::screen;
use pscope::theme::{Depth, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[path = "../scale/farm.rs"]
mod farm;
#[path = "../scale/teller.rs"]
mod teller;

const SIZES: [u32; 4] = [200, 2_000, 10_000, 100_000];
/// How many run between two ticks.
const RUNNING: u32 = 40;

/// The program without its threads and its terminal.
struct Stage {
    sweeper: Sweeper,
    app: App,
    terminal: Terminal<TestBackend>,
    at: Nanos,
}

impl Stage {
    fn new(root: &pscope::sys::root::ProcRoot) -> Self {
        let settings = Settings {
            tree: true,
            ..Settings::default()
        };
        let sweeper = Sweeper::new(root).expect("a proc tree");
        let mut stage = Self {
            sweeper: sweeper.listening(teller::idle_but_for(RUNNING), None),
            app: App::new(panels::all(), settings, Theme::terminal(Depth::True, false)),
            terminal: Terminal::new(TestBackend::new(200, 50)).expect("a terminal"),
            at: Nanos(0),
        };
        stage.tick();
        stage.tick();
        stage
    }

    fn draw(&mut self) {
        let app = &mut self.app;
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            screen::fit(app, area);
            screen::render(app, area, frame.buffer_mut());
        });
        drawn.expect("a terminal in memory");
    }

    fn key(&mut self, key: Key) {
        self.app.update(Event::Key(key));
        self.draw();
        black_box(self.app.plan());
    }

    fn tick(&mut self) {
        self.at.0 += 1_000_000_000;
        let plan = self.app.plan();
        self.sweeper.tick(self.at, &plan).expect("it lists");
        self.sweeper.fill(self.at, &plan);
        let snapshot = self.sweeper.snapshot().expect("a tick was made");
        self.app.update(Event::Snapshot(Arc::new(snapshot)));
        self.draw();
    }
}

fn frame(c: &mut Criterion) {
    for n in SIZES {
        let (_dir, root) = farm::tree(n);
        let mut stage = Stage::new(&root);
        let mut group = c.benchmark_group("frame");
        group.sample_size(20);
        group.bench_function(BenchmarkId::new("same", n), |b| b.iter(|| stage.draw()));
        let down: Key = "Down".parse().expect("a key");
        let up: Key = "Up".parse().expect("a key");
        group.bench_function(BenchmarkId::new("two keys", n), |b| {
            b.iter(|| {
                stage.key(down);
                stage.key(up);
            });
        });
        group.bench_function(BenchmarkId::new("tick", n), |b| b.iter(|| stage.tick()));
        group.finish();
    }
}

criterion_group!(benches, frame);
criterion_main!(benches);
