//! The audit log: who did what, and when. Rows are added and never changed; those of what was
//! refused are forgotten after a while.

use std::time::Duration;

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::records::{Page, Signal};
use crate::statement::{Batch, Conditions, Parameter, Row, contains, like_anywhere};

/// The action of a sign-in that was refused: strangers make such rows, so they do not stay.
pub const SIGN_IN_REFUSED: &str = "session.refused";
/// The action of a password that was asked for once more, and was wrong.
pub const PASSWORD_REFUSED: &str = "password.refused";
/// The action of a change that somebody was not allowed to make.
pub const CHANGE_REFUSED: &str = "change.refused";
/// The action of tokens that open nothing, and come too often.
pub const TOKENS_REFUSED: &str = "tokens.refused";
/// What was refused, and so does not stay.
const REFUSED: [&str; 4] = [SIGN_IN_REFUSED, PASSWORD_REFUSED, CHANGE_REFUSED, TOKENS_REFUSED];
/// How long rows of what was refused stay.
const REFUSED_STAY: Duration = Duration::from_hours(90 * 24);

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// `user`, `token`, `administrator` or `nobody`.
    pub kind: String,
    /// The name at that time.
    pub name: String,
    /// The id of the user or token.
    pub id: Option<Uuid>,
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The id, UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// In which project; none for the installation.
    pub project: Option<String>,
    /// Who.
    pub who: Who,
    /// What, as a noun and a verb: `forwarder.saved`.
    pub action: String,
    /// To what: its name or id.
    pub target: Option<String>,
    /// More, as a JSON object. Never a secret.
    pub detail: String,
    /// From which address.
    pub address: Option<String>,
}

/// Which rows of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this project only.
    pub project: Option<String>,
    /// Of whom: an id, or a part of a name.
    pub who: Option<String>,
    /// What: an action, or what it begins with.
    pub action: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

/// Whether a text has nothing in it that a name of a project cannot have.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

const COLUMNS: &str =
    "id, at, project, who_kind, who_name, who_id, action, target, detail, address";

fn read_entry(row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: row.id(0)?,
        at: row.time(1)?,
        project: row.optional_text(2)?,
        who: Who { kind: row.text(3)?, name: row.text(4)?, id: row.optional_id(5)? },
        action: row.text(6)?,
        target: row.optional_text(7)?,
        detail: row.text(8)?,
        address: row.optional_text(9)?,
    })
}

impl Store {
    /// Writes into the log.
    pub async fn note(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        if REFUSED.contains(&entry.action.as_str()) {
            batch.any(
                "DELETE FROM audit WHERE action = $1 AND id < $2",
                vec![entry.action.as_str().into(), first_id_at(entry.at - REFUSED_STAY).into()],
            );
        }
        batch.any(
            "INSERT INTO audit (id, at, project, who_kind, who_name, who_id, action, target, detail,
                 address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            vec![
                entry.id.into(),
                entry.at.into(),
                entry.project.clone().into(),
                entry.who.kind.as_str().into(),
                entry.who.name.as_str().into(),
                entry.who.id.into(),
                entry.action.as_str().into(),
                entry.target.clone().into(),
                entry.detail.as_str().into(),
                entry.address.clone().into(),
            ],
        );
        self.change(batch).await?;
        // What was refused may name a project that never was, in whatever letters somebody sent:
        // other hubs are told of names alone.
        if let Some(project) = entry.project.as_deref().filter(|project| is_plain(project)) {
            self.signal(Signal::Audit { project: project.into(), id: entry.id });
        }
        Ok(())
    }

    /// A row of the log of a project.
    pub async fn audit_entry(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<AuditEntry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE id = $1 AND project = $2");
        let found = self.query(sql, vec![id.into(), project.into()], read_entry).await?;
        Ok(found.into_iter().next())
    }

    /// The log, newest first.
    pub async fn audit(
        &self,
        query: &AuditQuery,
        page: Page,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut conditions = Conditions::default();
        if let Some(project) = &query.project {
            conditions.add("project = ?", project.as_str());
        }
        if let Some(who) = &query.who {
            if let Ok(id) = Uuid::try_parse(who) {
                conditions.add("who_id = ?", id);
            } else {
                let pattern = conditions.bind(like_anywhere(who));
                conditions.add_plain(&contains("who_name", &pattern));
            }
        }
        if let Some(action) = &query.action {
            conditions.add("substr(action, 1, length(?)) = ?", action.as_str());
        }
        if let Some(from) = query.from {
            conditions.add("at >= ?", from);
        }
        if let Some(to) = query.to {
            conditions.add("at < ?", to);
        }
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(i64::try_from(page.limit).unwrap_or(i64::MAX));
        let sql = format!(
            "SELECT {COLUMNS} FROM audit{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
        );
        let parameters: Vec<Parameter> = conditions.parameters;
        self.query(sql, parameters, read_entry).await
    }
}
