//! People who sign in: their addresses and names, what a password has to be, and the six digits of a
//! second factor.

mod display_name;
pub mod password;
pub mod totp;

pub use display_name::{LONGEST_NAME, NameObjection, name_objection};

/// The languages that a person can choose; none means that of the browser.
pub const LANGUAGES: [&str; 2] = ["en", "fr"];

/// The longest mail address, in bytes (RFC 5321).
pub const LONGEST_EMAIL: usize = 254;

/// The address by which an account is found: people do not mind the case of theirs, so two
/// accounts must not differ in it alone.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether a text can be a mail address: one `@` with something on both sides, and nothing that
/// could end a header of a mail.
pub fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let clean = |part: &str| {
        !part.is_empty()
            && !part.contains(|letter: char| {
                letter.is_whitespace() || letter.is_control() || "@<>\"(),;:\\".contains(letter)
            })
    };
    text.len() <= LONGEST_EMAIL && clean(name) && clean(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_two_sides() {
        for (text, expected) in [
            ("amina@example.org", true),
            ("amina+clinic@localhost", true),
            ("amina", false),
            ("@example.org", false),
            ("amina@", false),
            ("a@b@c", false),
            ("a b@example.org", false),
            ("a@example.org\r\nBcc: x@example.org", false),
            ("<a@example.org>", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
        let at_the_bound = format!("{}@x", "a".repeat(LONGEST_EMAIL - 2));
        assert!(is_email(&at_the_bound) && !is_email(&format!("a{at_the_bound}")));
        assert_eq!(email_key(" Amina@Example.ORG "), "amina@example.org");
    }
}
