//! Who may act: the parts of a lifecycle, the roles that they are bound to, and the one who calls.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::{Action, Who};
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{Actor, Progress};

/// Who calls, as far as it matters for what they may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The person, where known by name.
    pub user: Option<UserReference>,
    /// The roles that they have: of the person, or of the key that the call was signed with.
    pub roles: Vec<String>,
    /// Whether a program proved itself: by a signature, or a key.
    pub is_signed: bool,
    /// Whether it is whoever filled in the form, known by a session or by the tracking code. A person who
    /// is the submission's own user is it anyway.
    pub is_submitter: bool,
}

impl Caller {
    /// The hub itself.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// How the history names them.
    pub fn actor(&self, progress: &Progress) -> Option<Actor> {
        if self.is_submitter_of(progress) {
            return Some(Actor::Submitter);
        }
        self.user.clone().map(Actor::User)
    }

    /// Whether they filled in that submission.
    pub fn is_submitter_of(&self, progress: &Progress) -> bool {
        let same = |user: &UserReference| {
            progress.user.as_ref().is_some_and(|submitter| submitter.number == user.number)
        };
        self.is_submitter || self.user.as_ref().is_some_and(same)
    }
}

/// Several who may do something: roles, and whether whoever filled in the form is among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// The roles, each once, in the order of the definition.
    pub roles: Vec<String>,
    /// Whether the submitter is one of them.
    pub submitter: bool,
}

impl Parties {
    /// Whether the caller is one of them.
    pub fn include(&self, caller: &Caller, progress: &Progress) -> bool {
        caller.roles.iter().any(|role| self.roles.contains(role))
            || (self.submitter && caller.is_submitter_of(progress))
    }

    fn add(&mut self, roles: impl IntoIterator<Item = String>) {
        for role in roles {
            if !self.roles.contains(&role) {
                self.roles.push(role);
            }
        }
    }

    fn add_who(&mut self, who: &Who, definition: &FormDefinition, progress: &Progress) {
        match who {
            Who::Function(function) => self.add(function_roles(definition, progress, function)),
            Who::Role(role) => self.add([role.clone()]),
            Who::Submitter => self.submitter = true,
            Who::LoggedIn | Who::SignedCalls | Who::Anyone => {}
        }
    }
}

/// The roles that a function is bound to: for this submission, else by its form.
pub fn function_roles(
    definition: &FormDefinition,
    progress: &Progress,
    function: &str,
) -> Vec<String> {
    if let Some((_, roles)) = progress.functions.iter().find(|(name, _)| name == function) {
        roles.clone()
    } else {
        let function = definition.lifecycle.function(function);
        function.and_then(|function| function.role.clone()).into_iter().collect()
    }
}

/// Whether the caller is meant.
pub fn matches(
    who: &Who,
    caller: &Caller,
    definition: &FormDefinition,
    progress: &Progress,
) -> bool {
    let has = |role: &String| caller.roles.contains(role);
    match who {
        Who::Function(function) => function_roles(definition, progress, function).iter().any(has),
        Who::Role(role) => has(role),
        Who::Submitter => caller.is_submitter_of(progress),
        Who::LoggedIn => caller.user.is_some() || caller.is_signed,
        Who::SignedCalls => caller.is_signed,
        Who::Anyone => true,
    }
}

/// Whether the caller is one of those meant. Nobody is one of none.
pub fn matches_any(
    who: &[Who],
    caller: &Caller,
    definition: &FormDefinition,
    progress: &Progress,
) -> bool {
    who.iter().any(|who| matches(who, caller, definition, progress))
}

/// Who can do something now: `roles.actions` of a document. `is_open` says whether an action's condition
/// holds. What programs and the time do is no action.
pub fn acting(
    definition: &FormDefinition,
    progress: &Progress,
    is_open: &dyn Fn(&Action) -> bool,
) -> Parties {
    let mut parties = Parties::default();
    let Some(status) = progress.status.as_deref() else {
        return Parties { submitter: true, ..parties };
    };
    // Nobody can do anything with a record that was made anonymous.
    if progress.anonymised_at.is_some() {
        return parties;
    }
    let actions = definition.lifecycle.status(status).map_or(&[][..], |status| &status.actions);
    for action in actions.iter().filter(|action| is_by_hand(action) && is_open(action)) {
        for who in action.by() {
            parties.add_who(who, definition, progress);
        }
    }
    parties
}

/// Whom the submission concerns: `roles.concerned` of a document.
pub fn concerned(
    definition: &FormDefinition,
    progress: &Progress,
    is_open: &dyn Fn(&Action) -> bool,
) -> Parties {
    if progress.is_draft() {
        return Parties { submitter: true, ..Parties::default() };
    }
    let mut parties = Parties::default();
    for function in &definition.lifecycle.functions {
        parties.add(function_roles(definition, progress, &function.id));
    }
    let acting = acting(definition, progress, is_open);
    parties.add(acting.roles);
    parties.submitter = acting.submitter;
    parties
}

/// Whether a person does it, rather than a program or the time.
fn is_by_hand(action: &Action) -> bool {
    use fieldpost_model::lifecycle::ActionKind;
    match &action.kind {
        ActionKind::Jump(jump) => jump.is_manual(),
        ActionKind::Comment(_) | ActionKind::Edit(_) | ActionKind::Attach(_) => true,
        _ => false,
    }
}
