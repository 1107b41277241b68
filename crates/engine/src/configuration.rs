//! Changing a project's definitions: from a draft to stored text, with compare-and-set.
//!
//! Every change reads the present definitions, decides on them, and saves on the condition that
//! they are still the present ones. Where somebody else was quicker it begins again, a few times.

use std::collections::HashSet;
use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::Connection;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::source::Source;
use fieldpost_outbound::Client;
use fieldpost_rules::definition::{
    Change, ChangeAction, ChangeKind, Problem, ProjectDefinition, ProjectDraft, Secrets,
    SourceDraft, compare, dangling_references, is_name, keep_connection_secrets,
    keep_forwarder_secrets, keep_pauses, keep_secrets, keep_settings_secrets, keep_source_secrets,
    secrets_led_elsewhere, unknown_references, warnings, write_connection, write_forwarder,
    write_settings, write_source,
};
use fieldpost_store::{
    Configuration, DefinitionChange, DefinitionKind, Due, StoreError, TAKEN_KEY,
};
use sha2::{Digest, Sha256};

use crate::error::HubError;
use crate::expected::{Expected, saved_in};
use crate::hub::Hub;
use crate::ids::new_source_keys;
use crate::routing::{ProjectRouting, read_definition};

/// How often a change is decided anew because somebody else saved first.
const MOST_TRIES: usize = 10;

/// What applying a project file did, or would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// What changed, in words.
    pub changes: Vec<Change>,
    /// What is allowed, and likely to be regretted.
    pub warnings: Vec<Problem>,
    /// Forwarders that are removed although deliveries wait for them, with how many: these are
    /// cancelled.
    pub waiting: Vec<(String, u64)>,
    /// What a shorter retention erases at once.
    pub erases: Due,
    /// The version of the definitions afterwards; `None` for a dry run.
    pub version: Option<i64>,
}

/// A project's definitions as they are in the store.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Their version.
    pub version: i64,
    /// What they say.
    pub definition: ProjectDefinition,
    configuration: Configuration,
}

impl Saved {
    /// The version of the project's definitions that one of them was saved with: another one as soon
    /// as somebody saves it again.
    pub fn saved_in(&self, kind: DefinitionKind, name: &str) -> Option<i64> {
        saved_in(&self.configuration, kind, name)
    }
}

/// One definition, of whatever kind, as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum Draft {
    /// A way in.
    Source(SourceDraft),
    /// A remote API.
    Connection(Connection),
    /// A standing order.
    Forwarder(Forwarder),
}

impl Draft {
    /// What it defines, and under which name.
    fn place(&self) -> (DefinitionKind, &str) {
        match self {
            Self::Source(source) => (DefinitionKind::Source, &source.name),
            Self::Connection(connection) => (DefinitionKind::Connection, &connection.name),
            Self::Forwarder(forwarder) => (DefinitionKind::Forwarder, &forwarder.name),
        }
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

    /// Makes a project what a project file says. What the file lacks is removed only with `prune`;
    /// with `dry_run` nothing is saved.
    pub async fn apply(
        &self,
        draft: &ProjectDraft,
        prune: bool,
        dry_run: bool,
    ) -> Result<Applied, HubError> {
        for _ in 0..MOST_TRIES {
            match self.apply_once(draft.clone(), prune, dry_run).await {
                Err(HubError::Store(StoreError::Conflict(_))) => {}
                other => return other,
            }
        }
        Err(StoreError::Conflict("somebody else keeps changing this project".to_owned()).into())
    }

    async fn apply_once(
        &self,
        mut draft: ProjectDraft,
        prune: bool,
        dry_run: bool,
    ) -> Result<Applied, HubError> {
        let name = draft.name.clone();
        let (version, current) = match self.definition(&name).await {
            Ok((version, current)) => (Some(version), current),
            Err(HubError::NotFound { .. }) => (None, empty_project(&name)),
            Err(error) => return Err(error),
        };
        let existing = version.is_some().then_some(&current);
        keep_pauses(&mut draft, existing);
        let mut problems = keep_secrets(&mut draft, existing);
        if !prune {
            problems.extend(secrets_of_unnamed(&draft, &current));
        }
        problems.extend(dangling_references(&draft, existing, prune));
        if problems.is_empty() {
            problems.extend(draft.connections.iter().filter_map(|it| self.unusable(&name, it)));
        }
        if !problems.is_empty() {
            return Err(HubError::Invalid(problems));
        }
        let changes = compare(existing, &draft, prune);
        let removed: Vec<&Change> =
            changes.iter().filter(|change| change.action == ChangeAction::Removed).collect();
        let mut waiting = Vec::new();
        for change in removed.iter().filter(|change| change.kind == ChangeKind::Forwarder) {
            let count = self.count_waiting(&name, &change.name).await?;
            if count > 0 {
                waiting.push((change.name.clone(), count));
            }
        }
        let mut warnings = warnings(&draft);
        let unreached = self.unreached(&name).await?;
        for connection in &draft.connections {
            warnings.extend(unreached.warnings(connection));
            warnings.extend(self.refused_network(&current.name, connection));
        }
        warnings.extend(self.reordering_warnings(&current, &draft.forwarders).await?);
        let erases = match existing {
            Some(current) => self.newly_due(current, &draft.settings).await?,
            None => Due::default(),
        };
        let mut applied = Applied { changes, warnings, waiting, erases, version };
        if dry_run {
            applied.version = None;
            return Ok(applied);
        }
        let version = if let Some(version) = version {
            version
        } else {
            self.store().create_project(&name, &draft.title, self.now()).await?;
            1
        };
        applied.version = Some(version);
        let stored = stored_changes(&applied.changes, draft, &current);
        if !stored.is_empty() {
            applied.version = Some(self.save(&name, version, stored).await?);
        }
        self.refresh_project(&name).await?;
        self.cancel_removed(&name, &applied.changes).await?;
        self.send_resumed(&current).await?;
        Ok(applied)
    }

    /// Makes or replaces one definition.
    pub async fn put(&self, project: &str, draft: Draft) -> Result<(), HubError> {
        self.put_expecting(project, draft, &Expected::Anything).await
    }

    /// Makes or replaces one definition, where it is what whoever changes it has seen.
    pub async fn put_expecting(
        &self,
        project: &str,
        draft: Draft,
        expected: &Expected,
    ) -> Result<(), HubError> {
        self.change_saved(project, |Saved { definition: current, configuration, .. }| {
            let (kind, name) = draft.place();
            expected.check(configuration, kind, name)?;
            let mut draft = draft.clone();
            let problems = match &mut draft {
                Draft::Source(source) => {
                    let stored = current.sources.iter().find(|other| other.name == source.name);
                    keep_source_secrets(source, stored)
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
                    if problems.is_empty() {
                        problems.extend(self.unusable(project, connection));
                    }
                    problems
                }
                Draft::Forwarder(forwarder) => {
                    let to = current.connections.iter().find(|it| it.name == forwarder.to);
                    let mut problems = keep_forwarder_secrets(forwarder, to, Some(current));
                    let connections: Vec<&str> =
                        current.connections.iter().map(|other| &*other.name).collect();
                    let sources: Vec<&str> =
                        current.sources.iter().map(|other| &*other.name).collect();
                    problems.extend(unknown_references(forwarder, &connections, &sources));
                    problems
                }
            };
            if !problems.is_empty() {
                return Err(HubError::Invalid(problems));
            }
            Ok(match draft {
                Draft::Source(source) => store_source(source, current).to_vec(),
                Draft::Connection(connection) => vec![store_connection(&connection)],
                Draft::Forwarder(forwarder) => vec![store_forwarder(&forwarder)],
            })
        })
        .await
    }

    /// Removes one definition, where it is what whoever removes it has seen. A connection or source
    /// that a forwarder names stays; deliveries that wait for a removed forwarder are cancelled.
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
                    message: format!(
                        "the {kind} \"{name}\" is used by the forwarder{} {}",
                        if users.len() == 1 { "" } else { "s" },
                        users.join(", ")
                    ),
                    hint: "remove or change these first".to_owned(),
                });
            }
            let there = match kind {
                DefinitionKind::Source => current.sources.iter().any(|it| it.name == name),
                DefinitionKind::Connection => current.connections.iter().any(|it| it.name == name),
                DefinitionKind::Forwarder => current.forwarders.iter().any(|it| it.name == name),
                // Its settings can be changed, not taken away.
                DefinitionKind::Project => false,
            };
            if !there {
                return Err(HubError::not_found(kind.name(), &name));
            }
            Ok(vec![DefinitionChange::Remove(kind, name.to_owned())])
        })
        .await?;
        if kind == DefinitionKind::Forwarder {
            self.cancel_waiting(project, name).await?;
        }
        Ok(())
    }

    /// Replaces what a project settles for all that it holds. The answer is what a shorter retention
    /// erases at once.
    pub async fn put_settings(
        &self,
        project: &str,
        settings: &ProjectSettings,
    ) -> Result<Due, HubError> {
        // Counted before: afterwards the erasing has begun.
        let (_, current) = self.definition(project).await?;
        let erases = self.newly_due(&current, settings).await?;
        self.change(project, |current| {
            let mut settings = settings.clone();
            let problems = keep_settings_secrets(&mut settings, Some(&current.settings));
            if !problems.is_empty() {
                return Err(HubError::Invalid(problems));
            }
            if settings == current.settings {
                return Ok(Vec::new());
            }
            Ok(vec![store_settings(project, &settings)])
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
        match self.store().change_configuration(project, version, changes).await {
            Err(StoreError::Conflict(conflict)) if conflict == TAKEN_KEY => {
                Err(HubError::Invalid(vec![taken_key(&sources)]))
            }
            other => Ok(other?),
        }
    }

    /// Decides on the present definitions and saves, again and again while others save first.
    pub(crate) async fn change(
        &self,
        project: &str,
        decide: impl Fn(&ProjectDefinition) -> Result<Vec<DefinitionChange>, HubError>,
    ) -> Result<(), HubError> {
        self.change_saved(project, |saved| decide(&saved.definition)).await
    }

    /// The same, for what is decided on the versions of the definitions as well.
    async fn change_saved(
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
        let Connection { name, .. } = connection;
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

    async fn count_waiting(&self, project: &str, forwarder: &str) -> Result<u64, HubError> {
        let counts = self.store().waiting_by_forwarder(project).await?;
        Ok(counts.into_iter().find(|(name, _)| name == forwarder).map_or(0, |(_, count)| count))
    }

    async fn cancel_removed(&self, project: &str, changes: &[Change]) -> Result<(), HubError> {
        for change in changes {
            if change.kind == ChangeKind::Forwarder && change.action == ChangeAction::Removed {
                self.cancel_waiting(project, &change.name).await?;
            }
        }
        Ok(())
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

/// Secrets of forwarders that a draft does not name, and that would go elsewhere with it.
fn secrets_of_unnamed(draft: &ProjectDraft, current: &ProjectDefinition) -> Vec<Problem> {
    let is_named =
        |stored: &&Forwarder| draft.forwarders.iter().any(|named| named.name == stored.name);
    let unnamed = current.forwarders.iter().filter(|stored| !is_named(stored));
    secrets_led_elsewhere(&draft.connections, &current.connections, unnamed)
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

fn empty_project(name: &str) -> ProjectDefinition {
    ProjectDefinition {
        name: name.to_owned(),
        title: name.to_owned(),
        sources: Vec::new(),
        connections: Vec::new(),
        forwarders: Vec::new(),
        settings: ProjectSettings::default(),
    }
}

fn users_of(current: &ProjectDefinition, kind: DefinitionKind, name: &str) -> Vec<String> {
    current
        .forwarders
        .iter()
        .filter(|forwarder| match kind {
            DefinitionKind::Connection => forwarder.to == name,
            DefinitionKind::Source => forwarder.filter.from.as_deref() == Some(name),
            DefinitionKind::Forwarder | DefinitionKind::Project => false,
        })
        .map(|forwarder| forwarder.name.clone())
        .collect()
}

/// The stored form of what a comparison found.
fn stored_changes(
    changes: &[Change],
    draft: ProjectDraft,
    current: &ProjectDefinition,
) -> Vec<DefinitionChange> {
    let touched: HashSet<(ChangeKind, &str)> = changes
        .iter()
        .filter(|change| change.action != ChangeAction::Removed)
        .map(|change| (change.kind, &*change.name))
        .collect();
    let mut stored = Vec::new();
    if draft.title != current.title {
        stored.push(DefinitionChange::Title(draft.title.clone()));
    }
    if draft.settings != current.settings {
        stored.push(store_settings(&draft.name, &draft.settings));
    }
    for connection in &draft.connections {
        if touched.contains(&(ChangeKind::Connection, &*connection.name)) {
            stored.push(store_connection(connection));
        }
    }
    for forwarder in &draft.forwarders {
        if touched.contains(&(ChangeKind::Forwarder, &*forwarder.name)) {
            stored.push(store_forwarder(forwarder));
        }
    }
    for source in draft.sources {
        if touched.contains(&(ChangeKind::Source, &*source.name)) {
            stored.extend(store_source(source, current));
        }
    }
    for change in changes.iter().filter(|change| change.action == ChangeAction::Removed) {
        let kind = match change.kind {
            ChangeKind::Connection => DefinitionKind::Connection,
            ChangeKind::Source => DefinitionKind::Source,
            ChangeKind::Forwarder => DefinitionKind::Forwarder,
            ChangeKind::Project => continue,
        };
        stored.push(DefinitionChange::Remove(kind, change.name.clone()));
    }
    stored
}

/// A source, and the keys by which requests find it: no other source may have one of these.
fn store_source(draft: SourceDraft, current: &ProjectDefinition) -> [DefinitionChange; 2] {
    let stored: Option<&Source> = current.sources.iter().find(|other| other.name == draft.name);
    let source = draft.complete(stored, &mut new_source_keys);
    let text = write_source(&source, Secrets::Shown).to_json();
    let digest = |key: String| -> [u8; 32] { Sha256::digest(key.as_bytes()).into() };
    let mut keys = vec![
        digest(format!("inbox {}", source.secret.expose())),
        digest(format!("webhook {}", source.id)),
    ];
    keys.extend(source.path.as_ref().map(|path| digest(format!("path {} {path}", current.name))));
    [
        DefinitionChange::Set(DefinitionKind::Source, source.name.clone(), text),
        DefinitionChange::SourceKeys { source: source.name, keys },
    ]
}

pub(crate) fn store_settings(project: &str, settings: &ProjectSettings) -> DefinitionChange {
    let text = write_settings(settings, Secrets::Shown).to_json();
    DefinitionChange::Set(DefinitionKind::Project, project.to_owned(), text)
}

pub(crate) fn store_connection(connection: &Connection) -> DefinitionChange {
    let text = write_connection(connection, Secrets::Shown).to_json();
    DefinitionChange::Set(DefinitionKind::Connection, connection.name.clone(), text)
}

pub(crate) fn store_forwarder(forwarder: &Forwarder) -> DefinitionChange {
    let text = write_forwarder(forwarder, Secrets::Shown).to_json();
    DefinitionChange::Set(DefinitionKind::Forwarder, forwarder.name.clone(), text)
}
