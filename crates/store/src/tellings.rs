//! Tellings: what events have told of cases, where an erasure meets them.
//!
//! A delivery that tells of a case carries its whole state, and in it what every form has said of the case
//! so far. When a person is erased, what others have told of the case and what still waits is cancelled,
//! since it holds what the person's form has said. The case is then made anew, and those who were to be
//! told of it must hear of it after all. So whoever cancels for an erasure notes the delivery, and in the
//! same transaction; and a note goes in the transaction that keeps the new delivery. A hub that is killed
//! in between goes on from the notes.
//!
//! What a cancelled delivery has taken the place of was never sent, and is noted with it: it may be of
//! somebody else. A run that waited to begin with what was told is cancelled and noted like a delivery. One that
//! is being executed only ends early: what it has done with a state that is gone nobody can take back.

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::{Delivery, DeliveryOrigin};
use fieldpost_model::run::Run;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::erase::{WAITING, attempts_without_bytes, without_last_error};
use crate::erasures::Traces;
use crate::error::StoreError;
use crate::payloads::add_payloads;
use crate::records::{NewDelivery, Replayed};
use crate::replay::STALE;
use crate::runs::erase::{add_erase_told_runs, nothing_waits_with};
use crate::statement::{Batch, Parameter, Row, as_integer};
use crate::{Engine, NewPayload, NewRun, Store, runs};

/// The condition that a delivery `d` carries a payload `p`.
const OF_PAYLOAD: &str = "d.project = p.project AND d.subject = p.id
                          AND d.payload_id = coalesce(p.message, p.id)";

/// The index that leads from a payload to the deliveries that carry it. See [`Engine::indexed_by`]: without
/// the name of it SQLite looks through all deliveries of the project, once for each payload.
pub(crate) const BY_PAYLOAD: &str = "deliveries_by_payload";

/// The index that leads from a delivery back to what it has taken the place of; named for the same reason.
pub(crate) const SUPERSEDING: &str = "deliveries_superseding";

/// The text of the conflict that an erasure of a person runs into where a message of somebody else has told
/// of a case meanwhile, and that still waits or is being sent: it is to be cancelled first. Once the changes
/// of the case are erased, nothing would lead to it any more.
pub const TOLD_MEANWHILE: &str = "a message of others tells of a case, and waits to be sent";

/// What was to be told of a case, and was cancelled by an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The delivery or the run that was cancelled.
    pub cancelled: Uuid,
    /// The message that set it off.
    pub message: Uuid,
    /// The submission whose state of the case it told.
    pub submission: Uuid,
    /// Who was to be told.
    pub listener: Listener,
    /// Why it was to be told; a run says no more than that something happened.
    pub origin: DeliveryOrigin,
}

/// Who is told of events, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    /// A forwarder, by a delivery.
    Forwarder(String),
    /// A workflow, by a run.
    Workflow(String),
}

/// What is told again of a case, in the place of what was cancelled.
#[derive(Clone, Debug)]
pub struct ToldAgain {
    /// The project.
    pub project: ProjectName,
    /// The version of the definitions that it was planned by.
    pub configuration_version: i64,
    /// The case.
    pub case: String,
    /// The revision of the case that it was planned from.
    pub revision: i64,
    /// The message that set it off.
    pub message: Uuid,
    /// The cancelled deliveries and runs that it takes the place of.
    pub instead_of: Vec<Uuid>,
    /// The deliveries; none where nobody wants to be told any more.
    pub deliveries: Vec<NewDelivery>,
    /// The runs that are told.
    pub runs: Vec<NewRun>,
    /// What they carry.
    pub payloads: Vec<NewPayload>,
}

impl Store {
    /// Cancels a delivery that an erasure cannot let go out, and notes what it would have told of cases in
    /// the name of others than the person.
    pub async fn cancel_to_erase(
        &self,
        project: &str,
        traces: &Traces,
        delivery: &Delivery,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_cancel(&mut batch, project, delivery, reason);
        batch.any(
            note_sql(
                &self.engine.id_digits("p.message"),
                &self.engine.indexed_by(Some(SUPERSEDING)),
            ),
            vec![project.into(), delivery.id.into(), now.into(), own(traces).into()],
        );
        self.change(batch).await?;
        self.told_cancelled(project, delivery);
        Ok(())
    }

    /// Ends a run that an erasure cannot let begin, as [`Self::cancel_run`] does, and notes what it would have
    /// been told of a case in the name of others than the person.
    pub async fn cancel_run_to_erase(
        &self,
        project: &ProjectName,
        traces: &Traces,
        run: &Run,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let mut note = Batch::default();
        note.any(
            note_run_sql(&self.engine.id_digits("p.message")),
            vec![(&**project).into(), run.id.into(), (self.clock)().into(), own(traces).into()],
        );
        self.cancel_run_and(project, run, reason, note).await
    }

    /// Cases of which something is to be told again that was noted until then. One that is still to be made
    /// anew is none of them yet.
    pub async fn cases_to_tell(
        &self,
        project: &str,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT case_id FROM tellings t WHERE project = $1 AND since <= $2
                   AND NOT EXISTS (SELECT 1 FROM case_rebuilds r
                       WHERE r.project = t.project AND r.case_id = t.case_id)
                   ORDER BY case_id LIMIT $3";
        let parameters = vec![project.into(), until.into(), as_integer(limit).into()];
        self.query(sql.to_owned(), parameters, |row| row.text(0)).await
    }

    /// What is to be told again of a case, in the order in which it was told.
    pub async fn tellings(
        &self,
        project: &str,
        case_id: &str,
        limit: usize,
    ) -> Result<Vec<Telling>, StoreError> {
        let sql = "SELECT t.cancelled, d.payload_id, t.submission, d.forwarder, d.origin
                   FROM tellings t CROSS JOIN deliveries d
                   WHERE t.project = $1 AND t.case_id = $2
                   AND d.project = t.project AND d.id = t.cancelled
                   UNION ALL
                   SELECT t.cancelled, r.message, t.submission, r.workflow, NULL
                   FROM tellings t CROSS JOIN runs r
                   WHERE t.project = $1 AND t.case_id = $2
                   AND r.project = t.project AND r.id = t.cancelled AND r.message IS NOT NULL
                   ORDER BY 1 LIMIT $3";
        let parameters = vec![project.into(), case_id.into(), as_integer(limit).into()];
        self.query(sql.to_owned(), parameters, read_telling).await
    }

    /// Keeps what is told again, in the place of what was noted. It is stale where the definitions or the
    /// case have changed since it was planned, or where somebody else has told it.
    pub async fn tell_again(&self, told: &ToldAgain) -> Result<Replayed, StoreError> {
        let ToldAgain { project, case, message, .. } = told;
        let mut batch = Batch::default();
        self.require_version(&mut batch, project, told.configuration_version);
        self.lock_case(&mut batch, project, case);
        let unchanged = match &self.engine {
            Engine::Sqlite(_) => "UPDATE cases SET revision = revision",
            Engine::Postgres(_) => "SELECT id FROM cases",
        };
        batch.one(
            STALE,
            format!(
                "{unchanged} WHERE project = $1 AND id = $2 AND revision = $3
                 AND NOT EXISTS (SELECT 1 FROM case_rebuilds r WHERE r.project = $1 AND r.case_id = $2)"
            ),
            vec![(&**project).into(), case.as_str().into(), told.revision.into()],
        );
        for cancelled in &told.instead_of {
            batch.one(
                STALE,
                "DELETE FROM tellings WHERE project = $1 AND case_id = $2 AND cancelled = $3",
                vec![(&**project).into(), case.as_str().into(), (*cancelled).into()],
            );
        }
        if !told.deliveries.is_empty() || !told.runs.is_empty() {
            self.lock_made(&mut batch, project, told.deliveries.iter());
            self.lock_made_runs(&mut batch, project, &told.runs);
            self.require_bytes(&mut batch, project, *message);
            add_payloads(&mut batch, project, Some(*message), &told.payloads);
            for delivery in &told.deliveries {
                self.add_newest(&mut batch, project, Some(*message), delivery);
            }
            self.add_runs(&mut batch, project, Some(*message), &told.runs);
        }
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == STALE => Ok(Replayed::Stale),
            done => {
                done?;
                self.told_made(project, &told.deliveries);
                self.told_runs_made(project, &told.runs);
                Ok(Replayed::Done)
            }
        }
    }

    /// Drops what was noted of a case that is gone: nothing can be told of it, and nothing is left of it to be
    /// made anew.
    pub async fn forget_notes(&self, project: &str, case_id: &str) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        // Behind whoever makes a case of this id at this moment.
        self.lock_case(&mut batch, project, case_id);
        for table in ["tellings", "case_rebuilds"] {
            batch.any(
                format!(
                    "DELETE FROM {table} WHERE project = $1 AND case_id = $2
                     AND NOT EXISTS (SELECT 1 FROM cases WHERE project = $1 AND id = $2)"
                ),
                vec![project.into(), case_id.into()],
            );
        }
        self.change(batch).await.map(drop)
    }

    /// Adds the condition that nothing waits which messages of others have told of the cases that `cases`
    /// lists by the parameter `$2`: see [`TOLD_MEANWHILE`].
    pub(crate) fn require_untold(
        &self,
        batch: &mut Batch,
        project: &str,
        traces: &Traces,
        cases: &str,
        parameter: &Parameter,
    ) {
        self.lock_told(batch, cases, vec![project.into(), parameter.clone()]);
        let begin = match &self.engine {
            Engine::Sqlite(_) => "UPDATE projects SET title = title WHERE project = $1 AND",
            Engine::Postgres(_) => "SELECT 1 WHERE",
        };
        let of_others = format!(
            "(p.message IS NULL OR $3 NOT LIKE '%' || {} || '%')",
            self.engine.id_digits("p.message")
        );
        batch.one(
            TOLD_MEANWHILE,
            format!(
                "{begin} NOT EXISTS ({} AND {of_others}) AND NOT EXISTS ({} AND {of_others})",
                waiting_sql(cases, &self.engine.indexed_by(Some(BY_PAYLOAD))),
                runs::erase::waiting_sql(
                    cases,
                    &self.engine.indexed_by(Some(runs::erase::BY_MESSAGE))
                )
            ),
            vec![project.into(), parameter.clone(), own(traces).into()],
        );
    }

    /// Adds the locks of what events have told of cases, behind whoever lets a delivery of one wait again.
    fn lock_told(&self, batch: &mut Batch, cases: &str, parameters: Vec<Parameter>) {
        if let Engine::Postgres(_) = &self.engine {
            batch.any(
                format!(
                    "SELECT id FROM payloads WHERE project = $1 AND case_id IN ({cases})
                     ORDER BY id FOR UPDATE"
                ),
                parameters,
            );
        }
    }

    /// Adds the statements that erase what events have told of cases: their payloads, and what was sent of
    /// these. `cases` lists the cases, by the parameter `$2`. What waits to be sent is cancelled before, and
    /// left as it is where it is being sent.
    pub(crate) fn add_erase_told(
        &self,
        batch: &mut Batch,
        project: &str,
        cases: &str,
        parameter: &Parameter,
        now: Timestamp,
    ) {
        let parameters = || vec![project.into(), parameter.clone()];
        self.lock_told(batch, cases, parameters());
        let by_payload = self.engine.indexed_by(Some(BY_PAYLOAD));
        let mut with_now: Vec<Parameter> = parameters();
        with_now.push(now.into());
        let by_message = self.engine.indexed_by(Some(runs::erase::BY_MESSAGE));
        add_erase_told_runs(batch, cases, &parameters, &by_message);
        let sent = sent_sql(cases, &by_payload);
        batch.any(attempts_without_bytes("$3", &sent), with_now);
        batch.any(without_last_error(&sent), parameters());
        batch.any(
            format!(
                "DELETE FROM payloads WHERE project = $1 AND id IN (
                     SELECT p.id FROM payloads p WHERE {} AND {})",
                ended(cases, &by_payload),
                nothing_waits_with(&by_message)
            ),
            parameters(),
        );
    }
}

/// Notes what the delivery `$2` would have told, and whatever it has taken the place of of the same case: one
/// after the other, along what each has replaced. `superseding` is [`SUPERSEDING`] as the database is told it.
pub(crate) fn note_sql(message_digits: &str, superseding: &str) -> String {
    format!(
        "INSERT INTO tellings (project, case_id, cancelled, submission, since)
         WITH RECURSIVE gone (id) AS (
             SELECT id FROM deliveries WHERE project = $1 AND id = $2
             UNION
             SELECT d.id FROM gone CROSS JOIN deliveries d {superseding} CROSS JOIN payloads p
             WHERE d.project = $1 AND d.superseded_by = gone.id AND d.superseded_by IS NOT NULL
             AND p.project = $1 AND {OF_PAYLOAD} AND p.case_id = (
                 SELECT told.case_id FROM deliveries cancelled
                 JOIN payloads told ON told.project = cancelled.project
                     AND told.id = cancelled.subject
                 WHERE cancelled.project = $1 AND cancelled.id = $2))
         SELECT p.project, p.case_id, d.id, p.submission, $3
         FROM gone CROSS JOIN deliveries d CROSS JOIN payloads p
         WHERE d.project = $1 AND d.id = gone.id AND p.project = $1 AND {OF_PAYLOAD}
         AND p.case_id IS NOT NULL AND p.submission IS NOT NULL AND p.message IS NOT NULL
         AND $4 NOT LIKE '%' || {message_digits} || '%'
         ON CONFLICT (project, case_id, cancelled) DO NOTHING"
    )
}

/// Notes what the run `$2` would have been told of a case, if it has been cancelled.
fn note_run_sql(message_digits: &str) -> String {
    format!(
        "INSERT INTO tellings (project, case_id, cancelled, submission, since)
         SELECT p.project, p.case_id, r.id, p.submission, $3
         FROM runs r CROSS JOIN payloads p
         WHERE r.project = $1 AND r.id = $2 AND r.state = 'cancelled'
         AND p.project = $1 AND p.id = r.payload AND p.message = r.message
         AND p.case_id IS NOT NULL AND p.submission IS NOT NULL
         AND $4 NOT LIKE '%' || {message_digits} || '%'
         ON CONFLICT (project, case_id, cancelled) DO NOTHING"
    )
}

fn read_telling(row: &Row<'_>) -> Result<Telling, StoreError> {
    let name = row.text(3)?;
    let (listener, origin) = match row.optional_text(4)? {
        Some(_) => (Listener::Forwarder(name), row.named(4, DeliveryOrigin::from_name)?),
        None => (Listener::Workflow(name), DeliveryOrigin::Event),
    };
    let (cancelled, message, submission) = (row.id(0)?, row.id(1)?, row.id(2)?);
    Ok(Telling { cancelled, message, submission, listener, origin })
}

/// The deliveries that wait to tell of cases. `cases` lists these, as a query or as parameters; `by_payload` is
/// [`BY_PAYLOAD`] as the database is told it, here and below.
pub(crate) fn waiting_sql(cases: &str, by_payload: &str) -> String {
    format!(
        "SELECT d.id FROM payloads p CROSS JOIN deliveries d {by_payload}
         WHERE p.project = $1 AND p.case_id IN ({cases}) AND {OF_PAYLOAD} AND {WAITING}"
    )
}

/// The deliveries that have told of cases, where nothing that carries the same waits.
pub(crate) fn sent_sql(cases: &str, by_payload: &str) -> String {
    format!(
        "SELECT d.id FROM payloads p CROSS JOIN deliveries d {by_payload}
         WHERE {OF_PAYLOAD} AND {}",
        ended(cases, by_payload)
    )
}

/// The condition that a payload `p` tells of cases, and that nothing which carries it waits.
pub(crate) fn ended(cases: &str, by_payload: &str) -> String {
    format!(
        "p.project = $1 AND p.case_id IN ({cases}) AND NOT EXISTS (
             SELECT 1 FROM deliveries d {by_payload} WHERE {OF_PAYLOAD} AND {WAITING})"
    )
}

/// The messages of a person, as one text in which each can be found.
fn own(traces: &Traces) -> String {
    let ids = traces.messages.iter().map(|message| message.simple().to_string());
    ids.collect::<Vec<_>>().join(",")
}
