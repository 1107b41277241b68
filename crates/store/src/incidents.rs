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
use crate::runs::NewRun;
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer};

pub(crate) const COLUMNS: &str = "id, kind, subject, state, opened_at, recovered_at, failures, given_up, \
                       last_at, last_error, last_status, last_url, last_delivery, last_payload, \
                       last_key, reminded_at, unsteady, success_at";

/// The text of the conflict that a change runs into which somebody else made first.
pub(crate) const DONE_ALREADY: &str = "somebody else has done this already";

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

impl Store {
    /// The present, by the clock that decides: on PostgreSQL the database's own.
    pub async fn present(&self) -> Result<Timestamp, StoreError> {
        let found =
            self.query(format!("SELECT {}", self.now_sql()), Vec::new(), |row| row.time(0)).await?;
        found.into_iter().next().ok_or_else(|| StoreError::Refused("there is no time".to_owned()))
    }

    /// Opens an incident and keeps the notices that tell of it and the runs that it sets off. The answer
    /// is whether it was this call that opened it: where one lasts already, nothing is written.
    pub async fn open_incident(
        &self,
        project: &str,
        new: &NewIncident,
        notices: &[NewNotice],
        runs: &[NewRun],
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        self.lock_made_runs(&mut batch, project, runs);
        add_opened(&mut batch, project, new, None, notices, &self.now_sql());
        self.add_runs(&mut batch, project, None, runs);
        let opened = self.change_and_tell(batch, project, new.id, IncidentState::Open).await?;
        self.told_runs_of_trouble(opened, project, runs);
        Ok(opened)
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
            self.told_incident(project, id, state);
        }
        Ok(changed)
    }

    /// Lets others know that an incident has changed.
    pub(crate) fn told_incident(&self, project: &str, id: Uuid, state: IncidentState) {
        self.signal(Signal::Incident { project: project.into(), id, state });
    }

    /// Counts what failed since, while the incident lasts.
    pub async fn note_failures(
        &self,
        project: &str,
        incident: Uuid,
        failures_since: u64,
        given_up: u64,
        last: Option<&Sighting>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let (sql, parameters) = failures(project, incident, (failures_since, given_up), last, None);
        batch.any(sql, parameters);
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

    /// Ends an incident, with the notices and the runs that this calls for. The answer is whether it was
    /// this call that ended it.
    pub async fn recover_incident(
        &self,
        project: &str,
        incident: Uuid,
        notices: &[NewNotice],
        runs: &[NewRun],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let change = format!("state = 'recovered', recovered_at = {now}");
        let mut batch = Batch::default();
        self.lock_made_runs(&mut batch, project, runs);
        change_open(&mut batch, &change, "", vec![project.into(), incident.into()]);
        add_notices(&mut batch, project, notices, &now);
        self.add_runs(&mut batch, project, None, runs);
        let ended =
            self.change_and_tell(batch, project, incident, IncidentState::Recovered).await?;
        self.told_runs_of_trouble(ended, project, runs);
        Ok(ended)
    }

    /// Tells of the runs that were made with a change, if it was made.
    pub(crate) fn told_runs_of_trouble<'r>(
        &self,
        changed: bool,
        project: &str,
        runs: impl IntoIterator<Item = &'r NewRun>,
    ) {
        if changed {
            self.told_runs_made(&project.into(), runs);
        }
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
        let (change, since) =
            (format!("reminded_at = {now}"), "AND COALESCE(reminded_at, opened_at) = $3");
        let mut batch = Batch::default();
        let parameters = vec![project.into(), incident.into(), told_at.into()];
        change_open(&mut batch, &change, since, parameters);
        add_notices(&mut batch, project, notices, &now);
        self.change_and_tell(batch, project, incident, IncidentState::Open).await
    }

    /// Whether an incident about the same ended within this time.
    pub async fn has_recovered_within(
        &self,
        project: &str,
        kind: IncidentKind,
        subject: &str,
        time: Duration,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT 1 FROM incidents WHERE project = $1 AND kind = $2 AND subject = $3
             AND recovered_at > {} - $4 LIMIT 1",
            self.now_sql()
        );
        let parameters = vec![
            project.into(),
            kind.name().into(),
            subject.into(),
            as_integer(time.as_micros()).into(),
        ];
        Ok(!self.query(sql, parameters, |_| Ok(())).await?.is_empty())
    }

    /// Every incident that lasts, in all projects.
    pub async fn open_incidents(&self) -> Result<Vec<OpenIncident>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, project FROM incidents WHERE state = 'open'
             ORDER BY project, kind, subject"
        );
        self.query(sql, Vec::new(), |row| {
            Ok(OpenIncident { incident: read_incident(row)?, project: row.text(18)?.into() })
        })
        .await
    }

    /// The incidents of a project that last.
    pub async fn open_incidents_of(&self, project: &str) -> Result<Vec<Incident>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents WHERE project = $1 AND state = 'open'
             ORDER BY kind, subject"
        );
        self.query(sql, vec![project.into()], read_incident).await
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

/// Adds the statements that open an incident and keep the notices that tell of it; where one lasts already,
/// nothing of the batch is written. What was seen last is told of `submission`, where it is of one.
pub(crate) fn add_opened(
    batch: &mut Batch,
    project: &str,
    new: &NewIncident,
    submission: Option<Uuid>,
    notices: &[NewNotice],
    now: &str,
) {
    let mut parameters: Vec<Parameter> = vec![
        project.into(),
        new.id.into(),
        new.kind.name().into(),
        new.subject.as_str().into(),
        as_integer(new.failures).into(),
        as_integer(new.given_up).into(),
        as_integer(new.unsteady_within.as_micros()).into(),
    ];
    parameters.extend(sighting_parameters(new.last.as_ref()));
    parameters.push(submission.into());
    batch.one(
        DONE_ALREADY,
        format!(
            "INSERT INTO incidents (project, id, kind, subject, state, opened_at, failures,
                 given_up, unsteady, last_at, last_error, last_status, last_url, last_delivery,
                 last_payload, last_key, last_submission)
             VALUES ($1, $2, $3, $4, 'open', {now}, $5, $6,
                 CASE WHEN EXISTS (SELECT 1 FROM incidents i WHERE i.project = $1
                     AND i.kind = $3 AND i.subject = $4 AND i.recovered_at > {now} - $7)
                 THEN 1 ELSE 0 END, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (project, kind, subject) WHERE state = 'open' DO NOTHING"
        ),
        parameters,
    );
    add_notices(batch, project, notices, now);
}

/// The statement that counts on while an incident lasts: how many failed, and how many deliveries were given up.
/// It touches nothing where the incident is over.
pub(crate) fn failures(
    project: &str,
    incident: Uuid,
    (failures, given_up): (u64, u64),
    last: Option<&Sighting>,
    submission: Option<Uuid>,
) -> (String, Vec<Parameter>) {
    let mut parameters: Vec<Parameter> = vec![
        project.into(),
        incident.into(),
        as_integer(failures).into(),
        as_integer(given_up).into(),
    ];
    let last_seen = if last.is_some() {
        parameters.extend(sighting_parameters(last));
        parameters.push(submission.into());
        ", last_at = $5, last_error = $6, last_status = $7, last_url = $8, \
         last_delivery = $9, last_payload = $10, last_key = $11, last_submission = $12"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE incidents SET failures = failures + $3, given_up = given_up + $4{last_seen}
         WHERE project = $1 AND id = $2 AND state = 'open'"
    );
    (sql, parameters)
}

/// Adds the change of an incident that lasts; where somebody else has ended it, or `condition` does
/// not hold any more, nothing of the batch is written.
fn change_open(batch: &mut Batch, change: &str, condition: &str, parameters: Vec<Parameter>) {
    let sql = format!(
        "UPDATE incidents SET {change}
         WHERE project = $1 AND id = $2 AND state = 'open' {condition}"
    );
    batch.one(DONE_ALREADY, sql, parameters);
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
        sample.and_then(|sample| sample.message).into(),
        sample.and_then(|sample| sample.key.clone()).into(),
    ]
}

pub(crate) fn read_incident(row: &Row<'_>) -> Result<Incident, StoreError> {
    let sample = match row.optional_id(12)? {
        Some(delivery) => {
            let (message, key) = (row.optional_id(13)?, row.optional_text(14)?);
            Some(Sample { delivery, message, key })
        }
        None => None,
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
        success_at: row.optional_integer(17)?.map(Timestamp),
    })
}
