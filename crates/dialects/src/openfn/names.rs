//! Names: what other systems call things, made into names that a project file takes.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest name.
pub(crate) const MAX_NAME: usize = 64;

/// The longest id of a step.
const MAX_STEP: usize = 100;

/// Names that are given once each.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// A name like this one that nothing else has: lower-case letters, digits, `-` and `_`.
    pub(super) fn name(&mut self, like: &str, otherwise: &str) -> String {
        let name = slug(&like.to_lowercase(), MAX_NAME);
        self.free(if name.is_empty() { otherwise } else { &name }, MAX_NAME)
    }

    /// An id of a step like this one; letters keep their case, since jobs may name it.
    pub(super) fn step(&mut self, like: &str, otherwise: &str) -> String {
        let id = slug(like, MAX_STEP);
        self.free(if id.is_empty() { otherwise } else { &id }, MAX_STEP)
    }

    /// The id as it is, or with a number behind it where something else has it.
    pub(crate) fn id(&mut self, wanted: &str) -> String {
        self.free(wanted, MAX_NAME)
    }

    fn free(&mut self, wanted: &str, longest: usize) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1_usize;
        while !self.0.insert(name.clone()) {
            count += 1;
            let ending = format!("-{count}");
            let kept: String = wanted.chars().take(longest.saturating_sub(ending.len())).collect();
            name = kept + &ending;
        }
        name
    }
}

/// A text with `-` for each run of characters that a name cannot have. Letters lose their accents.
pub(crate) fn slug(text: &str, longest: usize) -> String {
    let mut slug = String::new();
    for character in text.nfd().filter(|character| !is_combining_mark(*character)) {
        if character.is_ascii_alphanumeric() || character == '_' {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= longest {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The first part of the variables of a connection: `dhis2-main` has `DHIS2_MAIN`.
pub(super) fn variable(name: &str) -> String {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    // A name of a variable begins with no digit.
    if upper.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{upper}")
    } else {
        upper
    }
}

/// An adaptor as people write it: `http`, `dhis2@8.2.1`, or the whole name of another package.
pub(super) fn short_adaptor(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_suffix("@latest").unwrap_or(name);
    name.strip_prefix("@openfn/language-").unwrap_or(name).to_owned()
}

/// The name of the package of an adaptor.
pub(super) fn whole_adaptor(name: &str) -> String {
    let (name, version) = match name.get(1..).and_then(|rest| rest.find('@')) {
        Some(at) => name.split_at_checked(at + 1).unwrap_or((name, "")),
        None => (name, "@latest"),
    };
    if name.starts_with('@') || name.contains('/') {
        return format!("{name}{version}");
    }
    format!("@openfn/language-{name}{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_given_once() {
        let mut names = Names::default();
        assert_eq!(names.name("Register  Births (2024)", "workflow"), "register-births-2024");
        assert_eq!(names.name("register births 2024", "workflow"), "register-births-2024-2");
        assert_eq!(names.name("¿?", "workflow"), "workflow");
        assert_eq!(names.name("Créer un dossier à Évry", "workflow"), "creer-un-dossier-a-evry");
        assert_eq!(names.name(&"ж1".repeat(99), "workflow").len(), 63);
        assert_eq!(names.step("Load-Data", "step"), "Load-Data");
        assert_eq!(names.step("Käse", "step"), "Kase");
        let long = "a".repeat(200);
        assert_eq!(names.step(&long, "step").len(), 100);
        let second = names.step(&long, "step");
        assert_eq!((second.len(), second.ends_with("a-2")), (100, true));
    }

    #[test]
    fn adaptors_are_written_shortly_and_read_wholly() {
        for (whole, short) in [
            ("@openfn/language-http@latest", "http"),
            ("@openfn/language-dhis2@8.2.1", "dhis2@8.2.1"),
            ("@someone/language-own@1.0.0", "@someone/language-own@1.0.0"),
        ] {
            assert_eq!(short_adaptor(whole), short);
            assert_eq!(whole_adaptor(short), whole);
        }
        assert_eq!(short_adaptor("@openfn/language-common"), "common");
    }

    #[test]
    fn variables_have_names_that_a_shell_takes() {
        assert_eq!(variable("dhis2-main"), "DHIS2_MAIN");
        assert_eq!(variable("2nd"), "_2ND");
    }
}
