//! Rust source split into what is code and what is text inside string literals.
//!
//! The checks look for words; a word in a comment or in a message to people is no offence. This is
//! no parser: it knows comments, strings, raw strings, and tells a character from a lifetime.

/// A string literal and the line that it begins on.
#[derive(Debug, PartialEq)]
pub(crate) struct Literal {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What stands between the quotes, escapes as written.
    pub(crate) text: String,
}

/// A source file, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RustText {
    /// The source with every comment and literal blanked out; lines stay where they are.
    pub(crate) code: String,
    /// The string literals, in order.
    pub(crate) literals: Vec<Literal>,
}

/// Takes a source file apart.
pub(crate) fn split(source: &str) -> RustText {
    let mut result = RustText::default();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment_length(rest)
        } else if let Some(hashes) = raw_string_hashes(rest, &result.code) {
            let (length, text) = raw_string(rest, hashes);
            result.literals.push(Literal { line, text });
            length
        } else if first == '"' {
            let length = quoted_length(rest, '"');
            let text = rest[1..length - 1].to_owned();
            result.literals.push(Literal { line, text });
            length
        } else if first == '\'' && is_character(rest) {
            quoted_length(rest, '\'')
        } else {
            result.code.push(first);
            line += usize::from(first == '\n');
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let newlines = rest[..length].matches('\n').count();
        result.code.push(' ');
        result.code.extend(std::iter::repeat_n('\n', newlines));
        line += newlines;
        rest = &rest[length..];
    }
    result
}

/// The line that a byte offset lies on, counted from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut offset = 0;
    while offset < rest.len() {
        let tail = &rest.as_bytes()[offset..];
        if tail.starts_with(b"/*") {
            depth += 1;
            offset += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            offset += 2;
            if depth == 0 {
                return offset;
            }
        } else {
            offset += 1;
        }
    }
    rest.len()
}

/// How many `#` a raw string that begins here has; `None` where none begins. An `r` that ends an
/// identifier begins no string.
fn raw_string_hashes(rest: &str, before: &str) -> Option<usize> {
    let after_r = rest.strip_prefix('r')?;
    let previous = before.chars().next_back();
    if previous.is_some_and(|last| last != 'b' && last != 'c' && is_word(last)) {
        return None;
    }
    let hashes = after_r.chars().take_while(|character| *character == '#').count();
    after_r[hashes..].starts_with('"').then_some(hashes)
}

/// The whole length of a raw string, and its content.
fn raw_string(rest: &str, hashes: usize) -> (usize, String) {
    let begin = 1 + hashes + 1;
    let closing = format!("\"{}", "#".repeat(hashes));
    let content = rest[begin..].find(&closing).unwrap_or(rest.len() - begin);
    let end = (begin + content + closing.len()).min(rest.len());
    (end, rest[begin..begin + content].to_owned())
}

/// The length of a literal from its first quote to its last, escapes skipped.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (offset, character) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return offset + 1;
        }
    }
    panic!("a literal without an end: {rest:.40}");
}

/// Whether the `'` begins a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut characters = rest.chars().skip(1);
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => true,
        (Some(_), Some(second)) => second == '\'',
        _ => false,
    }
}

/// Whether the character can be part of an identifier.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[test]
fn comments_and_literals_are_no_code() {
    let source = "let a = \"one\"; // two \"three\"\n/* four /* five */ six */ let b = r#\"se\"ven\"#;\nlet c: &'static str = b\"eight\\\"\"; let d = '\"';";
    let split = split(source);
    assert_eq!(split.code, "let a =  ;  \n  let b =  ;\nlet c: &'static str = b ; let d =  ;");
    let literals: Vec<_> =
        split.literals.iter().map(|literal| (literal.line, literal.text.as_str())).collect();
    assert_eq!(literals, [(1, "one"), (2, "se\"ven"), (3, "eight\\\"")]);
}
