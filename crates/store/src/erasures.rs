//! Erasing a person: finding everything that is about one, and the book of what was erased.
//!
//! A person is known by an identity (what a sender calls a submission), by a key (a case id, a form
//! id), or by one message. What is found by either is extended by all versions of the same
//! identities and by all repetitions, so that no copy stays. The book keeps when, by whom and how
//! much; of whom it keeps a digest only, by which a later question can be answered by whoever knows
//! the name already.

use std::collections::{BTreeSet, HashSet};

use fieldpost_model::delivery::Delivery;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::deliveries::{self, read_delivery};
use crate::erase::{Depth, Erased, KeptBy, WAITING, places, with_ids, without_words};
use crate::erase_filed::{TOUCHED_MEANWHILE, add_erase_filed};
use crate::error::StoreError;
use crate::mentions::mentions_any;
use crate::records::Page;
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer, digest, length};
use crate::tellings::{BY_PAYLOAD, waiting_sql};
use crate::text::storable_key;
use crate::{Engine, Store};

/// What some systems write before an instance id.
const UUID: &str = "uuid:";
/// Ids that one query looks for.
pub(crate) const IDS_AT_ONCE: usize = 200;
/// How often an erasure looks again at cases of which others have become touched just then.
pub(crate) const MOST_REDOS: usize = 5;

/// What a person is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// What messages are called by their senders.
    Identity(String),
    /// What deliveries are about.
    Key(String),
    /// One message.
    Message(Uuid),
}

impl Criterion {
    /// `identity`, `key` or `message`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Identity(_) => "identity",
            Self::Key(_) => "key",
            Self::Message(_) => "message",
        }
    }

    /// What is looked for, as text.
    pub fn text(&self) -> String {
        match self {
            Self::Identity(text) | Self::Key(text) => text.clone(),
            Self::Message(id) => id.to_string(),
        }
    }
}

/// What was found about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The messages, in the order of time.
    pub messages: Vec<Uuid>,
    /// What they are called by, and what was looked for.
    pub names: Vec<String>,
    /// Cases that go as a whole.
    pub cases: Vec<String>,
    /// Submissions whose changes go out of the histories of cases, and messages that told of a case as a
    /// whole.
    pub submissions: Vec<Uuid>,
    /// Cases that these submissions have changed: what events have told of them goes as well, whatever
    /// message set them off.
    pub touched: Vec<String>,
}

/// What there is of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Deliveries of them.
    pub deliveries: u64,
    /// Attempts of those.
    pub attempts: u64,
    /// Deliveries that wait, which would be cancelled.
    pub waiting: u64,
}

/// An entry of the book of erasures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its id, UUIDv7.
    pub id: Uuid,
    /// By what the person was known: `identity`, `key` or `message`.
    pub criterion: String,
    /// SHA-256 of what was looked for.
    pub criterion_sha256: [u8; 32],
    /// What was erased.
    pub erased: Erased,
    /// Deliveries that waited, and were cancelled.
    pub cancelled: u64,
    /// Who asked for it.
    pub started_by: String,
    /// When it was done.
    pub at: Timestamp,
}

/// The two spellings of an identity: some systems write `uuid:` before an instance id, and some do
/// not. Whoever asks for a person may have either.
fn spellings(identity: &str) -> [String; 2] {
    let other = match identity.strip_prefix(UUID) {
        Some(bare) => bare.to_owned(),
        None => format!("{UUID}{identity}"),
    };
    [identity.to_owned(), other]
}

impl Store {
    /// Finds everything that is about a person. Looking for an identity reads the index of a
    /// project's messages whole: this is for the rare case.
    pub async fn find_traces(
        &self,
        project: &str,
        criterion: &Criterion,
    ) -> Result<Traces, StoreError> {
        let mut found: BTreeSet<Uuid> =
            self.first_traces(project, criterion).await?.into_iter().collect();
        found.extend(self.filed_traces(project, criterion, &found).await?);
        let mut names = BTreeSet::from([criterion.text()]);
        let begun: Vec<Uuid> = found.iter().copied().collect();
        let mut identities = BTreeSet::new();
        for ids in begun.chunks(IDS_AT_ONCE) {
            identities.extend(self.identities_of(project, ids).await?);
        }
        let identities: Vec<(String, String)> = identities.into_iter().collect();
        for identities in identities.chunks(IDS_AT_ONCE) {
            found.extend(self.versions_of(project, identities).await?);
        }
        names.extend(identities.into_iter().map(|(_, identity)| identity));
        let kept: Vec<Uuid> = found.iter().copied().collect();
        for ids in kept.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "SELECT id FROM messages WHERE project = $1 AND state = 'duplicate'
                 AND state <> 'kept' AND duplicate_of IN ({})",
                places(2, ids.len())
            );
            found.extend(
                self.query(sql, with_ids(vec![project.into()], ids), |row| row.id(0)).await?,
            );
        }
        let messages: Vec<Uuid> = found.into_iter().collect();
        let mut traces = Traces { names: names.into_iter().collect(), ..Traces::default() };
        if let Criterion::Key(key) = criterion {
            traces.cases.push(storable_key(key.clone()));
        } else {
            traces.submissions = self.submissions_of(project, &messages).await?;
            traces.touched = self.cases_of_submissions(project, &traces.submissions).await?;
        }
        Ok(Traces { messages, ..traces })
    }

    /// All messages that have said something of the submissions which a person is known by, or which
    /// one of these messages has said something of.
    async fn filed_traces(
        &self,
        project: &str,
        criterion: &Criterion,
        found: &BTreeSet<Uuid>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let messages: Vec<Uuid> = found.iter().copied().collect();
        let mut submissions = self.submissions_of(project, &messages).await?;
        let named = match criterion {
            Criterion::Identity(identity) => Some(("instances", "instance_id", identity)),
            Criterion::Key(key) => Some(("case_changes", "case_id", key)),
            Criterion::Message(_) => None,
        };
        if let Some((table, column, name)) = named {
            submissions.extend(self.submissions_named(project, table, column, name).await?);
        }
        self.messages_of(project, &submissions).await
    }

    async fn first_traces(
        &self,
        project: &str,
        criterion: &Criterion,
    ) -> Result<Vec<Uuid>, StoreError> {
        let (sql, parameter): (&str, Parameter) = match criterion {
            Criterion::Identity(identity) => {
                let sql = "SELECT id FROM messages WHERE project = $1 AND identity IN ($2, $3)";
                let [one, other] = spellings(identity).map(|it| storable_key(it).into());
                let parameters = vec![project.into(), one, other];
                return self.query(sql.to_owned(), parameters, |row| row.id(0)).await;
            }
            Criterion::Key(key) => (
                "SELECT DISTINCT payload_id FROM deliveries
                 WHERE project = $1 AND key = $2 AND key IS NOT NULL
                 AND (subject IS NULL OR subject <> payload_id)
                 UNION
                 SELECT message FROM runs
                 WHERE project = $1 AND key = $2 AND key IS NOT NULL AND message IS NOT NULL",
                storable_key(key.clone()).into(),
            ),
            Criterion::Message(id) => (
                "SELECT coalesce(duplicate_of, id) FROM messages WHERE project = $1 AND id = $2",
                (*id).into(),
            ),
        };
        self.query(sql.to_owned(), vec![project.into(), parameter], |row| row.id(0)).await
    }

    async fn identities_of(
        &self,
        project: &str,
        ids: &[Uuid],
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT source, identity FROM messages
             WHERE project = $1 AND identity IS NOT NULL AND id IN ({})",
            places(2, ids.len())
        );
        let parameters = with_ids(vec![project.into()], ids);
        self.query(sql, parameters, |row| Ok((row.text(0)?, row.text(1)?))).await
    }

    /// All versions of these submissions: a source, and what it calls one. Messages are looked through
    /// once for all of them.
    async fn versions_of(
        &self,
        project: &str,
        identities: &[(String, String)],
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut parameters: Vec<Parameter> = vec![project.into()];
        let mut pairs = Vec::with_capacity(identities.len());
        for (source, identity) in identities {
            pairs.push(format!("(${}, ${})", parameters.len() + 1, parameters.len() + 2));
            parameters.extend([source.as_str().into(), identity.as_str().into()]);
        }
        let sql = format!(
            "SELECT id FROM messages WHERE project = $1 AND (source, identity) IN (VALUES {})",
            pairs.join(", ")
        );
        self.query(sql, parameters, |row| row.id(0)).await
    }

    /// What there is of these messages.
    pub async fn extent(&self, project: &str, messages: &[Uuid]) -> Result<Extent, StoreError> {
        let mut extent = Extent::default();
        for ids in messages.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "SELECT count(*), count(CASE WHEN {WAITING} THEN 1 END),
                     (SELECT count(*) FROM deliveries d CROSS JOIN attempts a
                         WHERE d.project = $1 AND d.payload_id IN ({list})
                         AND a.project = d.project AND a.delivery = d.id)
                 FROM deliveries d WHERE d.project = $1 AND d.payload_id IN ({list})",
                list = places(2, ids.len())
            );
            let counts = self
                .query(sql, with_ids(vec![project.into()], ids), |row| {
                    Ok([
                        length(row.integer(0)?)?,
                        length(row.integer(1)?)?,
                        length(row.integer(2)?)?,
                    ])
                })
                .await?;
            for [deliveries, waiting, attempts] in counts {
                extent.deliveries += deliveries;
                extent.waiting += waiting;
                extent.attempts += attempts;
            }
        }
        Ok(extent)
    }

    /// The deliveries that wait, or hold others, and carry something about a person.
    pub async fn waiting_of(
        &self,
        project: &str,
        traces: &Traces,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut waiting = Vec::new();
        let by_payload = self.engine.indexed_by(Some(BY_PAYLOAD));
        for cases in traces.touched.chunks(IDS_AT_ONCE) {
            let mut parameters: Vec<Parameter> = vec![project.into()];
            parameters.extend(cases.iter().map(|case_id| case_id.as_str().into()));
            let sql = format!(
                "SELECT {} FROM deliveries WHERE project = $1 AND id IN ({})",
                deliveries::COLUMNS,
                waiting_sql(&places(2, cases.len()), &by_payload)
            );
            waiting.extend(self.query(sql, parameters, read_delivery).await?);
        }
        for ids in traces.messages.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "SELECT {} FROM deliveries {by_payload} WHERE project = $1 AND payload_id IN ({})
                 AND EXISTS (SELECT 1 FROM queue q
                     WHERE q.project = deliveries.project AND q.delivery = deliveries.id)",
                deliveries::COLUMNS,
                places(2, ids.len())
            );
            waiting
                .extend(self.query(sql, with_ids(vec![project.into()], ids), read_delivery).await?);
        }
        for ids in traces.submissions.chunks(IDS_AT_ONCE) {
            waiting.extend(self.waiting_of_lifecycles(project, ids).await?);
        }
        // What a message of the person told of a case is found by both.
        waiting.sort_by_key(|delivery| delivery.id);
        waiting.dedup_by_key(|delivery| delivery.id);
        Ok(waiting)
    }

    /// Erases messages down to their tombstones, in one transaction: a few at a time. Those of which
    /// something waits are left as they are.
    pub async fn erase_messages(
        &self,
        project: &str,
        messages: &[Uuid],
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let mut redos = 0;
        loop {
            match self.erase_messages_once(project, messages, now).await {
                Err(StoreError::Conflict(conflict)) if conflict == TOUCHED_MEANWHILE => {
                    if redos == MOST_REDOS {
                        return Err(StoreError::Busy);
                    }
                    redos += 1;
                }
                end => return end,
            }
        }
    }

    async fn erase_messages_once(
        &self,
        project: &str,
        messages: &[Uuid],
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let mut batch = Batch::default();
        let depth = Depth::Tombstone;
        let filed = self.filed_by(project, messages, depth).await?;
        let told = self.erased_of(project, &filed.submissions).await?;
        self.lock_filed(&mut batch, project, &filed);
        let plan = self.add_erase(&mut batch, project, messages, depth, KeptBy::WHAT_WAITS, now);
        add_erase_filed(self, &mut batch, project, messages, &filed, now);
        if !messages.is_empty() {
            batch.any(
                without_words(&format!("last_payload IN ({})", places(2, messages.len()))),
                with_ids(vec![project.into()], messages),
            );
            // The last of those that were given up, as people are told of them.
            batch.any(
                format!(
                    "UPDATE endings SET sample = '[]' WHERE project = $1 AND EXISTS (
                         SELECT 1 FROM deliveries d
                         WHERE d.project = $1 AND d.payload_id IN ({})
                         AND replace(endings.sample, '-', '') LIKE '%' || {} || '%')",
                    places(2, messages.len()),
                    self.engine.id_digits("d.id")
                ),
                with_ids(vec![project.into()], messages),
            );
        }
        let erased = plan.erased(&self.change(batch).await?);
        if erased.messages > 0 {
            self.tell_all(told);
        }
        Ok(erased)
    }

    /// Erases what names a person beside messages, or tells of these messages or their deliveries by
    /// their ids: actions that ended whose filter does, and notices whose text does. What a
    /// destination said of them may name people as well.
    pub async fn erase_told(&self, project: &str, traces: &Traces) -> Result<(), StoreError> {
        let mut about: HashSet<Uuid> = traces.messages.iter().copied().collect();
        for ids in traces.messages.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "SELECT id FROM deliveries WHERE project = $1 AND payload_id IN ({})",
                places(2, ids.len())
            );
            about.extend(
                self.query(sql, with_ids(vec![project.into()], ids), |row| row.id(0)).await?,
            );
        }
        let is_told = |text: &str| {
            ids_in(text).any(|id| about.contains(&id)) || mentions_any(text, &traces.names)
        };
        self.erase_where(project, "notices", "text", "", &is_told).await?;
        self.erase_where(project, "bulk_actions", "filter", "AND state <> 'running'", &is_told)
            .await
    }

    /// Erases the rows of a table whose text is meant, page by page.
    async fn erase_where(
        &self,
        project: &str,
        table: &str,
        column: &str,
        condition: &str,
        is_meant: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let sql = format!(
                "SELECT id, {column} FROM {table} WHERE project = $1 AND id > $2 {condition}
                 ORDER BY id LIMIT $3"
            );
            let parameters = vec![project.into(), after.into(), as_integer(IDS_AT_ONCE).into()];
            let page = self.query(sql, parameters, |row| Ok((row.id(0)?, row.text(1)?))).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            let gone: Vec<Uuid> =
                page.iter().filter(|(_, text)| is_meant(text)).map(|(id, _)| *id).collect();
            if gone.is_empty() {
                continue;
            }
            let mut batch = Batch::default();
            batch.any(
                format!(
                    "DELETE FROM {table} WHERE project = $1 AND id IN ({})",
                    places(2, gone.len())
                ),
                with_ids(vec![project.into()], &gone),
            );
            self.change(batch).await?;
        }
    }

    /// Writes an entry into the book.
    pub async fn note_erasure(&self, project: &str, erasure: &Erasure) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO erasures (project, id, criterion, criterion_sha256, messages, deliveries,
                 attempts, cancelled, started_by, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            vec![
                project.into(),
                erasure.id.into(),
                erasure.criterion.as_str().into(),
                Parameter::Bytes(erasure.criterion_sha256.to_vec()),
                as_integer(erasure.erased.messages).into(),
                as_integer(erasure.erased.deliveries).into(),
                as_integer(erasure.erased.attempts).into(),
                as_integer(erasure.cancelled).into(),
                erasure.started_by.as_str().into(),
                erasure.at.into(),
            ],
        );
        self.change(batch).await.map(drop)
    }

    /// The book of erasures, newest first.
    pub async fn erasures(&self, project: &str, page: Page) -> Result<Vec<Erasure>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT id, criterion, criterion_sha256, messages, deliveries, attempts, cancelled,
                 started_by, at
             FROM erasures{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_erasure).await
    }

    /// Empties SQLite's log, in which erased content stands until it is overwritten. `false`:
    /// somebody reads from it for longer than we wait; the next start empties it. On PostgreSQL
    /// there is nothing to do here: vacuuming takes the old rows away, and the server's log is
    /// its operator's.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        let Engine::Sqlite(sqlite) = &self.engine else { return Ok(true) };
        sqlite.empty_log().await
    }
}

/// The ids that stand in a text.
fn ids_in(text: &str) -> impl Iterator<Item = Uuid> {
    let words = text.split(|it: char| !it.is_ascii_hexdigit() && it != '-');
    words.filter(|word| word.len() == Hyphenated::LENGTH).filter_map(|it| Uuid::try_parse(it).ok())
}

fn read_erasure(row: &Row<'_>) -> Result<Erasure, StoreError> {
    Ok(Erasure {
        id: row.id(0)?,
        criterion: row.text(1)?,
        criterion_sha256: digest(&row.bytes(2)?)?,
        erased: Erased {
            messages: length(row.integer(3)?)?,
            deliveries: length(row.integer(4)?)?,
            attempts: length(row.integer(5)?)?,
        },
        cancelled: length(row.integer(6)?)?,
        started_by: row.text(7)?,
        at: row.time(8)?,
    })
}
