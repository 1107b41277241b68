//! The names of people and tokens, as others read them: one line, in which nothing is hidden, and
//! which nobody takes for one of the hub's own.
//!
//! Names stand in the books. One that turns the direction of a line round can make a row say what it
//! does not; one that looks like `administrator` makes somebody else responsible. So a name is
//! compared as it looks: without accents, spaces and signs that nobody sees, and with letters of
//! other alphabets as the Latin ones that they look like.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest name of a person or a token, in characters.
pub const LONGEST_NAME: usize = 200;

/// By which names the books call whoever is no person.
const OWN_NAMES: [&str; 5] = ["administrator", "nobody", "unknown", "system", "fieldpost"];

/// Signs that join letters or part them, which some languages cannot be written without. Nobody sees
/// them, so they do not count.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameObjection {
    /// It is empty, too long, or more than one line.
    NotOneLine,
    /// It holds signs that nobody sees, or that turn the direction of the text round.
    HiddenSigns,
    /// The hub itself is called so.
    OwnName,
}

/// What is to be said against a name.
pub fn name_objection(text: &str) -> Option<NameObjection> {
    let is_one_line = !text.trim().is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.contains(|letter: char| {
            letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
        });
    if !is_one_line {
        return Some(NameObjection::NotOneLine);
    }
    if text.contains(is_hidden) {
        return Some(NameObjection::HiddenSigns);
    }
    // A sign between letters may stand for one, `s!gn`, or for nothing, `sign!`.
    let seen = [as_seen(text, look_alike), as_seen(text, letter_alike)];
    if seen.iter().all(String::is_empty) {
        return Some(NameObjection::HiddenSigns);
    }
    let is_own = OWN_NAMES.iter().any(|own| seen.contains(&as_seen(own, look_alike)));
    is_own.then_some(NameObjection::OwnName)
}

/// Whether a sign is not seen itself, or changes how others are: those that turn the direction of a
/// text, fillers, tags, and marks for programs.
const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A name as somebody sees it who reads in a hurry.
fn as_seen(text: &str, alike: fn(char) -> char) -> String {
    text.nfkd()
        .filter(|letter| !is_combining_mark(*letter) && !JOINERS.contains(letter))
        .flat_map(char::to_lowercase)
        .map(alike)
        .filter(|letter| letter.is_alphanumeric())
        .collect()
}

/// The Latin letter that a letter or sign looks like; itself, where it looks like none.
const fn look_alike(letter: char) -> char {
    match letter {
        '@' => 'a',
        '|' | '!' => 'i',
        '$' => 's',
        other => letter_alike(other),
    }
}

/// The Latin letter that a letter or digit in lower case looks like; itself, where it looks like
/// none. The letters that the hub's own names are made of are those that count.
const fn letter_alike(letter: char) -> char {
    match letter {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'ь' | 'β' => 'b',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ё' | 'ε' | '3' => 'e',
        'ғ' => 'f',
        'һ' | 'н' => 'h',
        'і' | 'ї' | 'ι' | 'ı' | 'ɩ' | 'l' | '1' | 'ӏ' => 'i',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'п' | 'η' | 'ո' => 'n',
        'о' | 'ο' | 'σ' | 'օ' | '0' | 'ø' => 'o',
        'р' | 'ρ' => 'p',
        'г' | 'ꭇ' => 'r',
        'ѕ' | '5' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ԝ' | 'ω' | 'ѡ' => 'w',
        'у' | 'ү' | 'γ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<NameObjection>) {
        assert_eq!(name_objection(text), expected, "{text:?}");
    }

    #[test]
    fn names_are_one_line() {
        for text in ["", "  ", "a\nb", "a\u{2028}b", "\u{85}", "\u{0}"] {
            check(text, Some(NameObjection::NotOneLine));
        }
        check(&"é".repeat(LONGEST_NAME), None);
        check(&"é".repeat(LONGEST_NAME + 1), Some(NameObjection::NotOneLine));
    }

    #[test]
    fn people_are_called_what_they_are_called() {
        for text in [
            "Amina Diallo",
            "N'Guessan-Kouassi, MD",
            "José Ángel",
            "阿米娜",
            "Администратова",
            "أمينة",
            "علی\u{200c}رضا",
            "क्\u{200d}ष",
            "Hubert",
            "Rooth",
            "administrator@example.org",
            "CI (clinic)",
            "B",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn nothing_is_hidden_in_a_name() {
        for text in [
            "Amina \u{202e}rotartsinimda",
            "\u{2067}Amina",
            "Amina\u{200b}",
            "Ami\u{ad}na",
            "\u{3164}",
            "\u{200d}",
            "...",
            "Amina\u{e0041}",
            "\u{feff}Amina",
        ] {
            check(text, Some(NameObjection::HiddenSigns));
        }
    }

    #[test]
    fn nobody_is_called_as_the_hub_calls_itself() {
        for text in [
            "administrator",
            "Administrator ",
            "ADMINISTRATOR",
            "ad min-istrator",
            "Admіnіѕtrаtоr",
            "ａｄｍｉｎｉｓｔｒａｔｏｒ",
            "ádmïnistrátor",
            "admin\u{200c}istrator",
            "adm1n1strat0r",
            "𝐚𝐝𝐦𝐢𝐧𝐢𝐬𝐭𝐫𝐚𝐭𝐨𝐫",
            "NOBODY",
            "nоbоdу",
            "Fieldpost",
            "System!",
            "@dm!ni$trator",
            "administrator!",
            "$y$tem",
        ] {
            check(text, Some(NameObjection::OwnName));
        }
    }
}
