//! Endings: deliveries that ended without having arrived, and how many of them people know of.
//!
//! Each is noted by itself in the transaction that ends it; whoever watches counts what was noted
//! for each connection. So nothing ends in silence: what a hub did not come to count is counted by
//! the next one.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::incidents::DONE_ALREADY;
use crate::notices::{NewNotice, add_notices};
use crate::runs::NewRun;
use crate::statement::{Batch, as_integer};

/// A delivery that ended without having arrived, and is not counted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedDelivery {
    /// The project.
    pub project: ProjectName,
    /// The connection that did not take it.
    pub connection: String,
    /// The delivery.
    pub delivery: Uuid,
    /// What it became.
    pub state: DeliveryState,
    /// What it is about, where that is known.
    pub key: Option<String>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// The forwarder that it is of.
    pub forwarder: Option<String>,
    /// The message that it comes of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// The payload that its event has made of that message, as of a case; `None`: the message as it came.
    pub payload: Option<Uuid>,
    /// How many hubs that message has passed through.
    pub hops: u32,
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
    /// Deliveries that ended and are not counted yet, in the order in which they were made.
    pub async fn ended_deliveries(&self, limit: usize) -> Result<Vec<EndedDelivery>, StoreError> {
        let sql = "SELECT e.project, e.connection, e.delivery, e.state, d.key, d.last_error,
                       d.forwarder, m.id, CASE WHEN m.id IS NOT NULL THEN d.subject END,
                       coalesce(d.hops, 0)
                   FROM ended e
                   LEFT JOIN deliveries d ON d.project = e.project AND d.id = e.delivery
                   LEFT JOIN messages m ON m.project = e.project AND m.id = d.payload_id
                   ORDER BY e.project, e.delivery LIMIT $1";
        self.query(sql.to_owned(), vec![as_integer(limit).into()], |row| {
            Ok(EndedDelivery {
                project: row.text(0)?.into(),
                connection: row.text(1)?,
                delivery: row.id(2)?,
                state: row.named(3, DeliveryState::from_name)?,
                key: row.optional_text(4)?,
                error: row.optional_text(5)?,
                forwarder: row.optional_text(6)?,
                message: row.optional_id(7)?,
                payload: row.optional_id(8)?,
                hops: row.count(9)?,
            })
        })
        .await
    }

    /// Counts deliveries of one connection that ended, and keeps the runs that they set off, each with the
    /// message that its delivery came of, and the payload: whoever erases one of them, or the case that the
    /// payload tells of, finds what the run tells of it. The answer is
    /// whether it was this call that counted them: where somebody else has counted one of them, nothing is
    /// written.
    pub async fn count_endings(
        &self,
        project: &str,
        connection: &str,
        ended: &[EndedDelivery],
        sample: &str,
        runs: &[(Option<Uuid>, NewRun)],
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        self.lock_made_runs(&mut batch, project, runs.iter().map(|(_, run)| run));
        for it in ended {
            batch.one(
                DONE_ALREADY,
                "DELETE FROM ended WHERE project = $1 AND delivery = $2",
                vec![project.into(), it.delivery.into()],
            );
        }
        let given_up = ended.iter().filter(|it| it.state == DeliveryState::Cancelled).count();
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
                as_integer(ended.len() - given_up).into(),
                sample.into(),
            ],
        );
        for (message, run) in runs {
            self.add_runs(&mut batch, project, *message, std::slice::from_ref(run));
        }
        let counted = self.change_unless_done(batch).await?;
        self.told_runs_of_trouble(counted, project, runs.iter().map(|(_, run)| run));
        Ok(counted)
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
}
