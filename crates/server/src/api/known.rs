//! Names in filters, looked up: a filter with a typing mistake must not look like an empty list, nor
//! like nothing to do.
//!
//! What was removed from the project may have left messages and deliveries: its name is allowed for
//! as long as any is there; of a connection, as long as any waits or is among the newest.

use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{DeliveryQuery, FormHead, MessageQuery, Page, RunCondition, RunPage};

use super::parameters::{nearest, shortened};
use crate::app::App;
use crate::problem::Problem;

/// One is enough to know.
const FIRST: Page = Page { before: None, limit: 1 };

/// Refuses a filter of deliveries that names what is not there.
pub(super) async fn deliveries(
    app: &App,
    project: &str,
    query: &DeliveryQuery,
) -> Result<(), Problem> {
    let routing = app.hub.project(project).await?;
    let definition = &routing.definition;
    if let Some(forwarder) = &query.forwarder {
        let known = definition.forwarders.iter().map(|one| one.name.as_str());
        if let Err(unknown) = find("forwarder", forwarder, known) {
            let left =
                DeliveryQuery { forwarder: Some(forwarder.clone()), ..DeliveryQuery::default() };
            unless_left(app, project, &left, unknown).await?;
        }
    }
    if let Some(connection) = &query.connection {
        let known = definition.connections.iter().map(|one| one.name.as_str());
        if let Err(unknown) = find("connection", connection, known)
            && !app.hub.store().is_sent_to(project, connection).await?
        {
            return Err(unknown);
        }
    }
    source(app, project, definition, query.source.as_deref()).await
}

/// Refuses a filter of runs that names a workflow that is not there.
pub(super) async fn runs(
    app: &App,
    project: &str,
    condition: &RunCondition,
) -> Result<(), Problem> {
    let routing = app.hub.project(project).await?;
    let Some(name) = &condition.workflow else { return Ok(()) };
    let known = routing.definition.workflows.iter().map(|one| one.name.as_str());
    let Err(unknown) = find("workflow", name, known) else { return Ok(()) };
    let left = RunCondition { workflow: Some(name.clone()), ..RunCondition::default() };
    let first = RunPage { before: None, limit: 1 };
    let found = app.hub.store().runs(project, &left, first).await?;
    if found.found.is_empty() { Err(unknown) } else { Ok(()) }
}

/// Refuses a filter of messages that names a source that is not there.
pub(super) async fn messages(
    app: &App,
    project: &str,
    query: &MessageQuery,
) -> Result<(), Problem> {
    let routing = app.hub.project(project).await?;
    source(app, project, &routing.definition, query.source.as_deref()).await
}

/// Refuses the name of a forwarder that is not there now.
pub(super) async fn forwarder(app: &App, project: &str, name: &str) -> Result<(), Problem> {
    let routing = app.hub.project(project).await?;
    find("forwarder", name, routing.definition.forwarders.iter().map(|one| one.name.as_str()))
}

/// Refuses the name of a form that is not there.
pub(super) async fn form(app: &App, project: &str, name: &str) -> Result<FormHead, Problem> {
    app.hub.project(project).await?;
    let found = app.hub.store().form(project, name).await?;
    found.ok_or_else(|| {
        Problem::not_found("form", shortened(name)).hint("the list of forms has their names")
    })
}

async fn source(
    app: &App,
    project: &str,
    definition: &ProjectDefinition,
    name: Option<&str>,
) -> Result<(), Problem> {
    let Some(name) = name else { return Ok(()) };
    let known = definition.sources.iter().map(|one| one.name.as_str());
    let Err(unknown) = find("source", name, known) else { return Ok(()) };
    let left = MessageQuery { source: Some(name.to_owned()), ..MessageQuery::default() };
    let found = app.hub.store().messages(project, &left, FIRST).await?;
    if found.is_empty() { Err(unknown) } else { Ok(()) }
}

async fn unless_left(
    app: &App,
    project: &str,
    left: &DeliveryQuery,
    unknown: Problem,
) -> Result<(), Problem> {
    let found = app.hub.store().deliveries(project, left, FIRST).await?;
    if found.is_empty() { Err(unknown) } else { Ok(()) }
}

fn find<'k>(
    noun: &str,
    name: &str,
    mut known: impl Iterator<Item = &'k str> + Clone,
) -> Result<(), Problem> {
    let names = known.clone();
    if known.any(|other| other == name) {
        return Ok(());
    }
    let problem = Problem::not_found(noun, shortened(name));
    let hint = match nearest(name, names.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the project has: {}", names.collect::<Vec<_>>().join(", ")),
    };
    Err(problem.hint(hint))
}
