//! What is sealed with which key, and sealing it anew with another one.
//!
//! # The order of a rotation
//!
//! ```text
//!   new key into the file, on disk ─► into use ─► every record sealed anew ─► old keys out of the file
//! ```
//!
//! Whatever is in the database can be opened with what is in the file at every moment in between.
//! A hub that was killed in the middle goes on with its next start. Where the operator keeps the
//! keys (PostgreSQL, or a key from the environment), they put the new key first for every hub
//! before, and take the old one away after; the hub does the step in the middle.
//!
//! Records are sealed anew in bounded steps, each with compare-and-set: what somebody else changes
//! meanwhile is sealed with the new key already.

use crate::error::StoreError;
use crate::seal::{self, KeyId, KeyRing, KeySource, Rotation, Sealer, SealingKey};
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store};

/// The fact that names the key in use, so that a hub with another one notices at its start, even
/// while nothing is sealed.
const KEY_FACT: &str = "sealing-key";
/// Records that are read, sealed and written in one step.
const RECORDS_PER_STEP: usize = 64;

/// A table with sealed texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedPlace {
    table: &'static str,
    /// The columns that name a record; what is sealed belongs to them.
    names: &'static [&'static str],
    /// The column of the text.
    text: &'static str,
    /// Whether everything in it is sealed; otherwise only what its writer sealed.
    whole: bool,
}

pub(crate) const DEFINITIONS: SealedPlace = SealedPlace {
    table: "definitions",
    names: &["project", "kind", "name"],
    text: "definition",
    whole: true,
};
pub(crate) const TOKENS: SealedPlace = SealedPlace {
    table: "tokens",
    names: &["project", "connection", "fingerprint"],
    text: "token",
    whole: true,
};
pub(crate) const FACTS: SealedPlace =
    SealedPlace { table: "facts", names: &["name"], text: "value", whole: false };
pub(crate) const SECOND_FACTORS: SealedPlace =
    SealedPlace { table: "second_factors", names: &["account"], text: "secret", whole: true };
pub(crate) const WORKFLOW_VERSIONS: SealedPlace = SealedPlace {
    table: "workflow_versions",
    names: &["project", "workflow", "CAST(version AS TEXT)"],
    text: "definition",
    whole: true,
};
const PLACES: [SealedPlace; 5] = [DEFINITIONS, TOKENS, FACTS, SECOND_FACTORS, WORKFLOW_VERSIONS];

impl SealedPlace {
    /// What a record's text is sealed to: the place where it lies.
    pub(crate) fn belongs_to(&self, names: &[&str]) -> String {
        std::iter::once(&self.table).chain(names).copied().collect::<Vec<_>>().join("/")
    }

    /// The condition that there is something in the column that is or ought to be sealed.
    fn concerned(&self) -> String {
        let Self { text, .. } = self;
        if self.whole {
            format!("{text} IS NOT NULL")
        } else {
            format!("substr({text}, 1, {}) = '{}'", seal::PREFIX.len(), seal::PREFIX)
        }
    }
}

/// What is sealed with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub id: KeyId,
    /// Whether this hub has the key.
    pub present: bool,
    /// Records that are sealed with it.
    pub records: u64,
}

/// The keys of a store, and what is sealed with each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// The key that seals.
    pub active: KeyId,
    /// Whether the hub makes the next key by itself; otherwise the operator does.
    pub kept_by_hub: bool,
    /// The hub's keys, the active one first, and further keys that something is sealed with.
    pub keys: Vec<KeyUse>,
    /// Records that are not sealed, as older versions wrote them.
    pub unsealed: u64,
    /// The rotation under way, or how the last one of this start ended.
    pub rotation: Rotation,
}

/// How many records are sealed with each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sealed: Vec<(KeyId, u64)>,
    pub(crate) unsealed: u64,
}

impl Counts {
    /// Notes what one row of [`counts_sql`] says.
    pub(crate) fn add(&mut self, digits: &str, records: u64) {
        match KeyId::from_digits(digits) {
            Some(id) => self.sealed.push((id, records)),
            None => self.unsealed += records,
        }
    }

    fn of(&self, id: &KeyId) -> u64 {
        self.sealed.iter().find(|(other, _)| other == id).map_or(0, |(_, records)| *records)
    }

    fn all_with(&self, id: &KeyId) -> bool {
        self.not_with(id) == 0
    }

    fn not_with(&self, id: &KeyId) -> u64 {
        let others = self.sealed.iter().filter(|(other, _)| other != id);
        self.unsealed + others.map(|(_, records)| records).sum::<u64>()
    }
}

/// Counts the records by the id of their key, which is empty for those that are not sealed.
pub(crate) fn counts_sql() -> String {
    let prefix = seal::PREFIX;
    let selects = PLACES.map(|place| {
        let SealedPlace { table, text, .. } = place;
        format!(
            "SELECT CASE WHEN substr({text}, 1, {length}) = '{prefix}'
                    THEN substr({text}, {from}, 8) ELSE '' END AS sealed_with
             FROM {table} WHERE {concerned}",
            length = prefix.len(),
            from = prefix.len() + 1,
            concerned = place.concerned()
        )
    });
    format!(
        "SELECT sealed_with, COUNT(*) FROM ({}) AS records GROUP BY sealed_with
         ORDER BY sealed_with",
        selects.join(" UNION ALL ")
    )
}

/// Reads the name of the key in use.
pub(crate) fn key_fact_sql() -> String {
    format!("SELECT value FROM facts WHERE name = '{KEY_FACT}'")
}

/// Takes the keys of a store that is being opened: they must open what is in it.
pub(crate) async fn open_sealer(engine: &Engine, source: KeySource) -> Result<Sealer, StoreError> {
    let in_use = read_key_fact(engine).await?;
    let sealer = Sealer::new(source, in_use.as_ref())?;
    let active = sealer.ring().active().id().clone();
    let mut batch = Batch::default();
    batch.any(
        "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        vec![KEY_FACT.into(), active.as_str().into()],
    );
    engine.change(batch).await?;
    // Another hub may have opened an empty database at the same moment, with another key.
    let in_use = read_key_fact(engine).await?;
    let sealed_with = read_counts(engine).await?.sealed.into_iter().map(|(id, _)| id);
    let missing = in_use.into_iter().chain(sealed_with).find(|id| sealer.ring().get(id).is_none());
    if let Some(id) = missing {
        return Err(StoreError::Keys(format!(
            "the secrets in the database are sealed with the key {id}, and this hub has {} \
             instead; give it that key as well: in the key file, or in FIELDPOST_KEY",
            sealer.ring().ids()
        )));
    }
    set_key_fact(engine, &active).await?;
    Ok(sealer)
}

async fn read_key_fact(engine: &Engine) -> Result<Option<KeyId>, StoreError> {
    let found = engine.query(key_fact_sql(), Vec::new(), |row| row.text(0)).await?;
    Ok(found.first().and_then(|digits| KeyId::from_digits(digits)))
}

async fn set_key_fact(engine: &Engine, active: &KeyId) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.any(
        "UPDATE facts SET value = $2 WHERE name = $1 AND value <> $2",
        vec![KEY_FACT.into(), active.as_str().into()],
    );
    engine.change(batch).await.map(drop)
}

async fn read_counts(engine: &Engine) -> Result<Counts, StoreError> {
    let rows =
        engine.query(counts_sql(), Vec::new(), |row| Ok((row.text(0)?, row.integer(1)?))).await?;
    let mut counts = Counts::default();
    for (digits, records) in rows {
        counts.add(&digits, records.unsigned_abs());
    }
    Ok(counts)
}

/// A step of a rotation, which has not ended until it says so: whoever waited for it may have gone,
/// or it may have panicked, and the next rotation must not wait for it for ever.
struct RunningRotation<'s> {
    sealer: &'s Sealer,
    ended: bool,
}

impl RunningRotation<'_> {
    /// The next step follows.
    fn goes_on(mut self) {
        self.ended = true;
    }

    fn ends(mut self, error: Option<&StoreError>) {
        self.ended = true;
        self.stop(error.map(ToString::to_string));
    }

    fn stop(&self, error: Option<String>) {
        let mut rotation = self.sealer.rotation();
        rotation.running = false;
        rotation.error = error;
    }
}

impl Drop for RunningRotation<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.stop(Some("it broke off in the middle; the next rotation goes on".to_owned()));
        }
    }
}

/// Which records are sealed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Those that are not sealed at all.
    Unsealed,
    /// Those that are not sealed with the active key.
    NotActive,
}

impl Store {
    /// The keys, and what is sealed with each. Nothing that is told opens anything.
    pub async fn key_status(&self) -> Result<KeyStatus, StoreError> {
        let counts = read_counts(&self.engine).await?;
        let ring = self.sealer.ring();
        let mut keys: Vec<KeyUse> = ring
            .keys()
            .map(|key| KeyUse { id: key.id().clone(), present: true, records: counts.of(key.id()) })
            .collect();
        for (id, records) in counts.sealed {
            if ring.get(&id).is_none() {
                keys.push(KeyUse { id, present: false, records });
            }
        }
        Ok(KeyStatus {
            active: ring.active().id().clone(),
            kept_by_hub: self.keeps_its_keys(),
            keys,
            unsealed: counts.unsealed,
            rotation: self.sealer.rotation().clone(),
        })
    }

    /// Begins a rotation: puts the next key into use. `Ok` means that it is on disk, and that
    /// [`Store::reseal`] is to be called; a conflict, that a rotation is under way.
    ///
    /// Where the hub keeps its key itself, it makes a new one, unless something is still sealed
    /// with an older key: then an interrupted rotation goes on. Where the operator keeps the keys,
    /// the file is read again, and its first key is the one.
    pub async fn begin_rotation(&self) -> Result<(), StoreError> {
        {
            let mut rotation = self.sealer.rotation();
            if rotation.running {
                return Err(StoreError::Conflict("a rotation is under way".to_owned()));
            }
            *rotation = Rotation { running: true, ..Rotation::default() };
        }
        let unless_it_breaks_off = RunningRotation { sealer: &self.sealer, ended: false };
        let begun = self.put_next_key_into_use().await;
        match &begun {
            Ok(()) => unless_it_breaks_off.goes_on(),
            Err(error) => unless_it_breaks_off.ends(Some(error)),
        }
        begun
    }

    async fn put_next_key_into_use(&self) -> Result<(), StoreError> {
        // Whoever seals with the old key at this moment has committed before anything is counted.
        self.sealer.take_up_changes().await?;
        if self.keeps_its_keys() {
            let ring = self.sealer.ring();
            if read_counts(&self.engine).await?.all_with(ring.active().id()) {
                let next =
                    SealingKey::generate().map_err(|error| StoreError::Keys(error.to_string()))?;
                self.sealer.replace_file(ring.renewed(next)).await?;
            }
        }
        set_key_fact(&self.engine, self.sealer.ring().active().id()).await
    }

    /// Seals with the active key whatever is sealed with another one, or not at all. Where the hub
    /// keeps its keys itself, those that nothing is sealed with any more are forgotten.
    pub async fn reseal(&self) -> Result<(), StoreError> {
        let unless_it_breaks_off = RunningRotation { sealer: &self.sealer, ended: false };
        let ended = self.reseal_and_forget().await;
        unless_it_breaks_off.ends(ended.as_ref().err());
        ended
    }

    async fn reseal_and_forget(&self) -> Result<(), StoreError> {
        // Behind whatever was sealed with the old key by somebody who no longer waits for it.
        self.change(Batch::default()).await?;
        let counts = self.seal_all_anew().await?;
        let ring = self.sealer.ring();
        if self.keeps_its_keys() && ring.keys().count() > 1 && counts.all_with(ring.active().id()) {
            // A file that cannot be written, such as a mounted one, is the operator's to shorten.
            let forgotten = self.sealer.replace_file(KeyRing::of(ring.active().clone())).await;
            if let Err(error) = forgotten {
                tracing::warn!(%error, "keys that nothing is sealed with any more stay: {error}");
            }
        }
        Ok(())
    }

    /// Seals anew, and counts what is left, until nothing is but what does not open. Another hub
    /// that has not looked into its file yet may write with the old key behind the look of this one.
    async fn seal_all_anew(&self) -> Result<Counts, StoreError> {
        let mut left_before = u64::MAX;
        loop {
            self.sealer.rotation().failed = 0;
            self.seal_anew(Which::NotActive).await?;
            let counts = read_counts(&self.engine).await?;
            let left = counts.not_with(self.sealer.ring().active().id());
            if left <= self.sealer.rotation().failed || left >= left_before {
                return Ok(counts);
            }
            left_before = left;
        }
    }

    /// What a start does: seals what an older version wrote, and goes on with an interrupted
    /// rotation where that is this hub's own business.
    pub(crate) async fn seal_at_start(&self) -> Result<(), StoreError> {
        let counts = read_counts(&self.engine).await?;
        if counts.unsealed > 0 {
            tracing::info!(records = counts.unsealed, "secrets of an older version are sealed");
            self.seal_anew(Which::Unsealed).await?;
            if let Engine::Sqlite(sqlite) = &self.engine {
                sqlite.overwrite_definitions().await?;
                if !sqlite.empty_log().await? {
                    tracing::warn!("the write-ahead log is in use, and could not be cut");
                }
            }
        }
        if self.keeps_its_keys() && self.sealer.ring().keys().count() > 1 {
            tracing::info!("an interrupted rotation of the key goes on");
            self.reseal_and_forget().await?;
        }
        Ok(())
    }

    /// Whether the keys lie in a file that is this hub's own. Where several hubs share a database,
    /// a key that one of them made would be unknown to the others.
    fn keeps_its_keys(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
            && matches!(self.sealer.source(), KeySource::File { .. })
    }

    async fn seal_anew(&self, which: Which) -> Result<(), StoreError> {
        for place in PLACES {
            let mut after = vec![String::new(); place.names.len()];
            loop {
                let records = self.records_to_seal(&place, which, &after).await?;
                let Some(last) = records.last() else { break };
                after.clone_from(&last.names);
                self.seal_records(&place, records).await?;
            }
        }
        Ok(())
    }

    /// The next records behind those named, in the order of their names.
    async fn records_to_seal(
        &self,
        place: &SealedPlace,
        which: Which,
        after: &[String],
    ) -> Result<Vec<Record>, StoreError> {
        let SealedPlace { table, names, text, .. } = place;
        let columns = names.join(", ");
        let placeholders: Vec<String> =
            (1..=names.len()).map(|number| format!("${number}")).collect();
        let not_yet = match which {
            Which::Unsealed => seal::PREFIX.to_owned(),
            Which::NotActive => format!("{}{}:", seal::PREFIX, self.sealer.ring().active().id()),
        };
        let sql = format!(
            "SELECT {text}, {columns} FROM {table}
             WHERE {concerned} AND substr({text}, 1, {length}) <> '{not_yet}'
               AND ({columns}) > ({behind})
             ORDER BY {columns} LIMIT {RECORDS_PER_STEP}",
            concerned = place.concerned(),
            length = not_yet.len(),
            behind = placeholders.join(", "),
        );
        let parameters = after.iter().map(|name| name.as_str().into()).collect();
        // Rows are mapped without knowing the place: all of them have one name at least.
        let map: RowMap = match names.len() {
            1 => |row| Ok(Record { text: row.text(0)?, names: vec![row.text(1)?] }),
            _ => |row| {
                let names = vec![row.text(1)?, row.text(2)?, row.text(3)?];
                Ok(Record { text: row.text(0)?, names })
            },
        };
        self.query(sql, parameters, map).await
    }

    /// Seals these records with the active key, in one transaction. One that does not open stays
    /// as it is, and is counted.
    async fn seal_records(
        &self,
        place: &SealedPlace,
        records: Vec<Record>,
    ) -> Result<(), StoreError> {
        let sealing = self.sealer.begin().await;
        let SealedPlace { table, names, text, .. } = place;
        let conditions: Vec<String> =
            (3..).zip(*names).map(|(number, name)| format!("{name} = ${number}")).collect();
        let sql = format!(
            "UPDATE {table} SET {text} = $1 WHERE {text} = $2 AND {}",
            conditions.join(" AND ")
        );
        let mut batch = Batch::default();
        let mut failed = 0;
        for record in records {
            let names: Vec<&str> = record.names.iter().map(String::as_str).collect();
            let belongs_to = place.belongs_to(&names);
            match self.sealer.open(&belongs_to, &record.text) {
                Ok(opened) => {
                    let sealed = sealing.seal(&belongs_to, &opened)?;
                    let mut parameters: Vec<Parameter> = vec![sealed.into(), record.text.into()];
                    parameters.extend(record.names.into_iter().map(Parameter::from));
                    batch.any(sql.clone(), parameters);
                }
                Err(error) => {
                    tracing::error!(%error, "a record cannot be sealed anew: {error}");
                    failed += 1;
                }
            }
        }
        let touched = self.change(batch).await?;
        let mut rotation = self.sealer.rotation();
        rotation.resealed += touched.iter().sum::<u64>();
        rotation.failed += failed;
        Ok(())
    }
}

type RowMap = fn(&crate::statement::Row<'_>) -> Result<Record, StoreError>;

/// A record as it lies in the database.
struct Record {
    names: Vec<String>,
    text: String,
}
