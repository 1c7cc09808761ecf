//! The program as an ordinary user runs it, also from a tree that is closed to him.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The built program where everybody may run it, as long as this lives.
pub struct Program {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Program {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("ours");
        let path = dir.path().join("pscope");
        let built = env!("CARGO_BIN_EXE_pscope");
        std::fs::hard_link(built, &path)
            .or_else(|_| std::fs::copy(built, &path).map(|_| ()))
            .expect("a second name, or a copy");
        Self { path, _dir: dir }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It, run as nobody; whoever is not root is refused.
    pub fn as_nobody(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&self.path);
        command
    }
}
