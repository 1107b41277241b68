//! Tokens of connections, and whose turn it is to ask for the next one.
//!
//! Hubs that share a database share the tokens as well. A row is one token of one connection, for
//! what it was asked for with (the fingerprint). Who has the turn holds a fence; the turn ends with
//! the token, when it is given back, or when its lease ends, by the clock that decides about all
//! leases. The token itself lies sealed.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::hexadecimal;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::keys::TOKENS;
use crate::statement::{Batch, Parameter, as_integer, unreadable};

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// The project.
    pub project: ProjectName,
    /// The connection.
    pub connection: String,
    /// A digest of everything that the token is asked for with. It lies open in the database, so
    /// it is to be a keyed one: nobody may be able to try passwords against it.
    pub fingerprint: [u8; 32],
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// Its text.
    pub text: Secret,
    /// From when on it must not be shown any more.
    pub expires_at: Option<Timestamp>,
    /// Grows with every token of the owner.
    pub generation: u64,
}

/// What came of asking for the turn to get a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenTurn {
    /// The turn is the caller's, under this fence.
    Ours(u64),
    /// Somebody else has it, and for so long at most.
    Taken(Duration),
    /// There is a newer token than the caller knows.
    Newer(StoredToken),
}

/// A row, still sealed, and what is left of the turn in microseconds.
struct Row {
    token: Option<String>,
    expires_at: Option<i64>,
    generation: i64,
    turn_left: Option<i64>,
}

impl TokenOwner {
    /// The names of the record; the fingerprint as digits.
    fn names(&self) -> [String; 3] {
        let digits = hexadecimal::encode(&self.fingerprint);
        [self.project.to_string(), self.connection.clone(), digits]
    }

    fn place(&self) -> String {
        TOKENS.belongs_to(&self.names().each_ref().map(String::as_str))
    }

    /// The names as the first parameters of a statement.
    fn parameters(&self, more: impl IntoIterator<Item = Parameter>) -> Vec<Parameter> {
        self.names().into_iter().map(Parameter::from).chain(more).collect()
    }
}

/// The condition that a row is the owner's, with the parameters of [`TokenOwner::parameters`].
const IS_OWNERS: &str = "project = $1 AND connection = $2 AND fingerprint = $3";

impl Store {
    /// The token of this owner, expired or not.
    pub async fn token(&self, owner: &TokenOwner) -> Result<Option<StoredToken>, StoreError> {
        match self.token_row(owner).await? {
            Some(row) => self.open_token(owner, row).await,
            None => Ok(None),
        }
    }

    /// Asks for the turn to get a token beyond generation `beyond`, for at most `lease`. Of many
    /// callers, through whichever hub, one gets it.
    pub async fn take_token_turn(
        &self,
        owner: &TokenOwner,
        beyond: u64,
        lease: Duration,
    ) -> Result<TokenTurn, StoreError> {
        let fence = new_fence()?;
        let now = self.now_sql();
        let lease = as_integer(lease.as_micros());
        let mut batch = Batch::default();
        // A row begins, or goes on, where the caller's knowledge ends, so that generations grow for
        // those who still know the token of a row that is gone. The token of a row that is behind
        // goes: under the generation that is the row's from here on it would pass for a newer one.
        batch.any(
            format!(
                "INSERT INTO tokens (project, connection, fingerprint, generation, fence, turn_until)
                 VALUES ($1, $2, $3, $4, $5, {now} + $6)
                 ON CONFLICT (project, connection, fingerprint) DO UPDATE SET
                     fence = excluded.fence, turn_until = excluded.turn_until,
                     token = CASE WHEN tokens.generation < $4 THEN NULL ELSE tokens.token END,
                     generation = CASE WHEN tokens.generation < $4 THEN $4
                         ELSE tokens.generation END
                 WHERE (tokens.token IS NULL OR tokens.generation <= $4)
                   AND (tokens.fence IS NULL OR tokens.turn_until <= {now})"
            ),
            owner.parameters([as_integer(beyond).into(), fence.into(), lease.into()]),
        );
        let touched = self.change(batch).await?;
        if touched.first() == Some(&1) {
            return Ok(TokenTurn::Ours(fence.unsigned_abs()));
        }
        let Some(row) = self.token_row(owner).await? else {
            // The connection was changed at this moment: the next one who asks makes the row anew.
            return Ok(TokenTurn::Taken(Duration::ZERO));
        };
        let left = row.turn_left.and_then(|left| u64::try_from(left).ok()).unwrap_or_default();
        let found = self.open_token(owner, row).await?;
        let newer = found.filter(|token| token.generation > beyond);
        Ok(match newer {
            Some(token) => TokenTurn::Newer(token),
            None => TokenTurn::Taken(Duration::from_micros(left)),
        })
    }

    /// Writes the token that was got in the turn of this fence, and frees the turn. The answer is
    /// its generation; `None` means that the turn was lost, and nothing was written. Tokens of
    /// the same connection that were got with other credentials are forgotten.
    pub async fn write_token(
        &self,
        owner: &TokenOwner,
        fence: u64,
        text: &Secret,
        expires_at: Option<Timestamp>,
    ) -> Result<Option<u64>, StoreError> {
        const TURN_LOST: &str = "the turn to get this token is somebody else's by now";
        let Some(row) = self.token_row(owner).await? else { return Ok(None) };
        let sealing = self.sealer.begin().await;
        let sealed = sealing.seal(&owner.place(), text.expose())?;
        let mut batch = Batch::default();
        // Only who has the turn changes the generation, so that the one just read is the one.
        batch.one(
            TURN_LOST,
            format!(
                "UPDATE tokens SET token = $4, expires_at = $5, generation = generation + 1,
                     fence = NULL, turn_until = NULL
                 WHERE {IS_OWNERS} AND fence = $6 AND generation = $7"
            ),
            owner.parameters([
                sealed.into(),
                Parameter::Integer(expires_at.map(|time| time.0)),
                as_integer(fence).into(),
                row.generation.into(),
            ]),
        );
        batch.any(
            "DELETE FROM tokens WHERE project = $1 AND connection = $2 AND fingerprint <> $3
                 AND fence IS NULL",
            owner.parameters([]),
        );
        match self.change(batch).await {
            Ok(_) => Ok(Some(row.generation.unsigned_abs() + 1)),
            Err(StoreError::Conflict(conflict)) if conflict == TURN_LOST => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Frees the turn of this fence without a token. Where it is somebody else's by now, nothing
    /// changes.
    pub async fn give_token_turn_back(
        &self,
        owner: &TokenOwner,
        fence: u64,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE tokens SET fence = NULL, turn_until = NULL WHERE {IS_OWNERS} AND fence = $4"
            ),
            owner.parameters([as_integer(fence).into()]),
        );
        self.change(batch).await.map(drop)
    }

    async fn token_row(&self, owner: &TokenOwner) -> Result<Option<Row>, StoreError> {
        let now = self.now_sql();
        let sql = format!(
            "SELECT token, expires_at, generation,
                    CASE WHEN fence IS NULL THEN NULL ELSE turn_until - {now} END
             FROM tokens WHERE {IS_OWNERS}"
        );
        let found = self.query(sql, owner.parameters([]), |row| {
            Ok(Row {
                token: row.optional_text(0)?,
                expires_at: row.optional_integer(1)?,
                generation: row.integer(2)?,
                turn_left: row.optional_integer(3)?,
            })
        });
        Ok(found.await?.into_iter().next())
    }

    /// The token of a row. One that does not open helps nobody any more, and would be in the way of
    /// every attempt: it is forgotten, so that the next one who needs a token asks for it.
    async fn open_token(
        &self,
        owner: &TokenOwner,
        row: Row,
    ) -> Result<Option<StoredToken>, StoreError> {
        let Some(sealed) = row.token else { return Ok(None) };
        let text = match self.sealer.open(&owner.place(), &sealed) {
            Ok(text) => Secret::new(text),
            Err(StoreError::Keys(reason)) => {
                let TokenOwner { project, connection, .. } = owner;
                tracing::warn!(
                    %project,
                    connection,
                    "the kept token of `{connection}` is forgotten, and asked for anew: {reason}"
                );
                self.forget_token(owner, sealed).await?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let generation = u64::try_from(row.generation)
            .map_err(|_| unreadable("generation", &row.generation.to_string()))?;
        Ok(Some(StoredToken { text, expires_at: row.expires_at.map(Timestamp), generation }))
    }

    /// Forgets a token, unless there is another one by now. Turns and generations stay.
    async fn forget_token(&self, owner: &TokenOwner, sealed: String) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!("UPDATE tokens SET token = NULL WHERE {IS_OWNERS} AND token = $4"),
            owner.parameters([sealed.into()]),
        );
        self.change(batch).await.map(drop)
    }
}

/// A number that no other turn has: positive, since the database has no other ones.
fn new_fence() -> Result<i64, StoreError> {
    let number = getrandom::u64()
        .map_err(|error| StoreError::Keys(format!("the system gives no random bytes: {error}")))?;
    Ok((number >> 1).cast_signed())
}
