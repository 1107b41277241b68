//! How many submissions along a lifecycle came in, and when, for statistics.
//!
//! A count goes along the index by the time of receipt, of one form or of all, some weeks at a time: what one query
//! gives is bounded, however many submissions there are. Spans in which nothing came in are stepped over.

use std::time::Duration;

use fieldpost_model::progress_count::{CountGroup, CountQuery, Counted, QUARTER};
use fieldpost_model::time::Timestamp;

use crate::error::StoreError;
use crate::statement::{Conditions, Parameter, length};
use crate::{Engine, Store};

/// The span that one query counts.
const SPAN: Duration = Duration::from_hours(24 * 28);

/// What was counted, and from where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedPart {
    /// The counts, in the order of time; each group of a quarter once.
    pub counted: Vec<Counted>,
    /// Where the rest begins; `None` where there is none.
    pub next: Option<Timestamp>,
}

impl Store {
    /// How many submissions came in, a part at a time: the first from the beginning of the query, the others from
    /// where the one before says. Each submission is counted where it is at that moment.
    pub async fn count_received(
        &self,
        project: &str,
        query: &CountQuery,
    ) -> Result<CountedPart, StoreError> {
        let (sql, parameters) = first_sql(&self.engine, project, query);
        let first = self.query(sql, parameters, |row| row.time(0)).await?.into_iter().next();
        let Some(first) = first else { return Ok(CountedPart::default()) };
        let quarter = micros(QUARTER);
        let begin = Timestamp(first.0.div_euclid(quarter) * quarter);
        let end = begin + SPAN;
        let end = query.before.map_or(end, |before| before.min(end));
        let part = CountQuery { from: Some(first), before: Some(end), ..query.clone() };
        let (sql, parameters) = counts_sql(&self.engine, project, &part);
        let counted = self
            .query(sql, parameters, |row| {
                Ok(Counted {
                    since: Timestamp(row.integer(0)?.saturating_mul(micros(QUARTER))),
                    group: row.optional_text(1)?,
                    count: length(row.integer(2)?)?,
                })
            })
            .await?;
        let next = query.before.is_none_or(|before| end < before).then_some(end);
        Ok(CountedPart { counted, next })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The time at which the first of what is counted came in.
pub(super) fn first_sql(
    engine: &Engine,
    project: &str,
    query: &CountQuery,
) -> (String, Vec<Parameter>) {
    let (indexed, conditions) = along(engine, project, query);
    let sql = format!(
        "SELECT p.received_at FROM progress p {indexed}{} ORDER BY p.received_at LIMIT 1",
        conditions.sql()
    );
    (sql, conditions.parameters)
}

/// The counts of a span.
pub(super) fn counts_sql(
    engine: &Engine,
    project: &str,
    query: &CountQuery,
) -> (String, Vec<Parameter>) {
    let (indexed, conditions) = along(engine, project, query);
    let group = match query.group {
        None => "CAST(NULL AS TEXT)",
        Some(CountGroup::Status) => "p.status",
        Some(CountGroup::Standing) => "p.standing",
        Some(CountGroup::Channel) => "p.channel",
        Some(CountGroup::Form) => "p.form",
    };
    let quarter = micros(QUARTER);
    let sql = format!(
        "SELECT p.received_at / {quarter}, {group}, count(*) FROM progress p {indexed}{}
         GROUP BY 1, 2 ORDER BY 1, 2",
        conditions.sql()
    );
    (sql, conditions.parameters)
}

/// The index that is gone along, and what is asked for.
fn along(engine: &Engine, project: &str, query: &CountQuery) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    conditions.add("p.project = ?", project);
    let index = match &query.form {
        Some(form) => {
            conditions.add("p.form = ?", form.as_str());
            "progress_by_form_received"
        }
        None => "progress_by_received",
    };
    conditions.add_plain("p.status IS NOT NULL");
    if let Some(channel) = query.channel {
        conditions.add("p.channel = ?", channel.name());
    }
    if let Some(from) = query.from {
        conditions.add("p.received_at >= ?", from);
    }
    if let Some(before) = query.before {
        conditions.add("p.received_at < ?", before);
    }
    (engine.indexed_by(Some(index)), conditions)
}
