//! Presence: since when some hub has been there to listen.
//!
//! While no hub ran, nothing could come in; after a long night without power every source would
//! count as silent at once. So the hubs note every minute that they are there. The first one that
//! comes back counts how long nobody was, and gives each source that much more time.

use std::time::{Duration, Instant};

use fieldpost_model::time::Timestamp;
use fieldpost_store::StoreError;

use crate::hub::Hub;

/// How often it is noted that a hub is there.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// A gap between notes from which on nobody was there: longer than a restart, and than a missed note.
const ABSENCE: Duration = Duration::from_mins(3);
/// The fact that holds the last note, in microseconds.
const LISTENED_AT: &str = "listened-at";

/// When this hub last noted that it is there.
#[derive(Default)]
pub(super) struct Presence {
    noted_at: Option<Instant>,
}

impl Presence {
    /// Notes that this hub is there; at the first time it looks how long nobody was.
    pub(super) async fn keep(&mut self, hub: &Hub, present: Timestamp) -> Result<(), StoreError> {
        match self.noted_at {
            None => hub.forgive_absence(present).await?,
            Some(noted_at) if noted_at.elapsed() < NOTE_EVERY => return Ok(()),
            Some(_) => hub.note_presence(present).await?,
        }
        self.noted_at = Some(Instant::now());
        Ok(())
    }
}

impl Hub {
    /// Notes that a hub is, or was until now, there to listen.
    pub(super) async fn note_presence(&self, present: Timestamp) -> Result<(), StoreError> {
        self.store().set_fact(LISTENED_AT, &present.0.to_string()).await
    }

    async fn forgive_absence(&self, present: Timestamp) -> Result<(), StoreError> {
        let Some(noted) = self.store().fact(LISTENED_AT).await? else {
            return self.note_presence(present).await;
        };
        let absence = noted.parse().map_or(Duration::ZERO, |at| present.since(Timestamp(at)));
        // Of several hubs that come back together one counts.
        let is_ours = self.store().move_fact(LISTENED_AT, &noted, &present.0.to_string()).await?;
        if !is_ours || absence < ABSENCE {
            return Ok(());
        }
        for expected in self.store().expectations().await? {
            let last = self.store().last_received(&expected.project, &expected.source).await?;
            let heard_at = last.map_or(expected.since, |last| last.max(expected.since));
            let since = heard_at + absence;
            self.store().expect_since(&expected.project, &expected.source, since).await?;
        }
        Ok(())
    }
}
