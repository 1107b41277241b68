//! What the compiler refuses, and how it says so: a stable code, a sentence, the place in the
//! author's own text, the line with a mark below it, and where there is one a hint.

use std::fmt;

use super::bounds::{CHAIN_LINKS_MAX, NESTING_MAX, SOURCE_BYTES_MAX};
use super::place::{Lines, Position, offset};

/// How much of a long line a frame shows, in characters.
const FRAME_CHARACTERS_MAX: usize = 100;
/// How much of a long line a frame shows before the place, in characters.
const FRAME_CHARACTERS_BEFORE: usize = 60;

/// Why a job cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text is larger than [`SOURCE_BYTES_MAX`].
    #[error("The job has {bytes} bytes; a job may have {SOURCE_BYTES_MAX}.")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// More than [`NESTING_MAX`] brackets are open at once.
    #[error("The job is nested too deeply: more than {NESTING_MAX} brackets are open here.")]
    NestedTooDeeply,
    /// One expression or statement has more than [`CHAIN_LINKS_MAX`] links.
    #[error(
        "The job has an expression that is too long: more than {CHAIN_LINKS_MAX} operators, calls \
         and keywords follow each other without an end."
    )]
    ChainTooLong,
    /// A `/` of which the reader before the parser cannot tell what it begins.
    #[error("This `/` may divide or begin a regular expression; it cannot be told which.")]
    UnclearSlash,
    /// The text is no JavaScript module.
    #[error("The job is not valid JavaScript: {message}.")]
    Syntax {
        /// What the parser says.
        message: String,
        /// What the parser advises, where it does.
        help: Option<String>,
    },
    /// `$` stands where no operation takes it.
    #[error("`$` must be inside an operation: there is no state to read here.")]
    LazyOutsideOperation,
    /// `$` stands in a function whose parameter has another name.
    #[error("`$` is inside a function whose parameter is called `{name}`, not `state`.")]
    LazyParameterName {
        /// Its name, as the author wrote it.
        name: String,
    },
    /// `$` stands in a function that does not take the state alone.
    #[error("`$` is inside a function with {count} parameters; it must have one, called `state`.")]
    LazyParameterCount {
        /// How many it takes.
        count: usize,
    },
    /// `$` stands in a spread argument, which cannot be read later.
    #[error("`$` cannot be used in an argument that is spread with `...`.")]
    LazySpread,
    /// An `await` (or `yield`) would end up in a function of the compiler's making.
    #[error("`{keyword}` cannot stand here: this part is read later, when the operation runs.")]
    Suspended {
        /// The keyword.
        keyword: &'static str,
    },
    /// The compiler itself failed.
    #[error("The compiler failed on this job.")]
    Compiler,
}

impl Fault {
    /// The stable word for this fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "job-too-large",
            Self::NestedTooDeeply => "job-nested-too-deeply",
            Self::ChainTooLong => "job-chain-too-long",
            Self::UnclearSlash => "job-unclear-slash",
            Self::Syntax { .. } => "job-syntax",
            Self::LazyOutsideOperation => "lazy-state-outside-operation",
            Self::LazyParameterName { .. } | Self::LazyParameterCount { .. } => {
                "lazy-state-parameter"
            }
            Self::LazySpread => "lazy-state-spread",
            Self::Suspended { .. } => "job-await",
            Self::Compiler => "job-compiler",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLarge { .. } => "Split the job into several steps.",
            Self::NestedTooDeeply => "Take inner parts out into functions or constants.",
            Self::ChainTooLong => "Split the expression, or end statements with semicolons.",
            Self::UnclearSlash => "Put the regular expression, or what is divided, in parentheses.",
            Self::Syntax { help, .. } => return help.clone(),
            Self::LazyOutsideOperation => {
                "Write `state => …` around it, or use `state` where the function has one."
            }
            Self::LazyParameterName { .. } | Self::LazyParameterCount { .. } => {
                "Use the function's own parameter instead of `$`."
            }
            Self::LazySpread => "Write the argument as a function: `state => …`.",
            Self::Suspended { .. } => {
                "Wait inside `fn(async state => …)`, or before, in a constant."
            }
            Self::Compiler => "This is a fault of Fieldpost: please report it with the job.",
        };
        Some(hint.to_owned())
    }
}

/// A refused job: what is wrong and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// What is wrong.
    pub fault: Fault,
    /// Where it is in the author's text; nothing if it concerns the whole.
    pub position: Option<Position>,
    /// The line of the place, numbered, with a mark below the place; empty without a place.
    pub frame: String,
}

impl CompileError {
    /// A fault of the whole text.
    pub(super) const fn whole(fault: Fault) -> Self {
        Self { fault, position: None, frame: String::new() }
    }

    /// A fault at the bytes from `start` to `end`.
    pub(super) fn at(fault: Fault, text: &str, start: u32, end: u32) -> Self {
        let lines = Lines::of(text);
        let position = lines.position(text, start);
        let frame = frame(text, &lines, position, (start, end));
        Self { fault, position: Some(position), frame }
    }

    /// The stable word for what is wrong.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.fault.hint()
    }
}

impl fmt::Display for CompileError {
    /// The sentence with its place. The frame and the hint are for those who have room for them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "{} ({position})", self.fault),
            None => write!(formatter, "{}", self.fault),
        }
    }
}

impl std::error::Error for CompileError {}

/// The line of a place in a job, numbered, with a mark below the place; nothing if the job has no
/// such place. Errors of a run are shown so.
pub fn frame_at(text: &str, place: Position) -> Option<String> {
    let lines = Lines::of(text);
    let at = lines.offset(text, place)?;
    Some(frame(text, &lines, place, (at, at)))
}

/// The line of the place with a mark below it. A tab and what does not print become one space, so
/// that the mark stands where it should; of a long line the part around the place is shown.
fn frame(text: &str, lines: &Lines, position: Position, (start, end): (u32, u32)) -> String {
    let (line, line_start) = lines.line_around(text, start);
    let place = usize::try_from(position.column).unwrap_or(1).saturating_sub(1);
    let first = if line.chars().count() > FRAME_CHARACTERS_MAX {
        place.saturating_sub(FRAME_CHARACTERS_BEFORE)
    } else {
        0
    };
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    let shown: String =
        line.chars().skip(first).take(FRAME_CHARACTERS_MAX).map(printable).collect();
    let line_end = line_start + offset(line.len());
    let marked = text.get(start as usize..end.min(line_end) as usize).unwrap_or_default();
    let room = FRAME_CHARACTERS_MAX.saturating_sub(place - first);
    let marks = "^".repeat(marked.chars().count().clamp(1, room.max(1)));
    let number = position.line.to_string();
    let (gutter, indent) = (" ".repeat(number.len()), " ".repeat(place - first));
    format!("{number} | {shown}\n{gutter} | {indent}{marks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, start: u32, end: u32, frame: &str) {
        assert_eq!(CompileError::at(Fault::LazySpread, text, start, end).frame, frame);
    }

    #[test]
    fn a_frame_shows_the_line_and_the_place() {
        check("fn(a)", 3, 4, "1 | fn(a)\n  |    ^");
        check("one\n\tfn(abc)", 8, 11, "2 |  fn(abc)\n  |     ^^^");
        check("é(abc\nd)", 3, 8, "1 | é(abc\n  |   ^^^");
        check("fn(", 3, 3, "1 | fn(\n  |    ^");
        check("\u{feff}fn(a)", 6, 7, "1 | fn(a)\n  |    ^");
        let nine = "\n".repeat(9);
        check(&format!("{nine}x"), 9, 10, "10 | x\n   | ^");
    }

    #[test]
    fn a_frame_is_had_for_places_that_are_there() {
        let place = |line, column| Position { line, column };
        assert_eq!(frame_at("one\ntwo", place(2, 3)).unwrap(), "2 | two\n  |   ^");
        assert_eq!(frame_at("one\ntwo", place(3, 1)), None);
        assert_eq!(frame_at("one\ntwo", place(1, 9)), None);
        assert_eq!(frame_at("one\ntwo", place(0, 0)), None);
    }

    #[test]
    fn a_frame_of_a_long_line_is_short() {
        let text = "a".repeat(100_000);
        let error = CompileError::at(Fault::LazySpread, &text, 50_000, 100_000);
        let lines: Vec<&str> = error.frame.lines().collect();
        assert_eq!(lines[0].len(), "1 | ".len() + FRAME_CHARACTERS_MAX);
        assert_eq!(lines[1], format!("  | {}{}", " ".repeat(60), "^".repeat(40)));
    }
}
