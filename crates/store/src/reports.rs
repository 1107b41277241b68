//! What reports are made of, and what silence is told by.
//!
//! A report counts what was made within a period. Ids hold the time of their making, so that a
//! period is a range of the primary key; it is counted in steps of a few hours, each a short query,
//! whatever the period holds.

use std::collections::BTreeMap;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::message::MessageState;
use fieldpost_model::project::ReportEvery;
use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::notices::{NewNotice, add_notices};
use crate::statement::{Batch, Parameter, as_integer};

/// How much of a period one query counts.
const STEP: Duration = Duration::from_hours(4);

/// What a project took in and sent within a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodCounts {
    /// Messages of each source, by what became of them.
    pub messages: BTreeMap<String, BTreeMap<MessageState, u64>>,
    /// Deliveries that were made for each connection, by where they stand today.
    pub deliveries: BTreeMap<String, BTreeMap<DeliveryState, u64>>,
}

/// Something that is expected of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The project.
    pub project: ProjectName,
    /// The source.
    pub source: String,
    /// The longest that nothing may come.
    pub every: Duration,
    /// Since when.
    pub since: Timestamp,
}

impl Store {
    /// What a project took in and sent from `start` up to `end`.
    pub async fn period_counts(
        &self,
        project: &str,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<PeriodCounts, StoreError> {
        let mut counts = PeriodCounts::default();
        let mut from = start;
        while from < end {
            let to = (from + STEP).min(end);
            self.count_step(project, from, to, &mut counts).await?;
            from = to;
        }
        Ok(counts)
    }

    async fn count_step(
        &self,
        project: &str,
        from: Timestamp,
        to: Timestamp,
        counts: &mut PeriodCounts,
    ) -> Result<(), StoreError> {
        let range = || -> Vec<Parameter> {
            vec![project.into(), first_id_at(from).into(), first_id_at(to).into()]
        };
        let sql = "SELECT source, state, count(*) FROM messages
                   WHERE project = $1 AND id >= $2 AND id < $3 GROUP BY source, state";
        let messages = self.query(sql.to_owned(), range(), |row| {
            let state = row.named(1, MessageState::from_name)?;
            Ok((row.text(0)?, state, row.integer(2)?.cast_unsigned()))
        });
        for (source, state, count) in messages.await? {
            *counts.messages.entry(source).or_default().entry(state).or_default() += count;
        }
        let sql = "SELECT connection, state, count(*) FROM deliveries
                   WHERE project = $1 AND id >= $2 AND id < $3 GROUP BY connection, state";
        let deliveries = self.query(sql.to_owned(), range(), |row| {
            let state = row.named(1, DeliveryState::from_name)?;
            Ok((row.text(0)?, state, row.integer(2)?.cast_unsigned()))
        });
        for (connection, state, count) in deliveries.await? {
            *counts.deliveries.entry(connection).or_default().entry(state).or_default() += count;
        }
        Ok(())
    }

    /// How many deliveries of each forwarder of a project wait.
    pub async fn waiting_by_forwarder(
        &self,
        project: &str,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT forwarder, count(*) FROM queue WHERE project = $1 AND rank < 4
                   GROUP BY forwarder";
        let parameters = vec![project.into()];
        self.query(sql.to_owned(), parameters, |row| {
            Ok((row.text(0)?, row.integer(1)?.cast_unsigned()))
        })
        .await
    }

    /// The start of the newest period that a project was reported on.
    pub async fn last_report(
        &self,
        project: &str,
        every: ReportEvery,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(period_start) FROM reports WHERE project = $1 AND every = $2";
        let parameters = vec![project.into(), every.name().into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.optional_integer(0)).await?;
        Ok(found.into_iter().flatten().next().map(Timestamp))
    }

    /// Notes that a period was reported on, and keeps the mails. The answer is whether it was this
    /// call that reported: there is one report for each period.
    pub async fn add_report(
        &self,
        project: &str,
        every: ReportEvery,
        period_start: Timestamp,
        notices: &[NewNotice],
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            format!(
                "INSERT INTO reports (project, every, period_start, made_at)
                 VALUES ($1, $2, $3, {now}) ON CONFLICT (project, every, period_start) DO NOTHING"
            ),
            vec![project.into(), every.name().into(), period_start.into()],
        );
        add_notices(&mut batch, project, notices, &now);
        self.change_unless_done(batch).await
    }

    /// Notes that something is expected of a source from now on. Where the same was expected
    /// already, it stays as it was.
    pub async fn expect(
        &self,
        project: &str,
        source: &str,
        every: Duration,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!(
                "INSERT INTO expectations (project, source, every, since)
                 VALUES ($1, $2, $3, {})
                 ON CONFLICT (project, source) DO UPDATE SET
                     every = excluded.every, since = excluded.since
                 WHERE expectations.every <> excluded.every",
                self.now_sql()
            ),
            vec![project.into(), source.into(), as_integer(every.as_micros()).into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Notes since when something is expected of a source.
    pub async fn expect_since(
        &self,
        project: &str,
        source: &str,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "UPDATE expectations SET since = $3 WHERE project = $1 AND source = $2",
            vec![project.into(), source.into(), since.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Notes that nothing is expected of a source any more.
    pub async fn expect_nothing(&self, project: &str, source: &str) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "DELETE FROM expectations WHERE project = $1 AND source = $2",
            vec![project.into(), source.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Everything that is expected, in all projects.
    pub async fn expectations(&self) -> Result<Vec<Expectation>, StoreError> {
        let sql = "SELECT project, source, every, since FROM expectations ORDER BY project, source";
        self.query(sql.to_owned(), Vec::new(), |row| {
            Ok(Expectation {
                project: row.text(0)?.into(),
                source: row.text(1)?,
                every: Duration::from_micros(row.integer(2)?.cast_unsigned()),
                since: row.time(3)?,
            })
        })
        .await
    }

    /// When the last message of a source came in.
    pub async fn last_received(
        &self,
        project: &str,
        source: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT received_at FROM messages WHERE project = $1 AND source = $2
                   ORDER BY id DESC LIMIT 1";
        let parameters = vec![project.into(), source.into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.time(0)).await?;
        Ok(found.into_iter().next())
    }
}
