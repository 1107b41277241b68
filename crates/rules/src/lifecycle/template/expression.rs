//! The expressions of Django's templates, turned into those of Jinja.
//!
//! Django's grammar is small: a path or a constant, filters behind it with one argument each, and in
//! `{% if %}` the operators. There is no arithmetic, no call and no parenthesis, so that nothing a stranger
//! writes here can grow without a filter, which is counted. What comes out names nothing but what this
//! module put there: `v0` is the first variable, `c0` the first constant, `l0` the first name that a loop
//! binds. The operators become filters too, because Python compares otherwise than Jinja does.

use std::collections::BTreeMap;

use super::datum::{Datum, decimal_of};
use super::{Fault, filters};

/// Variables whose parts may be written with dots: `form.var.email` is `form_var_email`.
const DOTTED: [&str; 3] = ["form", "cards", "session"];

/// What an expression may name, and what it was found to name.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The variables, in the order in which they are named first.
    pub(super) variables: Vec<String>,
    /// The constants.
    pub(super) constants: Vec<Datum>,
    /// The names that loops and `with` bind here, innermost last, with what they are called in Jinja.
    pub(super) bound: Vec<(String, String)>,
    /// How many names were bound so far.
    bound_count: usize,
    /// How deep in loops we are.
    pub(super) loops: usize,
    /// Whether a filter looks at the time, beside what is named.
    pub(super) asks_the_time: bool,
    known: BTreeMap<String, usize>,
}

impl Names {
    fn variable(&mut self, name: &str) -> String {
        let next = self.variables.len();
        let place = *self.known.entry(name.to_owned()).or_insert(next);
        if place == next {
            self.variables.push(name.to_owned());
        }
        format!("v{place}")
    }

    fn constant(&mut self, value: Datum) -> String {
        self.constants.push(value);
        format!("c{}", self.constants.len() - 1)
    }

    /// Binds a name until [`unbind`](Self::unbind); what Jinja calls it.
    pub(super) fn bind(&mut self, name: &str) -> String {
        let own = format!("l{}", self.bound_count);
        self.bound_count += 1;
        self.bound.push((name.to_owned(), own.clone()));
        own
    }

    /// Forgets the names bound last.
    pub(super) fn unbind(&mut self, count: usize) {
        self.bound.truncate(self.bound.len().saturating_sub(count));
    }
}

/// A piece of an expression, with the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
enum Token<'t> {
    /// A name with dots, a number, an operator in letters.
    Word(&'t str),
    Text(String),
    Sign(&'static str),
}

/// The signs that expressions have, longest first.
const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "|", ":", ",", "=", ")"];

fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        // Texts to be translated are written `_("…")`; there is no translation of what users write.
        let quoted = rest.strip_prefix("_(").unwrap_or(rest);
        if let Some(quote) = quoted.chars().next().filter(|letter| matches!(letter, '"' | '\'')) {
            let is_marked = quoted.len() < rest.len();
            let (content, after) = quoted_text(quoted, quote)
                .ok_or_else(|| Fault::at(at, "a text in quotes does not end".to_owned()))?;
            tokens.push((at, Token::Text(content)));
            rest = if is_marked { after.strip_prefix(')').unwrap_or(after) } else { after };
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push((at, Token::Sign(sign)));
            rest = rest.get(sign.len()..).unwrap_or_default();
        } else {
            let is_part = |letter: char| letter.is_alphanumeric() || "_.+-".contains(letter);
            let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if word.is_empty() {
                return Err(Fault::at(at, format!("'{first}' cannot stand here")));
            }
            tokens.push((at, Token::Word(word)));
            rest = after;
        }
    }
}

/// The content of a text in quotes, and what follows it.
fn quoted_text(text: &str, quote: char) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => {
                let (_, escaped) = letters.next()?;
                if escaped != quote && escaped != '\\' {
                    content.push('\\');
                }
                content.push(escaped);
            }
            _ if letter == quote => return Some((content, text.get(place + 1..)?)),
            _ => content.push(letter),
        }
    }
    None
}

/// Reads an expression of one kind or another.
pub(super) struct Parser<'t, 'n> {
    tokens: Vec<(usize, Token<'t>)>,
    place: usize,
    end: usize,
    names: &'n mut Names,
}

/// How tightly an operator binds, as Django has it.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IN: u8 = 4;
const COMPARISON: u8 = 5;

impl<'t, 'n> Parser<'t, 'n> {
    pub(super) fn new(text: &'t str, names: &'n mut Names) -> Result<Self, Fault> {
        Ok(Self { tokens: tokens(text)?, place: 0, end: text.len(), names })
    }

    /// A whole expression with filters, as in `{{ … }}`.
    pub(super) fn value(mut self) -> Result<String, Fault> {
        let value = self.filtered()?;
        self.finish()?;
        Ok(value)
    }

    /// A whole condition, as in `{% if … %}`.
    pub(super) fn condition(mut self) -> Result<String, Fault> {
        let condition = self.operators(0)?;
        self.finish()?;
        Ok(condition)
    }

    /// Several expressions in a row, as in `{% firstof … %}`.
    pub(super) fn values(mut self) -> Result<Vec<String>, Fault> {
        let mut values = Vec::new();
        while self.peek().is_some() {
            values.push(self.filtered()?);
        }
        Ok(values)
    }

    /// `a=… b=…` or `… as a`, as in `{% with … %}`: each name with its value.
    pub(super) fn assignments(mut self) -> Result<Vec<(&'t str, String)>, Fault> {
        let mut assignments = Vec::new();
        while let Some(token) = self.peek() {
            let is_assignment =
                self.tokens.get(self.place + 1).map(|(_, token)| token) == Some(&Token::Sign("="));
            match token {
                Token::Word(name) if is_assignment => {
                    let name = self.binding(name)?;
                    self.place += 2;
                    assignments.push((name, self.filtered()?));
                }
                _ => {
                    let value = self.filtered()?;
                    self.expect_word("as")?;
                    let Some(Token::Word(name)) = self.peek() else {
                        return Err(self.fault("a name is missing after 'as'"));
                    };
                    let name = self.binding(name)?;
                    self.place += 1;
                    assignments.push((name, value));
                }
            }
        }
        Ok(assignments)
    }

    /// `a, b in … [reversed]`, as in `{% for … %}`: the names, and what is gone through.
    pub(super) fn iteration(mut self) -> Result<(Vec<&'t str>, String), Fault> {
        let mut bound = Vec::new();
        loop {
            let Some(Token::Word(name)) = self.peek() else {
                return Err(self.fault("a name is missing"));
            };
            bound.push(self.binding(name)?);
            self.place += 1;
            if self.peek() != Some(Token::Sign(",")) {
                break;
            }
            self.place += 1;
        }
        self.expect_word("in")?;
        let mut list = format!("({})|elements", self.filtered()?);
        if self.peek() == Some(Token::Word("reversed")) {
            self.place += 1;
            list.push_str("|backwards");
        }
        self.finish()?;
        Ok((bound, list))
    }

    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.place).map(|(_, token)| token.clone())
    }

    fn fault(&self, reason: impl Into<String>) -> Fault {
        let at = self.tokens.get(self.place).map_or(self.end, |(at, _)| *at);
        Fault::at(at, reason.into())
    }

    fn finish(&self) -> Result<(), Fault> {
        if self.peek().is_none() { Ok(()) } else { Err(self.fault("this cannot stand here")) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.peek() != Some(Token::Word(word)) {
            return Err(self.fault(format!("'{word}' is missing")));
        }
        self.place += 1;
        Ok(())
    }

    fn binding(&self, name: &'t str) -> Result<&'t str, Fault> {
        let is_name = !name.starts_with(|letter: char| letter.is_ascii_digit())
            && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
        if is_name { Ok(name) } else { Err(self.fault(format!("'{name}' is no name"))) }
    }

    fn operators(&mut self, binding: u8) -> Result<String, Fault> {
        let mut left = if self.peek() == Some(Token::Word("not")) {
            self.place += 1;
            format!("(not {})", self.operators(NOT)?)
        } else {
            self.filtered()?
        };
        while let Some((power, filter, width)) = self.operator() {
            if power <= binding {
                break;
            }
            self.place += width;
            let right = self.operators(power)?;
            left = match filter {
                "and" | "or" => format!("({left} {filter} {right})"),
                _ => format!("(({left})|{filter}({right}))"),
            };
        }
        Ok(left)
    }

    /// The operator that stands here: how tightly it binds, its filter, how many tokens it takes.
    fn operator(&self) -> Option<(u8, &'static str, usize)> {
        let is_followed_by = |word| {
            self.tokens.get(self.place + 1).map(|(_, token)| token) == Some(&Token::Word(word))
        };
        Some(match self.peek()? {
            Token::Word("or") => (OR, "or", 1),
            Token::Word("and") => (AND, "and", 1),
            Token::Word("in") => (IN, "is_in", 1),
            Token::Word("not") if is_followed_by("in") => (IN, "is_not_in", 2),
            Token::Word("is") if is_followed_by("not") => (COMPARISON, "is_other", 2),
            Token::Word("is") | Token::Sign("==") => (COMPARISON, "is_same", 1),
            Token::Sign("!=") => (COMPARISON, "is_other", 1),
            Token::Sign("<") => (COMPARISON, "is_less", 1),
            Token::Sign("<=") => (COMPARISON, "is_at_most", 1),
            Token::Sign(">") => (COMPARISON, "is_more", 1),
            Token::Sign(">=") => (COMPARISON, "is_at_least", 1),
            _ => return None,
        })
    }

    fn filtered(&mut self) -> Result<String, Fault> {
        let mut value = self.operand()?;
        while self.peek() == Some(Token::Sign("|")) {
            self.place += 1;
            let Some(Token::Word(name)) = self.peek() else {
                return Err(self.fault("the name of a filter is missing"));
            };
            if !filters::is_known(name) {
                return Err(self.fault(filters::unknown(name)));
            }
            self.place += 1;
            let mut argument = String::new();
            if self.peek() == Some(Token::Sign(":")) {
                self.place += 1;
                argument = format!("({})", self.operand()?);
            }
            self.names.asks_the_time |= filters::asks_the_time(name, !argument.is_empty());
            value = format!("({value})|f_{name}{argument}");
        }
        Ok(value)
    }

    fn operand(&mut self) -> Result<String, Fault> {
        let operand = match self.peek() {
            Some(Token::Text(text)) => self.names.constant(Datum::Text(text)),
            Some(Token::Word(word)) => self.word(word)?,
            _ => return Err(self.fault("a value is missing")),
        };
        self.place += 1;
        Ok(operand)
    }

    /// A number, one of Python's constants, or a path.
    fn word(&mut self, word: &str) -> Result<String, Fault> {
        let constant = match word {
            "True" | "true" => Some(Datum::Truth(true)),
            "False" | "false" => Some(Datum::Truth(false)),
            "None" => Some(Datum::Nothing),
            _ => number_of(word),
        };
        if let Some(constant) = constant {
            return Ok(self.names.constant(constant));
        }
        let mut parts = word.split('.');
        let root = parts.next().unwrap_or_default();
        let mut parts: Vec<&str> = parts.collect();
        self.binding(root)?;
        if let Some(part) = parts.iter().find(|part| {
            part.is_empty() || !part.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
        }) {
            return Err(self.fault(format!("'{part}' cannot stand after a dot")));
        }
        let bound = self.names.bound.iter().rev().find(|(name, _)| name == root);
        let mut path = match bound {
            Some((_, own)) => own.clone(),
            None if root == "forloop" => {
                return self.loop_part(&parts);
            }
            None if DOTTED.contains(&root) && !parts.is_empty() => {
                let name = format!("{root}_{}", parts.join("_"));
                parts.clear();
                self.names.variable(&name)
            }
            None => self.names.variable(root),
        };
        for part in parts {
            let part = self.names.constant(Datum::text(part));
            path = format!("({path})|member({part})");
        }
        Ok(path)
    }

    /// What a loop knows of itself.
    fn loop_part(&self, parts: &[&str]) -> Result<String, Fault> {
        let known = match parts {
            ["counter"] => "index",
            ["counter0"] => "index0",
            ["revcounter"] => "revindex",
            ["revcounter0"] => "revindex0",
            ["first"] => "first",
            ["last"] => "last",
            ["length"] => "length",
            _ => return Err(self.fault("of 'forloop' there are counter, counter0, revcounter, revcounter0, first, last and length")),
        };
        if self.names.loops == 0 {
            return Err(self.fault("'forloop' stands outside of a loop"));
        }
        Ok(format!("loop.{known}"))
    }
}

/// A number as templates write it.
fn number_of(word: &str) -> Option<Datum> {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) || digits.ends_with('.') {
        return None;
    }
    let number = decimal_of(word)?;
    Some(Datum::Number(number.to_string()))
}
