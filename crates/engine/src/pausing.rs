//! Pausing and resuming: a forwarder, a connection or a whole project.
//!
//! Whatever is paused, messages are taken in and deliveries are made; they wait. Resuming sends
//! what waited at once, however the pause ended: by the action, or because a definition without it
//! was applied.

use fieldpost_model::connection::Connection;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::project::ProjectSettings;
use fieldpost_rules::definition::ProjectDefinition;

use crate::configuration::{store_connection, store_forwarder, store_settings};
use crate::error::HubError;
use crate::hub::Hub;

impl Hub {
    /// Pauses or resumes a forwarder. Resuming sends what waited at once.
    pub async fn set_paused(
        &self,
        project: &str,
        forwarder: &str,
        paused: bool,
    ) -> Result<(), HubError> {
        self.change(project, |current| {
            let found = current.forwarders.iter().find(|other| other.name == forwarder);
            let found = found.ok_or_else(|| HubError::not_found("forwarder", &forwarder))?;
            if found.paused == paused {
                return Ok(Vec::new());
            }
            Ok(vec![store_forwarder(&Forwarder { paused, ..found.clone() })])
        })
        .await?;
        if !paused && let Some(resumed) = self.project(project).await?.forwarder(forwarder) {
            self.unpark(project, resumed).await?;
        }
        Ok(())
    }

    /// Pauses or resumes a connection: all that forwarders send to it. Resuming sends what waited
    /// at once.
    pub async fn set_connection_paused(
        &self,
        project: &str,
        connection: &str,
        paused: bool,
    ) -> Result<(), HubError> {
        self.change(project, |current| {
            let found = current.connections.iter().find(|other| other.name == connection);
            let found = found.ok_or_else(|| HubError::not_found("connection", &connection))?;
            if found.paused == paused {
                return Ok(Vec::new());
            }
            Ok(vec![store_connection(&Connection { paused, ..found.clone() })])
        })
        .await
    }

    /// Pauses or resumes a project: everything that it sends. Resuming sends what waited at once,
    /// but for what a connection or a forwarder of its own holds back.
    pub async fn set_project_paused(&self, project: &str, paused: bool) -> Result<(), HubError> {
        self.change(project, |current| {
            if current.settings.paused == paused {
                return Ok(Vec::new());
            }
            let settings = ProjectSettings { paused, ..current.settings.clone() };
            Ok(vec![store_settings(project, &settings)])
        })
        .await
    }

    /// Sends what waited for connections that were held back, and are not any more.
    pub(crate) async fn send_resumed(&self, before: &ProjectDefinition) -> Result<(), HubError> {
        let now = self.project(&before.name).await?;
        self.send_waiting(&before.name, resumed(before, &now.definition)).await
    }
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
