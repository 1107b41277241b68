//! What to do about a name that no adaptor has.

use super::{names, short_name};

/// How alike two names must be for one to be suggested for the other: 1 is equal.
const LIKENESS: f64 = 0.8;

/// The adaptor of the binary that somebody may have meant, by its short name.
pub fn nearest(name: &str) -> Option<&'static str> {
    let (asked, _) = parts(name);
    let asked = asked.rsplit(['/', '\\']).next().unwrap_or(asked).to_lowercase();
    let asked = asked.strip_prefix("language-").unwrap_or(&asked);
    names()
        .map(short_name)
        .map(|known| (strsim::jaro_winkler(asked, known), known))
        .filter(|(alike, _)| *alike >= LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// What to do about an adaptor that is not here: the name that was meant, else where packages come from.
pub fn advice(name: &str) -> String {
    if let Some(known) = nearest(name) {
        return format!("did you mean `{known}`?");
    }
    let there: Vec<&str> = names().map(short_name).collect();
    format!(
        "the binary has {}; others are packages of npm: `fieldpost adaptor install {}`",
        there.join(", "),
        package(name)
    )
}

/// The package of npm that a name stands for, with the version that the name has.
fn package(name: &str) -> String {
    let (name, version) = parts(name);
    let version = version.filter(|version| !version.is_empty()).unwrap_or("VERSION");
    if name.contains(['/', '.', '-']) {
        format!("{name}@{version}")
    } else {
        format!("@openfn/language-{name}@{version}")
    }
}

/// A name and its version.
fn parts(name: &str) -> (&str, Option<&str>) {
    match name.char_indices().skip(1).find(|(_, letter)| *letter == '@') {
        Some((at, _)) => (name.get(..at).unwrap_or(name), name.get(at + 1..)),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        for (name, meant) in [
            ("dhsi2", Some("dhis2")),
            ("DHIS2", Some("dhis2")),
            ("dhis", Some("dhis2")),
            ("kobo", Some("kobotoolbox")),
            ("postgres@6.0.0", Some("postgresql")),
            ("@openfn/language-htp@latest", Some("http")),
            ("language-commcare", Some("commcare")),
            ("salesforce", None),
            ("", None),
        ] {
            assert_eq!(nearest(name), meant, "{name}");
        }
    }

    #[test]
    fn others_are_packages() {
        for (name, package) in [
            ("salesforce", "@openfn/language-salesforce@VERSION"),
            ("salesforce@7.0.0", "@openfn/language-salesforce@7.0.0"),
            ("@clinic/registry@1.0.0", "@clinic/registry@1.0.0"),
            ("clinic-registry", "clinic-registry@VERSION"),
        ] {
            let advice = advice(name);
            assert!(
                advice.ends_with(&format!("`fieldpost adaptor install {package}`")),
                "{advice}"
            );
        }
    }
}
