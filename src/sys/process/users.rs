//! `/etc/passwd`: the names of users, `passwd(5)`. Other databases (LDAP …) are not asked: they could hang.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::model::id::Uid;
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::own::calls;
use crate::sys::root::ProcRoot;

/// The names of users, read once and again when the file has changed.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    changed: Option<SystemTime>,
    names: HashMap<Uid, SafeText>,
}

impl Users {
    /// Over the `etc` of a root; nothing is read yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            path: root.etc("passwd"),
            changed: None,
            names: HashMap::new(),
        }
    }

    /// Reads the file if it has changed; answers whether it had.
    pub fn refresh(&mut self) -> bool {
        calls::count(1);
        let changed = std::fs::metadata(&self.path)
            .and_then(|m| m.modified())
            .ok();
        if changed == self.changed {
            return false;
        }
        self.changed = changed;
        self.names = parse(&std::fs::read(&self.path).unwrap_or_default()).collect();
        true
    }

    /// A user's name, or the number where the file has none.
    pub fn name(&mut self, uid: Uid) -> SafeText {
        self.names
            .entry(uid)
            .or_insert_with(|| SafeText::from(uid.to_string()))
            .clone()
    }
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
        assert!(!users.refresh());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes).count();
        }
    }
}
