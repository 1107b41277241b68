//! Project definitions: reading, writing and comparing what people configure.
//!
//! A project is defined by a YAML file, by JSON over the API, or on a page; all three arrive here
//! as one [`Value`](fieldpost_model::json::Value) and are read by the same code, so that a mistake is answered alike wherever it
//! is made. Reading reports everything that is wrong at once, each with its place, and refuses
//! keys that nobody reads: a key that is silently ignored is a setting that silently does nothing.
//!
//! - [`yaml`] turns text into a value and back, and fills in `${NAME}`;
//! - `project`, `source`, `connection`, `forwarder`, `workflow` read and write one noun each, with
//!   `settings` for the project's own keys, `access` for who may come in, and `address`, `authentication`, `token`, `preset` and `tls` for
//!   the parts of a connection; `form` and `people` read and write what the hub asks itself, and who takes part;
//! - `later` lists what the project file promises and this version does not do yet;
//! - `keep` puts stored secrets back where a definition shows only their placeholder;
//! - `compare` tells what applying a definition would change.
//!
//! What is read is a draft: a source's secret and id may be left to the hub to make. With those
//! made ([`SourceDraft::complete`]) it is a definition, and what is written from a definition reads
//! back as the same definition.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::connection::Connection;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::person::{Role, User};
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::secret::Secret;
use fieldpost_model::source::{
    Dedupe, Dialect, OnBadBody, ReceiverAccess, SenderAuthentication, Source,
};
use fieldpost_model::workflow::Workflow;
use uuid::Uuid;

mod access;
mod address;
mod authentication;
mod compare;
mod conditions;
mod connection;
mod credential;
mod fetching;
mod fields;
pub mod form;
mod forwarder;
mod headers;
mod keep;
mod later;
mod lifecycles;
mod mistakes;
pub mod people;
mod position;
mod preset;
mod problem;
mod project;
mod settings;
mod source;
mod tls;
mod token;
mod unread;
mod warnings;
mod workflow;
mod write;
pub mod yaml;

#[cfg(test)]
mod tests;

pub use access::{access_problems, keep_api_access, sources_without_key};
pub use address::is_database;
pub use compare::{Change, ChangeAction, ChangeKind, Detail, compare};
pub use connection::{read_connection, write_connection};
pub use fetching::{fetching_problems, fetching_problems_of};
pub use forwarder::{
    formats_of, read_forwarder, unfit_format, unknown_references, write_forwarder,
};
pub use keep::{
    keep_connection_secrets, keep_forwarder_secrets, keep_secrets, keep_settings_secrets,
    keep_source_secrets, secrets_led_elsewhere,
};
pub use mistakes::{add_found, looked_over, mistakes};
pub use position::in_order;
pub use preset::{LoginPreset, OauthPreset};
pub use problem::{CODES, Problem};
pub use project::{dangling_references, is_name, keep_pauses, read_project, write_project};
pub use settings::{read_settings, write_settings};
pub use source::{read_source, write_source};
pub use tls::{MAX_PEM_BYTES, certificates_in_short, put_files, with_short_certificates};
pub use warnings::{connection_warnings, warnings};
pub use workflow::{
    put_jobs, read_workflow, trigger_formats, workflow_references, workflow_warnings,
    write_workflow,
};
pub use write::Secrets;

/// A project as the hub holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectDefinition {
    /// Its key everywhere.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its ways in.
    pub sources: Vec<Source>,
    /// The remote APIs it knows.
    pub connections: Vec<Connection>,
    /// What several people may do in its forms.
    pub roles: Vec<Role>,
    /// Who takes part in what its forms set going.
    pub users: Vec<User>,
    /// What it asks itself, and what becomes of it.
    pub forms: Vec<Arc<FormDefinition>>,
    /// Its standing orders.
    pub forwarders: Vec<Forwarder>,
    /// What it does with what happens, step by step.
    pub workflows: Vec<Workflow>,
    /// What it settles for all of these.
    pub settings: ProjectSettings,
}

/// A project as somebody wrote it: valid, but with room for what the hub makes itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectDraft {
    /// Its key everywhere.
    pub name: String,
    /// What people call it; the name, unless given.
    pub title: String,
    /// Its ways in.
    pub sources: Vec<SourceDraft>,
    /// The remote APIs it knows.
    pub connections: Vec<Connection>,
    /// What several people may do in its forms.
    pub roles: Vec<Role>,
    /// Who takes part in what its forms set going.
    pub users: Vec<User>,
    /// What it asks itself, and what becomes of it.
    pub forms: Vec<Arc<FormDefinition>>,
    /// Its standing orders.
    pub forwarders: Vec<Forwarder>,
    /// What it does with what happens, step by step.
    pub workflows: Vec<Workflow>,
    /// What it settles for all of these.
    pub settings: ProjectSettings,
    /// Of what it is not said whether it is paused: that stays as it is.
    pub pause_unsaid: PauseUnsaid,
}

/// What a project file does not say to be paused or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PauseUnsaid {
    /// The project itself.
    pub project: bool,
    /// These connections.
    pub connections: Vec<String>,
    /// These forwarders.
    pub forwarders: Vec<String>,
    /// These workflows.
    pub workflows: Vec<String>,
}

/// A source as somebody wrote it. The fields are those of [`Source`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDraft {
    /// The name within the project.
    pub name: String,
    /// What its messages are written in.
    pub dialect: Dialect,
    /// The last part of its inbox URL; `None` keeps the one it has, or has one made.
    pub secret: Option<Secret>,
    /// The last part of its webhook URL; `None` keeps the one it has, or has one made.
    pub id: Option<Uuid>,
    /// A second webhook URL.
    pub path: Option<String>,
    /// Whether the webhook URL takes messages.
    pub enabled: bool,
    /// When a message counts as a duplicate.
    pub dedupe: Dedupe,
    /// The answer to an unreadable body.
    pub on_bad_body: OnBadBody,
    /// Who may post to the webhook URL.
    pub authentication: Vec<SenderAuthentication>,
    /// Who may post to the receiver paths.
    pub access: Option<ReceiverAccess>,
    /// The longest that nothing comes in before somebody is told.
    pub expect_every: Option<Duration>,
    /// The connection by which linked files are fetched.
    pub fetch_files: Option<String>,
    /// The form that its submissions are of.
    pub form: Option<String>,
    /// Whether the sender is told a public number for each submission.
    pub gives_display_id: bool,
}

impl SourceDraft {
    /// Fills in what the draft leaves open: from the source that is there already, else from
    /// `fresh`, which is called once at most. A source thus keeps its URLs for life, unless
    /// somebody writes others.
    pub fn complete(
        self,
        existing: Option<&Source>,
        fresh: &mut dyn FnMut() -> (Secret, Uuid),
    ) -> Source {
        let secret = self.secret.or_else(|| existing.map(|source| source.secret.clone()));
        let id = self.id.or_else(|| existing.map(|source| source.id));
        let (secret, id) = match (secret, id) {
            (Some(secret), Some(id)) => (secret, id),
            (secret, id) => {
                let (fresh_secret, fresh_id) = fresh();
                (secret.unwrap_or(fresh_secret), id.unwrap_or(fresh_id))
            }
        };
        Source {
            name: self.name,
            dialect: self.dialect,
            secret,
            id,
            path: self.path,
            enabled: self.enabled,
            dedupe: self.dedupe,
            on_bad_body: self.on_bad_body,
            authentication: self.authentication,
            access: self.access,
            expect_every: self.expect_every,
            fetch_files: self.fetch_files,
            form: self.form,
            gives_display_id: self.gives_display_id,
        }
    }
}

impl From<&Source> for SourceDraft {
    fn from(source: &Source) -> Self {
        Self {
            name: source.name.clone(),
            dialect: source.dialect,
            secret: Some(source.secret.clone()),
            id: Some(source.id),
            path: source.path.clone(),
            enabled: source.enabled,
            dedupe: source.dedupe,
            on_bad_body: source.on_bad_body,
            authentication: source.authentication.clone(),
            access: source.access.clone(),
            expect_every: source.expect_every,
            fetch_files: source.fetch_files.clone(),
            form: source.form.clone(),
            gives_display_id: source.gives_display_id,
        }
    }
}
