//! Users: who has an account, and the digest of their password.

use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::invitations::FIRST_OWNER_FACT;
use crate::sessions::{NewSession, add_session};
use crate::statement::{Batch, Parameter, Row};

/// The text of the conflict where an address is another user's.
pub const TAKEN_EMAIL: &str = "there is a user with this mail address already";
/// The text of the conflict where a password or a second factor was changed meanwhile.
pub const CHANGED_CREDENTIALS: &str = "the password or the second factor was changed meanwhile";
/// The text of the conflict where an account is gone.
pub(crate) const NO_USER: &str = "the user is not there any more";

/// A user, as everybody may know them who may know them at all.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id, UUIDv7.
    pub id: Uuid,
    /// The mail address, as it was written.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// The language of the page; none means that of the browser.
    pub language: Option<String>,
    /// Whether they run the installation.
    pub installation_admin: bool,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Whether they have a password; otherwise they were invited and have not come in yet.
    pub has_password: bool,
    /// Whether they have confirmed a second factor.
    pub second_factor: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they came in last.
    pub last_sign_in_at: Option<Timestamp>,
    /// How often the password or the second factor was changed.
    pub generation: i64,
}

/// A user to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The id, UUIDv7.
    pub id: Uuid,
    /// The mail address.
    pub email: String,
    /// The key by which the account is found.
    pub email_key: String,
    /// What people call them.
    pub name: String,
    /// Whether they run the installation.
    pub installation_admin: bool,
    /// What they may do from the beginning.
    pub projects: Vec<(ProjectName, Access)>,
}

/// What is changed about a user; none leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The name.
    pub name: Option<String>,
    /// The language; the inner none is that of the browser.
    pub language: Option<Option<String>>,
    /// Whether they run the installation.
    pub installation_admin: Option<bool>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
}

/// The columns of a user, from a table called `u`.
pub(crate) const COLUMNS: &str = "u.id, u.email, u.name, u.language, u.installation_admin,
    u.disabled, CAST(CASE WHEN u.password IS NULL THEN 0 ELSE 1 END AS BIGINT), u.created_at, u.last_sign_in_at,
    (SELECT count(*) FROM second_factors f
        WHERE f.account = {id} AND f.confirmed_at IS NOT NULL), u.generation";
/// How many columns that are.
pub(crate) const COLUMN_COUNT: usize = 11;

pub(crate) fn read_user(row: &Row<'_>) -> Result<User, StoreError> {
    Ok(User {
        id: row.id(0)?,
        email: row.text(1)?,
        name: row.text(2)?,
        language: row.optional_text(3)?,
        installation_admin: row.integer(4)? != 0,
        disabled: row.integer(5)? != 0,
        has_password: row.integer(6)? != 0,
        created_at: row.time(7)?,
        last_sign_in_at: row.optional_integer(8)?.map(Timestamp),
        second_factor: row.integer(9)? != 0,
        generation: row.integer(10)?,
    })
}

impl Store {
    /// The columns of a user as this engine reads them.
    pub(crate) fn user_columns(&self) -> String {
        COLUMNS.replace("{id}", &self.account_text("u.id"))
    }

    /// A user's id as the text by which second factors are kept.
    pub(crate) fn account_text(&self, column: &str) -> String {
        self.engine.id_digits(column)
    }

    /// Whether there is any user.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let sql = "SELECT created_at FROM users LIMIT 1";
        Ok(!self.query(sql.to_owned(), Vec::new(), |row| row.integer(0)).await?.is_empty())
    }

    /// Every user, by address.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = format!("SELECT {} FROM users u ORDER BY u.email_key", self.user_columns());
        self.query(sql, Vec::new(), read_user).await
    }

    /// A user.
    pub async fn user(&self, id: Uuid) -> Result<Option<User>, StoreError> {
        let sql = format!("SELECT {} FROM users u WHERE u.id = $1", self.user_columns());
        Ok(self.query(sql, vec![id.into()], read_user).await?.into_iter().next())
    }

    /// The user whose address has this key.
    pub async fn user_by_email(&self, email_key: &str) -> Result<Option<User>, StoreError> {
        let sql = format!("SELECT {} FROM users u WHERE u.email_key = $1", self.user_columns());
        Ok(self.query(sql, vec![email_key.into()], read_user).await?.into_iter().next())
    }

    /// The digest of a user's password.
    pub async fn password_digest(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let sql = "SELECT password FROM users WHERE id = $1";
        let found = self.query(sql.to_owned(), vec![id.into()], |row| row.optional_text(0));
        Ok(found.await?.into_iter().next().flatten())
    }

    /// Makes a user, without a password. [`TAKEN_EMAIL`] is the conflict where there is one.
    pub async fn create_user(&self, user: &NewUser) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        add_user(&mut batch, user, &self.now_sql());
        self.change(batch).await.map(drop)
    }

    /// Changes a user. Who is kept out is signed out everywhere.
    pub async fn change_user(&self, id: Uuid, change: UserChange) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let mut set = |column: &str, value: Parameter| {
            let sql = format!("UPDATE users SET {column} = $2 WHERE id = $1");
            batch.one(NO_USER, sql, vec![id.into(), value]);
        };
        if let Some(name) = change.name {
            set("name", name.into());
        }
        if let Some(language) = change.language {
            set("language", language.into());
        }
        if let Some(admin) = change.installation_admin {
            set("installation_admin", i64::from(admin).into());
        }
        if let Some(disabled) = change.disabled {
            set("disabled", i64::from(disabled).into());
        }
        if change.disabled == Some(true) {
            batch.any("DELETE FROM sessions WHERE account = $1", vec![id.into()]);
        }
        // Whoever holds a link from before must not come to more by it than was meant.
        if change.disabled == Some(true) || change.installation_admin == Some(true) {
            batch.any("DELETE FROM invitations WHERE account = $1", vec![id.into()]);
        }
        self.change(batch).await.map(drop)
    }

    /// Removes a user with everything that is theirs; what they did stays in the books. The answer
    /// is whether there was one.
    pub async fn delete_user(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        batch.any("DELETE FROM users WHERE id = $1", vec![id.into()]);
        for table in ["members", "sessions", "invitations", "recovery_codes"] {
            batch.any(format!("DELETE FROM {table} WHERE account = $1"), vec![id.into()]);
        }
        let account = account_key(id);
        batch.any("DELETE FROM second_factors WHERE account = $1", vec![account.into()]);
        // Where nobody is left, there may be a first owner again.
        batch.any(
            "DELETE FROM facts WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM users)",
            vec![FIRST_OWNER_FACT.into()],
        );
        Ok(self.change(batch).await?.first() == Some(&1))
    }

    /// Changes a user's password, ends all sessions and links that there are, and begins a session.
    /// [`CHANGED_CREDENTIALS`] is the conflict where they are not those any more by which the user
    /// was known, as the session names them.
    pub async fn change_password(
        &self,
        id: Uuid,
        digest: &str,
        session: &NewSession,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        add_password(&mut batch, id, digest, session.generation, CHANGED_CREDENTIALS);
        for table in ["sessions", "invitations"] {
            batch.any(format!("DELETE FROM {table} WHERE account = $1"), vec![id.into()]);
        }
        add_session(&mut batch, session, &self.now_sql());
        self.change(batch).await.map(drop)
    }
}

/// The text by which the second factor of an account is kept.
pub(crate) fn account_key(id: Uuid) -> String {
    id.simple().to_string()
}

/// Adds the making of a user.
pub(crate) fn add_user(batch: &mut Batch, user: &NewUser, now: &str) {
    batch.one(
        TAKEN_EMAIL,
        format!(
            "INSERT INTO users (id, email, email_key, name, installation_admin, disabled, created_at)
             VALUES ($1, $2, $3, $4, $5, 0, {now}) ON CONFLICT (email_key) DO NOTHING"
        ),
        vec![
            user.id.into(),
            user.email.as_str().into(),
            user.email_key.as_str().into(),
            user.name.as_str().into(),
            i64::from(user.installation_admin).into(),
        ],
    );
    for (project, access) in &user.projects {
        batch.any(
            format!(
                "INSERT INTO members (project, account, access, since) VALUES ($1, $2, $3, {now})
                 ON CONFLICT (project, account) DO UPDATE SET access = excluded.access"
            ),
            vec![(&**project).into(), user.id.into(), access.name().into()],
        );
    }
}

/// Adds the setting of a password, in the place of the credentials of this generation.
pub(crate) fn add_password(
    batch: &mut Batch,
    id: Uuid,
    digest: &str,
    generation: i64,
    conflict: &'static str,
) {
    batch.one(
        conflict,
        "UPDATE users SET password = $2, generation = generation + 1
         WHERE id = $1 AND generation = $3",
        vec![id.into(), digest.into(), generation.into()],
    );
}

/// Adds that a user's credentials are others from now on.
pub(crate) fn add_changed_credentials(batch: &mut Batch, id: Uuid) {
    batch.any("UPDATE users SET generation = generation + 1 WHERE id = $1", vec![id.into()]);
}
