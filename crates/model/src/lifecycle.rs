//! The lifecycle of a form's submissions: w.c.s. calls it a workflow.
//!
//! A submission is in one status at a time. When it arrives in one, the actions of that status are
//! walked along in their order: some act at once, others wait for somebody, for a program or for the
//! time. A jump leads to another status. Who may do what is said by *functions*, which each form binds
//! to roles of the project. Global actions can be taken in any status.
//!
//! What stands here is what was written; what it does is decided in `rules::lifecycle`, and where a
//! submission is on its way is [`Progress`](crate::progress::Progress).

use std::time::Duration;

use crate::form_definition::FormField;
use crate::names;

mod action;
mod usual;
mod who;

pub use action::{
    Action, ActionKind, Anonymise, Assign, Attach, Call, CallFiles, CallMethod, CallResponse,
    Comment, Criticality, Edit, ErrorPolicies, ErrorPolicy, Geolocate, Jump, JumpTarget, Mail,
    MailTo,
};
pub use who::Who;

/// The function that every lifecycle has: who takes a submission in hand.
pub const RECEIVER: &str = "_receiver";

/// What becomes of the submissions of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// What people call it; empty where nothing was said.
    pub name: String,
    /// Who plays a part in it: [`RECEIVER`] first.
    pub functions: Vec<Function>,
    /// What a submission can be in, the one that it begins with first.
    pub statuses: Vec<Status>,
    /// What can be done in any status.
    pub global_actions: Vec<GlobalAction>,
    /// What those who handle a submission add to it. Their ids begin with `bo`.
    pub backoffice_fields: Vec<FormField>,
    /// How pressing a submission can be: the usual level first.
    pub criticality_levels: Vec<CriticalityLevel>,
}

/// A part that somebody plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its id, which begins with `_`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The role that it is bound to in this form.
    pub role: Option<String>,
}

/// What a submission can be in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its id; on the wire of w.c.s., inside a record, with `wf-` before it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether it counts as an end even though there is a way out of it. See
    /// [`is_endpoint`](Self::is_endpoint).
    pub forced_endpoint: bool,
    /// Who sees that a submission is in it; empty for all who see the submission. Others see the last
    /// one that they may.
    pub visible_to: Vec<Who>,
    /// Its colour on maps and in lists: `#rrggbb`.
    pub colour: Option<String>,
    /// What happens and what can be done in it, in this order.
    pub actions: Vec<Action>,
}

/// How pressing a submission can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalityLevel {
    /// What people call it.
    pub name: String,
    /// Its colour: `#rrggbb`.
    pub colour: Option<String>,
}

/// What can be done in any status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlobalAction {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who can do it by hand; empty for nobody.
    pub by: Vec<Who>,
    /// Who can set it off by `…/hooks/<id>/`; empty for nobody.
    pub hook: Vec<Who>,
    /// When it happens by itself.
    pub timeout: Option<GlobalTimeout>,
    /// What happens then.
    pub actions: Vec<Action>,
}

/// When a global action happens by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalTimeout {
    /// What the time is counted from.
    pub since: Anchor,
    /// How long after.
    pub after: Duration,
}

/// What the time of a global action is counted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// When the submission came in.
    Creation,
    /// When it first came to this status.
    FirstArrival(String),
    /// When it last came to this status.
    LatestArrival(String),
    /// When it came to an end.
    Finalised,
    /// When it was made anonymous.
    Anonymisation,
}

names! {
    /// What a submission's status means to whoever counts open and closed ones.
    pub enum StatusKind {
        /// Somebody or something has still to act.
        Pending = "pending",
        /// It has come to an end.
        Done = "done",
    }
}

impl Status {
    /// Whether it is an end: nothing in it leads anywhere or waits for anybody, or it was said to be one.
    pub fn is_endpoint(&self) -> bool {
        self.forced_endpoint || self.actions.iter().all(|action| !action.keeps_open())
    }

    /// Whether a submission stays in it, because something in it waits or because it is an end.
    pub fn is_waitpoint(&self) -> bool {
        self.is_endpoint() || self.actions.iter().any(Action::waits)
    }

    /// Whether a submission in it counts as pending or as done.
    pub fn kind(&self) -> StatusKind {
        if self.is_endpoint() { StatusKind::Done } else { StatusKind::Pending }
    }
}

impl Lifecycle {
    /// The status that a submission begins with.
    pub fn first_status(&self) -> Option<&Status> {
        self.statuses.first()
    }

    /// The status of that id.
    pub fn status(&self, id: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == id)
    }

    /// The function of that id.
    pub fn function(&self, id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.id == id)
    }

    /// The global action of that id.
    pub fn global_action(&self, id: &str) -> Option<&GlobalAction> {
        self.global_actions.iter().find(|action| action.id == id)
    }
}
