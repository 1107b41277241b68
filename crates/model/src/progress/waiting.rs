//! Where a lifecycle waits, and what its calls brought last.
//!
//! A call takes as long as its destination does, hours where it is down. While it is out, the actions
//! behind it wait; what is written here says where to go on, so that any process can.

use uuid::Uuid;

use crate::time::Timestamp;

/// A call that is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The number of the call among all that the submission set off.
    pub number: u64,
    /// Where the action stands that made it.
    pub place: Place,
    /// The actions that follow wait for it. `false`: the submission went elsewhere meanwhile; only the
    /// outcome is still kept.
    pub goes_on: bool,
    /// How many jumps led here without waiting for anybody but programs.
    pub jumps: u32,
}

/// Where an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In what.
    pub list: ActionList,
    /// The id of the action there.
    pub action: String,
}

/// A list of actions that are walked along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionList {
    /// Those of a status.
    Status(String),
    /// Those of a global action.
    Global(String),
}

/// The latest call of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatestCall {
    /// The variable name that its outcome is stored under.
    pub name: String,
    /// The address that was called.
    pub url: String,
    /// When it ended.
    pub at: Timestamp,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// Whether it did what it should.
    pub is_success: bool,
    /// The delivery that made it.
    pub delivery: Option<Uuid>,
}

/// A global action that happened by itself, and the moment that its time was counted from: it does not
/// happen again for the same. Or a timeout of a status that could not be taken: it is not told of again
/// for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The id of the global action, or what [`of_jump`](Self::of_jump) gives.
    pub action: String,
    /// What the time was counted from.
    pub anchor: Timestamp,
}

impl Fired {
    /// What names a timeout of a status here. No id of a global action has a `/` in it: it is part of an
    /// address.
    pub fn of_jump(status: &str, action: &str) -> String {
        format!("{status}/{action}")
    }
}
