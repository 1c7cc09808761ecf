//! What a word or number on the screen means and which interface of the kernel it comes from: the one source of what `x`, the
//! manual page and the docs tell. Each pane says its own.

/// A word of a pane.
#[derive(Debug)]
pub struct Word {
    /// As it stands on the screen.
    pub name: &'static str,
    /// What it means, how it is computed, and when it is `–`.
    pub about: &'static str,
    /// From which file or call; empty for what pscope says of itself.
    pub from: &'static str,
}

impl Word {
    /// What is told of it: its meaning, its value now where there is one, and its origin.
    pub fn told(&self, now: Option<&str>) -> String {
        let mut out = self.about.to_owned();
        match now {
            Some("–") => out.push_str(" Not known here."),
            Some(now) if !now.is_empty() => {
                out.push_str(" Now ");
                out.push_str(now);
                out.push('.');
            }
            _ => {}
        }
        if !self.from.is_empty() {
            out.push_str(" From ");
            out.push_str(self.from);
            out.push('.');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_tells_its_value_and_its_origin() {
        let word = Word {
            name: "QUEUE",
            about: "Requests under way on average.",
            from: "/proc/diskstats",
        };
        assert_eq!(
            word.told(Some("0.4")),
            "Requests under way on average. Now 0.4. From /proc/diskstats."
        );
        assert_eq!(
            word.told(Some("–")),
            "Requests under way on average. Not known here. From /proc/diskstats."
        );
    }
}
