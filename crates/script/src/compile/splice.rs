//! Edits of a text by span, made in one go, and the map from the result back to the text.
//!
//! An edit replaces a span by parts: text of the compiler's own, and spans of the author's text,
//! which may be its own span or lie elsewhere (an operation that moves into the exported array).
//! Spans that are taken over are edited themselves, so edits nest as the syntax does.

use super::place::{Lines, Position, offset};

/// Bytes of the author's text, from the first to behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Range {
    pub(super) const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A piece of what an edit puts in the place of its span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text of the compiler's own.
    Text(String),
    /// The author's text, with the edits inside it.
    Source(Range),
}

impl Part {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) const fn source(start: u32, end: u32) -> Self {
        Self::Source(Range::new(start, end))
    }
}

/// What becomes of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) span: Range,
    pub(super) parts: Vec<Part>,
}

impl Edit {
    /// Puts text on both sides of a span.
    pub(super) fn wrap(span: Range, before: &str, after: &str) -> Self {
        Self { span, parts: vec![Part::text(before), Part::Source(span), Part::text(after)] }
    }

    pub(super) fn replace(span: Range, text: &str) -> Self {
        Self { span, parts: vec![Part::text(text)] }
    }
}

/// A stretch of the compiled text, up to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// Where it begins in the compiled text.
    compiled: u32,
    /// Where it comes from; for text of the compiler's own, the place that called for it.
    source: u32,
    /// Whether it is the author's own text, byte for byte.
    verbatim: bool,
}

/// Tells for each place of a compiled job where it comes from in the author's text.
#[derive(Debug, Clone)]
pub struct PositionMap {
    segments: Vec<Segment>,
    source: String,
    source_lines: Lines,
    compiled: String,
    compiled_lines: Lines,
}

impl PositionMap {
    /// The place in the author's text that a place in the compiled module comes from.
    ///
    /// What the compiler added itself is told at the place that called for it. Nothing if the
    /// module has no such place.
    pub fn source_position(&self, compiled: Position) -> Option<Position> {
        let at = self.compiled_lines.offset(&self.compiled, compiled)?;
        Some(self.source_lines.position(&self.source, self.source_offset(at)))
    }

    /// The compiled module.
    pub(super) fn module(&self) -> &str {
        &self.compiled
    }

    /// The author's byte for a byte of the compiled text.
    pub(super) fn source_offset(&self, compiled: u32) -> u32 {
        let next = self.segments.partition_point(|segment| segment.compiled <= compiled);
        let Some(segment) = next.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return 0;
        };
        if segment.verbatim {
            segment.source + (compiled - segment.compiled)
        } else {
            segment.source
        }
    }
}

/// Puts the text together.
struct Splice<'t> {
    text: &'t str,
    /// By start, outer ones first.
    edits: Vec<Edit>,
    compiled: String,
    segments: Vec<Segment>,
}

impl Splice<'_> {
    fn own(&mut self, text: &str, source: u32) {
        if !text.is_empty() {
            let compiled = offset(self.compiled.len());
            self.segments.push(Segment { compiled, source, verbatim: false });
            self.compiled.push_str(text);
        }
    }

    fn verbatim(&mut self, start: u32, end: u32) {
        let text = self.text.get(start as usize..end as usize).unwrap_or_default();
        if !text.is_empty() {
            let compiled = offset(self.compiled.len());
            self.segments.push(Segment { compiled, source: start, verbatim: true });
            self.compiled.push_str(text);
        }
    }

    /// Writes a span of the author's text with the edits inside it, but for those before `first`.
    fn source(&mut self, range: Range, first: usize) {
        let mut at = range.start;
        let from = self.edits.partition_point(|edit| edit.span.start < range.start);
        let mut index = from.max(first);
        while let Some(edit) = self.edits.get(index) {
            let span = edit.span;
            if span.start >= range.end {
                break;
            }
            // What stands at the very border of a span belongs to what is around it.
            let borders = span.is_empty() && span.start == range.start;
            if span.start < at || span.end > range.end || borders {
                index += 1;
                continue;
            }
            self.verbatim(at, span.start);
            self.parts(index, span);
            at = span.end;
            index += 1;
        }
        self.verbatim(at, range.end);
    }

    fn parts(&mut self, index: usize, span: Range) {
        let parts = self.edits.get(index).map(|edit| edit.parts.clone()).unwrap_or_default();
        for part in parts {
            match part {
                Part::Text(text) => self.own(&text, span.start),
                Part::Source(range) => {
                    let first = if span.contains(range) { index + 1 } else { 0 };
                    self.source(range, first);
                }
            }
        }
    }
}

/// Makes the edits. `layout` is the whole result: it names every byte of the text that stays.
/// Edits lie inside each other or apart; of two with the same span the first is the outer one.
pub(super) fn splice(text: &str, layout: Vec<Part>, mut edits: Vec<Edit>) -> (String, PositionMap) {
    edits.sort_by_key(|edit| (edit.span.start, std::cmp::Reverse(edit.span.end)));
    let mut splice = Splice { text, edits, compiled: String::new(), segments: Vec::new() };
    for part in layout {
        match part {
            Part::Text(own) => {
                // The place that called for it is what comes next; at the end, what was last.
                splice.own(&own, u32::MAX);
            }
            Part::Source(range) => splice.source(range, 0),
        }
    }
    let Splice { compiled, mut segments, .. } = splice;
    let mut next =
        segments.iter().rev().find(|segment| segment.verbatim).map_or(0, |last| last.source);
    for segment in segments.iter_mut().rev() {
        if segment.source == u32::MAX {
            segment.source = next;
        }
        next = segment.source;
    }
    let map = PositionMap {
        segments,
        source: text.to_owned(),
        source_lines: Lines::of(text),
        compiled_lines: Lines::of(&compiled),
        compiled: compiled.clone(),
    };
    (compiled, map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Vec<Part> {
        vec![Part::source(0, offset(text.len()))]
    }

    #[test]
    fn edits_nest_and_move() {
        let text = "a(b, c); d";
        let edits = vec![
            Edit::replace(Range::new(2, 3), "B"),
            Edit::wrap(Range::new(0, 7), "<", ">"),
            Edit::wrap(Range::new(0, 7), "{", "}"),
            Edit { span: Range::new(8, 8), parts: vec![Part::text("!"), Part::source(5, 6)] },
        ];
        let (compiled, map) = splice(text, whole(text), edits);
        assert_eq!(compiled, "<{a(B, c)}>;!c d");
        let compiled_d = offset(compiled.len() - 1);
        assert_eq!(map.source_offset(compiled_d), 9);
        assert_eq!(map.source_offset(13), 5, "what moved is told where it was");
        assert_eq!(map.source_offset(1), 0, "what was added is told where it was called for");
    }

    #[test]
    fn what_stands_at_the_border_is_outside() {
        let text = "[ab]";
        let edits = vec![
            Edit::wrap(Range::new(1, 3), "(", ")"),
            Edit { span: Range::new(3, 3), parts: vec![Part::text(", c")] },
        ];
        let (compiled, _) = splice(text, whole(text), edits);
        assert_eq!(compiled, "[(ab), c]");
    }
}
