//! Which parts of documents a request wants: its `include-…` parameters.

pub use fieldpost_model::switches::Switches;

use super::Parameters;

/// What a request for one document wants.
pub fn of_document(parameters: &Parameters) -> Switches {
    read(Switches::DOCUMENT, parameters)
}

/// What a request for a list wants of each row. Nothing that is wanted with `full=on` can be left out again,
/// and whoever wants the answers is told whose they are.
pub fn of_row(parameters: &Parameters) -> Switches {
    if parameters.switch("full", false) {
        return Switches::FULL_ROW;
    }
    let row = read(Switches::ROW, parameters);
    Switches { files_content: false, user: row.user || row.fields, ..row }
}

fn read(usual: Switches, parameters: &Parameters) -> Switches {
    let switch = |name: &str, usual: bool| parameters.switch(name, usual);
    Switches {
        fields: switch("include-fields", usual.fields),
        user: switch("include-user", usual.user),
        workflow: switch("include-workflow", usual.workflow),
        workflow_data: switch("include-workflow-data", usual.workflow_data),
        roles: switch("include-roles", usual.roles),
        submission: switch("include-submission", usual.submission),
        evolution: switch("include-evolution", usual.evolution),
        files_content: switch("include-files-content", usual.files_content),
        actions: switch("include-actions", usual.actions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_all_but_actions_and_rows_nothing() {
        let of_document = |query: &str| of_document(&Parameters::of_query(query));
        let of_row = |query: &str| of_row(&Parameters::of_query(query));
        assert_eq!(of_document(""), Switches::DOCUMENT);
        assert_eq!(of_document("include-actions=on"), Switches::CALL);
        let without = Switches { files_content: false, evolution: false, ..Switches::DOCUMENT };
        assert_eq!(of_document("include-files-content=off&include-evolution=0"), without);
        assert_eq!(of_row(""), Switches::ROW);
        assert_eq!(of_row("full=on"), Switches::FULL_ROW);
        assert_eq!(of_row("full=true&include-fields=off"), Switches::FULL_ROW);
        let fields = Switches { fields: true, user: true, ..Switches::ROW };
        assert_eq!(of_row("include-fields=on&include-files-content=on"), fields);
        let each = [
            ("include-user", Switches { user: true, ..Switches::ROW }),
            ("include-workflow", Switches { workflow: true, ..Switches::ROW }),
            ("include-workflow-data", Switches { workflow_data: true, ..Switches::ROW }),
            ("include-roles", Switches { roles: true, ..Switches::ROW }),
            ("include-submission", Switches { submission: true, ..Switches::ROW }),
            ("include-evolution", Switches { evolution: true, ..Switches::ROW }),
            ("include-actions", Switches { actions: true, ..Switches::ROW }),
        ];
        for (name, expected) in each {
            assert_eq!(of_row(&format!("{name}=on")), expected, "{name}");
        }
    }
}
