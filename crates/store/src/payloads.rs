//! Payloads: what deliveries carry that is not just their message.
//!
//! An event of a form, a case or an application is kept as *facts*, a text that only its writer reads, in
//! the transaction that makes the event. All deliveries of it share one row. What is sent is written from
//! the facts with each try: so a retry sends the state at the time of the event, in today's format.
//!
//! The row of a delivery names both: `payload_id` is the message, by which everything finds deliveries, and
//! `subject` the payload. An application that is saved comes with no message: there both are the payload.
//!
//! What came with a message goes with it. What came alone goes by itself when its time is over, once none of
//! its deliveries needs it: first its facts, which leaves an empty text, then the row.

use fieldpost_model::delivery::{Delivery, PayloadKind};
use fieldpost_model::event::Event;
use uuid::Uuid;

use crate::erase::ERASED;
use crate::error::StoreError;
use crate::filing::Original;
use crate::records::{Claimed, NewDelivery};
use crate::statement::{Batch, Parameter, Row};
use crate::text::{storable, storable_key};
use crate::{Engine, Store};

/// What deliveries carry that is not just their message, on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayload {
    /// Its id, made by the planner; UUIDv7.
    pub id: Uuid,
    /// What it is about.
    pub kind: PayloadKind,
    /// The submission that it is, or that made it.
    pub submission: Option<Uuid>,
    /// The case that it tells of.
    pub case: Option<String>,
    /// What is known of the event, as a text that the planner reads again.
    pub facts: String,
    /// The exact form, where that is not the body of the message.
    pub original: Option<Original>,
}

/// A payload as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPayload {
    /// Its id.
    pub id: Uuid,
    /// The message that it came of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// What it is about.
    pub kind: PayloadKind,
    /// The submission that it is, or that made it.
    pub submission: Option<Uuid>,
    /// The case that it tells of.
    pub case: Option<String>,
    /// What is known of the event.
    pub facts: String,
    /// The exact form, where that is not the body of the message.
    pub original: Option<Original>,
}

/// What a claimed delivery carries beside its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedPayload {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: PayloadKind,
    /// What is known of the event, where that is no longer than [`LARGE_PAYLOAD`](crate::LARGE_PAYLOAD)
    /// characters. What is not carried here is read by [`payload_facts`](Store::payload_facts).
    pub facts: Option<String>,
    /// How many characters that has.
    pub facts_length: u64,
    /// The exact form, where that is not the body of the message, and is not larger than
    /// [`LARGE_PAYLOAD`](crate::LARGE_PAYLOAD).
    pub original: Option<Original>,
    /// How many bytes the exact form has, where there is one. What is not carried here is read by
    /// [`payload_original`](Store::payload_original) when it is needed.
    pub original_bytes: Option<u64>,
}

/// What a payload holds in memory beside its texts.
const OVERHEAD: usize = 256;

impl NewPayload {
    /// What this payload holds in memory while it waits.
    pub(crate) fn held_bytes(&self) -> usize {
        let original = self.original.as_ref().map_or(0, |original| original.bytes.len());
        OVERHEAD + self.facts.len() + original
    }

    /// Fits what only serves people and look-ups to what every database can hold.
    pub(crate) fn make_storable(&mut self) {
        self.case = self.case.take().map(storable_key);
        self.facts = storable(std::mem::take(&mut self.facts));
        if let Some(original) = &mut self.original {
            original.content_type = original.content_type.take().map(storable);
        }
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.original.as_ref()?.content_type.as_deref()
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.original.as_ref().map(|original| &original.bytes[..])
    }
}

impl NewDelivery {
    /// What it carries: a payload is about what the event is about.
    pub(crate) const fn payload_kind(&self) -> PayloadKind {
        if self.payload.is_none() {
            return PayloadKind::Message;
        }
        match self.event {
            Event::Message => PayloadKind::Message,
            Event::Form | Event::FormStub | Event::Submission => PayloadKind::Submission,
            Event::Case | Event::CaseCreated | Event::CaseUpdated => PayloadKind::Case,
            Event::AppSchema => PayloadKind::Application,
            Event::Call => PayloadKind::Call,
        }
    }
}

impl Claimed {
    /// What its delivery is found by: the message, or the payload where no message set it off.
    pub fn found_by(&self) -> Uuid {
        let payload = self.about.as_ref().map(|payload| payload.id);
        self.message.or(payload).unwrap_or_default()
    }
}

/// The columns of a payload, as they are written.
pub(crate) const COLUMNS: &str =
    "project, id, message, kind, submission, case_id, facts, content_type, original";

impl Store {
    /// What deliveries of an event carry; `None` where it was erased.
    pub async fn payload(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<StoredPayload>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payloads WHERE project = $1 AND id = $2 AND facts <> ''"
        );
        let found = self.query(sql, vec![project.into(), id.into()], read_payload).await?;
        Ok(found.into_iter().next())
    }

    /// What is known of the event of a payload; `None` where it was erased.
    pub async fn payload_facts(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT facts FROM payloads WHERE project = $1 AND id = $2 AND facts <> ''";
        let found = self.query(sql.to_owned(), vec![project.into(), id.into()], |row| row.text(0));
        Ok(found.await?.into_iter().next())
    }

    /// The exact form that a payload holds; `None` where it holds none, or was erased.
    pub async fn payload_original(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<Original>, StoreError> {
        let sql = "SELECT content_type, original FROM payloads
                   WHERE project = $1 AND id = $2 AND original IS NOT NULL";
        let found = self.query(sql.to_owned(), vec![project.into(), id.into()], |row| {
            Ok(Original { content_type: row.optional_text(0)?, bytes: row.bytes(1)?.into() })
        });
        Ok(found.await?.into_iter().next())
    }

    /// Adds the conditions that what a delivery carries is still there, and keeps it so until the
    /// transaction ends.
    pub(crate) fn require_carried(&self, batch: &mut Batch, project: &str, delivery: &Delivery) {
        if let Some(message) = delivery.message {
            self.require_bytes(batch, project, message);
        }
        if delivery.payload_kind == PayloadKind::Message {
            return;
        }
        let sql = match &self.engine {
            // There is one writer: to look is enough, and only what changes a row can look here.
            Engine::Sqlite(_) => {
                "UPDATE payloads SET kind = kind WHERE project = $1 AND id = $2 AND facts <> ''"
            }
            Engine::Postgres(_) => {
                "SELECT id FROM payloads WHERE project = $1 AND id = $2 AND facts <> '' FOR SHARE"
            }
        };
        batch.one(ERASED, sql, vec![project.into(), delivery.payload_id.into()]);
    }
}

/// Adds the statements that write payloads.
pub(crate) fn add_payloads(
    batch: &mut Batch,
    project: &str,
    message: Option<Uuid>,
    payloads: &[NewPayload],
) {
    for payload in payloads {
        let original = payload.bytes().map(<[u8]>::to_vec);
        batch.any(
            format!("INSERT INTO payloads ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
            vec![
                project.into(),
                payload.id.into(),
                message.into(),
                payload.kind.name().into(),
                payload.submission.into(),
                payload.case.clone().map(storable_key).into(),
                payload.facts.as_str().into(),
                payload.content_type().map(str::to_owned).into(),
                Parameter::OptionalBytes(original),
            ],
        );
    }
}

fn read_payload(row: &Row<'_>) -> Result<StoredPayload, StoreError> {
    let (content_type, original) = (row.optional_text(7)?, row.optional_bytes(8)?);
    Ok(StoredPayload {
        id: row.id(1)?,
        message: row.optional_id(2)?,
        kind: row.named(3, PayloadKind::from_name)?,
        submission: row.optional_id(4)?,
        case: row.optional_text(5)?,
        facts: row.text(6)?,
        original: original.map(|bytes| Original { content_type, bytes: bytes.into() }),
    })
}
