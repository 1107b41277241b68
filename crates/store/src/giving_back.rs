//! Giving back what was claimed and is not sent: by whoever holds it, after an answer that was lost, and
//! at the next start.
//!
//! Whatever is given back is due at once, and no try is counted. What is kept in order may have been
//! passed meanwhile by something with a lesser position, which was moved there: so its sequence is
//! settled. The rows are found by who holds them, and are as few as calls can be under way: SQLite has an
//! index of them, PostgreSQL reads the queue, where the index would cost each claim more.

use std::collections::BTreeMap;

use fieldpost_model::ProjectName;

use crate::Store;
use crate::error::StoreError;
use crate::order::{Among, settle_around};
use crate::records::{Lane, Release, Signal};
use crate::statement::{Batch, Parameter, Row};

/// Claims that one transaction gives back.
const STEP: usize = 500;

/// What [`read_release`] reads.
const COLUMNS: &str = "project, lane, delivery, fence, sequence";

impl Store {
    /// Gives claims back: due at once, no try counted.
    pub async fn release(&self, releases: Vec<Release>) -> Result<(), StoreError> {
        let mut by_project: BTreeMap<ProjectName, Vec<Release>> = BTreeMap::new();
        for release in releases {
            by_project.entry(release.lane.project.clone()).or_default().push(release);
        }
        for (project, releases) in by_project {
            for some in releases.chunks(STEP) {
                self.release_some(&project, some).await?;
            }
        }
        Ok(())
    }

    async fn release_some(
        &self,
        project: &ProjectName,
        releases: &[Release],
    ) -> Result<(), StoreError> {
        let in_order = releases.iter().filter(|release| release.sequence.is_some());
        let in_order: Vec<_> = in_order.map(|release| release.delivery).collect();
        let now = self.now_sql();
        let mut batch = Batch::default();
        self.lock_deliveries(&mut batch, project, &in_order);
        for Release { lane, delivery, fence, .. } in releases {
            batch.any(
                format!(
                    "UPDATE queue SET lane = $4, next_at = {now}, owner = NULL
                     WHERE project = $1 AND delivery = $2 AND fence = $3"
                ),
                vec![
                    (&**project).into(),
                    (*delivery).into(),
                    (*fence).into(),
                    lane.name.as_str().into(),
                ],
            );
        }
        settle_around(Among::on(&self.engine), &mut batch, project, &in_order);
        self.change(batch).await?;
        for Release { lane, .. } in releases {
            self.signal(Signal::Due(lane.clone()));
        }
        Ok(())
    }

    /// Gives back what claims hold that were made under these names.
    pub(crate) async fn release_of(&self, owners: &[String]) -> Result<(), StoreError> {
        let places: Vec<String> = (1..=owners.len()).map(|number| format!("${number}")).collect();
        let sql = format!("SELECT {COLUMNS} FROM queue WHERE owner IN ({})", places.join(", "));
        let parameters = owners.iter().map(|owner| Parameter::from(owner.as_str())).collect();
        let held = self.query(sql, parameters, read_release).await?;
        self.release(held).await
    }

    /// Gives back what earlier starts of this node held.
    pub(crate) async fn release_of_older_starts(&self) -> Result<(), StoreError> {
        let (held_before, parameters) = self.held_before(1);
        let sql = format!("SELECT {COLUMNS} FROM queue WHERE owner IS NOT NULL AND {held_before}");
        let held = self.query(sql, parameters.into(), read_release).await?;
        self.release(held).await
    }
}

fn read_release(row: &Row<'_>) -> Result<Release, StoreError> {
    Ok(Release {
        lane: Lane { project: row.text(0)?.into(), name: row.text(1)? },
        delivery: row.id(2)?,
        fence: row.integer(3)?,
        sequence: row.optional_text(4)?,
    })
}
