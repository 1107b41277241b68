//! What templates may not do, whatever engine reads them: make a text longer and longer.
//!
//! Steps and the bytes of filters are counted while a template runs, but not what its operators join.
//! Forty times `{% set a = a ~ a %}` are forty steps, and more memory than any machine has. So `~` and
//! `*` are not there at all (there is `{{ a }}{{ b }}`, and the filter `times`), `+` may stand so many
//! times, and what gets a name, by `set` or as the list of a loop, is a path with filters: no sum, and no
//! list or object written out, that may hold itself twice.

/// How many times `+` may stand in a template.
const MAX_SUMS: usize = 32;
/// The statements that there are.
const STATEMENTS: [&str; 7] = ["for", "endfor", "if", "elif", "else", "endif", "set"];

/// Whether the template does only what it may; a sentence with the line where it does not.
pub(super) fn check(template: &str) -> Result<(), String> {
    let mut sums = 0;
    for ReadTag { line, kind, tokens } in tags(template) {
        let fails = |reason: String| format!("The template fails in line {line}: {reason}.");
        if kind == Tag::Statement {
            check_statement(&tokens).map_err(fails)?;
        }
        for token in &tokens {
            match token {
                Token::Sign('~') => {
                    return Err(fails("'~' is not there; write {{ a }}{{ b }}".to_owned()));
                }
                Token::Sign('*') => {
                    return Err(fails("'*' is not there; write a|times(b)".to_owned()));
                }
                Token::Sign('+') => sums += 1,
                _ => {}
            }
        }
        if sums > MAX_SUMS {
            return Err(fails(format!("'+' stands there more than {MAX_SUMS} times")));
        }
    }
    Ok(())
}

/// A tag of a template that is no comment.
pub(super) struct ReadTag<'t> {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    kind: Tag,
    /// What stands in it.
    pub(super) tokens: Vec<Token<'t>>,
}

/// The tags of a template, comments left out.
pub(super) fn tags(template: &str) -> impl Iterator<Item = ReadTag<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        loop {
            let (place, kind) = next_tag(rest)?;
            let read = template.len() - rest.len() + place;
            let before = template.as_bytes().iter().take(read);
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            let inside = rest.get(place + 2..).unwrap_or_default();
            if kind == Tag::Comment {
                rest = inside.split_once("#}").map_or("", |(_, behind)| behind);
                continue;
            }
            let (tokens, behind) = tokens(inside, kind);
            rest = behind;
            return Some(ReadTag { line, kind, tokens });
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Expression,
    Statement,
    Comment,
}

/// The place and kind of the next tag.
fn next_tag(text: &str) -> Option<(usize, Tag)> {
    let bytes = text.as_bytes();
    bytes.windows(2).enumerate().find_map(|(place, pair)| {
        let kind = match pair {
            b"{{" => Tag::Expression,
            b"{%" => Tag::Statement,
            b"{#" => Tag::Comment,
            _ => return None,
        };
        Some((place, kind))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name, a word of the language or a number.
    Word(&'t str),
    /// A text in quotes: what stands between them.
    Text(&'t str),
    /// Any other character.
    Sign(char),
}

/// The tokens of a tag, and what stands behind it.
fn tokens(text: &str, kind: Tag) -> (Vec<Token<'_>>, &str) {
    let end = if kind == Tag::Statement { "%}" } else { "}}" };
    let mut tokens = Vec::new();
    // A sign for white space may stand right at the beginning.
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut open = 0_usize;
    loop {
        // An object's own end is no end of the tag.
        if open == 0
            && let Some(behind) = rest.strip_prefix(end)
        {
            return (tokens, behind);
        }
        let Some(character) = rest.chars().next() else { return (tokens, "") };
        let behind = rest.get(character.len_utf8()..).unwrap_or_default();
        if character == '"' || character == '\'' {
            rest = behind_text(behind, character);
            let quoted = behind.get(..behind.len() - rest.len()).unwrap_or_default();
            tokens.push(Token::Text(quoted.strip_suffix(character).unwrap_or(quoted)));
        } else if is_of_word(character) {
            let length = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            tokens.push(Token::Word(word));
            rest = behind;
        } else {
            match character {
                '{' => open += 1,
                '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if !character.is_whitespace() {
                tokens.push(Token::Sign(character));
            }
            rest = behind;
        }
    }
}

fn is_of_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// What stands behind a text whose opening quote was read.
fn behind_text(text: &str, quote: char) -> &str {
    let mut is_escaped = false;
    for (place, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            other if other == quote => {
                return text.get(place + character.len_utf8()..).unwrap_or_default();
            }
            _ => {}
        }
    }
    ""
}

fn check_statement(tokens: &[Token<'_>]) -> Result<(), String> {
    let Some(Token::Word(name)) = tokens.first() else {
        return Err("a tag begins with the name of a statement".to_owned());
    };
    if !STATEMENTS.contains(name) {
        return Err(format!(
            "the statement '{}' is not there; there are {}",
            crate::unreadable::excerpt(name),
            STATEMENTS.join(", ")
        ));
    }
    let separator = match *name {
        "set" => Token::Sign('='),
        "for" => Token::Word("in"),
        _ => return Ok(()),
    };
    let Some(place) = tokens.iter().position(|token| *token == separator) else {
        return Err(format!("'{name}' gives no value"));
    };
    let value = tokens.get(place..).unwrap_or_default();
    for pair in value.windows(2) {
        let [before, token] = pair else { continue };
        // What stands behind a name is its argument or index; elsewhere it is a list or a group.
        let follows_value = matches!(before, Token::Word(word) if !is_operator(word))
            || matches!(before, Token::Text(_) | Token::Sign(')' | ']'));
        let is_path = match token {
            Token::Sign('[' | '(') => follows_value,
            Token::Sign('{' | '+' | '~' | '*') | Token::Word("recursive") => false,
            _ => true,
        };
        if !is_path {
            return Err(format!("what '{name}' gives a name is a path with filters, nothing more"));
        }
    }
    Ok(())
}

/// Words that a value stands behind.
pub(super) fn is_operator(word: &str) -> bool {
    STATEMENTS.contains(&word) || matches!(word, "in" | "not" | "and" | "or" | "is")
}
