//! Whether a template names only filters, tests and functions that are there.
//!
//! The engine looks for them when it comes to where they stand, which may be behind an `if` that seldom
//! holds. Whoever saves a template wants to hear of a slip of the pen at once.

use minijinja::{Environment, ErrorKind};

use super::guard::{self, Token};

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noun {
    Filter,
    Test,
    Function,
}

impl Noun {
    const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Test => "test",
            Self::Function => "function",
        }
    }

    /// Whether there is one of that name: what the engine says of an expression with nothing but it.
    fn is_there(self, name: &str, environment: &Environment<'_>) -> bool {
        let (expression, missing) = match self {
            Self::Filter => (format!("0|{name}"), ErrorKind::UnknownFilter),
            Self::Test => (format!("0 is {name}"), ErrorKind::UnknownTest),
            // There are none.
            Self::Function => return false,
        };
        // What is no expression at all has its own sentence, with its line.
        let Ok(expression) = environment.compile_expression(&expression) else { return true };
        expression.eval(()).map_or_else(|error| error.kind() != missing, |_| true)
    }
}

/// Looks for every name; a sentence with the line of the first that is not there.
pub(super) fn check(template: &str, environment: &Environment<'_>) -> Result<(), String> {
    for tag in guard::tags(template) {
        for (noun, name) in named(&tag.tokens) {
            if !noun.is_there(name, environment) {
                return Err(format!(
                    "The template fails in line {}: there is no {} \"{}\".",
                    tag.line,
                    noun.name(),
                    crate::unreadable::excerpt(name)
                ));
            }
        }
    }
    Ok(())
}

/// What the tokens of a tag name, in their order.
fn named<'t>(tokens: &[Token<'t>]) -> Vec<(Noun, &'t str)> {
    let mut found = Vec::new();
    let token = |place: Option<usize>| place.and_then(|place| tokens.get(place)).copied();
    for (place, here) in tokens.iter().enumerate() {
        let Token::Word(word) = *here else { continue };
        let before = token(place.checked_sub(1));
        let before_that = token(place.checked_sub(2));
        let is_called = token(Some(place + 1)) == Some(Token::Sign('('));
        match before {
            Some(Token::Sign('|')) => {
                found.push((Noun::Filter, word));
                let arguments = tokens.get(place + 1..).unwrap_or_default();
                found.extend(named_by_text(word, arguments));
            }
            Some(Token::Sign('.')) => {}
            Some(Token::Word("is")) if word != "not" && before_that != Some(Token::Sign('.')) => {
                found.push((Noun::Test, word));
            }
            Some(Token::Word("not")) if before_that == Some(Token::Word("is")) => {
                found.push((Noun::Test, word));
            }
            _ if is_called && !guard::is_operator(word) => found.push((Noun::Function, word)),
            _ => {}
        }
    }
    found
}

/// The filter or test that an argument of a filter names, such as that of `map("upper")`.
fn named_by_text<'t>(filter: &str, arguments: &[Token<'t>]) -> Option<(Noun, &'t str)> {
    let (noun, name) = match (filter, arguments) {
        ("map", [Token::Sign('('), Token::Text(name), Token::Sign(')' | ','), ..]) => {
            (Noun::Filter, *name)
        }
        ("select" | "reject", [Token::Sign('('), Token::Text(name), ..])
        | (
            "selectattr" | "rejectattr",
            [Token::Sign('('), Token::Text(_), Token::Sign(','), Token::Text(name), ..],
        ) => (Noun::Test, *name),
        _ => return None,
    };
    let is_name = name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
    (is_name && !name.is_empty()).then_some((noun, name))
}
