//! A hundred thousand processes through the real sweep, the real loop and a screen in memory.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use pscope::app::App;
use pscope::app::event::{Effect, Event, Outside};
use pscope::app::world::Settings;
use pscope::model::id::Nanos;
use pscope::model::plan::Plan;
use pscope::panels;
use pscope::run::drive::drive;
use pscope::run::inbox::{Ending, Inbox, Tell};
use pscope::sampler::sweeper::Sweeper;
use pscope::theme::{Depth, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{MADE, farm, teller};

const PROCESSES: u32 = 100_000;
const TICKS: u64 = 6;
/// How many run between two ticks.
const RUNNING: u32 = 40;
const HEIGHT: u16 = 50;

/// Hands on what is worth reading, and tells when the loop has come round.
struct Listener {
    plan: Arc<Mutex<Plan>>,
    round: Sender<u64>,
}

impl Outside for Listener {
    fn perform(&mut self, _: Effect) -> Option<Event> {
        // How often the loop's thread has asked for memory by now.
        let _ = self.round.send(MADE.get());
        None
    }

    fn replan(&mut self, plan: &Plan) {
        *self.plan.lock().expect("nobody dies with it") = plan.clone();
    }
}

/// Waits until what was told so far has been drawn; answers how often memory was asked for by then.
fn drawn(tell: &Tell, rounds: &Receiver<u64>) -> u64 {
    let mut made = 0;
    // The second is told only when the first was taken, so it is taken after the frame between them.
    for _ in 0..2 {
        tell.perform(Effect::Copy(String::new()));
        made = rounds.recv().expect("the loop goes on");
    }
    made
}

/// What each tick cost: processes read, and how often the loop asked for memory.
fn sample(
    sweeper: &mut Sweeper,
    plan: &Mutex<Plan>,
    tell: &Tell,
    rounds: &Receiver<u64>,
) -> Vec<(u32, u64)> {
    let mut costs = Vec::new();
    let mut before = drawn(tell, rounds);
    for tick in 1..=TICKS {
        let plan = plan.lock().expect("nobody dies with it").clone();
        sweeper
            .tick(Nanos(tick * 1_000_000_000), &plan)
            .expect("it lists");
        sweeper.fill(Nanos(tick * 1_000_000_000), &plan);
        let read = sweeper.sample().map_or(0, |sample| sample.read);
        let snapshot = sweeper.snapshot().expect("a tick was made");
        tell.event(Event::Snapshot(Arc::new(snapshot)));
        let made = drawn(tell, rounds);
        costs.push((read, made - before));
        before = made;
    }
    costs
}

#[test]
fn a_hundred_thousand_processes_cost_what_happens_among_them() {
    let (_dir, root) = farm::tree(PROCESSES);
    let inbox = Inbox::new();
    let (tell, plan) = (inbox.tell(), Arc::new(Mutex::new(Plan::default())));
    let (round, rounds) = channel();
    let mut listener = Listener {
        plan: Arc::clone(&plan),
        round,
    };
    let sampler = std::thread::spawn(move || {
        let mut sweeper = Sweeper::new(&root).expect("a proc tree");
        sweeper = sweeper.listening(teller::idle_but_for(RUNNING), None);
        let costs = sample(&mut sweeper, &plan, &tell, &rounds);
        tell.end(Ending::Quit);
        costs
    });
    let settings = Settings {
        tree: true,
        ..Settings::default()
    };
    let mut app = App::new(panels::all(), settings, Theme::terminal(Depth::True, false));
    let mut terminal = Terminal::new(TestBackend::new(200, HEIGHT)).expect("a terminal");
    let ending = drive(&mut terminal, &mut app, &inbox, &mut listener);
    assert_eq!(ending.expect("a terminal in memory"), Ending::Quit);
    let costs = sampler.join().expect("it ends");
    let screen: String = terminal
        .backend()
        .buffer()
        .content
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(
        screen.contains(&format!("{PROCESSES} processes")),
        "{screen}"
    );
    assert_eq!(costs[0].0, PROCESSES, "the first reads everybody");
    // Who ran, who is in view, and in half a minute everybody once.
    let most = RUNNING + u32::from(HEIGHT) + PROCESSES / 30 + 2;
    for (tick, (read, made)) in costs.iter().enumerate().skip(1) {
        assert!(
            (1..=most).contains(read),
            "tick {tick} read {read}: {costs:?}"
        );
        assert!(
            *made < 5_000,
            "tick {tick} asked for memory {made} times: {costs:?}"
        );
    }
}
