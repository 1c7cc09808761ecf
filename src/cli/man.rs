//! The manual page: the one page of the whole program, every command with its options in a section of its own.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// What no option tells.
const MORE: &str = r".SH FILES
.TP
\fI~/.config/pscope/config.toml\fR
Theme, pace, mouse, view, columns, sort, filter and keys. The key F2 shows what it may say, and writes it when asked.
.SH ENVIRONMENT
.TP
\fBNO_COLOR\fR
Draws without colours where it is set.
.TP
\fBXDG_CONFIG_HOME\fR
Where the configuration is looked for instead of \fI~/.config\fR.
.TP
\fBCOLORTERM\fR, \fBTERM\fR
Tell how many colours the terminal has.
.SH SEE ALSO
\fBproc\fR(5), \fBsignal\fR(7), \fBpidfd_open\fR(2), \fBperf_event_open\fR(2)
";

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
    let mut extra = Vec::new();
    man.render_extra_section(&mut extra)?;
    let extra = String::from_utf8_lossy(&extra).replace(".SH EXTRA", ".SH EXIT STATUS");
    page.extend(extra.replace("Exit status: ", "").bytes());
    page.extend(MORE.bytes());
    out.write_all(&page)
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

    #[test]
    fn one_page_tells_every_command_with_its_options() {
        let mut page = Vec::new();
        super::write(super::super::Cli::command(), &mut page).expect("memory");
        let page = String::from_utf8(page).expect("text");
        for said in [
            ".SH NAME",
            ".SS pscope tree",
            ".SS pscope slices",
            r"\-\-sort",
            r"\-\-perfetto",
            ".SH EXIT STATUS",
            "NO_COLOR",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(
            !page.contains("pscope\\-tree(1)"),
            "there are no other pages"
        );
        assert_eq!(page.matches(".SH OPTIONS").count(), 1);
    }
}
