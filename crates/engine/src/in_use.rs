//! What names a definition: whatever is named stays.

use fieldpost_model::source::Source;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_rules::definition::form::form_references;
use fieldpost_store::DefinitionKind;

use crate::matching::event_trigger;

/// What names a definition, as the end of a sentence; empty where nothing does.
pub(crate) fn users_of(current: &ProjectDefinition, kind: DefinitionKind, name: &str) -> String {
    let forwarders = current.forwarders.iter().filter(|forwarder| match kind {
        DefinitionKind::Connection => forwarder.to == name,
        DefinitionKind::Source => forwarder.filter.from.as_deref() == Some(name),
        _ => false,
    });
    let workflows = current.workflows.iter().filter(|workflow| match kind {
        DefinitionKind::Connection => {
            workflow.steps.iter().any(|step| step.connection.as_deref() == Some(name))
        }
        DefinitionKind::Source => listens_to(workflow, name),
        _ => false,
    });
    let fetches = |source: &&Source| source.fetch_files.as_deref() == Some(name);
    let is_connection = kind == DefinitionKind::Connection;
    let sources = current.sources.iter().filter(|source| is_connection && fetches(source));
    let is_role = kind == DefinitionKind::Role;
    let has_it = |roles: &[String]| is_role && roles.iter().any(|role| role == name);
    let users = current.users.iter().filter(|user| has_it(&user.roles));
    let keys = current.settings.api_access.iter().filter(|key| has_it(&key.roles));
    let named = [
        ("forwarder", forwarders.map(|it| it.name.as_str()).collect()),
        ("workflow", workflows.map(|it| it.name.as_str()).collect()),
        ("source", sources.map(|it| it.name.as_str()).collect()),
        ("form", forms_that_name(current, kind, name)),
        ("user", users.map(|it| it.id.as_str()).collect()),
        ("key", keys.map(|it| it.name.as_str()).collect()),
    ]
    .map(|(noun, names): (&str, Vec<&str>)| {
        let plural = if names.len() == 1 { "" } else { "s" };
        (!names.is_empty()).then(|| format!("the {noun}{plural} {}", names.join(", ")))
    });
    named.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// The forms that would name what is not there, if this were taken away.
fn forms_that_name<'c>(
    current: &'c ProjectDefinition,
    kind: DefinitionKind,
    name: &str,
) -> Vec<&'c str> {
    let stays = |of: DefinitionKind, other: &str| kind != of || other != name;
    let connections = current.connections.iter().map(|it| it.name.as_str());
    let connections: Vec<&str> =
        connections.filter(|it| stays(DefinitionKind::Connection, it)).collect();
    let roles = current.roles.iter().map(|it| it.id.as_str());
    let roles: Vec<&str> = roles.filter(|it| stays(DefinitionKind::Role, it)).collect();
    let forms = current.forms.iter();
    let naming = forms.filter(|form| !form_references(form, &connections, &roles).is_empty());
    naming.map(|form| form.name.as_str()).collect()
}

/// Whether that source alone sets a workflow off.
fn listens_to(workflow: &Workflow, source: &str) -> bool {
    event_trigger(workflow).is_some_and(|trigger| trigger.filter.from.as_deref() == Some(source))
}
