//! Names that lead nowhere, in what cannot be read.
//!
//! A forwarder, a step or a form of which one key is wrong cannot be read as a whole, and what it names would only be
//! looked for once that key is mended. So it is looked through as it is written: wherever a name stands that leads
//! nowhere, that is told with the rest. What is no text where a name is to stand is told by whoever reads it.

use fieldpost_model::json::{Member, Value};
use fieldpost_model::lifecycle::Who;

use super::fields::{ADD_CONNECTION, ADD_SOURCE, MAX_TOLD, suggestion_or};
use super::form::ADD_ROLE;
use super::problem::Problem;
use super::project::is_name;
use super::workflow::source_of;
use super::{ProjectDefinition, ProjectDraft};

/// What a name is of.
#[derive(Clone, Copy)]
enum Noun {
    Connection,
    Source,
    Role,
}

/// What forwarders, workflows and forms name that cannot be read, and that is neither in the document nor in the project.
pub(super) fn unread_references(
    value: &Value<'_>,
    draft: &ProjectDraft,
    staying: Option<&ProjectDefinition>,
) -> Vec<Problem> {
    let mut search = Search::of(value, staying);
    let is_unread = |name: &str| !draft.forwarders.iter().any(|it| it.name == name);
    for (name, forwarder) in entries(value, "forwarders").iter().filter(|(it, _)| is_unread(it)) {
        search.look(format!("forwarders.{name}.to"), forwarder.get("to"), Noun::Connection);
        search.look(format!("forwarders.{name}.from"), forwarder.get("from"), Noun::Source);
    }
    for (name, written) in entries(value, "workflows") {
        let read = draft.workflows.iter().find(|it| it.name == *name);
        if read.and_then(source_of).is_none() {
            let source = written.path(&["trigger", "source"]);
            search.look(format!("workflows.{name}.trigger.source"), source, Noun::Source);
        }
        let is_unread =
            |step: &str| !read.is_some_and(|it| it.steps.iter().any(|it| it.id == step));
        for (step, written) in entries(written, "steps").iter().filter(|(id, _)| is_unread(id)) {
            let path = format!("workflows.{name}.steps.{step}.connection");
            search.look(path, written.get("connection"), Noun::Connection);
        }
    }
    let is_unread = |name: &str| !draft.forms.iter().any(|it| it.name == name);
    for (name, form) in entries(value, "forms").iter().filter(|(it, _)| is_unread(it)) {
        search.form(&format!("forms.{name}"), form);
    }
    search.problems
}

/// The names that stand in a section of the document.
pub(super) fn names_of<'v>(value: &'v Value<'_>, section: &str) -> Vec<&'v str> {
    entries(value, section).iter().map(|(name, _)| name.as_ref()).collect()
}

fn entries<'v, 'd>(value: &'v Value<'d>, section: &str) -> &'v [Member<'d>] {
    value.get(section).and_then(Value::as_object).unwrap_or_default()
}

/// The elements of the list that stands under a key, with their numbers.
fn listed<'v, 'd>(value: &'v Value<'d>, key: &str) -> impl Iterator<Item = (usize, &'v Value<'d>)> {
    value.get(key).and_then(Value::as_array).unwrap_or_default().iter().enumerate()
}

/// What is known, and what was found to lead nowhere.
struct Search<'v> {
    connections: Vec<&'v str>,
    sources: Vec<&'v str>,
    roles: Vec<&'v str>,
    problems: Vec<Problem>,
}

impl<'v> Search<'v> {
    fn of(value: &'v Value<'_>, staying: Option<&'v ProjectDefinition>) -> Self {
        let mut search = Self {
            connections: names_of(value, "connections"),
            sources: names_of(value, "sources"),
            roles: names_of(value, "roles"),
            problems: Vec::new(),
        };
        if let Some(staying) = staying {
            search.connections.extend(staying.connections.iter().map(|it| it.name.as_str()));
            search.sources.extend(staying.sources.iter().map(|it| it.name.as_str()));
            search.roles.extend(staying.roles.iter().map(|it| it.id.as_str()));
        }
        search
    }

    fn look(&mut self, path: String, named: Option<&Value<'_>>, noun: Noun) {
        let (known, code, called, how) = match noun {
            Noun::Connection => {
                (&self.connections, "unknown-connection", "connection", ADD_CONNECTION)
            }
            Noun::Source => (&self.sources, "unknown-source", "source", ADD_SOURCE),
            Noun::Role => (&self.roles, "unknown-role", "role", ADD_ROLE),
        };
        let Some(name) = named.and_then(Value::as_str).filter(|it| !known.contains(it)) else {
            return;
        };
        let is_told = self.problems.len() < MAX_TOLD;
        self.problems.push(Problem {
            path,
            code,
            message: format!("there is no {called} `{name}` in this project"),
            // Further ones are only counted.
            hint: is_told.then(|| suggestion_or(name, known, how)),
        });
    }

    fn form(&mut self, place: &str, form: &Value<'_>) {
        self.people(place, form, "submitters");
        for (index, role) in listed(form, "submission_roles") {
            self.role(format!("{place}.submission_roles[{index}]"), role);
        }
        let Some(lifecycle) = form.get("lifecycle") else { return };
        for (id, function) in entries(lifecycle, "functions") {
            let path = format!("{place}.lifecycle.functions.{id}");
            self.role(path, function.get("role").unwrap_or(function));
        }
        for (id, status) in entries(lifecycle, "statuses") {
            let place = format!("{place}.lifecycle.statuses.{id}");
            self.people(&place, status, "visible_to");
            self.actions(&place, status);
        }
        for (id, action) in entries(lifecycle, "global_actions") {
            let place = format!("{place}.lifecycle.global_actions.{id}");
            self.people(&place, action, "by");
            self.people(&place, action, "hook");
            self.actions(&place, action);
        }
    }

    fn actions(&mut self, place: &str, around: &Value<'_>) {
        for (index, action) in listed(around, "actions") {
            let place = format!("{place}.actions[{index}]");
            self.people(&place, action, "by");
            self.people(&place, action, "visible_to");
            let connection = action.path(&["call", "connection"]);
            self.look(format!("{place}.call.connection"), connection, Noun::Connection);
            for (function, role) in entries(action, "assign") {
                self.role(format!("{place}.assign.{function}"), role);
            }
            // A template that makes addresses has braces, an address has an `@`: neither is a name.
            let to = action.get("mail").into_iter().flat_map(|mail| listed(mail, "to"));
            for (index, to) in to.filter(|(_, to)| !to.as_str().is_some_and(is_address)) {
                self.person(format!("{place}.mail.to[{index}]"), to);
            }
        }
    }

    /// A list of functions, roles and words.
    fn people(&mut self, place: &str, around: &Value<'_>, key: &str) {
        for (index, who) in listed(around, key) {
            self.person(format!("{place}.{key}[{index}]"), who);
        }
    }

    fn person(&mut self, path: String, written: &Value<'_>) {
        if written.as_str().is_some_and(|name| matches!(Who::from_name(name), Who::Role(_))) {
            self.role(path, written);
        }
    }

    /// Where a name is no name of a role at all, that is told already.
    fn role(&mut self, path: String, written: &Value<'_>) {
        if written.as_str().is_some_and(is_name) {
            self.look(path, Some(written), Noun::Role);
        }
    }
}

fn is_address(text: &str) -> bool {
    text.contains(['@', '{'])
}
