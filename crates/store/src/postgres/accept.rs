//! Keeping messages on PostgreSQL: what waits, as one transaction of multi-row statements.
//!
//! ```text
//!   1  lock the projects' versions (FOR SHARE)      → the stale ones drop out
//!      lock what filings are about, and compare it  → the stale ones drop out
//!   2  claim the identities, in key order           → the duplicates are known
//!   3  lock the quarantine counts of the sources, in order;
//!      then quarantined contents, one by one (rare)
//!   4  what is kept in order: the locks of its sequences, positions,
//!      and the end of what it takes the place of
//!   5  messages, bodies, deliveries, queue, and the rows of filings
//!   6  what is kept in order: the heads are let go
//! ```
//!
//! The share lock on a project's row is what makes the version check hold: a change of the
//! definitions either committed before, and the plan is stale, or it waits until this transaction
//! is over, and what it adds begins with the next message. It asks for the whole table's lock, so
//! that those who accept queue behind it. One statement cannot touch an identity
//! twice, so a batch with repetitions claims in rounds; the keys are claimed in one order by
//! everybody, so that two flushers never wait for each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deadpool_postgres::{Pool, Transaction};
use fieldpost_model::message::MessageState;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::filing;
use super::order::Threads;
use super::rows::{arrange, delivery_rows, insert_deliveries, insert_payloads, sequences};
use super::{both, flusher, runs};
use crate::ends::AcceptEnd;
use crate::error::StoreError;
use crate::filing::batch::FilingBatch;
use crate::records::{Accept, Accepted, DedupeKey, NewMessage};
use crate::request::request_text;
use crate::runs::RunRow;
use crate::statement::{as_integer, unreadable};

/// A message that waits to be kept.
pub(super) struct Job {
    pub(super) accept: Accept,
    pub(super) quarantine_limit: u32,
    pub(super) reply: oneshot::Sender<Result<AcceptEnd, StoreError>>,
}

impl flusher::Job for Job {
    type Answer = AcceptEnd;

    fn answer(self, answer: Result<AcceptEnd, StoreError>) {
        let Self { accept, reply, .. } = self;
        // The body goes first: whoever is answered may send the next one into its room.
        drop(accept);
        // Whoever asked may have gone; the work is done all the same.
        drop(reply.send(answer));
    }
}

/// Keeps the messages of all jobs in one transaction.
pub(super) fn flush<'f>(
    pool: &'f Pool,
    jobs: &'f [Job],
) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<AcceptEnd>, StoreError>> + Send + 'f>> {
    Box::pin(async move {
        let mut client = pool.get().await?;
        let transaction = client.transaction().await?;
        let mut answers: Vec<Option<Accepted>> = vec![None; jobs.len()];
        drop_stale(&transaction, jobs, &mut answers).await?;
        let mut filings = compare_filings(&transaction, jobs, &mut answers).await?;
        let known = claim_identities(&transaction, jobs, &mut answers).await?;
        lock_quarantines(&transaction, jobs, &answers).await?;
        for (job, answer) in jobs.iter().zip(&mut answers) {
            if answer.is_none() && job.accept.message.quarantined.is_some() {
                *answer = Some(quarantine(&transaction, job).await?);
            }
        }
        let answers: Vec<Accepted> = answers
            .into_iter()
            .map(|answer| answer.unwrap_or(Accepted::Kept { version: 1 }))
            .collect();
        let mut replaced = insert(&transaction, jobs, &answers, &known).await?;
        for (job, answer) in jobs.iter().zip(&answers) {
            filings.add(&job.accept, answer);
        }
        filing::write(&transaction, filings.into_rows()).await?;
        transaction.commit().await?;
        let mut superseded = |job: &Job| -> Vec<Uuid> {
            let deliveries = job.accept.deliveries.iter();
            deliveries.filter_map(|delivery| replaced.remove(&delivery.id)).flatten().collect()
        };
        Ok(jobs
            .iter()
            .zip(answers)
            .map(|(job, accepted)| AcceptEnd { accepted, superseded: superseded(job) })
            .collect())
    })
}

async fn drop_stale(
    transaction: &Transaction<'_>,
    jobs: &[Job],
    answers: &mut [Option<Accepted>],
) -> Result<(), StoreError> {
    let mut projects: Vec<&str> = jobs.iter().map(|job| &*job.accept.project).collect();
    projects.sort_unstable();
    projects.dedup();
    let statement = transaction
        .prepare_cached(
            "SELECT project, configuration_version FROM projects
             WHERE project = ANY ($1) ORDER BY project FOR SHARE",
        )
        .await?;
    let mut versions: HashMap<String, i64> = HashMap::new();
    for row in transaction.query(&statement, &[&projects]).await? {
        versions.insert(row.try_get(0)?, row.try_get(1)?);
    }
    for (job, answer) in jobs.iter().zip(answers) {
        if versions.get(&*job.accept.project) != Some(&job.accept.configuration_version) {
            *answer = Some(Accepted::Stale);
        }
    }
    Ok(())
}

/// Compares what filings were made from with what there is, in the order of arrival. A message may still
/// turn out to repeat another one; then one that comes after it is planned again without need.
async fn compare_filings(
    transaction: &Transaction<'_>,
    jobs: &[Job],
    answers: &mut [Option<Accepted>],
) -> Result<FilingBatch, StoreError> {
    let undecided = || jobs.iter().zip(answers.iter()).filter(|(_, answer)| answer.is_none());
    let accepts = undecided().map(|(job, _)| &job.accept);
    let mut filings = filing::begin(transaction, accepts).await?;
    for (job, answer) in jobs.iter().zip(answers).filter(|(_, answer)| answer.is_none()) {
        if filings.fits(&job.accept) {
            filings.note(&job.accept);
        } else {
            *answer = Some(Accepted::Stale);
        }
    }
    Ok(filings)
}

/// The key of an identity: project, source, what the message is known by.
type IdentityKey<'j> = (&'j str, &'j str, &'j str);

/// What was known of the identities that messages claimed, by the messages' positions.
#[derive(Default)]
struct Known {
    /// The versions that the duplicates repeat.
    repeated: HashMap<usize, i64>,
    /// The messages whose content was known by the identity before.
    previous: HashMap<usize, Uuid>,
}

/// Claims the identities of the messages that can be read.
async fn claim_identities(
    transaction: &Transaction<'_>,
    jobs: &[Job],
    answers: &mut [Option<Accepted>],
) -> Result<Known, StoreError> {
    // Positions by key, in the order of arrival; the map keeps the keys in order.
    let mut waiting: BTreeMap<IdentityKey<'_>, Vec<usize>> = BTreeMap::new();
    for (position, (job, answer)) in jobs.iter().zip(answers.iter()).enumerate() {
        let Accept { project, message, .. } = &job.accept;
        if let (None, None, Some(dedupe)) = (answer, &message.quarantined, &message.dedupe) {
            waiting.entry((project, &message.source, &dedupe.key)).or_default().push(position);
        }
    }
    let mut known = Known::default();
    let mut round = 0;
    while !waiting.is_empty() {
        let claims: Vec<Claim<'_>> = waiting
            .values()
            .filter_map(|positions| {
                let position = *positions.get(round)?;
                let Accept { project, message, .. } = &jobs.get(position)?.accept;
                let dedupe = message.dedupe.as_ref()?;
                Some(Claim { position, project, message, dedupe })
            })
            .collect();
        let versions = claim_round(transaction, &claims).await?;
        let mut lost = Vec::new();
        for claim in claims {
            match (answers.get_mut(claim.position), versions.get(&claim.key().owned())) {
                (Some(answer), Some((version, previous))) => {
                    *answer = Some(Accepted::Kept { version: *version });
                    known.previous.extend(previous.map(|previous| (claim.position, previous)));
                }
                _ => lost.push(claim),
            }
        }
        let holders = holders(transaction, &lost).await?;
        for claim in lost {
            let holder = holders.get(&claim.key().owned());
            let (of, version) = *holder.ok_or_else(|| unreadable("identity", &claim.dedupe.key))?;
            known.repeated.insert(claim.position, version);
            if let Some(answer) = answers.get_mut(claim.position) {
                *answer = Some(Accepted::Duplicate { of });
            }
        }
        round += 1;
        waiting.retain(|_, positions| positions.len() > round);
    }
    Ok(known)
}

/// A message that claims its identity.
struct Claim<'j> {
    position: usize,
    project: &'j str,
    message: &'j NewMessage,
    dedupe: &'j DedupeKey,
}

impl<'j> Claim<'j> {
    fn key(&self) -> IdentityKey<'j> {
        (self.project, &self.message.source, &self.dedupe.key)
    }
}

/// An [`IdentityKey`] as the database answers it.
type OwnedIdentityKey = (String, String, String);

trait OwnedKey {
    fn owned(&self) -> OwnedIdentityKey;
}

impl OwnedKey for IdentityKey<'_> {
    fn owned(&self) -> OwnedIdentityKey {
        (self.0.to_owned(), self.1.to_owned(), self.2.to_owned())
    }
}

/// The version that a message is, and the message before it.
type Place = (u32, Option<Uuid>);

/// Claims each identity once. Those that answer are ours, with their place.
async fn claim_round(
    transaction: &Transaction<'_>,
    claims: &[Claim<'_>],
) -> Result<HashMap<OwnedIdentityKey, Place>, StoreError> {
    let projects: Vec<&str> = claims.iter().map(|claim| claim.project).collect();
    let sources: Vec<&str> = claims.iter().map(|claim| &*claim.message.source).collect();
    let keys: Vec<&str> = claims.iter().map(|claim| &*claim.dedupe.key).collect();
    let hashes: Vec<&[u8]> = claims.iter().map(|claim| &claim.dedupe.content_hash[..]).collect();
    let messages: Vec<Uuid> = claims.iter().map(|claim| claim.message.id).collect();
    let times: Vec<i64> = claims.iter().map(|claim| claim.message.received_at.0).collect();
    let forget: Vec<Option<i64>> = claims
        .iter()
        .map(|claim| claim.dedupe.window.map(|window| (claim.message.received_at + window).0))
        .collect();
    let statement = transaction
        .prepare_cached(
            "INSERT INTO identities
                 (project, source, identity, version, content_hash, message, at, forget_at)
             SELECT project, source, identity, 1, content_hash, message, at, forget_at
             FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::uuid[],
                         $6::bigint[], $7::bigint[])
                 AS n (project, source, identity, content_hash, message, at, forget_at)
             ON CONFLICT (project, source, identity) DO UPDATE SET
                 version = identities.version
                     + (identities.content_hash <> excluded.content_hash)::int,
                 previous = CASE WHEN identities.content_hash <> excluded.content_hash
                     THEN identities.message ELSE identities.previous END,
                 content_hash = excluded.content_hash,
                 message = excluded.message,
                 at = excluded.at,
                 forget_at = excluded.forget_at
             WHERE identities.content_hash <> excluded.content_hash
                 OR identities.forget_at <= excluded.at
             RETURNING project, source, identity, version, identities.previous",
        )
        .await?;
    let rows = transaction
        .query(&statement, &[&projects, &sources, &keys, &hashes, &messages, &times, &forget])
        .await?;
    let mut versions = HashMap::with_capacity(rows.len());
    for row in rows {
        let version: i64 = row.try_get(3)?;
        let version =
            u32::try_from(version).map_err(|_| unreadable("version", &version.to_string()))?;
        let key = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        versions.insert(key, (version, row.try_get(4)?));
    }
    Ok(versions)
}

/// The messages that hold the identities which these claims did not get, with their versions.
async fn holders(
    transaction: &Transaction<'_>,
    lost: &[Claim<'_>],
) -> Result<HashMap<OwnedIdentityKey, (Uuid, i64)>, StoreError> {
    if lost.is_empty() {
        return Ok(HashMap::new());
    }
    let projects: Vec<&str> = lost.iter().map(|claim| claim.project).collect();
    let sources: Vec<&str> = lost.iter().map(|claim| &*claim.message.source).collect();
    let keys: Vec<&str> = lost.iter().map(|claim| &*claim.dedupe.key).collect();
    let statement = transaction
        .prepare_cached(
            "SELECT project, source, identity, i.message, i.version
             FROM unnest($1::text[], $2::text[], $3::text[]) AS l (project, source, identity)
             JOIN identities i USING (project, source, identity)",
        )
        .await?;
    let mut holders = HashMap::with_capacity(lost.len());
    for row in transaction.query(&statement, &[&projects, &sources, &keys]).await? {
        let key = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        holders.insert(key, (row.try_get(3)?, row.try_get(4)?));
    }
    Ok(holders)
}

/// Locks the quarantine counts of the sources that have something unreadable here, in one order for
/// everybody, before any of their contents is touched: two flushers that quarantine the same
/// contents in different order would otherwise wait for each other.
async fn lock_quarantines(
    transaction: &Transaction<'_>,
    jobs: &[Job],
    answers: &[Option<Accepted>],
) -> Result<(), StoreError> {
    let sources: BTreeSet<(&str, &str)> = jobs
        .iter()
        .zip(answers)
        .filter(|(job, answer)| answer.is_none() && job.accept.message.quarantined.is_some())
        .map(|(job, _)| (&*job.accept.project, &*job.accept.message.source))
        .collect();
    if sources.is_empty() {
        return Ok(());
    }
    let (projects, sources): (Vec<&str>, Vec<&str>) = sources.into_iter().unzip();
    let statement = transaction
        .prepare_cached(
            "INSERT INTO quarantine_counts AS q (project, source, messages)
             SELECT project, source, 0 FROM unnest($1::text[], $2::text[]) AS n (project, source)
             ON CONFLICT (project, source) DO UPDATE SET messages = q.messages",
        )
        .await?;
    transaction.execute(&statement, &[&projects, &sources]).await?;
    Ok(())
}

/// Keeps what could not be read, once per content, up to a limit for each source.
async fn quarantine(transaction: &Transaction<'_>, job: &Job) -> Result<Accepted, StoreError> {
    let Accept { project, message, .. } = &job.accept;
    let project: &str = project;
    if let Some(dedupe) = &message.dedupe {
        let claim = Claim { position: 0, project, message, dedupe };
        let claim = std::slice::from_ref(&claim);
        let known = holders(transaction, claim).await?;
        if let Some((id, _)) = known.into_values().next() {
            return Ok(Accepted::Quarantined {
                id,
                seen: count_seen(transaction, project, id).await?,
            });
        }
        claim_round(transaction, claim).await?;
    }
    let counted = transaction
        .execute(
            "INSERT INTO quarantine_counts AS q (project, source, messages) VALUES ($1, $2, 1)
             ON CONFLICT (project, source) DO UPDATE SET messages = q.messages + 1
             WHERE q.messages < $3",
            &[&project, &message.source, &i64::from(job.quarantine_limit)],
        )
        .await?;
    if counted == 0 {
        if let Some(dedupe) = &message.dedupe {
            transaction
                .execute(
                    "DELETE FROM identities
                     WHERE project = $1 AND source = $2 AND identity = $3 AND message = $4",
                    &[&project, &message.source, &dedupe.key, &message.id],
                )
                .await?;
        }
        return Ok(Accepted::QuarantineFull);
    }
    // Inserted here, not with the others: a repetition in the same batch counts on this row.
    let written = Written {
        job,
        state: MessageState::Quarantined,
        duplicate_of: None,
        version: 1,
        previous: None,
    };
    insert_messages(transaction, &[written]).await?;
    Ok(Accepted::Quarantined { id: message.id, seen: 1 })
}

/// Counts another arrival of a quarantined content; the answer is how many there were by now.
async fn count_seen(
    transaction: &Transaction<'_>,
    project: &str,
    id: Uuid,
) -> Result<u32, StoreError> {
    let statement = transaction
        .prepare_cached(
            "UPDATE messages SET seen = seen + 1 WHERE project = $1 AND id = $2 RETURNING seen",
        )
        .await?;
    let seen: i64 = transaction.query_one(&statement, &[&project, &id]).await?.try_get(0)?;
    Ok(u32::try_from(seen).unwrap_or(u32::MAX))
}

/// A message as it is written.
struct Written<'j> {
    job: &'j Job,
    state: MessageState,
    duplicate_of: Option<Uuid>,
    version: i64,
    previous: Option<Uuid>,
}

async fn insert(
    transaction: &Transaction<'_>,
    jobs: &[Job],
    answers: &[Accepted],
    known: &Known,
) -> Result<HashMap<Uuid, Vec<Uuid>>, StoreError> {
    let mut messages: Vec<Written<'_>> = Vec::with_capacity(jobs.len());
    let mut kept: Vec<&Job> = Vec::with_capacity(jobs.len());
    for (position, (job, answer)) in jobs.iter().zip(answers).enumerate() {
        match answer {
            Accepted::Kept { version } => {
                messages.push(Written {
                    job,
                    state: MessageState::Kept,
                    duplicate_of: None,
                    version: i64::from(*version),
                    previous: known.previous.get(&position).copied(),
                });
                kept.push(job);
            }
            Accepted::Duplicate { of } => {
                messages.push(Written {
                    job,
                    state: MessageState::Duplicate,
                    duplicate_of: Some(*of),
                    version: known.repeated.get(&position).copied().unwrap_or(1),
                    previous: None,
                });
            }
            Accepted::Quarantined { .. } | Accepted::Stale | Accepted::QuarantineFull => {}
        }
    }
    let mut rows = delivery_rows(&kept);
    let runs = run_rows(&kept);
    let replaced = arrange(transaction, &mut rows).await?;
    runs::lock(transaction, &runs).await?;
    let messages = Box::pin(insert_messages(transaction, &messages));
    let deliveries = Box::pin(insert_deliveries(transaction, &rows));
    let payloads = Box::pin(insert_payloads(transaction, &kept));
    let arriving = Box::pin(runs::insert(transaction, &runs));
    both(messages, both(deliveries, both(payloads, arriving))).await?;
    // Nothing has left.
    sequences(&rows).promote(&Threads::default(), transaction).await?;
    runs::let_go_arrived(transaction, &runs).await?;
    Ok(replaced)
}

/// The runs that kept messages call for.
fn run_rows<'j>(kept: &[&'j Job]) -> Vec<RunRow<'j>> {
    kept.iter()
        .flat_map(|job| {
            let Accept { project, message, runs, .. } = &job.accept;
            runs.iter().map(|run| RunRow { project, message: Some(message.id), run })
        })
        .collect()
}

async fn insert_messages(
    transaction: &Transaction<'_>,
    written: &[Written<'_>],
) -> Result<(), StoreError> {
    if written.is_empty() {
        return Ok(());
    }
    let mut columns = MessageColumns::default();
    for row in written {
        columns.push(row);
    }
    let messages = transaction
        .prepare_cached(
            "INSERT INTO messages (project, id, source, received_at, state, duplicate_of, reason,
                 content_type, bytes, identity, version, seen, previous)
             SELECT project, id, source, received_at, state, duplicate_of, reason,
                 content_type, bytes, identity, version, 1, previous
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[],
                         $6::uuid[], $7::text[], $8::text[], $9::bigint[], $10::text[],
                         $11::bigint[], $12::uuid[])
                 AS n (project, id, source, received_at, state, duplicate_of, reason,
                       content_type, bytes, identity, version, previous)",
        )
        .await?;
    let bodies = transaction
        .prepare_cached(
            "INSERT INTO message_bodies (project, message, request, bytes)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[])",
        )
        .await?;
    let MessageColumns {
        projects,
        ids,
        sources,
        times,
        states,
        duplicates,
        reasons,
        content_types,
        lengths,
        identities,
        versions,
        previous,
        requests,
        bytes,
    } = &columns;
    both(
        transaction.execute(
            &messages,
            &[
                projects,
                ids,
                sources,
                times,
                states,
                duplicates,
                reasons,
                content_types,
                lengths,
                identities,
                versions,
                previous,
            ],
        ),
        transaction.execute(&bodies, &[projects, ids, requests, bytes]),
    )
    .await?;
    Ok(())
}

/// The rows of `messages` and `message_bodies`, column by column, as `unnest` takes them.
#[derive(Default)]
struct MessageColumns<'j> {
    projects: Vec<&'j str>,
    ids: Vec<Uuid>,
    sources: Vec<&'j str>,
    times: Vec<i64>,
    states: Vec<&'static str>,
    duplicates: Vec<Option<Uuid>>,
    reasons: Vec<Option<&'j str>>,
    content_types: Vec<Option<&'j str>>,
    lengths: Vec<i64>,
    identities: Vec<Option<&'j str>>,
    versions: Vec<i64>,
    previous: Vec<Option<Uuid>>,
    requests: Vec<String>,
    bytes: Vec<&'j [u8]>,
}

impl<'j> MessageColumns<'j> {
    fn push(&mut self, row: &Written<'j>) {
        let Accept { project, message, .. } = &row.job.accept;
        self.projects.push(project);
        self.ids.push(message.id);
        self.sources.push(&message.source);
        self.times.push(message.received_at.0);
        self.states.push(row.state.name());
        self.duplicates.push(row.duplicate_of);
        self.reasons.push(message.reason());
        self.content_types.push(message.content_type.as_deref());
        self.lengths.push(as_integer(message.body.len()));
        self.identities.push(message.identity.as_deref());
        self.versions.push(row.version);
        self.previous.push(row.previous);
        self.requests.push(request_text(&message.request));
        self.bytes.push(&message.body);
    }
}
