//! What happens, and what can be done, in a status.

use std::time::Duration;

use super::Who;
use crate::form_definition::AnonymiseMode;
use crate::names;

/// One thing that happens, or that can be done, in a status or by a global action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its id among the actions around it: its place, counted from 1, unless it was given one.
    pub id: String,
    /// When it happens or can be done: a condition. `None`: always.
    pub condition: Option<String>,
    /// What it is.
    pub kind: ActionKind,
}

/// What an action is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A request to a program.
    Call(Call),
    /// The way to another status.
    Jump(Jump),
    /// Somebody can say something.
    Comment(Comment),
    /// A mail.
    Mail(Mail),
    /// Somebody can change what was answered.
    Edit(Edit),
    /// The submission is given a place.
    Geolocate(Geolocate),
    /// Somebody can add a file.
    Attach(Attach),
    /// What tells who is concerned is taken away.
    Anonymise(Anonymise),
    /// The submission is erased.
    Delete,
    /// Backoffice fields are given values: the key of each with a template.
    SetFields(Vec<(String, String)>),
    /// How pressing it is changes.
    Criticality(Criticality),
    /// A function is bound to another role, for this submission alone.
    Assign(Assign),
}

/// A request to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it is called in the history; empty where nothing was said.
    pub label: String,
    /// The variable name that its outcome is stored under: `<name>_status`, `<name>_response`, …
    pub name: Option<String>,
    /// The connection that it is made by.
    pub connection: String,
    /// The template of what is put behind the connection's URL; empty for nothing.
    pub path: String,
    /// The method.
    pub method: CallMethod,
    /// Whether the whole document is sent.
    pub post: bool,
    /// How the files of the document are sent.
    pub files: CallFiles,
    /// What is sent of its own: keys such as `a/b/0`, which become nested JSON, each with a template.
    pub post_data: Vec<(String, String)>,
    /// What is added to the query: names, each with a template.
    pub query: Vec<(String, String)>,
    /// What is done with the answer.
    pub response: CallResponse,
    /// The key of the backoffice file field that takes an answer that is a file.
    pub file_field: Option<String>,
    /// What happens after an error.
    pub on_error: ErrorPolicies,
    /// Whether an error is written into the history.
    pub record_errors: bool,
    /// Whether those whom the connection notifies are told of an error.
    pub notify_on_errors: bool,
}

impl Call {
    /// A call of which nothing else is said.
    pub fn new(connection: impl Into<String>) -> Self {
        Self {
            label: String::new(),
            name: None,
            connection: connection.into(),
            path: String::new(),
            method: CallMethod::Post,
            post: false,
            files: CallFiles::Embedded,
            post_data: Vec::new(),
            query: Vec::new(),
            response: CallResponse::Json,
            file_field: None,
            on_error: ErrorPolicies::default(),
            record_errors: false,
            notify_on_errors: false,
        }
    }
}

names! {
    /// The method of a call.
    pub enum CallMethod {
        /// GET.
        Get = "GET",
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// DELETE.
        Delete = "DELETE",
    }
}

names! {
    /// How the files of a document are sent.
    pub enum CallFiles {
        /// With their content, in Base64, as w.c.s. does.
        Embedded = "embedded",
        /// With the address that they can be had at.
        Links = "links",
    }
}

names! {
    /// What is done with the answer to a call.
    pub enum CallResponse {
        /// It is JSON and is stored.
        Json = "json",
        /// It is a file and is attached.
        Attachment = "attachment",
    }
}

/// What happens after each kind of error. The defaults are those of w.c.s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPolicies {
    /// The program says in its answer that it failed: `err`, `x-error-code`.
    pub app: ErrorPolicy,
    /// A status from 400 to 499.
    pub client: ErrorPolicy,
    /// A status from 500 to 599.
    pub server: ErrorPolicy,
    /// An answer that is not JSON where JSON was wanted.
    pub bad_data: ErrorPolicy,
    /// No answer.
    pub network: ErrorPolicy,
}

impl Default for ErrorPolicies {
    fn default() -> Self {
        Self {
            app: ErrorPolicy::Ignore,
            client: ErrorPolicy::Stop,
            server: ErrorPolicy::Stop,
            bad_data: ErrorPolicy::Ignore,
            network: ErrorPolicy::Stop,
        }
    }
}

/// What happens after an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// The next action follows: `:pass` of w.c.s.
    Ignore,
    /// No further action of the status follows: `:stop` of w.c.s.
    Stop,
    /// The submission goes to this status.
    Jump(String),
}

/// The way to another status: at once; or when a program or the time says so; or a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    /// Where it leads.
    pub to: JumpTarget,
    /// The name by which a program takes it.
    pub trigger: Option<String>,
    /// How long after the arrival in the status it is taken by itself.
    pub timeout: Option<Duration>,
    /// Who can take it: by the trigger, or, without one, as a button. Empty: with a trigger whoever signs; without one it
    /// is nobody's to take.
    pub by: Vec<Who>,
    /// What stands on the button; empty where nothing was said.
    pub label: String,
    /// Whether the status that is left is the one that a jump to [`JumpTarget::Previous`] leads back to.
    pub sets_marker: bool,
}

impl Jump {
    /// A jump that is taken at once.
    pub fn new(to: impl Into<String>) -> Self {
        Self {
            to: JumpTarget::Status(to.into()),
            trigger: None,
            timeout: None,
            by: Vec::new(),
            label: String::new(),
            sets_marker: false,
        }
    }

    /// Whether it is taken as soon as its turn comes, if its condition holds.
    pub fn is_automatic(&self) -> bool {
        self.trigger.is_none() && self.timeout.is_none() && self.by.is_empty()
    }

    /// Whether it is a button.
    pub fn is_manual(&self) -> bool {
        self.trigger.is_none() && !self.by.is_empty()
    }
}

/// Where a jump leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JumpTarget {
    /// To this status.
    Status(String),
    /// Back to the status that was marked last: `_previous` of w.c.s.
    Previous,
}

impl JumpTarget {
    /// What w.c.s. calls the status that was marked last.
    pub const PREVIOUS: &'static str = "_previous";
}

/// Somebody can say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment {
    /// What stands over the field; empty where nothing was said.
    pub label: String,
    /// The variable name that the comment can be read by.
    pub name: Option<String>,
    /// Whether something must be said to go on.
    pub required: bool,
    /// Who can.
    pub by: Vec<Who>,
}

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Whom it goes to.
    pub to: Vec<MailTo>,
    /// The template of its subject.
    pub subject: String,
    /// The template of its text.
    pub body: String,
}

/// Whom a mail goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTo {
    /// Whoever plays this part or filled in the form.
    Who(Who),
    /// An address, or a template that makes addresses.
    Address(String),
}

/// Somebody can change what was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What stands on the button; empty where nothing was said.
    pub label: String,
    /// Who can.
    pub by: Vec<Who>,
    /// The status that it leads to.
    pub then: Option<JumpTarget>,
}

/// The submission is given a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geolocate {
    /// The key of the map field, of the form or of the lifecycle, that says where.
    pub from: String,
    /// Whether a place that it has already is replaced.
    pub overwrite: bool,
}

/// Somebody can add a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attach {
    /// What stands on the button; empty where nothing was said.
    pub label: String,
    /// The variable name that the file can be read by.
    pub name: Option<String>,
    /// Whether a file must be given to go on.
    pub required: bool,
    /// Who can.
    pub by: Vec<Who>,
    /// Who sees it; empty for all who see the submission.
    pub visible_to: Vec<Who>,
    /// The key of the backoffice file field that takes it as well.
    pub file_field: Option<String>,
}

/// What is taken away so that nobody can tell who is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymise {
    /// The answers, up to those of this mode: never [`AnonymiseMode::No`].
    Answers(AnonymiseMode),
    /// Only who filled it in.
    UnlinkUser,
}

/// How pressing a submission becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    /// One level more.
    Raise,
    /// One level less.
    Lower,
    /// This level, counted from 0.
    Set(u32),
}

/// A function is bound to another role, for one submission alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    /// The function.
    pub function: String,
    /// The role.
    pub role: String,
}

impl Action {
    /// An action that always happens or can always be done.
    pub fn new(id: impl Into<String>, kind: ActionKind) -> Self {
        Self { id: id.into(), condition: None, kind }
    }

    /// Who can do it; empty where it happens by itself or nobody is named.
    pub fn by(&self) -> &[Who] {
        match &self.kind {
            ActionKind::Jump(jump) => &jump.by,
            ActionKind::Comment(comment) => &comment.by,
            ActionKind::Edit(edit) => &edit.by,
            ActionKind::Attach(attach) => &attach.by,
            _ => &[],
        }
    }

    /// Whether a status with it is no end: it leads elsewhere, or lets somebody do something.
    pub fn keeps_open(&self) -> bool {
        matches!(self.kind, ActionKind::Jump(_)) || self.waits()
    }

    /// Whether it waits for somebody, for a program or for the time.
    pub fn waits(&self) -> bool {
        match &self.kind {
            ActionKind::Jump(jump) => !jump.is_automatic(),
            ActionKind::Comment(_) | ActionKind::Edit(_) | ActionKind::Attach(_) => true,
            _ => false,
        }
    }

    /// The statuses that it can lead to, each once for each way.
    pub fn targets(&self) -> Vec<&JumpTarget> {
        match &self.kind {
            ActionKind::Jump(jump) => vec![&jump.to],
            ActionKind::Edit(edit) => edit.then.iter().collect(),
            _ => Vec::new(),
        }
    }
}
