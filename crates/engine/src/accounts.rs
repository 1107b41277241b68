//! People and programs that come in: signing in, links for one use, second factors, tokens.
//!
//! ```text
//!   sign_in ─┬─ throttle (store) ─ passwords (argon2id, bounded) ─ second_factor ─► a session
//!   invitations ┘                                                                  (a new secret)
//! ```
//!
//! What people hold (the secret of a session, of a link, of a token) is made here from the system's
//! randomness, handed out once, and kept as a digest alone. A stranger learns nothing by trying:
//! an account that is not there costs as much work as a wrong password, and is answered alike.

mod invitations;
mod members;
mod passwords;
mod second_factor;
mod shares;
mod sign_in;
mod tokens;

use std::net::IpAddr;

use fieldpost_model::secret::Secret;
use fieldpost_store::{AuditEntry, NewSession, StoreError, User, Who};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

pub use invitations::{Accepting, Invited, NewPerson};
pub use members::MOST_ADDED;
pub(crate) use passwords::Passwords;
pub use second_factor::BegunSecondFactor;
pub use shares::{Share, Shares};
pub use sign_in::SignIn;
pub use tokens::{NewToken, TOKEN_PREFIX};

use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::{digest, new_id, new_opaque};

/// Why somebody does not come in, or does not get what is their own to change.
#[derive(Clone, Debug, Error)]
pub enum AccountError {
    /// The account, the password or the code is wrong. Whose account it was, for the books alone.
    #[error("the mail address, the password or the code is wrong")]
    WrongCredentials(Option<Box<User>>),
    /// The password is right, and the account has a second factor. Whose, for the books alone.
    #[error("this account has a second factor")]
    CodeNeeded(Box<User>),
    /// Too many tries; how long to wait.
    #[error("there were too many tries")]
    TooManyTries(std::time::Duration),
    /// The link was used, has expired or was replaced.
    #[error("this link was used already, has expired, or was replaced")]
    UsedLink,
    /// The link makes the first account, and there is one already, made another way.
    #[error("there is an account by now: this link makes only the first one")]
    NotFirst,
    /// What was sent will not do.
    #[error("{what}")]
    Unfit {
        /// The field.
        field: &'static str,
        /// What is the matter with it.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// Anything else.
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Hub(error.into())
    }
}

/// Where somebody comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The address.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct BegunSession {
    /// Whose it is; none is the administrator's.
    pub user: Option<User>,
    /// What the cookie holds.
    pub secret: Secret,
}

impl Hub {
    /// A session with a new secret, still to be written: of a user whose credentials are of this
    /// generation, or of the administrator.
    fn new_session(
        &self,
        account: Option<Uuid>,
        generation: i64,
        visitor: &Visitor,
    ) -> (Secret, NewSession) {
        let secret = new_opaque();
        let session = NewSession {
            digest: digest(secret.expose()),
            id: new_id(self.now()),
            account,
            generation,
            proof: None,
            lasts: self.settings().session_lifetime,
            address: visitor.address.map(|address| address.to_string()),
            agent: visitor.agent.clone(),
        };
        (secret, session)
    }

    /// Begins a session of the administrator, whose token has this digest. It ends with the token.
    pub async fn begin_administrator_session(
        &self,
        token_digest: &[u8; 32],
        visitor: &Visitor,
    ) -> Result<BegunSession, AccountError> {
        let (secret, mut session) = self.new_session(None, 0, visitor);
        session.proof = Some(administrator_proof(secret.expose(), token_digest));
        self.store().begin_session(&session, self.settings().session_idle).await?;
        Ok(BegunSession { user: None, secret })
    }

    /// Writes into the audit log. What was done is done: where the log cannot be written, the hub's
    /// own log says so. The answer is the id of the entry.
    pub async fn note(&self, note: Note) -> Option<Uuid> {
        let Note { project, who, action, target, detail, address } = note;
        let now = self.now();
        let address = address.map(|address| address.to_string());
        let id = new_id(now);
        let entry = AuditEntry { id, at: now, project, who, action, target, detail, address };
        if let Err(error) = self.store().note(&entry).await {
            let AuditEntry { action, target, .. } = entry;
            tracing::error!(%error, action, target, "the audit log lacks an entry: {error}");
            return None;
        }
        Some(id)
    }
}

/// What is written into the audit log.
#[derive(Clone, Debug)]
pub struct Note {
    /// In which project.
    pub project: Option<String>,
    /// Who.
    pub who: Who,
    /// What.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// More, as a JSON object; never a secret.
    pub detail: String,
    /// From where.
    pub address: Option<IpAddr>,
}

/// What shows that a session of the administrator belongs to the present token. Only who has the
/// session's secret can make it: it gives nobody anything to try tokens against.
pub fn administrator_proof(secret: &str, token_digest: &[u8; 32]) -> [u8; 32] {
    let mut proof = Sha256::new();
    proof.update(secret.as_bytes());
    proof.update(token_digest);
    proof.finalize().into()
}

/// Where an address is counted: who has one of the sixth version has the 2⁶⁴ beside it as well.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}
