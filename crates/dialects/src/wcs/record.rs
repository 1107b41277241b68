//! What a document is written of: a submission with everything around it.

use chrono_tz::Tz;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::person::{Role, UserReference};
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::submission::Submission;

use super::pieces::{FileDigest, Object, Tree};

/// One submission on its way.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    /// The form that was filled in.
    pub definition: &'r FormDefinition,
    /// What was answered: today, or at the moment that was asked for.
    pub submission: &'r Submission,
    /// What became of it.
    pub progress: &'r Progress,
    /// The files that are there, of answers and of what came later. The content of no other file is
    /// ever written, whatever an answer names.
    pub files: &'r [StoredFile],
    /// The place in the order of changes, which grows with each of them.
    pub place: Option<u64>,
}

/// Where the hub is, and who is there.
#[derive(Clone, Copy, Debug)]
pub struct Site<'s> {
    /// What all addresses begin with, without a slash at its end: `https://hub.example.org/p/clinic`.
    pub base: &'s str,
    /// The zone of local times.
    pub time_zone: Tz,
    /// The roles of the project.
    pub roles: &'s [Role],
    /// Where its records are.
    pub records: RecordsAt,
}

/// Where records are, below the address of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordsAt {
    /// Among the submissions of forms.
    #[default]
    Forms,
    /// Among the cards, which are submissions of forms all the same, with a page each.
    Cards,
    /// Among the cards; there are no pages of them.
    Cases,
}

/// Which status of a record somebody sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusSeen<'v> {
    /// The true one.
    #[default]
    True,
    /// This one, which may have been the last that they might see.
    This(&'v str),
    /// None: all that it came to is hidden from them.
    Hidden,
}

impl<'v> StatusSeen<'v> {
    /// The one that is shown of a record with this true one.
    pub(super) const fn or_true(self, real: Option<&'v str>) -> Option<&'v str> {
        match self {
            Self::True => real,
            Self::This(status) => Some(status),
            Self::Hidden => None,
        }
    }
}

/// What the caller may see and do, as the rules have it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Viewer<'v> {
    /// The status that is shown.
    pub status: StatusSeen<'v>,
    /// What the caller may do now.
    pub offers: &'v [Offer],
    /// The ids of the roles that the submission concerns.
    pub concerned: &'v [String],
    /// The ids of the roles that may act on it.
    pub acting: &'v [String],
}

/// Something that the caller may do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Set off the global action of this id.
    Hook(String),
    /// Take the jump of this trigger.
    Trigger(String),
    /// Change what was answered: by this action of this status.
    Edit {
        /// The status.
        status: String,
        /// The action.
        action: String,
    },
}

/// The addresses of one submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) front: String,
    /// What the addresses of its files begin with.
    pub(super) files: String,
    pub(super) backoffice: String,
    pub(super) api: String,
}

impl Site<'_> {
    pub(super) fn addresses(&self, form: &str, id: &str) -> Addresses {
        let base = self.base;
        let path = format!("{}/{}", escaped(form), escaped(id));
        let data = || format!("{base}/backoffice/data/{path}/");
        let (front, backoffice, among) = match self.records {
            RecordsAt::Forms => (
                format!("{base}/{path}/"),
                format!("{base}/backoffice/management/{path}/"),
                "forms",
            ),
            RecordsAt::Cards => (format!("{base}/{path}/"), data(), "cards"),
            RecordsAt::Cases => (data(), data(), "cards"),
        };
        let api = format!("{base}/api/{among}/{path}/");
        // The page of a case is of the application, which has no files for programs.
        let files = if self.records == RecordsAt::Cases { api.clone() } else { front.clone() };
        Addresses { front, files, backoffice, api }
    }

    /// Where the document of a submission is.
    pub fn record_address(&self, form: &str, id: &str) -> String {
        self.addresses(form, id).api
    }

    /// Where a form is filled in.
    pub(super) fn form_address(&self, form: &str) -> String {
        format!("{}/{}/", self.base, escaped(form))
    }

    pub(super) fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }
}

/// A segment of a path.
pub(super) fn escaped(segment: &str) -> String {
    const OPEN: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(segment, OPEN).to_string()
}

impl Record<'_> {
    /// The id in addresses: that of the form's template, else the number.
    pub(super) fn id(&self) -> String {
        let natural = self.progress.natural_id.clone();
        natural.unwrap_or_else(|| self.progress.number.to_string())
    }

    /// What people call the submission.
    pub(super) fn display_name(&self) -> String {
        let (title, id) = (&self.definition.title, &self.progress.display_id);
        if self.definition.id_template.is_some() {
            format!("{title} - {id}")
        } else {
            format!("{title} #{id}")
        }
    }

    /// What people call it, with what tells it from others.
    pub(super) fn text(&self) -> String {
        match self.progress.digest.as_deref().filter(|digest| !digest.is_empty()) {
            Some(digest) => format!("{} ({digest})", self.display_name()),
            None => self.display_name(),
        }
    }

    /// The file of that name among those that are there.
    pub(super) fn file(&self, name: &str) -> Option<&StoredFile> {
        self.files.iter().find(|file| file.name == name)
    }

    pub(super) fn has_file(&self, digest: &FileDigest) -> bool {
        self.files.iter().any(|file| file.sha256 == *digest)
    }
}

/// Somebody, as documents name them.
pub(super) fn user(user: &UserReference) -> Object {
    let mut object = Object::default();
    object.set("id", user.number);
    object.set("name", user.name.clone());
    object.set_some("email", user.email.clone().filter(|email| !email.is_empty()));
    if !user.name_ids.is_empty() {
        object.set("NameID", texts(&user.name_ids));
    }
    object
}

/// A role, as documents have it.
pub(super) fn role(role: &Role) -> Object {
    let mut object = Object::default();
    object.set("name", role.name.clone());
    object.set("text", role.name.clone());
    object.set("allows_backoffice_access", true);
    object.set("emails", texts(&role.emails));
    object.set("details", role.details.clone());
    object.set("emails_to_members", role.emails_to_members);
    object.set("slug", role.id.clone());
    object.set("id", role.id.clone());
    object
}

pub(super) fn texts(texts: &[String]) -> Tree {
    Tree::Value(Value::Array(texts.iter().map(|text| Value::from(text.clone())).collect()))
}
