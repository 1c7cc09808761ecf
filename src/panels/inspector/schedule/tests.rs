use std::sync::Arc;

use super::*;
use crate::app::key::Key;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, Pid, ProcId, Tid};
use crate::model::reading::Missing;
use crate::model::scheduling::schedule::{Counters, Rates, Throttling};
use crate::model::scheduling::wakes::Waker;
use crate::panels::dashboard::lanes::tests as scenes;

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
        weight: Ok(335.0),
        utilisation: Ok(33.2),
        asleep: true,
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
cpu0  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  50%   250 sw/s 
      ██████████████████████████████████████████████████████████████████████████████████████                 
cpu1                                                                                          50%    50 sw/s 
      ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂                 
        −10 s                −7.5 s               −5 s                 −2.5 s            now                 
                                                                                                             
policy             normal, nice 5                      slice length       125/s, mean 4 ms                   
may run on         cores 0-1                           < 10 µs                                               
slice wanted       2.8 ms                              < 100 µs                                              
virtual time       243.2 ms                            < 500 µs                                              
lag                – this kernel does not print it     < 1 ms                                                
weight             335                                 < 2 ms                                                
utilisation        33% of a core when it last ran      < 4.2 ms           ██████████████████████ 100%        
throttled          4 of 10 periods  120ms in all, gro… < 8.4 ms                                              
                                                       ≥ 8.4 ms                                              
by the kernel      1 thread, a second                                                                        
on a core          500 ms  5.0s in all                 a second of it                                        
waiting            400 ms  4.0s in all                 on a core          ███████████ 500 ms  50%            
slices             125  1.2k in all                    waited for one     ███████████ 500 ms  50%            
preempted          125  1.2k in all                    slept              0  0%                              
yielded            0.3  3 in all                       ended              100% preempted 0% yielded          
moved core         –  2 in all                         moved core         0/s  0.0% of its slices            
                                                                                                             
                                                       who took the core                                     
                                                       job4 4             ██████████████████████ 100%  1290×
");
}

/// `n` and `N` go from slice to slice of the process: each says who made it ready, as on the dashboard.
#[test]
fn the_selected_slice_says_who_made_it_ready_and_an_arrow_leads_there() {
    let mut world = scenes::why::woken(Waker::Thread(Pid(812), Tid(812)));
    world.focus = Some(ProcId::new(7, 7));
    let area = Rect::new(0, 0, 130, 26);
    let mut pane = ScheduleTab::default();
    let mut press = |keys: &str| {
        pane.fit(&world, area);
        for key in keys.chars() {
            let action = world.keys.find(Key::char(key), SPEC.actions);
            pane.act(&world, action.expect("listed"));
            pane.fit(&world, area);
        }
        let mut buf = Buffer::empty(area);
        pane.render(&world, area, &mut buf);
        let mut plan = Plan::default();
        pane.plan(&world, &mut plan);
        (scenes::screen(&buf), plan.needs.contains(Needs::WAKE_UPS))
    };
    let (_, asks) = press("");
    assert!(!asks, "of ten seconds no wait is wide enough to be seen");
    let said = "made ready by 812 redis on core 1, waited 3.2 ms behind 6840 rustc";
    let (text, asks) = press("]]]]]]]]n");
    assert!(asks, "single slices are looked at");
    assert!(text.contains(said), "the newest one: {text}");
    assert!(text.contains('▲') && text.contains('●'), "{text}");
    let (text, _) = press("N");
    assert!(
        text.contains("web 7/7, 2 ms, yielded"),
        "the one before: {text}"
    );
    assert!(!text.contains('●'), "{text}");
    assert!(press("n").0.contains(said));
    let action = world.keys.find(Key::char('n'), SPEC.actions);
    let more = pane.act(&world, action.expect("listed"));
    assert!(matches!(more, Reply::Say(why) if why.contains("no slice of it after")));
    for (w, h) in [(1, 1), (20, 5), (60, 15), (200, 60)] {
        let area = Rect::new(0, 0, w, h);
        pane.fit(&world, area);
        pane.render(&world, area, &mut Buffer::empty(area));
    }
}

#[test]
fn right_at_every_size() {
    for (w, h) in [(1, 1), (20, 5), (60, 15), (66, 40), (80, 24), (200, 60)] {
        for focus in [true, false] {
            drawn(w, h, focus);
        }
    }
}
