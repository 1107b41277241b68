//! Writing JSON: compact, for people, and in the one canonical form that hashes are made of.

use super::{Member, Value, number};

impl Value<'_> {
    /// Compact JSON. The order of members and the text of numbers are kept.
    pub fn to_json(&self) -> String {
        self.written(Style::Compact)
    }

    /// JSON for people, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        self.written(Style::Pretty)
    }

    /// The one text of everything that means the same: members sorted by key, numbers as decimals
    /// (`1`, `1.0` and `10e-1` are written alike), nothing optional. It is JSON as well.
    pub fn canonical(&self) -> String {
        self.written(Style::Canonical)
    }

    fn written(&self, style: Style) -> String {
        let mut writer = Writer { text: String::new(), style, depth: 0 };
        writer.value(self);
        writer.text
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Compact,
    Pretty,
    Canonical,
}

struct Writer {
    text: String,
    style: Style,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Number(text) if self.style == Style::Canonical => {
                self.text.push_str(&number::canonical(text));
            }
            Value::Number(text) => self.text.push_str(text),
            Value::String(text) => self.string(text),
            Value::Array(elements) => self.list(['[', ']'], elements, Self::value),
            Value::Object(members) if self.style == Style::Canonical => {
                let mut sorted: Vec<&Member<'_>> = members.iter().collect();
                sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
                self.list(['{', '}'], sorted, Self::member);
            }
            Value::Object(members) => self.list(['{', '}'], members, Self::member),
        }
    }

    fn member(&mut self, (key, value): &Member<'_>) {
        self.string(key);
        self.text.push_str(if self.style == Style::Pretty { ": " } else { ":" });
        self.value(value);
    }

    fn list<T>(
        &mut self,
        [opening, closing]: [char; 2],
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.text.push(opening);
        self.depth += 1;
        let mut is_empty = true;
        for item in items {
            if !is_empty {
                self.text.push(',');
            }
            is_empty = false;
            self.new_line();
            write(self, item);
        }
        self.depth -= 1;
        if !is_empty {
            self.new_line();
        }
        self.text.push(closing);
    }

    fn new_line(&mut self) {
        if self.style == Style::Pretty {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some((plain, special, behind)) = split_at_special(rest) {
            self.text.push_str(plain);
            self.escape(special);
            rest = behind;
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            control => {
                self.text.push_str("\\u00");
                let code = u32::from(control);
                self.text.extend([code >> 4, code & 0xf].map(hexadecimal));
                return;
            }
        };
        self.text.push_str(short);
    }
}

fn hexadecimal(digit: u32) -> char {
    char::from_digit(digit, 16).unwrap_or('0')
}

/// Splits at the first character that JSON wants escaped: what stands before, itself, the rest.
fn split_at_special(text: &str) -> Option<(&str, char, &str)> {
    let place = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    let (plain, rest) = text.split_at_checked(place)?;
    let mut characters = rest.chars();
    let special = characters.next()?;
    Some((plain, special, characters.as_str()))
}
