//! The order of the rows, worked out anew only when the rows or the wish change.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::descriptors::descriptor::{Descriptor, Files};

/// The rows in the order of the sort column.
#[derive(Default)]
pub struct Order {
    of: Option<Arc<Files>>,
    wish: (usize, bool),
    keys: Vec<u32>,
    rows: Vec<usize>,
}

impl Order {
    /// Sorts, if anything changed since.
    pub fn update(&mut self, files: Option<&Arc<Files>>, sort: usize, inverted: bool) {
        let same = match (&self.of, files) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same && self.wish == (sort, inverted) {
            return;
        }
        self.wish = (sort, inverted);
        self.of = files.cloned();
        let rows = files.map_or(&[][..], |f| &f.rows);
        self.rows = (0..rows.len()).collect();
        self.rows.sort_by(|a, b| {
            let (a, b) = (&rows[*a], &rows[*b]);
            let order = compare(a, b, sort);
            let order = if inverted { order.reverse() } else { order };
            order.then(a.fd.cmp(&b.fd))
        });
        self.keys = self.rows.iter().map(|i| rows[*i].fd).collect();
    }

    /// The descriptors' numbers in order.
    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// The number at a place.
    pub fn key(&self, at: usize) -> Option<u32> {
        self.keys.get(at).copied()
    }

    /// The row at a place.
    pub fn row(&self, at: usize) -> Option<usize> {
        self.rows.get(at).copied()
    }
}

fn compare(a: &Descriptor, b: &Descriptor, column: usize) -> Ordering {
    let size = |d: &Descriptor| d.extent.as_ref().map_or(0, |e| e.size.0);
    let peer = |d: &Descriptor| d.peers.named.first().map(|p| (p.name.clone(), p.id));
    match column {
        1 => a.kind.cmp(&b.kind),
        2 => a.mode.ok().cmp(&b.mode.ok()),
        3 => a.target.cmp(&b.target),
        4 => size(b).cmp(&size(a)),
        5 => match (peer(a), peer(b)) {
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (a, b) => a.cmp(&b),
        },
        _ => a.fd.cmp(&b.fd),
    }
}
