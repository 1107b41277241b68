//! Durable state: the only room of the house with SQL on our own tables.
//!
//! # What a yes means
//!
//! Every call here that changes something answers `Ok` only after the change is committed and
//! synced to disk. If the process dies inside a call, the change is there whole or not at all. If
//! the caller stops waiting, the change is still made whole.
//!
//! # Two engines, one contract
//!
//! ```text
//!             accept · claim · record            everything else
//!             (written for each engine)          (SQL that both understand, written once)
//!                    │                                  │
//!   SQLite:    writer thread, group commit        writer thread / readers
//!   PostgreSQL: flushers, one batch per round     a pooled connection
//! ```
//!
//! The hot paths are batched on both: a message, a claim or an attempt never costs a round trip
//! or a sync of its own while others wait as well. One conformance suite runs on both engines.
//!
//! What is secret (definitions, tokens, some facts) lies sealed; only this crate knows.
//!
//! Listeners are woken by [`Signal`]s. Signals are hints: they can be missed, and whoever relies on
//! them polls as well.

mod api_tokens;
mod arriving;
mod attempts;
mod audit;
mod backlogs;
mod backup;
mod bulk;
mod case_list;
mod case_properties;
mod cases;
mod changes;
mod claimed;
pub mod clock;
mod collections;
mod configuration;
mod data_lists;
mod defined_forms;
mod deliveries;
mod delivery_list;
mod endings;
mod ends;
mod erase;
mod erase_filed;
mod erasures;
mod error;
mod facts;
mod fetches;
mod fields;
mod filed;
mod files;
mod filing;
mod finding;
mod forms;
mod giving_back;
mod history;
mod hubs;
mod incidents;
mod indexed_fields;
mod inspect;
mod invitations;
mod keys;
mod lanes;
mod leases;
mod lost;
mod members;
mod mentions;
mod messages;
mod migrate;
mod moving;
mod noted_answers;
mod notices;
mod open_counts;
mod order;
mod payloads;
mod people;
mod postgres;
mod progress;
mod queries;
mod records;
mod replacing;
mod replay;
mod reports;
mod request;
mod retention;
mod runs;
mod seal;
mod second_factors;
mod sessions;
mod signals;
mod sqlite;
mod statement;
mod submission_condition;
mod submission_list;
mod submissions;
mod sweep;
mod tallies;
mod tellings;
mod text;
mod tokens;
mod tries;
mod users;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use fieldpost_model::delivery::DeliveryState;
use tokio::sync::broadcast;

pub use crate::api_tokens::{ApiToken, ListedToken, MOST_TOKENS, TOO_MANY_TOKENS};
pub use crate::audit::{
    AuditEntry, AuditQuery, CHANGE_REFUSED, PASSWORD_REFUSED, SIGN_IN_REFUSED, TOKENS_REFUSED, Who,
};
pub use crate::backlogs::Backlog;
pub use crate::backup::{BackedUpFiles, BackupPart, backup, backup_files};
pub use crate::bulk::{BulkAction, BulkChange, BulkKind, BulkState, HeldAction};
pub use crate::case_list::{
    CASES_LOOKED_THROUGH, CaseOrder, CasePage, CasePlace, CaseQuery, CaseTie, CaseTime,
    CaseTimeCondition, CasesFound, ListedCase,
};
pub use crate::case_properties::KnownProperty;
pub use crate::cases::MOST_CASE_CHANGES;
pub use crate::changes::{Change, ChangeKind};
pub use crate::clock::Clock;
pub use crate::collections::{
    Collection, CollectionItem, CollectionKeys, CollectionPage, CollectionQuery,
    MOST_COLLECTION_ITEMS, MOST_COLLECTION_PAGE_BYTES,
};
pub use crate::configuration::TAKEN_KEY;
pub use crate::defined_forms::DefinedForm;
pub use crate::delivery_list::{
    DeliveriesFound, DeliveryOrder, DeliveryPage, NextTryOrder, ROWS_LOOKED_THROUGH, WaitingFound,
};
pub use crate::endings::{EndedDelivery, Endings};
pub use crate::erase::Erased;
pub use crate::erasures::{Criterion, Erasure, Extent, Traces};
pub use crate::error::StoreError;
pub use crate::fetches::{FetchOutcome, FileFetch, HeldFetch, WantedFetch};
pub use crate::fields::{Comparison, FieldCondition, FieldOperator};
pub use crate::filed::{BroughtVersion, TouchedCase};
pub use crate::files::{FILES_FOLDER, FileError, Files, KeptFile, NewFile, OpenFile, WholeFile};
pub use crate::filing::codec::{read_case, write_case};
pub use crate::filing::{
    CaseChange, CaseHistory, FiledCase, FiledFile, FiledSubmission, Filing, NewForm, Original,
    Revised,
};
pub use crate::finding::IdRange;
pub use crate::forms::{
    FormDefinition, FormFile, FormHead, FormOrigin, FormQuery, FormVersion, FormWork, PutForm,
    TAKEN_FORM, WantedDefinition,
};
pub use crate::history::{Try, Version};
pub use crate::hubs::{HubNews, SeenHub};
pub use crate::incidents::{IncidentQuery, NewIncident, OpenIncident};
pub use crate::indexed_fields::{FieldPath, IndexedField, MOST_INDEXED_FIELDS};
pub use crate::inspect::{
    FoundCall, FoundDefinition, FoundFiles, FoundProblems, Inspection, inspect,
};
pub use crate::invitations::{Acceptance, Invitation, InvitationKind, USED_INVITATION};
pub use crate::keys::{KeyStatus, KeyUse};
pub use crate::lanes::{LANE_COUNT, LaneBacklog};
pub use crate::members::{LAST_OWNER, MemberChange, Membership};
pub use crate::moving::{Move, PlaceInLane, QueuePlace, Walk};
pub use crate::notices::{HeldNotice, NewNotice, NoticeOutcome, RefusedAddress};
pub use crate::open_counts::{OpenCount, OpenCounts};
pub use crate::order::connection_of;
pub use crate::payloads::{ClaimedPayload, NewPayload, StoredPayload};
pub use crate::progress::{
    Adopted, CallChange, CallEnd, CountedPart, EndedCall, LifecycleProblem, ListedProgress,
    NewCall, NotedCallEnd, ProgressKey, ProgressStep, RewrittenVersion, SUBMITTER, Stepped,
    StoredProgress, WaitingUntold, person,
};
pub use crate::queries::{DeliveryQuery, MessageQuery, StateCount};
pub use crate::records::*;
pub use crate::replay::STALE as STALE_PLAN;
pub use crate::reports::{Expectation, PeriodCounts};
pub use crate::retention::{Due, MOST_DUE_COUNTED, Retained, RetentionKind, RetentionStep};
pub use crate::runs::{
    ClaimedInput, ClaimedRun, CronMark, FinalState, MOST_RUNS_COUNTED, NewRun, RunChange,
    RunClaims, RunCondition, RunDemand, RunEnd, RunError, RunHold, RunKept, RunLogLine, RunOutlook,
    RunPage, RunRecord, RunTallies, RunThen, RunsFound, StateSide, StepRecord, WorkflowVersion,
};
pub use crate::seal::{KeyId, KeyRing, KeySource, NoKey, Rotation, SealingKey};
pub use crate::second_factors::SecondFactor;
pub use crate::sessions::{MOST_SESSIONS, NewSession, SEEN_EVERY, Session};
pub use crate::submission_condition::{SubmissionCondition, SubmissionText};
pub use crate::submission_list::{
    SUBMISSIONS_LOOKED_THROUGH, StoredSubmission, SubmissionOrder, SubmissionPage, SubmissionPlace,
    SubmissionQuery, SubmissionsFound,
};
pub use crate::submissions::{
    Instance, StoredFile, SubmissionContent, SubmissionVersion, WantedVersion,
};
pub use crate::sweep::Stretch;
pub use crate::tallies::{LastTime, NewTally, Tally, TallyQuery};
pub use crate::tellings::{Listener, TOLD_MEANWHILE, Telling, ToldAgain};
pub use crate::tokens::{StoredToken, TokenOwner, TokenTurn};
pub use crate::tries::Tried;
pub use crate::users::{CHANGED_CREDENTIALS, NewUser, TAKEN_EMAIL, User, UserChange};

use crate::ends::{AcceptEnd, RecordEnd};
use crate::filing::batch::LateFiling;
use crate::lost::LostClaims;
use crate::postgres::Postgres;
use crate::seal::Sealer;
use crate::signals::Told;
use crate::sqlite::Sqlite;
use crate::statement::{Batch, Parameter, Row};

/// Signals that a slow listener may be behind before it misses some.
const SIGNALS: usize = 4_096;

/// Where the state is kept, and within which bounds.
#[derive(Clone)]
pub struct StoreSettings {
    /// The data folder: SQLite's file lies in it, and the identity of this node.
    pub data: PathBuf,
    /// `postgres://…`; none means SQLite in the data folder.
    pub database: Option<String>,
    /// Messages that may wait for their commit before new ones are answered with 503.
    pub accept_queue: usize,
    /// Bytes that they may hold together.
    pub accept_queue_bytes: usize,
    /// Quarantined messages that are kept for each source.
    pub quarantine_limit: u32,
    /// Connections to PostgreSQL.
    pub database_connections: usize,
    /// The clock that decides on SQLite; on PostgreSQL the database's own does.
    pub clock: Clock,
    /// Where the keys come from that seal what is secret.
    pub keys: KeySource,
    /// The folder of the files that come with submissions. Hubs that share a database share it too.
    pub files: PathBuf,
}

/// The file of the keys in a data folder, unless another one is named.
pub const KEY_FILE: &str = "key";

impl StoreSettings {
    /// The defaults, for a data folder. A missing key file is made in it: where several hubs share
    /// a database, each must be given the same keys instead.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        Self {
            keys: KeySource::File { path: data.join(KEY_FILE), make: true },
            files: data.join(FILES_FOLDER),
            data,
            database: None,
            accept_queue: 8_192,
            accept_queue_bytes: 64 * 1024 * 1024,
            quarantine_limit: 10_000,
            database_connections: 12,
            clock: clock::system(),
        }
    }
}

impl std::fmt::Debug for StoreSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The database's URL may hold a password.
        formatter.debug_struct("StoreSettings").field("data", &self.data).finish_non_exhaustive()
    }
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Engine {
    /// The 32 hexadecimal digits of a column with an id, as SQL.
    fn id_digits(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("lower(hex({column}))"),
            Self::Postgres(_) => format!("replace({column}::text, '-', '')"),
        }
    }

    /// Says which index of a table a statement is to follow. SQLite keeps no count of what it holds, and
    /// may rather take the key of the table and look at every row; PostgreSQL does, and has no such words.
    fn indexed_by(&self, index: Option<&str>) -> String {
        match (self, index) {
            (Self::Sqlite(_), Some(index)) => sqlite::indexed_by(index),
            _ => String::new(),
        }
    }

    /// What ends a look for rows that are to be cleared away: those that somebody else is about are
    /// left to them, so that whoever clears away never waits.
    fn left_to_others(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// Runs a query that is alike on both.
    async fn query<T: Send + 'static>(
        &self,
        sql: String,
        parameters: Vec<Parameter>,
        map: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query(sql, parameters, map).await,
            Self::Postgres(postgres) => postgres.query(&sql, &parameters, map).await,
        }
    }

    /// Runs a batch as one transaction; the answer is the rows touched by each statement.
    async fn change(&self, batch: Batch) -> Result<Vec<u64>, StoreError> {
        self.change_and_file(batch, None).await
    }

    /// The same, and in the same transaction what a message that was set aside makes of forms,
    /// submissions and cases. Where that no longer fits what there is, nothing is changed, and the
    /// answer is the conflict `MOVED`.
    async fn change_and_file(
        &self,
        batch: Batch,
        late: Option<LateFiling>,
    ) -> Result<Vec<u64>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.change(batch, late).await,
            Self::Postgres(postgres) => postgres.change(batch, late).await,
        }
    }
}

/// The hub's memory.
pub struct Store {
    engine: Engine,
    clock: Clock,
    quarantine_limit: u32,
    sealer: Sealer,
    files: Files,
    /// Who holds the leases that this process takes: node and start number. Every claim adds a
    /// number of its own.
    owner: String,
    lost_claims: LostClaims,
    /// The secrets of projects that were asked for: they never change.
    project_secrets: Mutex<HashMap<String, [u8; 32]>>,
    signals: broadcast::Sender<Signal>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store: makes what is missing, migrates what is older, refuses what is newer, and
    /// frees the leases of this node's earlier starts.
    pub async fn open(settings: StoreSettings) -> Result<Self, StoreError> {
        let (signals, _) = broadcast::channel(SIGNALS);
        let (engine, owner) = match &settings.database {
            None => {
                // Migrating a large file takes its time: on a thread that may block.
                let settings = settings.clone();
                let opened = tokio::task::spawn_blocking(move || Sqlite::open(&settings)).await;
                let (sqlite, owner) = opened
                    .unwrap_or_else(|error| Err(StoreError::Open(error.to_string())))
                    .map_err(StoreError::while_opening)?;
                (Engine::Sqlite(sqlite), owner)
            }
            Some(url) => {
                let (postgres, owner) = Postgres::open(&settings, url, signals.clone())
                    .await
                    .map_err(StoreError::while_opening)?;
                (Engine::Postgres(postgres), owner)
            }
        };
        let sealer = keys::open_sealer(&engine, settings.keys);
        let store = Self {
            sealer: sealer.await.map_err(StoreError::while_opening)?,
            engine,
            files: Files::at(settings.files),
            clock: settings.clock,
            quarantine_limit: settings.quarantine_limit,
            owner,
            lost_claims: LostClaims::default(),
            project_secrets: Mutex::default(),
            signals,
        };
        store.seal_at_start().await.map_err(StoreError::while_opening)?;
        store.release_of_older_starts().await.map_err(StoreError::while_opening)?;
        store.free_runs_of_older_starts().await.map_err(StoreError::while_opening)?;
        Ok(store)
    }

    /// `sqlite` or `postgres`.
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// The files that come with submissions and forms.
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Listens to what happens from now on. A listener that is too slow misses signals.
    pub fn listen(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    /// Keeps a message and the work that it calls for, in one transaction.
    ///
    /// `Ok` with anything but [`Accepted::Stale`] and [`Accepted::QuarantineFull`] means: message,
    /// deduplication and deliveries are committed and synced. [`StoreError::Busy`]: the bound on
    /// what may wait is reached, nothing was written.
    pub async fn accept(&self, mut accept: Accept) -> Result<Accepted, StoreError> {
        accept.make_storable();
        let told = Told::from(&accept);
        let AcceptEnd { accepted, superseded } = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.accept(accept, self.quarantine_limit).await?,
            Engine::Postgres(postgres) => postgres.accept(accept, self.quarantine_limit).await?,
        };
        for id in superseded {
            let (project, state) = (told.project.clone(), DeliveryState::Superseded);
            self.signal(Signal::Delivery { project, id, state });
        }
        self.tell(told, &accepted);
        Ok(accepted)
    }

    /// Claims what is due in the lanes asked for, first tries before retries.
    ///
    /// What is claimed is ours until its lease ends; nobody else gets it before. What is neither
    /// recorded nor released comes back by itself: on PostgreSQL when its lease has run out; on
    /// SQLite, where there is nobody to take over from, with the next start. What an error kept
    /// from the caller comes back with the next claim.
    pub async fn claim(&self, demands: Vec<LaneDemand>) -> Result<Claims, StoreError> {
        if demands.is_empty() {
            return Ok(Claims::default());
        }
        self.free_lost_claims().await?;
        let begun = self.lost_claims.begin(&self.owner);
        let claims = match &self.engine {
            Engine::Sqlite(sqlite) => {
                sqlite.claim(demands, begun.owner().to_owned(), Arc::clone(&self.clock)).await
            }
            Engine::Postgres(postgres) => postgres.claim(&demands, begun.owner()).await,
        }?;
        begun.answered();
        Ok(claims)
    }

    /// Writes an attempt and the state that it led to. [`Recorded::LeaseLost`]: nothing was
    /// written, since the delivery is somebody else's by now.
    pub async fn record(&self, mut outcome: Outcome) -> Result<Recorded, StoreError> {
        outcome.make_storable();
        let (project, id) = (outcome.lane.project.clone(), outcome.delivery);
        let RecordEnd { recorded, state, free_lanes } = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.record(outcome, Arc::clone(&self.clock)).await?,
            Engine::Postgres(postgres) => postgres.record(outcome).await?,
        };
        if recorded == Recorded::Written {
            self.signal(Signal::Delivery { project: project.clone(), id, state });
        }
        for name in free_lanes {
            self.signal(Signal::Due(Lane { project: project.clone(), name }));
        }
        Ok(recorded)
    }

    /// Whether the store takes writes right now: writes something.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.set_fact("checked-at", &(self.clock)().to_string()).await
    }

    async fn query<T: Send + 'static>(
        &self,
        sql: String,
        parameters: Vec<Parameter>,
        map: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.engine.query(sql, parameters, map).await
    }

    async fn change(&self, batch: Batch) -> Result<Vec<u64>, StoreError> {
        self.engine.change(batch).await
    }

    async fn change_and_file(
        &self,
        batch: Batch,
        late: Option<LateFiling>,
    ) -> Result<Vec<u64>, StoreError> {
        self.engine.change_and_file(batch, late).await
    }

    fn signal(&self, signal: Signal) {
        if let Engine::Postgres(postgres) = &self.engine {
            postgres.tell_others(&signal);
        }
        // Nobody listening is fine.
        drop(self.signals.send(signal));
    }
}
