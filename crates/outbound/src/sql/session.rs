//! A session with a database for as long as a step runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use futures_util::TryStreamExt as _;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Error, SimpleQueryMessage, Statement};

use super::cells::Cell;
use super::values::Given;
use super::{SqlAnswer, SqlBounds, SqlColumn, SqlFailure, SqlSubject, SqlTarget};
use crate::client::Client;
use crate::profile::ProfileError;
use crate::room::{AnswerRoom, Places};
use crate::tables::{Door, Fault, Session, Target};

/// What PostgreSQL says of several statements in one, which only go without values.
const SEVERAL_STATEMENTS: &str = "42601";
/// What a cell takes in memory beside the text or the number in it.
const AROUND_CELL: usize = 48;

/// An open session. What it has begun and not committed is undone when it is dropped.
pub struct SqlSession {
    session: Session,
    authority: String,
    /// The places of the hub for large answers.
    room: AnswerRoom,
    /// By which whoever cancels a statement goes in.
    door: Arc<Door>,
    /// Statements go one after the other: what is cancelled is the one that is meant.
    turn: Mutex<()>,
    /// A statement was left while the database was at it.
    is_broken: AtomicBool,
}

/// A statement that the database is at. Left before its end, it is cancelled, and the session is closed: nobody
/// knows what it has done, and nobody shall wait behind it.
struct UnderWay<'a> {
    session: &'a SqlSession,
    is_over: bool,
}

impl UnderWay<'_> {
    fn over(mut self) {
        self.is_over = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.session.leave();
        }
    }
}

impl fmt::Debug for SqlSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqlSession")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Opens a session with a database, if its address may be dialled.
    pub async fn open_sql(&self, target: &SqlTarget) -> Result<SqlSession, SqlFailure> {
        let profiles = &self.shared.profiles;
        let options = target.tls.clone().unwrap_or_default();
        let profile = profiles.of(&options).map_err(|error: ProfileError| {
            SqlFailure::new("bad-tls", format!("The TLS of the database: {error}"))
        })?;
        let place = Target {
            host: target.host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: target.port,
            database: target.database.clone(),
            is_secure: target.tls.is_some(),
            shown: format!("postgres://{}:{}/{}", target.host, target.port, target.database),
        };
        let authority = place.authority();
        let password = target.password.clone().unwrap_or_else(|| Secret::new(String::new()));
        let credentials = Some((target.user.clone(), password));
        let limit = profiles.connect_timeout();
        let door = Door::new(place, credentials, &profile.tls, profiles.resolver().clone(), limit);
        let session = door.open().await.map_err(unopened)?;
        Ok(SqlSession {
            session,
            authority,
            room: self.shared.room.clone(),
            door: Arc::new(door),
            turn: Mutex::default(),
            is_broken: AtomicBool::new(false),
        })
    }
}

/// Why there is no session.
fn unopened(fault: Fault) -> SqlFailure {
    match fault {
        Fault::Unanswered(AttemptError { kind, message }) => SqlFailure::new(
            match kind {
                ErrorKind::Timeout => "ETIMEDOUT",
                ErrorKind::Refused => "address-refused",
                ErrorKind::Dns => "ENOTFOUND",
                _ => "ECONNREFUSED",
            },
            message,
        ),
        Fault::Answered(refusal) => SqlFailure::new(refusal.sqlstate(), refusal.sentence()),
    }
}

impl SqlSession {
    /// Has the database do a statement, with a value for each of its `$1`, `$2` …. Several statements
    /// in one text go only without values, and bring texts. A statement that is not done within its time, that
    /// brings more than it may, or that nobody waits for any more, is cancelled, and nothing else can be done in the
    /// session. A large answer waits for its place, which it keeps until the [`Places`] are dropped.
    pub async fn run(
        &self,
        sql: &str,
        values: &[Value<'_>],
        bounds: &SqlBounds<'_>,
    ) -> Result<(SqlAnswer, Places), SqlFailure> {
        let mut weight = Weight { session: self, bounds, bytes: 0, places: Places::default() };
        let answer = self.within(bounds.time, async {
            // Whoever counts the rows says that they are too many before the connection would.
            self.session.renew_with(bounds.bytes);
            match self.session.client.prepare(sql).await {
                Ok(statement) => self.bring(&statement, values, &mut weight).await,
                Err(error) if values.is_empty() && are_several(&error) => {
                    self.bring_texts(sql, &mut weight).await
                }
                Err(error) => Err(self.failure(&error)),
            }
        });
        let answer = answer.await?;
        Ok((answer, weight.places))
    }

    /// Has the database do a statement whose rows nobody wants.
    pub(super) async fn run_text(&self, sql: &str, limit: Duration) -> Result<(), SqlFailure> {
        self.within(limit, async {
            let done = self.session.client.batch_execute(sql).await;
            done.map_err(|error| self.failure(&error))
        })
        .await
    }

    /// Whether it is good for nothing any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_broken.load(Ordering::Acquire) || self.session.is_closed()
    }

    /// Has one statement done when it is its turn, for which it waits within its time.
    async fn within<T>(
        &self,
        limit: Duration,
        doing: impl Future<Output = Result<T, SqlFailure>>,
    ) -> Result<T, SqlFailure> {
        let deadline = Instant::now() + limit;
        let late = |_elapsed| {
            let message = format!("{} gave no answer within {limit:?}", self.authority);
            SqlFailure::new("ETIMEDOUT", message)
        };
        let _turn = timeout_at(deadline, self.turn.lock()).await.map_err(late)?;
        if self.is_broken.load(Ordering::Acquire) {
            let message = format!(
                "The session with {} was closed, since an earlier statement of this step was not done in time; \
                 what was not committed is undone",
                self.authority
            );
            return Err(SqlFailure::new("ECONNRESET", message));
        }
        self.session.renew();
        let under_way = UnderWay { session: self, is_over: false };
        let answer = timeout_at(deadline, doing).await.map_err(late)?;
        under_way.over();
        answer
    }

    /// Leaves the statement that the database is at.
    fn leave(&self) {
        self.is_broken.store(true, Ordering::Release);
        let token = self.session.client.cancel_token();
        self.session.close();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let door = Arc::clone(&self.door);
            // A database that cannot be reached ends the session by itself, some time.
            runtime.spawn(async move { drop(door.cancel(&token).await) });
        }
    }

    async fn bring(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        weight: &mut Weight<'_>,
    ) -> Result<SqlAnswer, SqlFailure> {
        let wanted = statement.params();
        if wanted.len() != values.len() {
            return Err(SqlFailure::new(
                "08P01",
                format!(
                    "The statement wants {} values, and {} came with it",
                    wanted.len(),
                    values.len()
                ),
            ));
        }
        let given: Vec<Given> =
            values.iter().zip(wanted).map(|(value, kind)| Given::of(value, kind)).collect();
        let columns: Vec<SqlColumn> = statement
            .columns()
            .iter()
            .map(|column| SqlColumn {
                name: column.name().to_owned(),
                kind: column.type_().name().to_owned(),
            })
            .collect();
        let stream = self.session.client.query_raw(statement, &given).await;
        let stream = stream.map_err(|error| self.failure(&error))?;
        let mut stream = std::pin::pin!(stream);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await.map_err(|error| self.failure(&error))? {
            weight.add(row.raw_size_bytes(), columns.len()).await?;
            let mut cells = Vec::with_capacity(columns.len());
            for place in 0..columns.len() {
                let cell = row.try_get::<_, Cell>(place).map_err(|error| self.failure(&error))?;
                cells.push(cell.0);
            }
            rows.push(cells);
        }
        Ok(SqlAnswer { affected: stream.rows_affected(), columns, rows })
    }

    /// Several statements in one text: what the last of them brought that brought rows.
    async fn bring_texts(
        &self,
        sql: &str,
        weight: &mut Weight<'_>,
    ) -> Result<SqlAnswer, SqlFailure> {
        let stream = self.session.client.simple_query_raw(sql).await;
        let mut stream = std::pin::pin!(stream.map_err(|error| self.failure(&error))?);
        let mut answer = SqlAnswer::default();
        while let Some(message) = stream.try_next().await.map_err(|error| self.failure(&error))? {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    let text =
                        |name: &str| SqlColumn { name: name.to_owned(), kind: "text".to_owned() };
                    answer.columns = columns.iter().map(|column| text(column.name())).collect();
                    answer.rows.clear();
                    weight.bytes = 0;
                }
                SimpleQueryMessage::Row(row) => {
                    let texts = (0..row.len()).filter_map(|place| row.get(place)).map(str::len);
                    weight.add(texts.sum(), row.len()).await?;
                    let cell =
                        |place| row.get(place).map_or(Value::Null, |it: &str| it.to_owned().into());
                    answer.rows.push((0..row.len()).map(cell).collect());
                }
                SimpleQueryMessage::CommandComplete(affected) => answer.affected = Some(affected),
                _ => {}
            }
        }
        Ok(answer)
    }

    fn failure(&self, error: &Error) -> SqlFailure {
        let Some(said) = error.as_db_error() else {
            let deepest = crate::tables::deepest(error);
            let message = format!("The session with {} broke: {deepest}", self.authority);
            return SqlFailure::new("ECONNRESET", message);
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        SqlFailure {
            code: said.code().code().to_owned(),
            message: said.message().to_owned(),
            about: Box::new(SqlSubject {
                detail: owned(said.detail()),
                table: owned(said.table()),
                column: owned(said.column()),
                constraint: owned(said.constraint()),
            }),
        }
    }
}

/// What an answer takes in the hub's memory while it is read.
struct Weight<'a> {
    session: &'a SqlSession,
    bounds: &'a SqlBounds<'a>,
    bytes: usize,
    places: Places,
}

impl Weight<'_> {
    /// One more row.
    async fn add(&mut self, bytes: usize, cells: usize) -> Result<(), SqlFailure> {
        self.bytes = self.bytes.saturating_add(bytes + cells * AROUND_CELL);
        let most = self.bounds.bytes;
        if self.bytes > most {
            // The database would send the rest of it before it heard of the next statement.
            self.session.leave();
            let message = format!(
                "The rows take more than {most} bytes in the hub's memory, which is the most: ask for fewer at once"
            );
            return Err(SqlFailure::new("answer-too-large", message));
        }
        self.places.take(self.bytes, &[self.bounds.room, &self.session.room]).await;
        Ok(())
    }
}

fn are_several(error: &Error) -> bool {
    error.as_db_error().is_some_and(|said| {
        said.code().code() == SEVERAL_STATEMENTS && said.message().contains("multiple commands")
    })
}
