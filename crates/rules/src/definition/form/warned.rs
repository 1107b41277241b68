//! What is allowed in a form and likely to be regretted.

use std::collections::HashSet;

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::{
    Action, ActionKind, ErrorPolicy, JumpTarget, Lifecycle, Status, Who,
};

use crate::definition::problem::Problem;

/// What is allowed in a form and likely to be regretted.
pub fn form_warnings(form: &FormDefinition) -> Vec<Problem> {
    let lifecycle = &form.lifecycle;
    let place = |rest: String| format!("forms.{}.lifecycle.{rest}", form.name);
    let mut problems = Vec::new();
    let mut warn = |rest: String, code, message: String, hint: String| {
        problems.push(Problem { path: place(rest), code, message, hint: Some(hint) });
    };
    for status in unreachable_statuses(lifecycle) {
        warn(
            format!("statuses.{status}"),
            "unreachable-status",
            format!("nothing leads to the status `{status}`, so no submission is ever in it"),
            format!("write `{{ jump: {status} }}` in another one, or take it out"),
        );
    }
    for status in &lifecycle.statuses {
        let Some((index, condition)) = automatic_jump(status) else { continue };
        if status.forced_endpoint {
            warn(
                format!("statuses.{}.actions[{index}]", status.id),
                "endpoint-with-jump",
                format!("`{}` is an end, and this leads out of it at once", status.id),
                "leave `endpoint` out, or say when or by whom the jump is taken".to_owned(),
            );
        }
        if index + 1 < status.actions.len() && condition.is_none() {
            warn(
                format!("statuses.{}.actions[{}]", status.id, index + 1),
                "unreachable-action",
                "the jump before this is taken at once and always, so this never happens"
                    .to_owned(),
                "put it before the jump, or give the jump a `condition`".to_owned(),
            );
        }
    }
    for function in &lifecycle.functions {
        let is_named = names_function(lifecycle, &function.id);
        if function.role.is_none() && is_named && !is_assigned(lifecycle, &function.id) {
            warn(
                format!("functions.{}", function.id),
                "no-role-for-function",
                format!(
                    "`{}` is named here and bound to no role, so nobody can act as it",
                    function.id
                ),
                format!("write `functions: {{ {}: <role> }}`", function.id),
            );
        }
    }
    problems
}

/// The first jump of a status that is taken as soon as its turn comes: its place, and its condition.
fn automatic_jump(status: &Status) -> Option<(usize, Option<&str>)> {
    status.actions.iter().enumerate().find_map(|(index, action)| match &action.kind {
        ActionKind::Jump(jump) if jump.is_automatic() => Some((index, action.condition.as_deref())),
        _ => None,
    })
}

/// The statuses that nothing leads to from the first one on, in their order.
fn unreachable_statuses(lifecycle: &Lifecycle) -> Vec<&str> {
    let mut reached: HashSet<&str> = HashSet::new();
    let mut ahead: Vec<&str> =
        lifecycle.first_status().map(|it| it.id.as_str()).into_iter().collect();
    let global = lifecycle.global_actions.iter().flat_map(|action| &action.actions);
    ahead.extend(global.flat_map(leads_to));
    while let Some(id) = ahead.pop() {
        if reached.insert(id)
            && let Some(status) = lifecycle.status(id)
        {
            ahead.extend(status.actions.iter().flat_map(leads_to));
        }
    }
    let ids = lifecycle.statuses.iter().map(|status| status.id.as_str());
    ids.filter(|id| !reached.contains(id)).collect()
}

/// The statuses that an action can lead to, after an error too.
fn leads_to(action: &Action) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for target in action.targets() {
        if let JumpTarget::Status(id) = target {
            ids.push(id);
        }
    }
    if let ActionKind::Call(call) = &action.kind {
        let policies = &call.on_error;
        for policy in [
            &policies.app,
            &policies.client,
            &policies.server,
            &policies.bad_data,
            &policies.network,
        ] {
            if let ErrorPolicy::Jump(id) = policy {
                ids.push(id);
            }
        }
    }
    ids
}

fn all_actions(lifecycle: &Lifecycle) -> impl Iterator<Item = &Action> {
    let of_statuses = lifecycle.statuses.iter().flat_map(|status| &status.actions);
    of_statuses.chain(lifecycle.global_actions.iter().flat_map(|action| &action.actions))
}

/// Whether anybody can act only as this function.
fn names_function(lifecycle: &Lifecycle, id: &str) -> bool {
    let is_it = |who: &Who| matches!(who, Who::Function(function) if function == id);
    let globally = lifecycle.global_actions.iter().flat_map(|it| it.by.iter().chain(&it.hook));
    all_actions(lifecycle).flat_map(Action::by).chain(globally).any(is_it)
}

/// Whether some action binds this function to a role later.
fn is_assigned(lifecycle: &Lifecycle, id: &str) -> bool {
    all_actions(lifecycle)
        .any(|action| matches!(&action.kind, ActionKind::Assign(assign) if assign.function == id))
}
