//! A table as CSV (RFC 4180) and as JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::save::WholeTable;
use crate::app::world::World;
use crate::report::json::{Process, SCHEMA};

/// Lines of values, heads first.
///
/// Programs choose their names, and a spreadsheet would run what begins like a formula: such a text has a `'` before it.
pub fn csv(table: &WholeTable) -> Vec<u8> {
    let mut out = String::new();
    for row in std::iter::once(&table.heads).chain(&table.rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    let lead = if formula { "'" } else { "" };
    if cell.contains(['"', ',', '\n', '\r']) {
        return format!("\"{lead}{}\"", cell.replace('"', "\"\""));
    }
    format!("{lead}{cell}")
}

/// Processes as `pscope ps --json` tells them, any other table as its texts.
pub fn json(world: &World, table: &WholeTable) -> Vec<u8> {
    let mut out = if table.name == "list" {
        let snapshot = &world.snapshot;
        let procs = table.procs.iter().filter_map(|id| snapshot.get(*id));
        let processes = procs.map(|p| Process::new(snapshot, p)).collect();
        serde_json::to_vec_pretty(&Listed {
            schema: SCHEMA,
            cpu_percent_over: "interval",
            processes,
        })
    } else {
        let row = |row: &Vec<String>| {
            let cells = table.heads.iter().zip(row);
            let cells = cells.map(|(head, cell)| (head.clone(), Value::from(cell.as_str())));
            cells.collect::<Map<String, Value>>()
        };
        serde_json::to_vec_pretty(&Other {
            schema: SCHEMA,
            table: table.name,
            rows: table.rows.iter().map(row).collect(),
        })
    }
    .unwrap_or_default();
    out.push(b'\n');
    out
}

#[derive(Serialize)]
struct Listed<'a> {
    schema: u32,
    cpu_percent_over: &'static str,
    processes: Vec<Process<'a>>,
}

#[derive(Serialize)]
struct Other {
    schema: u32,
    table: &'static str,
    rows: Vec<Map<String, Value>>,
}
