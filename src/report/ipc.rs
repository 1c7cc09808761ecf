//! `pscope ipc`: who talks to whom, as text or JSON.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::json::{SCHEMA, put};
use super::printer::{Ink, Printer};
use super::{Error, Exit, past, target};
use crate::model::descriptors::ipc::{Edge, Ipc, Line, Pair, Party, lines};
use crate::model::descriptors::{count_hidden, hidden_words};
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::model::text::width;
use crate::sampler::descriptors::ipc::Talks;
use crate::sampler::descriptors::joined::shared::Shared;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;

/// Prints who talks to whom: pipes, sockets, terminals, shared memory, queues, locks
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only channels of this process: a pid or a name
    target: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: past::Args,
}

/// Said of a recording which keeps no descriptors.
const NOT_RECORDED: &str =
    "not read at that moment: record --inspect FILTER keeps who talks to whom";

/// How long reading every process may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes the edges.
///
/// # Errors
/// For a target that is no process, or several.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let (mut ipc, of) = match args.past.moment()? {
        Some(found) => recorded(args, &found)?,
        None => now(args)?,
    };
    if let Some(of) = of {
        ipc.edges.retain(|e| e.a.id == of || e.b.id == of);
        // Only edges between others are left out where a question is about one process.
        ipc.more = 0;
        ipc.pairs.retain(|p| p.a.id == of || p.b.id == of);
        ipc.pipelines.retain(|p| p.iter().any(|(id, _)| *id == of));
    }
    if args.json {
        printer.json(&as_json(&ipc))?;
        printer.out.write_all(b"\n")?;
    } else {
        print(&ipc, of, printer)?;
    }
    Ok(Exit::Done)
}

fn now(args: &Args) -> Result<(Ipc, Option<ProcId>), Error> {
    let root = ProcRoot::live();
    // Where nobody is listed there is no answer, and nobody need be read to know that.
    ProcDir::open(&root)?.pids(&mut Vec::new(), &mut Vec::new())?;
    let find = |text: &String| target::find(&super::sweep(Needs::COMMANDS)?, text);
    let of = args.target.as_ref().map(find).transpose()?;
    let ipc = Talks::new(&root, Shared::new(&root)).ipc(PATIENCE, of);
    Ok((ipc, of))
}

fn recorded(args: &Args, found: &past::Found) -> Result<(Ipc, Option<ProcId>), Error> {
    let target = args.target.as_ref();
    let of = target.map(|text| target::find_then(&found.snapshot, text));
    let of = of.transpose()?;
    match found.detail(None)?.machine.ipc.map(|slot| slot.value) {
        Some(Ok(ipc)) => Ok((Arc::unwrap_or_clone(ipc), of)),
        Some(Err(why)) => Err(Error::Failed(format!("who talks to whom: {why}"))),
        None => Err(Error::Failed(NOT_RECORDED.to_owned())),
    }
}

fn as_json(ipc: &Ipc) -> Value {
    let party = |p: &Party| json!({"pid": p.id.pid.0, "name": p.name, "fd": p.fd});
    let edge = |e: &Edge| {
        json!({
            "kind": e.channel.word(),
            "a": party(&e.a),
            "b": party(&e.b),
            "flow": match e.flow {
                crate::model::descriptors::peer::Flow::Out => "a_to_b",
                crate::model::descriptors::peer::Flow::In => "b_to_a",
                crate::model::descriptors::peer::Flow::Both => "both",
            },
            "detail": e.detail,
        })
    };
    let mut out = json!({
        "schema": SCHEMA,
        "edges": ipc.edges.iter().map(edge).collect::<Vec<_>>(),
        "edges_not_listed": ipc.more,
        "pipelines": ipc.pipelines.iter().map(|stages| {
            stages.iter().map(|(id, name)| json!({"pid": id.pid.0, "name": name})).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
    });
    if let Value::Object(out) = &mut out {
        let hidden = count_hidden(ipc.hidden, ipc.unlisted);
        put(out, "processes_not_visible", hidden);
    }
    out
}

/// One line of the text: two sides, and what joins them.
struct Row {
    left: (String, String),
    arrow: &'static str,
    right: (String, String),
    by: String,
    detail: String,
}

/// Of everything the lines that put together what is alike; of one process each of its pairs.
fn rows(ipc: &Ipc, of: Option<ProcId>, ascii: bool) -> Vec<Row> {
    let one = |p: &Party| (p.id.pid.to_string(), p.name.to_string());
    let side = |side: &[Party]| match side {
        [party] => one(party),
        side => (String::new(), lines::words(side)),
    };
    if of.is_some() {
        let row = |p: &Pair| Row {
            left: one(&p.a),
            arrow: p.flow.arrow(ascii),
            right: one(&p.b),
            by: lines::channels(&p.channels),
            detail: p.details.join(", "),
        };
        return ipc.pairs.iter().map(row).collect();
    }
    let row = |l: &Line| Row {
        left: side(&l.a),
        arrow: l.flow.arrow(ascii),
        right: side(&l.b),
        by: l.by(),
        detail: l.details.join(", "),
    };
    ipc.lines.iter().map(row).collect()
}

fn print(ipc: &Ipc, of: Option<ProcId>, printer: &mut Printer<'_>) -> Result<(), Error> {
    let rows = rows(ipc, of, printer.ascii);
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|r| width(of(r))).max().unwrap_or(0);
    let (a, b) = (widest(|r| &r.left.1), widest(|r| &r.right.1));
    for row in &rows {
        let padded = |name: &str, to: usize| format!("{name}{} ", " ".repeat(to - width(name)));
        printer.line(&[
            (&format!("{:>7} ", row.left.0), Ink::Dim),
            (&padded(&row.left.1, a), Ink::Strong),
            (&format!("{} ", row.arrow), Ink::Dim),
            (&format!("{:>7} ", row.right.0), Ink::Dim),
            (&padded(&row.right.1, b), Ink::Strong),
            (&format!(" {} ", row.by), Ink::Plain),
            (&format!(" {}", row.detail), Ink::Dim),
        ])?;
    }
    let arrow = if printer.ascii { " -> " } else { " → " };
    for stages in &ipc.pipelines {
        let names: Vec<_> = stages.iter().map(|(_, name)| name.as_str()).collect();
        printer.line(&[("pipeline ", Ink::Dim), (&names.join(arrow), Ink::Plain)])?;
    }
    if rows.is_empty() {
        let whom = if of.is_some() { "it" } else { "anybody" };
        let nobody = format!("nobody who is visible talks to {whom}");
        printer.line(&[(&nobody, Ink::Dim)])?;
    }
    if let Some(hidden) = hidden_words(ipc.hidden, ipc.unlisted) {
        printer.line(&[(&hidden, Ink::Dim)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::ipc::{Channel, pairs};
    use crate::model::descriptors::peer::Flow;
    use crate::report::printer::piped;

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
            crowd: false,
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
        let text = piped(false, |to| print(&ipc, Some(ProcId::new(9, 1)), to)).expect("written");
        assert_eq!(text, "      9 writer →       5 reader  pipe  empty\n");
    }

    #[test]
    fn where_nobody_else_is_listed_no_count_is_told() {
        let ipc = Ipc {
            unlisted: true,
            ..Ipc::default()
        };
        let said = as_json(&ipc);
        assert_eq!(said["processes_not_visible"], Value::Null);
        assert_eq!(said["unavailable"]["processes_not_visible"], "denied");
        assert_eq!(
            piped(false, |to| print(&ipc, None, to)).expect("written"),
            "nobody who is visible talks to anybody\nprocesses of other users not visible\n"
        );
    }

    #[test]
    fn without_a_target_what_is_alike_is_one_line_and_columns_stand() {
        let party = |pid, name: &str| Party {
            id: ProcId::new(pid, 1),
            name: name.into(),
            fd: None,
        };
        let edge = |a, b, channel| Edge {
            channel,
            a,
            b,
            flow: Flow::Both,
            detail: String::new(),
            crowd: false,
        };
        let clients = (10..15).map(|pid| edge(party(5, "httpd"), party(pid, "進"), Channel::Tcp));
        let mut edges: Vec<_> = clients.collect();
        edges.push(edge(party(1, "x"), party(2, "y"), Channel::Unix));
        let ipc = Ipc {
            lines: lines::lines(&edges, vec![]),
            edges,
            hidden: 1,
            more: 7,
            ..Ipc::default()
        };
        assert_eq!(
            piped(false, |to| print(&ipc, None, to)).expect("written"),
            "      5 httpd ⇄         5×[進]  5 tcp\n      \
             1 x     ⇄       2 y       unix socket\n\
             1 process not visible\n"
        );
    }
}
