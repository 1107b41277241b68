//! Who looks at a page, and where: the project, the language, the person where one is signed in, and what
//! they hold of a submission.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use fieldpost_engine::ProjectRouting;
use fieldpost_engine::{Followed, FollowedForm, LifecycleError};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::Progress;
use fieldpost_model::progress_list::Pushdown;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::template::Surroundings;
use fieldpost_rules::lifecycle::{Caller, who};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bounds::PageBounds;
use super::frame::{Notice, Page};
use super::sealed::Purpose;
use super::words::{self, Words, filled};
use crate::api::is_cross_site;
use crate::app::Shared;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::wcs::{self, SignedIn};

/// The cookie of whoever may look at one submission; it is sent to that submission's pages alone.
const COOKIE_NAME: &str = "fieldpost_follow";
/// Its name where the hub is reached by `https`.
const SECURE_NAME: &str = "__Secure-fieldpost_follow";
/// What a part of an address has written out.
pub(super) const NOT_IN_A_PART: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Somebody who looks at a page of a project.
pub(super) struct Visit {
    pub(super) app: Shared,
    pub(super) routing: Arc<ProjectRouting>,
    pub(super) words: &'static Words,
    pub(super) now: Timestamp,
    /// The person, where one is signed in at this hub.
    pub(super) person: Option<UserReference>,
    /// Whether somebody is signed in who has nothing to do with the project.
    is_stranger: bool,
    /// Their roles.
    roles: Vec<String>,
    pub(super) address: Option<IpAddr>,
    /// What this installation signs with.
    installation: Secret,
    /// Values of the cookie of this page.
    held: Vec<String>,
}

/// Whose account a visitor has, as far as that opens something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// None that is known: nobody is signed in.
    Unknown,
    /// One that has nothing to do with the project.
    Foreign,
    /// One that belongs to the project.
    OfProject,
}

/// Why somebody gets another page than they asked for.
pub(super) enum Turned {
    /// It is not there.
    NotFound,
    /// The form takes nothing.
    Disabled,
    /// The form is not for them.
    NotYou,
    /// They cannot be told from others, and everybody can answer once.
    Once,
    /// They have answered, and everybody can once.
    Answered,
    /// What they post is not of a page of ours, or too old.
    Expired,
    /// Their account has nothing to do with the project.
    Foreign,
    /// They may not look at this submission.
    Locked {
        /// Whether its form gives codes that open it.
        by_code: bool,
        /// The account that does not open it.
        account: Account,
    },
    /// Something changed meanwhile.
    Moved,
    /// In the words of the hub.
    Problem(Problem),
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<fieldpost_store::StoreError> for Turned {
    fn from(error: fieldpost_store::StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<LifecycleError> for Turned {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::NotFound | LifecycleError::Refused(_) => Self::Moved,
            LifecycleError::Receive(error) => Self::Problem(crate::incoming::refusal(error, false)),
            LifecycleError::Store(error) => Self::Problem(error.into()),
        }
    }
}

impl Visit {
    /// Lets somebody in.
    pub(super) async fn begin(app: Shared, project: &str, parts: &Parts) -> Result<Self, Turned> {
        let routing = match app.hub.project(project).await {
            Ok(routing) => routing,
            Err(fieldpost_engine::HubError::NotFound { .. }) => return Err(Turned::NotFound),
            Err(error) => return Err(Turned::Problem(error.into())),
        };
        let is_foreign = !parts.method.is_safe()
            && is_cross_site(&parts.headers, app.settings.public_url.as_deref());
        if is_foreign {
            return Err(Turned::Expired);
        }
        // Whoever is no member of the project is nobody here, and may be anybody's neighbour.
        let signed_in = wcs::signed_in(&app, &routing, parts).await.unwrap_or_default();
        let is_stranger = matches!(signed_in, SignedIn::Stranger);
        let (person, roles) = match signed_in {
            SignedIn::Person(person, roles) => (Some(person), roles),
            SignedIn::Nobody | SignedIn::Stranger => (None, Vec::new()),
        };
        let installation = app.hub.receiver_key().await?.clone();
        Ok(Self {
            words: words::wanted(&parts.headers),
            now: app.hub.now(),
            person,
            is_stranger,
            roles,
            address: parts.extensions.get::<ClientAddress>().map(|client| client.0),
            installation,
            held: held(&app, parts),
            routing,
            app,
        })
    }

    /// How much a page takes.
    pub(super) fn bounds(&self) -> PageBounds {
        self.app.settings.pages
    }

    /// The form of that name that the project asks itself.
    pub(super) async fn form(&self, name: &str) -> Result<FollowedForm, Turned> {
        if self.routing.form_definition(name).is_none() {
            return Err(Turned::NotFound);
        }
        let form = self.app.hub.followed_form(&self.routing, name).await?;
        form.ok_or(Turned::NotFound)
    }

    /// What the project is called.
    pub(super) fn project_title(&self) -> &str {
        let title = &self.routing.definition.title;
        if title.is_empty() { &self.routing.project } else { title }
    }

    /// What the visitor may do as somebody of the project.
    pub(super) fn caller(&self, is_submitter: bool) -> Caller {
        Caller {
            user: self.person.clone(),
            roles: self.roles.clone(),
            is_signed: false,
            is_submitter,
        }
    }

    /// Whose account the visitor has.
    pub(super) fn account(&self) -> Account {
        match (&self.person, self.is_stranger) {
            (Some(_), _) => Account::OfProject,
            (None, true) => Account::Foreign,
            (None, false) => Account::Unknown,
        }
    }

    /// Why the visitor does not get to look at a submission of a form, whether there is one or not.
    pub(super) fn locked(&self, form: &str) -> Turned {
        let form = self.routing.form_definition(form);
        let by_code = form.is_some_and(|form| form.tracking_codes.is_some());
        Turned::Locked { by_code, account: self.account() }
    }

    /// Whether a form takes something, and takes it from the visitor.
    pub(super) fn is_shown(&self, definition: &FormDefinition) -> bool {
        !definition.disabled && self.is_for(definition)
    }

    fn is_for(&self, definition: &FormDefinition) -> bool {
        let nobody = Progress::draft(uuid::Uuid::nil(), 0, self.now);
        let submitters = &definition.submitters;
        submitters.is_empty()
            || who::matches_any(submitters, &self.caller(false), definition, &nobody)
    }

    /// Whether the visitor may fill in a form.
    pub(super) async fn may_fill(&self, definition: &FormDefinition) -> Result<(), Turned> {
        if definition.disabled {
            return Err(Turned::Disabled);
        }
        if !self.is_for(definition) {
            return Err(Turned::NotYou);
        }
        if definition.only_allow_one {
            let person = self.person.as_ref().ok_or(Turned::Once)?;
            let theirs = Pushdown {
                forms: vec![definition.name.clone()],
                user: Some(person.number),
                ..Pushdown::default()
            };
            let store = self.app.hub.store();
            if store.count_progress(&self.routing.project, &theirs).await? > 0 {
                return Err(Turned::Answered);
            }
        }
        Ok(())
    }

    /// When and where the visitor reads: dates in the project's zone, words in their language.
    pub(super) fn surroundings(&self) -> Surroundings {
        let project = self.app.hub.surroundings(&self.routing, self.now);
        Surroundings { language: self.words.language, ..project }
    }

    /// What texts are signed for.
    pub(super) fn purpose<'p>(&'p self, what: &'p str, of: &'p [&'p str]) -> Purpose<'p> {
        Purpose { installation: &self.installation, what, of }
    }

    /// The path of a page of the project.
    pub(super) fn path(&self, parts: &[&str]) -> String {
        let mut path = format!("{}/p/{}/", self.app.path_prefix(), &*self.routing.project);
        for part in parts {
            path.push_str(&utf8_percent_encode(part, &NOT_IN_A_PART).to_string());
            path.push('/');
        }
        path
    }

    /// The path of the page of a submission.
    pub(super) fn path_of(&self, form: &str, progress: &Progress) -> String {
        let number = progress.number.to_string();
        self.path(&[form, progress.natural_id.as_deref().unwrap_or(&number)])
    }

    /// Whether the visitor filled in a submission: signed in, or by the cookie of its pages.
    pub(super) fn is_submitter(&self, followed: &Followed) -> bool {
        let progress = &followed.record.progress;
        self.caller(false).is_submitter_of(progress) || self.holds_cookie(followed)
    }

    fn holds_cookie(&self, followed: &Followed) -> bool {
        let id = followed.submission.to_string();
        let of = [&*self.routing.project, &id];
        let purpose = self.purpose("follow", &of);
        let lasts = self.bounds().following_time;
        self.held.iter().any(|held| purpose.open(held, self.now, lasts).is_some())
    }

    /// The cookie that lets the visitor look at a submission for a while.
    pub(super) fn cookie(&self, form: &str, followed: &Followed) -> HeaderValue {
        let id = followed.submission.to_string();
        let sealed = self.purpose("follow", &[&*self.routing.project, &id]).seal(self.now, b"");
        let path = self.path_of(form, &followed.record.progress);
        let is_secure = is_https(&self.app);
        let (name, secure) = if is_secure { (SECURE_NAME, "; Secure") } else { (COOKIE_NAME, "") };
        let seconds = self.bounds().following_time.as_secs();
        let text = format!(
            "{name}={sealed}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        );
        let mut header =
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }

    /// Sends the visitor on, with the cookie of a submission perhaps.
    pub(super) fn redirect(&self, path: &str, cookie: Option<HeaderValue>) -> Response {
        let notice =
            Notice { link: Some((path, path)), ..Notice::new(self.words, self.words.next, "") };
        let mut response = self.notice(&notice, StatusCode::SEE_OTHER);
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(path) {
            headers.insert(LOCATION, location);
        }
        if let Some(cookie) = cookie {
            headers.insert(SET_COOKIE, cookie);
        }
        response
    }

    /// A page that only says something.
    pub(super) fn notice(&self, notice: &Notice<'_>, status: StatusCode) -> Response {
        notice.response(self.app.path_prefix(), self.project_title(), status)
    }

    /// A page.
    pub(super) fn page(
        &self,
        title: &str,
        is_wrong: bool,
        content: super::markup::Markup,
        status: StatusCode,
    ) -> Response {
        let page = Page {
            words: self.words,
            prefix: self.app.path_prefix(),
            project: self.project_title(),
            title,
            is_wrong,
            content,
        };
        page.response(status)
    }
}

fn is_https(app: &Shared) -> bool {
    app.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// The values of our cookie. Several of them may be right: one for each part of the path.
fn held(app: &Shared, parts: &Parts) -> Vec<String> {
    let wanted = if is_https(app) { SECURE_NAME } else { COOKIE_NAME };
    let lines = parts.headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value.to_owned())
        .take(8)
        .collect()
}

/// The page for somebody who does not get the one that they asked for.
pub(super) fn turned(
    app: &Shared,
    words: &'static Words,
    project: &str,
    again: &str,
    turned: &Turned,
) -> Response {
    let detail;
    let sign_in = format!(
        "{}/sign-in?next={}",
        app.path_prefix(),
        utf8_percent_encode(again, &NOT_IN_A_PART)
    );
    let again = Some((again, words.begin_again));
    let code = format!("{}/p/{project}/code/", app.path_prefix());
    let (title, text, status, link) = match turned {
        Turned::NotFound => {
            (words.not_found_title, words.not_found_text, StatusCode::NOT_FOUND, None)
        }
        Turned::Disabled => {
            (words.disabled_title, words.disabled_text, StatusCode::FORBIDDEN, None)
        }
        Turned::NotYou => (words.not_you_title, words.not_you_text, StatusCode::FORBIDDEN, None),
        Turned::Answered => {
            (words.answered_title, words.answered_text, StatusCode::FORBIDDEN, None)
        }
        Turned::Once => (words.once_title, words.once_text, StatusCode::FORBIDDEN, None),
        Turned::Expired => {
            (words.expired_title, words.expired_text, StatusCode::BAD_REQUEST, again)
        }
        Turned::Foreign => (words.foreign_title, words.foreign_text, StatusCode::NOT_FOUND, None),
        Turned::Locked { by_code, account } => {
            detail = locked_text(words, *by_code, *account);
            let link = by_code.then_some((code.as_str(), words.follow_link));
            (words.locked_title, detail.as_str(), StatusCode::FORBIDDEN, link)
        }
        Turned::Moved => (words.trouble_title, words.moved, StatusCode::CONFLICT, again),
        Turned::Problem(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let all = words.size(app.settings.max_upload);
            let one = words.size(app.settings.max_file);
            let limits = format!("≤ {one} / {all}.");
            detail = filled(words.too_large_text, &[&limits]);
            (words.too_large_title, detail.as_str(), problem.status(), again)
        }
        Turned::Problem(problem) if problem.status().is_client_error() => {
            (words.expired_title, words.expired_text, problem.status(), again)
        }
        Turned::Problem(problem) => {
            (words.trouble_title, words.trouble_text, problem.status(), None)
        }
    };
    let wait = match turned {
        Turned::Problem(problem) => problem.seconds_to_wait().map(u64::from),
        _ => None,
    };
    // Whoever handles submissions has another way in than whoever sends them.
    let also = match turned {
        Turned::Locked { account: Account::Unknown, .. } => Some((sign_in.as_str(), words.sign_in)),
        Turned::Foreign | Turned::Locked { account: Account::Foreign, .. } => {
            Some((sign_in.as_str(), words.sign_in_otherwise))
        }
        _ => None,
    };
    let notice = Notice { words, title, text, link, also, wait };
    notice.response(app.path_prefix(), project, status)
}

/// What somebody is told who may not look at a submission: who may, and how they would be one of these. It says
/// nothing of whether there is such a submission.
fn locked_text(words: &Words, by_code: bool, account: Account) -> String {
    let sent = if by_code { words.locked_by_code } else { words.locked_without_code };
    let handled = match account {
        Account::Unknown => words.locked_sign_in,
        Account::Foreign => words.foreign_text,
        Account::OfProject => "",
    };
    [words.locked_text, sent, handled].join("\n\n")
}

/// How long somebody has to wait, in whole minutes.
pub(super) fn minutes(wait: Duration) -> u64 {
    wait.as_secs().div_ceil(60).max(1)
}
