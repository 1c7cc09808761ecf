//! The part `descriptors` of `pscope inspect --json`, as product documentation promises it.

use serde_json::{Map, Value, json};

use crate::model::descriptors::descriptor::{Descriptor, Files, Mode};
use crate::model::descriptors::peer::Peer;
use crate::model::descriptors::socket::{Protocol, Socket};
use crate::model::reading::Missing;

/// Every descriptor with its peers; what could not be read is `null` with its reason in `unavailable`.
pub fn json(files: &Files) -> Value {
    Value::Array(files.rows.iter().map(descriptor).collect())
}

fn descriptor(d: &Descriptor) -> Value {
    let mut unavailable = Map::new();
    let mut missing = |field: &str, why: Missing| {
        unavailable.insert(field.to_owned(), why.word().into());
    };
    let mode = d.mode.map(Mode::word).map_err(|why| missing("mode", why));
    let info = d.info.as_ref().map_err(|why| {
        missing("flags", *why);
        missing("position", *why);
    });
    let flags = info.map(|i| i.flags.words().collect::<Vec<_>>());
    let socket = d.socket.as_ref();
    let mut out = json!({
        "fd": d.fd,
        "kind": d.kind.word(),
        "mode": mode.ok(),
        "flags": flags.ok(),
        "target": d.target,
        "deleted": d.deleted,
        "position": info.ok().map(|i| i.position),
        "size_bytes": d.extent.as_ref().ok().map(|e| e.size.0),
        "inode": d.inode(),
        "local": socket.and_then(Socket::local),
        "remote": socket.and_then(Socket::remote),
        "state": socket.map(|s| s.state().word(Protocol::Tcp)),
        "about": d.words(),
        "peers": d.peers.named.iter().map(peer).collect::<Vec<_>>(),
        "peers_not_listed": d.peers.more,
        "note": d.peers.note.map(crate::model::descriptors::peer::Note::words),
    });
    if !unavailable.is_empty()
        && let Value::Object(out) = &mut out
    {
        out.insert("unavailable".to_owned(), Value::Object(unavailable));
    }
    out
}

fn peer(p: &Peer) -> Value {
    json!({"pid": p.id.pid.0, "name": p.name, "fd": p.fd})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::Flow;
    use crate::model::id::ProcId;

    #[test]
    fn a_descriptor_has_the_promised_fields() {
        let mut files = Files::new(ProcId::new(1, 1));
        let mut pipe = Descriptor::new(1, b"pipe:[77]");
        pipe.mode = Ok(Mode::Write);
        pipe.peers.named.push(Peer {
            id: ProcId::new(30, 1),
            name: "tee".into(),
            fd: Some(0),
            flow: Flow::Out,
        });
        files.rows.push(pipe);
        let said = json(&files);
        let one = &said[0];
        assert_eq!((&one["kind"], &one["mode"]), (&"pipe".into(), &"w".into()));
        assert_eq!(
            (&one["inode"], &one["size_bytes"]),
            (&77.into(), &Value::Null)
        );
        assert_eq!(one["peers"][0], json!({"pid": 30, "name": "tee", "fd": 0}));
        assert_eq!(one["unavailable"]["position"], "soon");
    }
}
