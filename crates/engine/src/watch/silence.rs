//! Silence: what always came has stopped coming.
//!
//! When a source was last heard is asked of the store, at the time when it would be silent if
//! nothing had come; so a busy source costs nothing, and a restart forgets nothing. The time in
//! which no hub was there to take anything in does not count. A source that
//! never got anything is silent when nothing came for that long since it was told to expect
//! something.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::incident::{Incident, IncidentKind, IncidentState, Sighting};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::incident::is_silent;
use fieldpost_store::{Expectation, OpenIncident, StoreError};

use super::presence::Presence;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::watch::words::EndedBy;

type SourceKey = (ProjectName, String);

/// When each source is to be looked at again.
#[derive(Default)]
pub(super) struct Silence {
    look_at: HashMap<SourceKey, Timestamp>,
    presence: Presence,
}

impl Silence {
    /// Looks at the sources that may be silent by now, and at those that are.
    pub(super) async fn listen(
        &mut self,
        hub: &Hub,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let present = hub.store().present().await?;
        self.presence.keep(hub, present).await?;
        let expected = hub.keep_expectations().await?;
        if expected.is_empty() {
            self.look_at.clear();
            return Ok(());
        }
        self.look_at.retain(|key, _| expected.iter().any(|(it, _)| is_about(it, key)));
        for (expectation, project) in expected {
            let lasting = open.iter().find(|open| {
                open.incident.kind == IncidentKind::Silence
                    && open.project == expectation.project
                    && open.incident.subject == expectation.source
            });
            let key = (expectation.project.clone(), expectation.source.clone());
            let due = self.look_at.get(&key).is_none_or(|at| *at <= present);
            if !due && lasting.is_none() {
                continue;
            }
            let last = hub.store().last_received(&key.0, &key.1).await?;
            let heard_at = last.map_or(expectation.since, |last| last.max(expectation.since));
            self.look_at.insert(key, heard_at + expectation.every);
            match (is_silent(expectation.every, heard_at, present), lasting) {
                (true, None) => hub.open_silence(&project, &expectation.source, last).await?,
                (false, Some(open)) => {
                    hub.recover(&project, &open.incident, EndedBy::Itself).await?;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        Ok(())
    }
}

fn is_about(expectation: &Expectation, (project, source): &SourceKey) -> bool {
    expectation.project == *project && expectation.source == *source
}

impl Hub {
    /// What is expected by the present definitions, with since when; the store is made to agree.
    async fn keep_expectations(
        &self,
    ) -> Result<Vec<(Expectation, Arc<ProjectRouting>)>, StoreError> {
        let kept = self.store().expectations().await?;
        let routing = self.routing();
        let mut missing = Vec::new();
        for project in routing.projects() {
            for source in &project.definition.sources {
                let Some(every) = source.expect_every.filter(|_| source.enabled) else { continue };
                let is_kept = kept.iter().any(|it| {
                    it.project == project.project && it.source == source.name && it.every == every
                });
                if !is_kept {
                    missing.push((project.project.clone(), source.name.clone(), every));
                }
            }
        }
        for (project, source, every) in &missing {
            self.store().expect(project, source, *every).await?;
        }
        let kept = if missing.is_empty() { kept } else { self.store().expectations().await? };
        let mut expected = Vec::with_capacity(kept.len());
        for expectation in kept {
            if let Some(project) = self.expecting(&expectation).await? {
                expected.push((expectation, project));
            } else {
                let Expectation { project, source, .. } = &expectation;
                self.store().expect_nothing(project, source).await?;
            }
        }
        Ok(expected)
    }

    /// The project that expects this; `None` where none does any more, also after a fresh look.
    async fn expecting(
        &self,
        expectation: &Expectation,
    ) -> Result<Option<Arc<ProjectRouting>>, StoreError> {
        let look = |hub: &Self| {
            let project = hub.routing().project(&expectation.project).cloned()?;
            let source = project.source(&expectation.source)?;
            (source.enabled && source.expect_every.is_some()).then_some(project)
        };
        if let Some(found) = look(self) {
            return Ok(Some(found));
        }
        self.refresh().await?;
        Ok(look(self))
    }

    async fn open_silence(
        &self,
        project: &ProjectRouting,
        source: &str,
        last: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let incident = Incident {
            id: new_id(self.now()),
            kind: IncidentKind::Silence,
            subject: source.to_owned(),
            state: IncidentState::Open,
            opened_at: self.now(),
            recovered_at: None,
            failures: 0,
            given_up: 0,
            last: last.map(|at| Sighting {
                at,
                error: None,
                status: None,
                url: None,
                sample: None,
            }),
            reminded_at: None,
            unsteady: false,
            success_at: None,
        };
        if self.open_incident(project, &incident, Duration::ZERO).await? {
            tracing::warn!(project = &*project.project, source, "nothing comes in from `{source}`");
        }
        Ok(())
    }
}
