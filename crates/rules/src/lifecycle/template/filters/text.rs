//! Filters of texts.

use std::fmt::Write;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::super::{Datum, Surroundings};
use super::argument_text;

type Filtered = Result<Datum, String>;

/// What stands at the end of a text that was cut.
const CUT: &str = "…";

/// In capitals.
pub(super) fn upper(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(value.written().to_uppercase()))
}

/// In small letters.
pub(super) fn lower(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(value.written().to_lowercase()))
}

/// With a capital at its beginning.
pub(super) fn capfirst(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(capital(&value.written())))
}

/// With a capital at the beginning of each word.
pub(super) fn title(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let written = value.written().to_lowercase();
    let words = written.split_inclusive(|letter: char| !letter.is_alphanumeric() && letter != '\'');
    Ok(Datum::text(words.map(capital).collect::<String>()))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Letters without their accents.
fn plain_letters(text: &str) -> String {
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).collect()
}

/// Without accents.
pub(super) fn unaccent(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(plain_letters(&value.written())))
}

/// As a part of an address: small ASCII letters, digits, `_` and `-`.
pub(super) fn slugify(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let mut slug = String::new();
    for letter in plain_letters(&value.written()).to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' | '_' => slug.push(letter),
            '-' if !slug.ends_with('-') => slug.push('-'),
            letter if letter.is_whitespace() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    Ok(Datum::text(slug.trim_matches(['-', '_'])))
}

/// Without blanks, or those signs, at both ends.
pub(super) fn strip(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let written = value.written();
    Ok(Datum::text(match argument {
        None => written.trim(),
        Some(signs) => {
            let signs = signs.written();
            written.trim_matches(|letter| signs.contains(letter))
        }
    }))
}

/// Without that beginning.
pub(super) fn removeprefix(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let written = value.written();
    Ok(Datum::text(written.strip_prefix(&argument_text(argument)).unwrap_or(&written)))
}

/// Without that end.
pub(super) fn removesuffix(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let written = value.written();
    Ok(Datum::text(written.strip_suffix(&argument_text(argument)).unwrap_or(&written)))
}

/// Whether it begins so.
pub(super) fn startswith(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(Datum::Truth(value.written().starts_with(&argument_text(argument))))
}

/// Whether it ends so.
pub(super) fn endswith(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(Datum::Truth(value.written().ends_with(&argument_text(argument))))
}

/// Without the argument, wherever it stands.
pub(super) fn cut(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let cut = argument_text(argument);
    if cut.is_empty() {
        return Ok(Datum::text(value.written()));
    }
    Ok(Datum::text(value.written().replace(&cut, "")))
}

/// With the second part of the argument for the first: `"-|/"`. The result is at most eight times as long.
pub(super) fn replace(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let argument = argument_text(argument);
    let Some((from, to)) = argument.split_once('|') else {
        return Err(
            "'replace' takes what is replaced and what by, with '|' between them".to_owned()
        );
    };
    let written = value.written();
    if from.is_empty() {
        return Ok(Datum::text(written));
    }
    if to.len() > from.len().saturating_mul(8) {
        return Err(
            "what 'replace' writes is at most eight times as long as what it replaces".to_owned()
        );
    }
    Ok(Datum::text(written.replace(from, to)))
}

/// The parts between the blanks, or between that sign.
pub(super) fn split(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let written = value.written();
    let between = argument_text(argument);
    Ok(Datum::List(if between.is_empty() {
        written.split_whitespace().map(Datum::text).collect()
    } else {
        written.split(&between).map(Datum::text).collect()
    }))
}

/// How many words.
pub(super) fn wordcount(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::Number(value.written().split_whitespace().count().to_string()))
}

/// At most so many letters, the last one a sign that something was cut.
pub(super) fn truncatechars(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let most = count(argument)?;
    let written = value.written();
    if written.chars().count() <= most {
        return Ok(Datum::text(written));
    }
    let kept: String = written.chars().take(most.saturating_sub(1)).collect();
    Ok(Datum::text(kept + CUT))
}

/// At most so many words.
pub(super) fn truncatewords(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let most = count(argument)?;
    let written = value.written();
    let words: Vec<&str> = written.split_whitespace().collect();
    let kept = words.iter().take(most).copied().collect::<Vec<_>>().join(" ");
    Ok(Datum::text(if words.len() > most { format!("{kept} {CUT}") } else { kept }))
}

fn count(argument: Option<&Datum>) -> Result<usize, String> {
    argument_text(argument).trim().parse().map_err(|_| "a count is a whole number".to_owned())
}

/// `yes`, `no` or `maybe`, or the words of the argument.
pub(super) fn yesno(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let words = argument.map_or_else(|| "yes,no,maybe".to_owned(), Datum::written);
    let words: Vec<&str> = words.split(',').collect();
    let place = match value {
        Datum::Nothing => 2,
        value if value.is_true() => 0,
        _ => 1,
    };
    // Two words leave nothing to say of what is not known.
    let word = words.get(place).or_else(|| words.get(1)).copied();
    Ok(Datum::text(word.unwrap_or_default()))
}

/// The end of a word for more than one: `s`, or `y,ies`.
pub(super) fn pluralize(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let ends = argument.map_or_else(|| "s".to_owned(), Datum::written);
    let (one, many) = ends.split_once(',').unwrap_or(("", &ends));
    let is_one = match value {
        Datum::List(elements) => elements.len() == 1,
        value => value.as_decimal().is_some_and(|number| number == 1.into()),
    };
    Ok(Datum::text(if is_one { one } else { many }))
}

/// Without the tags of HTML.
pub(super) fn striptags(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let mut depth = 0_usize;
    let keep = |letter: &char| match letter {
        '<' => {
            depth += 1;
            false
        }
        '>' if depth > 0 => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    };
    Ok(Datum::text(value.written().chars().filter(keep).collect::<String>()))
}

/// A text that means itself in HTML.
pub(in super::super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Escaped for HTML.
pub(super) fn escape(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(escaped(&value.written())))
}

/// As it is: it is HTML already.
pub(super) fn safe(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::text(value.written()))
}

/// Escaped for HTML, its lines as lines.
pub(super) fn linebreaksbr(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let lines = escaped(&value.written()).replace("\r\n", "\n").replace('\r', "\n");
    Ok(Datum::text(lines.replace('\n', "<br>")))
}

/// As a part of a URL; the argument says what stays beside letters, digits and `_.-~`: `/`, unless
/// it is said.
pub(super) fn urlencode(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let kept = argument.map_or_else(|| "/".to_owned(), Datum::written);
    let mut encoded = String::new();
    for byte in value.written().bytes() {
        let letter = char::from(byte);
        let is_kept = byte.is_ascii() && kept.contains(letter);
        if letter.is_ascii_alphanumeric() || "_.-~".contains(letter) || is_kept {
            encoded.push(letter);
        } else {
            write!(encoded, "%{byte:02X}").map_err(|error| error.to_string())?;
        }
    }
    Ok(Datum::text(encoded))
}
