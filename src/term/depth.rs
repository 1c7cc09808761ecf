//! How many colours the terminal shows, from the environment: `NO_COLOR`, `COLORTERM`, `TERM`. Asks the terminal nothing.

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
        assert_eq!(depth("", "linux", ""), Depth::Ansi);
        assert_eq!(depth("", "", ""), Depth::Ansi);
        assert_eq!(depth("", "dumb", "truecolor"), Depth::Mono);
        assert_eq!(depth("1", "xterm-256color", "truecolor"), Depth::Mono);
    }
}
