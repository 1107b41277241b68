//! The machine: what follows when something happens to a submission.
//!
//! ```text
//!   record + happening + who + now ──► Machine::step ──► record + effects + next due
//!                                                  └──► or a refusal, and nothing changed
//! ```
//!
//! When a submission arrives in a status, the actions of the status are walked along in their order. A jump
//! that is taken at once leads to another status, whose actions follow. A call ends the walk: the record says
//! which action waits (`Waiting`), and [`Happening::CallEnded`] goes on behind it. So a walk never waits for
//! anybody, the record and its effects are kept in one transaction, and a process that dies leaves either all
//! of a step or nothing of it. Each call and mail has a number that never comes again, by which it is done
//! once.
//!
//! At most one call has actions waiting behind it. A trigger that goes past a call which is out leads
//! elsewhere, so that nothing waits behind that call any more; a hook does not, so that a hook which goes past a
//! call, and makes one itself, is refused as if it had waited.
//!
//! A record that was made anonymous for good goes on by itself: the time and the ends of its calls move it, and
//! what moves it so leaves no answer in it. Nobody can do anything with it any more.
//!
//! What an author got wrong – a template, a status that is gone – is an effect ([`Effect::Problem`]) and
//! stops no more than it must; only what a caller asks for is refused.

mod act;
mod call;
mod computed;
mod due;
mod request;
mod walk;

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::{Action, ActionKind, JumpTarget, StatusKind};
use fieldpost_model::progress::{ActionList, Place};
use fieldpost_model::time::Timestamp;

use super::effects::{Bounds, Effect, Happening, Problem, Record, Step};
use super::template::{self, Surroundings};
use super::variables::{Addresses, Facts};
use super::who::{self, Caller, Parties};
use crate::wcs::Refusal;
pub use request::check_trigger_method;
use walk::Walk;

/// The lifecycle of a form, at a moment, for one submission.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The form.
    pub definition: &'a FormDefinition,
    /// Where the submission can be found.
    pub addresses: &'a Addresses,
    /// When and where it happens.
    pub surroundings: Surroundings,
    /// The bounds.
    pub bounds: Bounds,
}

/// Something that can be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Available {
    /// A global action, by its hook.
    Hook(String),
    /// A global action, by hand.
    GlobalAction(String),
    /// A jump, by its trigger.
    Trigger(String),
    /// Answers can be changed: the status and the action.
    Edit(String, String),
    /// A jump, by its button: the status and the action.
    Button(String, String),
    /// Something can be said: the status and the action.
    Comment(String, String),
    /// A file can be added: the status and the action.
    Attach(String, String),
}

impl Available {
    /// The key in `actions` of a document; what has none there is for pages alone.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Hook(id) => Some(format!("global-action:{id}")),
            Self::Trigger(name) => Some(format!("jump:{name}")),
            Self::Edit(status, action) => Some(format!("link:edit:{status}-{action}")),
            _ => None,
        }
    }
}

impl<'a> Machine<'a> {
    /// What follows from a happening.
    pub fn step(
        &self,
        record: &Record,
        caller: &Caller,
        happening: &Happening,
    ) -> Result<Step, Refusal> {
        request::check_open(record, happening)?;
        let mut walk = Walk::new(self, record.clone(), caller);
        match happening {
            Happening::Submitted => walk.submit()?,
            Happening::Trigger { name, sent, bypass } => walk.trigger(name, sent, *bypass)?,
            Happening::Button { action } => walk.press(action)?,
            Happening::GlobalAction { id } => walk.do_globally(id)?,
            Happening::Hook { id, sent, bypass } => walk.hook(id, sent, *bypass)?,
            Happening::Edited { action, submission, files } => {
                walk.edit(action.as_deref(), submission, files)?;
            }
            Happening::Changed => walk.changed(),
            Happening::Commented { action, html } => walk.comment(action.as_deref(), html)?,
            Happening::Attached { action, file } => walk.attach(action.as_deref(), file)?,
            Happening::TimeCame => walk.time_came(),
            Happening::CallEnded { number, outcome } => walk.call_ended(*number, outcome),
        }
        let (record, effects) = walk.end();
        let next_due =
            if effects.contains(&Effect::Deleted) { None } else { self.next_due(&record) };
        Ok(Step { record, effects, next_due })
    }

    /// When the lifecycle goes on by itself, if nothing else happens.
    pub fn next_due(&self, record: &Record) -> Option<Timestamp> {
        due::next(self, record)
    }

    /// What a caller can do now, in the order of the definition.
    pub fn available(&self, record: &Record, caller: &Caller) -> Vec<Available> {
        let progress = &record.progress;
        let Some(status) = progress.status.as_deref() else { return Vec::new() };
        if progress.is_busy() || progress.anonymised_at.is_some() {
            return Vec::new();
        }
        let may = |who: &[_]| who::matches_any(who, caller, self.definition, progress);
        let mut available = Vec::new();
        for action in &self.definition.lifecycle.global_actions {
            if may(&action.hook) {
                available.push(Available::Hook(action.id.clone()));
            }
            if may(&action.by) {
                available.push(Available::GlobalAction(action.id.clone()));
            }
        }
        let actions = self.actions(&ActionList::Status(status.to_owned()));
        for action in actions.iter().filter(|action| self.is_open(record, action)) {
            let here = (status.to_owned(), action.id.clone());
            available.extend(match &action.kind {
                ActionKind::Jump(jump) => match &jump.trigger {
                    Some(name) => request::may_trigger(self, record, caller, jump)
                        .is_ok()
                        .then(|| Available::Trigger(name.clone())),
                    None => may(&jump.by).then_some(Available::Button(here.0, here.1)),
                },
                ActionKind::Edit(edit) => may(&edit.by).then_some(Available::Edit(here.0, here.1)),
                ActionKind::Comment(comment) => {
                    may(&comment.by).then_some(Available::Comment(here.0, here.1))
                }
                ActionKind::Attach(attach) => {
                    may(&attach.by).then_some(Available::Attach(here.0, here.1))
                }
                _ => None,
            });
        }
        available
    }

    /// Who can do something now.
    pub fn acting(&self, record: &Record) -> Parties {
        who::acting(self.definition, &record.progress, &|action| self.is_open(record, action))
    }

    /// Whom the submission concerns.
    pub fn concerned(&self, record: &Record) -> Parties {
        who::concerned(self.definition, &record.progress, &|action| self.is_open(record, action))
    }

    /// Whether it counts as pending or as done; `None` for a draft, and for a status that is gone.
    pub fn standing(&self, record: &Record) -> Option<StatusKind> {
        let status = record.progress.status.as_deref()?;
        Some(self.definition.lifecycle.status(status)?.kind())
    }

    /// Whether it waits for that caller: it is no end, and they can do something.
    pub fn waits_for(&self, record: &Record, caller: &Caller) -> bool {
        self.standing(record) == Some(StatusKind::Pending)
            && self.acting(record).include(caller, &record.progress)
    }

    /// All that templates can know of it.
    pub fn facts<'r>(&'r self, record: &'r Record) -> Facts<'r> {
        Facts {
            definition: self.definition,
            submission: &record.submission,
            progress: &record.progress,
            files: &record.files,
            addresses: self.addresses,
            surroundings: &self.surroundings,
        }
    }

    /// Whether the condition of an action holds. One that fails does not.
    fn is_open(&self, record: &Record, action: &Action) -> bool {
        self.condition(record, action).unwrap_or(false)
    }

    fn condition(&self, record: &Record, action: &Action) -> Result<bool, template::TemplateError> {
        match &action.condition {
            None => Ok(true),
            Some(condition) => template::holds(condition, &self.facts(record), &self.surroundings),
        }
    }

    /// The status that a target means, where it is there.
    fn target(&self, record: &Record, to: &JumpTarget) -> Option<String> {
        let id = match to {
            JumpTarget::Status(id) => id,
            JumpTarget::Previous => record.progress.markers.last()?,
        };
        self.definition.lifecycle.status(id).map(|status| status.id.clone())
    }

    fn actions(&self, list: &ActionList) -> &'a [Action] {
        let lifecycle = &self.definition.lifecycle;
        let actions = match list {
            ActionList::Status(id) => lifecycle.status(id).map(|status| &status.actions),
            ActionList::Global(id) => lifecycle.global_action(id).map(|action| &action.actions),
        };
        actions.map_or(&[], Vec::as_slice)
    }
}

fn place(list: &ActionList, action: &Action) -> Place {
    Place { list: list.clone(), action: action.id.clone() }
}

fn problem(place: Option<Place>, code: &'static str, sentence: impl Into<String>) -> Effect {
    Effect::Problem(Problem { place, code, sentence: sentence.into() })
}
