//! Pausing and resuming: a forwarder, a workflow, a connection or a whole project.
//!
//! Whatever is paused, messages are taken in and deliveries are made; they wait. Since when, by whom
//! and why is kept with the pause, for those who come later and wonder. Resuming sends what waited at
//! once, however the pause ended: by the action, or because a definition without it was applied.

use fieldpost_model::connection::Connection;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{DefinitionChange, DefinitionKind, Pause};

use crate::asked::Asked;
use crate::configuration::Saved;
use crate::error::HubError;
use crate::hub::Hub;
use crate::storing::Storing;

impl Hub {
    /// Pauses or resumes a forwarder. Resuming sends what waited at once.
    pub async fn set_paused(
        &self,
        project: &str,
        forwarder: &str,
        paused: bool,
        asked: &Asked,
    ) -> Result<(), HubError> {
        let pause = self.pause_begun(asked);
        self.change_saved(project, |saved| {
            let before = &saved.definition;
            let found = before.forwarders.iter().find(|other| other.name == forwarder);
            let found = found.ok_or_else(|| HubError::not_found("forwarder", &forwarder))?;
            if found.paused == paused {
                return Ok(told_again(saved, DefinitionKind::Forwarder, forwarder, paused, &pause));
            }
            let storing = Storing { before, pause: pause.clone() };
            Ok(storing.forwarder(&Forwarder { paused, ..found.clone() }))
        })
        .await?;
        if !paused && let Some(resumed) = self.project(project).await?.forwarder(forwarder) {
            self.unpark(project, resumed).await?;
        }
        Ok(())
    }

    /// Pauses or resumes a workflow. Its runs are made all the same; they wait.
    pub async fn set_workflow_paused(
        &self,
        project: &str,
        workflow: &str,
        paused: bool,
        asked: &Asked,
    ) -> Result<(), HubError> {
        let pause = self.pause_begun(asked);
        self.change_saved(project, |saved| {
            let before = &saved.definition;
            let found = before.workflows.iter().find(|other| other.name == workflow);
            let found = found.ok_or_else(|| HubError::not_found("workflow", &workflow))?;
            if found.paused == paused {
                return Ok(told_again(saved, DefinitionKind::Workflow, workflow, paused, &pause));
            }
            let storing = Storing { before, pause: pause.clone() };
            Ok(storing.workflow(&Workflow { paused, ..found.clone() }))
        })
        .await
    }

    /// Pauses or resumes a connection: all that forwarders send to it. Resuming sends what waited
    /// at once.
    pub async fn set_connection_paused(
        &self,
        project: &str,
        connection: &str,
        paused: bool,
        asked: &Asked,
    ) -> Result<(), HubError> {
        let pause = self.pause_begun(asked);
        self.change_saved(project, |saved| {
            let before = &saved.definition;
            let found = before.connections.iter().find(|other| other.name == connection);
            let found = found.ok_or_else(|| HubError::not_found("connection", &connection))?;
            if found.paused == paused {
                let kind = DefinitionKind::Connection;
                return Ok(told_again(saved, kind, connection, paused, &pause));
            }
            let storing = Storing { before, pause: pause.clone() };
            Ok(storing.connection(&Connection { paused, ..found.clone() }))
        })
        .await
    }

    /// Pauses or resumes a project: everything that it sends. Resuming sends what waited at once,
    /// but for what a connection or a forwarder of its own holds back.
    pub async fn set_project_paused(
        &self,
        project: &str,
        paused: bool,
        asked: &Asked,
    ) -> Result<(), HubError> {
        let pause = self.pause_begun(asked);
        self.change_saved(project, |saved| {
            let before = &saved.definition;
            if before.settings.paused == paused {
                return Ok(told_again(saved, DefinitionKind::Project, project, paused, &pause));
            }
            let storing = Storing { before, pause: pause.clone() };
            Ok(storing.settings(&ProjectSettings { paused, ..before.settings.clone() }))
        })
        .await
    }

    /// What is kept of a pause that begins now.
    pub(crate) fn pause_begun(&self, asked: &Asked) -> Pause {
        Pause { since: self.now(), by: asked.by.clone(), reason: asked.reason.clone() }
    }

    /// Sends what waited for connections that were held back, and are not any more.
    pub(crate) async fn send_resumed(&self, before: &ProjectDefinition) -> Result<(), HubError> {
        let now = self.project(&before.name).await?;
        self.send_waiting(&before.name, resumed(before, &now.definition)).await
    }
}

/// What it changes to pause what is paused already: a reason that is given now takes the place of the
/// one before, or of none.
fn told_again(
    saved: &Saved,
    kind: DefinitionKind,
    name: &str,
    paused: bool,
    pause: &Pause,
) -> Vec<DefinitionChange> {
    if !paused || pause.reason.is_none() {
        return Vec::new();
    }
    let since = saved.pause(kind, name).map_or(pause.since, |before| before.since);
    let pause = Pause { since, ..pause.clone() };
    vec![DefinitionChange::Pause(kind, name.to_owned(), Some(pause))]
}

/// The connections that were held back, and are not any more.
fn resumed<'n>(before: &ProjectDefinition, now: &'n ProjectDefinition) -> Vec<&'n str> {
    now.connections
        .iter()
        .filter(|connection| {
            let was = before.connections.iter().find(|other| other.name == connection.name);
            was.is_some_and(|was| is_held(before, was)) && !is_held(now, connection)
        })
        .map(|connection| connection.name.as_str())
        .collect()
}

/// Whether a connection is not called because somebody paused it, or the project.
fn is_held(project: &ProjectDefinition, connection: &Connection) -> bool {
    project.settings.paused || connection.paused
}
