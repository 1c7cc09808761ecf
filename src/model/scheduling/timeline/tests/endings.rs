//! Threads that end, and are preempted while they do.

use super::*;

#[test]
fn who_is_preempted_while_ending_stays_itself_until_the_last_slice() {
    let cpu = CpuId(0);
    let gone = Thread {
        pid: Pid(u32::MAX),
        tid: Tid(u32::MAX),
    };
    // A name is there to be read only while the thread lives.
    let told = |b: &mut Builder| {
        let line = b.publish(ms(9));
        let all = line.lanes[0].slices.all();
        all.map(|(s, w)| (w.name.to_string(), s.ended))
            .collect::<Vec<_>>()
    };
    let as_it_is = [
        ("t2".to_owned(), Ended::Preempted),
        ("t4".to_owned(), Ended::Preempted),
        ("t2".to_owned(), Ended::Exited),
        ("t4".to_owned(), Ended::Running),
    ];
    // The kernel still has its number, or has none any more, in both records of a switch or in one.
    for (again, twice) in [(thread(2), false), (gone, false), (gone, true)] {
        let mut b = Builder::new(Origin::Exact, [cpu], ms(0));
        b.switch(cpu, ms(1), (thread(0), thread(2)), Some(false), &mut names);
        b.exit(ms(2), thread(2));
        b.switch(cpu, ms(3), (thread(2), thread(4)), Some(true), &mut names);
        for _ in 0..=u32::from(twice) {
            b.switch(cpu, ms(4), (thread(4), again), Some(true), &mut names);
        }
        let mut nobody = |_, tid: Tid| (ProcId::default(), format!("?{tid}").as_str().into());
        b.switch(cpu, ms(5), (gone, thread(4)), Some(false), &mut nobody);
        assert_eq!(told(&mut b), as_it_is, "{again:?}");
    }
}
