//! The hubs that work on one database, for people who look after them.
//!
//! Each tells of itself every few seconds. Nothing is decided by it: who holds what is settled by
//! leases, whether or not a hub is seen here.

use std::time::Duration;

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Row, as_integer, length};

/// How long a hub that was killed is shown.
const SHOWN_FOR: Duration = Duration::from_hours(7 * 24);
/// Hubs that are listed.
const MOST_LISTED: usize = 100;

/// What a hub tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubNews {
    /// Its version.
    pub version: String,
    /// The name of its machine, where that is a name.
    pub host: Option<String>,
    /// Lanes in which it has calls under way.
    pub lanes: u64,
    /// Calls under way.
    pub calls: u64,
}

/// A hub, as it told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHub {
    /// Its node and the number of its start.
    pub hub: String,
    /// What it told.
    pub news: HubNews,
    /// When it began to tell.
    pub started_at: Timestamp,
    /// When it told last.
    pub seen_at: Timestamp,
    /// Whether it is the one that is asked.
    pub is_this_one: bool,
}

impl Store {
    /// Tells that this hub is there. What an earlier start of the same node left behind goes away.
    pub async fn tell_of_hub(&self, news: &HubNews) -> Result<(), StoreError> {
        let now = self.now_sql();
        let (held_before, parameters) = self.held_before(1);
        let held_before = held_before.replace("owner", "hub");
        let mut batch = Batch::default();
        batch.any(format!("DELETE FROM hubs WHERE {held_before}"), parameters.to_vec());
        batch.any(
            format!("DELETE FROM hubs WHERE seen_at < {now} - $1"),
            vec![as_integer(SHOWN_FOR.as_micros()).into()],
        );
        batch.any(
            format!(
                "INSERT INTO hubs (hub, version, host, started_at, seen_at, lanes, calls)
                 VALUES ($1, $2, $3, {now}, {now}, $4, $5)
                 ON CONFLICT (hub) DO UPDATE SET seen_at = excluded.seen_at,
                     lanes = excluded.lanes, calls = excluded.calls"
            ),
            vec![
                self.owner.as_str().into(),
                news.version.as_str().into(),
                news.host.clone().into(),
                as_integer(news.lanes).into(),
                as_integer(news.calls).into(),
            ],
        );
        self.change(batch).await.map(drop)
    }

    /// Tells that this hub stops.
    pub async fn forget_this_hub(&self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any("DELETE FROM hubs WHERE hub = $1", vec![self.owner.as_str().into()]);
        self.change(batch).await.map(drop)
    }

    /// The hubs that are there, or were within the last days and did not stop by themselves; those
    /// that were seen last come first.
    pub async fn seen_hubs(&self) -> Result<Vec<SeenHub>, StoreError> {
        let sql = "SELECT hub, version, host, started_at, seen_at, lanes, calls FROM hubs
                   ORDER BY seen_at DESC, hub LIMIT $1";
        let mut seen =
            self.query(sql.to_owned(), vec![as_integer(MOST_LISTED).into()], read).await?;
        for hub in &mut seen {
            hub.is_this_one = hub.hub == self.owner;
        }
        Ok(seen)
    }
}

/// A hub of the list; whether it is this one is seen by whoever asks.
fn read(row: &Row<'_>) -> Result<SeenHub, StoreError> {
    Ok(SeenHub {
        hub: row.text(0)?,
        news: HubNews {
            version: row.text(1)?,
            host: row.optional_text(2)?,
            lanes: length(row.integer(5)?)?,
            calls: length(row.integer(6)?)?,
        },
        started_at: row.time(3)?,
        seen_at: row.time(4)?,
        is_this_one: false,
    })
}
