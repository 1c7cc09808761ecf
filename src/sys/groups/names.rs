//! What containers are called, from the files of their engines; no socket is asked and no program is run.
//!
//! Docker: `/var/lib/docker/containers/ID/config.v2.json`, of a user below `~/.local/share/docker`. containerd, with Kubernetes
//! or nerdctl:
//! `/run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json`. CRI-O and Podman:
//! `…/containers/storage/overlay-containers/ID/userdata/config.json`, `…/overlay-containers/containers.json`. The kubelet links
//! the logs of everybody as `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`. Most of these only root may read. They
//! are asked for by [`asker`], since they may lie on a filesystem that does not answer.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::model::detail::Detail;
use crate::model::groups::grouping;
use crate::model::groups::unit::{Called, Engine, Names, Stands, stands};
use crate::model::id::Uid;
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::fields;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// How much of a file is read: configurations of containers have some 10 KB.
const MOST: u32 = 1 << 20;
/// A container that no file knew is looked for again after this.
const AGAIN: Duration = Duration::from_secs(30);
/// So many containers are looked for at one go.
const AT_ONCE: usize = 64;

/// Finds names and keeps them.
#[derive(Debug)]
pub struct NameReader {
    root: ProcRoot,
    names: Arc<Names>,
    tried: HashMap<Box<str>, Instant>,
}

/// A container that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Wanted {
    id: Box<str>,
    engine: Engine,
    /// The user whose manager of units runs it, where it is not the machine's.
    of: Option<Uid>,
    /// The number of the pod that its path tells.
    pod: Option<Box<str>>,
}

impl NameReader {
    /// Over the files of a root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            names: Arc::default(),
            tried: HashMap::new(),
        }
    }

    /// The names of the containers that these paths of control groups tell of.
    pub fn read<'a>(&mut self, paths: impl Iterator<Item = &'a str>) -> Arc<Names> {
        let mut all: HashSet<Wanted> = HashSet::new();
        let mut last = "";
        for path in paths {
            if path != last {
                all.extend(wanted(path));
                last = path;
            }
        }
        let now = Instant::now();
        let due = |w: &&Wanted| {
            let tried = self.tried.get(&w.id);
            !self.names.contains_key(&w.id)
                && tried.is_none_or(|at| now.duration_since(*at) >= AGAIN)
        };
        let mut due: Vec<Wanted> = all.iter().filter(due).take(AT_ONCE).cloned().collect();
        let gone = |id: &str| {
            !all.iter()
                .any(|w| *w.id == *id || w.pod.as_deref() == Some(id))
        };
        let ended = self.names.keys().any(|id| gone(id));
        if due.is_empty() && !ended {
            return Arc::clone(&self.names);
        }
        let mut names = (*self.names).clone();
        names.retain(|id, _| !gone(id));
        self.tried.retain(|id, _| !gone(id));
        due.sort_by(|a, b| a.id.cmp(&b.id));
        for w in &due {
            self.tried.insert(w.id.clone(), now);
        }
        for (w, called) in self.find(&due) {
            if let (Some(uid), Some(pod)) = (&w.pod, &called.pod) {
                let name = pod.clone();
                names.insert(uid.clone(), Called { name, pod: None });
            }
            names.insert(w.id.clone(), called);
        }
        self.names = Arc::new(names);
        Arc::clone(&self.names)
    }

    /// Asks file after file until everybody has a name or no file is left.
    fn find(&self, due: &[Wanted]) -> Vec<(Wanted, Called)> {
        let mut found = Vec::new();
        let mut left: Vec<Wanted> = due.to_vec();
        for place in PLACES {
            let paths: Vec<PathBuf> = left
                .iter()
                .map(|w| self.root.whole(place.path(&w.id)))
                .collect();
            if paths.is_empty() {
                return found;
            }
            let texts = asker::regular(paths, MOST);
            let mut rest = Vec::new();
            for (w, text) in left.into_iter().zip(texts) {
                let called = text.ok().and_then(|text| (place.read)(&text));
                match called {
                    Some(called) => found.push((w, called)),
                    None => rest.push(w),
                }
            }
            left = rest;
        }
        if !left.is_empty() {
            let logs = self.logs();
            let lists = self.lists(&left);
            let homes = self.homes(&left);
            left.retain(|w| {
                let known = [&logs, &lists, &homes];
                let known = known.into_iter().find_map(|names| names.get(&w.id));
                found.extend(known.map(|called| (w.clone(), called.clone())));
                known.is_none()
            });
        }
        found
    }

    /// The names that the kubelet's links tell.
    fn logs(&self) -> Names {
        let dir = self.root.whole("/var/log/containers");
        let names = asker::list(&dir, MOST).unwrap_or_default();
        names.iter().filter_map(|name| log(name)).collect()
    }

    /// The home of a user, as `/etc/passwd` has it.
    fn home(&self, uid: Uid) -> Option<String> {
        let passwd = std::fs::read(self.root.etc("passwd")).ok()?;
        fields::lines(&passwd).find_map(|line| {
            let mut parts = line.split(|b| *b == b':');
            let of = parts.nth(2).and_then(fields::number)?;
            let home = parts.nth(2)?;
            (of == u64::from(uid.0)).then(|| String::from_utf8_lossy(home).into_owned())
        })
    }

    /// The names of Docker's containers of users, who have them in their homes.
    fn homes(&self, left: &[Wanted]) -> Names {
        let of_docker = left.iter().filter(|w| w.engine == Engine::Docker);
        let mut homes: HashMap<Uid, Option<String>> = HashMap::new();
        let asked: Vec<(&Wanted, PathBuf)> = of_docker
            .filter_map(|w| {
                let uid = w.of?;
                let home = homes
                    .entry(uid)
                    .or_insert_with(|| self.home(uid))
                    .as_ref()?;
                let file = format!(
                    "{home}/.local/share/docker/containers/{}/config.v2.json",
                    w.id
                );
                Some((w, self.root.whole(file)))
            })
            .collect();
        if asked.is_empty() {
            return Names::new();
        }
        let paths = asked.iter().map(|(_, path)| path.clone()).collect();
        let texts = asker::regular(paths, MOST).into_iter();
        let told = asked.iter().zip(texts);
        told.filter_map(|((w, _), text)| Some((w.id.clone(), docker(&text.ok()?)?)))
            .collect()
    }

    /// The names that Podman's lists tell: root's, and those of the users whose containers are looked for.
    fn lists(&self, left: &[Wanted]) -> Names {
        let podman = left.iter().filter(|w| w.engine == Engine::Podman);
        let users: HashSet<Option<Uid>> = podman.map(|w| w.of).collect();
        if users.is_empty() {
            return Names::new();
        }
        let dirs = users.iter().filter_map(|of| match of {
            None => Some("/var/lib".to_owned()),
            Some(uid) => self.home(*uid).map(|home| home + "/.local/share"),
        });
        let files = ["containers.json", "volatile-containers.json"];
        let storage = "containers/storage/overlay-containers";
        let paths = dirs.flat_map(|dir| files.map(|file| format!("{dir}/{storage}/{file}")));
        let paths = paths.map(|path| self.root.whole(path)).collect();
        let texts = asker::regular(paths, MOST);
        texts
            .into_iter()
            .flatten()
            .flat_map(|text| list(&text))
            .collect()
    }
}

/// Finds the names of the containers that the last sweep saw, for whoever shows control groups.
pub struct ContainerNames {
    reader: NameReader,
    feed: Feed,
}

impl ContainerNames {
    /// Over the files of a root; the feed tells who lives.
    pub fn new(root: &ProcRoot, feed: Feed) -> Self {
        Self {
            reader: NameReader::new(root),
            feed,
        }
    }
}

impl Source<Detail> for ContainerNames {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["cgroups"])
    }

    fn fills(&self) -> Needs {
        Needs::CGROUP
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        if let Some(seen) = self.feed.seen() {
            let paths = seen.procs.iter().filter_map(|p| grouping::path(p).ok());
            into.machine.containers = self.reader.read(paths.map(SafeText::exact));
        }
        Ok(())
    }
}

/// A file that tells of one container.
struct Place {
    before: &'static str,
    after: &'static str,
    read: fn(&[u8]) -> Option<Called>,
}

impl Place {
    fn path(&self, id: &str) -> String {
        format!("{}/{id}/{}", self.before, self.after)
    }
}

const PLACES: [Place; 6] = [
    Place {
        before: "/var/lib/docker/containers",
        after: "config.v2.json",
        read: docker,
    },
    Place {
        before: "/run/containerd/io.containerd.runtime.v2.task/k8s.io",
        after: "config.json",
        read: annotated,
    },
    Place {
        before: "/run/containerd/io.containerd.runtime.v2.task/default",
        after: "config.json",
        read: annotated,
    },
    Place {
        before: "/run/containers/storage/overlay-containers",
        after: "userdata/config.json",
        read: annotated,
    },
    Place {
        before: "/var/lib/containers/storage/overlay-containers",
        after: "userdata/config.json",
        read: annotated,
    },
    Place {
        before: "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io",
        after: "config.json",
        read: annotated,
    },
];

/// What is to be looked for because of a path.
fn wanted(path: &str) -> Option<Wanted> {
    let Stands::Container { engine, id, .. } = stands(path) else {
        return None;
    };
    let pod = path.find(id).and_then(|at| match stands(&path[..at]) {
        Stands::Pod { uid, .. } => Some(uid.into()),
        _ => None,
    });
    let user = path.split('/').find_map(|part| part.strip_prefix("user-"));
    let user = user.and_then(|part| part.strip_suffix(".slice")?.parse().ok());
    Some(Wanted {
        id: id.into(),
        engine,
        of: user.map(Uid),
        pod,
    })
}

/// `{"ID":"8f2c…","Name":"/web", …}`; of a pod's the labels tell more.
pub(crate) fn docker(text: &[u8]) -> Option<Called> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let labels = &value["Config"]["Labels"];
    if let Some(name) = labels["io.kubernetes.container.name"].as_str() {
        return called(
            name,
            pod(
                labels,
                "io.kubernetes.pod.name",
                "io.kubernetes.pod.namespace",
            ),
        );
    }
    called(value["Name"].as_str()?.trim_start_matches('/'), None)
}

/// The configuration that an OCI runtime was given; engines write names into its annotations.
pub(crate) fn annotated(text: &[u8]) -> Option<Called> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let all = &value["annotations"];
    let of = |name: &str| all[name].as_str();
    let sandbox = of("io.kubernetes.cri.container-type") == Some("sandbox")
        || of("io.kubernetes.cri-o.ContainerType") == Some("sandbox");
    let cri = pod(
        all,
        "io.kubernetes.cri.sandbox-name",
        "io.kubernetes.cri.sandbox-namespace",
    );
    let pod = cri.or_else(|| pod(all, "io.kubernetes.pod.name", "io.kubernetes.pod.namespace"));
    let name = of("io.kubernetes.cri.container-name")
        .or_else(|| of("io.kubernetes.container.name"))
        .or_else(|| of("nerdctl/name"))
        .or(sandbox.then_some("pause"))?;
    called(name, pod)
}

fn pod(of: &Value, name: &str, namespace: &str) -> Option<String> {
    let name = of[name].as_str()?;
    Some(match of[namespace].as_str() {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    })
}

fn called(name: &str, pod: Option<String>) -> Option<Called> {
    (!name.is_empty()).then(|| Called {
        name: SafeText::from(name),
        pod: pod.map(SafeText::from),
    })
}

/// `front-1_shop_web-8f2c….log`: pod, namespace, container and its digits.
pub(crate) fn log(name: &[u8]) -> Option<(Box<str>, Called)> {
    let name = std::str::from_utf8(name).ok()?.strip_suffix(".log")?;
    let (rest, id) = name.rsplit_once('-')?;
    let mut parts = rest.splitn(3, '_');
    let (pod, namespace, container) = (parts.next()?, parts.next()?, parts.next()?);
    let called = called(container, Some(format!("{namespace}/{pod}")))?;
    (id.len() == 64).then(|| (id.into(), called))
}

/// Podman's list: `[{"id":"8f2c…","names":["web"], …}, …]`.
pub(crate) fn list(text: &[u8]) -> Vec<(Box<str>, Called)> {
    let value: Value = serde_json::from_slice(text).unwrap_or_default();
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|one| {
        let name = one["names"][0].as_str()?;
        Some((one["id"].as_str()?.into(), called(name, None)?))
    })
    .collect()
}

#[cfg(test)]
mod tests;
