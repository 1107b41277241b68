//! The routing table: every project's definitions, read once and made ready to be used.
//!
//! It is a snapshot that is swapped whole. The flow never asks the store for a definition: it uses
//! the snapshot, and the store's transaction says whether the snapshot was too old.

use std::collections::HashMap;
use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::Connection;
use fieldpost_model::delivery::Delivery;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::source::{Dialect, Source};
use fieldpost_model::workflow::Workflow;
use fieldpost_outbound::{Client, Prepared};
use fieldpost_rules::definition::form::read_stored_form;
use fieldpost_rules::definition::people::{read_role, read_user};
use fieldpost_rules::definition::{
    ProjectDefinition, read_connection, read_forwarder, read_settings, read_source, read_workflow,
};
use fieldpost_store::{Configuration, DefinitionKind, Pause, StoreError, StoredDefinition};
use metrics::Counter;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::filing::Wanted;
use crate::ids::new_source_keys;
use crate::lifecycle::own_source;
use crate::matching::Listeners;
use crate::people::{Person, numbered};
use crate::tallies::{ProjectTallies, Tallies};
use crate::telemetry;

/// A project, ready to be used.
pub struct ProjectRouting {
    /// The project's key.
    pub project: ProjectName,
    /// The version of the definitions that all of this was made from.
    pub version: i64,
    /// The definitions.
    pub definition: ProjectDefinition,
    pub(crate) listeners: Listeners,
    pub(crate) connections: HashMap<String, Lane>,
    /// Positions in `definition.forwarders`.
    forwarders: HashMap<String, usize>,
    /// What counts the messages kept of each source, in the order of `definition.sources`. Looking
    /// a counter up by its labels costs more than counting.
    kept: Vec<Counter>,
    /// What counts for charts.
    pub(crate) tallies: ProjectTallies,
    /// What takes in what is filled in here.
    own: Source,
    /// What is kept of the pauses that last.
    pauses: Vec<(DefinitionKind, String, Pause)>,
    /// Those whom the definitions name, with their numbers.
    pub(crate) people: Vec<Person>,
}

/// A connection, ready to be called.
pub(crate) struct Lane {
    pub(crate) connection: Connection,
    pub(crate) prepared: Result<Prepared, AttemptError>,
}

impl std::fmt::Debug for ProjectRouting {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProjectRouting")
            .field("project", &self.project)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl ProjectRouting {
    pub(crate) fn new(
        configuration: &Configuration,
        outbound: &Client,
        tallies: &Tallies,
    ) -> Result<Self, StoreError> {
        let definition = read_definition(configuration)?;
        let tallies = ProjectTallies::new(tallies, &configuration.project.name, &definition);
        let listeners = Listeners::of(&definition.forwarders, &definition.workflows);
        let connections = definition
            .connections
            .iter()
            .map(|connection| {
                let prepared = outbound.prepare(&configuration.project.name, connection);
                let lane = Lane { connection: connection.clone(), prepared };
                (connection.name.clone(), lane)
            })
            .collect();
        let forwarders = definition
            .forwarders
            .iter()
            .enumerate()
            .map(|(position, forwarder)| (forwarder.name.clone(), position))
            .collect();
        let kept = definition
            .sources
            .iter()
            .map(|source| telemetry::kept_counter(&configuration.project.name, &source.name))
            .collect();
        let definitions = configuration.definitions.iter();
        let pauses = definitions
            .filter_map(|stored| Some((stored.kind, stored.name.clone(), stored.pause.clone()?)))
            .collect();
        let people = numbered(&definition, configuration)?;
        Ok(Self {
            own: own_source(),
            kept,
            tallies,
            pauses,
            people,
            project: configuration.project.name.clone(),
            version: configuration.project.configuration_version,
            definition,
            listeners,
            connections,
            forwarders,
        })
    }

    /// The forwarder of that name.
    pub fn forwarder(&self, name: &str) -> Option<&Forwarder> {
        self.definition.forwarders.get(self.forwarder_place(name)?)
    }

    /// The workflow of that name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.definition.workflows.iter().find(|workflow| workflow.name == name)
    }

    /// Since when a definition is paused, by whom and why, as far as that was kept.
    pub fn pause(&self, kind: DefinitionKind, name: &str) -> Option<&Pause> {
        let mut all = self.pauses.iter();
        all.find(|(of, it, _)| *of == kind && it == name).map(|(_, _, pause)| pause)
    }

    /// The place of the forwarder of that name in the definition.
    pub(crate) fn forwarder_place(&self, name: &str) -> Option<usize> {
        self.forwarders.get(name).copied()
    }

    /// What some forwarder or workflow listens to beside messages.
    pub(crate) fn wanted(&self) -> Wanted {
        let cases = !self.listeners.cases.is_empty();
        Wanted { forms: cases || !self.listeners.forms.is_empty(), cases }
    }

    /// Where a delivery goes today, and whether it is parked there; one whose forwarder is no more
    /// goes where it did.
    pub(crate) fn destination(&self, delivery: &Delivery) -> (String, bool) {
        match self.forwarder(&delivery.forwarder) {
            Some(forwarder) => (forwarder.to.clone(), forwarder.paused),
            None => (delivery.connection.clone(), false),
        }
    }

    /// The lanes in which waits what is sent to a connection: its own, and those in which its paused
    /// forwarders park theirs.
    pub fn lanes_to(&self, connection: &str) -> Vec<String> {
        let forwarders = self.definition.forwarders.iter();
        let parking = forwarders.filter(|forwarder| forwarder.to == connection);
        let parking = parking.map(|forwarder| fieldpost_store::Lane::parking(&forwarder.name));
        std::iter::once(connection.to_owned()).chain(parking).collect()
    }

    /// Counts a message kept of that source.
    pub(crate) fn count_kept(&self, source: &str) {
        let sources = self.definition.sources.iter();
        if let Some((_, counter)) = sources.zip(&self.kept).find(|(it, _)| it.name == source) {
            counter.increment(1);
        }
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        if name == self.own.name {
            return Some(&self.own);
        }
        self.definition.sources.iter().find(|source| source.name == name)
    }
}

/// Reads stored definitions. They were checked when they were saved, so what cannot be read was
/// written by another version, and is named.
pub(crate) fn read_definition(
    configuration: &Configuration,
) -> Result<ProjectDefinition, StoreError> {
    let mut definition = ProjectDefinition {
        name: configuration.project.name.to_string(),
        title: configuration.project.title.clone(),
        sources: Vec::new(),
        connections: Vec::new(),
        roles: Vec::new(),
        users: Vec::new(),
        forms: Vec::new(),
        forwarders: Vec::new(),
        workflows: Vec::new(),
        settings: ProjectSettings::default(),
    };
    for StoredDefinition { kind, name, text, .. } in &configuration.definitions {
        let unreadable = |what: String| {
            StoreError::Refused(format!("the stored {kind} \"{name}\" cannot be read: {what}"))
        };
        let value = Value::parse(text.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let told = |problems: Vec<fieldpost_rules::definition::Problem>| {
            unreadable(problems.first().map(ToString::to_string).unwrap_or_default())
        };
        match kind {
            DefinitionKind::Source => {
                let draft = read_source(name, &value).map_err(told)?;
                definition.sources.push(draft.complete(None, &mut new_source_keys));
            }
            DefinitionKind::Connection => {
                definition.connections.push(read_connection(name, &value).map_err(told)?);
            }
            DefinitionKind::Forwarder => {
                definition.forwarders.push(read_forwarder(name, &value).map_err(told)?);
            }
            DefinitionKind::Workflow => {
                definition.workflows.push(read_workflow(name, &value).map_err(told)?);
            }
            DefinitionKind::Role => {
                definition.roles.push(read_role(name, &value).map_err(told)?);
            }
            DefinitionKind::User => {
                definition.users.push(read_user(name, &value).map_err(told)?);
            }
            DefinitionKind::Form => {
                definition.forms.push(Arc::new(read_stored_form(name, &value).map_err(told)?));
            }
            DefinitionKind::Project => {
                definition.settings = read_settings(&value).map_err(told)?;
            }
        }
    }
    Ok(definition)
}

/// A source of a project: where a request came in.
#[derive(Clone, Debug)]
pub struct SourceRoute {
    /// The project, as it was when the request came in.
    pub routing: Arc<ProjectRouting>,
    /// The place among the sources of the definition; `None` for the project's own.
    position: Option<usize>,
}

impl SourceRoute {
    /// The source.
    pub fn source(&self) -> Option<&Source> {
        match self.position {
            Some(position) => self.routing.definition.sources.get(position),
            None => Some(&self.routing.own),
        }
    }

    /// The way of what is filled in here.
    pub(crate) fn own(routing: &Arc<ProjectRouting>) -> Self {
        Self { routing: Arc::clone(routing), position: None }
    }
}

/// All projects, with the ways in.
#[derive(Debug, Default)]
pub struct Routing {
    projects: HashMap<ProjectName, Arc<ProjectRouting>>,
    /// By the digest of the secret: looking up a digest tells nobody how close a guess was.
    inboxes: HashMap<[u8; 32], SourceRoute>,
    webhooks: HashMap<Uuid, SourceRoute>,
}

impl Routing {
    pub(crate) fn new(projects: impl IntoIterator<Item = Arc<ProjectRouting>>) -> Self {
        let mut routing = Self::default();
        for project in projects {
            for (position, source) in project.definition.sources.iter().enumerate() {
                let route = SourceRoute { routing: Arc::clone(&project), position: Some(position) };
                routing.inboxes.insert(digest(source.secret.expose()), route.clone());
                routing.webhooks.insert(source.id, route);
            }
            routing.projects.insert(Arc::clone(&project.project), project);
        }
        routing
    }

    /// The project of that name.
    pub fn project(&self, name: &str) -> Option<&Arc<ProjectRouting>> {
        self.projects.get(name)
    }

    /// All projects.
    pub fn projects(&self) -> impl Iterator<Item = &Arc<ProjectRouting>> {
        self.projects.values()
    }

    /// The source with that inbox secret.
    pub fn inbox(&self, secret: &str) -> Option<SourceRoute> {
        self.inboxes.get(&digest(secret)).cloned()
    }

    /// The source with that webhook id.
    pub fn webhook(&self, id: Uuid) -> Option<SourceRoute> {
        self.webhooks.get(&id).cloned()
    }

    /// The source of that project with that custom path.
    pub fn webhook_path(&self, project: &str, path: &str) -> Option<SourceRoute> {
        self.source_where(project, |source| source.path.as_deref() == Some(path))
    }

    /// The first source of that project that is so.
    pub(crate) fn source_where(
        &self,
        project: &str,
        is_meant: impl Fn(&Source) -> bool,
    ) -> Option<SourceRoute> {
        let routing = self.projects.get(project)?;
        let position = routing.definition.sources.iter().position(is_meant)?;
        Some(SourceRoute { routing: Arc::clone(routing), position: Some(position) })
    }

    /// The source that owns the receiver paths of a dialect in that project.
    pub fn receiver(&self, project: &str, dialect: Dialect) -> Option<SourceRoute> {
        self.source_where(project, |source| source.dialect == dialect && source.access.is_some())
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
