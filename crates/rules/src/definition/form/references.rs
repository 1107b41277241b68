//! What a form names of its project: roles and connections.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::{Action, ActionKind, MailTo, Who};

use crate::definition::fields::{ADD_CONNECTION, suggestion_or};
use crate::definition::problem::Problem;

/// How a role is added where a form names one and there is none.
pub(in crate::definition) const ADD_ROLE: &str =
    "there is none: add one, as `roles: { <name>: { name: … } }`";

/// What a form refers to and is not there.
pub fn form_references(
    form: &FormDefinition,
    connections: &[&str],
    roles: &[&str],
) -> Vec<Problem> {
    let mut search = Search { form: &form.name, connections, roles, problems: Vec::new() };
    search.form(form);
    search.problems
}

/// A walk through a form that looks for names.
struct Search<'a> {
    form: &'a str,
    connections: &'a [&'a str],
    roles: &'a [&'a str],
    problems: Vec<Problem>,
}

impl Search<'_> {
    fn form(&mut self, form: &FormDefinition) {
        self.who("submitters", &form.submitters);
        for (index, role) in form.submission_roles.iter().enumerate() {
            self.role(&format!("submission_roles[{index}]"), role);
        }
        let lifecycle = &form.lifecycle;
        for function in &lifecycle.functions {
            if let Some(role) = &function.role {
                self.role(&format!("lifecycle.functions.{}", function.id), role);
            }
        }
        for status in &lifecycle.statuses {
            let place = format!("lifecycle.statuses.{}", status.id);
            self.who(&format!("{place}.visible_to"), &status.visible_to);
            self.actions(&place, &status.actions);
        }
        for action in &lifecycle.global_actions {
            let place = format!("lifecycle.global_actions.{}", action.id);
            self.who(&format!("{place}.by"), &action.by);
            self.who(&format!("{place}.hook"), &action.hook);
            self.actions(&place, &action.actions);
        }
    }

    fn actions(&mut self, place: &str, actions: &[Action]) {
        for (index, action) in actions.iter().enumerate() {
            let place = format!("{place}.actions[{index}]");
            self.who(&format!("{place}.by"), action.by());
            match &action.kind {
                ActionKind::Call(call) => self.connection(&place, &call.connection),
                ActionKind::Attach(attach) => {
                    self.who(&format!("{place}.visible_to"), &attach.visible_to);
                }
                ActionKind::Assign(assign) => {
                    self.role(&format!("{place}.assign.{}", assign.function), &assign.role);
                }
                ActionKind::Mail(mail) => {
                    for (index, to) in mail.to.iter().enumerate() {
                        if let MailTo::Who(Who::Role(role)) = to {
                            self.role(&format!("{place}.mail.to[{index}]"), role);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn connection(&mut self, place: &str, name: &str) {
        if !self.connections.contains(&name) {
            let message = format!("there is no connection `{name}` in this project");
            let hint = suggestion_or(name, self.connections, ADD_CONNECTION);
            self.report(&format!("{place}.call.connection"), "unknown-connection", message, hint);
        }
    }

    fn who(&mut self, place: &str, all: &[Who]) {
        for (index, who) in all.iter().enumerate() {
            if let Who::Role(role) = who {
                self.role(&format!("{place}[{index}]"), role);
            }
        }
    }

    fn role(&mut self, place: &str, role: &str) {
        if !self.roles.contains(&role) {
            let message = format!("there is no role `{role}` in this project");
            let hint = suggestion_or(role, self.roles, ADD_ROLE);
            self.report(place, "unknown-role", message, hint);
        }
    }

    fn report(&mut self, place: &str, code: &'static str, message: String, hint: String) {
        let path = format!("forms.{}.{place}", self.form);
        self.problems.push(Problem { path, code, message, hint: Some(hint) });
    }
}
