//! Tallies: how often something happened, minute by minute and hour by hour.
//!
//! Nobody counts messages or deliveries for a chart: what happens is counted as it happens, in the
//! memory of each hub, and added here every few seconds. Each count is added to its minute and to its
//! hour. So nothing has to be rolled up later, which several hubs would have to agree about: minutes
//! are swept out after a few days, the hours stay.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter, Row, as_integer};

/// Rows of one statement: few different texts, so that few statements are kept prepared.
const ROWS: [usize; 3] = [64, 8, 1];

/// What is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTally {
    /// The project.
    pub project: ProjectName,
    /// What it was counted of.
    pub noun: TallyNoun,
    /// What was counted.
    pub kind: TallyKind,
    /// The name of the source, forwarder or connection.
    pub name: String,
    /// How often it happened since this was last added.
    pub count: u64,
    /// When it happened last.
    pub last_at: Timestamp,
}

/// What is asked of the tallies: all that lies from `from` on and before `until`.
#[derive(Clone, Copy, Debug)]
pub struct TallyQuery {
    /// Which counts are read.
    pub span: TallySpan,
    /// The beginning of the first one.
    pub from: Timestamp,
    /// The end.
    pub until: Timestamp,
    /// How much time is summed up, from `from` on.
    pub step: Duration,
    /// Whether each name has a sum of its own.
    pub by_name: bool,
}

/// How often something happened within a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The number of the step; 0 is the one that begins at `from`.
    pub step: usize,
    /// What it was counted of.
    pub noun: TallyNoun,
    /// What was counted.
    pub kind: TallyKind,
    /// The name, where each has a sum of its own; else empty.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// When something happened last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTime {
    /// What it is counted of.
    pub noun: TallyNoun,
    /// What is counted.
    pub kind: TallyKind,
    /// The name of the source, forwarder or connection.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Adds to the counts of the minute and the hour of `at`, all or none.
    pub async fn add_tallies(&self, at: Timestamp, tallies: &[NewTally]) -> Result<(), StoreError> {
        // In one order for everybody, so that two hubs never wait for each other.
        let mut tallies: Vec<&NewTally> = tallies.iter().collect();
        tallies.sort_unstable_by(|one, other| place(one).cmp(&place(other)));
        let mut batch = Batch::default();
        for span in TallySpan::ALL {
            let begin = at.0 - at.0.rem_euclid(span.microseconds());
            add_rows(&mut batch, &tallies, &COUNT, |tally| {
                let [project, noun, kind, name] = key(tally);
                let count = as_integer(tally.count).into();
                vec![project, span.microseconds().into(), begin.into(), noun, kind, name, count]
            });
        }
        add_rows(&mut batch, &tallies, &LAST, |tally| {
            let [project, noun, kind, name] = key(tally);
            vec![project, noun, kind, name, tally.last_at.into()]
        });
        if batch.0.is_empty() {
            return Ok(());
        }
        self.change(batch).await.map(drop)
    }

    /// The counts of a project, in no particular order; steps without any are left out.
    pub async fn tallies(
        &self,
        project: &str,
        query: &TallyQuery,
    ) -> Result<Vec<Tally>, StoreError> {
        self.sum_up(project, query, None).await
    }

    /// The counts of one source, forwarder or connection.
    pub async fn tallies_of(
        &self,
        project: &str,
        query: &TallyQuery,
        noun: TallyNoun,
        name: &str,
    ) -> Result<Vec<Tally>, StoreError> {
        self.sum_up(project, query, Some((noun, name))).await
    }

    async fn sum_up(
        &self,
        project: &str,
        query: &TallyQuery,
        of: Option<(TallyNoun, &str)>,
    ) -> Result<Vec<Tally>, StoreError> {
        let name = if query.by_name { "name" } else { "''" };
        let only = if of.is_some() { " AND noun = $6 AND name = $7" } else { "" };
        let sql = format!(
            "SELECT (at - $3) / $5, noun, kind, {name}, CAST(sum(count) AS BIGINT) FROM tallies
             WHERE project = $1 AND span = $2 AND at >= $3 AND at < $4{only} GROUP BY 1, 2, 3, 4"
        );
        let mut parameters = vec![
            project.into(),
            query.span.microseconds().into(),
            query.from.into(),
            query.until.into(),
            as_integer(query.step.as_micros()).max(1).into(),
        ];
        parameters
            .extend(of.into_iter().flat_map(|(noun, name)| [noun.name().into(), name.into()]));
        self.query(sql, parameters, |row| {
            Ok(Tally {
                step: usize::try_from(row.integer(0)?).unwrap_or(0),
                noun: row.named(1, TallyNoun::from_name)?,
                kind: row.named(2, TallyKind::from_name)?,
                name: row.text(3)?,
                count: row.integer(4)?.cast_unsigned(),
            })
        })
        .await
    }

    /// When each thing that is counted happened last in a project.
    pub async fn last_times(&self, project: &str) -> Result<Vec<LastTime>, StoreError> {
        let sql = "SELECT noun, kind, name, at FROM last_times WHERE project = $1";
        self.query(sql.to_owned(), vec![project.into()], |row: &Row<'_>| {
            Ok(LastTime {
                noun: row.named(0, TallyNoun::from_name)?,
                kind: row.named(1, TallyKind::from_name)?,
                name: row.text(2)?,
                at: row.time(3)?,
            })
        })
        .await
    }

    /// Forgets the counts of a project whose span began before `before`; the answer is how many.
    pub async fn sweep_tallies(
        &self,
        project: &str,
        span: TallySpan,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "DELETE FROM tallies WHERE project = $1 AND span = $2 AND at < $3",
            vec![project.into(), span.microseconds().into(), before.into()],
        );
        Ok(self.change(batch).await?.first().copied().unwrap_or(0))
    }
}

/// An additive insert, in its parts.
struct Upsert {
    head: &'static str,
    columns: usize,
    conflict: &'static str,
}

const COUNT: Upsert = Upsert {
    head: "INSERT INTO tallies (project, span, at, noun, kind, name, count)",
    columns: 7,
    conflict: "ON CONFLICT (project, span, at, noun, kind, name)
               DO UPDATE SET count = tallies.count + excluded.count",
};
const LAST: Upsert = Upsert {
    head: "INSERT INTO last_times (project, noun, kind, name, at)",
    columns: 5,
    conflict: "ON CONFLICT (project, noun, kind, name) DO UPDATE SET at = excluded.at
               WHERE last_times.at < excluded.at",
};

impl Upsert {
    fn sql(&self, rows: usize) -> String {
        let tuple = |row: usize| {
            let places: Vec<String> = (1..=self.columns)
                .map(|column| format!("${}", row * self.columns + column))
                .collect();
            format!("({})", places.join(", "))
        };
        let tuples: Vec<String> = (0..rows).map(tuple).collect();
        format!("{} VALUES {} {}", self.head, tuples.join(", "), self.conflict)
    }
}

/// Adds the rows to a batch, many to a statement.
fn add_rows(
    batch: &mut Batch,
    tallies: &[&NewTally],
    upsert: &Upsert,
    parameters: impl Fn(&NewTally) -> Vec<Parameter>,
) {
    let mut left = tallies;
    for rows in ROWS {
        while let Some((chunk, rest)) = left.split_at_checked(rows) {
            left = rest;
            batch.any(upsert.sql(rows), chunk.iter().flat_map(|tally| parameters(tally)).collect());
        }
    }
}

fn place(tally: &NewTally) -> (&str, TallyNoun, TallyKind, &str) {
    (&tally.project, tally.noun, tally.kind, &tally.name)
}

fn key(tally: &NewTally) -> [Parameter; 4] {
    let NewTally { project, noun, kind, name, .. } = tally;
    [(&**project).into(), noun.name().into(), kind.name().into(), name.as_str().into()]
}
