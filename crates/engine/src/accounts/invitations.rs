//! Links by which people choose a password: the first owner, who is invited, who has lost theirs.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::mail::Mail;
use fieldpost_rules::account::{
    LANGUAGES, LONGEST_NAME, NameObjection, email_key, is_email, name_objection,
};
use fieldpost_store::{
    Acceptance, Invitation, InvitationKind, NewUser, StoreError, TAKEN_EMAIL, USED_INVITATION, User,
};
use uuid::Uuid;

use super::{AccountError, BegunSession, Visitor};
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::{digest, new_id, new_opaque};

/// How long a link of somebody who was invited is good.
const LASTS: Duration = Duration::from_hours(7 * 24);
/// How long a link for the first owner is good: it lies in the log of whoever keeps what a hub
/// prints, and makes whoever finds it the owner of everything.
const FIRST_OWNER_LASTS: Duration = Duration::from_hours(24);

/// Somebody who is to have an account.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The mail address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Whether they run the installation.
    pub installation_admin: bool,
    /// What they may do from the beginning.
    pub projects: Vec<(ProjectName, Access)>,
}

/// Somebody who has a link.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The user.
    pub user: User,
    /// The path of the link, which is a secret.
    pub path: Secret,
    /// Whether it is mailed to them.
    pub mailed: bool,
}

/// How somebody uses a link.
#[derive(Clone, Debug)]
pub struct Accepting {
    /// The secret of the link.
    pub secret: Secret,
    /// The mail address: of the first owner, who has none yet.
    pub email: Option<String>,
    /// The name; none leaves it.
    pub name: Option<String>,
    /// The language of the page.
    pub language: Option<String>,
    /// The password.
    pub password: Secret,
    /// The code of the second factor, where the account has one.
    pub code: Option<Secret>,
    /// Where they come from.
    pub visitor: Visitor,
}

impl Hub {
    /// The path of a link that makes the first owner; none where there is a user already. Each
    /// call makes another one; the earlier ones stay good for their time.
    pub async fn first_owner_link(&self) -> Result<Option<Secret>, StoreError> {
        if self.store().has_users().await? {
            return Ok(None);
        }
        let secret = new_opaque();
        self.store().add_first_owner_link(digest(secret.expose()), FIRST_OWNER_LASTS).await?;
        Ok(Some(path(&secret)))
    }

    /// The link of this secret, while it is good.
    pub async fn invitation(&self, secret: &Secret) -> Result<Invitation, AccountError> {
        let digest = digest(secret.expose());
        match self.store().invitation(digest).await? {
            Some(invitation) => Ok(invitation),
            None if self.store().is_late_first_owner_link(digest).await? => {
                Err(AccountError::NotFirst)
            }
            None => Err(AccountError::UsedLink),
        }
    }

    /// Makes a user and a link for them.
    pub async fn invite(&self, person: NewPerson) -> Result<Invited, AccountError> {
        let NewPerson { email, name, installation_admin, projects } = person;
        let user = self.new_user(&email, &name, installation_admin, projects)?;
        let secret = new_opaque();
        let digest = digest(secret.expose());
        self.store().create_invited(&user, digest, LASTS).await.map_err(taken)?;
        let found = self.store().user(user.id).await?;
        let user = found.ok_or_else(|| HubError::not_found("user", &user.id))?;
        Ok(self.sent(user, InvitationKind::Invitation, &secret))
    }

    /// Makes another link for a user: for who was invited, or has lost the password. Earlier links
    /// are good no more; the password stays until the link is used, and so does the second factor
    /// where it is to go.
    pub async fn send_link(
        &self,
        id: Uuid,
        drops_second_factor: bool,
    ) -> Result<Invited, AccountError> {
        let found = self.store().user(id).await?;
        let user = found.ok_or_else(|| HubError::not_found("user", &id))?;
        let kind =
            if user.has_password { InvitationKind::Reset } else { InvitationKind::Invitation };
        let secret = new_opaque();
        let digest = digest(secret.expose());
        self.store().invite(id, kind, digest, LASTS, drops_second_factor).await?;
        Ok(self.sent(user, kind, &secret))
    }

    /// Hands out a link that is kept.
    fn sent(&self, user: User, kind: InvitationKind, secret: &Secret) -> Invited {
        let path = path(secret);
        let mailed = self.mail_link(&user, kind, &path);
        Invited { user, path, mailed }
    }

    /// Uses a link: once. Who has a second factor needs it here as well.
    pub async fn accept_invitation(
        &self,
        accepting: &Accepting,
    ) -> Result<BegunSession, AccountError> {
        let invitation = self.invitation(&accepting.secret).await?;
        check_language(accepting.language.as_deref())?;
        if let Some(name) = &accepting.name {
            check_name(name)?;
        }
        let first_owner = match &invitation.user {
            Some(_) => None,
            None => Some(self.first_owner(accepting)?),
        };
        let (account, email) = match (&invitation.user, &first_owner) {
            (Some(user), _) => (user.id, user.email.clone()),
            (None, Some(owner)) => (owner.id, owner.email.clone()),
            (None, None) => return Err(AccountError::UsedLink),
        };
        let visitor = &accepting.visitor;
        let password = self.new_password_digest(&accepting.password, &email, visitor).await?;
        let generation = invitation.user.as_ref().map_or(0, |user| user.generation);
        if let Some(user) = invitation.user.filter(|user| user.second_factor)
            && !invitation.drops_second_factor
        {
            self.require_code(user, accepting.code.as_ref()).await?;
        }
        let (secret, session) = self.new_session(Some(account), generation, visitor);
        let acceptance = Acceptance {
            digest: digest(accepting.secret.expose()),
            account,
            first_owner,
            name: accepting.name.clone(),
            language: accepting.language.clone(),
            password,
            drops_second_factor: invitation.drops_second_factor,
            session,
        };
        self.store().accept_invitation(&acceptance).await.map_err(taken)?;
        let user = self.store().user(account).await?;
        Ok(BegunSession { user, secret })
    }

    /// Asks who has a link for the code of their second factor.
    async fn require_code(&self, user: User, code: Option<&Secret>) -> Result<(), AccountError> {
        let Some(code) = code else { return Err(AccountError::CodeNeeded(Box::new(user))) };
        self.count_try_of_account(&user.email).await?;
        if self.take_code(user.id, code).await? {
            Ok(())
        } else {
            Err(AccountError::WrongCredentials(Some(Box::new(user))))
        }
    }

    fn first_owner(&self, accepting: &Accepting) -> Result<NewUser, AccountError> {
        let email = accepting.email.as_deref().unwrap_or_default();
        let name = accepting.name.as_deref().unwrap_or_default();
        self.new_user(email, name, true, Vec::new())
    }

    fn new_user(
        &self,
        email: &str,
        name: &str,
        installation_admin: bool,
        projects: Vec<(ProjectName, Access)>,
    ) -> Result<NewUser, AccountError> {
        let email = email.trim();
        if !is_email(email) {
            return Err(AccountError::Unfit {
                field: "email",
                what: format!(
                    "{:?} is no mail address",
                    email.chars().take(100).collect::<String>()
                ),
                hint: "write it as amina@example.org".to_owned(),
            });
        }
        check_name(name)?;
        Ok(NewUser {
            id: new_id(self.now()),
            email: email.to_owned(),
            email_key: email_key(email),
            name: name.trim().to_owned(),
            installation_admin,
            projects,
        })
    }

    /// Mails a link, where there is a relay and a public address; the answer is whether it is on
    /// its way. The mail is not kept: it holds a secret.
    fn mail_link(&self, user: &User, kind: InvitationKind, path: &Secret) -> bool {
        let settings = self.settings();
        let (Some(mailer), Some(base)) = (settings.mailer.clone(), &settings.public_url) else {
            return false;
        };
        let link = format!("{}{}", base.trim_end_matches('/'), path.expose());
        let (subject, sentence) = match kind {
            InvitationKind::Reset => (
                "Fieldpost: choose a new password",
                "Somebody who runs this Fieldpost has made a link for you, by which you choose a \
                 new password. The old one works until then.",
            ),
            InvitationKind::Invitation | InvitationKind::FirstOwner => (
                "Fieldpost: you are invited",
                "You have an account at this Fieldpost. The link lets you choose a password.",
            ),
        };
        let text = format!(
            "Hello {},\n\n{sentence}\n\n{link}\n\nIt works once, within seven days. If you did not \
             expect this mail, you need not do anything.\n",
            user.name
        );
        let (id, to, date) = (new_id(self.now()), user.email.clone(), self.now());
        self.spawn(async move {
            let mail =
                Mail { id, to: &to, subject, text: &text, html: None, unsubscribe: None, date };
            if let Err(error) = mailer.send(&mail).await {
                tracing::warn!(%error, "an invitation was not mailed: {error}");
            }
        });
        true
    }
}

/// The path of a link. What stands behind the sign # never reaches a server or a log.
fn path(secret: &Secret) -> Secret {
    Secret::new(format!("/welcome#{}", secret.expose()))
}

/// What the store's conflicts say to whoever ran into them.
fn taken(error: StoreError) -> AccountError {
    match error {
        StoreError::Conflict(conflict) if conflict == USED_INVITATION => AccountError::UsedLink,
        StoreError::Conflict(conflict) if conflict == TAKEN_EMAIL => HubError::NotAllowed {
            code: "user-exists",
            message: conflict,
            hint: "look for it in the list of users; a lost password is reset there".to_owned(),
        }
        .into(),
        error => error.into(),
    }
}

pub(super) fn check_name(name: &str) -> Result<(), AccountError> {
    let (what, hint) = match name_objection(name) {
        None => return Ok(()),
        Some(NameObjection::NotOneLine) => {
            ("this is no name", format!("write one line of up to {LONGEST_NAME} characters"))
        }
        Some(NameObjection::HiddenSigns) => (
            "it holds signs that nobody sees, or that turn the text round",
            "type it anew, rather than copying it".to_owned(),
        ),
        Some(NameObjection::OwnName) => (
            "it looks like a name by which the hub calls itself",
            "choose one by which the others know who it is".to_owned(),
        ),
    };
    Err(AccountError::Unfit { field: "name", what: what.to_owned(), hint })
}

pub(super) fn check_language(language: Option<&str>) -> Result<(), AccountError> {
    match language {
        Some(language) if !LANGUAGES.contains(&language) => Err(AccountError::Unfit {
            field: "language",
            what: "the page is not written in this language".to_owned(),
            hint: format!("one of {}", LANGUAGES.join(", ")),
        }),
        _ => Ok(()),
    }
}
