//! The call `sql`: one statement of a database.
//!
//! ```text
//! { host, port, database, user, password,
//!   tls: {ca, cert, key, insecure} | null,    null: in the clear
//!   statement, values: [any], timeout_ms }
//! → { affected, columns: [{name, type}], rows: [[any]] }
//!   or { failure: {code, message, detail, table, column, constraint} }
//! ```
//!
//! All statements of a step to one database as one user go through one session, so that a job can begin a
//! transaction and end it. When the step has ended, the session is made as it was and waits for the next.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::AnswerRoom;
use fieldpost_outbound::sql::{SqlAnswer, SqlBounds, SqlFailure, SqlLoan, SqlPool, SqlTarget};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::{Service, TlsOptions, failure, read};
use crate::protocol::CallError;
use crate::sandbox::Answer;

/// How long a statement may take that names no time of its own, and at most.
const MOST_TIME: Duration = Duration::from_mins(5);
/// The port of a database that names none.
const DEFAULT_PORT: u16 = 5_432;
/// How many bytes an answer may take in memory, where nobody says.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Databases that one step may have open.
const MOST_DATABASES: usize = 8;

/// Has databases do statements, for one step.
#[derive(Debug)]
pub struct SqlService {
    pool: SqlPool,
    /// How many bytes an answer may take in memory.
    most_bytes: usize,
    /// The places of this step for large answers.
    room: AnswerRoom,
    /// The sessions of this step, by what was said of the database.
    open: Mutex<Vec<(String, Arc<SqlLoan>)>>,
}

#[derive(Deserialize)]
struct Asked {
    host: String,
    port: Option<u16>,
    database: String,
    user: String,
    password: Option<String>,
    tls: Option<TlsOptions>,
    statement: String,
    values: Option<Box<RawValue>>,
    timeout_ms: Option<u64>,
}

impl SqlService {
    /// With the sessions of that pool.
    pub fn new(pool: SqlPool) -> Self {
        Self { pool, most_bytes: MOST_BYTES, room: AnswerRoom::of_step(), open: Mutex::default() }
    }

    /// With another bound on what an answer may take in memory.
    #[must_use]
    pub fn with_most_bytes(self, most_bytes: u64) -> Self {
        Self { most_bytes: usize::try_from(most_bytes).unwrap_or(usize::MAX), ..self }
    }

    async fn run(&self, arguments: &RawValue) -> Result<Box<RawValue>, CallError> {
        let asked: Asked = read(arguments)?;
        let values = asked.values.as_deref().map_or("[]", RawValue::get);
        let values = Value::parse(values.as_bytes())
            .map_err(|error| failure("bad-call", format!("The values cannot be read: {error}")))?;
        let Some(values) = values.as_array() else {
            return Err(failure("bad-call", "The values of a statement are a list"));
        };
        let time = asked.timeout_ms.map_or(MOST_TIME, Duration::from_millis).min(MOST_TIME);
        let bounds = SqlBounds { time, bytes: self.most_bytes, room: &self.room };
        let answer = match self.session(&asked).await? {
            Ok(loan) => match loan.session() {
                Some(session) => session.run(&asked.statement, values, &bounds).await,
                None => return Err(failure("ECONNRESET", "The session is closed")),
            },
            Err(failed) => Err(failed),
        };
        // The places are kept until the answer is written.
        let (answer, _places) = match answer {
            Ok((answer, places)) => (answer_json(answer), Some(places)),
            Err(failed) => (failure_json(&failed), None),
        };
        RawValue::from_string(answer.to_json()).map_err(|error| {
            failure("bad-answer", format!("The answer cannot be written: {error}"))
        })
    }

    /// The session of this step with a database. Statements that come at once share it as well.
    async fn session(&self, asked: &Asked) -> Result<Result<Arc<SqlLoan>, SqlFailure>, CallError> {
        let target = asked.target();
        let key = format!("{target:?}{:?}", asked.password);
        let mut open = self.open.lock().await;
        if let Some((_, loan)) = open.iter().find(|(known, _)| *known == key) {
            return Ok(Ok(Arc::clone(loan)));
        }
        if open.len() >= MOST_DATABASES {
            let message = format!("A step may have {MOST_DATABASES} databases open, and no more");
            return Err(failure("too-many-databases", message));
        }
        Ok(match self.pool.session(&target).await {
            Ok(loan) => {
                let loan = Arc::new(loan);
                open.push((key, Arc::clone(&loan)));
                Ok(loan)
            }
            Err(failed) => Err(failed),
        })
    }
}

impl Asked {
    fn target(&self) -> SqlTarget {
        SqlTarget {
            host: self.host.clone(),
            port: self.port.unwrap_or(DEFAULT_PORT),
            database: self.database.clone(),
            user: self.user.clone(),
            password: self.password.as_deref().map(Secret::new),
            tls: self.tls.as_ref().map(TlsOptions::read),
        }
    }
}

impl Service for SqlService {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn call(&self, arguments: Box<RawValue>) -> Answer<'_> {
        Box::pin(async move { self.run(&arguments).await })
    }
}

fn answer_json(answer: SqlAnswer) -> Value<'static> {
    let columns: Vec<Value<'static>> = answer
        .columns
        .into_iter()
        .map(|column| Value::object([("name", column.name), ("type", column.kind)]))
        .collect();
    let rows: Vec<Value<'static>> = answer.rows.into_iter().map(Value::from).collect();
    Value::object([
        ("affected", answer.affected.map_or(Value::Null, Value::from)),
        ("columns", columns.into()),
        ("rows", rows.into()),
    ])
}

fn failure_json(failed: &SqlFailure) -> Value<'static> {
    let told = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    let about = &failed.about;
    let failed = Value::object([
        ("code", Value::from(failed.code.clone())),
        ("message", failed.message.clone().into()),
        ("detail", told(&about.detail)),
        ("table", told(&about.table)),
        ("column", told(&about.column)),
        ("constraint", told(&about.constraint)),
    ]);
    Value::object([("failure", failed)])
}
