//! Changing a project's definitions: from a draft to stored text, with compare-and-set.
//!
//! Every change reads the present definitions, decides on them, and saves on the condition that
//! they are still the present ones. Where somebody else was quicker it begins again, a few times.

use std::sync::Arc;

use fieldpost_dialects::formats::check_template;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::Connection;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::project::ProjectSettings;
use fieldpost_outbound::Client;
use fieldpost_rules::definition::form::form_references;
use fieldpost_rules::definition::people::{key_references, shared_names, user_references};
use fieldpost_rules::definition::{
    Problem, ProjectDefinition, access_problems, fetching_problems, fetching_problems_of,
    is_database, is_name, keep_connection_secrets, keep_forwarder_secrets, keep_settings_secrets,
    keep_source_secrets, secrets_led_elsewhere, sources_without_key, unfit_format,
    unknown_references, workflow_references,
};
use fieldpost_store::{
    Configuration, DefinitionChange, DefinitionKind, Due, Pause, StoreError, TAKEN_KEY,
};

use crate::asked::Asked;
use crate::defined_forms::CheckedForms;
use crate::error::HubError;
use crate::expected::{Expected, saved_in};
use crate::hub::Hub;
use crate::in_use::users_of;
use crate::routing::{ProjectRouting, read_definition};
use crate::storing::Storing;

mod applying;
mod draft;

pub use applying::Applied;
pub use draft::Draft;

/// How often a change is decided anew because somebody else saved first.
const MOST_TRIES: usize = 10;

/// A project's definitions as they are in the store.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Their version.
    pub version: i64,
    /// What they say.
    pub definition: ProjectDefinition,
    pub(crate) configuration: Configuration,
}

impl Saved {
    /// The version of the project's definitions that one of them was saved with: another one as soon
    /// as somebody saves it again.
    pub fn saved_in(&self, kind: DefinitionKind, name: &str) -> Option<i64> {
        saved_in(&self.configuration, kind, name)
    }

    /// The number that somebody of the project is known by.
    pub fn number(&self, user: &str) -> Option<u64> {
        let mut all = self.configuration.definitions.iter();
        all.find(|it| it.kind == DefinitionKind::User && it.name == user)?.number
    }

    /// Since when one of the definitions is paused, by whom and why, as far as that was kept.
    pub fn pause(&self, kind: DefinitionKind, name: &str) -> Option<&Pause> {
        let mut all = self.configuration.definitions.iter();
        all.find(|stored| stored.kind == kind && stored.name == name)?.pause.as_ref()
    }
}

impl Hub {
    /// A project's definitions as they are in the store, with their version.
    pub async fn definition(&self, project: &str) -> Result<(i64, ProjectDefinition), HubError> {
        let saved = self.saved(project).await?;
        Ok((saved.version, saved.definition))
    }

    /// A project's definitions as they are in the store, with the version of each.
    pub async fn saved(&self, project: &str) -> Result<Saved, HubError> {
        let configuration = self
            .store()
            .configuration(project)
            .await?
            .ok_or_else(|| HubError::not_found("project", &project))?;
        let version = configuration.project.configuration_version;
        Ok(Saved { version, definition: read_definition(&configuration)?, configuration })
    }

    /// A project from the routing table, read from the store where the table does not have it yet.
    pub async fn project(&self, project: &str) -> Result<Arc<ProjectRouting>, HubError> {
        if let Some(routing) = self.routing().project(project) {
            return Ok(Arc::clone(routing));
        }
        self.refresh_project(project).await?;
        self.routing()
            .project(project)
            .cloned()
            .ok_or_else(|| HubError::not_found("project", &project))
    }

    /// Makes a project without definitions.
    pub async fn create_project(&self, project: &str, title: &str) -> Result<(), HubError> {
        if !is_name(project) {
            return Err(HubError::Invalid(vec![Problem {
                path: "project".to_owned(),
                code: "bad-name",
                message: format!("\"{project}\" is not a name"),
                hint: Some("use lower-case letters, digits, - and _, 64 at most".to_owned()),
            }]));
        }
        match self.store().create_project(project, title, self.now()).await {
            Ok(()) => Ok(self.refresh_project(project).await?),
            Err(StoreError::Conflict(_)) => Err(HubError::NotAllowed {
                code: "project-exists",
                message: format!("there is a project \"{project}\" already"),
                hint: "choose another name, or change that project".to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes or replaces one definition.
    pub async fn put(&self, project: &str, draft: Draft) -> Result<(), HubError> {
        self.put_expecting(project, draft, &Expected::Anything, &Asked::default()).await
    }

    /// Makes or replaces one definition, where it is what whoever changes it has seen.
    pub async fn put_expecting(
        &self,
        project: &str,
        draft: Draft,
        expected: &Expected,
        asked: &Asked,
    ) -> Result<(), HubError> {
        let pause = self.pause_begun(asked);
        let checked = match &draft {
            Draft::Workflow(workflow) => self.checked_workflows(std::slice::from_ref(workflow)),
            _ => self.checked_workflows(&[]),
        };
        let checked = checked.await?;
        let forms = match &draft {
            Draft::Form(form) => self.checked_forms(project, std::slice::from_ref(form)).await?,
            _ => CheckedForms::default(),
        };
        self.change_saved(project, |Saved { definition: current, configuration, .. }| {
            let (kind, name) = draft.place();
            expected.check(configuration, kind, name)?;
            let mut draft = draft.clone();
            let problems = match &mut draft {
                Draft::Source(source) => {
                    let stored = current.sources.iter().find(|other| other.name == source.name);
                    let mut problems = keep_source_secrets(source, stored);
                    let keys = &current.settings.api_access;
                    let draft = std::slice::from_ref(&*source);
                    problems.extend(access_problems(draft, &current.sources, keys));
                    let connections: Vec<_> = current.connections.iter().collect();
                    problems.extend(fetching_problems(draft, &connections));
                    problems
                }
                Draft::Connection(connection) => {
                    let stored =
                        current.connections.iter().find(|other| other.name == connection.name);
                    let mut problems = keep_connection_secrets(connection, stored);
                    problems.extend(secrets_led_elsewhere(
                        std::slice::from_ref(&*connection),
                        &current.connections,
                        &current.forwarders,
                    ));
                    let senders = current.forwarders.iter().filter(|it| it.to == connection.name);
                    problems.extend(senders.filter_map(|it| unfit_format(it, connection)));
                    problems.extend(fetching_problems_of(connection, &current.sources));
                    if problems.is_empty() {
                        problems.extend(self.unusable(project, connection));
                    }
                    problems
                }
                Draft::Forwarder(forwarder) => {
                    let to = current.connections.iter().find(|it| it.name == forwarder.to);
                    let mut problems = keep_forwarder_secrets(forwarder, to, Some(current));
                    let connections: Vec<_> = current.connections.iter().collect();
                    let sources: Vec<&str> =
                        current.sources.iter().map(|other| &*other.name).collect();
                    problems.extend(unknown_references(forwarder, &connections, &sources));
                    problems.extend(unusable_template(forwarder));
                    problems
                }
                Draft::Workflow(workflow) => {
                    let connections: Vec<&str> =
                        current.connections.iter().map(|other| &*other.name).collect();
                    let sources: Vec<&str> =
                        current.sources.iter().map(|other| &*other.name).collect();
                    let mut problems = workflow_references(workflow, &connections, &sources);
                    problems.extend(checked.problems.iter().cloned());
                    problems
                }
                Draft::Role(_) => Vec::new(),
                Draft::User(user) => {
                    let users = std::slice::from_ref(&*user);
                    let mut problems = user_references(users, &role_names(current));
                    problems.extend(shared_names(users, &current.users));
                    problems
                }
                Draft::Form(form) => {
                    let connections: Vec<&str> =
                        current.connections.iter().map(|other| &*other.name).collect();
                    let mut problems = form_references(form, &connections, &role_names(current));
                    problems.extend(forms.problems.iter().cloned());
                    problems
                }
            };
            if !problems.is_empty() {
                return Err(HubError::Invalid(problems));
            }
            let storing = Storing { before: current, pause: pause.clone() };
            Ok(match draft {
                Draft::Source(source) => storing.source(source).to_vec(),
                Draft::Connection(connection) => storing.connection(&connection),
                Draft::Forwarder(forwarder) => storing.forwarder(&forwarder),
                Draft::Workflow(workflow) => storing.workflow(&workflow),
                Draft::Role(role) => vec![Storing::role(&role)],
                Draft::User(user) => vec![Storing::user(&user)],
                Draft::Form(form) => {
                    let mut changes = vec![Storing::form(&form)];
                    changes.extend(forms.changes.iter().cloned());
                    changes
                }
            })
        })
        .await
    }

    /// Removes one definition, where it is what whoever removes it has seen. A connection or source
    /// that a forwarder names stays; deliveries that wait for a removed forwarder are cancelled, and so are runs of a
    /// removed workflow.
    pub async fn remove(
        &self,
        project: &str,
        kind: DefinitionKind,
        name: &str,
        expected: &Expected,
    ) -> Result<(), HubError> {
        self.change_saved(project, |Saved { definition: current, configuration, .. }| {
            expected.check(configuration, kind, name)?;
            let users = users_of(current, kind, name);
            if !users.is_empty() {
                return Err(HubError::NotAllowed {
                    code: "in-use",
                    message: format!("the {kind} \"{name}\" is used by {users}"),
                    hint: "remove or change these first".to_owned(),
                });
            }
            let there = match kind {
                DefinitionKind::Source => current.sources.iter().any(|it| it.name == name),
                DefinitionKind::Connection => current.connections.iter().any(|it| it.name == name),
                DefinitionKind::Forwarder => current.forwarders.iter().any(|it| it.name == name),
                DefinitionKind::Workflow => current.workflows.iter().any(|it| it.name == name),
                DefinitionKind::Role => current.roles.iter().any(|it| it.id == name),
                DefinitionKind::User => current.users.iter().any(|it| it.id == name),
                DefinitionKind::Form => current.forms.iter().any(|it| it.name == name),
                // Its settings can be changed, not taken away.
                DefinitionKind::Project => false,
            };
            if !there {
                return Err(HubError::not_found(kind.name(), &name));
            }
            Ok(vec![DefinitionChange::Remove(kind, name.to_owned())])
        })
        .await?;
        match kind {
            DefinitionKind::Forwarder => self.cancel_waiting(project, name).await?,
            DefinitionKind::Workflow => self.cancel_waiting_runs(project, name).await?,
            _ => {}
        }
        Ok(())
    }

    /// Replaces what a project settles for all that it holds. The answer is what a shorter retention
    /// erases at once.
    pub async fn put_settings(
        &self,
        project: &str,
        settings: &ProjectSettings,
        asked: &Asked,
    ) -> Result<Due, HubError> {
        let pause = self.pause_begun(asked);
        // Counted before: afterwards the erasing has begun.
        let (_, current) = self.definition(project).await?;
        let erases = self.newly_due(&current, settings).await?;
        self.change_saved(project, |Saved { definition: current, .. }| {
            let mut settings = settings.clone();
            let mut problems = keep_settings_secrets(&mut settings, Some(&current.settings));
            problems.extend(sources_without_key(&current.sources, &settings.api_access));
            problems.extend(key_references(&settings.api_access, &role_names(current)));
            if !problems.is_empty() {
                return Err(HubError::Invalid(problems));
            }
            if settings == current.settings {
                return Ok(Vec::new());
            }
            Ok(Storing { before: current, pause: pause.clone() }.settings(&settings))
        })
        .await?;
        Ok(erases)
    }

    /// Warns of a connection to an address that this hub does not dial.
    pub fn refused_network(&self, project: &str, connection: &Connection) -> Option<Problem> {
        refused_network(self.outbound(), project, connection)
    }

    /// Saves changes of definitions. A conflict means that somebody else saved first.
    async fn save(
        &self,
        project: &str,
        version: i64,
        changes: Vec<DefinitionChange>,
    ) -> Result<i64, HubError> {
        let sources: Vec<String> = changes
            .iter()
            .filter_map(|change| match change {
                DefinitionChange::SourceKeys { source, .. } => Some(source.clone()),
                _ => None,
            })
            .collect();
        let has_forms = changes.iter().any(|change| matches!(change, DefinitionChange::Form(_)));
        match self.store().change_configuration(project, version, changes).await {
            Err(StoreError::Conflict(conflict)) if conflict == TAKEN_KEY => {
                Err(HubError::Invalid(vec![taken_key(&sources)]))
            }
            Ok(version) if has_forms => {
                self.form_book().forget(project);
                Ok(version)
            }
            other => Ok(other?),
        }
    }

    /// Decides on the present definitions and saves, again and again while others save first.
    pub(crate) async fn change_saved(
        &self,
        project: &str,
        decide: impl Fn(&Saved) -> Result<Vec<DefinitionChange>, HubError>,
    ) -> Result<(), HubError> {
        for _ in 0..MOST_TRIES {
            let saved = self.saved(project).await?;
            let changes = decide(&saved)?;
            if changes.is_empty() {
                return Ok(());
            }
            match self.save(project, saved.version, changes).await {
                Ok(_) => {
                    self.refresh_project(project).await?;
                    return self.send_resumed(&saved.definition).await;
                }
                Err(HubError::Store(StoreError::Conflict(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict("somebody else keeps changing this project".to_owned()).into())
    }

    /// Whether a connection could be called at all: a client key that does not fit its certificate is
    /// to be told to whoever saves it, not to the deliveries. An address that this hub refuses is
    /// none of that: which networks are open is the operator's business, and may change.
    fn unusable(&self, project: &str, connection: &Connection) -> Option<Problem> {
        let Connection { name, url, .. } = connection;
        if is_database(url) {
            return None;
        }
        let error = self.outbound().prepare(&project.into(), connection).err()?;
        let (path, hint) = match error.kind {
            ErrorKind::Tls => (
                format!("connections.{name}.tls"),
                "give the certificate and the key that belong together, as PEM text",
            ),
            ErrorKind::Build => {
                (format!("connections.{name}"), "no request can be built with it as it is")
            }
            _ => return None,
        };
        Some(Problem {
            path,
            code: "unusable-connection",
            message: error.message,
            hint: Some(hint.to_owned()),
        })
    }
}

/// Warns of a connection to an address that a client does not dial.
pub fn refused_network(
    outbound: &Client,
    project: &str,
    connection: &Connection,
) -> Option<Problem> {
    let error = outbound.prepare(&ProjectName::from(project), connection).err()?;
    (error.kind == ErrorKind::Refused).then(|| Problem {
        path: format!("connections.{}", connection.name),
        code: "refused-network",
        message: error.message,
        hint: Some("until its network is opened, nothing is sent there".to_owned()),
    })
}

/// One of these sources has a key that another source, perhaps of another project, has.
fn taken_key(sources: &[String]) -> Problem {
    let path = match sources {
        [source] => format!("sources.{source}"),
        _ => "sources".to_owned(),
    };
    Problem {
        path,
        code: "duplicate-value",
        message: format!(
            "the secret, id or path of {} belongs to another source of this hub",
            sources.join(" or ")
        ),
        hint: Some("choose another one, or leave it out to have one made".to_owned()),
    }
}

fn role_names(project: &ProjectDefinition) -> Vec<&str> {
    project.roles.iter().map(|role| &*role.id).collect()
}

/// What is wrong with a forwarder's template, where anything is before it is used.
fn unusable_template(forwarder: &Forwarder) -> Option<Problem> {
    let message = check_template(forwarder.rendering.template.as_deref()?).err()?;
    Some(Problem {
        path: format!("forwarders.{}.template", forwarder.name),
        code: "bad-template",
        message,
        hint: Some("answers are `{{ values.name }}`, choices `{% if … %}…{% endif %}`".to_owned()),
    })
}
