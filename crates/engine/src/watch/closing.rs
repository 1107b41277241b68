//! Closing: incidents that end because of what a person does.
//!
//! An incident ends with the next success. Where nothing is left to be sent there is none, and
//! people would be reminded of it for ever. So a test of the connection that goes well ends it as
//! well, and a person can close it.

use fieldpost_model::incident::{Incident, IncidentKind, IncidentState};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::watch::words::EndedBy;

impl Hub {
    /// Closes an incident that lasts: those who were told that it began are told so. A source that
    /// is silent counts from now on.
    pub async fn close_incident(&self, project: &str, id: Uuid) -> Result<Incident, HubError> {
        let routing = self.project(project).await?;
        let found = self.store().incident(project, id).await?;
        let incident = found.ok_or_else(|| HubError::not_found("incident", &id))?;
        if incident.state == IncidentState::Open {
            if incident.kind == IncidentKind::Silence {
                let present = self.store().present().await?;
                self.store().expect_since(project, &incident.subject, present).await?;
            }
            self.recover(&routing, &incident, EndedBy::Person).await?;
        }
        let now = self.store().incident(project, id).await?;
        now.ok_or_else(|| HubError::not_found("incident", &id))
    }

    /// Ends the trouble with a connection that was tested and works, unless something waits for it:
    /// then the next try says more.
    pub(crate) async fn seen_working(&self, project: &str, name: &str) -> Result<(), HubError> {
        let (waiting, _) = self.store().lane_waiting(project, name, 1).await?;
        if waiting > 0 {
            return Ok(());
        }
        let routing = self.project(project).await?;
        for open in self.store().open_incidents().await? {
            let incident = &open.incident;
            let is_about = *open.project == *project && incident.subject == name;
            if is_about && incident.kind == IncidentKind::Connection {
                self.recover(&routing, incident, EndedBy::Itself).await?;
            }
        }
        Ok(())
    }
}
