//! Files that are fetched from where their submissions link to.
//!
//! The row of a file is its own order: it was written in the transaction that keeps the submission, says
//! by which connection and when the next try is due, and becomes the row of a file that has come. So no
//! order can be lost or outlive its submission, and an erasure takes both. Whoever fetches holds the row
//! by a lease and a fence, and writes what came of it only while it still does.
//!
//! One connection whose server hangs must not hold up the others: whoever claims says how many files each may
//! have at once, and how many those still may that have some. Those that may have none are passed over.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::submission::FetchState;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::files::KeptFile;
use crate::statement::{Batch, Parameter, Row, as_integer};

/// The order to fetch a file that is filed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFetch {
    /// The name of the connection.
    pub connection: String,
    /// Since when it is wanted, which is when it is due.
    pub since: Timestamp,
    /// Why it is not tried: it is kept as given up.
    pub refused: Option<String>,
}

/// How it stands with the fetching of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFetch {
    /// Where it stands.
    pub state: FetchState,
    /// The name of the connection.
    pub connection: String,
    /// How many tries were made since it was wanted.
    pub tries: u32,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
    /// What went wrong last, in a sentence.
    pub last_error: Option<String>,
    /// When it came.
    pub fetched_at: Option<Timestamp>,
}

/// A file that is held for fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFetch {
    /// The project.
    pub project: ProjectName,
    /// The submission.
    pub submission: Uuid,
    /// The name of the file.
    pub name: String,
    /// The version of the submission that the file came with.
    pub version: i64,
    /// Where it is to be had.
    pub link: String,
    /// The name of the connection.
    pub connection: String,
    /// Its media type, where the sender says it.
    pub content_type: Option<String>,
    /// The tries before this one.
    pub tries: u32,
    /// Since when it is wanted.
    pub since: Timestamp,
    fence: i64,
}

/// A connection of a project: what is fetched by one does not wait for another.
pub(crate) type FetchLane = (ProjectName, String);

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// It lies in the folder of files.
    Fetched(KeptFile, Option<String>),
    /// It is tried again after this pause.
    RetryIn(Duration, String),
    /// It could not be tried, and is after this pause; that was no try.
    Later(Duration, String),
    /// It is not tried again.
    GivenUp(String),
}

/// Reads how it stands with the fetching of a file: `fetch_by`, `fetch_at`, `fetch_tries`, `fetch_error`,
/// `fetched_at` and `sha256`, from that column on.
pub(crate) fn read_fetch(row: &Row<'_>, first: usize) -> Result<Option<FileFetch>, StoreError> {
    let Some(connection) = row.optional_text(first)? else { return Ok(None) };
    let next_at = row.optional_time(first + 1)?;
    let has_come = row.optional_bytes(first + 5)?.is_some();
    let state = match (has_come, next_at) {
        (true, _) => FetchState::Fetched,
        (false, Some(_)) => FetchState::Waiting,
        (false, None) => FetchState::Failed,
    };
    Ok(Some(FileFetch {
        state,
        connection,
        tries: row.count(first + 2)?,
        next_at: next_at.filter(|_| !has_come),
        last_error: row.optional_text(first + 3)?,
        fetched_at: row.optional_time(first + 4)?,
    }))
}

/// The row of a file, as long as it is held with this fence.
const HELD: &str = "project = $1 AND submission = $2 AND name = $3 AND version = $4
                    AND fetch_fence = $5 AND fetch_at IS NOT NULL";

impl HeldFetch {
    /// What [`HELD`] asks for.
    fn held(&self, fence: i64) -> Vec<Parameter> {
        vec![
            (&*self.project).into(),
            self.submission.into(),
            self.name.as_str().into(),
            self.version.into(),
            fence.into(),
        ]
    }
}

impl Store {
    /// Holds files that are due to be fetched, up to `limit`, for as long as the lease says: of each connection
    /// of a project as many as `room` says, or `each` where it says nothing.
    pub async fn claim_fetches(
        &self,
        limit: usize,
        lease: Duration,
        each: usize,
        mut room: HashMap<FetchLane, usize>,
    ) -> Result<Vec<HeldFetch>, StoreError> {
        let mut held = Vec::new();
        // Each round but the last finds one more connection that has no room.
        while held.len() < limit {
            let wanted = limit - held.len();
            let full: Vec<&FetchLane> =
                room.iter().filter(|(_, room)| **room == 0).map(|(lane, _)| lane).collect();
            let mut parameters = vec![as_integer(wanted).into()];
            for (project, connection) in &full {
                parameters.extend([(&**project).into(), connection.as_str().into()]);
            }
            let sql = due_sql(&self.now_sql(), full.len());
            let due = self.query(sql, parameters, read_held).await?;
            let is_all = due.len() < wanted;
            let fits = |fetch: &HeldFetch| {
                let lane = (fetch.project.clone(), fetch.connection.clone());
                let room = room.entry(lane).or_insert(each);
                let fits = *room > 0;
                *room = room.saturating_sub(1);
                fits
            };
            let before = due.len();
            let due: Vec<HeldFetch> = due.into_iter().filter(fits).collect();
            let is_last = is_all || due.len() == before;
            self.hold(due, lease, &mut held).await?;
            if is_last {
                break;
            }
        }
        Ok(held)
    }

    /// Holds those that nobody else has taken meanwhile.
    async fn hold(
        &self,
        due: Vec<HeldFetch>,
        lease: Duration,
        held: &mut Vec<HeldFetch>,
    ) -> Result<(), StoreError> {
        for fetch in due {
            let mut batch = Batch::default();
            let mut parameters = fetch.held(fetch.fence - 1);
            parameters.push(self.owner.as_str().into());
            parameters.push(as_integer(lease.as_micros()).into());
            Self::once(
                &mut batch,
                format!(
                    "UPDATE submission_files SET fetch_fence = fetch_fence + 1, fetch_owner = $6,
                         fetch_at = {} + $7
                     WHERE {HELD}",
                    self.now_sql()
                ),
                parameters,
            );
            if self.change_unless_done(batch).await? {
                held.push(fetch);
            }
        }
        Ok(())
    }

    /// How many bytes were fetched for the message that a file came with.
    pub async fn fetched_bytes(&self, held: &HeldFetch) -> Result<u64, StoreError> {
        let parameters = vec![(&*held.project).into(), held.submission.into(), held.version.into()];
        let sums = self.query(FETCHED_BYTES.to_owned(), parameters, |row| row.integer(0)).await?;
        Ok(sums.first().map_or(0, |sum| u64::try_from(*sum).unwrap_or(0)))
    }

    /// Writes what came of a try. The answer is whether the file was still ours to fetch; where it was
    /// not, nothing is written.
    pub async fn record_fetch(
        &self,
        held: &HeldFetch,
        outcome: &FetchOutcome,
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let again = |pause: &Duration| format!("{now} + {}", pause.as_micros());
        let mut parameters = held.held(held.fence);
        let mut bind = |parameter: Parameter| parameters.push(parameter);
        let set = match outcome {
            FetchOutcome::Fetched(file, content_type) => {
                bind(Parameter::Bytes(file.sha256.to_vec()));
                bind(as_integer(file.bytes).into());
                bind(content_type.clone().into());
                format!(
                    "sha256 = $6, bytes = $7, content_type = coalesce(content_type, $8),
                     fetch_at = NULL, fetch_error = NULL, fetched_at = {now},
                     fetch_tries = fetch_tries + 1"
                )
            }
            FetchOutcome::RetryIn(pause, error) => {
                bind(error.as_str().into());
                let at = again(pause);
                format!("fetch_at = {at}, fetch_error = $6, fetch_tries = fetch_tries + 1")
            }
            FetchOutcome::Later(pause, error) => {
                bind(error.as_str().into());
                format!("fetch_at = {}, fetch_error = $6", again(pause))
            }
            FetchOutcome::GivenUp(error) => {
                bind(error.as_str().into());
                "fetch_at = NULL, fetch_error = $6, fetch_tries = fetch_tries + 1".to_owned()
            }
        };
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            format!("UPDATE submission_files SET {set}, fetch_owner = NULL WHERE {HELD}"),
            parameters,
        );
        self.change_unless_done(batch).await
    }

    /// Frees what this node's earlier starts held: they are gone, since the folder is locked.
    pub async fn free_fetches(&self) -> Result<(), StoreError> {
        let (held_before, parameters) = self.held_before(1);
        let held_before = held_before.replace("owner", "fetch_owner");
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE submission_files SET fetch_at = {}, fetch_owner = NULL
                 WHERE fetch_at IS NOT NULL AND {held_before}",
                self.now_sql()
            ),
            parameters.to_vec(),
        );
        self.change(batch).await.map(drop)
    }

    /// Lets the files of a submission be fetched by this connection that are only linked to, at once and
    /// with a fresh budget; the answer is how many. What is being fetched right now goes on.
    pub async fn fetch_files(
        &self,
        project: &str,
        submission: Uuid,
        connection: &str,
    ) -> Result<u64, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE submission_files SET fetch_by = $3, fetch_at = {now}, fetch_since = {now},
                     fetch_tries = 0
                 WHERE project = $1 AND submission = $2 AND link IS NOT NULL AND sha256 IS NULL
                 AND fetch_owner IS NULL"
            ),
            vec![project.into(), submission.into(), connection.into()],
        );
        Ok(self.change(batch).await?.first().copied().unwrap_or(0))
    }
}

/// The bytes that were fetched for the message of a version of a submission.
pub(crate) const FETCHED_BYTES: &str = "
    SELECT CAST(coalesce(sum(file.bytes), 0) AS BIGINT)
    FROM submission_versions one CROSS JOIN submission_files file
    WHERE one.project = $1 AND one.message = (
        SELECT message FROM submission_versions WHERE project = $1 AND submission = $2 AND version = $3
    )
    AND file.project = one.project AND file.submission = one.submission AND file.version = one.version
    AND file.fetched_at IS NOT NULL";

/// The files that are due, those that wait longest first,
/// leaving out so many connections.
pub(crate) fn due_sql(now: &str, full: usize) -> String {
    let lanes: Vec<String> =
        (0..full).map(|lane| format!("(${}, ${})", 2 * lane + 2, 2 * lane + 3)).collect();
    let but = match lanes.as_slice() {
        [] => String::new(),
        lanes => {
            format!("AND (project, coalesce(fetch_by, '')) NOT IN (VALUES {})", lanes.join(", "))
        }
    };
    format!(
        "SELECT project, submission, name, version, link, fetch_by, fetch_tries, fetch_since, fetch_fence,
             content_type
         FROM submission_files
         WHERE fetch_at IS NOT NULL AND fetch_at <= {now} AND sha256 IS NULL AND link IS NOT NULL {but}
         ORDER BY fetch_at LIMIT $1"
    )
}

fn read_held(row: &Row<'_>) -> Result<HeldFetch, StoreError> {
    Ok(HeldFetch {
        project: row.text(0)?.into(),
        submission: row.id(1)?,
        name: row.text(2)?,
        version: row.integer(3)?,
        link: row.text(4)?,
        connection: row.optional_text(5)?.unwrap_or_default(),
        tries: row.count(6)?,
        since: row.optional_time(7)?.unwrap_or_default(),
        fence: row.integer(8)? + 1,
        content_type: row.optional_text(9)?,
    })
}
