//! Reading JSON, strictly by RFC 8259, borrowing from the text.
//!
//! The bytes are checked to be UTF-8 in one go first; from there on every slice ends at an ASCII
//! byte, so slicing cannot fail. Descent is by recursion and bounded by [`MAX_DEPTH`], so a text of
//! a hundred thousand brackets costs an error, not the stack.

use std::borrow::Cow;
use std::fmt;

use super::{MAX_DEPTH, Value, number, unique_members};

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// One of `json-empty`, `json-syntax`, `json-trailing`, `json-depth`, `json-encoding`,
    /// `json-surrogate`.
    pub code: &'static str,
    /// A sentence. It quotes the text sparingly: messages may hold what logs should not.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// How many characters of the text an error quotes at most.
const QUOTED_CHARACTERS: usize = 20;
/// What some programs put in front of UTF-8. It is no part of JSON, and harmless.
const BYTE_ORDER_MARK: &str = "\u{feff}";

impl<'a> Value<'a> {
    /// Reads one JSON text of any kind. A byte order mark in front is passed over.
    ///
    /// Where a key is repeated, its last value counts and stands in the key's first place.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(text).map_err(|error| not_utf8(text, error))?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let mut parser = Parser { text, position: 0 };
        parser.skip_whitespace();
        if parser.peek().is_none() {
            return Err(parser.error("json-empty", "there is no JSON, the text is empty", 0));
        }
        let value = parser.value(0)?;
        parser.skip_whitespace();
        match parser.peek() {
            None => Ok(value),
            Some(_) => Err(parser.unexpected("json-trailing", "the end of the text")),
        }
    }
}

fn not_utf8(text: &[u8], error: std::str::Utf8Error) -> ParseError {
    let valid = text.get(..error.valid_up_to()).unwrap_or_default();
    let valid = std::str::from_utf8(valid).unwrap_or_default();
    let hint = match text {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "; it looks like UTF-16",
        _ => "",
    };
    let parser = Parser { text: valid, position: valid.len() };
    let message = format!("the text is not UTF-8 from byte {} on{hint}", valid.len());
    parser.error("json-encoding", message, valid.len())
}

struct Parser<'a> {
    text: &'a str,
    /// The offset of the next byte.
    position: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.position += 1;
        }
    }

    /// Takes the byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.position += usize::from(here);
        here
    }

    /// Reads the value that begins here. `depth` counts the arrays and objects around it.
    fn value(&mut self, depth: usize) -> Parsed<Value<'a>> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected("json-syntax", "a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Parsed<Value<'a>> {
        let end = self.position + word.len();
        if self.text.get(self.position..end) != Some(word) {
            return Err(self.unexpected("json-syntax", "a value"));
        }
        self.position = end;
        Ok(value)
    }

    fn number(&mut self) -> Parsed<Value<'a>> {
        let start = self.position;
        match number::length(self.text.as_bytes().get(start..).unwrap_or_default()) {
            Ok(length) => {
                self.position += length;
                Ok(Value::Number(Cow::Borrowed(self.slice(start, self.position))))
            }
            Err(offset) => {
                self.position += offset;
                Err(self.unexpected("json-syntax", "a digit"))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Value<'a>> {
        let depth = self.descend(depth)?;
        let mut elements = Vec::new();
        self.skip_whitespace();
        if self.take(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            self.skip_whitespace();
            elements.push(self.value(depth)?);
            self.skip_whitespace();
            if self.take(b']') {
                return Ok(Value::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.unexpected("json-syntax", "`,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Value<'a>> {
        let depth = self.descend(depth)?;
        let mut members = Vec::new();
        self.skip_whitespace();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_whitespace();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("json-syntax", "a key in double quotes"));
            }
            let key = self.string()?;
            self.skip_whitespace();
            if !self.take(b':') {
                return Err(self.unexpected("json-syntax", "`:`"));
            }
            self.skip_whitespace();
            members.push((key, self.value(depth)?));
            self.skip_whitespace();
            if self.take(b'}') {
                return Ok(Value::Object(unique_members(members)));
            }
            if !self.take(b',') {
                return Err(self.unexpected("json-syntax", "`,` or `}`"));
            }
        }
    }

    /// Passes the bracket that opens one more level.
    fn descend(&mut self, depth: usize) -> Parsed<usize> {
        if depth == MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.error("json-depth", message, self.position));
        }
        self.position += 1;
        Ok(depth + 1)
    }

    /// Reads the string that begins here; it is borrowed where nothing in it is escaped.
    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        let opening = self.position;
        self.position += 1;
        let first = self.plain_characters();
        if self.take(b'"') {
            return Ok(Cow::Borrowed(first));
        }
        let mut text = String::from(first);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(control) => {
                    let message = format!(
                        "a string holds the control character U+{control:04X}, which must be \
                         written as an escape"
                    );
                    return Err(self.error("json-syntax", message, self.position));
                }
                None => {
                    let message = "the string that begins here never ends";
                    return Err(self.error("json-syntax", message, opening));
                }
            }
            text.push_str(self.plain_characters());
        }
    }

    /// Takes characters up to the next quote, backslash or control character.
    fn plain_characters(&mut self) -> &'a str {
        let start = self.position;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        self.position += length.unwrap_or(rest.len());
        self.slice(start, self.position)
    }

    /// Reads the escape that begins here.
    fn escape(&mut self) -> Parsed<char> {
        let start = self.position;
        self.position += 1;
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => {
                self.position = start;
                return Err(self.unexpected("json-syntax", "one of the escapes of JSON"));
            }
        };
        self.position += 1;
        Ok(character)
    }

    /// Reads `\uXXXX`, or the two of them that stand for one character beyond U+FFFF.
    fn unicode_escape(&mut self, start: usize) -> Parsed<char> {
        self.position = start;
        let unit = self.code_unit()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let is_high = unit < 0xdc00;
        if is_high && self.slice(self.position, self.position + 2) == "\\u" {
            let low = self.code_unit()?;
            if (0xdc00..0xe000).contains(&low)
                && let Some(character) =
                    char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
            {
                return Ok(character);
            }
        }
        let message = format!("\\u{unit:04x} is half of a pair of surrogates, alone");
        Err(self.error("json-surrogate", message, start))
    }

    /// Reads the four hexadecimal digits behind `\u`.
    fn code_unit(&mut self) -> Parsed<u32> {
        let digits = self.slice(self.position + 2, self.position + 6);
        // `from_str_radix` alone would take a sign.
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.unexpected("json-syntax", "four hexadecimal digits behind `\\u`"));
        }
        self.position += 6;
        Ok(u32::from_str_radix(digits, 16).unwrap_or_default())
    }

    fn unexpected(&self, code: &'static str, expected: &str) -> ParseError {
        let rest = self.slice(self.position, self.text.len());
        // A word tells more than its first letter; what stands behind it tells nothing.
        let mut word: String = rest
            .chars()
            .take(QUOTED_CHARACTERS)
            .take_while(|character| {
                !matches!(character, ',' | ':' | ']' | '}' | ' ' | '\0'..='\x1f')
            })
            .collect();
        if word.is_empty() {
            word.extend(rest.chars().next());
        }
        let found = if word.is_empty() {
            String::from("the text ends")
        } else {
            format!("found `{}`", word.escape_debug())
        };
        self.error(code, format!("expected {expected}, {found}"), self.position)
    }

    fn error(&self, code: &'static str, message: impl Into<String>, at: usize) -> ParseError {
        let before = self.slice(0, at);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            code,
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: self.slice(line_start, at).chars().count() + 1,
        }
    }
}
