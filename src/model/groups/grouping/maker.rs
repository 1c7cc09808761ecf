//! Makes the groups of a snapshot as their first members are met, with their names and kinds.

use std::collections::HashMap;
use std::sync::Arc;

use super::{By, Group, GroupId, Groups, beside, path, program, trimmed, unit_key};
use crate::model::groups::telling;
use crate::model::groups::unit::{self, Names, Stands};
use crate::model::id::Pid;
use crate::model::process::tty;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;

/// Makes groups as their first members are met.
pub(super) struct Maker<'a> {
    snapshot: &'a Snapshot,
    by: By,
    names: &'a Names,
    pub(super) out: Groups,
    known: HashMap<Arc<str>, u32>,
    /// Of paths of control groups as processes tell them: many tell the same.
    seen: HashMap<&'a str, u32>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, by: By) -> Self {
        Self {
            snapshot,
            by,
            names: &snapshot.shares.names,
            out: Groups {
                by,
                all: Vec::new(),
                populated: 0,
                of: Vec::with_capacity(snapshot.procs.len()),
                beside: Vec::new(),
            },
            known: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    pub(super) fn of(&mut self, proc: &'a Proc) -> u32 {
        match self.by {
            By::Cgroup | By::Unit => match self.path(proc) {
                Ok(path) => {
                    let path = path.exact();
                    if let Some(group) = self.seen.get(path) {
                        return *group;
                    }
                    let group = if self.by == By::Cgroup {
                        self.cgroup(path)
                    } else {
                        self.unit(path)
                    };
                    self.seen.insert(path, group);
                    group
                }
                Err(why) => self.enter("", "unknown", None, |_| {
                    format!("not known ({})", why.word())
                }),
            },
            By::User => match proc.facts.uid {
                Ok(uid) => {
                    let user = &proc.facts.user;
                    self.enter(&uid.0.to_string(), "user", None, |_| {
                        user.exact().to_owned()
                    })
                }
                Err(why) => self.enter("", "unknown", None, |_| {
                    format!("not known ({})", why.word())
                }),
            },
            By::Program => {
                let program = program(proc);
                self.enter(program, "program", None, |_| program.to_owned())
            }
            By::Session | By::Parent => {
                let session = proc.stat.session;
                let snapshot = self.snapshot;
                self.enter(&session.0.to_string(), "session", None, |_| {
                    session_name(snapshot, session, proc)
                })
            }
        }
    }

    /// The control group of a process; of one that ended before it was asked that of who started it, where it was born.
    fn path(&self, proc: &'a Proc) -> Reading<&'a SafeText> {
        let mut of = path(proc);
        let mut up = proc;
        while of == Err(Missing::Gone) {
            // A parent is older, so that nobody is asked twice.
            let parent = self.snapshot.by_pid(up.stat.ppid);
            let Some(parent) = parent.filter(|p| p.id.start <= up.id.start && p.id != up.id) else {
                break;
            };
            up = parent;
            of = path(up);
        }
        of
    }

    /// The group of this key, made where it is not known yet.
    fn enter(
        &mut self,
        of: &str,
        kind: &'static str,
        parent: Option<u32>,
        name: impl FnOnce(&Names) -> String,
    ) -> u32 {
        if let Some(known) = self.known.get(of) {
            return *known;
        }
        let of: Arc<str> = of.into();
        let place = self.out.all.len() as u32;
        let is_path = matches!(self.by, By::Cgroup | By::Unit) && !of.is_empty();
        self.out.all.push(Group {
            key: GroupId {
                by: self.by,
                of: Arc::clone(&of),
            },
            name: SafeText::from_exact(&name(self.names)),
            apart: None,
            kind,
            parent,
            path: is_path.then(|| SafeText::from_exact(&of)),
            elsewhere: 0,
        });
        self.known.insert(of, place);
        place
    }

    /// The group of a path and all that it is part of.
    pub(super) fn cgroup(&mut self, path: &str) -> u32 {
        let path = trimmed(path);
        let root = unit::root(path);
        let mut up = self.enter(root, "root", None, |_| unit::readable(root).into_owned());
        for (part, upto) in unit::parts(path) {
            let own = &path[..upto];
            up = self.enter(own, kind(own), Some(up), |names| {
                unit::part_name(part, own, names)
            });
        }
        up
    }

    /// The groups that a process is in by other hierarchies, and what those are part of: each once.
    pub(super) fn beside(&mut self, proc: &Proc, place: u32) {
        let mut seen: Vec<u32> = Vec::new();
        for path in beside(proc) {
            let mut next = Some(self.cgroup(path.exact()));
            while let Some(at) = next.filter(|at| !seen.contains(at)) {
                seen.push(at);
                next = self.out.all[at as usize].parent;
            }
        }
        let own = path(proc).map_or("", |path| path.exact());
        for at in seen {
            let group = &mut self.out.all[at as usize];
            if !telling::is_within(own, &group.key.of) {
                group.elsewhere += 1;
                self.out.beside.push((at, place));
            }
        }
    }

    fn unit(&mut self, path: &str) -> u32 {
        let own = unit_key(path);
        self.enter(own, kind(own), None, |names| {
            if own == "/" {
                "/".to_owned()
            } else {
                unit::name(own, names)
            }
        })
    }
}

/// The kind of a group by its path.
fn kind(path: &str) -> &'static str {
    match unit::stands(path) {
        Stands::Root => "root",
        Stands::Container { engine, upto, .. } | Stands::Named { engine, upto, .. }
            if upto == path.len() =>
        {
            engine.word()
        }
        Stands::Pod { upto, .. } if upto == path.len() => "pod",
        _ => {
            let endings = [
                (".slice", "slice"),
                (".service", "service"),
                (".scope", "scope"),
                (".socket", "socket"),
                (".mount", "mount"),
                (".swap", "swap"),
            ];
            let found = endings.iter().find(|(ending, _)| path.ends_with(ending));
            found.map_or("group", |(_, kind)| kind)
        }
    }
}

/// `bash on pts/3`, `sshd`, `none (kernel)`.
fn session_name(snapshot: &Snapshot, session: Pid, member: &Proc) -> String {
    if session.0 == 0 {
        return "no session".to_owned();
    }
    let leader = snapshot.by_pid(session);
    // The leader may have ended; the others keep its number.
    let name = leader.map_or_else(
        || format!("session {session}"),
        |leader| program(leader).to_owned(),
    );
    let of = leader.unwrap_or(member);
    match tty::name(of.stat.tty) {
        Some(tty) => format!("{name} on {tty}"),
        None => name,
    }
}
