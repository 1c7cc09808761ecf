use super::*;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::model::machine::sensor::{Sensors, Temperature};
use crate::panels::dashboard::lanes::tests as scenes;

fn drawn(width: u16, height: u16, keys: &[Key]) -> (ViewCpu, String) {
    let mut world = scenes::world([0, 1]);
    scenes::with_lanes(&mut world);
    let area = Rect::new(0, 0, width, height);
    let mut pane = ViewCpu::default();
    pane.fit(&world, area);
    for key in keys {
        let action = world.keys.find(*key, SPEC.actions).expect("listed");
        let answered = !matches!(pane.act(&world, action), Reply::Pass);
        assert!(answered || action == moves::CLEAR, "{}", action.name);
        pane.fit(&world, area);
    }
    let mut buf = Buffer::empty(area);
    pane.render(&world, area, &mut buf);
    (pane, scenes::screen(&buf))
}

#[test]
fn lanes_table_and_one_process() {
    let (_, text) = drawn(140, 26, &[]);
    insta::assert_snapshot!(text,  @r"
 cpu0  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇  50% usr 50 sys  0 irq  1     250 sw/s 100% preempted  
                                                                                      idle 50 irq 0 softirq 1 steal 0 iowait 0              
                                                                                      queue 1.0  moved in 0/s             60 s          ███ 
 cpu1                                                                                 50% usr 50 sys  0 irq  1      50 sw/s   0% preempted  
                                                                                      idle 50 irq 0 softirq 1 steal 0 iowait 0              
       ▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃  queue 0.0  moved in 0/s             60 s          ███ 
       −10 s              −7.5 s             −5 s               −2.5 s           now                                                        
 2 running or waiting on 2 cores · pressure 38%, 0% in 60 s · load 1.38 1.07 0.51                                                           
 Who had the cores in these 10 s · busy 55.0% · idle 45.0%                            slice length       125/s, mean 4 ms                   
     PID NAME              SHARE%▼ SLICES/S    MEAN  WAITED LONGEST PREEMPTED  MOVED  < 10 µs                                               
▌      4 ■ job4               50.0      125   4.0ms    5.0s   4.0ms      100%      0  < 100 µs                                              
       2 ■ job2               50.0      125   4.0ms    5.0s   4.0ms      100%      0  < 500 µs                                              
       6 ■ job6               10.0       50   2.0ms   500ms   2.0ms        0%      0  < 1 ms                                                
           idle               90.0                                                    < 2 ms                                                
           all cores           200                                                    < 4.2 ms           ███████████████████████ 100%       
           of that irq         0.0                                                    < 8.4 ms                                              
           of that softirq     2.0                                                    ≥ 8.4 ms                                              
           of that steal       0.0                                                                                                          
                                                                                      a second of it                                        
                                                                                      on a core          ████████████ 500 ms  50%           
                                                                                      waited for one     ████████████ 500 ms  50%           
                                                                                      slept              0  0%                              
                                                                                      ended              100% preempted 0% yielded          
                                                                                      moved core         0/s  0.0% of its slices            
                                                                                                                                            
                                                                                      who took the core
");
}

#[test]
fn pressure_and_load_are_whole_on_a_narrow_screen() {
    let line = |w| {
        let (_, text) = drawn(w, 26, &[]);
        let line = text.lines().find(|l| l.contains("pressure"));
        line.expect("a line of it").trim().to_owned()
    };
    assert_eq!(
        line(76),
        "2 running or waiting on 2 cores · pressure 38% · load 1.38 1.07 0.51"
    );
    assert_eq!(
        line(60),
        "2 runnable, 2 cores · pressure 38% · load 1.38 1.07 0.51"
    );
}

#[test]
fn escape_leads_back_to_the_present_before_it_leaves() {
    let press = |keys: &[char]| {
        let mut all: Vec<_> = keys.iter().map(|c| Key::char(*c)).collect();
        all.push(Key::of(Code::Left));
        drawn(140, 26, &all).0
    };
    let mut world = scenes::world([0, 1]);
    scenes::with_lanes(&mut world);
    let mut pane = press(&[']', '{']);
    assert!(!pane.picture.scope.is_live());
    assert!(matches!(pane.act(&world, moves::CLEAR), Reply::Done));
    assert!(pane.picture.scope.is_live());
    assert!(matches!(pane.act(&world, moves::CLEAR), Reply::Pass));
    let (pane, _) = drawn(140, 26, &[']', '{', '0'].map(Key::char));
    assert!(pane.picture.scope.is_live());
}

#[test]
fn who_was_not_seen_has_a_row_and_the_shares_add_up() {
    let mut world = scenes::world([0, 1]);
    scenes::with_samples(&mut world);
    let area = Rect::new(0, 0, 140, 26);
    let mut pane = ViewCpu::default();
    pane.fit(&world, area);
    let mut buf = Buffer::empty(area);
    pane.render(&world, area, &mut buf);
    let text = scenes::screen(&buf);
    let share = |name: &str| {
        let line = text.lines().find(|l| l.contains(name)).expect("a row");
        let after = line.split(name).nth(1).expect("a share");
        after.split_whitespace().next().expect("a share")
    };
    assert_eq!(share("■ job2"), "30.0", "{text}");
    assert_eq!(share(" not seen "), "50.0", "{text}");
    assert_eq!(share("  idle  "), "120", "{text}");
    assert!(text.contains("busy 40.0% · idle 60.0%"), "{text}");
    // What samples do not tell has no column of dashes.
    assert!(
        text.contains("WAITED") && !text.contains("PREEMPTED"),
        "{text}"
    );
}

#[test]
fn the_cursor_reaches_the_last_of_many_cores_with_holes() {
    use crate::model::id::{CpuId, Pid, Tid};
    use crate::model::scheduling::timeline::{Builder, Thread};
    let mut names = |pid: Pid, _: Tid| (ProcId::new(pid.0, 1), "job".into());
    for cores in [64_u32, 4096] {
        let ids = (0..cores).map(|i| i * 3);
        let mut world = scenes::world(ids.clone());
        let mut b = Builder::new(Origin::Exact, ids.clone().map(CpuId), Nanos(0));
        for cpu in ids {
            let on = |n: u32| Thread {
                pid: Pid(n),
                tid: Tid(n),
            };
            let pair = (on(0), on(10 + cpu));
            let at = Nanos::from_millis(1);
            b.switch(CpuId(cpu), at, pair, Some(false), &mut names);
        }
        world.timeline = Arc::new(b.publish(Nanos::from_millis(50)));
        let area = Rect::new(0, 0, 140, 40);
        let mut pane = ViewCpu::default();
        pane.fit(&world, area);
        pane.act(&world, &picture::CURSOR_LEFT);
        let (picture, list) = (&mut pane.picture, moves::DOWN);
        for _ in 0..cores {
            picture.act(&world, list);
        }
        pane.fit(&world, area);
        let mut buf = Buffer::empty(area);
        pane.render(&world, area, &mut buf);
        let text = scenes::screen(&buf);
        let last = format!("cpu{}", (cores - 1) * 3);
        assert!(text.lines().any(|l| l.trim().starts_with(&last)), "{text}");
        assert!(text.contains(&format!("{last} at ")), "{text}");
    }
}

#[test]
fn every_key_is_answered_at_every_size() {
    for (w, h) in [(1, 1), (20, 3), (60, 15), (80, 24), (120, 40), (200, 60)] {
        for action in SPEC.actions {
            let key = action.keys[0];
            let (pane, _) = drawn(w, h, &[key]);
            let types = [moves::SEARCH, moves::FILTER].contains(action);
            assert_eq!(pane.typing(), types);
        }
    }
}

#[test]
fn the_order_follows_the_column() {
    let (pane, _) = drawn(140, 26, &[Key::char('<')]);
    assert_eq!(pane.list.sort().0, 1);
    let names: Vec<_> = pane.found.iter().map(|p| p.who.name.to_string()).collect();
    assert!(names.is_sorted());
}

#[test]
fn sensors_have_a_line_where_there_are_any() {
    let mut world = scenes::world([0, 1]);
    scenes::with_lanes(&mut world);
    assert!(sensors::line(&world).is_empty());
    let mut detail = Detail::default();
    let known = Sensors {
        temperatures: vec![Temperature {
            chip: "coretemp".into(),
            place: "hwmon0/temp1".into(),
            told: None,
            silent: None,
            label: None,
            celsius: Ok(93.0),
            critical: Some(100.0),
        }],
        ..Sensors::default()
    };
    detail.machine.sensors = Some(Stamped::new(Nanos(0), Ok(known)));
    world.detail = Arc::new(detail);
    let area = Rect::new(0, 0, 140, 26);
    let mut pane = ViewCpu::default();
    pane.fit(&world, area);
    let mut buf = Buffer::empty(area);
    pane.render(&world, area, &mut buf);
    let text = scenes::screen(&buf);
    assert!(
        text.contains("coretemp ! 93 °C of 100 °C allowed"),
        "{text}"
    );
}

#[test]
fn the_shares_of_processes_and_idle_add_up_to_all_cores() {
    let (_, text) = drawn(140, 34, &[]);
    let share = |line: &str, name: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let at = words.iter().position(|w| *w == name)?;
        words.get(at + 1)?.parse::<f32>().ok()
    };
    let table = text.lines().map(|l| l.chars().take(84).collect::<String>());
    let table: Vec<_> = table.collect();
    let of = |name: &str| table.iter().find_map(|l| share(l, name));
    let parts = ["job4", "job2", "job6", "idle"].map(|n| of(n).expect("a row"));
    assert!((parts.iter().sum::<f32>() - 200.0).abs() < 0.2, "{text}");
    assert_eq!(of("cores"), Some(200.0), "{text}");
    assert_eq!(of("softirq"), Some(2.0), "{text}");
}

/// On the smallest screens too the rows below the processes are all there: what was taken is then one sum.
#[test]
fn no_row_below_the_processes_is_cut() {
    for (width, height) in [(78, 19), (78, 21), (118, 35), (158, 43)] {
        let (_, text) = drawn(width, height, &[]);
        assert!(text.contains("  all cores "), "{width}x{height}:\n{text}");
        let taken = text.contains("  of that steal ") || text.contains("  irq and steal ");
        assert!(taken, "{width}x{height}:\n{text}");
    }
}
