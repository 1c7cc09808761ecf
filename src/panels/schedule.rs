//! The tab Schedule: when the process had a core, how its slices ended, who took the core, and what the scheduler allows it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use super::lanes::picture::{self, Picture, rounded};
use super::lanes::summary::{self, SumLine};
use super::listing;
use crate::app::action::Action;
use crate::app::key::Mouse;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::reading::Reading;
use crate::model::schedule::{Schedule, policy_words};
use crate::model::timeline::Origin;
use crate::theme::Role;

static SPEC: Spec = Spec {
    name: "schedule",
    title: "Schedule",
    about: "Its slices on every core, how long they are, how they end, and who takes the core from it.",
    place: Place::Tab,
    needs: Needs::SCHEDULE.union(Needs::SWITCHES),
    actions: &[
        moves::UP,
        moves::DOWN,
        &picture::ZOOM_OUT,
        &picture::ZOOM_IN,
        &picture::EARLIER,
        &picture::LATER,
    ],
};

/// From this width on facts and slices stand side by side.
const BESIDE: u16 = 96;

/// The pane.
#[derive(Default)]
pub struct ScheduleTab {
    kept: Kept<Schedule>,
    picture: Picture,
    facts: Vec<SumLine>,
    slices: Vec<SumLine>,
    areas: [Rect; 3],
    top: usize,
}

impl ScheduleTab {
    fn place(world: &World, area: Rect) -> [Rect; 3] {
        let known = world.timeline.origin != Origin::None;
        let lanes = world.timeline.lanes.len().min(64) as u16;
        let height = if known {
            (lanes * 2 + 2).min(area.height / 2)
        } else {
            0
        };
        let inside = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(2),
            ..area
        };
        let lanes = Rect { height, ..inside };
        let below = Rect {
            y: inside.y + height,
            height: inside.height - height,
            ..inside
        };
        if area.width < BESIDE {
            return [lanes, below, Rect::default()];
        }
        let half = below.width / 2;
        let right = Rect {
            x: below.x + half + 1,
            width: below.width - half - 1,
            ..below
        };
        [
            lanes,
            Rect {
                width: half,
                ..below
            },
            right,
        ]
    }
}

impl Panel for ScheduleTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.schedule.as_ref());
        self.areas = Self::place(world, area);
        self.picture.focused = true;
        let right = picture::numbers_width(area.width).min(16);
        self.picture.fit(world, self.areas[0], 2, right);
        // The lanes are there before the facts, and stay while time stands still.
        self.facts = match self.kept.value() {
            Some(schedule) => facts(schedule),
            None => vec![fact(&self.kept.why(), Vec::new())],
        };
        self.slices = match (world.focus, self.picture.window()) {
            (Some(id), Some(window)) => summary::lines(world, id, window),
            _ => Vec::new(),
        };
        if self.areas[2].width == 0 {
            self.facts.push(SumLine::default());
            self.facts.append(&mut self.slices);
        }
        let lines = self.facts.len().max(self.slices.len());
        let last = lines.saturating_sub(usize::from(self.areas[1].height));
        self.top = self.top.min(last);
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if action == moves::UP {
            self.top = self.top.saturating_sub(1);
        } else if action == moves::DOWN {
            self.top += 1;
        } else {
            return self.picture.act(world, action).unwrap_or_default();
        }
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        self.picture.mouse(world, mouse)
    }

    fn status(&self, world: &World) -> String {
        let title = picture::origin(&self.picture, world);
        title
            .iter()
            .take(2)
            .map(|(text, _)| text.as_str())
            .collect()
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        let line = |word: &str, means: &str| (word.to_owned(), means.to_owned());
        vec![
            line("on a core", "time in which one of its threads had a core"),
            line(
                "waiting",
                "time in which a thread could run but had no core (schedstat, all threads)",
            ),
            line(
                "preempted",
                "the kernel took the core, or the thread called sched_yield",
            ),
            line("yielded", "the thread blocked or slept"),
            line(
                "slice wanted",
                "how long the scheduler lets its first thread run before another one may (EEVDF)",
            ),
            line(
                "lag",
                "how much virtual time it is behind its fair share; negative: ahead",
            ),
            line(
                "throttled",
                "its control group had used up its quota of CPU time",
            ),
        ]
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.value().is_none() && self.slices.is_empty() && self.facts.len() < 2 {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        if self.areas[0].height > 0 {
            self.picture.draw(world, buf);
        }
        for (lines, area) in [(&self.facts, self.areas[1]), (&self.slices, self.areas[2])] {
            let lines = lines.get(self.top..).unwrap_or_default();
            summary::draw(&world.theme, lines, area, buf);
        }
    }
}

fn fact(label: &str, words: Vec<(String, Role)>) -> SumLine {
    SumLine {
        label: label.to_owned(),
        words,
        ..SumLine::default()
    }
}

fn known<T>(value: &Reading<T>, write: impl Fn(&T) -> String) -> (String, Role) {
    match value {
        Ok(value) => (write(value), Role::Text),
        Err(why) => (format!("– {}", why.word()), Role::Dim),
    }
}

fn facts(s: &Schedule) -> Vec<SumLine> {
    let priority = if s.rt_priority > 0 {
        format!(", priority {}", s.rt_priority)
    } else {
        format!(", nice {}", s.nice)
    };
    let mut out = vec![
        fact(
            "policy",
            vec![(
                format!("{}{priority}", policy_words(s.policy)),
                Role::Strong,
            )],
        ),
        fact(
            "may run on",
            vec![
                ("cores ".to_owned(), Role::Dim),
                known(&s.cores, ToString::to_string),
            ],
        ),
        fact("slice wanted", vec![known(&s.slice, |n| rounded(*n))]),
        fact(
            "virtual time",
            vec![known(&s.vruntime_ms, |ms| format!("{ms:.1} ms"))],
        ),
        fact("lag", vec![known(&s.lag_ms, |ms| format!("{ms:.3} ms"))]),
        throttled(s),
        SumLine::default(),
    ];
    out.extend(rates(s));
    out
}

fn throttled(s: &Schedule) -> SumLine {
    let words = match &s.throttling {
        Ok(t) if t.throttled == 0 => vec![
            ("no".to_owned(), Role::Text),
            (format!("  group {}", t.group), Role::Dim),
        ],
        Ok(t) => vec![
            (
                format!("{} of {} periods", t.throttled, t.periods),
                Role::Warn,
            ),
            (
                format!("  {} in all, group {}", format::duration(t.time), t.group),
                Role::Dim,
            ),
        ],
        Err(why) => vec![(format!("– {}", why.word()), Role::Dim)],
    };
    fact("throttled", words)
}

/// What it got: of the last second where two readings are there, and since it started.
fn rates(s: &Schedule) -> Vec<SumLine> {
    let c = &s.counters;
    let plural = if c.threads == 1 { "thread" } else { "threads" };
    let mut out = vec![SumLine {
        title: true,
        ..fact(
            "by the kernel",
            vec![(format!("{} {plural}, a second", c.threads), Role::Dim)],
        )
    }];
    let mut push = |label: &str, now: Option<String>, all: String, role: Role| {
        let now = now.map_or(("–".to_owned(), Role::Dim), |text| (text, role));
        out.push(fact(
            label,
            vec![now, (format!("  {all} in all"), Role::Dim)],
        ));
    };
    let rates = s.rates.ok();
    let span = |ns: f64| rounded(Nanos(ns as u64));
    let hurts = rates.is_some_and(|r| r.wait > r.run / 5.0 && r.wait > 1e7);
    let wait = if hurts { Role::Warn } else { Role::Strong };
    push(
        "on a core",
        rates.map(|r| span(r.run)),
        format::duration(c.run),
        Role::Strong,
    );
    push(
        "waiting",
        rates.map(|r| span(r.wait)),
        format::duration(c.wait),
        wait,
    );
    push(
        "slices",
        rates.map(|r| format::per_second(r.slices)),
        format::count(c.slices),
        Role::Text,
    );
    push(
        "preempted",
        rates.map(|r| format::per_second(r.involuntary)),
        format::count(c.involuntary),
        Role::Text,
    );
    push(
        "yielded",
        rates.map(|r| format::per_second(r.voluntary)),
        format::count(c.voluntary),
        Role::Text,
    );
    if let Some(moves) = c.migrations {
        let rate = rates.and_then(|r| r.migrations).map(format::per_second);
        push("moved core", rate, format::count(moves), Role::Text);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::detail::{Detail, Stamped};
    use crate::model::id::ProcId;
    use crate::model::reading::Missing;
    use crate::model::schedule::{Counters, Rates, Throttling};
    use crate::panels::lanes::tests as scenes;

    fn schedule() -> Schedule {
        let counters = Counters {
            threads: 1,
            run: Nanos::from_millis(5000),
            wait: Nanos::from_millis(4000),
            slices: 1250,
            voluntary: 3,
            involuntary: 1247,
            migrations: Some(2),
        };
        Schedule {
            policy: 0,
            nice: 5,
            rt_priority: 0,
            cores: Ok("0-1".into()),
            slice: Ok(Nanos(2_800_000)),
            vruntime_ms: Ok(243.2),
            lag_ms: Err(Missing::Unsupported),
            counters,
            rates: Rates::between(&Counters::default(), &counters, Nanos::from_millis(10_000)),
            throttling: Ok(Throttling {
                group: "/jobs".into(),
                periods: 10,
                throttled: 4,
                time: Nanos::from_millis(120),
            }),
        }
    }

    fn drawn(width: u16, height: u16, focus: bool) -> String {
        let mut world = scenes::world([0, 1]);
        scenes::with_lanes(&mut world);
        let id = ProcId::new(2, 2);
        world.focus = focus.then_some(id);
        world.detail = Arc::new(Detail {
            of: world.focus,
            schedule: Some(Stamped::new(Nanos(1), Ok(schedule()))),
            ..Detail::default()
        });
        let area = Rect::new(0, 0, width, height);
        let mut pane = ScheduleTab::default();
        pane.fit(&world, area);
        for action in SPEC.actions {
            assert!(!matches!(pane.act(&world, action), Reply::Pass));
        }
        pane.fit(&world, area);
        let mut buf = Buffer::empty(area);
        pane.render(&world, area, &mut buf);
        scenes::screen(&buf)
    }

    #[test]
    fn facts_beside_slices() {
        insta::assert_snapshot!(drawn(110, 26, true),  @r"
cpu0  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  50%   250 sw/s 
                                                                                                             
cpu1  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  50%    50 sw/s 
                                                                                                             
        −10 s                −7.5 s               −5 s                 −2.5 s            now                 
                                                                                                             
policy             normal, nice 5                      slice length       125/s, mean 4 ms                   
may run on         cores 0-1                           < 10 µs                                               
slice wanted       2.8 ms                              < 100 µs                                              
virtual time       243.2 ms                            < 500 µs                                              
lag                – unsupported                       < 1 ms                                                
throttled          4 of 10 periods  120ms in all, gro… < 2 ms                                                
                                                       < 4.2 ms           ███████████████████████ 100%       
by the kernel      1 thread, a second                  < 8.4 ms                                              
on a core          500 ms  5.0s in all                 ≥ 8.4 ms                                              
waiting            400 ms  4.0s in all                                                                       
slices             125  1.2k in all                    one second of it                                      
preempted          125  1.2k in all                    on a core          ████████████ 500 ms                
yielded            0.3  3 in all                       preempted          ████████████ 500 ms                
moved core         –  2 in all                         ended              100% preempted  0% yielded         
                                                       moved core         0/s  0.0% of its slices            
                                                                                                             
                                                       who took the core                                     
                                                       job4               ███████████████████████ 100%  129…
");
    }

    #[test]
    fn right_at_every_size() {
        for (w, h) in [(1, 1), (20, 5), (60, 15), (66, 40), (80, 24), (200, 60)] {
            for focus in [true, false] {
                drawn(w, h, focus);
            }
        }
    }
}
