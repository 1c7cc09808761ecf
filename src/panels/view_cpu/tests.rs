use super::*;
use crate::model::detail::{Detail, Stamped};
use crate::model::sensor::{Sensors, Temperature};
use crate::panels::lanes::tests as scenes;

fn drawn(width: u16, height: u16, keys: &[Key]) -> (ViewCpu, String) {
    let mut world = scenes::world([0, 1]);
    scenes::with_lanes(&mut world);
    let area = Rect::new(0, 0, width, height);
    let mut pane = ViewCpu::default();
    pane.fit(&world, area);
    for key in keys {
        let action = world.keys.find(*key, SPEC.actions).expect("listed");
        assert!(!matches!(pane.act(&world, action), Reply::Pass));
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
 cpu0                                                                                 50% usr 50 sys  0 irq  0     250 sw/s 100% preempted  
                                                                                     idle 50 iowait 0 irq 0 steal 0                         
                                                                                                                                            
 cpu1  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  50% usr 50 sys  0 irq  0      50 sw/s   0% preempted  
                                                                                     idle 50 iowait 0 irq 0 steal 0                         
                                                                                                                                            
       −10 s              −7.5 s             −5 s               −2.5 s           now                                                        
                                                                                                                                            
 Who had the cores in these 10 s · busy 55.0% · idle 45.0%                            slice length       125/s, mean 4 ms                   
     PID NAME              SHARE%▼ SLICES/S    MEAN LONGEST PREEMPTED  WAITED  MOVED  < 10 µs                                               
▌      4 ■ job4               50.0      125   4.0ms   4.0ms      100%    5.0s      0  < 100 µs                                              
       2 ■ job2               50.0      125   4.0ms   4.0ms      100%    5.0s      0  < 500 µs                                              
       6 ■ job6               10.0       50   2.0ms   2.0ms        0%       0      0  < 1 ms                                                
                                                                                      < 2 ms                                                
                                                                                      < 4.2 ms           ████████████████████████ 100%      
                                                                                      < 8.4 ms                                              
                                                                                      ≥ 8.4 ms                                              
                                                                                                                                            
                                                                                      one second of it                                      
                                                                                      on a core          █████████████ 500 ms               
                                                                                      preempted          ████████████ 500 ms                
                                                                                      ended              100% preempted  0% yielded         
                                                                                      moved core         0/s  0.0% of its slices            
                                                                                                                                            
                                                                                      who took the core                                     
                                                                                      job2               ████████████████████████ 100%  125…
");
}

#[test]
fn every_key_is_answered_at_every_size() {
    for (w, h) in [(1, 1), (20, 3), (60, 15), (80, 24), (120, 40), (200, 60)] {
        for action in SPEC.actions {
            let key = action.keys[0];
            let (pane, _) = drawn(w, h, &[key]);
            assert_eq!(pane.typing(), *action == moves::SEARCH);
        }
    }
}

#[test]
fn the_order_follows_the_column() {
    let (pane, _) = drawn(140, 26, &[Key::char('<')]);
    assert_eq!(pane.list.sheet.sort, 1);
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
            label: None,
            celsius: 93.0,
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
        text.contains("coretemp ! 93 °C of 100 °C critical"),
        "{text}"
    );
}
