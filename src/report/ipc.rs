//! `pscope ipc`: who talks to whom, as text or JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::json::SCHEMA;
use super::paper::{Ink, Paper};
use super::{Error, Exit, target};
use crate::model::ipc::{Edge, Ipc, Pair, Party};
use crate::model::plan::Needs;
use crate::sys::descriptors::shared::Shared;
use crate::sys::ipc::Talks;
use crate::sys::root::ProcRoot;

/// Prints who talks to whom: pipes, sockets, terminals, shared memory, queues, locks
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only channels of this process: a pid or a name
    target: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// How long reading every process may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes the edges.
///
/// # Errors
/// For a target that is no process, or several.
pub fn run(args: &Args, paper: &mut Paper<'_>) -> Result<Exit, Error> {
    let of = match &args.target {
        Some(text) => Some(target::find(&super::sweep(Needs::COMMANDS)?, text)?),
        None => None,
    };
    let root = ProcRoot::live();
    let mut ipc = Talks::new(&root, Shared::new(&root)).ipc(PATIENCE, of);
    if let Some(of) = of {
        ipc.edges.retain(|e| e.a.id == of || e.b.id == of);
        ipc.pairs.retain(|p| p.a.id == of || p.b.id == of);
        ipc.pipelines.retain(|p| p.iter().any(|(id, _)| *id == of));
    }
    if args.json {
        serde_json::to_writer(&mut *paper.out, &as_json(&ipc))?;
        paper.out.write_all(b"\n")?;
    } else {
        print(&ipc, paper)?;
    }
    Ok(Exit::Done)
}

fn as_json(ipc: &Ipc) -> Value {
    let party = |p: &Party| json!({"pid": p.id.pid.0, "name": p.name, "fd": p.fd});
    let edge = |e: &Edge| {
        json!({
            "kind": e.channel.word(),
            "a": party(&e.a),
            "b": party(&e.b),
            "flow": match e.flow {
                crate::model::peer::Flow::Out => "a_to_b",
                crate::model::peer::Flow::In => "b_to_a",
                crate::model::peer::Flow::Both => "both",
            },
            "detail": e.detail,
        })
    };
    json!({
        "schema": SCHEMA,
        "edges": ipc.edges.iter().map(edge).collect::<Vec<_>>(),
        "edges_not_listed": ipc.more,
        "pipelines": ipc.pipelines.iter().map(|stages| {
            stages.iter().map(|(id, name)| json!({"pid": id.pid.0, "name": name})).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "processes_not_visible": ipc.hidden,
    })
}

fn print(ipc: &Ipc, paper: &mut Paper<'_>) -> Result<(), Error> {
    let widest = |of: fn(&Pair) -> &Party| {
        let widths = ipc.pairs.iter().map(|p| of(p).name.width());
        widths.max().unwrap_or(0)
    };
    let (a, b) = (widest(|p| &p.a), widest(|p| &p.b));
    for pair in &ipc.pairs {
        let kinds: Vec<_> = pair.channels.iter().map(|(c, n)| c.counted(*n)).collect();
        paper.line(&[
            (&format!("{:>7} ", pair.a.id.pid), Ink::Dim),
            (&format!("{:a$} ", pair.a.name), Ink::Strong),
            (&format!("{} ", pair.flow.arrow(paper.ascii)), Ink::Dim),
            (&format!("{:>7} ", pair.b.id.pid), Ink::Dim),
            (&format!("{:b$} ", pair.b.name), Ink::Strong),
            (&format!(" {} ", kinds.join(", ")), Ink::Plain),
            (&format!(" {}", pair.details.join(", ")), Ink::Dim),
        ])?;
    }
    let arrow = if paper.ascii { " -> " } else { " → " };
    for stages in &ipc.pipelines {
        let names: Vec<_> = stages.iter().map(|(_, name)| name.as_str()).collect();
        paper.line(&[("pipeline ", Ink::Dim), (&names.join(arrow), Ink::Plain)])?;
    }
    if ipc.more > 0 {
        paper.line(&[(&format!("and {} more", ipc.more), Ink::Dim)])?;
    }
    if ipc.hidden > 0 {
        let text = format!(
            "{} processes hide their descriptors from this user",
            ipc.hidden
        );
        paper.line(&[(&text, Ink::Dim)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ProcId;
    use crate::model::ipc::{Channel, pairs};
    use crate::model::peer::Flow;

    #[test]
    fn text_and_json_tell_the_same_edge() {
        let party = |pid, name: &str, fd| Party {
            id: ProcId::new(pid, 1),
            name: name.into(),
            fd: Some(fd),
        };
        let edges = vec![Edge {
            channel: Channel::Pipe,
            a: party(9, "writer", 1),
            b: party(5, "reader", 0),
            flow: Flow::Out,
            detail: "empty".to_owned(),
        }];
        let ipc = Ipc {
            pairs: pairs(&edges),
            edges,
            ..Ipc::default()
        };
        let said = as_json(&ipc);
        assert_eq!(
            said["edges"][0],
            json!({"kind": "pipe", "a": {"pid": 9, "name": "writer", "fd": 1},
                   "b": {"pid": 5, "name": "reader", "fd": 0}, "flow": "a_to_b", "detail": "empty"})
        );
        let mut out = Vec::new();
        let mut paper = Paper {
            out: &mut out,
            width: None,
            ascii: false,
            styled: false,
        };
        print(&ipc, &mut paper).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "      9 writer →       5 reader  pipe  empty\n");
    }
}
