//! What can be saved into a file: the screen as it is seen, or a table. The dialog and the palette ask for it; `run` writes it.

use ratatui::layout::Rect;

use super::App;
use crate::model::id::ProcId;

/// How something is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The screen as letters.
    Text,
    /// The screen with its colours, as a terminal draws it.
    Ansi,
    /// The screen as a picture.
    Svg,
    /// The table as lines of values.
    Csv,
    /// The table as JSON.
    Json,
}

impl Form {
    /// Every form, in the order of the dialog.
    pub const ALL: [Self; 5] = [Self::Text, Self::Ansi, Self::Svg, Self::Csv, Self::Json];

    /// How the names of its files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Ansi => "ansi",
            Self::Svg => "svg",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// What it is, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Text => "the screen as text",
            Self::Ansi => "the screen in its colours, for cat and less -R",
            Self::Svg => "the screen as a picture, for browsers and documents",
            Self::Csv => "the table, for spreadsheets",
            Self::Json => "the table, for programs",
        }
    }

    /// Whether it is of the table, not of the screen.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }

    /// The form that a file of this name has; `None` where its ending says nothing.
    pub fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        let ending = ending.to_lowercase();
        Self::ALL.into_iter().find(|form| form.ending() == ending)
    }

    /// What `path` is to be saved as.
    ///
    /// # Errors
    /// Where its ending tells no form; says which ones there are.
    pub fn told(path: &str) -> Result<Self, String> {
        Self::of(path).ok_or_else(|| {
            let known: Vec<String> = Self::ALL
                .iter()
                .map(|f| format!(".{}", f.ending()))
                .collect();
            format!(
                "the ending of the name says how it is saved: {}",
                known.join(", ")
            )
        })
    }
}

/// What is to be written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// How.
    pub form: Form,
    /// The file's name; relative to where pscope was started, `~/` is the home.
    pub path: String,
    /// Whether a file of this name may be replaced.
    pub over: bool,
}

/// A table as it is saved: every row that the pane lists, seen or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WholeTable {
    /// The pane's name.
    pub name: &'static str,
    /// A name for each column.
    pub heads: Vec<String>,
    /// A text for each column of each row.
    pub rows: Vec<Vec<String>>,
    /// The processes that the rows are about, where each row is one.
    pub procs: Vec<ProcId>,
}

impl App {
    /// The table of the pane with the keyboard, or else of the first pane that has one; with every row.
    pub fn whole_table(&mut self) -> Option<WholeTable> {
        for i in self.answering_order() {
            let Some(placed) = self.placed.iter().find(|p| p.panel == i).copied() else {
                continue;
            };
            let tall = Rect {
                height: u16::MAX - placed.area.y,
                ..placed.area
            };
            // What is out of view is made only now; the next frame fits it again as it was.
            let _ = self.panels[i].fit(&self.world, tall);
            let table = self.panels[i].whole_table(&self.world);
            let _ = self.panels[i].fit(&self.world, placed.area);
            if table.is_some() {
                return table;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_form() {
        for form in Form::ALL {
            assert_eq!(Form::of(&format!("a.b.{}", form.ending())), Some(form));
        }
        assert_eq!(Form::told("A.SVG"), Ok(Form::Svg));
        let why = Form::told("notes").expect_err("no ending");
        assert!(why.contains(".svg") && why.contains(".json"), "{why}");
    }
}
