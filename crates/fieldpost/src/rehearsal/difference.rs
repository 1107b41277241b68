//! How an account differs from the snapshot, as people read it.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::cli::legible;
use crate::output;

/// How many lines stand around what has changed.
const AROUND: usize = 3;

/// The lines that are gone and that are new, with what stands around them; `None` where nothing differs.
pub(crate) fn difference(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let compared = TextDiff::from_lines(before, after);
    let mut told = String::new();
    for (place, group) in compared.grouped_ops(AROUND).iter().enumerate() {
        if place > 0 {
            told.push_str("  …\n");
        }
        for change in group.iter().flat_map(|operation| compared.iter_changes(operation)) {
            let line = legible(change.value().trim_end_matches(['\n', '\r']));
            let line = match change.tag() {
                ChangeTag::Equal => format!("    {line}"),
                ChangeTag::Delete => output::bad(format!("  - {line}")),
                ChangeTag::Insert => output::good(format!("  + {line}")),
            };
            // Writing to a text cannot fail.
            let _written = writeln!(told, "{line}");
        }
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_stand_among_those_that_do_not() {
        assert_eq!(difference("a\n", "a\n"), None);
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let told = difference(before, &before.replace("5\n", "five\n")).unwrap();
        let plain: Vec<String> =
            told.lines().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            plain,
            ["    2", "    3", "    4", "  - 5", "  + five", "    6", "    7", "    8"]
        );
    }
}
