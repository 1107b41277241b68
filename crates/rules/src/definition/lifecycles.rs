//! What forms, people and keys name of their project: roles and connections.

use std::sync::Arc;

use fieldpost_model::form_definition::FormDefinition;

use super::form::form_references;
use super::people::{key_references, shared_names, user_references};
use super::problem::Problem;
use super::{ProjectDefinition, ProjectDraft};

/// What can be named.
#[derive(Default)]
pub(super) struct Named<'n> {
    connections: Vec<&'n str>,
    roles: Vec<&'n str>,
}

impl<'n> Named<'n> {
    /// What is written in a document, whether it can be read or not.
    pub(super) fn new(connections: Vec<&'n str>, roles: Vec<&'n str>) -> Self {
        Self { connections, roles }
    }

    fn add(&mut self, project: &'n ProjectDefinition) {
        self.connections.extend(project.connections.iter().map(|it| it.name.as_str()));
        self.roles.extend(project.roles.iter().map(|it| it.id.as_str()));
    }
}

/// What the forms, the people and the keys of a draft name, and what is neither in the draft, nor in the
/// project that is there already unless it would be pruned, nor in `also`; and people who are known by the
/// same as others that stay.
pub(super) fn form_problems(
    draft: &ProjectDraft,
    existing: Option<&ProjectDefinition>,
    prune: bool,
    also: Named<'_>,
) -> Vec<Problem> {
    let mut named = also;
    named.connections.extend(draft.connections.iter().map(|it| it.name.as_str()));
    named.roles.extend(draft.roles.iter().map(|it| it.id.as_str()));
    let Some(existing) = existing else { return nameless_references(draft, &named) };
    if !prune {
        named.add(existing);
        let mut problems = nameless_references(draft, &named);
        problems.extend(shared_names(&draft.users, &existing.users));
        return problems;
    }
    let mut problems = nameless_references(draft, &named);
    named.add(existing);
    let without_pruning = nameless_references(draft, &named);
    for problem in &mut problems {
        if !without_pruning.iter().any(|it| it.path == problem.path) {
            let noun = problem.code.trim_start_matches("unknown-");
            problem.hint = Some(format!(
                "the hub has this {noun}, and pruning would remove it, since the file lacks it"
            ));
        }
    }
    problems
}

fn nameless_references(draft: &ProjectDraft, named: &Named<'_>) -> Vec<Problem> {
    let Named { connections, roles } = named;
    let forms = draft.forms.iter().map(Arc::as_ref);
    let mut problems: Vec<Problem> =
        forms.flat_map(|form: &FormDefinition| form_references(form, connections, roles)).collect();
    problems.extend(user_references(&draft.users, roles));
    problems.extend(key_references(&draft.settings.api_access, roles));
    problems
}
