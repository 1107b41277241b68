//! Tokens for programs, and changes that people make to accounts.

use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{ApiToken, MOST_TOKENS, StoreError, TOO_MANY_TOKENS, UserChange};
use uuid::Uuid;

use super::AccountError;
use super::invitations::{check_language, check_name};
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::{digest, new_id, new_opaque};

/// What every token begins with, so that people and scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "fpt_";

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The project that it opens; none is all of them.
    pub project: Option<ProjectName>,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub access: Access,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// The user who makes it; none is the administrator.
    pub maker: Option<Uuid>,
    /// By what name the books call them.
    pub created_by: String,
}

impl Hub {
    /// Makes a token; its text is shown this once.
    pub async fn create_api_token(
        &self,
        new: NewToken,
    ) -> Result<(ApiToken, Secret), AccountError> {
        let NewToken { project, name, access, expires_at, maker, created_by } = new;
        check_name(&name)?;
        if access > Access::Admin {
            return Err(AccountError::Unfit {
                field: "access",
                what: "a token is no owner: owners are people".to_owned(),
                hint: "one of viewer, editor, admin".to_owned(),
            });
        }
        let now = self.now();
        let text = Secret::new(format!("{TOKEN_PREFIX}{}", new_opaque().expose()));
        let token = ApiToken {
            id: new_id(now),
            project,
            name: name.trim().to_owned(),
            access,
            maker,
            created_by,
            created_at: now,
            expires_at,
            used_at: None,
        };
        self.store().create_api_token(&token, digest(text.expose())).await.map_err(too_many)?;
        Ok((token, text))
    }

    /// Changes an account.
    pub async fn change_user(&self, id: Uuid, change: UserChange) -> Result<(), AccountError> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        check_language(change.language.as_ref().and_then(|language| language.as_deref()))?;
        Ok(self.store().change_user(id, change).await?)
    }
}

fn too_many(error: StoreError) -> AccountError {
    match error {
        StoreError::Conflict(conflict) if conflict == TOO_MANY_TOKENS => HubError::NotAllowed {
            code: "too-many-tokens",
            message: format!("there are {MOST_TOKENS} tokens here or of this maker already"),
            hint: "revoke those that nobody uses any more; expired ones count as well".to_owned(),
        }
        .into(),
        error => error.into(),
    }
}
