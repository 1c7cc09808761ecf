//! Which processes stand together: by control group, container or unit, user, program, session. A pure function of a
//! snapshot; a group has an identity of its own, so that folds and the selection stay with it.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::unit::{self, Stands};
use crate::model::plan::Needs;
use crate::model::reading::Missing;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;
use maker::Maker;

/// What processes are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Nothing: they stand below their parents.
    #[default]
    Parent,
    /// The control group, as a tree.
    Cgroup,
    /// The container, or the unit of systemd.
    Unit,
    /// The user.
    User,
    /// The program.
    Program,
    /// The session, which is as a rule that of a terminal.
    Session,
}

/// Which group: it stays the same from tick to tick.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId {
    /// What it is a group by.
    pub by: By,
    /// What its members have in common: a path as the kernel tells it, a number, a name; see [`SafeText::exact`].
    pub of: Arc<str>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub key: GroupId,
    /// Its name as a person knows it.
    pub name: SafeText,
    /// What tells it from others that would look the same beside it: `uid 1001`, `session 812`, `in /a.slice`.
    pub apart: Option<SafeText>,
    /// What kind of group it is: `slice`, `service`, `docker`, `user`.
    pub kind: &'static str,
    /// The group that it is part of, by its place.
    pub parent: Option<u32>,
    /// The path of its control group as the kernel tells it, where it is one.
    pub path: Option<SafeText>,
    /// How many are in it or in a part of it by another hierarchy of v1, and are listed where the telling one has them.
    pub elsewhere: u32,
}

/// The groups of a snapshot and who is in which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// What they are groups by.
    pub by: By,
    /// Every group that has somebody in it or below it, and control groups that have nobody; a group before its parts.
    pub all: Vec<Group>,
    /// How many of them have somebody: they come first.
    pub populated: usize,
    /// The group of each process, by its place in the snapshot.
    pub of: Vec<u32>,
    /// Who is in a group, or in a part of it, by another hierarchy than the one that tells where they belong: the places of
    /// the group and of the process, ascending.
    beside: Vec<(u32, u32)>,
}

impl By {
    /// All, in the order in which one key goes through them.
    pub const ALL: [Self; 6] = [
        Self::Parent,
        Self::Cgroup,
        Self::Unit,
        Self::User,
        Self::Program,
        Self::Session,
    ];

    /// As settings, options and JSON call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Cgroup => "cgroup",
            Self::Unit => "unit",
            Self::User => "user",
            Self::Program => "program",
            Self::Session => "session",
        }
    }

    /// As the screen says it: grouped by this.
    pub fn words(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Cgroup => "control group",
            Self::Unit => "container or unit",
            Self::User => "user",
            Self::Program => "program",
            Self::Session => "session",
        }
    }

    /// The one with this name; `container` is another word for `unit`.
    pub fn find(word: &str) -> Option<Self> {
        if word == "container" {
            return Some(Self::Unit);
        }
        Self::ALL.into_iter().find(|by| by.word() == word)
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|by| *by == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// What must be read of every process.
    pub fn needs(self) -> Needs {
        match self {
            // The hierarchy says which are frozen.
            Self::Cgroup | Self::Unit => Needs::CGROUP.union(Needs::HIERARCHY),
            Self::Program => Needs::COMMANDS,
            Self::Parent | Self::User | Self::Session => Needs::empty(),
        }
    }
}

impl Group {
    /// Whether it is a control group that can be acted on as one: not the one that everybody is in, and none outside of our
    /// namespace.
    pub fn is_confined(&self) -> bool {
        let inside = |path: &SafeText| path.len() > 1 && unit::outside(path.exact()) == 0;
        self.path.as_ref().is_some_and(inside)
    }

    /// The path of its control group as a person may read it.
    pub fn readable(&self) -> Option<SafeText> {
        self.path.as_ref().map(unit::shown)
    }

    /// What is said of it where nobody is listed in it: `empty`, or how many are in it all the same.
    pub fn vacant(&self) -> String {
        match self.elsewhere {
            0 => "empty".to_owned(),
            n => format!("{n} in it, listed by another hierarchy"),
        }
    }

    /// Its name, with what tells it from others.
    pub fn title(&self) -> String {
        match &self.apart {
            Some(apart) => format!("{} {apart}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl GroupId {
    /// A number that stands for it, to order by.
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.by, &self.of).hash(&mut hasher);
        hasher.finish()
    }
}

impl Groups {
    /// Groups the processes of a snapshot; empty by parent.
    pub fn new(snapshot: &Snapshot, by: By) -> Self {
        let mut maker = Maker::new(snapshot, by);
        if by != By::Parent {
            for proc in snapshot.procs.iter() {
                let group = maker.of(proc);
                maker.out.of.push(group);
            }
        }
        maker.out.populated = maker.out.all.len();
        if by == By::Cgroup {
            for path in snapshot.shares.groups.iter() {
                maker.cgroup(path.exact());
            }
            for (proc, place) in snapshot.procs.iter().zip(0..) {
                maker.beside(proc, place);
            }
            maker.out.beside.sort_unstable();
        }
        apart::tell(&mut maker.out.all, by);
        maker.out
    }

    /// The place of a group.
    pub fn place(&self, key: &GroupId) -> Option<u32> {
        let at = self.all.iter().position(|group| group.key == *key)?;
        Some(at as u32)
    }

    /// The group that one who has ended would be in.
    pub fn would_be(&self, proc: &Proc) -> Option<u32> {
        self.place(&key(self.by, proc)?)
    }

    /// Whether a group is this one or part of it.
    pub fn is_within(&self, mut group: u32, whole: u32) -> bool {
        loop {
            if group == whole {
                return true;
            }
            match self.all.get(group as usize).and_then(|g| g.parent) {
                Some(up) => group = up,
                None => return false,
            }
        }
    }

    /// Who is in a group or in a part of it.
    pub fn members<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        group: u32,
    ) -> impl Iterator<Item = &'a Proc> {
        let mut within = vec![false; self.all.len()];
        for (at, one) in self.all.iter().enumerate() {
            let up = one.parent.is_some_and(|up| within[up as usize]);
            within[at] = up || at == group as usize;
        }
        let of = self.of.iter().zip(snapshot.procs.iter());
        of.filter(move |(of, _)| within[**of as usize])
            .map(|(_, proc)| proc)
    }

    /// Who is in a control group, or in a part of it, by a hierarchy that does not tell where they belong.
    pub fn elsewhere<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        group: u32,
    ) -> impl Iterator<Item = &'a Proc> {
        let from = self.beside.partition_point(|(at, _)| *at < group);
        let own = self.beside[from..].iter();
        let own = own.take_while(move |(at, _)| *at == group);
        own.filter_map(|(_, place)| snapshot.procs.get(*place as usize))
    }
}

/// The key of the group that a process belongs to.
pub fn key(by: By, proc: &Proc) -> Option<GroupId> {
    let of: Cow<'_, str> = match by {
        By::Parent => return None,
        By::Cgroup => path(proc).map_or("", |path| trimmed(path.exact())).into(),
        By::Unit => path(proc).map_or("", |path| unit_key(path.exact())).into(),
        By::User => proc
            .facts
            .uid
            .map_or(Cow::Borrowed(""), |u| u.0.to_string().into()),
        By::Program => program(proc).into(),
        By::Session => proc.stat.session.0.to_string().into(),
    };
    Some(GroupId { by, of: of.into() })
}

/// The control group of a process, as the kernel tells it.
///
/// # Errors
/// Why it is not known.
pub fn path(proc: &Proc) -> Result<&SafeText, Missing> {
    let extra = proc.extra.as_deref().ok_or(Missing::Soon)?;
    extra.cgroup.as_ref().map_err(|why| *why)
}

/// The groups of other hierarchies that a process is in as well.
pub fn beside(proc: &Proc) -> &[SafeText] {
    let extra = proc.extra.as_deref();
    let known = extra.and_then(|extra| extra.beside.as_deref().ok());
    known.unwrap_or_default()
}

/// A path without slashes at its end, save the root's own.
fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

/// The part of a path that is the own group of the container or unit.
fn unit_key(path: &str) -> &str {
    match unit::stands(path) {
        Stands::Root => unit::root(path),
        Stands::Container { upto, .. }
        | Stands::Named { upto, .. }
        | Stands::Pod { upto, .. }
        | Stands::Unit { upto, .. } => &path[..upto],
    }
}

/// What a process runs, as people call it: the last part of the program's path, whatever its threads are called; in the
/// form of [`SafeText::exact`].
pub fn program(proc: &Proc) -> &str {
    if proc.stat.is_kernel_thread() {
        return "kernel threads";
    }
    let command = proc.facts.command.as_ref().ok();
    let first = command
        .and_then(|c| c.exact_args().next())
        .unwrap_or_default();
    // A title that the process wrote itself begins so: `sshd: alice@pts/3`, `/usr/sbin/php-fpm: master process`.
    let end = if first.starts_with('/') {
        first.find(": ")
    } else {
        first.find([' ', ':'])
    };
    let first = end.map_or(first, |at| &first[..at]);
    let base = first.rsplit('/').next().unwrap_or(first);
    let base = base.trim_start_matches('-');
    if base.is_empty() {
        proc.facts.name.exact()
    } else {
        base
    }
}

mod apart;
mod maker;
#[cfg(test)]
mod tests;
