//! What a password has to be: long. Rules about digits and signs make people choose worse ones.

/// The fewest characters of a password.
pub const FEWEST_CHARACTERS: usize = 10;
/// The most bytes of a password: nobody types more, and hashing takes longer with each.
pub const MOST_BYTES: usize = 256;
/// The fewest different characters of a password.
const FEWEST_DIFFERENT: usize = 4;

/// Why a password will not do, and what to do instead; `None` where it will.
pub fn objection(password: &str, email: &str) -> Option<(&'static str, String)> {
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if password.chars().count() < FEWEST_CHARACTERS {
        let hint =
            format!("take {FEWEST_CHARACTERS} characters or more: a sentence is easy to keep");
        Some(("the password is too short", hint))
    } else if password.len() > MOST_BYTES {
        Some(("the password is too long", format!("take {MOST_BYTES} bytes at the most")))
    } else if password.trim().to_lowercase() == super::email_key(email) {
        Some(("the password is the mail address", "take something that only you know".to_owned()))
    } else if different.len() < FEWEST_DIFFERENT {
        let hint = format!("take {FEWEST_DIFFERENT} different characters at least");
        Some(("the password repeats itself", hint))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(password: &str, expected: Option<&str>) {
        let told = objection(password, "Amina@Example.org");
        assert_eq!(told.map(|(what, _)| what), expected, "{password}");
    }

    #[test]
    fn long_is_enough() {
        check("abcdefghij", None);
        check("abcdefghi", Some("the password is too short"));
        check("ééééàààààüüö", None);
        check(" amina@example.ORG ", Some("the password is the mail address"));
        check("aaaaaaaaaabc", Some("the password repeats itself"));
        check(&"abcd".repeat(MOST_BYTES / 4), None);
        check(&format!("{}e", "abcd".repeat(MOST_BYTES / 4)), Some("the password is too long"));
    }
}
