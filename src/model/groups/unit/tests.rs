use super::*;

fn id() -> String {
    "8f2c4a1b9d3e".to_owned() + &"0".repeat(52)
}

#[test]
fn paths_become_short() {
    let id = id();
    for (path, expected) in [
        ("/system.slice/sshd.service", "sshd"),
        ("/system.slice/docker-ID.scope", "docker 8f2c4a1b9d3e"),
        ("/docker/ID", "docker 8f2c4a1b9d3e"),
        (
            "/docker/ID/system.slice/cron.service",
            "docker 8f2c4a1b9d3e",
        ),
        (
            "/machine.slice/libpod-ID.scope/container",
            "podman 8f2c4a1b9d3e",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope",
            "podman 8f2c4a1b9d3e",
        ),
        (
            "/machine.slice/libpod-conmon-ID.scope",
            "libpod-conmon 8f2c4a1b9d3e",
        ),
        (
            "/kubepods.slice/kubepods-burstable.slice/cri-containerd-ID.scope",
            "containerd 8f2c4a1b9d3e",
        ),
        ("/kubepods/besteffort/pod1/ID/", "pod 8f2c4a1b9d3e"),
        ("/kubepods.slice/crio-ID.scope", "cri-o 8f2c4a1b9d3e"),
        ("/k8s.io/ID", "container 8f2c4a1b9d3e"),
        ("/lxc/web/init.scope", "web"),
        ("/lxc.payload.web-2/system.slice/cron.service", "web-2"),
        (
            "/machine.slice/systemd-nspawn@deb\\x2d12.service/payload",
            "deb-12",
        ),
        ("/machine.slice/machine-arch.scope", "arch"),
        (
            "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/emulator",
            "1-vm",
        ),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-7.scope",
            "app-firefox-7",
        ),
        ("/system.slice/slapd.service/worker", "slapd"),
        ("/", "/"),
        ("", "/"),
        ("/..", "outside"),
        ("/../../system.slice/cron.service", "cron"),
        ("/x/进程.slice", "进程"),
        ("/.slice", ".slice"),
    ] {
        let (path, expected) = (path.replace("ID", &id), expected.replace("ID", &id));
        assert_eq!(short(&path), expected, "{path}");
    }
}

#[test]
fn pods_are_known_by_their_number_and_containers_by_their_name() {
    let uid = "2b1c3d4e-0000-1111-2222-333344445555";
    let id = id();
    let pod = format!(
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{}.slice",
        uid.replace('-', "_")
    );
    assert_eq!(short(&pod), "pod 2b1c3d4e-000");
    let mut names = Names::new();
    let called = |name: &str, pod: Option<&str>| Called {
        name: name.into(),
        pod: pod.map(Into::into),
    };
    names.insert(id.as_str().into(), called("web", Some("shop/front-1")));
    names.insert(uid.into(), called("shop/front-1", None));
    let within = format!("{pod}/cri-containerd-{id}.scope");
    assert_eq!(name(&within, &names), "shop/front-1 web");
    assert_eq!(name(&pod, &names), "shop/front-1");
    assert_eq!(part_name("x", &within, &names), "shop/front-1 web");
    let below = format!("{within}/init.scope");
    assert_eq!(part_name("init.scope", &below, &names), "init.scope");
}

#[test]
fn nothing_reads_as_a_way_out() {
    assert_eq!(readable("/../a/b"), "outside:/a/b");
    assert_eq!(readable("/../../a/b"), "outside-2:/a/b");
    assert_eq!(readable("/.."), "outside:/");
    assert_eq!(readable("/../.."), "outside-2:/");
    assert_eq!(readable("/..a/b"), "/..a/b");
    assert_eq!(
        shown(&SafeText::from_bytes(b"/../\x1b")).as_str(),
        "outside:/\\x1b"
    );
    assert_eq!(readable("/a/b"), "/a/b");
}

#[test]
fn the_number_of_a_pod_is_told_from_other_names() {
    let uid = "2b1c2b1c2b1c2b1c2b1c2b1c2b1c2b1c";
    let dashed = "2b1c2b1c-2b1c-2b1c-2b1c-2b1c2b1c2b1c";
    for (part, number) in [
        (format!("pod{uid}"), Some(uid)),
        (format!("pod{dashed}"), Some(dashed)),
        (
            format!("kubepods-burstable-pod{}.slice", dashed.replace('-', "_")),
            Some(dashed),
        ),
        (format!("others-pod{dashed}.slice"), None),
        (format!("pod{}", &uid[1..]), None),
        (format!("pod{}g", &uid[1..]), None),
        ("podman".to_owned(), None),
    ] {
        assert_eq!(pod_of(&part).as_deref(), number, "{part}");
    }
}
