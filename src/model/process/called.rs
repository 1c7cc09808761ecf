//! What a program of an interpreter is called where a name alone has room: `python3 burn.py`, `java Waits`,
//! `python3 -m http.server`. Ten rows that all say `python3` tell nobody apart.

use std::borrow::Cow;

use crate::model::snapshot::Proc;

/// An interpreter, and how its command line names what it runs.
struct Interpreter {
    /// The beginning of its name; what follows may only be a version.
    name: &'static str,
    /// Options that are followed by a value of their own.
    valued: &'static [&'static str],
    /// Options whose value is what is run; shown with the option.
    module: &'static [&'static str],
    /// Options that stand before a file which is run; the option says nothing more.
    file: &'static [&'static str],
    /// Options whose value is the program's text.
    text: &'static [&'static str],
}

const NONE: Interpreter = Interpreter {
    name: "",
    valued: &[],
    module: &[],
    file: &[],
    text: &[],
};

const ALL: &[Interpreter] = &[
    Interpreter {
        name: "python",
        valued: &["-W", "-X", "--check-hash-based-pycs"],
        module: &["-m"],
        text: &["-c"],
        ..NONE
    },
    Interpreter {
        name: "java",
        valued: &[
            "-cp",
            "-classpath",
            "--class-path",
            "-p",
            "--module-path",
            "--upgrade-module-path",
            "--add-modules",
            "--add-opens",
            "--add-exports",
            "--add-reads",
        ],
        module: &["-m", "--module"],
        file: &["-jar"],
        ..NONE
    },
    Interpreter {
        name: "node",
        valued: &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "-C",
            "--conditions",
        ],
        text: &["-e", "--eval", "-p", "--print"],
        ..NONE
    },
    Interpreter {
        name: "nodejs",
        valued: &["-r", "--require", "--import", "--loader"],
        text: &["-e", "--eval", "-p", "--print"],
        ..NONE
    },
    Interpreter {
        name: "deno",
        ..NONE
    },
    Interpreter {
        name: "ruby",
        valued: &["-I", "-r", "-C"],
        text: &["-e"],
        ..NONE
    },
    Interpreter {
        name: "perl",
        valued: &["-I"],
        text: &["-e", "-E"],
        ..NONE
    },
    Interpreter {
        name: "php",
        valued: &["-c", "-d", "-S", "-t"],
        file: &["-f"],
        text: &["-r"],
        ..NONE
    },
    Interpreter {
        name: "lua",
        valued: &["-l"],
        text: &["-e"],
        ..NONE
    },
    Interpreter {
        name: "Rscript",
        valued: &["-e"],
        ..NONE
    },
    Interpreter {
        name: "dotnet",
        file: &["exec"],
        ..NONE
    },
    Interpreter {
        name: "bash",
        valued: &["-o", "-O", "--rcfile", "--init-file"],
        text: &["-c", "-lc", "-ic", "-ec"],
        ..NONE
    },
    Interpreter {
        name: "dash",
        valued: &["-o"],
        text: &["-c", "-ec"],
        ..NONE
    },
    Interpreter {
        name: "sh",
        valued: &["-o"],
        text: &["-c", "-ec", "-lc"],
        ..NONE
    },
    Interpreter {
        name: "zsh",
        valued: &["-o"],
        text: &["-c"],
        ..NONE
    },
];

/// What a process is called: its name, and of an interpreter what it runs.
pub fn called(proc: &Proc) -> Cow<'_, str> {
    let name = proc.facts.name.as_str();
    let subject = interpreter(name).and_then(|of| {
        let command = proc.facts.command.as_ref().ok()?;
        of.subject(command.args().skip(1))
    });
    match subject {
        Some(subject) => format!("{name} {subject}").into(),
        None => name.into(),
    }
}

fn interpreter(name: &str) -> Option<&'static Interpreter> {
    ALL.iter().find(|i| {
        let rest = name.strip_prefix(i.name);
        rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    })
}

impl Interpreter {
    /// What the arguments say is run.
    fn subject<'a>(&self, mut args: impl Iterator<Item = &'a str>) -> Option<String> {
        while let Some(arg) = args.next() {
            if arg.is_empty() || arg == "-" {
                return None;
            }
            if self.text.contains(&arg) {
                return Some(format!("{arg} …"));
            }
            if self.module.contains(&arg) {
                return Some(format!("{arg} {}", args.next()?));
            }
            if self.file.contains(&arg) {
                return args.next().map(base);
            }
            if self.valued.contains(&arg) {
                args.next();
            } else if !(arg.starts_with('-') || self.name == "java" && arg.starts_with('@')) {
                return Some(if self.name == "java" {
                    class(arg)
                } else {
                    base(arg)
                });
            }
        }
        None
    }
}

/// The last part of a path.
fn base(path: &str) -> String {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The last part of a class with its packages, or of a file.
fn class(name: &str) -> String {
    if name.contains('/')
        || std::path::Path::new(name)
            .extension()
            .is_some_and(|e| e == "java")
    {
        return base(name);
    }
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::sample::Command;
    use crate::model::scene::Scene;

    fn told(comm: &str, cmdline: &str) -> String {
        let mut scene = Scene::new();
        let facts = Arc::make_mut(&mut scene.task(7, 0, comm).facts);
        facts.command = Ok(Command::from_bytes(cmdline.replace('|', "\0").as_bytes()));
        called(&scene.snapshot().procs[0]).into_owned()
    }

    #[test]
    fn an_interpreter_says_what_it_runs() {
        for (comm, cmdline, expected) in [
            ("python3", "python3|burn.py", "python3 burn.py"),
            (
                "python3.12",
                "/usr/bin/python3.12|-u|/srv/a/burn.py|--fast",
                "python3.12 burn.py",
            ),
            (
                "python3",
                "python3|-m|http.server|8080",
                "python3 -m http.server",
            ),
            ("python3", "python3|-W|ignore|-c|print(1)", "python3 -c …"),
            ("java", "java|Waits", "java Waits"),
            (
                "java",
                "java|-Xmx1g|-cp|/a:/b|org.example.Main|x",
                "java Main",
            ),
            ("java", "java|-jar|/opt/app/server.jar", "java server.jar"),
            ("node", "node|--inspect|/srv/w.js", "node w.js"),
            ("bash", "bash|-c|sleep 5; exit", "bash -c …"),
            ("bash", "/bin/bash|/tmp/load.sh", "bash load.sh"),
            ("sh", "sh|-e|/etc/run.sh", "sh run.sh"),
        ] {
            assert_eq!(told(comm, cmdline), expected, "{cmdline}");
        }
    }

    #[test]
    fn others_keep_their_name() {
        for (comm, cmdline) in [
            ("python3", "python3"),
            ("python3", ""),
            ("bash", "-bash"),
            ("javascriptd", "javascriptd|x"),
            ("load.sh", "/bin/bash|/tmp/load.sh"),
            ("sshd", "sshd: alice@pts/3"),
            ("shutdown", "shutdown|now"),
        ] {
            assert_eq!(told(comm, cmdline), comm, "{cmdline}");
        }
    }
}
