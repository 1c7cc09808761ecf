//! The names of users: `/etc/passwd` (`passwd(5)`), systemd's user records (`nss-systemd(8)`), and last the name service
//! (LDAP, SSSD …), which may take its time or never answer.
//!
//! Nobody waits: a name that `/etc/passwd` lacks is looked for by a thread of its own, which puts the question to a process
//! that can be given up (`asker`); until then, and where nobody knows, the number stands for it. (sysinfo asks the name service for everybody at once, and waits for it.)

mod namespaces;

pub(in crate::sys) use namespaces::inside;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::model::id::Uid;
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::fields;
use crate::sys::own::calls;
use crate::sys::root::ProcRoot;
use crate::sys::threads;

/// Where user records lie, the first that has one counts.
const RECORDS: [&str; 4] = [
    "/etc/userdb",
    "/run/userdb",
    "/run/host/userdb",
    "/usr/lib/userdb",
];
/// Users of services that were made for a while.
const DYNAMIC: &str = "/run/systemd/dynamic-uid";
/// More than any record has.
const MOST: u32 = 1 << 16;

/// The names of users, read once and again when the file has changed.
#[derive(Debug)]
pub struct Users {
    root: ProcRoot,
    path: PathBuf,
    changed: Option<SystemTime>,
    names: HashMap<Uid, SafeText>,
    /// What stands for those who have no number in our own user namespace.
    overflow: Option<Uid>,
    finder: Arc<Finder>,
}

/// What is looked for on the side.
#[derive(Debug, Default)]
struct Finder {
    state: Mutex<Search>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Search {
    wanted: Vec<Uid>,
    found: Vec<(Uid, SafeText)>,
    runs: bool,
}

impl Finder {
    fn state(&self) -> MutexGuard<'_, Search> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for one after the other until nobody is wanted any more.
    fn work(&self, root: &ProcRoot) {
        let mut ranges = None;
        loop {
            let wanted = {
                let mut state = self.state();
                let wanted = state.wanted.pop();
                if wanted.is_none() {
                    state.runs = false;
                    self.done.notify_all();
                }
                wanted
            };
            let Some(uid) = wanted else { return };
            let range = || {
                let all = ranges.get_or_insert_with(|| namespaces::ranges(root));
                namespaces::told(all, uid)
            };
            if let Some(name) = look(root, uid).or_else(range) {
                self.state().found.push((uid, name));
            }
        }
    }
}

impl Users {
    /// Over the `etc` of a root; nothing is read yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            path: root.etc("passwd"),
            changed: None,
            names: HashMap::new(),
            overflow: namespaces::overflow(root),
            finder: Arc::default(),
        }
    }

    /// Reads the file if it has changed, and takes in who was found meanwhile; answers whether there is any news.
    pub fn refresh(&mut self) -> bool {
        calls::count(1);
        let changed = std::fs::metadata(&self.path)
            .and_then(|m| m.modified())
            .ok();
        let same = changed == self.changed;
        if !same {
            self.changed = changed;
            self.names = parse(&std::fs::read(&self.path).unwrap_or_default()).collect();
        }
        self.take_found() || !same
    }

    /// Takes in who was found since; answers whether anybody was.
    pub fn take_found(&mut self) -> bool {
        let found = std::mem::take(&mut self.finder.state().found);
        let any = !found.is_empty();
        self.names.extend(found);
        any
    }

    /// Waits until everybody was looked for, but not longer than this; answers whether there is any news.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        let runs = |search: &mut Search| search.runs;
        drop(
            self.finder
                .done
                .wait_timeout_while(self.finder.state(), at_most, runs),
        );
        self.take_found()
    }

    /// A user's name; the number until it is found, and where nobody knows one.
    ///
    /// In a user namespace whoever has no number there is told as `outside:65534`: that is not one user.
    pub fn name(&mut self, uid: Uid) -> SafeText {
        if self.overflow == Some(uid) {
            return SafeText::from(format!("outside:{uid}"));
        }
        if let Some(known) = self.names.get(&uid) {
            return known.clone();
        }
        let number = SafeText::from(uid.to_string());
        self.names.insert(uid, number.clone());
        self.seek(uid);
        number
    }

    /// Lets somebody be looked for on the side.
    fn seek(&self, uid: Uid) {
        let mut state = self.finder.state();
        state.wanted.push(uid);
        if state.runs {
            return;
        }
        let (finder, root) = (Arc::clone(&self.finder), self.root.clone());
        let made = threads::start("users", move || finder.work(&root));
        state.runs = made.is_ok();
    }
}

/// Looks in the files of systemd, asks the name service, and last tells whose range of numbers it is of.
fn look(root: &ProcRoot, uid: Uid) -> Option<SafeText> {
    let dynamic = root.whole(format!("{DYNAMIC}/{uid}"));
    let mut paths = vec![dynamic];
    paths.extend(RECORDS.map(|dir| root.whole(format!("{dir}/{uid}.user"))));
    let mut texts = asker::regular(paths, MOST).into_iter();
    let dynamic = texts.next().and_then(Result::ok);
    let dynamic = dynamic.map(|text| SafeText::from_bytes(text.trim_ascii()));
    let named = dynamic.filter(|name| !name.is_empty());
    named
        .or_else(|| texts.flatten().find_map(|text| record(&text, uid)))
        .or_else(|| asked(root, uid))
        .or_else(|| subordinate(&std::fs::read(root.etc("subuid")).ok()?, uid))
}

/// The name service of the machine; a fixture has none.
fn asked(root: &ProcRoot, uid: Uid) -> Option<SafeText> {
    let answer = root.is_live().then(|| asker::user(uid))?;
    answer
        .ok()
        .filter(|name| !name.is_empty())
        .map(|name| SafeText::from_bytes(&name))
}

/// A user record: `{"userName":"alice","uid":1000, …}`.
pub(crate) fn record(text: &[u8], uid: Uid) -> Option<SafeText> {
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    (value["uid"].as_u64()? == u64::from(uid.0)).then_some(())?;
    let name = value["userName"].as_str().filter(|name| !name.is_empty())?;
    Some(SafeText::from(name))
}

/// A number of a user namespace, told with whose range it is of: line `alice:100000:65536` makes 100033 `alice/33`.
pub(crate) fn subordinate(text: &[u8], uid: Uid) -> Option<SafeText> {
    fields::lines(text).find_map(|line| {
        let mut parts = line.split(|b| *b == b':');
        let owner = parts.next().filter(|name| !name.is_empty())?;
        let first = fields::number(parts.next()?)?;
        let count = fields::number(parts.next()?)?;
        let inside = u64::from(uid.0).checked_sub(first).filter(|n| *n < count)?;
        let owner = SafeText::from_bytes(owner);
        Some(SafeText::from(format!("{owner}/{inside}")))
    })
}

/// Parses lines such as `b"alice:x:1000:1000:Alice:/home/alice:/bin/sh"`; the first name of a number counts.
pub(crate) fn parse(text: &[u8]) -> impl Iterator<Item = (Uid, SafeText)> {
    let mut found: Vec<_> = fields::lines(text)
        .filter_map(|line| {
            let mut parts = line.split(|b| *b == b':');
            let name = parts.next().filter(|n| !n.is_empty())?;
            let uid = u32::try_from(fields::number(parts.nth(1)?)?).ok()?;
            Some((Uid(uid), SafeText::from_bytes(name)))
        })
        .collect();
    found.reverse();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_users_and_notices_a_change() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let mut users = Users::new(&root);
        assert!(!users.refresh(), "there is no file yet");
        assert_eq!(users.name(Uid(7)).as_str(), "7");
        std::fs::create_dir_all(root.etc("")).expect("made");
        let text = "root:x:0:0:r:/root:/bin/sh\ntoor:x:0:0::/:\nbad\na\u{202e}:x:7:7\n:x:9:9\n";
        std::fs::write(root.etc("passwd"), text).expect("written");
        assert!(users.refresh());
        assert_eq!(users.name(Uid(0)).as_str(), "root");
        assert_eq!(users.name(Uid(7)).as_str(), "a\\u{202e}");
        assert_eq!(users.name(Uid(9)).as_str(), "9");
        assert!(!users.wait(Duration::from_secs(30)), "nobody knows 9");
        assert!(!users.refresh());
    }

    #[test]
    fn records_of_systemd_name_whom_passwd_does_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for (path, text) in [
            (
                "/run/userdb/60001.user",
                r#"{"userName":"carol","uid":60001}"#,
            ),
            (
                "/etc/userdb/60002.user",
                r#"{"userName":"mallory","uid":1}"#,
            ),
            ("/run/systemd/dynamic-uid/61184", "my-service\n"),
            ("/etc/subuid", "alice:100000:65536\n"),
            ("/proc/7/uid_map", "0 100000 65536\n1 300000 65536\n"),
        ] {
            let path = root.whole(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let mut users = Users::new(&root);
        for uid in [60001, 60002, 61184, 100_033, 300_033] {
            assert_eq!(
                users.name(Uid(uid)).as_str(),
                uid.to_string(),
                "nobody waits"
            );
        }
        assert!(users.wait(Duration::from_secs(30)));
        let mut told = |uid| users.name(Uid(uid)).to_string();
        assert_eq!(told(60001), "carol");
        assert_eq!(
            told(60002),
            "60002",
            "a record of somebody else names nobody"
        );
        assert_eq!(told(61184), "my-service");
        assert_eq!(told(100_033), "alice/33");
        assert_eq!(told(300_033), "300000/34", "whose range it is nobody tells");
    }

    #[test]
    fn who_has_no_number_in_our_namespace_is_not_one_user() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for (path, text) in [
            (root.proc("self/uid_map"), "0 1000 1\n"),
            (root.etc("passwd"), "nobody:x:65534:65534:::\n"),
        ] {
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let mut users = Users::new(&root);
        users.refresh();
        assert_eq!(users.name(Uid(65_534)).as_str(), "outside:65534");
    }

    #[test]
    fn ranges_have_ends() {
        let text = b"alice:100000:65536\nbob:165536:10\n:1:5\nbad\n";
        let told = |uid| subordinate(text, Uid(uid)).map(|name| name.to_string());
        assert_eq!(told(100_000).as_deref(), Some("alice/0"));
        assert_eq!(told(165_535).as_deref(), Some("alice/65535"));
        assert_eq!(told(165_536).as_deref(), Some("bob/0"));
        assert_eq!(told(165_546), None);
        assert_eq!(told(1), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes).count();
            let _ = (record(&bytes, Uid(7)), subordinate(&bytes, Uid(7)));
        }
    }
}
