use super::*;

fn party(pid: u32, name: &str) -> Party {
    Party {
        id: ProcId::new(pid, 1),
        name: name.into(),
        fd: Some(1),
    }
}

fn edge(channel: Channel, a: Party, b: Party, flow: Flow, detail: &str) -> Edge {
    Edge {
        channel,
        a,
        b,
        flow,
        detail: detail.to_owned(),
        crowd: false,
    }
}

fn said(line: &Line) -> String {
    let channels: Vec<_> = line.channels.iter().map(|(c, n)| c.counted(*n)).collect();
    format!(
        "{} {} {}: {} ({})",
        words(&line.a),
        line.flow.arrow(true),
        words(&line.b),
        channels.join(", "),
        line.details.join(", ")
    )
}

#[test]
fn clients_of_one_server_are_one_line_and_a_stranger_has_his_own() {
    let server = || party(6, "python3");
    let tcp = |pid, name: &str| {
        let detail = format!("127.0.0.1:8080 127.0.0.1:{}", 50_000 + pid);
        edge(
            Channel::Tcp,
            server(),
            party(pid, name),
            Flow::Both,
            &detail,
        )
    };
    let mut edges: Vec<_> = (100..150).map(|pid| tcp(pid, "python3")).collect();
    edges.push(tcp(7, "curl"));
    let all = lines(&edges, Vec::new());
    let texts: Vec<_> = all.iter().map(said).collect();
    assert_eq!(
        texts,
        [
            "6 python3 <> 50×[python3]: 50 tcp (127.0.0.1:8080)",
            "6 python3 <> 7 curl: tcp (127.0.0.1:8080 127.0.0.1:50007)"
        ]
    );
    assert_eq!(processes(&all), 52);
    let group = &all[0];
    assert_eq!(
        (group.members(), group.hub().map(|p| p.id.pid.0)),
        (50, Some(6))
    );
    assert_eq!(group.member(49).1.map(|p| p.id.pid.0), Some(149));
    assert!(group.has(ProcId::new(149, 1)) && !all[1].has(ProcId::new(149, 1)));
}

#[test]
fn what_flows_to_one_stands_left_of_it_and_who_waits_is_told() {
    let to_log = |pid| {
        let detail = if pid == 12 {
            "64K of 64K: the writer waits"
        } else {
            "empty"
        };
        edge(
            Channel::Pipe,
            party(pid, "job"),
            party(90, "log"),
            Flow::Out,
            detail,
        )
    };
    let edges: Vec<_> = (10..14).map(to_log).collect();
    let all = lines(&edges, Vec::new());
    assert_eq!(
        said(&all[0]),
        "4×[job] -> 90 log: 4 pipes (1 of 4: 64K of 64K: the writer waits)"
    );
    assert_eq!(all[0].member(1).0.map(|p| p.id.pid.0), Some(11));
}

#[test]
fn an_object_that_many_hold_is_one_channel_and_comes_after_others() {
    let crowd = |a: Vec<Party>, b: Vec<Party>, pipe| Crowd {
        object: Object::Pipe(pipe),
        channel: Channel::Pipe,
        a,
        b,
        flow: Flow::Out,
        detail: "empty".to_owned(),
    };
    let many = |n: u32| -> Vec<_> {
        let name = |pid| if pid == 1 { "make" } else { "cc1" };
        (1..=n).map(|pid| party(pid, name(pid))).collect()
    };
    let crowds = vec![
        crowd(many(25), vec![party(90, "log")], 1),
        crowd(many(3), vec![], 2),
    ];
    let pair = edge(
        Channel::Unix,
        party(80, "x"),
        party(81, "y"),
        Flow::Both,
        "",
    );
    // Its edges are in the crowd already.
    let counted = Edge {
        crowd: true,
        ..edge(
            Channel::Pipe,
            party(1, "make"),
            party(90, "log"),
            Flow::Out,
            "empty",
        )
    };
    let all = lines(&[pair, counted], crowds);
    let texts: Vec<_> = all.iter().map(said).collect();
    assert_eq!(
        texts,
        [
            "80 x <> 81 y: unix socket ()",
            "3 processes -> each other: pipe (empty, 2 cc1, 1 make)",
            "25 processes -> 90 log: pipe (empty, 24 cc1, 1 make)",
        ]
    );
    assert_eq!((all[1].members(), all[2].members()), (3, 25));
    assert_eq!(all[1].member(2).0.map(|p| p.id.pid.0), Some(3));
}

#[test]
fn a_chain_of_equal_names_stays_pairs() {
    let next = |n| {
        edge(
            Channel::Pipe,
            party(n, "w"),
            party(n + 1, "w"),
            Flow::Out,
            "",
        )
    };
    let edges: Vec<_> = (1..6).map(next).collect();
    let all = lines(&edges, Vec::new());
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|l| !l.is_group() && l.members() == 0));
}

#[test]
fn three_that_talk_in_the_same_way_are_one_line() {
    let of = |channel, pid, detail: &str| {
        edge(
            channel,
            party(1, "db"),
            party(pid, "web"),
            Flow::Both,
            detail,
        )
    };
    let told =
        |edges: &[Edge]| -> Vec<String> { lines(edges, Vec::new()).iter().map(said).collect() };
    let unix = |pid| of(Channel::Unix, pid, "/run/db");
    assert_eq!(told(&[unix(10), unix(11)]).len(), 2);
    assert_eq!(
        told(&[unix(10), unix(11), unix(12)]),
        ["1 db <> 3×[web]: 3 unix sockets (/run/db)"]
    );
    let pipe = |pid| of(Channel::Pipe, pid, "");
    let shared = |pid| of(Channel::Memory, pid, "");
    assert_eq!(
        told(&[unix(10), unix(11), pipe(12), pipe(13)]).len(),
        4,
        "over other channels in another way"
    );
    let other = told(&[unix(10), unix(11), shared(12), shared(13)]);
    assert_eq!(other.len(), 4, "{other:?}");
    let tcp = |pid| {
        let detail = format!("10.0.0.1:{} 10.0.0.1:5432", 50_000 + pid);
        of(Channel::Tcp, pid, &detail)
    };
    assert_eq!(
        told(&[tcp(10), tcp(11), tcp(12)]),
        ["1 db <> 3×[web]: 3 tcp (10.0.0.1:5432)"]
    );
    let other = of(Channel::Unix, 13, "/run/other");
    assert_eq!(
        told(&[unix(10), unix(11), other]),
        ["1 db <> 3×[web]: 3 unix sockets ()"],
        "nothing in common"
    );
}

#[test]
fn a_crowd_opens_to_both_of_its_sides() {
    let side = |pids: std::ops::Range<u32>, name| -> Vec<Party> {
        pids.map(|pid| party(pid, name)).collect()
    };
    let crowd = |a, b| Crowd {
        object: Object::Pipe(1),
        channel: Channel::Pipe,
        a,
        b,
        flow: Flow::Out,
        detail: String::new(),
    };
    let mut mixed = side(1..3, "cc");
    mixed.push(party(3, "ld"));
    let line = &lines(&[], vec![crowd(mixed, side(10..13, "log"))])[0];
    assert_eq!(said(line), "3 processes -> 3×[log]: pipe (2 cc, 1 ld)");
    assert_eq!(line.members(), 6);
    let at = |n| {
        let (left, right) = line.member(n);
        [left, right].map(|side| side.map(|p| p.id.pid.0))
    };
    assert_eq!([at(0), at(2)], [[Some(1), None], [Some(3), None]]);
    assert_eq!([at(3), at(5)], [[None, Some(10)], [None, Some(12)]]);
    assert_eq!(at(6), [None, None]);
    let same = &lines(&[], vec![crowd(side(1..4, "cc"), Vec::new())])[0];
    assert_eq!(
        said(same),
        "3×[cc] -> each other: pipe ()",
        "one name is told already"
    );
}
