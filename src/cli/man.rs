//! The manual page: the one page of the whole program, every command with its options in a section of its own, and keys, filter
//! and configuration from the lists that the program itself goes by.

use std::fmt::Write as _;
use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::app::App;
use crate::app::key::{Key, SYNTAX};
use crate::app::world::Settings;
use crate::model::process::column::{ALL, DEFAULT};
use crate::model::process::filter::fields;
use crate::panels;
use crate::report::printer::Printer;
use crate::report::{Error, Exit};
use crate::theme::{Depth, Theme};

/// What to try first, and what it does.
const EXAMPLES: &[(&str, &str)] = &[
    ("pscope", "the live screen; ? tells the keys"),
    (
        "pscope firefox",
        "the same, with this process in the inspector",
    ),
    (
        "pscope ps user:alice mem>1g --sort mem",
        "a table of what passes a filter",
    ),
    (
        "pscope ps --columns pid,unit,growth,waits-for,command",
        "other columns",
    ),
    (
        "pscope inspect 812 files",
        "what a process holds open, and who is at the other end",
    ),
    (
        "pscope slices make --for 5s",
        "when it ran, and who took the core from it",
    ),
    (
        "pscope signal TERM nginx --tree --wait 3s",
        "ends a process with all that it started, and says what became of each",
    ),
    (
        "pscope record day.pscope --keep 24h",
        "keeps what happens; pscope replay day.pscope shows it",
    ),
    (
        "ssh HOST pscope record - | pscope replay -",
        "another machine, live",
    ),
    (
        "pscope doctor",
        "what this kernel and these rights allow, and how to get more",
    ),
];

/// What no option tells.
const MORE: &str = r".SH FILES
.TP
\fI~/.config/pscope/config.toml\fR
The configuration; see CONFIGURATION. It is written only when that is asked for.
.TP
\fI/proc\fR, \fI/sys\fR
Where everything is read from.
.SH ENVIRONMENT
.TP
\fBNO_COLOR\fR
Draws without colours where it is set.
.TP
\fBXDG_CONFIG_HOME\fR, \fBHOME\fR
Where the configuration is looked for: below the first, else in \fI~/.config\fR.
.TP
\fBCOLORTERM\fR, \fBTERM\fR, \fBCOLORFGBG\fR
Tell how many colours the terminal has, and what is behind them.
.TP
\fBLC_ALL\fR, \fBLC_CTYPE\fR, \fBLANG\fR
A locale that is not UTF-8 draws with ASCII, unless the configuration says otherwise.
.SH SEE ALSO
\fBhtop\fR(1), \fBps\fR(1), \fBproc\fR(5), \fBsignal\fR(7), \fBpidfd_open\fR(2), \fBperf_event_open\fR(2)
";

/// `pscope man`
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the page.
///
/// # Errors
/// When the printer takes no more.
pub fn run(_: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    write(super::Cli::command(), &mut printer.out)?;
    Ok(Exit::Done)
}

/// Writes the page.
///
/// # Errors
/// As `out` says.
pub fn write(mut command: Command, out: &mut dyn io::Write) -> io::Result<()> {
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend(b".SH COMMANDS\n");
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        section(sub, &mut page)?;
    }
    let theme = Theme::terminal(Depth::Mono, false);
    let app = App::new(panels::all(), Settings::default(), theme);
    page.extend(keys(&app).bytes());
    page.extend(filter().bytes());
    page.extend(numbers(&app).bytes());
    page.extend(configuration(&app).bytes());
    page.extend(examples().bytes());
    let mut extra = Vec::new();
    man.render_extra_section(&mut extra)?;
    let extra = String::from_utf8_lossy(&extra).replace(".SH EXTRA", ".SH EXIT STATUS");
    page.extend(extra.replace("Exit status: ", "").bytes());
    page.extend(MORE.bytes());
    out.write_all(&page)
}

/// Text that roff prints as it is.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

/// A term in bold, and what it means.
fn entry(out: &mut String, term: &str, about: &str) {
    let _ = writeln!(out, ".TP\n\\fB{}\\fR\n{}", plain(term), plain(about));
}

/// Every action with its keys and the name by which `[keys]` knows it.
fn keys(app: &App) -> String {
    let mut out = ".SH KEYS\nThe name of each action, which the configuration and the key \\fB:\\fR know, stands behind its keys.\n".to_owned();
    let mut told = Vec::new();
    for section in &app.world.catalog {
        let new: Vec<_> = section
            .actions
            .iter()
            .filter(|a| !told.contains(&a.name))
            .collect();
        if new.is_empty() {
            continue;
        }
        let _ = writeln!(out, ".SS {}", plain(section.title));
        for action in new {
            let keys: Vec<String> = action.keys.iter().map(Key::to_string).collect();
            let term = format!("{} ({})", keys.join(" "), action.name);
            entry(&mut out, term.trim_start(), action.about);
            told.push(action.name);
        }
    }
    out
}

fn filter() -> String {
    let mut out = format!(
        ".SH FILTER\nThe key \\fB/\\fR and \\fBpscope ps\\fR take it: {}. Words are looked for in names and command lines; all must be there. \
         Numbers take k, m, g and %, spans s, m, h and d; = asks for the whole text, < and > compare.\n",
        plain(fields::SYNTAX)
    );
    for (name, about) in fields::MORE {
        entry(&mut out, name, about);
    }
    for column in ALL {
        let usual = DEFAULT.iter().any(|c| c.name == column.name);
        let mark = if usual { " (shown at first)" } else { "" };
        entry(&mut out, column.name, &format!("{}{mark}", column.about));
    }
    out + ".PP\nThese are also the names of columns.\n"
}

/// Every word and number of every pane, as `x` tells them.
fn numbers(app: &App) -> String {
    let mut out = ".SH NUMBERS\nThe key \\fBx\\fR tells these with their present values. The columns of the list stand under FILTER.\n".to_owned();
    for pane in app.panels() {
        let words: Vec<_> = pane.words().iter().flat_map(|words| words.iter()).collect();
        if words.is_empty() {
            continue;
        }
        let _ = writeln!(out, ".SS {}", plain(pane.spec().title));
        for word in words {
            entry(&mut out, word.name, &word.told(None));
        }
    }
    out
}

fn configuration(app: &App) -> String {
    let mut out = ".SH CONFIGURATION\nThe file is TOML: a line for each setting, keys in a section \\fB[keys]\\fR. What is not understood is told with its line \
         and takes nothing else away. The key F2 shows every setting, changes it live, and writes the file when asked; comments stay.\n"
        .to_owned();
    for choice in app.choices() {
        let values: Vec<String> = choice.values.iter().map(ToString::to_string).collect();
        let values = match choice.values.first() {
            None => String::new(),
            Some(crate::app::choice::Value::On(_)) => ": true or false".to_owned(),
            Some(_) => format!(": {}", values.join(", ")),
        };
        entry(&mut out, choice.name, &format!("{}{values}", choice.about));
    }
    entry(
        &mut out,
        "read-only",
        "Takes away everything that changes the machine: true or false",
    );
    let _ = writeln!(out, ".PP\n{}\n.PP\n.nf", plain(SYNTAX));
    for line in [
        "theme = \"nord\"",
        "interval-ms = 500",
        "keymap = \"htop\"",
        "columns = [\"pid\", \"user\", \"cpu\", \"mem\", \"growth\", \"command\"]",
        "[keys]",
        "pause = [\"p\", \"F12\"]",
        "show-kernel = []",
    ] {
        let _ = writeln!(out, "{}", plain(line));
    }
    out + ".fi\n.PP\nA theme of one's own is a file of the form of those that come with the program; \\fB\\-\\-theme FILE.toml\\fR and \\fBtheme\\fR name it.\n"
}

fn examples() -> String {
    let mut out = ".SH EXAMPLES\n".to_owned();
    for (command, about) in EXAMPLES {
        entry(&mut out, command, about);
    }
    out
}

/// A command: how it is called, what it does, its own options.
fn section(sub: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let mut own = sub.clone();
    // Those of every command stand above.
    let shared: Vec<_> = own
        .get_arguments()
        .filter(|a| a.is_global_set() || ["help", "version"].contains(&a.get_id().as_str()))
        .map(|a| a.get_id().clone())
        .collect();
    for id in shared {
        own = own.mut_arg(id, |a| a.hide(true));
    }
    let man = Man::new(own);
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    let has_options = sub.get_arguments().any(|a| {
        !a.is_global_set()
            && !a.is_hide_set()
            && !["help", "version"].contains(&a.get_id().as_str())
    });
    if has_options {
        man.render_options_section(&mut text)?;
    }
    let text = String::from_utf8_lossy(&text);
    page.extend(format!(".SS pscope {}\n", sub.get_name()).bytes());
    for line in text.lines() {
        match line {
            ".SH SYNOPSIS" => {}
            ".SH DESCRIPTION" | ".SH OPTIONS" => page.extend(b".PP\n"),
            line => {
                page.extend(line.bytes());
                page.push(b'\n');
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::model::process::column::Column;

    fn page() -> String {
        let mut page = Vec::new();
        write(super::super::Cli::command(), &mut page).expect("memory");
        String::from_utf8(page).expect("text")
    }

    #[test]
    fn one_page_tells_every_command_with_its_options() {
        let page = page();
        for said in [
            ".SH NAME",
            ".SS pscope tree",
            ".SS pscope slices",
            r"\-\-sort",
            r"\-\-perfetto",
            ".SH KEYS",
            ".SH FILTER",
            ".SH CONFIGURATION",
            ".SH EXAMPLES",
            ".SH FILES",
            ".SH ENVIRONMENT",
            ".SH EXIT STATUS",
            "NO_COLOR",
            "Ctrl\\-u",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(
            !page.contains("pscope\\-tree(1)"),
            "there are no other pages"
        );
        assert_eq!(page.matches(".SH OPTIONS").count(), 1);
    }

    #[test]
    fn it_names_every_setting_column_and_action() {
        let page = page();
        let theme = Theme::terminal(Depth::Mono, false);
        let app = App::new(panels::all(), Settings::default(), theme);
        for name in app
            .world
            .catalog
            .iter()
            .flat_map(|s| s.actions)
            .map(|a| a.name)
        {
            assert!(
                page.contains(&format!("({})", plain(name))),
                "the action {name}"
            );
        }
        let columns = ALL.iter().map(|c: &&Column| c.name);
        let settings = app.choices();
        for name in columns.chain(settings.iter().map(|c| c.name)) {
            assert!(page.contains(&format!("\\fB{}\\fR", plain(name))), "{name}");
        }
    }

    #[test]
    fn the_commands_of_the_examples_are_understood() {
        for (command, _) in EXAMPLES {
            let last = command.rsplit(" | ").next().unwrap_or(command);
            let words = last.split(' ');
            let told = super::super::Cli::command().try_get_matches_from(words);
            assert!(told.is_ok(), "{command}: {told:?}");
        }
    }
}
