//! What a control group's path stands for: a systemd unit, a container, a pod; and a short name of it.
//!
//! Engines write their names into paths: `docker-<id>.scope`, `/docker/<id>`, `libpod-<id>.scope`, `cri-containerd-<id>.scope`,
//! `crio-<id>.scope`, `kubepods-pod<uid>.slice`, `lxc.payload.<name>`, `systemd-nspawn@<name>.service`, `machine-<name>.scope`.
//!
//! Paths come and names go as they are, in the form of [`SafeText::exact`]: who shows one escapes it, once.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::text::SafeText;

/// What runs a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// containerd.
    Containerd,
    /// CRI-O.
    Crio,
    /// LXC, LXD, Incus.
    Lxc,
    /// systemd-nspawn.
    Nspawn,
    /// A virtual machine of libvirt.
    Machine,
    /// A container of a pod of Kubernetes, by whichever engine.
    Pod,
    /// One that is not known.
    Other,
}

impl Engine {
    /// The engine as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Crio => "cri-o",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
            Self::Machine => "machine",
            Self::Pod => "pod",
            Self::Other => "container",
        }
    }
}

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands<'a> {
    /// The group that everything is in.
    Root,
    /// A container with the 64 digits of its name.
    Container {
        /// What runs it.
        engine: Engine,
        /// Its 64 hexadecimal digits.
        id: &'a str,
        /// How much of the path is the container's own group.
        upto: usize,
    },
    /// A container or machine whose path tells its name.
    Named {
        /// What runs it.
        engine: Engine,
        /// Its name.
        name: Cow<'a, str>,
        /// How much of the path is its own group.
        upto: usize,
    },
    /// A pod of Kubernetes, outside of its containers.
    Pod {
        /// Its number, with dashes.
        uid: String,
        /// How much of the path is the pod's own group.
        upto: usize,
    },
    /// A unit of systemd, or any other group: the last telling part of the path.
    Unit {
        /// With its ending: `sshd.service`.
        name: &'a str,
        /// How much of the path is the unit's own group.
        upto: usize,
    },
}

/// What a container is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Its name.
    pub name: SafeText,
    /// The pod that it is part of, with its namespace: `shop/web-7f9c`.
    pub pod: Option<SafeText>,
}

/// The names of containers, by their 64 digits, as files of the engines tell them.
pub type Names = HashMap<Box<str>, Called>;

/// Endings of units that processes live in.
const UNITS: [&str; 5] = [".service", ".scope", ".socket", ".mount", ".swap"];

/// What a path stands for; of containers within containers the outermost.
pub fn stands(path: &str) -> Stands<'_> {
    let mut unit: Option<(&str, usize, bool)> = None;
    let mut pod = None;
    let mut engine = None;
    for (part, upto) in parts(path) {
        if let Some(found) = engine_of(part) {
            engine = Some(found);
        }
        if let Some((prefix, id)) = container(part) {
            let engine = prefix.and_then(engine_of_prefix).or(engine);
            // A helper of Podman's that stands beside each of its containers.
            if prefix == Some("libpod-conmon") {
                unit = Some((part, upto, true));
                continue;
            }
            return Stands::Container {
                engine: engine.unwrap_or(Engine::Other),
                id,
                upto,
            };
        }
        if let Some((engine, name)) = named(part, engine) {
            return Stands::Named { engine, name, upto };
        }
        if let Some(uid) = pod_of(part) {
            pod = Some((uid, upto));
        }
        let is_unit = UNITS.iter().any(|ending| part.ends_with(ending));
        // A group that a unit made for itself is part of it; a unit within is one of its own (`user@1000.service`).
        if is_unit || unit.is_none_or(|(.., is_unit)| !is_unit) {
            unit = Some((part, upto, is_unit));
        }
    }
    match (pod, unit) {
        (Some((uid, upto)), _) => Stands::Pod { uid, upto },
        (None, Some((name, upto, _))) => Stands::Unit { name, upto },
        (None, None) => Stands::Root,
    }
}

/// The parts of a path, each with where it ends; `..` leads out of the namespace and is none.
pub fn parts(path: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    path.split('/').filter_map(move |part| {
        let end = at + part.len();
        at = end + 1;
        (!part.is_empty() && part != "..").then_some((part, end))
    })
}

/// How many levels above the root of our namespace of control groups the way to a group begins; 0 for one within.
pub fn outside(path: &str) -> usize {
    let parts = path.split('/').skip(1);
    parts.take_while(|part| *part == "..").count()
}

/// The part of a path that is the root of its groups: `/`, or the way out of our namespace.
pub fn root(path: &str) -> &str {
    match outside(path) {
        0 => "/",
        up => &path[..up * "/..".len()],
    }
}

/// A path as a person may read it. Whoever lives in a namespace of control groups is told of the groups outside of it by
/// `/../..`; how those are called is not told, only how far up the way begins: `outside:/a`, `outside-2:/a`.
pub fn readable(path: &str) -> Cow<'_, str> {
    let below = match outside(path) {
        0 => return path.into(),
        up => &path[up * "/..".len()..],
    };
    let below = if below.is_empty() { "/" } else { below };
    format!("{}:{below}", beyond(path)).into()
}

/// The same of a text, escaped for whoever shows it.
pub fn shown(path: &SafeText) -> SafeText {
    match readable(path.exact()) {
        Cow::Borrowed(_) => path.clone(),
        Cow::Owned(path) => SafeText::from_exact(&path),
    }
}

/// What the groups are called that a way out of our namespace leads to.
fn beyond(path: &str) -> String {
    match outside(path) {
        0 | 1 => "outside".to_owned(),
        up => format!("outside-{up}"),
    }
}

/// The short name of what a path stands for: `sshd`, `docker 8f2c4a1b9d3e`, `web-1`, `session-3`, `/`.
///
/// One real path: `/system.slice/docker-8f2c4a1b9d3e….scope`.
pub fn short(path: &str) -> String {
    name(path, &Names::new())
}

/// The same with the names of containers that are known.
pub fn name(path: &str, names: &Names) -> String {
    match stands(path) {
        Stands::Root if outside(path) > 0 => beyond(path),
        Stands::Root => "/".to_owned(),
        Stands::Container { engine, id, .. } => match names.get(id) {
            Some(Called { name, pod: None }) => name.exact().to_owned(),
            Some(Called {
                name,
                pod: Some(pod),
            }) => format!("{} {}", pod.exact(), name.exact()),
            None => format!("{} {}", engine.word(), &id[..12]),
        },
        Stands::Named { name, .. } => name.into_owned(),
        Stands::Pod { uid, .. } => match pod_name(&uid, names) {
            Some(pod) => pod.exact().to_owned(),
            None => format!("pod {}", uid.get(..12).unwrap_or(&uid)),
        },
        Stands::Unit { name, .. } => match container(name) {
            Some((prefix, id)) => beside(prefix, id, names),
            None => bare(name).into_owned(),
        },
    }
}

/// The name of what stands beside a container: `libpod-conmon web-1`, or 12 of its digits.
fn beside(prefix: Option<&str>, id: &str, names: &Names) -> String {
    let of = names
        .get(id)
        .map_or(&id[..12], |called| called.name.exact());
    format!("{} {of}", prefix.unwrap_or_default())
}

/// The name of a pod, where one of its containers is known by its number.
fn pod_name<'a>(uid: &str, names: &'a Names) -> Option<&'a SafeText> {
    names.get(uid).map(|called| &called.name)
}

/// The name of a part of a path by itself, as a tree of groups shows it: with its ending, or the container's name.
pub fn part_name(part: &str, path: &str, names: &Names) -> String {
    match stands(path) {
        Stands::Container { upto, .. } | Stands::Named { upto, .. } | Stands::Pod { upto, .. }
            if upto == path.len() =>
        {
            name(path, names)
        }
        _ if container(part).is_some_and(|(prefix, _)| prefix == Some("libpod-conmon")) => {
            container(part).map_or_else(String::new, |(prefix, id)| beside(prefix, id, names))
        }
        _ => unescaped(part).into_owned(),
    }
}

/// A unit's name without its ending, and with what systemd has escaped in it.
fn bare(part: &str) -> Cow<'_, str> {
    let endings = UNITS.iter().chain(&[".slice"]);
    let mut found = endings.filter_map(|ending| part.strip_suffix(ending));
    unescaped(found.next().filter(|bare| !bare.is_empty()).unwrap_or(part))
}

/// `dev-disk-by\x2duuid`: systemd writes bytes that have a meaning in its names so.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 2..at + 4);
        let byte = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii_graphic) {
            out.push(char::from(byte));
            rest = &rest[at + 4..];
        } else {
            out.push_str("\\x");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out.into()
}

/// Splits `docker-<64 hex digits>.scope` or a bare `<64 hex digits>`.
fn container(part: &str) -> Option<(Option<&str>, &str)> {
    let part = part.strip_suffix(".scope").unwrap_or(part);
    let (prefix, id) = match part.rsplit_once('-') {
        Some((prefix, id)) => (Some(prefix), id),
        None => (None, part),
    };
    (id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some((prefix, id))
}

fn engine_of_prefix(prefix: &str) -> Option<Engine> {
    Some(match prefix {
        "docker" => Engine::Docker,
        "libpod" => Engine::Podman,
        "cri-containerd" | "nerdctl" | "containerd" => Engine::Containerd,
        "crio" => Engine::Crio,
        _ => return None,
    })
}

/// The engine that a part of the path above a container tells of.
fn engine_of(part: &str) -> Option<Engine> {
    Some(match part {
        "docker" => Engine::Docker,
        "libpod_parent" | "libpod" => Engine::Podman,
        "containerd" => Engine::Containerd,
        "kubepods" | "kubepods.slice" => Engine::Pod,
        "lxc" | "lxc.payload" | "lxc.monitor" => Engine::Lxc,
        _ => return None,
    })
}

/// A container whose path tells its name: `lxc.payload.web`, `/lxc/web`, `systemd-nspawn@web.service`, `machine-web.scope`.
fn named(part: &str, above: Option<Engine>) -> Option<(Engine, Cow<'_, str>)> {
    if let Some(name) = part.strip_prefix("lxc.payload.") {
        return Some((Engine::Lxc, name.into()));
    }
    if above == Some(Engine::Lxc) && !part.starts_with("lxc") {
        return Some((Engine::Lxc, part.into()));
    }
    let nspawn = part.strip_prefix("systemd-nspawn@");
    if let Some(name) = nspawn.and_then(|p| p.strip_suffix(".service")) {
        return Some((Engine::Nspawn, unescaped(name)));
    }
    let name = part.strip_prefix("machine-")?.strip_suffix(".scope")?;
    Some(match unescaped(name) {
        // libvirt: `machine-qemu\x2d1\x2dvm.scope`.
        name if name.starts_with("qemu-") => {
            (Engine::Machine, name["qemu-".len()..].to_owned().into())
        }
        name => (Engine::Nspawn, name),
    })
}

/// The number of a pod: `pod2b1c…` or `kubepods-burstable-pod2b1c_….slice`.
fn pod_of(part: &str) -> Option<String> {
    let part = part.strip_suffix(".slice").unwrap_or(part);
    let uid = match part.rsplit_once("-pod") {
        Some((before, uid)) if before.starts_with("kubepods") => uid,
        _ => part.strip_prefix("pod")?,
    };
    let uid = uid.replace('_', "-");
    let hex = |b: u8| b.is_ascii_hexdigit() || b == b'-';
    (uid.len() >= 32 && uid.bytes().all(hex)).then_some(uid)
}

#[cfg(test)]
mod tests;
