//! The reader before the parser: how large a job is, and how deeply nested.
//!
//! The parser calls itself for each level of what it reads, so a job of ten thousand brackets, or
//! of ten thousand `!`, would end the whole process. Therefore the text is read once beforehand, as
//! words, marks and brackets alone, and what could lead too deep is refused. The parser then runs
//! on a stack that is large enough for what is left (`STACK_BYTES` in the module above).
//!
//! A level of nesting costs the text at least one bracket, operator or keyword: a *link*. Links
//! that follow each other are counted for each open bracket and forgotten where what they belong
//! to has certainly ended: at a comma those of the expression, at the end of a statement all.
//! Counting too much is harmless, since the bounds lie far above what people write. Counting too
//! little is not; so where it cannot be known whether a `/` divides or begins a regular expression
//! (whose text could hide anything), the job is refused.

use super::error::{CompileError, Fault};
use super::place::{ends_line, offset};

/// How large a job may be, in bytes.
pub const SOURCE_BYTES_MAX: usize = 1024 * 1024;
/// How many brackets may be open at once.
pub const NESTING_MAX: usize = 256;
/// How many operators, calls and keywords may follow each other without an end, over all brackets
/// that are open.
pub const CHAIN_LINKS_MAX: usize = 5_000;

/// What the last word or mark was, as far as it decides what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// A value ended: a name, a literal, a `)` or `]`.
    Value,
    /// A `}`: the end of a value or of a statement.
    Brace,
    /// A `)` behind `if`, `while`, `for` or `with`: a statement follows.
    Head,
    /// A word that is a name in one place and a keyword in another.
    Either,
    /// An operator, a keyword or nothing: a value follows.
    Other,
}

/// What a word or a bracket stands behind, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// One of [`HEADS`], so that parentheses are the head of a statement.
    HeadWord,
    /// A `.` or `?.`, so that a word is a property's name.
    Dot,
    Other,
}

/// Words behind which a value or a statement follows.
const KEYWORDS: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "return",
    "switch",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];
/// Words that are keywords in some places only.
const SOMETIMES_KEYWORDS: &[&str] =
    &["as", "async", "await", "from", "get", "let", "of", "set", "static", "using", "yield"];
/// Words that can go on with what stands before them, even on a new line.
const GO_ON: &[&str] = &[
    "as",
    "catch",
    "else",
    "extends",
    "finally",
    "from",
    "in",
    "instanceof",
    "of",
    "while",
    "with",
];
/// Keywords behind whose parentheses a statement follows.
const HEADS: &[&str] = &["await", "for", "if", "while", "with"];

/// An open bracket, and the links inside it since something ended.
#[derive(Debug, Clone, Copy)]
struct Open {
    closes_with: char,
    /// Whether it is the `(` of a statement's head.
    head: bool,
    /// Whether it is a `${`, behind whose end a template goes on.
    template: bool,
    /// Links of the statement that only its end forgets.
    statement: usize,
    /// Links of the expression.
    expression: usize,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    /// The links of all open brackets.
    links: usize,
    last: Last,
    behind: Behind,
    /// Whether a line ended since the last word or mark.
    new_line: bool,
    /// Whether a `;` came last: what it ended is forgotten unless `else` follows.
    ended: bool,
}

/// Refuses a job that is too large or too deeply nested to be given to the parser.
pub(super) fn check(text: &str) -> Result<(), CompileError> {
    if text.len() > SOURCE_BYTES_MAX {
        return Err(CompileError::whole(Fault::TooLarge { bytes: text.len() }));
    }
    let outermost =
        Open { closes_with: '\0', head: false, template: false, statement: 0, expression: 0 };
    let mut reader = Reader {
        text,
        at: 0,
        open: vec![outermost],
        links: 0,
        last: Last::Other,
        behind: Behind::Other,
        new_line: false,
        ended: false,
    };
    reader.read().map_err(|fault| {
        let at = offset(reader.at.min(text.len()));
        CompileError::at(fault, text, at, at + 1)
    })
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '_' | '$' | '#' | '@' | '\\' | '\u{200c}' | '\u{200d}')
        || (!character.is_ascii() && !is_space(character) && !ends_line(character))
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn read(&mut self) -> Result<(), Fault> {
        if self.text.starts_with("#!") {
            self.skip_line();
        }
        while let Some(character) = self.peek() {
            let rest = self.rest();
            if ends_line(character) || is_space(character) {
                self.new_line |= ends_line(character);
                self.at += character.len_utf8();
            } else if rest.starts_with("//") {
                self.skip_line();
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let length = comment.find("*/").map_or(rest.len(), |end| end + 4);
                self.new_line |= rest.chars().take(length).any(ends_line);
                self.at += length;
            } else {
                self.token(character)?;
                self.new_line = false;
            }
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find(ends_line).unwrap_or(self.rest().len());
    }

    fn token(&mut self, character: char) -> Result<(), Fault> {
        let rest = self.rest();
        let digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let number = digit(0) || (character == '.' && digit(1));
        if !is_word(character) || number {
            self.settle(false);
        }
        match character {
            '"' | '\'' => self.string(character),
            '`' => {
                self.link(false)?;
                self.at += 1;
                return self.template();
            }
            '(' | '[' | '{' => return self.open(character, false),
            ')' | ']' | '}' => return self.close(character),
            '/' => return self.slash(),
            ',' | ';' => self.end(character),
            _ if number => self.number(),
            _ if is_word(character) => return self.word(),
            _ => return self.operator(character),
        }
        Ok(())
    }

    /// Forgets what a `;` has ended, now that it is known whether `else` follows.
    fn settle(&mut self, goes_on: bool) {
        if std::mem::take(&mut self.ended) && !goes_on {
            self.forget(true);
        }
    }

    fn forget(&mut self, statement: bool) {
        if let Some(open) = self.open.last_mut() {
            self.links -= std::mem::take(&mut open.expression);
            if statement {
                self.links -= std::mem::take(&mut open.statement);
            }
        }
    }

    fn link(&mut self, statement: bool) -> Result<(), Fault> {
        self.links += 1;
        if let Some(open) = self.open.last_mut() {
            if statement {
                open.statement += 1;
            } else {
                open.expression += 1;
            }
        }
        if self.links > CHAIN_LINKS_MAX { Err(Fault::ChainTooLong) } else { Ok(()) }
    }

    fn mark(&mut self, last: Last) {
        self.last = last;
        self.behind = Behind::Other;
    }

    fn end(&mut self, character: char) {
        self.at += 1;
        if character == ',' {
            self.forget(false);
        } else {
            self.ended = true;
        }
        self.mark(Last::Other);
    }

    fn open(&mut self, character: char, template: bool) -> Result<(), Fault> {
        self.link(false)?;
        // The outermost level is no bracket.
        if self.open.len() > NESTING_MAX {
            return Err(Fault::NestedTooDeeply);
        }
        let closes_with = match character {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        let head = character == '(' && self.behind == Behind::HeadWord;
        self.open.push(Open { closes_with, head, template, statement: 0, expression: 0 });
        self.at += 1;
        self.mark(Last::Other);
        Ok(())
    }

    fn close(&mut self, character: char) -> Result<(), Fault> {
        self.at += 1;
        let closed = match self.open.last() {
            Some(open) if open.closes_with == character => *open,
            // The parser will refuse this; until then the bracket counts as open.
            _ => {
                self.mark(if character == '}' { Last::Brace } else { Last::Value });
                return Ok(());
            }
        };
        self.forget(true);
        self.open.pop();
        if closed.template {
            return self.template();
        }
        self.mark(match character {
            '}' => Last::Brace,
            ')' if closed.head => Last::Head,
            _ => Last::Value,
        });
        Ok(())
    }

    fn string(&mut self, quote: char) {
        self.at += 1;
        let mut escaped = false;
        for (at, character) in self.rest().char_indices() {
            let ends = character == quote || matches!(character, '\n' | '\r');
            if ends && !escaped {
                self.at += at + 1;
                return self.mark(Last::Value);
            }
            escaped = character == '\\' && !escaped;
        }
        self.at = self.text.len();
    }

    /// The text of a template, up to its end or to the next `${`.
    fn template(&mut self) -> Result<(), Fault> {
        let mut escaped = false;
        let mut dollar = false;
        for (at, character) in self.rest().char_indices() {
            if escaped {
                escaped = false;
                dollar = false;
                continue;
            }
            if character == '`' {
                self.at += at + 1;
                self.mark(Last::Value);
                return Ok(());
            }
            if character == '{' && dollar {
                self.at += at;
                return self.open('{', true);
            }
            escaped = character == '\\';
            dollar = character == '$';
        }
        self.at = self.text.len();
        Ok(())
    }

    fn number(&mut self) {
        let is_number = |character: char| is_word(character) || character == '.';
        self.at += self.rest().find(|c| !is_number(c)).unwrap_or(self.rest().len());
        self.mark(Last::Value);
    }

    fn slash(&mut self) -> Result<(), Fault> {
        match self.last {
            Last::Value => self.operator('/'),
            Last::Brace | Last::Either => Err(Fault::UnclearSlash),
            Last::Head | Last::Other => {
                self.regular_expression();
                Ok(())
            }
        }
    }

    fn regular_expression(&mut self) {
        self.at += 1;
        let (mut escaped, mut class) = (false, false);
        for (at, character) in self.rest().char_indices() {
            match character {
                _ if ends_line(character) => {
                    self.at += at;
                    return self.mark(Last::Value);
                }
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    self.at += at + 1;
                    return self.mark(Last::Value);
                }
                _ => {}
            }
        }
        self.at = self.text.len();
    }

    fn operator(&mut self, character: char) -> Result<(), Fault> {
        self.link(false)?;
        let rest = self.rest();
        if rest.starts_with("++") || rest.starts_with("--") {
            self.at += 2;
            // Behind a value on the same line it belongs to that value; else to the next one.
            match self.last {
                Last::Value if !self.new_line => {}
                Last::Brace | Last::Either if !self.new_line => self.last = Last::Either,
                _ => self.mark(Last::Other),
            }
            return Ok(());
        }
        let dots = rest.len() - rest.trim_start_matches('.').len();
        let is_dot = dots == 1 || rest.starts_with("?.");
        self.at += if rest.starts_with("?.") { 2 } else { dots.max(character.len_utf8()) };
        self.mark(Last::Other);
        if is_dot {
            self.behind = Behind::Dot;
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let mut length = 0;
        let mut characters = rest.char_indices().peekable();
        while let Some((at, character)) = characters.next_if(|(_, character)| is_word(*character)) {
            length = at + character.len_utf8();
            // `\u{61}` is a letter, and its braces are none.
            if character == '\\' && rest.get(length..).is_some_and(|rest| rest.starts_with("u{")) {
                let end = rest.get(length..).and_then(|rest| rest.find('}'));
                length = end.map_or(rest.len(), |end| length + end + 1);
                while characters.next_if(|(at, _)| *at < length).is_some() {}
            }
        }
        let word = rest.get(..length).unwrap_or_default();
        let property = self.behind == Behind::Dot;
        self.settle(word == "else");
        self.word_ends_statement(word);
        let keyword = !property && KEYWORDS.contains(&word);
        if keyword || (!property && SOMETIMES_KEYWORDS.contains(&word)) {
            // Statements nest by these, and a comma does not end them.
            self.link(matches!(word, "if" | "else" | "for" | "while" | "do" | "with"))?;
        }
        self.at += length;
        let last = match keyword {
            true => Last::Other,
            false if !property && SOMETIMES_KEYWORDS.contains(&word) => Last::Either,
            false => Last::Value,
        };
        self.mark(last);
        if !property && HEADS.contains(&word) {
            self.behind = Behind::HeadWord;
        }
        Ok(())
    }

    /// Two values without an operator between them: a statement ended before the second.
    fn word_ends_statement(&mut self, word: &str) {
        let ended = match self.last {
            Last::Brace => true,
            Last::Value => self.new_line,
            Last::Head | Last::Either | Last::Other => false,
        };
        if ended && !GO_ON.contains(&word) {
            self.forget(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<Fault> {
        check(text).err().map(|error| error.fault)
    }

    #[test]
    fn a_job_may_be_as_large_as_the_bound_and_no_larger() {
        let text = " ".repeat(SOURCE_BYTES_MAX);
        assert_eq!(fault(&text), None);
        assert_eq!(fault(&format!("{text} ")), Some(Fault::TooLarge { bytes: text.len() + 1 }));
    }

    #[test]
    fn brackets_may_nest_up_to_the_bound() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("`${", "}`"), ("f(", ")")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(fault(&nested(NESTING_MAX)), None, "{open}");
            let one_more = fault(&nested(NESTING_MAX + 1));
            assert_eq!(one_more, Some(Fault::NestedTooDeeply), "{open}");
        }
        let hidden = format!("{}`{}", "x`${".repeat(9), "(".repeat(100_000));
        assert_eq!(fault(&hidden), None, "text of a template is no bracket");
    }

    #[test]
    fn links_may_follow_each_other_up_to_the_bound() {
        for link in [
            "!",
            "- ",
            "typeof ",
            "new ",
            "a=>",
            "a=",
            "a+",
            "a**",
            "a?b:",
            "a.",
            "if(a)",
            "if(a)b;else ",
            "if(a)b,c;else ",
            "if(a){}else ",
            "for(;;)",
            "while(a)\n",
            "do ",
            "a:",
            "async a=>",
            "f``",
            "() => ",
            "else\n",
            "await\n",
            "class extends ",
            "if(a)\nb\nelse ",
        ] {
            let text = link.repeat(CHAIN_LINKS_MAX + 1);
            assert_eq!(fault(&text), Some(Fault::ChainTooLong), "{link}");
            assert_eq!(fault(&link.repeat(CHAIN_LINKS_MAX / 6)), None, "{link}");
        }
        let calls = "()".repeat(CHAIN_LINKS_MAX);
        assert_eq!(fault(&format!("f{calls}")), None);
        assert_eq!(fault(&format!("f{calls}()")), Some(Fault::ChainTooLong));
    }

    #[test]
    fn what_ended_is_forgotten() {
        for statement in [
            "fn(1 + 2);",
            "fn(a)\n",
            "const a = b\n",
            "if (a) { b() } else { c() }\n",
            "x = {a: 1, 'b': 2}\n",
            "x = [1, 2]\n",
            "for (const a of b) { c }\n",
            "a = `b`\n",
            "function f() {} ",
            "a = 1 // b\n",
            "x = y => ({...y}),",
            "get('/a', {b: $.c}).then(d)\n",
            "switch (a) { case 1: b() }\n",
            "return /[/\"]/.test(a) / 2\n",
            "i++ / 2;",
            "a\n/* b */\n",
        ] {
            assert_eq!(fault(&statement.repeat(20_000)), None, "{statement}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for text in ["} / 2", "}\n/\"/", "of /\"/", "await /a/", "}++ /a/", "async / 2"] {
            assert_eq!(fault(text), Some(Fault::UnclearSlash), "{text}");
        }
        for text in
            ["a / b / c", "(a) / 2", "a[1] / 2", "x.of / 2", "} // b", "} /* c */", "`a` / 2"]
        {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_hides_brackets() {
        let deep = "(".repeat(NESTING_MAX + 1);
        for before in [
            "if (a) /\"/; ",
            "'\\\\'",
            "'a\n",
            "/[/\"]/;",
            "return /'/;",
            "a++ / b; '\"' + ",
            "a\n++/'/;",
            "return\u{a0}/\"/;",
            "`${'`'}`",
            "`\\``",
            "`$${1}`",
            "\\u{61} ",
            "/* ` */",
            "// `\u{2028}",
            "x.return / 1; '/' + ",
            "for (const a of b) /'/;",
            "while (a) /'/;",
        ] {
            assert_eq!(fault(&format!("{before}{deep}")), Some(Fault::NestedTooDeeply), "{before}");
        }
        for before in ["// ", "/* ", "'", "\"", "`", "/", "x = /[/]"] {
            assert_eq!(fault(&format!("{before}{deep}")), None, "{before}");
        }
    }
}
