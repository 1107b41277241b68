//! Links that let somebody choose a password: once, and for a while.
//!
//! The link holds a secret of 256 bits; here lies its digest.

use std::time::Duration;

use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::second_factors::add_removal;
use crate::sessions::{NewSession, add_session};
use crate::statement::{Batch, Parameter, as_integer};
use crate::users::{NewUser, User, add_changed_credentials, add_password, add_user, read_user};

/// The text of the conflict where a link was used, has expired or was replaced.
pub const USED_INVITATION: &str = "this link was used already, has expired, or was replaced";
/// Links for the first owner that are good at once: each start of a hub prints another.
const MOST_FIRST_LINKS: usize = 8;
/// The fact that there has been a first owner. It goes with the last user.
pub(crate) const FIRST_OWNER_FACT: &str = "first-owner";

names! {
    /// What a link is for.
    pub enum InvitationKind {
        /// Makes the first user.
        FirstOwner = "first-owner",
        /// Lets a user in who was invited.
        Invitation = "invitation",
        /// Lets a user choose another password.
        Reset = "reset",
    }
}

/// A link that is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What it is for.
    pub kind: InvitationKind,
    /// Whose it is; none for the first owner's.
    pub user: Option<User>,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// Whether the second factor goes when it is used.
    pub drops_second_factor: bool,
}

/// How a link is used.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The digest of its secret.
    pub digest: [u8; 32],
    /// The user: made here by the link of the first owner, there already otherwise.
    pub account: Uuid,
    /// Who is made.
    pub first_owner: Option<NewUser>,
    /// The name, where it is changed.
    pub name: Option<String>,
    /// The language, where it is chosen.
    pub language: Option<String>,
    /// The digest of the password.
    pub password: String,
    /// Whether the second factor goes.
    pub drops_second_factor: bool,
    /// The session that begins. The user's credentials must still be of its generation.
    pub session: NewSession,
}

impl Store {
    /// Keeps the digest of a link for the first owner.
    pub async fn add_first_owner_link(
        &self,
        digest: [u8; 32],
        lasts: Duration,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let now = self.now_sql();
        batch.any(
            format!(
                "INSERT INTO invitations (digest, kind, made_at, expires_at)
                 VALUES ($1, 'first-owner', {now}, {now} + $2)"
            ),
            vec![Parameter::Bytes(digest.to_vec()), as_integer(lasts.as_micros()).into()],
        );
        batch.any(
            format!(
                "DELETE FROM invitations WHERE kind = 'first-owner' AND digest NOT IN (
                     SELECT digest FROM invitations WHERE kind = 'first-owner'
                     ORDER BY made_at DESC, digest LIMIT {MOST_FIRST_LINKS})"
            ),
            Vec::new(),
        );
        self.change(batch).await.map(drop)
    }

    /// Makes a user together with the digest of their link: there is never one without the other.
    /// [`TAKEN_EMAIL`](crate::TAKEN_EMAIL) is the conflict where the address is another user's.
    pub async fn create_invited(
        &self,
        user: &NewUser,
        digest: [u8; 32],
        lasts: Duration,
    ) -> Result<(), StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        add_user(&mut batch, user, &now);
        let kind = InvitationKind::Invitation;
        add_invitation(&mut batch, &now, user.id, kind, digest, lasts, false);
        self.change(batch).await.map(drop)
    }

    /// Keeps the digest of a link for a user; links that they had are good no more. The second
    /// factor may go when it is used, and stays until then.
    pub async fn invite(
        &self,
        account: Uuid,
        kind: InvitationKind,
        digest: [u8; 32],
        lasts: Duration,
        drops_second_factor: bool,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any("DELETE FROM invitations WHERE account = $1", vec![account.into()]);
        let now = self.now_sql();
        add_invitation(&mut batch, &now, account, kind, digest, lasts, drops_second_factor);
        self.change(batch).await.map(drop)
    }

    /// The link of this digest, while it is good. That of a first owner is good while there is no
    /// user.
    pub async fn invitation(&self, digest: [u8; 32]) -> Result<Option<Invitation>, StoreError> {
        let sql = format!(
            "SELECT kind, account, expires_at, drops_second_factor FROM invitations
             WHERE digest = $1
             AND (expires_at IS NULL OR expires_at > {})
             AND (kind <> 'first-owner' OR NOT EXISTS (SELECT 1 FROM users))",
            self.now_sql()
        );
        let found = self.query(sql, vec![Parameter::Bytes(digest.to_vec())], |row| {
            let expires_at = row.optional_integer(2)?.map(Timestamp);
            let kind = row.named(0, InvitationKind::from_name)?;
            Ok((kind, row.optional_id(1)?, expires_at, row.integer(3)? != 0))
        });
        let Some((kind, account, expires_at, drops_second_factor)) =
            found.await?.into_iter().next()
        else {
            return Ok(None);
        };
        let user = match account {
            None => None,
            Some(id) => {
                let sql = format!(
                    "SELECT {} FROM users u WHERE u.id = $1 AND u.disabled = 0",
                    self.user_columns()
                );
                let found = self.query(sql, vec![id.into()], read_user).await?.into_iter().next();
                let Some(user) = found else { return Ok(None) };
                Some(user)
            }
        };
        Ok(Some(Invitation { kind, user, expires_at, drops_second_factor }))
    }

    /// Whether this is the digest of a link that made the first user, and makes none any more: there is one,
    /// who came another way.
    pub async fn is_late_first_owner_link(&self, digest: [u8; 32]) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM invitations WHERE digest = $1 AND kind = 'first-owner'
                   AND EXISTS (SELECT 1 FROM users)";
        let found = self.query(sql.to_owned(), vec![Parameter::Bytes(digest.to_vec())], |_| Ok(()));
        Ok(!found.await?.is_empty())
    }

    /// Uses a link: sets the password, ends the sessions there were, and begins one. Of two who use
    /// it at once, one does; the other gets the conflict [`USED_INVITATION`].
    pub async fn accept_invitation(&self, acceptance: &Acceptance) -> Result<(), StoreError> {
        let Acceptance { account, first_owner, name, language, password, session, .. } = acceptance;
        let now = self.now_sql();
        let mut batch = Batch::default();
        if first_owner.is_some() {
            // Links of several hubs may be used at once: whoever writes this is the first owner.
            batch.one(
                USED_INVITATION,
                "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                vec![FIRST_OWNER_FACT.into(), account.to_string().into()],
            );
        }
        batch.one(
            USED_INVITATION,
            format!(
                "DELETE FROM invitations WHERE digest = $1 AND drops_second_factor = $2
                 AND (expires_at IS NULL OR expires_at > {now})
                 AND (kind <> 'first-owner' OR NOT EXISTS (SELECT 1 FROM users))"
            ),
            vec![
                Parameter::Bytes(acceptance.digest.to_vec()),
                i64::from(acceptance.drops_second_factor).into(),
            ],
        );
        if let Some(user) = first_owner {
            add_user(&mut batch, user, &now);
            batch.any("DELETE FROM invitations WHERE kind = 'first-owner'", Vec::new());
        }
        add_password(&mut batch, *account, password, session.generation, USED_INVITATION);
        if acceptance.drops_second_factor {
            add_removal(&mut batch, *account);
            add_changed_credentials(&mut batch, *account);
        }
        batch.one(
            USED_INVITATION,
            format!(
                "UPDATE users SET name = coalesce($2, name), language = coalesce($3, language),
                     last_sign_in_at = {now} WHERE id = $1 AND disabled = 0"
            ),
            vec![(*account).into(), name.clone().into(), language.clone().into()],
        );
        batch.any("DELETE FROM sessions WHERE account = $1", vec![(*account).into()]);
        add_session(&mut batch, session, &now);
        self.change(batch).await.map(drop)
    }
}

/// Adds a link of a user.
fn add_invitation(
    batch: &mut Batch,
    now: &str,
    account: Uuid,
    kind: InvitationKind,
    digest: [u8; 32],
    lasts: Duration,
    drops_second_factor: bool,
) {
    batch.any(
        format!(
            "INSERT INTO invitations (digest, kind, account, made_at, expires_at,
                 drops_second_factor)
             VALUES ($1, $2, $3, {now}, {now} + $4, $5)"
        ),
        vec![
            Parameter::Bytes(digest.to_vec()),
            kind.name().into(),
            account.into(),
            as_integer(lasts.as_micros()).into(),
            i64::from(drops_second_factor).into(),
        ],
    );
}
