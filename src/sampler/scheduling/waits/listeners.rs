//! Whether the only descriptor that a thread polls takes connections: then it has nothing to do, where another one's
//! answer would be waited for. The kernel is asked once of each socket.

use std::collections::HashMap;

use crate::model::id::Pid;
use crate::model::process::threads::ThreadRow;
use crate::model::scheduling::wait::Wait;
use crate::model::text::SafeText;
use crate::sys::network::listeners::listening;
use crate::sys::root::ProcRoot;

/// So many sockets are remembered.
const MOST: usize = 4096;

/// What is known of sockets, by inode.
#[derive(Default)]
pub struct Listeners(HashMap<u64, bool>);

impl Listeners {
    /// Says so of each socket that a thread polls alone.
    pub fn learn(&mut self, root: &ProcRoot, asked: Pid, rows: &mut [ThreadRow]) {
        let mut now = None;
        for row in rows.iter_mut() {
            let Ok(detail) = &mut row.detail else {
                continue;
            };
            let Wait::Any { total: 1, fds, .. } = &mut detail.waiting.what else {
                continue;
            };
            for fd in fds {
                let Some(inode) = fd.target.as_ref().ok().and_then(socket) else {
                    continue;
                };
                if self.0.len() > MOST {
                    self.0.clear();
                }
                fd.listens = *self.0.entry(inode).or_insert_with(|| {
                    now.get_or_insert_with(|| listening(root, asked))
                        .contains(&inode)
                });
            }
        }
    }
}

/// The inode in `socket:[4711]`.
fn socket(target: &SafeText) -> Option<u64> {
    let inode = target.as_str().strip_prefix("socket:[")?;
    inode.strip_suffix(']')?.parse().ok()
}
