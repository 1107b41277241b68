//! What characters XML 1.0 allows, in text and in names. The reader below does not check them.

/// Whether the character may stand in a document at all, written out or as a reference.
pub(super) fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        other => other >= ' ',
    }
}

/// Whether the text is a name, with a prefix or without: `meta`, `n0:case`.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_name(prefix) && is_name(local),
        None => is_name(text),
    }
}

/// Whether the text is a name without a colon.
fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_xml() {
        for name in ["a", "_a-b.c1", "n0:case", "prénom", "नाम"] {
            assert!(is_qualified_name(name), "{name}");
        }
        for text in ["", "1a", "-a", "a b", "a:", ":a", "a:b:c", "@a", "#text", "a\"b", "a<b"] {
            assert!(!is_qualified_name(text), "{text}");
        }
    }

    #[test]
    fn control_characters_are_not_allowed() {
        for character in ['\t', '\n', '\r', ' ', 'é', '\u{FFFD}', '\u{1F600}'] {
            assert!(is_allowed(character), "{character:?}");
        }
        for character in ['\0', '\u{1}', '\u{B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
            assert!(!is_allowed(character), "{character:?}");
        }
    }
}
