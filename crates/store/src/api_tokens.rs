//! Tokens by which programs use the API. Here lies the digest of each; the token itself is shown
//! once, to whoever makes it.

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
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it opens anything.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, project, name, access, created_by, created_at, expires_at, used_at";

fn read_token(row: &Row<'_>) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.id(0)?,
        project: row.optional_text(1)?.map(ProjectName::from),
        name: row.text(2)?,
        access: row.named(3, Access::from_name)?,
        created_by: row.text(4)?,
        created_at: row.time(5)?,
        expires_at: row.optional_integer(6)?.map(Timestamp),
        used_at: row.optional_integer(7)?.map(Timestamp),
    })
}

impl Store {
    /// Keeps a token by its digest.
    pub async fn create_api_token(
        &self,
        token: &ApiToken,
        digest: [u8; 32],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO api_tokens (id, digest, project, name, access, created_by, created_at,
                 expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            vec![
                token.id.into(),
                Parameter::Bytes(digest.to_vec()),
                token.project.as_deref().map(str::to_owned).into(),
                token.name.as_str().into(),
                token.access.name().into(),
                token.created_by.as_str().into(),
                token.created_at.into(),
                Parameter::Integer(token.expires_at.map(|time| time.0)),
            ],
        );
        self.change(batch).await.map(drop)
    }

    /// The token of this digest, while it opens anything; noting that it was used.
    pub async fn api_token_of(&self, digest: [u8; 32]) -> Result<Option<ApiToken>, StoreError> {
        let now = self.now_sql();
        let sql = format!(
            "SELECT {COLUMNS}, CAST(CASE WHEN used_at IS NULL OR used_at <= {now} - $2 THEN 1 ELSE 0 END AS BIGINT)
             FROM api_tokens WHERE digest = $1 AND (expires_at IS NULL OR expires_at > {now})"
        );
        let parameters =
            vec![Parameter::Bytes(digest.to_vec()), as_integer(SEEN_EVERY.as_micros()).into()];
        let found =
            self.query(sql, parameters, |row| Ok((read_token(row)?, row.integer(8)? != 0))).await?;
        let Some((token, stale)) = found.into_iter().next() else { return Ok(None) };
        if stale {
            let mut batch = Batch::default();
            batch.any(
                format!("UPDATE api_tokens SET used_at = {now} WHERE id = $1"),
                vec![token.id.into()],
            );
            self.change(batch).await?;
        }
        Ok(Some(token))
    }

    /// The tokens of a project, or those of the installation; the newest first, expired ones
    /// included.
    pub async fn api_tokens(&self, project: Option<&str>) -> Result<Vec<ApiToken>, StoreError> {
        let (whose, parameters) = whose(project);
        let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE {whose} ORDER BY id DESC");
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
            format!("DELETE FROM api_tokens WHERE {whose} AND id = ${}", parameters.len()),
            parameters,
        );
        Ok(self.change(batch).await? == [1])
    }
}

/// The condition that a token is a project's, or the installation's, with its parameters.
fn whose(project: Option<&str>) -> (&'static str, Vec<Parameter>) {
    match project {
        Some(project) => ("project = $1", vec![project.into()]),
        None => ("project IS NULL", Vec::new()),
    }
}
