//! What names a definition: whatever is named stays.

use fieldpost_model::source::Source;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::DefinitionKind;

use crate::matching::event_trigger;

/// What names a definition, as the end of a sentence; empty where nothing does.
pub(crate) fn users_of(current: &ProjectDefinition, kind: DefinitionKind, name: &str) -> String {
    let forwarders = current.forwarders.iter().filter(|forwarder| match kind {
        DefinitionKind::Connection => forwarder.to == name,
        DefinitionKind::Source => forwarder.filter.from.as_deref() == Some(name),
        DefinitionKind::Forwarder | DefinitionKind::Workflow | DefinitionKind::Project => false,
    });
    let workflows = current.workflows.iter().filter(|workflow| match kind {
        DefinitionKind::Connection => {
            workflow.steps.iter().any(|step| step.connection.as_deref() == Some(name))
        }
        DefinitionKind::Source => listens_to(workflow, name),
        DefinitionKind::Forwarder | DefinitionKind::Workflow | DefinitionKind::Project => false,
    });
    let fetches = |source: &&Source| source.fetch_files.as_deref() == Some(name);
    let is_connection = kind == DefinitionKind::Connection;
    let sources = current.sources.iter().filter(|source| is_connection && fetches(source));
    let forwarders: Vec<&str> = forwarders.map(|it| it.name.as_str()).collect();
    let sources: Vec<&str> = sources.map(|it| it.name.as_str()).collect();
    let workflows: Vec<&str> = workflows.map(|it| it.name.as_str()).collect();
    let named = [("forwarder", forwarders), ("workflow", workflows), ("source", sources)].map(
        |(noun, names)| {
            let plural = if names.len() == 1 { "" } else { "s" };
            (!names.is_empty()).then(|| format!("the {noun}{plural} {}", names.join(", ")))
        },
    );
    named.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// Whether that source alone sets a workflow off.
fn listens_to(workflow: &Workflow, source: &str) -> bool {
    event_trigger(workflow).is_some_and(|trigger| trigger.filter.from.as_deref() == Some(source))
}
