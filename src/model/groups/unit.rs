//! Short names of control groups: the unit, the container or the session that a path stands for.

/// The last telling part of a control group's path: `sshd`, `docker 8f2c4a1b9d3e`, `session-3`, `/`.
///
/// One real path: `/system.slice/docker-8f2c4a1b9d3e….scope`.
pub fn short(path: &str) -> String {
    let telling = path.rsplit('/').find(|part| !part.is_empty());
    let Some(part) = telling else {
        return "/".to_owned();
    };
    let bare = [".service", ".scope", ".slice", ".mount", ".socket"]
        .iter()
        .find_map(|ending| part.strip_suffix(ending))
        .unwrap_or(part);
    match container(bare) {
        Some((runtime, id)) => {
            let runtime = runtime.unwrap_or_else(|| kind(path));
            format!("{runtime} {}", &id[..12])
        }
        None => bare.to_owned(),
    }
}

/// Splits `docker-<64 hex digits>` or a bare `<64 hex digits>`.
fn container(name: &str) -> Option<(Option<&str>, &str)> {
    let (runtime, id) = match name.rsplit_once('-') {
        Some((runtime, id)) => (Some(runtime), id),
        None => (None, name),
    };
    (id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some((runtime, id))
}

fn kind(path: &str) -> &'static str {
    let known = [
        ("docker", "docker"),
        ("kubepods", "pod"),
        ("lxc", "lxc"),
        ("libpod", "podman"),
    ];
    known
        .iter()
        .find(|(part, _)| path.contains(part))
        .map_or("container", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn paths_become_short() {
        let id = "8f2c4a1b9d3e".to_owned() + &"0".repeat(52);
        assert_eq!(short("/system.slice/sshd.service"), "sshd");
        assert_eq!(
            short(&format!("/system.slice/docker-{id}.scope")),
            "docker 8f2c4a1b9d3e"
        );
        assert_eq!(short(&format!("/docker/{id}")), "docker 8f2c4a1b9d3e");
        assert_eq!(
            short(&format!("/kubepods/besteffort/pod1/{id}/")),
            "pod 8f2c4a1b9d3e"
        );
        assert_eq!(
            short("/user.slice/user-1000.slice/session-3.scope"),
            "session-3"
        );
        assert_eq!(short("/"), "/");
        assert_eq!(short(""), "/");
        assert_eq!(short("/x/进程.slice"), "进程");
    }
}
