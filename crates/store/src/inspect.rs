//! Looking at a database without opening it as a store: nothing is made, migrated or locked, so
//! that it can be done beside a running hub, and before one dares to start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tokio_postgres::Client;

use crate::StoreSettings;
use crate::clock;
use crate::error::StoreError;
use crate::files::Files;
use crate::keys::{DEFINITIONS, counts_sql, key_fact_sql};
use crate::migrate;
use crate::notices::{RefusedAddress, refused_last};
use crate::postgres::{NOW, Server};
use crate::records::DefinitionKind;
use crate::seal::{self, KeyId, KeySource};
use crate::sqlite::{BUSY_TIMEOUT, DATABASE_FILE};

/// The versions of the schema that were installed; fails where there is no schema yet.
const SCHEMA_VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_migrations";
const ALL_DEFINITIONS: &str =
    "SELECT project, kind, name, definition FROM definitions ORDER BY project, kind, name";
const UNSUBSCRIBED: &str =
    "SELECT project, topic, address FROM unsubscribed ORDER BY project, topic, address";
/// The newest mails that ended: project, recipient, error and whether it was given up.
const ENDED_MAILS: &str = "SELECT project, recipient, COALESCE(last_error, ''), state = 'given-up'
    FROM notices WHERE channel = 'mail' AND state IN ('sent', 'given-up')
    ORDER BY id DESC LIMIT 5000";
const USERS: &str = "SELECT COUNT(*) FROM users WHERE disabled = 0";
const WAITING: &str = "SELECT COUNT(*), MIN(d.registered_at) FROM queue q
    JOIN deliveries d ON d.project = q.project AND d.id = q.delivery";
const UNTOLD: &str = "SELECT COUNT(*), MIN(since) FROM untold";
/// The problems of lifecycles since a moment: how many submissions have some, and the newest.
const PROBLEMS: &str = "SELECT project, form, code, COUNT(*), MAX(at) FROM lifecycle_problems
    WHERE at >= $1 GROUP BY project, form, code ORDER BY MAX(at) DESC, project, form, code LIMIT 20";
/// The calls of lifecycles that fail.
const CALLS: &str = "SELECT project, subject, failures, opened_at, last_error FROM incidents
    WHERE kind = 'call' AND state = 'open' ORDER BY opened_at DESC, project, subject LIMIT 20";
/// How far back problems of lifecycles are told.
const PROBLEMS_SINCE: Duration = Duration::from_hours(7 * 24);
/// The digests of files that rows name. Digests are spread evenly, so that the first of them are a sample.
const NAMED_FILES: [&str; 3] = [
    "SELECT DISTINCT sha256 FROM submission_files WHERE sha256 IS NOT NULL ORDER BY sha256 LIMIT ",
    "SELECT DISTINCT sha256 FROM form_files WHERE sha256 IS NOT NULL ORDER BY sha256 LIMIT ",
    "SELECT DISTINCT sha256 FROM progress_files ORDER BY sha256 LIMIT ",
];
/// The most files of submissions that are looked for in the folder of files, and the most of forms.
const FILES_LOOKED_FOR: usize = 1_000;
/// Settings of PostgreSQL that decide whether a yes is durable.
const DURABILITY: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The database's own name and version.
    pub server: String,
    /// The version of its schema; 0 where it has none yet.
    pub schema_version: i64,
    /// The newest version that this program knows.
    pub known_version: i64,
    /// Settings under which a yes is not durable, as `name = value`.
    pub not_durable: Vec<String>,
    /// Whether the database takes no writes (a standby, for example).
    pub read_only: bool,
    /// The database's clock, where it has one of its own.
    pub clock: Option<Timestamp>,
    /// The key that secrets are sealed with; none before the first start.
    pub key: Option<KeyId>,
    /// The keys that something is sealed with.
    pub sealed_with: Vec<KeyId>,
    /// What the projects define, as JSON text that is not read here.
    pub definitions: Vec<FoundDefinition>,
    /// How many further definitions are sealed with keys that these settings do not have.
    pub sealed_definitions: u64,
    /// Who has ended mails: project, topic and address.
    pub unsubscribed: Vec<(String, String, String)>,
    /// Addresses whose last mail was given up, with their projects.
    pub refused: Vec<(String, RefusedAddress)>,
    /// Users who are not kept out; none where the schema is another version's.
    pub users: Option<u64>,
    /// Deliveries that wait to be sent.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest_waiting: Option<Timestamp>,
    /// What lifecycles are still to be told.
    pub untold: u64,
    /// Since when the oldest of it waits.
    pub oldest_untold: Option<Timestamp>,
    /// What went wrong in lifecycles in the last week, the newest kinds first, up to twenty of them.
    pub lifecycle_problems: Vec<FoundProblems>,
    /// The calls of lifecycles that fail, the newest trouble first, up to twenty of them.
    pub failing_calls: Vec<FoundCall>,
    /// Whether the files that the database names are there; none where the schema is another version's.
    pub files: Option<FoundFiles>,
    /// The digests of files that are to be looked for.
    named_files: Vec<Vec<u8>>,
}

/// Which of the files that the database names lie in the folder of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFiles {
    /// The folder.
    pub folder: PathBuf,
    /// How many were looked for: all, or a sample of 1,000 of submissions and as many of forms.
    pub looked_for: usize,
    /// How many of them are not there.
    pub missing: usize,
    /// Why the folder could not be looked into.
    pub trouble: Option<String>,
}

/// Problems of one kind in the lifecycles of a form's submissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundProblems {
    /// The project.
    pub project: String,
    /// The form.
    pub form: String,
    /// Their code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// When the newest was met.
    pub newest: Timestamp,
}

/// A call of a lifecycle that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCall {
    /// The project.
    pub project: String,
    /// The action that makes it, as its incident names it.
    pub subject: String,
    /// How many failed.
    pub failures: u64,
    /// Since when.
    pub since: Timestamp,
    /// What went wrong last.
    pub error: Option<String>,
}

/// A definition as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDefinition {
    /// The project.
    pub project: String,
    /// What it defines.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: String,
    /// Its JSON text.
    pub definition: String,
}

impl FoundDefinition {
    fn new(project: String, kind: &str, name: String, definition: String) -> Option<Self> {
        let kind = DefinitionKind::from_name(kind)?;
        Some(Self { project, kind, name, definition })
    }
}

impl Inspection {
    /// Notes what is sealed with which key.
    fn note_keys(&mut self, fact: Option<&str>, counts: impl Iterator<Item = String>) {
        self.key = fact.and_then(KeyId::from_digits);
        self.sealed_with = counts.filter_map(|digits| KeyId::from_digits(&digits)).collect();
    }

    /// Opens the definitions with the keys of the settings, as far as these are there: a look at a
    /// database must not fail for want of a key.
    fn open_definitions(&mut self, keys: &KeySource) {
        let ring = keys.read().ok().flatten();
        for mut definition in std::mem::take(&mut self.definitions) {
            let FoundDefinition { project, kind, name, .. } = &definition;
            let place = DEFINITIONS.belongs_to(&[project, kind.name(), name]);
            match seal::open(ring.as_ref(), &place, &definition.definition) {
                Some(opened) => {
                    definition.definition = opened;
                    self.definitions.push(definition);
                }
                None => self.sealed_definitions += 1,
            }
        }
    }

    /// Looks for the files that the database names. This blocks.
    fn look_for_files(&mut self, folder: PathBuf) {
        let named = std::mem::take(&mut self.named_files);
        let files = Files::at(folder.clone());
        let mut found = FoundFiles { folder, looked_for: 0, missing: 0, trouble: None };
        for sha256 in named.iter().filter_map(|sha256| sha256.as_slice().try_into().ok()) {
            match files.has(sha256) {
                Ok(is_there) => {
                    found.looked_for += 1;
                    found.missing += usize::from(!is_there);
                }
                Err(error) => found.trouble = Some(error.to_string()),
            }
        }
        self.files = Some(found);
    }
}

/// Looks at the database of these settings; `None` where SQLite has made no file yet.
pub async fn inspect(settings: &StoreSettings) -> Result<Option<Inspection>, StoreError> {
    let mut found = if let Some(url) = &settings.database {
        inspect_postgres(url).await?
    } else {
        let path = settings.data.join(DATABASE_FILE);
        if !path.exists() {
            return Ok(None);
        }
        let inspected = tokio::task::spawn_blocking(move || inspect_sqlite(&path)).await;
        inspected.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))?
    };
    found.open_definitions(&settings.keys);
    if found.schema_version == found.known_version {
        let folder = settings.files.clone();
        let looked = tokio::task::spawn_blocking(move || {
            found.look_for_files(folder);
            found
        });
        found = looked.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    Ok(Some(found))
}

fn inspect_sqlite(path: &Path) -> Result<Inspection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| StoreError::Open(format!("cannot open {}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut found = Inspection {
        server: format!("SQLite {}", rusqlite::version()),
        known_version: migrate::newest_sqlite(),
        ..Inspection::default()
    };
    // Asking for what every database has tells whether this file is one at all.
    let has_schema: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations')",
        [],
        |row| row.get(0),
    )?;
    if has_schema {
        found.schema_version = connection.query_row(SCHEMA_VERSION, [], |row| row.get(0))?;
    }
    // An older schema has tables that this program does not know.
    if found.schema_version != found.known_version {
        return Ok(found);
    }
    let mut statement = connection.prepare(ALL_DEFINITIONS)?;
    let rows = statement.query_map([], |row| {
        Ok(FoundDefinition::new(row.get(0)?, &row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
    })?;
    found.definitions = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(UNSUBSCRIBED)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    found.unsubscribed = rows.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(ENDED_MAILS)?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, RefusedAddress { address: row.get(1)?, error: row.get(2)? }, row.get(3)?))
    })?;
    found.refused = refused_last(rows.collect::<Result<Vec<_>, _>>()?);
    let fact: Option<String> =
        connection.query_row(&key_fact_sql(), [], |row| row.get(0)).optional()?;
    let mut statement = connection.prepare(&counts_sql())?;
    let counts = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    found.note_keys(fact.as_deref(), counts.into_iter());
    let users: i64 = connection.query_row(USERS, [], |row| row.get(0))?;
    found.users = Some(users.cast_unsigned());
    let (waiting, oldest): (i64, Option<i64>) =
        connection.query_row(WAITING, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.waiting = waiting.cast_unsigned();
    found.oldest_waiting = oldest.map(Timestamp);
    let (untold, oldest): (i64, Option<i64>) =
        connection.query_row(UNTOLD, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.untold = untold.cast_unsigned();
    found.oldest_untold = oldest.map(Timestamp);
    let since = (clock::system())() - PROBLEMS_SINCE;
    let mut statement = connection.prepare(PROBLEMS)?;
    let rows = statement.query_map([since.0], |row| {
        Ok(FoundProblems {
            project: row.get(0)?,
            form: row.get(1)?,
            code: row.get(2)?,
            count: row.get::<_, i64>(3)?.cast_unsigned(),
            newest: Timestamp(row.get(4)?),
        })
    })?;
    found.lifecycle_problems = rows.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(CALLS)?;
    let rows = statement.query_map([], |row| {
        Ok(FoundCall {
            project: row.get(0)?,
            subject: row.get(1)?,
            failures: row.get::<_, i64>(2)?.cast_unsigned(),
            since: Timestamp(row.get(3)?),
            error: row.get(4)?,
        })
    })?;
    found.failing_calls = rows.collect::<Result<_, _>>()?;
    for sql in NAMED_FILES {
        let mut statement = connection.prepare(&format!("{sql} {FILES_LOOKED_FOR}"))?;
        let rows = statement.query_map([], |row| row.get(0))?;
        found.named_files.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

async fn inspect_postgres(url: &str) -> Result<Inspection, StoreError> {
    let server = Server::parse(url, "fieldpost inspect")?;
    let (client, connection) = server.connect().await.map_err(|error| {
        // The error itself says only that; its cause says why.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        StoreError::Open(format!(
            "cannot reach the database: {}",
            cause.unwrap_or(error.to_string())
        ))
    })?;
    let connection = tokio::spawn(connection);
    let found = ask_postgres(&client).await;
    drop(client);
    // How the connection ended says nothing about what was found.
    drop(connection.await);
    found
}

async fn ask_postgres(client: &Client) -> Result<Inspection, StoreError> {
    let text = |row: &tokio_postgres::Row| row.get::<_, String>(0);
    let mut found =
        Inspection { known_version: migrate::newest_postgres(), ..Inspection::default() };
    let version = client.query_one("SELECT current_setting('server_version')", &[]).await?;
    found.server = format!("PostgreSQL {}", text(&version));
    for name in DURABILITY {
        let row = client.query_one("SELECT current_setting($1)", &[&name]).await?;
        let value = text(&row);
        // `synchronous_commit` is set by each of our own sessions.
        if value == "off" && name != "synchronous_commit" {
            found.not_durable.push(format!("{name} = {value}"));
        }
    }
    let row = client.query_one("SELECT current_setting('transaction_read_only')", &[]).await?;
    found.read_only = text(&row) == "on";
    let clock = client.query_one(&format!("SELECT {NOW}"), &[]).await?;
    found.clock = Some(Timestamp(clock.get(0)));
    let schema =
        client.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[]).await?;
    if schema.get(0) {
        found.schema_version = client.query_one(SCHEMA_VERSION, &[]).await?.get(0);
    }
    if found.schema_version != found.known_version {
        return Ok(found);
    }
    let rows = client.query(ALL_DEFINITIONS, &[]).await?;
    let definitions = rows.iter().filter_map(|row| {
        FoundDefinition::new(row.get(0), row.get::<_, &str>(1), row.get(2), row.get(3))
    });
    found.definitions = definitions.collect();
    let rows = client.query(UNSUBSCRIBED, &[]).await?;
    found.unsubscribed = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let rows = client.query(ENDED_MAILS, &[]).await?;
    found.refused = refused_last(rows.iter().map(|row| {
        (row.get(0), RefusedAddress { address: row.get(1), error: row.get(2) }, row.get(3))
    }));
    let fact = client.query_opt(&key_fact_sql(), &[]).await?.as_ref().map(text);
    let counts = client.query(&counts_sql(), &[]).await?;
    found.note_keys(fact.as_deref(), counts.iter().map(text));
    let users = client.query_one(USERS, &[]).await?;
    found.users = Some(users.get::<_, i64>(0).cast_unsigned());
    let waiting = client.query_one(WAITING, &[]).await?;
    found.waiting = waiting.get::<_, i64>(0).cast_unsigned();
    found.oldest_waiting = waiting.get::<_, Option<i64>>(1).map(Timestamp);
    let untold = client.query_one(UNTOLD, &[]).await?;
    found.untold = untold.get::<_, i64>(0).cast_unsigned();
    found.oldest_untold = untold.get::<_, Option<i64>>(1).map(Timestamp);
    let since = found.clock.unwrap_or_else(|| (clock::system())()) - PROBLEMS_SINCE;
    let rows = client.query(PROBLEMS, &[&since.0]).await?;
    let problems = rows.iter().map(|row| FoundProblems {
        project: row.get(0),
        form: row.get(1),
        code: row.get(2),
        count: row.get::<_, i64>(3).cast_unsigned(),
        newest: Timestamp(row.get(4)),
    });
    found.lifecycle_problems = problems.collect();
    let rows = client.query(CALLS, &[]).await?;
    let calls = rows.iter().map(|row| FoundCall {
        project: row.get(0),
        subject: row.get(1),
        failures: row.get::<_, i64>(2).cast_unsigned(),
        since: Timestamp(row.get(3)),
        error: row.get(4),
    });
    found.failing_calls = calls.collect();
    for sql in NAMED_FILES {
        let rows = client.query(&format!("{sql} {FILES_LOOKED_FOR}"), &[]).await?;
        found.named_files.extend(rows.iter().map(|row| row.get::<_, Vec<u8>>(0)));
    }
    Ok(found)
}
