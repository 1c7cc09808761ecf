use super::*;
use crate::model::groups::grouping::{By, Groups};
use crate::model::groups::unit;
use crate::model::sample::{OptionalStats, Shares};
use crate::model::scene::Scene;
use crate::sys::scenario;

/// What containers are called, by the paths in `proc/paths`.
#[test]
fn containers_of_every_engine() {
    let begin = |root: &ProcRoot| NameReader::new(root);
    scenario::play("containers", begin, |reader, root, _| {
        let paths = std::fs::read_to_string(root.proc("paths")).expect("there are paths");
        let names = reader.read(paths.lines());
        let mut scene = Scene::new();
        for (i, path) in paths.lines().enumerate() {
            let extra = OptionalStats {
                cgroup: Ok(path.into()),
                ..OptionalStats::default()
            };
            scene.task(i as u32 + 7, 1, "x").extra = Some(Arc::new(extra));
        }
        scene.sample.shares = Arc::new(Shares {
            names,
            ..Shares::default()
        });
        let groups = Groups::new(&scene.snapshot(), By::Unit);
        let told = groups
            .all
            .iter()
            .map(|g| format!("{} ({})\n", g.name, g.kind));
        told.collect()
    });
}

proptest::proptest! {
    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>) {
        let _ = (docker(&bytes), annotated(&bytes), log(&bytes), list(&bytes));
    }
}

#[test]
fn a_user_has_containers_of_docker_at_home() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    let id = "cd".repeat(32);
    let place = root.whole(format!("/home/ann/.local/share/docker/containers/{id}"));
    std::fs::create_dir_all(&place).expect("made");
    std::fs::write(place.join("config.v2.json"), r#"{"Name":"/db-1"}"#).expect("written");
    let passwd = root.etc("passwd");
    std::fs::create_dir_all(passwd.parent().expect("a parent")).expect("made");
    std::fs::write(passwd, "ann:x:1000:1000::/home/ann:/bin/sh\n").expect("written");
    let path =
        format!("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{id}.scope");
    let of = |path: &str| {
        let names = NameReader::new(&root).read([path].into_iter());
        unit::name(path, &names)
    };
    assert_eq!(of(&path), "db-1");
    assert_eq!(of(&path.replace("1000", "1001")), "docker cdcdcdcdcdcd");
    let conmon = format!("/machine.slice/libpod-conmon-{id}.scope");
    assert_eq!(of(&conmon), "libpod-conmon cdcdcdcdcdcd");
}

#[test]
fn containers_are_found_once_and_forgotten_when_they_are_gone() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    let id = "ab".repeat(32);
    let place = root.whole(format!("/var/lib/docker/containers/{id}"));
    std::fs::create_dir_all(&place).expect("made");
    std::fs::write(place.join("config.v2.json"), r#"{"Name":"/web-1"}"#).expect("written");
    let path = format!("/system.slice/docker-{id}.scope");
    let mut reader = NameReader::new(&root);
    let names = reader.read([path.as_str()].into_iter());
    assert_eq!(unit::name(&path, &names), "web-1");
    let again = reader.read([path.as_str()].into_iter());
    assert!(Arc::ptr_eq(&names, &again), "nothing is asked twice");
    assert!(reader.read(std::iter::empty()).is_empty());
}
