//! Several short texts in one column, so that a list can be looked through without another table.
//!
//! Each stands on a line of its own, and lines begin and end the text: what is looked for with its line
//! breaks is found whole or not at all.

use crate::Engine;
use crate::statement::Conditions;

/// One text of many; empty where there is none.
pub(super) fn lines<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut lines = String::new();
    for text in texts {
        if lines.is_empty() {
            lines.push('\n');
        }
        // A name with a line break could be taken for two.
        lines.extend(text.chars().filter(|it| !matches!(it, '\n' | '\0')));
        lines.push('\n');
    }
    lines
}

/// A function and the roles that it is bound to, each with a line; of one that is bound to nobody as well.
pub(super) fn functions(functions: &[(String, Vec<String>)]) -> String {
    let mut texts = Vec::new();
    for (function, roles) in functions {
        texts.push(format!("{function}="));
        texts.extend(roles.iter().map(|role| format!("{function}={role}")));
    }
    lines(texts.iter().map(String::as_str))
}

/// The condition that one of these stands in a column; never, where there are none.
pub(super) fn one_stands_in(
    engine: &Engine,
    conditions: &mut Conditions,
    column: &str,
    texts: impl IntoIterator<Item = String>,
) -> String {
    let found: Vec<String> = texts
        .into_iter()
        .map(|text| {
            let wanted = conditions.bind(format!("\n{text}\n"));
            match engine {
                Engine::Sqlite(_) => format!("instr({column}, {wanted}) > 0"),
                Engine::Postgres(_) => format!("strpos({column}, {wanted}) > 0"),
            }
        })
        .collect();
    if found.is_empty() { "1 = 0".to_owned() } else { format!("({})", found.join(" OR ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_a_line_of_its_own() {
        assert_eq!(lines([]), "");
        assert_eq!(lines(["agents"]), "\nagents\n");
        assert_eq!(lines(["agents", "a\nb"]), "\nagents\nab\n");
    }

    #[test]
    fn a_function_that_is_bound_to_nobody_is_bound_all_the_same() {
        let bound = [
            ("_receiver".to_owned(), vec!["agents".to_owned(), "mayor".to_owned()]),
            ("_control".to_owned(), Vec::new()),
        ];
        assert_eq!(
            functions(&bound),
            "\n_receiver=\n_receiver=agents\n_receiver=mayor\n_control=\n"
        );
    }
}
