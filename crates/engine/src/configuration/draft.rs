//! One definition on its way into a project, of whatever kind.

use std::sync::Arc;

use fieldpost_model::connection::Connection;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::person::{Role, User};
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::SourceDraft;
use fieldpost_store::DefinitionKind;

/// One definition, of whatever kind, as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum Draft {
    /// A way in.
    Source(SourceDraft),
    /// A remote API.
    Connection(Connection),
    /// A standing order.
    Forwarder(Forwarder),
    /// What is done with what happens, step by step.
    Workflow(Workflow),
    /// What several people may do in forms.
    Role(Role),
    /// Somebody who takes part in what forms set going.
    User(User),
    /// What the hub itself asks, and what becomes of it.
    Form(Arc<FormDefinition>),
}

impl Draft {
    /// What it defines, and under which name.
    pub(super) fn place(&self) -> (DefinitionKind, &str) {
        match self {
            Self::Source(source) => (DefinitionKind::Source, &source.name),
            Self::Connection(connection) => (DefinitionKind::Connection, &connection.name),
            Self::Forwarder(forwarder) => (DefinitionKind::Forwarder, &forwarder.name),
            Self::Workflow(workflow) => (DefinitionKind::Workflow, &workflow.name),
            Self::Role(role) => (DefinitionKind::Role, &role.id),
            Self::User(user) => (DefinitionKind::User, &user.id),
            Self::Form(form) => (DefinitionKind::Form, &form.name),
        }
    }
}
