//! Tokens by which programs use the API. Here lies the digest of each; the token itself is shown
//! once, to whoever makes it.
//!
//! A token lives from what its maker may do: it opens nothing while they are gone or kept out, or
//! may do less than it may itself.

use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::sessions::SEEN_EVERY;
use crate::statement::{Batch, Parameter, Row, as_integer};

/// A token, without what opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The id, UUIDv7.
    pub id: Uuid,
    /// The project that it opens; none is all of them.
    pub project: Option<ProjectName>,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub access: Access,
    /// The user who made it; none is the administrator.
    pub maker: Option<Uuid>,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it opens anything.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

/// A token as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedToken {
    /// The token.
    pub token: ApiToken,
    /// The mail address of the user who made it; none where they are gone, and for the
    /// administrator.
    pub maker_email: Option<String>,
    /// Whether who made it may still do what it may.
    pub is_backed: bool,
}

/// Tokens of one project at once, of the installation, and of one maker.
pub const MOST_TOKENS: usize = 100;
/// The text of the conflict where there are more.
pub const TOO_MANY_TOKENS: &str = "there are as many tokens as there may be";

const COLUMNS: &str = "t.id, t.project, t.name, t.access, t.created_by, t.created_at, t.expires_at,
    t.used_at, t.maker, u.email, u.disabled, u.installation_admin, m.access";
/// The first column behind these.
const NEXT_COLUMN: usize = 13;
const TABLES: &str = "api_tokens t LEFT JOIN users u ON u.id = t.maker
    LEFT JOIN members m ON m.account = t.maker AND m.project = t.project";

fn read_token(row: &Row<'_>) -> Result<ListedToken, StoreError> {
    let token = ApiToken {
        id: row.id(0)?,
        project: row.optional_text(1)?.map(ProjectName::from),
        name: row.text(2)?,
        access: row.named(3, Access::from_name)?,
        created_by: row.text(4)?,
        created_at: row.time(5)?,
        expires_at: row.optional_integer(6)?.map(Timestamp),
        used_at: row.optional_integer(7)?.map(Timestamp),
        maker: row.optional_id(8)?,
    };
    let maker_email = row.optional_text(9)?;
    let may_come_in = row.optional_integer(10)? == Some(0);
    let is_admin = row.optional_integer(11)? == Some(1);
    let level = row.optional_text(12)?.and_then(|name| Access::from_name(&name));
    let has_level = level.is_some_and(|level| level >= token.access);
    let is_backed = token.maker.is_none() || may_come_in && (is_admin || has_level);
    Ok(ListedToken { token, maker_email, is_backed })
}

impl Store {
    /// Keeps a token by its digest. [`TOO_MANY_TOKENS`] is the conflict where there are more than
    /// [`MOST_TOKENS`]; where many are made at the same moment, PostgreSQL may keep a few more.
    pub async fn create_api_token(
        &self,
        token: &ApiToken,
        digest: [u8; 32],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO api_tokens (id, digest, project, name, access, created_by, created_at,
                 expires_at, maker)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                token.id.into(),
                Parameter::Bytes(digest.to_vec()),
                token.project.as_deref().map(str::to_owned).into(),
                token.name.as_str().into(),
                token.access.name().into(),
                token.created_by.as_str().into(),
                token.created_at.into(),
                Parameter::Integer(token.expires_at.map(|time| time.0)),
                token.maker.into(),
            ],
        );
        add_bound(&mut batch, token.id, whose(token.project.as_deref()));
        if let Some(maker) = token.maker {
            add_bound(&mut batch, token.id, ("t.maker = $1", vec![maker.into()]));
        }
        self.change(batch).await.map(drop)
    }

    /// The token of this digest, while it opens anything; noting that it was used.
    pub async fn api_token_of(&self, digest: [u8; 32]) -> Result<Option<ApiToken>, StoreError> {
        let Some((token, stale)) = self.find_token(digest).await? else { return Ok(None) };
        if stale {
            let mut batch = Batch::default();
            batch.any(
                format!("UPDATE api_tokens SET used_at = {} WHERE id = $1", self.now_sql()),
                vec![token.id.into()],
            );
            self.change(batch).await?;
        }
        Ok(Some(token))
    }

    /// The same, without noting anything.
    pub async fn unused_api_token(&self, digest: [u8; 32]) -> Result<Option<ApiToken>, StoreError> {
        Ok(self.find_token(digest).await?.map(|(token, _)| token))
    }

    /// The token, and whether it is time to note that it was used.
    async fn find_token(&self, digest: [u8; 32]) -> Result<Option<(ApiToken, bool)>, StoreError> {
        let now = self.now_sql();
        let sql = format!(
            "SELECT {COLUMNS}, CAST(CASE WHEN t.used_at IS NULL OR t.used_at <= {now} - $2 THEN 1
                 ELSE 0 END AS BIGINT)
             FROM {TABLES} WHERE t.digest = $1 AND (t.expires_at IS NULL OR t.expires_at > {now})"
        );
        let parameters =
            vec![Parameter::Bytes(digest.to_vec()), as_integer(SEEN_EVERY.as_micros()).into()];
        let found = self
            .query(sql, parameters, |row| Ok((read_token(row)?, row.integer(NEXT_COLUMN)? != 0)));
        let found = found.await?.into_iter().next().filter(|(listed, _)| listed.is_backed);
        Ok(found.map(|(listed, stale)| (listed.token, stale)))
    }

    /// The tokens of a project, or those of the installation; the newest first, expired ones
    /// included, and those that lost what they live from.
    pub async fn api_tokens(&self, project: Option<&str>) -> Result<Vec<ListedToken>, StoreError> {
        let (whose, parameters) = whose(project);
        let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE {whose} ORDER BY t.id DESC");
        self.query(sql, parameters, read_token).await
    }

    /// Revokes a token of a project, or one of the installation; whether there was one.
    pub async fn revoke_api_token(
        &self,
        project: Option<&str>,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let (whose, mut parameters) = whose(project);
        parameters.push(id.into());
        let mut batch = Batch::default();
        batch.any(
            format!("DELETE FROM api_tokens AS t WHERE {whose} AND t.id = ${}", parameters.len()),
            parameters,
        );
        Ok(self.change(batch).await? == [1])
    }
}

/// The condition that a token is a project's, or the installation's, with its parameters.
fn whose(project: Option<&str>) -> (&'static str, Vec<Parameter>) {
    match project {
        Some(project) => ("t.project = $1", vec![project.into()]),
        None => ("t.project IS NULL", Vec::new()),
    }
}

/// Adds that with this token there are no more of somebody's than there may be.
fn add_bound(
    batch: &mut Batch,
    token: Uuid,
    (whose, mut parameters): (&'static str, Vec<Parameter>),
) {
    parameters.push(token.into());
    let sql = format!(
        "UPDATE api_tokens SET name = name WHERE id = ${}
         AND (SELECT count(*) FROM api_tokens t WHERE {whose}) <= {MOST_TOKENS}",
        parameters.len()
    );
    batch.one(TOO_MANY_TOKENS, sql, parameters);
}
