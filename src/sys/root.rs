//! Where `/proc` and `/sys` are: the running kernel's own, or a tree of files that stands in for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::id::Pid;

/// A proc tree and a sys tree. Every path of `sys` starts at one.
#[derive(Clone, Debug)]
pub struct ProcRoot {
    proc: Arc<Path>,
    sys: Arc<Path>,
    etc: Arc<Path>,
    run: Arc<Path>,
    live: bool,
}

impl ProcRoot {
    /// The running kernel's own trees, `/proc`, `/sys`, and what `/etc` and `/run` call users, services and namespaces.
    pub fn live() -> Self {
        Self {
            proc: Path::new("/proc").into(),
            sys: Path::new("/sys").into(),
            etc: Path::new("/etc").into(),
            run: Path::new("/run").into(),
            live: true,
        }
    }

    /// A directory with `proc`, `sys`, `etc` and `run` inside that stands in for a kernel; nothing can be signalled through it.
    pub fn fixture(dir: &Path) -> Self {
        Self {
            proc: dir.join("proc").into(),
            sys: dir.join("sys").into(),
            etc: dir.join("etc").into(),
            run: dir.join("run").into(),
            live: false,
        }
    }

    /// Whether this is the running kernel's own tree, over which system calls about a process mean the same process.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// A path below `/proc`.
    pub fn proc(&self, path: impl AsRef<Path>) -> PathBuf {
        self.proc.join(path)
    }

    /// A path below `/sys`.
    pub fn sys(&self, path: impl AsRef<Path>) -> PathBuf {
        self.sys.join(path)
    }

    /// A path below `/etc`.
    pub fn etc(&self, path: impl AsRef<Path>) -> PathBuf {
        self.etc.join(path)
    }

    /// A path below `/`, save those that the others begin with.
    pub fn whole(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let below = path.strip_prefix("/").unwrap_or(path);
        match self.etc.parent() {
            Some(root) => root.join(below),
            None => Path::new("/").join(below),
        }
    }

    /// A path below `/run`.
    pub fn run(&self, path: impl AsRef<Path>) -> PathBuf {
        self.run.join(path)
    }

    /// The bytes of a file below `/proc`. Only for files that the kernel answers from what it has at hand.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self, path: impl AsRef<Path>) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.proc(path))
    }

    /// Where a link below `/proc` leads, as the kernel writes it.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn link(&self, path: impl AsRef<Path>) -> std::io::Result<PathBuf> {
        std::fs::read_link(self.proc(path))
    }

    /// Who is listed in `/proc`, ascending; nobody where it cannot be listed.
    pub fn pids(&self) -> Vec<Pid> {
        let entries = std::fs::read_dir(self.proc("")).into_iter().flatten();
        let names = entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
        let mut out: Vec<Pid> = names.map(Pid).collect();
        out.sort_unstable();
        out
    }
}
