//! What to do about a name that no adaptor has.

use super::{names, short_name};

/// How alike two names must be for one to be suggested for the other: 1 is equal.
const LIKENESS: f64 = 0.8;

/// The adaptor of the binary, or the installed package, that somebody may have meant, as a step calls it.
fn nearest<'k>(name: &str, installed: &'k [String]) -> Option<&'k str> {
    let asked = bare(name);
    let there = names().map(|module| -> &'k str { short_name(module) });
    let there = there.chain(installed.iter().map(String::as_str));
    there
        .map(|known| (strsim::jaro_winkler(&asked, &bare(known)), known))
        .filter(|(alike, _)| *alike >= LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// What two names are compared by: neither whose package it is nor its version.
fn bare(name: &str) -> String {
    let (name, _) = parts(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    name.strip_prefix("language-").unwrap_or(&name).to_owned()
}

/// What to do about an adaptor that is not here, where these packages are installed, by the names that steps have for
/// them: the name that was meant, else what there is, and where packages come from.
pub(crate) fn advice(name: &str, installed: &[String]) -> String {
    if let Some(known) = nearest(name, installed) {
        return format!("did you mean `{known}`?");
    }
    let there: Vec<&str> = names().map(short_name).collect();
    let installed = match installed {
        [] => String::new(),
        all => format!("installed: {}; ", all.join(", ")),
    };
    format!(
        "the binary has {}; {installed}others are packages of npm: `fieldpost adaptor install {}`",
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
            assert_eq!(nearest(name, &[]), meant, "{name}");
        }
    }

    #[test]
    fn what_is_installed_is_suggested_and_listed_too() {
        let installed = ["salesforce".to_owned(), "@clinic/registry".to_owned()];
        for (name, meant) in [
            ("salesfroce", "did you mean `salesforce`?"),
            ("@openfn/language-salesforc@7.0.0", "did you mean `salesforce`?"),
            ("registry", "did you mean `@clinic/registry`?"),
            ("dhsi2", "did you mean `dhis2`?"),
        ] {
            assert_eq!(advice(name, &installed), meant, "{name}");
        }
        let told = advice("zzz", &installed);
        assert!(told.contains("; installed: salesforce, @clinic/registry; others"), "{told}");
    }

    #[test]
    fn others_are_packages() {
        for (name, package) in [
            ("salesforce", "@openfn/language-salesforce@VERSION"),
            ("salesforce@7.0.0", "@openfn/language-salesforce@7.0.0"),
            ("@clinic/registry@1.0.0", "@clinic/registry@1.0.0"),
            ("clinic-registry", "clinic-registry@VERSION"),
        ] {
            let advice = advice(name, &[]);
            assert!(
                advice.ends_with(&format!("`fieldpost adaptor install {package}`")),
                "{advice}"
            );
        }
    }
}
