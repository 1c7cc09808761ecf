//! Frames on their way to the terminal: gathered in memory, sent by one write, marked so that it shows each one whole.

use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Begins and ends a synchronized update (mode 2026); terminals that do not know it ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// What is drawn where nobody says how large the terminal is.
const UNKNOWN_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// Where whole frames go.
type Send = Box<dyn FnMut(&[u8]) -> io::Result<()>>;

/// The terminal as ratatui's backend.
pub struct Output {
    /// The frame that is being gathered; nothing leaves before it is whole.
    frame: Vec<u8>,
    send: Send,
    cursor_shown: bool,
}

impl Output {
    /// To the terminal of this process.
    pub fn new() -> Self {
        Self::to(Box::new(super::write_frame))
    }

    fn to(send: Send) -> Self {
        Self {
            frame: BEGIN.to_vec(),
            send,
            cursor_shown: false,
        }
    }

    /// What encodes into the frame.
    fn encode(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.frame)
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Output {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        super::cells::encode(content, &mut self.frame);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.cursor_shown) {
            return self.encode().hide_cursor();
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.cursor_shown, true) {
            return self.encode().show_cursor();
        }
        Ok(())
    }

    /// Nobody asks the terminal, which might not answer; frames say where the cursor goes.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.encode().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.encode().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.encode().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: size(),
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut result = Ok(());
        if self.frame.len() > BEGIN.len() {
            self.frame.extend_from_slice(END);
            result = (self.send)(&self.frame);
        }
        self.frame.clear();
        self.frame.extend_from_slice(BEGIN);
        result
    }
}

/// The size of the terminal now; crossterm's `size` would run `tput` where the kernel does not know.
pub fn size() -> Size {
    match crossterm::terminal::window_size() {
        Ok(w) if w.columns > 0 && w.rows > 0 => Size::new(w.columns, w.rows),
        _ => UNKNOWN_SIZE,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use ratatui::Terminal;
    use ratatui::widgets::Paragraph;

    use super::*;

    #[test]
    fn a_frame_is_one_write_and_an_unchanged_one_is_none() {
        let (sent, received) = mpsc::channel();
        let output = Output::to(Box::new(move |bytes| {
            sent.send(bytes.to_vec()).map_err(io::Error::other)
        }));
        let mut terminal = Terminal::new(output).expect("a terminal");
        for text in ["one", "one", "two"] {
            let draw = |frame: &mut ratatui::Frame| {
                frame.render_widget(Paragraph::new(text), frame.area());
            };
            terminal.draw(draw).expect("a frame");
        }
        let writes: Vec<Vec<u8>> = received.try_iter().collect();
        assert_eq!(writes.len(), 2);
        for bytes in &writes {
            assert!(bytes.starts_with(BEGIN) && bytes.ends_with(END));
        }
        assert!(writes[1].windows(3).any(|w| w == b"two"));
    }
}
