//! What the terminal shows, from the environment: colours by `NO_COLOR`, `COLORTERM`, `TERM`; letters by the locale.
//!
//! Asks the terminal nothing, which might not answer. See `environ(7)`, `locale(7)`.

use crate::theme::Depth;

/// The depth that the environment promises.
///
/// An unknown `TERM` is taken to have the 16 colours that everything since the VT340 has; nothing is refused.
pub fn detect(var: impl Fn(&str) -> Option<String>) -> Depth {
    if var("NO_COLOR").is_some_and(|v| !v.is_empty()) {
        return Depth::Mono;
    }
    let term = var("TERM").unwrap_or_default();
    if term == "dumb"
        || term.starts_with("vt1")
        || term.starts_with("vt2")
        || term.ends_with("-m")
        || term.ends_with("-mono")
    {
        return Depth::Mono;
    }
    // Consoles of eight colours, whatever a variable inherited from elsewhere promises.
    if term.starts_with("ansi")
        || term.starts_with("pcansi")
        || term.starts_with("cons25")
        || term == "linux"
        || term.starts_with("linux-")
    {
        return Depth::Eight;
    }
    let colorterm = var("COLORTERM").unwrap_or_default();
    let direct = [
        "kitty",
        "alacritty",
        "foot",
        "wezterm",
        "ghostty",
        "contour",
    ];
    if colorterm == "truecolor"
        || colorterm == "24bit"
        || term.contains("direct")
        || direct.iter().any(|d| term.contains(d))
    {
        Depth::True
    } else if term.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Ansi
    }
}

/// Whether nothing but ASCII may be written: the locale has another character set than UTF-8.
///
/// Where no variable names a locale nothing is known of the terminal, as in most containers, and UTF-8 is what terminals speak.
pub fn is_ascii(var: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| var(name).filter(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        !(name.contains("utf-8") || name.contains("utf8"))
    })
}

/// Why there is no full screen: the terminal says of itself that it can move no cursor. One that nobody names moves it, as all do.
pub fn no_screen(var: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    match var("TERM").as_deref() {
        Some("dumb") => Some("TERM=dumb says that this terminal has no full screen"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(no_color: &str, term: &str, colorterm: &str) -> Depth {
        detect(|name| {
            let value = match name {
                "NO_COLOR" => no_color,
                "TERM" => term,
                _ => colorterm,
            };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn believes_what_the_environment_promises() {
        assert_eq!(depth("", "xterm-256color", ""), Depth::Indexed);
        assert_eq!(depth("", "xterm-256color", "truecolor"), Depth::True);
        assert_eq!(depth("", "xterm-kitty", ""), Depth::True);
        assert_eq!(depth("", "linux", ""), Depth::Eight);
        assert_eq!(depth("", "ansi", "truecolor"), Depth::Eight);
        assert_eq!(depth("", "", ""), Depth::Ansi);
        assert_eq!(depth("", "dumb", "truecolor"), Depth::Mono);
        assert_eq!(depth("1", "xterm-256color", "truecolor"), Depth::Mono);
    }

    #[test]
    fn the_locale_says_which_letters_there_are() {
        let ascii = |all: &str, ctype: &str, lang: &str| {
            is_ascii(|name| {
                let value = match name {
                    "LC_ALL" => all,
                    "LC_CTYPE" => ctype,
                    _ => lang,
                };
                (!value.is_empty()).then(|| value.to_owned())
            })
        };
        assert!(ascii("C", "", "en_GB.UTF-8"));
        assert!(ascii("", "", "POSIX"));
        assert!(ascii("", "de_DE.ISO-8859-1", "de_DE.UTF-8"));
        assert!(!ascii("C.UTF-8", "", "C"));
        assert!(!ascii("", "en_US.utf8", "C"));
        assert!(!ascii("", "", ""));
    }

    #[test]
    fn only_a_terminal_that_is_dumb_has_no_full_screen() {
        let why = |term: Option<&str>| no_screen(|_| term.map(str::to_owned));
        assert!(why(Some("dumb")).is_some_and(|why| why.contains("TERM=dumb")));
        for named in [None, Some("")] {
            assert_eq!(why(named), None, "{named:?}");
        }
        assert_eq!(why(Some("linux")), None);
    }
}
