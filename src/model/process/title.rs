//! How a process is called in a table: the name that a person looks for, apart from where its program lies and its arguments.

use crate::model::snapshot::Proc;

/// More of the arguments than any screen shows.
const MOST: usize = 1000;

/// A command in three parts, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// Where the program lies, with its last slash; empty where it is not to be shown.
    pub folder: String,
    /// The program's name, unless the process or thread calls itself otherwise.
    pub name: String,
    /// The arguments, with the blank before them.
    pub rest: String,
}

impl Title {
    /// The title of one process; `paths` keeps the folder of its program.
    pub fn of(proc: &Proc, paths: bool) -> Self {
        let comm = proc.facts.name.as_str();
        if proc.stat.is_kernel_thread() {
            return Self::named(format!("[{comm}]"));
        }
        let command = proc.facts.command.as_ref().ok();
        let first = command.and_then(|c| c.args().next()).unwrap_or_default();
        if first.is_empty() {
            return Self::named(comm.to_owned());
        }
        // A title that the process wrote itself, such as `sshd: alice@pts/3`, stands in one argument.
        let (program, own) = match first.find(' ') {
            Some(at) if !first.starts_with('/') || first.contains(": ") => first.split_at(at),
            _ => (first, ""),
        };
        let base = program.rsplit('/').next().unwrap_or(program);
        let folder = if paths {
            &program[..program.len() - base.len()]
        } else {
            ""
        };
        let bare = base.trim_start_matches('-').trim_end_matches(':');
        let calls_itself = !bare.is_empty() && (bare.starts_with(comm) || comm.starts_with(bare));
        let mut title = if calls_itself {
            Self {
                folder: folder.to_owned(),
                name: base.to_owned(),
                rest: own.to_owned(),
            }
        } else {
            Self {
                rest: format!(" {folder}{base}{own}"),
                ..Self::named(comm.to_owned())
            }
        };
        if let Some(arguments) = arguments(proc) {
            title.rest.push(' ');
            title.rest.push_str(&arguments);
        }
        title
    }

    fn named(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }
}

/// The arguments after the program's name, joined by blanks; none where there is not one or they could not be read.
pub fn arguments(proc: &Proc) -> Option<String> {
    let command = proc.facts.command.as_ref().ok()?;
    let (_, rest) = command.raw().split_once('\0')?;
    let end = rest.char_indices().nth(MOST);
    let end = end.map_or(rest.len(), |(at, _)| at);
    Some(rest[..end].replace('\0', " "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::sample::Command;
    use crate::model::scene::Scene;

    fn title(comm: &str, cmdline: &str, paths: bool) -> [String; 3] {
        let mut scene = Scene::new();
        let facts = Arc::make_mut(&mut scene.task(7, 0, comm).facts);
        facts.command = Ok(Command::from_bytes(cmdline.replace('|', "\0").as_bytes()));
        let title = Title::of(&scene.snapshot().procs[0], paths);
        [title.folder, title.name, title.rest]
    }

    #[test]
    fn the_name_stands_apart_from_its_folder_and_its_arguments() {
        let rustc = "/opt/rust/bin/rustc|--edition|2024";
        assert_eq!(
            title("rustc", rustc, false),
            ["", "rustc", " --edition 2024"]
        );
        assert_eq!(
            title("rustc", rustc, true),
            ["/opt/rust/bin/", "rustc", " --edition 2024"]
        );
    }

    #[test]
    fn a_process_that_calls_itself_otherwise_keeps_its_own_name_first() {
        assert_eq!(
            title("tokio-main", "/usr/bin/api|serve", false),
            ["", "tokio-main", " api serve"]
        );
        assert_eq!(
            title("tokio-main", "/usr/bin/api|serve", true),
            ["", "tokio-main", " /usr/bin/api serve"]
        );
    }

    #[test]
    fn a_title_written_by_the_process_is_divided_after_its_name() {
        assert_eq!(
            title("sshd", "sshd: alice@pts/3", false),
            ["", "sshd:", " alice@pts/3"]
        );
        assert_eq!(title("bash", "-bash", false), ["", "-bash", ""]);
        assert_eq!(title("bash", "", false), ["", "bash", ""]);
    }
}
