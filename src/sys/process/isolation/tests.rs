//! Literal kernel text, and ourselves.

use super::*;

const LIMITS: &[u8] =
    b"Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max stack size            8388608              unlimited            bytes     \n\
Max open files            1024                 524288               files     \n\
Max nice priority         0                    0                    \n\
Max realtime timeout      unlimited            unlimited            us        \n\
Max dreams                1                    2                    dreams    \n\
Max data size             x                    y                    bytes     \n";

#[test]
fn reads_limits() {
    let all = limits(LIMITS);
    let told: Vec<_> = all
        .iter()
        .map(|l| (l.resource.name(), l.soft, l.hard))
        .collect();
    assert_eq!(
        told,
        [
            ("cpu", None, None),
            ("stack", Some(8 << 20), None),
            ("nofile", Some(1024), Some(524_288)),
            ("nice", Some(0), Some(0)),
            ("rttime", None, None),
        ]
    );
    assert!(limits(b"Max open files\n\xff").is_empty());
}

#[test]
fn reads_rights() {
    let status = b"Uid:\t1000\t0\t0\t0\nGid:\t5\t6\t7\t8\nCapPrm:\t0000000000000021\nCapEff:\t0000000000000020\n\
        CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
    let rights = rights(status, 40);
    assert_eq!(rights.users, [Uid(1000), Uid(0), Uid(0)]);
    assert_eq!(rights.groups, [5, 6, 7]);
    assert_eq!(rights.effective.words(40), "kill");
    assert_eq!(rights.permitted.words(40), "chown, kill");
    assert_eq!(rights.bounding.words(40), "all");
    assert!(rights.no_new_privileges);
    assert_eq!(rights.seccomp, Seccomp::Filter(Some(3)));
    assert_eq!(numbers(b"NSpid:\t812\t1\n"), [812, 1]);
    assert_eq!(login(b"4294967295"), None);
    assert_eq!(login(b"1000"), Some(Uid(1000)));
    assert_eq!(integer(b"-1000\n"), Ok(-1000));
    assert_eq!(kib(b"VmData:\t     360 kB\n", b"VmData"), Ok(360 << 10));
    assert_eq!(kib(b"", b"VmData"), Err(Missing::Unsupported));
}

#[test]
fn reads_our_own() {
    let root = ProcRoot::live();
    let me = process_ids::read(&root, Pid(std::process::id()))
        .expect("we live")
        .id;
    let source = Isolations::new(&root);
    let own = source.of(me).expect("our own");
    let limits = own.limits.as_ref().expect("limits");
    assert_eq!(limits.len(), 16);
    let files = limits
        .iter()
        .find(|l| l.resource == Resource::Files)
        .expect("nofile");
    assert!(files.used.is_ok_and(|n| n >= 3), "{files:?}");
    assert!(
        own.namespaces
            .iter()
            .all(|n| n.ours == Ok(true) || n.ours == Err(Missing::Gone))
    );
    assert!(!own.differs() && own.numbers == [me.pid.0]);
    assert!(own.rights.is_ok() && own.oom_score.is_ok());
    let other = ProcId::new(me.pid.0, me.start.0 + 1);
    assert_eq!(source.of(other).err(), Some(Missing::Gone));
}

proptest::proptest! {
    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>) {
        let _ = (limits(&bytes), rights(&bytes, 40), numbers(&bytes), integer(&bytes), login(&bytes));
    }
}
