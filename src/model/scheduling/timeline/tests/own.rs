//! Slices of one process alone, whose events the kernel takes away before the last switch of a thread that ends.

use super::*;

#[test]
fn a_thread_that_ended_does_not_run_on() {
    let (cpu, all) = (CpuId(0), [CpuId(0)]);
    for (origin, until) in [(Origin::Own, 20), (Origin::Exact, 1000)] {
        let mut b = Builder::new(origin, all, ms(0));
        b.come(cpu, ms(10), thread(2), &mut names);
        b.exit(ms(20), thread(2));
        let line = b.publish(ms(1000));
        let slices: Vec<_> = line.lanes[0].slices.all().map(|(s, _)| s).collect();
        let ends: Vec<_> = slices.iter().map(|s| s.end).collect();
        assert_eq!(ends, [ms(until)], "{origin:?}");
        let whole = Window {
            from: ms(0),
            to: ms(1000),
        };
        let run = line.lanes[0].total(whole, origin).run;
        assert_eq!(run, ms(until - 10), "{origin:?}");
    }
    let mut b = Builder::new(Origin::Own, all, ms(0));
    b.come(cpu, ms(10), thread(2), &mut names);
    b.exit(ms(20), thread(2));
    let line = b.publish(ms(30));
    let ended: Vec<_> = line.lanes[0].slices.all().map(|(s, _)| s.ended).collect();
    assert_eq!(ended, [Ended::Exited]);
}
