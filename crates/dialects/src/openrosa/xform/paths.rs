//! Paths of nodes, as binds and controls write them.
//!
//! A path is absolute (`/data/loc/gps`) or counts from what stands around it (`gps`, `../gps`); its
//! steps may carry prefixes and conditions in brackets. All of them become one form: absolute,
//! without prefixes, without conditions.

/// How long a path may be, in bytes. Paths are kept for every node, and a relative one counts with all
/// that it stands in: without a bound, one long name around ten thousand short ones would take
/// gigabytes.
pub const MAX_PATH_LENGTH: usize = 4_096;

/// The absolute path that `written` means inside `around`; `None` where it is no path to a node of
/// the form, or too long a one.
pub(super) fn resolve(around: &str, written: &str) -> Option<String> {
    let written = without_conditions(written);
    let written = written.trim();
    let mut steps: Vec<&str> = match written.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => around.split('/').filter(|step| !step.is_empty()).collect(),
    };
    if written.is_empty() {
        return None;
    }
    for step in written.split('/').map(str::trim) {
        match step {
            "" | "." | "current()" => {}
            ".." => {
                steps.pop()?;
            }
            _ => {
                let name = step.rsplit_once(':').map_or(step, |(_, name)| name);
                if name.is_empty() || name.contains(['(', ')', '@', '*', '\'', '"', ' ']) {
                    return None;
                }
                steps.push(name);
            }
        }
    }
    let length: usize = steps.iter().map(|step| step.len() + 1).sum();
    (!steps.is_empty() && length <= MAX_PATH_LENGTH).then(|| format!("/{}", steps.join("/")))
}

/// The path of a child.
pub(super) fn child(parent: &str, name: &str) -> String {
    format!("{parent}/{name}")
}

/// The text without what stands in brackets.
fn without_conditions(written: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(written.len());
    for character in written.chars() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_path_gives_one() {
        for (around, written, path) in [
            ("/data", "/data/nom", Some("/data/nom")),
            ("/data", " /data/loc/gps ", Some("/data/loc/gps")),
            ("/data", "nom", Some("/data/nom")),
            ("/data/loc", "./gps", Some("/data/loc/gps")),
            ("/data/loc", "../nom", Some("/data/nom")),
            ("/data/loc", "current()/../nom", Some("/data/nom")),
            ("/data", "/data/orx:meta/orx:instanceID", Some("/data/meta/instanceID")),
            ("/data", "/data/contact[position() = 1]/cname", Some("/data/contact/cname")),
            ("/data", "/data/contact[../a[b = 'x']]/cname", Some("/data/contact/cname")),
            ("/data/loc", ".", Some("/data/loc")),
            ("/data", "../../nom", None),
            ("/data", "", None),
            ("/data", "  ", None),
            ("", ".", None),
            ("/data", "instance('x')/root/item", None),
            ("/data", "/data/@version", None),
            ("/data", "/data/orx:", None),
        ] {
            assert_eq!(resolve(around, written).as_deref(), path, "{written} in {around}");
        }
        let longest = "q".repeat(MAX_PATH_LENGTH - "/data/".len());
        assert!(resolve("/data", &longest).is_some());
        assert!(resolve("/data", &format!("{longest}q")).is_none());
    }
}
