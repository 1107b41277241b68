//! Destinations: from attempts to incidents.
//!
//! Every recorded attempt is counted here, in memory, so that the way of a delivery never waits for
//! it. The loop carries what was counted to the store: it opens an incident, counts on while it
//! lasts, and ends it. Other hubs' incidents are learnt from the store, since a success that this
//! hub sees may end an incident that another one opened.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::attempt::{Attempt, ErrorKind};
use fieldpost_model::connection::IncidentPolicy;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::{
    Incident, IncidentKind, IncidentState, NoticeKind, Sample, Sighting,
};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::incident::{Sign, Window, is_reminder_due, is_trouble, sign};
use fieldpost_store::{Lane, NewIncident, NewNotice, NewRun, OpenIncident, StoreError};

use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::watch::topic::Topic;
use crate::watch::words::{About, EndedBy, MOST_COUNTED, Telling};

/// The longest error that is kept with an incident, in characters.
const LONGEST_ERROR: usize = 2_000;

/// An attempt that was made and recorded.
pub(crate) struct AttemptSeen<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) state: DeliveryState,
    pub(crate) attempt: &'a Attempt,
    pub(crate) last_error: Option<&'a str>,
    pub(crate) sample: Sample,
    /// Whether its forwarder was paused for it: nobody is at home any more.
    pub(crate) pauses_forwarder: bool,
}

/// What this hub knows of one destination.
pub(super) struct Destination {
    window: Window,
    /// Since when this hub knows of an incident that lasts, or is about to be opened: what was sent
    /// before says nothing about its end.
    trouble_since: Option<Timestamp>,
    seen: Seen,
}

/// What was seen since the loop last looked.
#[derive(Default)]
struct Seen {
    /// Failures that led to an incident which is to be opened.
    opens: Option<u64>,
    failures: u64,
    given_up: u64,
    last: Option<Sighting>,
    worked: bool,
}

impl Seen {
    fn is_nothing(&self) -> bool {
        self.opens.is_none() && !self.worked && self.failures + self.given_up == 0
    }

    /// Puts back what could not be written, before what was seen since.
    fn put_back(&mut self, earlier: Self) {
        self.opens = self.opens.or(earlier.opens);
        self.failures += earlier.failures;
        self.given_up += earlier.given_up;
        self.last = self.last.take().or(earlier.last);
        self.worked |= earlier.worked;
    }
}

impl Destination {
    pub(super) fn new(policy: &IncidentPolicy) -> Self {
        Self { window: Window::new(policy.window), trouble_since: None, seen: Seen::default() }
    }

    /// Counts an attempt; the answer is whether the loop is to look at once.
    pub(super) fn count(
        &mut self,
        policy: &IncidentPolicy,
        attempt: &AttemptSeen<'_>,
        now: Timestamp,
    ) -> bool {
        if self.window.length() != policy.window {
            self.window = Window::new(policy.window);
        }
        let interrupted =
            matches!(&attempt.attempt.error, Some(error) if error.kind == ErrorKind::Interrupted);
        let status = attempt.attempt.response.as_ref().map(|response| response.status);
        match sign(attempt.state, status) {
            _ if interrupted => false,
            Sign::Nothing => self.ended(attempt),
            Sign::Refusal => {
                self.window.count(now, false);
                self.ended(attempt)
            }
            Sign::Well => {
                self.window.count(now, false);
                let ends =
                    self.trouble_since.is_some_and(|since| attempt.attempt.started_at >= since);
                self.seen.worked |= ends;
                ends
            }
            Sign::Trouble => self.failed(policy, attempt, status, now),
        }
    }

    fn failed(
        &mut self,
        policy: &IncidentPolicy,
        attempt: &AttemptSeen<'_>,
        status: Option<u16>,
        now: Timestamp,
    ) -> bool {
        self.window.count(now, true);
        self.seen.last = Some(sighting(attempt, status, now));
        let ended = self.ended(attempt);
        let gave_up = attempt.state == DeliveryState::Cancelled;
        if self.trouble_since.is_some() {
            self.seen.failures += 1;
            return ended;
        }
        let tally = self.window.tally(now);
        if gave_up || attempt.pauses_forwarder || is_trouble(policy, tally) {
            self.trouble_since = Some(now);
            self.seen.opens = Some(tally.failed);
            self.seen.failures = 0;
            return true;
        }
        ended
    }

    /// Whether the delivery ended without having arrived. The store has noted it; the loop is to look.
    fn ended(&mut self, attempt: &AttemptSeen<'_>) -> bool {
        match attempt.state {
            DeliveryState::Cancelled => self.seen.given_up += 1,
            DeliveryState::Rejected | DeliveryState::Broken => {}
            _ => return false,
        }
        true
    }

    /// It is over: what was counted before counts no more.
    fn recover(&mut self) {
        self.trouble_since = None;
        self.window.clear();
        self.seen.worked = false;
    }
}

/// Whether people were told that an incident began: where it began soon after the one before, they
/// are told only when it lasts.
fn is_told(incident: &Incident) -> bool {
    !incident.unsteady || incident.reminded_at.is_some()
}

fn sighting(attempt: &AttemptSeen<'_>, status: Option<u16>, now: Timestamp) -> Sighting {
    let error = attempt.attempt.error.as_ref().map(|error| error.message.as_str());
    Sighting {
        at: now,
        error: error.or(attempt.last_error).map(bounded),
        status,
        url: attempt.attempt.request.as_ref().map(|request| request.url.clone()),
        sample: Some(attempt.sample.clone()),
    }
}

pub(super) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_ERROR).collect()
}

/// Takes what was seen, and learns which incidents last.
fn take_seen(
    known: &mut HashMap<Lane, Destination>,
    open: &HashMap<Lane, &OpenIncident>,
    now: Timestamp,
    policy_of: impl Fn(&Lane) -> Option<IncidentPolicy>,
) -> Vec<(Lane, Seen)> {
    known.retain(|lane, _| policy_of(lane).is_some());
    for lane in open.keys() {
        let Some(policy) = policy_of(lane) else { continue };
        let destination = known.entry(lane.clone()).or_insert_with(|| Destination::new(&policy));
        destination.trouble_since.get_or_insert(now);
    }
    let mut taken = Vec::new();
    for (lane, destination) in known {
        let is_to_be_opened = destination.seen.opens.is_some();
        if destination.trouble_since.is_some() && !is_to_be_opened && !open.contains_key(lane) {
            // Another hub has seen it work.
            destination.recover();
            destination.seen.failures = 0;
        }
        if !destination.seen.is_nothing() {
            taken.push((lane.clone(), std::mem::take(&mut destination.seen)));
        }
    }
    taken
}

impl Hub {
    /// Carries what was seen to the store.
    pub(super) async fn settle_destinations(
        &self,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let routing = self.routing();
        let open: HashMap<Lane, &OpenIncident> = open
            .iter()
            .filter(|open| open.incident.kind == IncidentKind::Connection)
            .map(|open| {
                let name = open.incident.subject.clone();
                (Lane { project: open.project.clone(), name }, open)
            })
            .collect();
        let taken = take_seen(&mut self.watch().destinations(), &open, self.now(), |lane| {
            let project = routing.project(&lane.project)?;
            project.connections.get(&lane.name).map(|lane| lane.connection.incident)
        });
        let mut failed = None;
        for (lane, seen) in taken {
            let Some(project) = routing.project(&lane.project) else { continue };
            let lasting = open.get(&lane).copied();
            if let Err((error, seen)) = self.settle(project, &lane, lasting, seen).await {
                if let Some(destination) = self.watch().destinations().get_mut(&lane) {
                    destination.seen.put_back(seen);
                }
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Writes what was seen of one destination. What could not be written comes back.
    async fn settle(
        &self,
        project: &ProjectRouting,
        lane: &Lane,
        lasting: Option<&OpenIncident>,
        mut seen: Seen,
    ) -> Result<(), (StoreError, Seen)> {
        let mut incident = lasting.map(|open| open.incident.clone());
        if incident.is_none()
            && let Some(failures) = seen.opens
        {
            match self.open_for(project, lane, failures, &seen).await {
                Ok(opened) => incident = opened,
                Err(error) => return Err((error, seen)),
            }
            (seen.opens, seen.given_up, seen.last) = (None, 0, None);
        }
        let Some(incident) = incident else { return Ok(()) };
        let counted = self.count_on(project, lane, &incident, &mut seen).await;
        counted.map_err(|error| (error, seen))
    }

    /// Opens an incident. `None`: another hub has opened it, and it is learnt from the store.
    async fn open_for(
        &self,
        project: &ProjectRouting,
        lane: &Lane,
        failures: u64,
        seen: &Seen,
    ) -> Result<Option<Incident>, StoreError> {
        let incident = Incident {
            id: new_id(self.now()),
            kind: IncidentKind::Connection,
            subject: lane.name.clone(),
            state: IncidentState::Open,
            opened_at: self.now(),
            recovered_at: None,
            failures,
            given_up: seen.given_up,
            last: seen.last.clone(),
            reminded_at: None,
            unsteady: false,
            success_at: None,
        };
        let Some(policy) = project.connections.get(&lane.name).map(|lane| lane.connection.incident)
        else {
            return Ok(None);
        };
        if self.open_incident(project, &incident, policy.window).await? {
            tracing::warn!(
                project = &*lane.project,
                connection = lane.name,
                failures,
                "`{}` does not take deliveries",
                lane.name
            );
            return self.store().incident(&lane.project, incident.id).await;
        }
        Ok(None)
    }

    /// Opens an incident with the notices that tell of it.
    pub(super) async fn open_incident(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        unsteady_within: Duration,
    ) -> Result<bool, StoreError> {
        let (new, notices, runs) = self.opening(project, incident, unsteady_within).await?;
        let store = self.store();
        let opened = store.open_incident(&project.project, &new, &notices, &runs).await?;
        self.watch().told(opened);
        Ok(opened)
    }

    /// What is kept with an incident that opens: itself, the notices that tell of it, and the runs that it sets
    /// off.
    pub(super) async fn opening(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        unsteady_within: Duration,
    ) -> Result<(NewIncident, Vec<NewNotice>, Vec<NewRun>), StoreError> {
        // What begins again so soon is told of when it lasts: otherwise every flap would be a mail.
        let (kind, subject) = (incident.kind, &incident.subject);
        let is_unsteady = self
            .store()
            .has_recovered_within(&project.project, kind, subject, unsteady_within)
            .await?;
        let notices = if is_unsteady {
            Vec::new()
        } else {
            self.notices_about(project, incident, NoticeKind::Opened).await?
        };
        let new = NewIncident {
            id: incident.id,
            kind: incident.kind,
            subject: incident.subject.clone(),
            failures: incident.failures,
            given_up: incident.given_up,
            last: incident.last.clone(),
            unsteady_within,
        };
        let runs =
            self.runs_of_incident(project, incident, NoticeKind::Opened, EndedBy::Itself).await?;
        Ok((new, notices, runs))
    }

    /// Counts on, and ends the incident where the destination was seen to work.
    async fn count_on(
        &self,
        project: &ProjectRouting,
        lane: &Lane,
        incident: &Incident,
        seen: &mut Seen,
    ) -> Result<(), StoreError> {
        let last = seen.last.as_ref();
        if seen.failures + seen.given_up > 0 {
            self.store()
                .note_failures(&lane.project, incident.id, seen.failures, seen.given_up, last)
                .await?;
            // What follows may fail, and come back: these are not counted again.
            (seen.failures, seen.given_up, seen.last) = (0, 0, None);
        }
        if !seen.worked {
            return Ok(());
        }
        if incident.unsteady {
            return self.store().note_success(&lane.project, incident.id).await;
        }
        let current = self.store().incident(&lane.project, incident.id).await?;
        let current = current.as_ref().unwrap_or(incident);
        self.recover(project, current, EndedBy::Itself).await.map(drop)
    }

    /// Ends an incident, and tells so those who were told that it began. The answer is whether it
    /// was this call that ended it.
    pub(super) async fn recover(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        ended_by: EndedBy,
    ) -> Result<bool, StoreError> {
        let notices = if is_told(incident) {
            self.notices_of_end(project, incident, ended_by).await?
        } else {
            Vec::new()
        };
        let runs =
            self.runs_of_incident(project, incident, NoticeKind::Recovered, ended_by).await?;
        let store = self.store();
        let ended = store.recover_incident(&project.project, incident.id, &notices, &runs).await?;
        self.watch().told(ended);
        if ended {
            let (project, subject) = (&*project.project, &incident.subject);
            match ended_by {
                EndedBy::Itself => tracing::info!(project, "`{subject}` is well again"),
                EndedBy::Person => {
                    tracing::info!(project, "the trouble with `{subject}` was closed");
                }
            }
        }
        if incident.kind == IncidentKind::Connection {
            let lane = Lane { project: project.project.clone(), name: incident.subject.clone() };
            if let Some(destination) = self.watch().destinations().get_mut(&lane) {
                destination.recover();
            }
        }
        Ok(ended)
    }

    /// Ends what is over by itself, tells of what began again and lasts, and reminds.
    pub(super) async fn go_through_open(&self, open: &[OpenIncident]) -> Result<(), StoreError> {
        if open.is_empty() {
            return Ok(());
        }
        let present = self.store().present().await?;
        for OpenIncident { project, incident } in open {
            let Some((project, every)) = self.reminded(project, incident).await? else {
                // What it was about is no more.
                self.store().recover_incident(project, incident.id, &[], &[]).await?;
                continue;
            };
            let window = project
                .connection_of(incident)
                .map(|connection| connection.incident.window)
                .filter(|_| incident.unsteady);
            if let Some(window) = window
                && incident.recovering_at().is_some()
                && present.since(incident.last_seen_at()) >= window
            {
                self.recover(&project, incident, EndedBy::Itself).await?;
                continue;
            }
            if let (Some(window), false) = (window, is_told(incident)) {
                if present.since(incident.opened_at) >= window {
                    self.tell_again(&project, incident, NoticeKind::Opened).await?;
                }
                continue;
            }
            let told_at = incident.reminded_at.unwrap_or(incident.opened_at);
            if is_reminder_due(every, told_at, present) {
                self.tell_again(&project, incident, NoticeKind::Reminder).await?;
            }
        }
        Ok(())
    }

    /// Tells of an incident that lasts, unless another hub just has.
    async fn tell_again(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        kind: NoticeKind,
    ) -> Result<(), StoreError> {
        let told_at = incident.reminded_at.unwrap_or(incident.opened_at);
        let notices = self.notices_about(project, incident, kind).await?;
        let (store, project) = (self.store(), &project.project);
        let told = store.remind_of_incident(project, incident.id, told_at, &notices).await?;
        self.watch().told(told);
        Ok(())
    }

    /// The project of an incident, and how often people are reminded of it; `None` where what it
    /// is about is no more.
    async fn reminded(
        &self,
        project: &str,
        incident: &Incident,
    ) -> Result<Option<(std::sync::Arc<ProjectRouting>, Duration)>, StoreError> {
        let look = |hub: &Self| {
            let project = hub.routing().project(project).cloned()?;
            let every = match incident.kind {
                IncidentKind::Connection => {
                    let lane = project.connections.get(&incident.subject)?;
                    lane.connection.incident.remind_every
                }
                IncidentKind::Silence => {
                    let source = project.source(&incident.subject)?;
                    source.expect_every.filter(|_| source.enabled)?;
                    IncidentPolicy::default().remind_every
                }
                IncidentKind::Call => project.policy_of_call(&incident.subject)?.remind_every,
            };
            Some((project, every))
        };
        if let Some(found) = look(self) {
            return Ok(Some(found));
        }
        // Another hub may have saved it a moment ago.
        self.refresh().await?;
        Ok(look(self))
    }

    async fn notices_about(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        kind: NoticeKind,
    ) -> Result<Vec<NewNotice>, StoreError> {
        self.notices_on(project, incident, kind, EndedBy::Itself).await
    }

    async fn notices_of_end(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        ended_by: EndedBy,
    ) -> Result<Vec<NewNotice>, StoreError> {
        self.notices_on(project, incident, NoticeKind::Recovered, ended_by).await
    }

    async fn notices_on(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        kind: NoticeKind,
        ended_by: EndedBy,
    ) -> Result<Vec<NewNotice>, StoreError> {
        let (topic, telling) = self.telling(project, incident, kind, ended_by).await?;
        let recipients = topic.recipients(project);
        self.notices(project, &topic, recipients, kind, Some(incident.id), telling).await
    }

    /// What is told of an incident, and whom it concerns.
    pub(super) async fn telling(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        kind: NoticeKind,
        ended_by: EndedBy,
    ) -> Result<(Topic, Telling), StoreError> {
        let (topic, waiting) = match incident.kind {
            IncidentKind::Connection => {
                let name = &incident.subject;
                let (count, next) =
                    self.store().lane_waiting(&project.project, name, MOST_COUNTED).await?;
                let next = next.and_then(|next| self.next_look(project, name, next));
                (Topic::Connection(name.clone()), (count, next))
            }
            IncidentKind::Silence => (Topic::Source(incident.subject.clone()), (0, None)),
            IncidentKind::Call => {
                let name = project.connection_of(incident).map(|it| it.name.clone());
                (Topic::Connection(name.unwrap_or_default()), (0, None))
            }
        };
        let now = self.now();
        Ok((topic, About { project, incident, waiting, ended_by, now }.tell(kind)))
    }

    /// When a connection is tried next of which something is due at `due`: not before the lane is
    /// looked at again that is left alone, and not in the past. `None` where nothing is sent to it.
    fn next_look(&self, project: &ProjectRouting, name: &str, due: Timestamp) -> Option<Timestamp> {
        let connection = &project.connections.get(name)?.connection;
        if self.holds_back(project, connection) {
            return None;
        }
        let lane = Lane { project: project.project.clone(), name: name.to_owned() };
        let standing = self.standings().get(&lane).copied().unwrap_or_default();
        let left_alone_for = standing.open.and_then(|(_, again_in)| again_in).unwrap_or_default();
        Some(due.max(self.now() + left_alone_for))
    }
}
