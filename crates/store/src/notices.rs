//! Notices: what people are told, kept until it is sent.
//!
//! A notice is written in the transaction of what it tells. Whoever sends it holds it by a lease
//! and a fence, and writes what came of it only while it still does; one that was not written down
//! is sent again under the same id. They are few, so they are claimed one by one.

use std::collections::BTreeSet;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::incident::{Notice, NoticeChannel, NoticeKind, NoticeState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::records::Page;
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer};

const COLUMNS: &str = "id, incident, kind, channel, recipient, subject, text, html, unsubscribe, \
                       state, tries, next_at, last_error, created_at, sent_at";

/// The newest notices that are looked at for addresses that get no mail.
const LOOKED_BACK: usize = 500;
/// Old notices that one step takes away.
const SWEEP_STEP: i64 = 200;

/// Something to be told to one recipient.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// Its id.
    pub id: Uuid,
    /// The incident that it tells of.
    pub incident: Option<Uuid>,
    /// What it tells.
    pub kind: NoticeKind,
    /// How it travels.
    pub channel: NoticeChannel,
    /// To whom.
    pub recipient: String,
    /// The mail's subject.
    pub subject: String,
    /// The mail's text; or the JSON that is posted.
    pub text: String,
    /// The mail's text as HTML.
    pub html: Option<String>,
    /// Where the recipient can end mails like this one.
    pub unsubscribe: Option<String>,
    /// Why nobody can send it: it is kept as not sent.
    pub impossible: Option<String>,
}

/// A notice that is held for sending.
#[derive(Clone, Debug)]
pub struct HeldNotice {
    /// The project.
    pub project: ProjectName,
    /// The notice.
    pub notice: Notice,
    /// Proves that it is still ours.
    pub fence: i64,
}

/// A mail address whose last mail was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAddress {
    /// The address.
    pub address: String,
    /// Why, as the relay said it.
    pub error: String,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeOutcome {
    /// It was taken.
    Sent,
    /// It is tried again after this pause.
    RetryIn(Duration, String),
    /// It is not tried again.
    GivenUp(String),
}

/// Those to whom the last mail was given up, of mails that ended, newest first: each with where it
/// belongs and whether it was given up.
pub(crate) fn refused_last<Place: Clone + Ord>(
    ended: impl IntoIterator<Item = (Place, RefusedAddress, bool)>,
) -> Vec<(Place, RefusedAddress)> {
    let mut seen = BTreeSet::new();
    let mut refused = Vec::new();
    for (place, address, is_given_up) in ended {
        if seen.insert((place.clone(), address.address.clone())) && is_given_up {
            refused.push((place, address));
        }
    }
    refused
}

/// Adds the statements that keep notices, due now. One that tells of an incident goes with the submission that the
/// incident tells of.
pub(crate) fn add_notices(batch: &mut Batch, project: &str, notices: &[NewNotice], now: &str) {
    for notice in notices {
        let (state, next_at) = match notice.impossible {
            None => (NoticeState::Pending, now),
            Some(_) => (NoticeState::NotSent, "NULL"),
        };
        batch.one(
            "there is a notice of this id already",
            format!(
                "INSERT INTO notices (project, id, incident, kind, channel, recipient, subject,
                     text, html, unsubscribe, state, tries, next_at, fence, last_error, created_at,
                     submission)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, {next_at}, 0, $12, {now},
                     (SELECT last_submission FROM incidents WHERE project = $1 AND id = $3))"
            ),
            vec![
                project.into(),
                notice.id.into(),
                notice.incident.into(),
                notice.kind.name().into(),
                notice.channel.name().into(),
                notice.recipient.as_str().into(),
                notice.subject.as_str().into(),
                notice.text.as_str().into(),
                notice.html.clone().into(),
                notice.unsubscribe.clone().into(),
                state.name().into(),
                notice.impossible.clone().into(),
            ],
        );
    }
}

impl Store {
    /// Keeps notices that tell of nothing which is written with them.
    pub async fn keep_notices(&self, project: &str, new: &[NewNotice]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        add_notices(&mut batch, project, new, &self.now_sql());
        self.change(batch).await.map(drop)
    }

    /// Holds notices that are due, up to `limit`, for as long as the lease says.
    pub async fn claim_notices(
        &self,
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<HeldNotice>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, project, fence FROM notices
             WHERE state = 'pending' AND next_at <= {} ORDER BY next_at LIMIT $1",
            self.now_sql()
        );
        let due = self
            .query(sql, vec![as_integer(limit).into()], |row| {
                let (project, fence) = (row.text(15)?.into(), row.integer(16)?);
                Ok(HeldNotice { project, notice: read_notice(row)?, fence: fence + 1 })
            })
            .await?;
        let mut held = Vec::with_capacity(due.len());
        for notice in due {
            if self.hold_notice(&notice, lease).await? {
                held.push(notice);
            }
        }
        Ok(held)
    }

    async fn hold_notice(&self, held: &HeldNotice, lease: Duration) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            format!(
                "UPDATE notices SET fence = fence + 1, owner = $4, next_at = {} + $5
                 WHERE project = $1 AND id = $2 AND state = 'pending' AND fence = $3",
                self.now_sql()
            ),
            vec![
                (&*held.project).into(),
                held.notice.id.into(),
                (held.fence - 1).into(),
                self.owner.as_str().into(),
                as_integer(lease.as_micros()).into(),
            ],
        );
        self.change_unless_done(batch).await
    }

    /// Writes what came of a try. The answer is whether the notice was still ours; where it was
    /// not, nothing is written.
    pub async fn record_notice(
        &self,
        held: &HeldNotice,
        outcome: &NoticeOutcome,
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let (state, error, next_at, sent_at) = match outcome {
            NoticeOutcome::Sent => (NoticeState::Sent, None, "NULL".to_owned(), now.as_str()),
            NoticeOutcome::RetryIn(pause, error) => {
                let next_at = format!("{now} + {}", pause.as_micros());
                (NoticeState::Pending, Some(error.clone()), next_at, "NULL")
            }
            NoticeOutcome::GivenUp(error) => {
                (NoticeState::GivenUp, Some(error.clone()), "NULL".to_owned(), "NULL")
            }
        };
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            format!(
                "UPDATE notices SET state = $4, last_error = $5, tries = tries + 1, owner = NULL,
                     next_at = {next_at}, sent_at = {sent_at}
                 WHERE project = $1 AND id = $2 AND state = 'pending' AND fence = $3"
            ),
            vec![
                (&*held.project).into(),
                held.notice.id.into(),
                held.fence.into(),
                state.name().into(),
                error.into(),
            ],
        );
        self.change_unless_done(batch).await
    }

    /// Frees what this node's earlier starts held: they are gone, since the folder is locked.
    pub async fn free_notices(&self) -> Result<(), StoreError> {
        let (held_before, parameters) = self.held_before(1);
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE notices SET next_at = {}, owner = NULL
                 WHERE state = 'pending' AND {held_before}",
                self.now_sql()
            ),
            parameters.to_vec(),
        );
        self.change(batch).await.map(drop)
    }

    /// The notices of an incident, in the order of their making.
    pub async fn notices_of(
        &self,
        project: &str,
        incident: Uuid,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM notices WHERE project = $1 AND incident = $2
             ORDER BY id LIMIT $3"
        );
        let parameters = vec![project.into(), incident.into(), as_integer(limit).into()];
        self.query(sql, parameters, read_notice).await
    }

    /// All notices of a project, newest first.
    pub async fn notices(&self, project: &str, page: Page) -> Result<Vec<Notice>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM notices{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_notice).await
    }

    /// The mail addresses of a project whose last mail was given up: the relay refused it for good,
    /// or for days. Looks at the newest notices only.
    pub async fn refused_addresses(
        &self,
        project: &str,
    ) -> Result<Vec<RefusedAddress>, StoreError> {
        let sql = "SELECT recipient, state, COALESCE(last_error, '') FROM notices
                   WHERE project = $1 AND channel = 'mail' AND state IN ('sent', 'given-up')
                   ORDER BY id DESC LIMIT $2";
        let parameters = vec![project.into(), as_integer(LOOKED_BACK).into()];
        let ended = self.query(sql.to_owned(), parameters, |row| {
            Ok((row.text(0)?, row.named(1, NoticeState::from_name)?, row.text(2)?))
        });
        let ended = ended.await?.into_iter().map(|(address, state, error)| {
            ((), RefusedAddress { address, error }, state == NoticeState::GivenUp)
        });
        Ok(refused_last(ended).into_iter().map(|((), refused)| refused).collect())
    }

    /// Takes away a few notices that ended longer ago than `age`; the answer is how many.
    pub async fn sweep_notices(&self, age: Duration) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!(
                "DELETE FROM notices WHERE state <> 'pending' AND (project, id) IN (
                     SELECT project, id FROM notices
                     WHERE state <> 'pending' AND created_at < {} - $1
                     ORDER BY created_at LIMIT $2)",
                self.now_sql()
            ),
            vec![as_integer(age.as_micros()).into(), SWEEP_STEP.into()],
        );
        Ok(self.change(batch).await?.first().copied().unwrap_or(0))
    }

    /// Who has ended mails of a project, and about what: topic and address.
    pub async fn unsubscribed(&self, project: &str) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT topic, address FROM unsubscribed WHERE project = $1
                   ORDER BY topic, address";
        let parameters = vec![project.into()];
        self.query(sql.to_owned(), parameters, |row| Ok((row.text(0)?, row.text(1)?))).await
    }

    /// Ends mails about a topic to an address, or lets them begin again.
    pub async fn set_unsubscribed(
        &self,
        project: &str,
        topic: &str,
        address: &str,
        unsubscribed: bool,
    ) -> Result<(), StoreError> {
        let sql = if unsubscribed {
            format!(
                "INSERT INTO unsubscribed (project, topic, address, at)
                 VALUES ($1, $2, $3, {}) ON CONFLICT (project, topic, address) DO NOTHING",
                self.now_sql()
            )
        } else {
            "DELETE FROM unsubscribed WHERE project = $1 AND topic = $2 AND address = $3".to_owned()
        };
        let parameters: Vec<Parameter> = vec![project.into(), topic.into(), address.into()];
        let mut batch = Batch::default();
        batch.any(sql, parameters);
        self.change(batch).await.map(drop)
    }
}

fn read_notice(row: &Row<'_>) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: row.id(0)?,
        incident: row.optional_id(1)?,
        kind: row.named(2, NoticeKind::from_name)?,
        channel: row.named(3, NoticeChannel::from_name)?,
        recipient: row.text(4)?,
        subject: row.text(5)?,
        text: row.text(6)?,
        html: row.optional_text(7)?,
        unsubscribe: row.optional_text(8)?,
        state: row.named(9, NoticeState::from_name)?,
        tries: row.count(10)?,
        next_at: row.optional_integer(11)?.map(Timestamp),
        last_error: row.optional_text(12)?,
        created_at: row.time(13)?,
        sent_at: row.optional_integer(14)?.map(Timestamp),
    })
}
