//! Who stands below whom in the table of one sweep.

use crate::model::id::Pid;
use crate::model::sample::TaskSample;

/// The place of each task's parent; a parent that is not there, that is younger in a circle, or itself, makes a root.
pub(super) fn parents(tasks: &[TaskSample]) -> Vec<Option<u32>> {
    let pids: Vec<Pid> = tasks.iter().map(|t| t.id.pid).collect();
    // Siblings often stand together.
    let mut last = (Pid(0), pids.binary_search(&Pid(0)).ok());
    let mut parents = Vec::with_capacity(tasks.len());
    parents.extend(tasks.iter().enumerate().map(|(i, task)| {
        let ppid = task.stat.ppid;
        if ppid != last.0 {
            last = (ppid, pids.binary_search(&ppid).ok());
        }
        last.1.filter(|p| *p != i).map(|p| p as u32)
    }));
    break_cycles(&mut parents);
    parents
}

/// Cuts every circle of parents at one place, so that walking upwards always ends.
///
/// The kernel makes none, but a sweep is not one moment: a pid may be reused while it reads.
fn break_cycles(parents: &mut [Option<u32>]) {
    let mut seen = vec![0_u32; parents.len()];
    for i in 0..parents.len() {
        let walk = i as u32 + 1;
        let mut at = i;
        while seen[at] == 0 {
            seen[at] = walk;
            match parents[at] {
                Some(up) if seen[up as usize] == walk => parents[at] = None,
                Some(up) => at = up as usize,
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circle_is_cut_once_and_nothing_else_is() {
        // 0 and 1 are each other's parents; 2 and 3 hang below them, one after the other; 4 is alone, 5 its own parent.
        let mut all = [Some(1), Some(0), Some(0), Some(2), None, Some(5)];
        break_cycles(&mut all);
        assert_eq!(all, [Some(1), None, Some(0), Some(2), None, None]);
        let straight = [None, Some(0), Some(1), Some(0)];
        let mut same = straight;
        break_cycles(&mut same);
        assert_eq!(same, straight);
    }
}
