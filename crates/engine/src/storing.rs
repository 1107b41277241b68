//! The stored form of definitions: their text, the keys that lead to a source, and since when, by whom
//! and why what is paused is so.
//!
//! A pause begins and ends with a change of the definition that says it, whoever makes it: by the
//! action, by a page, or by a project file. So it is kept here, where all of these meet.

use std::collections::HashSet;

use fieldpost_model::connection::Connection;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::person::{Role, User};
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::source::Source;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::form::write_form;
use fieldpost_rules::definition::people::{write_role, write_user};
use fieldpost_rules::definition::{
    Change, ChangeAction, ChangeKind, ProjectDefinition, ProjectDraft, Secrets, SourceDraft,
    write_connection, write_forwarder, write_settings, write_source, write_workflow,
};
use fieldpost_store::{DefinitionChange, DefinitionKind, Pause};
use sha2::{Digest, Sha256};

use crate::ids::new_source_keys;

/// What a change begins with.
#[derive(Clone, Debug)]
pub(crate) struct Storing<'b> {
    /// The definitions as they are.
    pub(crate) before: &'b ProjectDefinition,
    /// What is kept of a pause that the change begins.
    pub(crate) pause: Pause,
}

impl Storing<'_> {
    /// A source, and the keys by which requests find it: no other source may have one of these.
    pub(crate) fn source(&self, draft: SourceDraft) -> [DefinitionChange; 2] {
        let stored: Option<&Source> =
            self.before.sources.iter().find(|other| other.name == draft.name);
        let source = draft.complete(stored, &mut new_source_keys);
        let text = write_source(&source, Secrets::Shown).to_json();
        let digest = |key: String| -> [u8; 32] { Sha256::digest(key.as_bytes()).into() };
        let mut keys = vec![
            digest(format!("inbox {}", source.secret.expose())),
            digest(format!("webhook {}", source.id)),
        ];
        let project = &self.before.name;
        keys.extend(source.path.as_ref().map(|path| digest(format!("path {project} {path}"))));
        [
            DefinitionChange::Set(DefinitionKind::Source, source.name.clone(), text),
            DefinitionChange::SourceKeys { source: source.name, keys },
        ]
    }

    pub(crate) fn connection(&self, connection: &Connection) -> Vec<DefinitionChange> {
        let text = write_connection(connection, Secrets::Shown).to_json();
        let before = self.before.connections.iter().find(|other| other.name == connection.name);
        let paused = (before.is_some_and(|it| it.paused), connection.paused);
        self.stored(DefinitionKind::Connection, &connection.name, text, paused)
    }

    pub(crate) fn forwarder(&self, forwarder: &Forwarder) -> Vec<DefinitionChange> {
        let text = write_forwarder(forwarder, Secrets::Shown).to_json();
        let before = self.before.forwarders.iter().find(|other| other.name == forwarder.name);
        let paused = (before.is_some_and(|it| it.paused), forwarder.paused);
        self.stored(DefinitionKind::Forwarder, &forwarder.name, text, paused)
    }

    pub(crate) fn workflow(&self, workflow: &Workflow) -> Vec<DefinitionChange> {
        let text = write_workflow(workflow, Secrets::Shown).to_json();
        let before = self.before.workflows.iter().find(|other| other.name == workflow.name);
        let paused = (before.is_some_and(|it| it.paused), workflow.paused);
        self.stored(DefinitionKind::Workflow, &workflow.name, text, paused)
    }

    /// Roles, people and forms cannot be paused.
    pub(crate) fn role(role: &Role) -> DefinitionChange {
        let text = write_role(role).to_json();
        DefinitionChange::Set(DefinitionKind::Role, role.id.clone(), text)
    }

    pub(crate) fn user(user: &User) -> DefinitionChange {
        let text = write_user(user).to_json();
        DefinitionChange::Set(DefinitionKind::User, user.id.clone(), text)
    }

    pub(crate) fn form(form: &FormDefinition) -> DefinitionChange {
        let text = write_form(form).to_json();
        DefinitionChange::Set(DefinitionKind::Form, form.name.clone(), text)
    }

    pub(crate) fn settings(&self, settings: &ProjectSettings) -> Vec<DefinitionChange> {
        let text = write_settings(settings, Secrets::Shown).to_json();
        let paused = (self.before.settings.paused, settings.paused);
        self.stored(DefinitionKind::Project, &self.before.name, text, paused)
    }

    fn stored(
        &self,
        kind: DefinitionKind,
        name: &str,
        text: String,
        (was_paused, is_paused): (bool, bool),
    ) -> Vec<DefinitionChange> {
        let mut changes = vec![DefinitionChange::Set(kind, name.to_owned(), text)];
        if was_paused != is_paused {
            let pause = is_paused.then(|| self.pause.clone());
            changes.push(DefinitionChange::Pause(kind, name.to_owned(), pause));
        }
        changes
    }
}

/// The stored form of what a comparison found.
pub(crate) fn stored_changes(
    changes: &[Change],
    draft: ProjectDraft,
    storing: &Storing<'_>,
) -> Vec<DefinitionChange> {
    let touched: HashSet<(ChangeKind, &str)> = changes
        .iter()
        .filter(|change| change.action != ChangeAction::Removed)
        .map(|change| (change.kind, &*change.name))
        .collect();
    let mut stored = Vec::new();
    if draft.title != storing.before.title {
        stored.push(DefinitionChange::Title(draft.title.clone()));
    }
    if draft.settings != storing.before.settings {
        stored.extend(storing.settings(&draft.settings));
    }
    let is_touched = |kind: ChangeKind, name: &str| touched.contains(&(kind, name));
    let roles = draft.roles.iter().filter(|it| is_touched(ChangeKind::Role, &it.id));
    stored.extend(roles.map(Storing::role));
    let users = draft.users.iter().filter(|it| is_touched(ChangeKind::User, &it.id));
    stored.extend(users.map(Storing::user));
    let forms = draft.forms.iter().filter(|it| is_touched(ChangeKind::Form, &it.name));
    stored.extend(forms.map(|form| Storing::form(form)));
    for connection in &draft.connections {
        if touched.contains(&(ChangeKind::Connection, &*connection.name)) {
            stored.extend(storing.connection(connection));
        }
    }
    for forwarder in &draft.forwarders {
        if touched.contains(&(ChangeKind::Forwarder, &*forwarder.name)) {
            stored.extend(storing.forwarder(forwarder));
        }
    }
    for workflow in &draft.workflows {
        if touched.contains(&(ChangeKind::Workflow, &*workflow.name)) {
            stored.extend(storing.workflow(workflow));
        }
    }
    for source in draft.sources {
        if touched.contains(&(ChangeKind::Source, &*source.name)) {
            stored.extend(storing.source(source));
        }
    }
    for change in changes.iter().filter(|change| change.action == ChangeAction::Removed) {
        let kind = match change.kind {
            ChangeKind::Connection => DefinitionKind::Connection,
            ChangeKind::Source => DefinitionKind::Source,
            ChangeKind::Forwarder => DefinitionKind::Forwarder,
            ChangeKind::Workflow => DefinitionKind::Workflow,
            ChangeKind::Role => DefinitionKind::Role,
            ChangeKind::User => DefinitionKind::User,
            ChangeKind::Form => DefinitionKind::Form,
            ChangeKind::Project => continue,
        };
        stored.push(DefinitionChange::Remove(kind, change.name.clone()));
    }
    stored
}
