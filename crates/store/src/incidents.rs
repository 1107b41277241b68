//! Incidents: opened once, counted while they last, ended once.
//!
//! Every change of an incident's state is compare-and-set, in one transaction with the notices that
//! tell of it. So of several hubs that see the same trouble one opens it and one mails; and whoever
//! dies after the transaction has left the mails behind for somebody else to send. The store's clock
//! says when.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::incident::{Incident, IncidentKind, IncidentState, Sample, Sighting};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::notices::{NewNotice, add_notices};
use crate::records::{Page, Signal};
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer};

const COLUMNS: &str = "id, kind, subject, state, opened_at, recovered_at, failures, given_up, \
                       last_at, last_error, last_status, last_url, last_delivery, last_payload, \
                       last_key, reminded_at, unsteady";

/// The text of the conflict that a change runs into which somebody else made first.
const DONE_ALREADY: &str = "somebody else has done this already";

/// Trouble that was noticed.
#[derive(Clone, Debug)]
pub struct NewIncident {
    /// Its id.
    pub id: Uuid,
    /// What kind of trouble it is.
    pub kind: IncidentKind,
    /// What is in trouble.
    pub subject: String,
    /// Failed attempts that led to it.
    pub failures: u64,
    /// Deliveries that were given up among them.
    pub given_up: u64,
    /// What was seen last.
    pub last: Option<Sighting>,
    /// Where one about the same subject ended within this time, the new one counts as unsteady.
    pub unsteady_within: Duration,
}

/// An incident that lasts, as whoever watches needs it.
#[derive(Clone, Debug)]
pub struct OpenIncident {
    /// The project.
    pub project: ProjectName,
    /// The incident.
    pub incident: Incident,
    /// When the destination was last seen to work.
    pub success_at: Option<Timestamp>,
}

/// Which incidents a list shows.
#[derive(Clone, Debug, Default)]
pub struct IncidentQuery {
    /// In this state only.
    pub state: Option<IncidentState>,
    /// Of this kind only.
    pub kind: Option<IncidentKind>,
    /// About this connection or source only.
    pub subject: Option<String>,
}

/// Deliveries of a connection that ended without having arrived, and of which nobody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endings {
    /// The project.
    pub project: ProjectName,
    /// The connection.
    pub connection: String,
    /// How many were given up, ever.
    pub given_up: u64,
    /// How many the destination refused for good, ever.
    pub refused: u64,
    /// How many of them people have been told of.
    pub told: u64,
    /// The latest, as whoever noted them wrote them down.
    pub sample: String,
}

impl Store {
    /// The present, by the clock that decides: on PostgreSQL the database's own.
    pub async fn present(&self) -> Result<Timestamp, StoreError> {
        let found =
            self.query(format!("SELECT {}", self.now_sql()), Vec::new(), |row| row.time(0)).await?;
        found.into_iter().next().ok_or_else(|| StoreError::Refused("there is no time".to_owned()))
    }

    /// Opens an incident and keeps the notices that tell of it. The answer is whether it was this
    /// call that opened it: where one lasts already, nothing is written.
    pub async fn open_incident(
        &self,
        project: &str,
        new: &NewIncident,
        notices: &[NewNotice],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let sighting = sighting_parameters(new.last.as_ref());
        let mut parameters: Vec<Parameter> = vec![
            project.into(),
            new.id.into(),
            new.kind.name().into(),
            new.subject.as_str().into(),
            as_integer(new.failures).into(),
            as_integer(new.given_up).into(),
            as_integer(new.unsteady_within.as_micros()).into(),
        ];
        parameters.extend(sighting);
        let mut batch = Batch::default();
        batch.one(
            DONE_ALREADY,
            format!(
                "INSERT INTO incidents (project, id, kind, subject, state, opened_at, failures,
                     given_up, unsteady, last_at, last_error, last_status, last_url, last_delivery,
                     last_payload, last_key)
                 VALUES ($1, $2, $3, $4, 'open', {now}, $5, $6,
                     CASE WHEN EXISTS (SELECT 1 FROM incidents i WHERE i.project = $1
                         AND i.kind = $3 AND i.subject = $4 AND i.recovered_at > {now} - $7)
                     THEN 1 ELSE 0 END, $8, $9, $10, $11, $12, $13, $14)
                 ON CONFLICT (project, kind, subject) WHERE state = 'open' DO NOTHING"
            ),
            parameters,
        );
        add_notices(&mut batch, project, notices, &now);
        self.change_and_tell(batch, project, new.id, IncidentState::Open).await
    }

    /// Makes a change of an incident that somebody else may have made first, and lets others know.
    async fn change_and_tell(
        &self,
        batch: Batch,
        project: &str,
        id: Uuid,
        state: IncidentState,
    ) -> Result<bool, StoreError> {
        let changed = self.change_unless_done(batch).await?;
        if changed {
            self.signal(Signal::Incident { project: project.into(), id, state });
        }
        Ok(changed)
    }

    /// Counts what failed since, while the incident lasts.
    pub async fn note_failures(
        &self,
        project: &str,
        incident: Uuid,
        failures: u64,
        given_up: u64,
        last: Option<&Sighting>,
    ) -> Result<(), StoreError> {
        let mut parameters: Vec<Parameter> = vec![
            project.into(),
            incident.into(),
            as_integer(failures).into(),
            as_integer(given_up).into(),
        ];
        let last_seen = if last.is_some() {
            parameters.extend(sighting_parameters(last));
            ", last_at = $5, last_error = $6, last_status = $7, last_url = $8, \
             last_delivery = $9, last_payload = $10, last_key = $11"
        } else {
            ""
        };
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE incidents SET failures = failures + $3, given_up = given_up + $4{last_seen}
                 WHERE project = $1 AND id = $2 AND state = 'open'"
            ),
            parameters,
        );
        self.change(batch).await.map(drop)
    }

    /// Notes that the destination was seen to work, while the incident lasts.
    pub async fn note_success(&self, project: &str, incident: Uuid) -> Result<(), StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE incidents SET success_at = {now}
                 WHERE project = $1 AND id = $2 AND state = 'open'"
            ),
            vec![project.into(), incident.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Ends an incident. The answer is whether it was this call that ended it.
    pub async fn recover_incident(
        &self,
        project: &str,
        incident: Uuid,
        notices: &[NewNotice],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.one(
            DONE_ALREADY,
            format!(
                "UPDATE incidents SET state = 'recovered', recovered_at = {now}
                 WHERE project = $1 AND id = $2 AND state = 'open'"
            ),
            vec![project.into(), incident.into()],
        );
        add_notices(&mut batch, project, notices, &now);
        self.change_and_tell(batch, project, incident, IncidentState::Recovered).await
    }

    /// Tells again that an incident lasts, if nobody has since `told_at`: when it was opened, or
    /// last told of. The answer is whether it was this call that told.
    pub async fn remind_of_incident(
        &self,
        project: &str,
        incident: Uuid,
        told_at: Timestamp,
        notices: &[NewNotice],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.one(
            DONE_ALREADY,
            format!(
                "UPDATE incidents SET reminded_at = {now}
                 WHERE project = $1 AND id = $2 AND state = 'open'
                 AND COALESCE(reminded_at, opened_at) = $3"
            ),
            vec![project.into(), incident.into(), told_at.into()],
        );
        add_notices(&mut batch, project, notices, &now);
        self.change_and_tell(batch, project, incident, IncidentState::Open).await
    }

    /// Every incident that lasts, in all projects.
    pub async fn open_incidents(&self) -> Result<Vec<OpenIncident>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, project, success_at FROM incidents WHERE state = 'open'
             ORDER BY project, kind, subject"
        );
        self.query(sql, Vec::new(), |row| {
            Ok(OpenIncident {
                incident: read_incident(row)?,
                project: row.text(17)?.into(),
                success_at: row.optional_integer(18)?.map(Timestamp),
            })
        })
        .await
    }

    /// Incidents, newest first.
    pub async fn incidents(
        &self,
        project: &str,
        query: &IncidentQuery,
        page: Page,
    ) -> Result<Vec<Incident>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        if let Some(state) = query.state {
            conditions.add("state = ?", state.name());
        }
        if let Some(kind) = query.kind {
            conditions.add("kind = ?", kind.name());
        }
        if let Some(subject) = &query.subject {
            conditions.add("subject = ?", subject.as_str());
        }
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_incident).await
    }

    /// One incident.
    pub async fn incident(&self, project: &str, id: Uuid) -> Result<Option<Incident>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incidents WHERE project = $1 AND id = $2");
        let found = self.query(sql, vec![project.into(), id.into()], read_incident).await?;
        Ok(found.into_iter().next())
    }

    /// Notes deliveries of a connection that ended without having arrived.
    pub async fn note_endings(
        &self,
        project: &str,
        connection: &str,
        given_up: u64,
        refused: u64,
        sample: &str,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO endings (project, connection, given_up, refused, told, sample)
             VALUES ($1, $2, $3, $4, 0, $5)
             ON CONFLICT (project, connection) DO UPDATE SET
                 given_up = endings.given_up + excluded.given_up,
                 refused = endings.refused + excluded.refused, sample = excluded.sample",
            vec![
                project.into(),
                connection.into(),
                as_integer(given_up).into(),
                as_integer(refused).into(),
                sample.into(),
            ],
        );
        self.change(batch).await.map(drop)
    }

    /// The latest endings of a connection of which nobody was told yet, as whoever noted them wrote
    /// them down; `None` where people know of all.
    pub async fn untold_sample(
        &self,
        project: &str,
        connection: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT sample FROM endings
                   WHERE project = $1 AND connection = $2 AND given_up + refused > told";
        let parameters = vec![project.into(), connection.into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.text(0)).await?;
        Ok(found.into_iter().next())
    }

    /// Connections with endings of which nobody was told, and about which nobody was told anything
    /// within `pause`.
    pub async fn endings_to_tell(&self, pause: Duration) -> Result<Vec<Endings>, StoreError> {
        let sql = format!(
            "SELECT project, connection, given_up, refused, told, sample FROM endings
             WHERE given_up + refused > told AND (told_at IS NULL OR told_at <= {} - $1)",
            self.now_sql()
        );
        let pause = as_integer(pause.as_micros());
        self.query(sql, vec![pause.into()], |row| {
            let number = |column| row.integer(column).map(i64::cast_unsigned);
            Ok(Endings {
                project: row.text(0)?.into(),
                connection: row.text(1)?,
                given_up: number(2)?,
                refused: number(3)?,
                told: number(4)?,
                sample: row.text(5)?,
            })
        })
        .await
    }

    /// Tells of endings, if nobody has told of them since they were read. The answer is whether it
    /// was this call that told.
    pub async fn tell_endings(
        &self,
        endings: &Endings,
        notices: &[NewNotice],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.one(
            DONE_ALREADY,
            format!(
                "UPDATE endings SET told = $4, told_at = {now}
                 WHERE project = $1 AND connection = $2 AND told = $3"
            ),
            vec![
                (&*endings.project).into(),
                endings.connection.as_str().into(),
                as_integer(endings.told).into(),
                as_integer(endings.given_up + endings.refused).into(),
            ],
        );
        add_notices(&mut batch, &endings.project, notices, &now);
        self.change_unless_done(batch).await
    }

    /// How many deliveries wait in a connection's lane, counted up to `most`, and when the next of
    /// them is due.
    pub async fn lane_waiting(
        &self,
        project: &str,
        connection: &str,
        most: u64,
    ) -> Result<(u64, Option<Timestamp>), StoreError> {
        let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM queue
                               WHERE project = $1 AND lane = $2 AND rank < 4
                               LIMIT $3) AS waiting),
                          (SELECT min(next_at) FROM queue
                               WHERE project = $1 AND lane = $2 AND rank = 0),
                          (SELECT min(next_at) FROM queue
                               WHERE project = $1 AND lane = $2 AND rank = 1)";
        let parameters = vec![project.into(), connection.into(), as_integer(most).into()];
        let found = self
            .query(sql.to_owned(), parameters, |row| {
                let earliest = [row.optional_integer(1)?, row.optional_integer(2)?];
                let next = earliest.into_iter().flatten().min().map(Timestamp);
                Ok((row.integer(0)?.cast_unsigned(), next))
            })
            .await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Makes a change that somebody else may have made first; the answer is whether it was ours.
    pub(crate) async fn change_unless_done(&self, batch: Batch) -> Result<bool, StoreError> {
        match self.change(batch).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(conflict)) if conflict == DONE_ALREADY => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds a statement that must touch one row, or else somebody else was first.
    pub(crate) fn once(batch: &mut Batch, sql: impl Into<String>, parameters: Vec<Parameter>) {
        batch.one(DONE_ALREADY, sql, parameters);
    }
}

/// What was seen, in the order of the columns from `last_at` on.
fn sighting_parameters(last: Option<&Sighting>) -> [Parameter; 7] {
    let sample = last.and_then(|last| last.sample.as_ref());
    [
        Parameter::Integer(last.map(|last| last.at.0)),
        last.and_then(|last| last.error.clone()).into(),
        Parameter::Integer(last.and_then(|last| last.status).map(i64::from)),
        last.and_then(|last| last.url.clone()).into(),
        sample.map(|sample| sample.delivery).into(),
        sample.map(|sample| sample.payload).into(),
        sample.and_then(|sample| sample.key.clone()).into(),
    ]
}

fn read_incident(row: &Row<'_>) -> Result<Incident, StoreError> {
    let sample = match (row.optional_id(12)?, row.optional_id(13)?) {
        (Some(delivery), Some(payload)) => {
            Some(Sample { delivery, payload, key: row.optional_text(14)? })
        }
        _ => None,
    };
    let last = match row.optional_integer(8)? {
        Some(at) => Some(Sighting {
            at: Timestamp(at),
            error: row.optional_text(9)?,
            status: row.optional_integer(10)?.and_then(|status| u16::try_from(status).ok()),
            url: row.optional_text(11)?,
            sample,
        }),
        None => None,
    };
    Ok(Incident {
        id: row.id(0)?,
        kind: row.named(1, IncidentKind::from_name)?,
        subject: row.text(2)?,
        state: row.named(3, IncidentState::from_name)?,
        opened_at: row.time(4)?,
        recovered_at: row.optional_integer(5)?.map(Timestamp),
        failures: row.integer(6)?.cast_unsigned(),
        given_up: row.integer(7)?.cast_unsigned(),
        last,
        reminded_at: row.optional_integer(15)?.map(Timestamp),
        unsteady: row.integer(16)? != 0,
    })
}
