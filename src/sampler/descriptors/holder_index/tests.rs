use std::sync::Mutex;

use super::*;
use crate::model::descriptors::descriptor::Mode;
use crate::model::descriptors::peer::{Flow, Join, Tables};
use crate::sys::process::changes::{Changes, Drain};

fn effort(budget: Duration) -> Effort {
    Effort {
        budget,
        share: 20,
        fresh: Duration::ZERO,
        asleep: Duration::ZERO,
    }
}

#[test]
fn our_own_pipe_is_found_and_joined_with_itself() {
    use std::os::fd::AsRawFd as _;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut taker = Indexer::new(ProcRoot::live());
    assert!(taker.refresh(&effort(Duration::from_mins(1)), None));
    let index = taker.index();
    let pid = Pid(std::process::id());
    let me = index.holders.iter().find(|h| h.id.pid == pid);
    let me = me.expect("we live");
    let ends = me.ends.as_ref().expect("our own");
    let r = ends.iter().find(|e| e.fd == reader.as_raw_fd() as u32);
    let r = r.expect("the reading end");
    assert_eq!(r.mode, Some(Mode::Read));
    let tables = Tables::default();
    let join = Join::new(&index, &tables);
    let peers = join.peers(me.id, r.fd, r.mode, &r.object);
    let found: Vec<_> = peers
        .named
        .iter()
        .filter_map(|p| Some((p.id, p.fd?, p.flow)))
        .collect();
    assert_eq!(found, [(me.id, writer.as_raw_fd() as u32, Flow::In)]);
}

#[test]
fn what_is_known_of_a_sleeper_is_kept_until_it_runs() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    if !std::path::Path::new("/proc/self/schedstat").exists() {
        println!("skipped: this kernel does not tell how long a process ran");
        return;
    }
    // It sleeps, opens one more descriptor when it reads a line, and sleeps again.
    let script = "exec 9<&- 3<&0 4<&0 5<&0 6<&0 7<&0 8<&0; read x; exec 9</dev/null; read y";
    let mut child = Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    let pid = Pid(child.id());
    let mut taker = Indexer::new(ProcRoot::live());
    let look = |taker: &mut Indexer| {
        taker.renew(pid);
        let known = &taker.known[&pid];
        (
            known.ran.clone(),
            known.holder.ends.clone().expect("our own child"),
        )
    };
    let has = |ends: &[End], fd| ends.iter().any(|e| e.fd == fd);
    let began = Instant::now();
    let in_time = || {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "it takes too long"
        );
    };
    loop {
        in_time();
        let (_, before) = look(&mut taker);
        let (ran, after) = look(&mut taker);
        // Asleep at last: the same piece of memory stands for its descriptors.
        let kept = ran.is_some() && Arc::ptr_eq(&before, &after);
        if kept && has(&after, 8) && !has(&after, 9) {
            break;
        }
    }
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"go\n").expect("heard");
    while !has(&look(&mut taker).1, 9) {
        in_time();
        std::thread::yield_now();
    }
    drop(input);
    child.wait().expect("it ends");
}

/// Tells nothing by itself.
struct Silent;

impl Drain for Silent {
    fn drain(&mut self) {}
}

#[test]
fn who_is_not_heard_to_run_is_not_read_again_for_long() {
    let mut child = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .expect("it sleeps");
    let (me, sleeper) = (Pid(std::process::id()), Pid(child.id()));
    let feed = Feed::default();
    feed.fill_by(Some(Arc::new(Mutex::new(Silent))));
    let mut taker = Indexer::hearing(ProcRoot::live(), feed.clone());
    let whole = Effort {
        asleep: Duration::from_hours(1),
        ..effort(Duration::from_mins(1))
    };
    assert!(taker.refresh(&whole, None));
    // Which of them are read again once all are old enough.
    let mut read = |effort: &Effort| {
        let old = Instant::now().checked_sub(Duration::from_mins(10));
        let old = old.expect("the machine runs for longer");
        for pid in [me, sleeper] {
            taker.known.get_mut(&pid).expect("it lives").at = old;
        }
        assert!(taker.refresh(effort, None));
        [me, sleeper].map(|pid| taker.known[&pid].at > old)
    };
    feed.note(Changes {
        ran: [me].into(),
        ..Changes::default()
    });
    assert_eq!(read(&whole), [true, false]);
    assert_eq!(read(&whole), [false, false], "nobody ran since");
    feed.note(Changes {
        lost: true,
        ..Changes::default()
    });
    assert_eq!(read(&whole), [true, true], "anybody may have run");
    let impatient = Effort {
        asleep: Duration::from_secs(30),
        ..whole
    };
    assert_eq!(read(&impatient), [true, true], "it is too long ago");
    child.kill().expect("ours");
    child.wait().expect("it ended");
}

#[test]
fn a_socket_opened_since_is_found_where_it_is_sought() {
    use std::os::unix::net::UnixStream;
    let mut taker = Indexer::new(ProcRoot::live());
    assert!(taker.refresh(&effort(Duration::from_mins(1)), None));
    let (one, _other) = UnixStream::pair().expect("a socketpair");
    let inode = nix::sys::stat::fstat(&one).expect("its inode").st_ino;
    let nobodys = u64::MAX;
    let mut lost = HashSet::from([inode, nobodys]);
    assert!(!taker.seek(&mut lost, Duration::ZERO), "no time, no answer");
    assert!(taker.seek(&mut lost, Duration::from_mins(1)));
    assert_eq!(lost, HashSet::from([nobodys]));
}

#[test]
fn without_time_nobody_is_read_and_it_says_so() {
    let mut taker = Indexer::new(ProcRoot::live());
    assert!(!taker.refresh(&effort(Duration::ZERO), None));
    let index = taker.index();
    assert!(index.holders.is_empty() && index.early);
}
