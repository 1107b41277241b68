//! Places in a text: byte offsets for the machine, lines and columns for people.
//!
//! Lines and columns begin with 1. A column counts characters (Unicode scalar values), as the
//! engine that runs jobs does; a byte order mark at the beginning of a file is not counted. A line
//! ends with what ends one in JavaScript: LF, CR, both together, U+2028 or U+2029.

use std::fmt;

/// A place in a job, as an editor shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line; the first is 1.
    pub line: u32,
    /// The column in characters; the first is 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// What some editors write before everything else.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether the character ends a line of JavaScript.
pub(super) const fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    /// The offset of each line's first byte; the first is behind a byte order mark.
    starts: Vec<u32>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let first = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let mut starts = vec![offset(first)];
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let pair = character == '\r' && characters.peek().is_some_and(|next| next.1 == '\n');
            if ends_line(character) && !pair {
                starts.push(offset(at + character.len_utf8()));
            }
        }
        Self { starts }
    }

    /// The line, counted from 0, that the offset is in.
    fn line_of(&self, at: u32) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The place of a byte offset.
    pub(super) fn position(&self, text: &str, at: u32) -> Position {
        let line = self.line_of(at);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = text.get(start as usize..at as usize).unwrap_or_default();
        Position { line: offset(line + 1), column: offset(before.chars().count() + 1) }
    }

    /// The byte offset of a place; nothing for a place behind the end of its line.
    pub(super) fn offset(&self, text: &str, position: Position) -> Option<u32> {
        let line = usize::try_from(position.line).ok()?.checked_sub(1)?;
        let start = *self.starts.get(line)?;
        let rest = text.get(start as usize..)?;
        let characters = usize::try_from(position.column).ok()?.checked_sub(1)?;
        let mut indices = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        let at = start + offset(indices.nth(characters)?);
        (self.line_of(at) == line).then_some(at)
    }

    /// The text of the line that the offset is in, without its end, and the offset of its start.
    pub(super) fn line_around<'t>(&self, text: &'t str, at: u32) -> (&'t str, u32) {
        let start = self.starts.get(self.line_of(at)).copied().unwrap_or_default();
        let rest = text.get(start as usize..).unwrap_or_default();
        (rest.split(ends_line).next().unwrap_or_default(), start)
    }
}

/// A length of a text as an offset. Texts are bounded far below what 32 bits count.
pub(super) fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, at: usize, line: u32, column: u32) {
        let lines = Lines::of(text);
        let position = Position { line, column };
        assert_eq!(lines.position(text, offset(at)), position);
        assert_eq!(lines.offset(text, position), Some(offset(at)), "the way back");
    }

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        check("", 0, 1, 1);
        check("ab\ncd", 1, 1, 2);
        check("ab\ncd", 3, 2, 1);
        check("ab\r\ncd", 4, 2, 1);
        check("ab\rcd", 3, 2, 1);
        check("ab\n\ncd", 3, 2, 1);
        check("é😀x", 6, 1, 3);
        check("a\u{2028}b", 4, 2, 1);
        check("\u{feff}ab", 4, 1, 2);
        check("ab\n", 3, 2, 1);
        check("ab", 2, 1, 3);
    }

    #[test]
    fn a_place_behind_its_line_is_none() {
        let text = "ab\ncd";
        let lines = Lines::of(text);
        for (line, column) in [(1, 4), (3, 1), (2, 4), (0, 1), (1, 0)] {
            assert_eq!(lines.offset(text, Position { line, column }), None, "{line}:{column}");
        }
    }
}
