//! The completions of shells: what can be named is offered from the program's own lists, processes from those that run.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{ArgAction, Command, CommandFactory as _};
use clap_complete::Shell;

use crate::model::acting::signal::Signal;
use crate::model::groups::grouping::By;
use crate::model::process::column;
use crate::model::sample::Mode;
use crate::report::printer::Printer;
use crate::report::{Error, Exit};
use crate::theme;
use crate::theme::ground::AUTO;

/// `pscope completions`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

/// Prints them.
///
/// # Errors
/// When the printer takes no more.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let text = text(args.shell, super::Cli::command());
    printer.out.write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

/// The text of a shell's completions for this command line.
pub fn text(shell: Shell, command: Command) -> String {
    // The generator panics on a closed pipe, so it writes into memory.
    let mut text = Vec::new();
    let mut command = offering(command);
    let takers = takers(&command);
    clap_complete::generate(shell, &mut command, "pscope", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    match shell {
        Shell::Bash => bash(&text, &takers, &valued(&command)),
        Shell::Zsh => zsh(&text, &takers),
        Shell::Fish => fish(text, &takers, &command),
        _ => text,
    }
}

/// The same command line, with the values that options and arguments may have.
fn offering(command: Command) -> Command {
    let themes: Vec<&str> = std::iter::once(AUTO)
        .chain(theme::NAMES.iter().copied())
        .collect();
    let ways = [Mode::Events, Mode::Connector, Mode::Scan].map(Mode::word);
    let columns = || {
        let named = |c: &&column::Column| PossibleValue::new(c.name).help(c.about);
        PossibleValuesParser::new(column::ALL.iter().map(named).collect::<Vec<_>>())
    };
    let signals: Vec<PossibleValue> = Signal::names()
        .map(|(name, about)| PossibleValue::new(name).help(about))
        .collect();
    command
        .mut_arg("theme", |a| {
            a.value_parser(PossibleValuesParser::new(themes))
        })
        .mut_arg("sweep", |a| a.value_parser(PossibleValuesParser::new(ways)))
        .mut_subcommand("ps", |c| {
            c.mut_arg("sort", |a| a.value_parser(columns()))
                .mut_arg("columns", |a| a.value_parser(columns()))
                .mut_arg("group_by", |a| {
                    let words = By::ALL[1..].iter().map(|by| by.word());
                    let words: Vec<&str> = words.chain(["container"]).collect();
                    a.value_parser(PossibleValuesParser::new(words))
                })
        })
        .mut_subcommand("signal", |c| {
            c.mut_arg("signal", |a| {
                a.value_parser(PossibleValuesParser::new(signals))
            })
        })
}

/// Fields of a filter that are offered where one is asked for; behind them stands a name.
const FIELDS: &str = "user: state: port: fd: tty: unit: group: name:";

/// A command that is told a process, by its name or, for the live screen, by none, and after how many other arguments.
struct Taker {
    name: String,
    /// The help of that argument.
    about: String,
    after: usize,
    /// Whether several may be named.
    many: bool,
}

fn takers(command: &Command) -> Vec<Taker> {
    let of = |command: &Command, name: &str| {
        let mut places = command.get_positionals();
        let after = places.position(|a| a.get_id().as_str().starts_with("target"))?;
        let argument = command.get_positionals().nth(after)?;
        let about = argument.get_help()?.to_string();
        let many = matches!(argument.get_action(), ArgAction::Append);
        Some(Taker {
            name: name.to_owned(),
            about,
            after,
            many,
        })
    };
    let subs = command.get_subcommands().map(|c| of(c, c.get_name()));
    std::iter::once(of(command, ""))
        .chain(subs)
        .flatten()
        .collect()
}

/// The options of all commands behind which a value stands: `--sort|--for`.
fn valued(command: &Command) -> String {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    let options = commands.flat_map(Command::get_opts);
    let valued = options.filter(|o| o.get_action().takes_values());
    let mut names: Vec<String> = valued
        .filter_map(|o| o.get_long().map(|name| format!("--{name}")))
        .collect();
    names.sort();
    names.dedup();
    names.join("|")
}

/// Pids and names are offered where one is asked for.
fn bash(text: &str, takers: &[Taker], valued: &str) -> String {
    let case = |t: &Taker| {
        let name = if t.name.is_empty() { "''" } else { &t.name };
        let most = if t.many { 99 } else { t.after };
        format!("        {name}) after={} most={most} ;;", t.after)
    };
    let cases: Vec<String> = takers.iter().map(case).collect();
    let columns: Vec<&str> = column::ALL.iter().map(|c| c.name).collect();
    let columns = columns.join(" ");
    let more = format!(
        r#"
_pscope_processes() {{
    case "$1" in
        [0-9]*) pscope ps --columns pid 2>/dev/null | tail -n +2 ;;
        *) pscope ps --columns pid,command 2>/dev/null | tail -n +2 | sed 's/^ *\([0-9]*\) *\([^ ]*\).*/\1 \2/; s/ [^ ]*\// /' | tr ' ' '\n' | sort -u ;;
    esac
}}

# What bash takes for several words, since a colon parts them, is one.
_pscope_filter() {{
    local line="${{COMP_LINE:0:COMP_POINT}}" word colon
    word="${{line##*[[:space:]]}}"
    case "$word" in
        user:*) COMPREPLY=($(compgen -P user: -W "$(pscope ps --columns user 2>/dev/null | tail -n +2 | sort -u)" -- "${{word#user:}}")) ;;
        state:*) COMPREPLY=($(compgen -P state: -W "R S D Z T t I" -- "${{word#state:}}")) ;;
        *:*) return ;;
        *) COMPREPLY=($(compgen -W "{fields}" -- "$word")); compopt -o nospace 2>/dev/null ;;
    esac
    colon="${{word%"${{word##*:}}"}}"
    if [[ "$COMP_WORDBREAKS" == *:* && -n "$colon" ]]; then
        COMPREPLY=("${{COMPREPLY[@]#"$colon"}}")
    fi
}}

_pscope_all() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" i word sub='' places=0 after=-1 most=-1
    _pscope "$@"
    [[ "$cur" == -* ]] && return
    if [[ "${{COMP_WORDS[COMP_CWORD-1]}}" == --columns ]]; then
        # Several, parted by commas: the last one is completed.
        local before=''
        [[ "$cur" == *,* ]] && before="${{cur%,*}},"
        COMPREPLY=($(compgen -P "$before" -W "{columns}" -- "${{cur##*,}}"))
        return
    fi
    case "${{COMP_WORDS[COMP_CWORD-1]}}" in
        {valued}) return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        case "$word" in
            {valued}) ((i++)) ;;
            -*) ;;
            *) if [[ -z "$sub" ]]; then sub="$word"; else ((places++)); fi ;;
        esac
    done
    if [[ "$sub" == ps ]]; then
        _pscope_filter
        return
    fi
    case "$sub" in
{}
    esac
    if ((after >= 0 && places >= after && places <= most)); then
        COMPREPLY+=($(compgen -W "$(_pscope_processes "$cur")" -- "$cur"))
    fi
}}
"#,
        cases.join("\n"),
        fields = FIELDS,
    );
    let at = text
        .find("\nif [[ \"${BASH_VERSINFO")
        .map_or(text.len(), |at| at + 1);
    let (functions, register) = text.split_at(at);
    format!(
        "{functions}{more}\n{}",
        register.replace("complete -F _pscope ", "complete -F _pscope_all ")
    )
}

fn zsh(text: &str, takers: &[Taker]) -> String {
    let function = r#"
(( $+functions[_pscope_processes] )) ||
_pscope_processes() {
    local -a processes
    processes=(${(f)"$(pscope ps --columns pid,command 2>/dev/null | tail -n +2 | sed 's/:/\\:/g; s/^ *\([0-9]*\) */\1:/')"})
    _describe -t processes process processes
}
"#;
    let mut out = String::new();
    let escaped: Vec<String> = takers.iter().map(|t| t.about.replace(':', "\\:")).collect();
    for line in text.lines() {
        if line.starts_with("if [ \"$funcstack[1]\"") {
            out += function;
            out.push('\n');
        }
        let told = escaped
            .iter()
            .any(|about| line.contains(&format!("-- {about}:_default")));
        if told {
            out += &line.replace(":_default", ":_pscope_processes");
        } else {
            out += line;
        }
        out.push('\n');
    }
    out
}

/// fish is told no values of arguments by the generator, so they stand here.
fn fish(mut text: String, takers: &[Taker], command: &Command) -> String {
    use std::fmt::Write as _;
    // What is being completed is an option's value: the options before it cannot be understood yet, and no command stands
    // there. The generator's function then says that one does, and nothing would be offered.
    text = text.replacen("    or return\n", "    or return 0\n", 1);
    text += "\nfunction __fish_pscope_processes\n    pscope ps --columns pid,command 2>/dev/null | tail -n +2 | string trim | string replace -r ' +' \\t\nend\n";
    for sub in command.get_subcommands() {
        let values = sub
            .get_positionals()
            .flat_map(clap::Arg::get_possible_values);
        let names: Vec<String> = values.map(|v| v.get_name().to_owned()).collect();
        if !names.is_empty() {
            let (name, names) = (sub.get_name(), names.join(" "));
            let _ = writeln!(
                text,
                "complete -c pscope -n \"__fish_pscope_using_subcommand {name}\" -f -a \"{names}\""
            );
        }
    }
    for taker in takers {
        let when = if taker.name.is_empty() {
            "__fish_pscope_needs_command".to_owned()
        } else {
            format!("__fish_pscope_using_subcommand {}", taker.name)
        };
        let _ = writeln!(
            text,
            "complete -c pscope -n \"{when}\" -f -a \"(__fish_pscope_processes)\""
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shell: Shell) -> String {
        text(shell, super::super::Cli::command())
    }

    #[test]
    fn fish_offers_values_although_what_stands_before_them_is_not_whole() {
        let text = of(Shell::Fish);
        assert!(text.contains("    or return 0\n") && !text.contains("    or return\n"));
    }

    #[test]
    fn what_can_be_named_is_offered() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let text = of(shell);
            for name in theme::NAMES {
                assert!(text.contains(name), "{shell}: the theme {name}");
            }
            for column in column::ALL {
                assert!(
                    text.contains(column.name),
                    "{shell}: the column {}",
                    column.name
                );
            }
            for word in [
                "connector",
                "auto",
                "TERM",
                "USR1",
                "environment",
                "processes",
            ] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
        assert!(of(Shell::Zsh).matches(":_pscope_processes'").count() >= 6);
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            assert!(of(shell).contains("container"), "{shell}: --group-by");
        }
        assert!(of(Shell::Bash).contains("|--keep|") && of(Shell::Bash).contains("|--sort|"));
        assert_eq!(
            of(Shell::Bash).matches("complete -F _pscope_all").count(),
            2
        );
    }

    #[test]
    fn commands_that_are_told_a_process_say_so() {
        let takers = takers(&super::super::Cli::command());
        let names: Vec<&str> = takers.iter().map(|t| t.name.as_str()).collect();
        for name in ["", "tree", "inspect", "signal", "slices", "ipc"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        let signal = takers.iter().find(|t| t.name == "signal");
        assert_eq!(signal.map(|t| t.after), Some(1));
    }
}
