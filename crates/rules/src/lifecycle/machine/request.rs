//! What callers ask for: may they, and what follows. The texts of refusals are those of w.c.s.

use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::{ActionKind, Anonymise, Jump, Who};
use fieldpost_model::progress::{ActionList, Part, StoredFile};
use fieldpost_model::submission::{Answer, AnswerValue, Node, Submission};

use super::super::effects::{Effect, Happening, Record, Sent};
use super::super::values;
use super::super::who::{self, Caller};
use super::act::set;
use super::walk::Walk;
use super::{Machine, place};
use crate::wcs::Refusal;

/// A call is out that actions wait for.
const BUSY: &str = "Formdata currently processing actions.";
/// It names nobody any more, and nobody can write a name into it again.
const ANONYMISED: &str = "Formdata is anonymised.";
/// The condition of a jump does not hold.
const UNMET: &str = "Unmet condition.";
/// A jump leads nowhere.
const BROKEN: &str = "Broken jump or missing target.";
const NOT_AUTHENTICATED: &str = "User not authenticated.";
const UNSUFFICIENT: &str = "Unsufficient roles.";
const STILL_A_DRAFT: &str = "Formdata is not editable (still a draft).";
const NOT_EDITABLE: &str = "Formdata is not editable by given user.";

/// Whether the method is one that sets off a trigger or a hook.
pub fn check_trigger_method(method: &str) -> Result<(), Refusal> {
    match method {
        "POST" | "PUT" => Ok(()),
        _ => Err(Refusal::denied("Wrong HTTP method (must be POST or PUT).")),
    }
}

/// Whether anybody can still do something with a record: not where it was made anonymous, because what
/// they send and who they are would stand in it.
pub(super) fn check_open(record: &Record, happening: &Happening) -> Result<(), Refusal> {
    match happening {
        Happening::TimeCame | Happening::CallEnded { .. } | Happening::Changed => Ok(()),
        _ if record.progress.anonymised_at.is_some() => Err(Refusal::denied(ANONYMISED)),
        _ => Ok(()),
    }
}

/// Whether the caller may take a jump by its trigger. One that names nobody is for those who sign.
pub(super) fn may_trigger(
    machine: &Machine<'_>,
    record: &Record,
    caller: &Caller,
    jump: &Jump,
) -> Result<(), Refusal> {
    let signed = [Who::SignedCalls];
    let who = if jump.by.is_empty() { &signed[..] } else { &jump.by };
    may(machine, record, caller, who)
}

fn may(
    machine: &Machine<'_>,
    record: &Record,
    caller: &Caller,
    who: &[Who],
) -> Result<(), Refusal> {
    if who::matches_any(who, caller, machine.definition, &record.progress) {
        return Ok(());
    }
    let is_known = caller.user.is_some() || !caller.roles.is_empty() || caller.is_submitter;
    Err(Refusal::denied(if is_known { UNSUFFICIENT } else { NOT_AUTHENTICATED }))
}

impl Walk<'_, '_> {
    /// It was sent: its lifecycle begins.
    pub(super) fn submit(&mut self) -> Result<(), Refusal> {
        if !self.record.progress.is_draft() {
            return Err(Refusal::invalid("Formdata is already submitted."));
        }
        let Some(first) = self.machine.definition.lifecycle.first_status() else {
            return Err(Refusal::invalid("The form has no status to begin with."));
        };
        let now = self.now();
        self.record.progress.received_at = now;
        let submitter = if self.record.progress.origin.is_backoffice {
            self.caller.actor(&self.record.progress)
        } else {
            Some(fieldpost_model::progress::Actor::Submitter)
        };
        self.derive();
        self.arrive(first.id.clone(), submitter);
        self.refresh();
        self.run(ActionList::Status(first.id.clone()), 0);
        Ok(())
    }

    /// Refuses while a call is out.
    fn idle(&self, bypass: bool) -> Result<(), Refusal> {
        if self.record.progress.is_busy() && !bypass {
            return Err(Refusal::denied(BUSY));
        }
        Ok(())
    }

    /// A program takes a jump by its name.
    pub(super) fn trigger(&mut self, name: &str, sent: &Sent, bypass: bool) -> Result<(), Refusal> {
        let is_named = |kind: &ActionKind| matches!(kind, ActionKind::Jump(jump) if jump.trigger.as_deref() == Some(name));
        let found = self.find(None, is_named);
        if found.is_empty() {
            return Err(Refusal::not_found());
        }
        // Several jumps may have one name, for different callers or under different conditions.
        let mut refusal = None;
        let mut chosen = None;
        for (list, action) in &found {
            let ActionKind::Jump(jump) = &action.kind else { continue };
            if let Err(error) = may_trigger(self.machine, &self.record, self.caller, jump) {
                refusal = refusal.or(Some(error));
            } else {
                self.idle(bypass)?;
                if self.holds(list, action) {
                    chosen = Some((place(list, action), jump));
                    break;
                }
                refusal = Some(Refusal::denied(UNMET));
            }
        }
        let Some((at, jump)) = chosen else {
            return Err(refusal.unwrap_or_else(Refusal::not_found));
        };
        if self.machine.target(&self.record, &jump.to).is_none() {
            return Err(Refusal::invalid(BROKEN));
        }
        self.take_in(name, sent, true)?;
        let by = self.caller.actor(&self.record.progress);
        if let Some(status) = self.go(&at, &jump.to, jump.sets_marker, by) {
            self.run(ActionList::Status(status), 0);
        }
        Ok(())
    }

    /// Stores what was sent. The members of an object stand beside each other where `spreads`, else all
    /// is stored under the name.
    fn take_in(&mut self, name: &str, sent: &Sent, spreads: bool) -> Result<(), Refusal> {
        let (values, files) = match sent {
            Sent::Nothing => return Ok(()),
            Sent::Json(Json::Object(members), files) if spreads => {
                let members = members.iter();
                let values = members.map(|(key, value)| (key.to_string(), value.clone()));
                (values.collect(), files.as_slice())
            }
            Sent::Json(value, files) => (vec![(name.to_owned(), value.clone())], files.as_slice()),
            Sent::File(file) => {
                (vec![(name.to_owned(), values::file_object(file))], std::slice::from_ref(file))
            }
        };
        self.add_files(files);
        self.store(values).map_err(|most| {
            Refusal::invalid(format!("The workflow data would be longer than {most} bytes."))
        })
    }

    /// A person takes a jump by its button.
    pub(super) fn press(&mut self, id: &str) -> Result<(), Refusal> {
        let is_button =
            |kind: &ActionKind| matches!(kind, ActionKind::Jump(jump) if jump.is_manual());
        let found = self.find(Some(id), is_button);
        let Some((list, action)) = found.first() else { return Err(Refusal::not_found()) };
        let ActionKind::Jump(jump) = &action.kind else { return Err(Refusal::not_found()) };
        may(self.machine, &self.record, self.caller, &jump.by)?;
        self.idle(false)?;
        if !self.holds(list, action) {
            return Err(Refusal::denied(UNMET));
        }
        if self.machine.target(&self.record, &jump.to).is_none() {
            return Err(Refusal::invalid(BROKEN));
        }
        let by = self.caller.actor(&self.record.progress);
        if let Some(status) = self.go(&place(list, action), &jump.to, jump.sets_marker, by) {
            self.run(ActionList::Status(status), 0);
        }
        Ok(())
    }

    /// A global action is done by hand.
    pub(super) fn do_globally(&mut self, id: &str) -> Result<(), Refusal> {
        let action = self.machine.definition.lifecycle.global_action(id);
        let action =
            action.filter(|action| !action.by.is_empty() && !self.record.progress.is_draft());
        let action = action.ok_or_else(Refusal::not_found)?;
        may(self.machine, &self.record, self.caller, &action.by)?;
        self.idle(false)?;
        self.record.progress.updated_at = self.now();
        self.run(ActionList::Global(id.to_owned()), 0);
        Ok(())
    }

    /// A global action is set off by a program. One that names nobody is closed, unlike with w.c.s. One
    /// that would make a second call while a first is waited for is refused, whether it goes past or not.
    pub(super) fn hook(&mut self, id: &str, sent: &Sent, bypass: bool) -> Result<(), Refusal> {
        let action = self.machine.definition.lifecycle.global_action(id);
        let action =
            action.filter(|action| !action.hook.is_empty() && !self.record.progress.is_draft());
        let action = action.ok_or_else(Refusal::not_found)?;
        may(self.machine, &self.record, self.caller, &action.hook)?;
        self.idle(bypass)?;
        self.take_in(id, sent, false)?;
        self.record.progress.updated_at = self.now();
        self.run(ActionList::Global(id.to_owned()), 0);
        if self.is_second_call {
            return Err(Refusal::denied(BUSY));
        }
        Ok(())
    }

    /// Answers were changed.
    pub(super) fn edit(
        &mut self,
        action: Option<&str>,
        submission: &Submission,
        files: &[StoredFile],
    ) -> Result<(), Refusal> {
        if self.record.progress.is_draft() {
            return Err(Refusal::denied(STILL_A_DRAFT));
        }
        let found = self.find(action, |kind| matches!(kind, ActionKind::Edit(_)));
        let mut allowed = found.into_iter().filter(|(_, action)| {
            who::matches_any(
                action.by(),
                self.caller,
                self.machine.definition,
                &self.record.progress,
            ) && self.machine.is_open(&self.record, action)
        });
        let Some((list, action)) = allowed.next() else {
            return Err(Refusal::denied(NOT_EDITABLE));
        };
        drop(allowed);
        self.idle(false)?;
        let ActionKind::Edit(edit) = &action.kind else {
            return Err(Refusal::denied(NOT_EDITABLE));
        };
        if self.record.submission != *submission {
            self.record.submission = submission.clone();
            self.effects.push(Effect::NewVersion);
        }
        self.keep_files(files);
        self.add_entry(Vec::new());
        self.derive();
        let by = self.caller.actor(&self.record.progress);
        if let Some(to) = &edit.then
            && let Some(status) = self.go(&place(&list, action), to, false, by)
        {
            self.refresh();
            self.run(ActionList::Status(status), 0);
        }
        Ok(())
    }

    /// Another system changed the answers: what follows from them follows.
    pub(super) fn changed(&mut self) {
        self.record.progress.updated_at = self.now();
        if self.is_anonymised() {
            self.anonymise(Anonymise::Answers(AnonymiseMode::Final));
        } else {
            self.derive();
        }
    }

    /// Finds an action that the caller may do by hand.
    fn allowed(
        &mut self,
        id: Option<&str>,
        test: impl Fn(&ActionKind) -> bool,
    ) -> Result<&'_ ActionKind, Refusal> {
        let found = self.find(id, test);
        if found.is_empty() {
            return Err(Refusal::not_found());
        }
        let mut refusal = None;
        for (_, action) in found {
            match may(self.machine, &self.record, self.caller, action.by()) {
                Err(error) => refusal = refusal.or(Some(error)),
                Ok(()) if self.machine.is_open(&self.record, action) => {
                    self.idle(false)?;
                    return Ok(&action.kind);
                }
                Ok(()) => refusal = Some(Refusal::denied(UNMET)),
            }
        }
        Err(refusal.unwrap_or_else(Refusal::not_found))
    }

    /// Somebody said something.
    pub(super) fn comment(&mut self, action: Option<&str>, html: &str) -> Result<(), Refusal> {
        let kind = self.allowed(action, |kind| matches!(kind, ActionKind::Comment(_)))?;
        let ActionKind::Comment(comment) = kind.clone() else { return Err(Refusal::not_found()) };
        if html.trim().is_empty() {
            return Err(Refusal::invalid("The comment is empty."));
        }
        self.add_entry(vec![Part::Comment { identifier: comment.name, html: html.to_owned() }]);
        self.is_changed = true;
        Ok(())
    }

    /// Somebody added a file.
    pub(super) fn attach(
        &mut self,
        action: Option<&str>,
        file: &StoredFile,
    ) -> Result<(), Refusal> {
        let kind = self.allowed(action, |kind| matches!(kind, ActionKind::Attach(_)))?;
        let ActionKind::Attach(attach) = kind.clone() else { return Err(Refusal::not_found()) };
        let answered = attach.file_field.as_ref().map(|key| (key, self.keep_for_answer(file)));
        self.add_files(std::slice::from_ref(file));
        if let Some((key, name)) = answered {
            let answer = Answer { lexical: Some(name), value: AnswerValue::File };
            set(&mut self.record.progress.backoffice_values, key, Node::Answer(answer));
            self.effects.push(Effect::NewVersion);
        }
        self.add_entry(vec![Part::Attachment {
            identifier: attach.name,
            file: file.clone(),
            visible_to: attach.visible_to,
        }]);
        self.is_changed = true;
        Ok(())
    }
}
