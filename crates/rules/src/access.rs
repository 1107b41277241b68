//! What each operation of the API asks of whoever calls it: one table, and nothing beside it.
//!
//! What is not in the table is refused, to everybody. The table names each change as well, as the
//! audit log calls it.

use fieldpost_model::access::Access;

/// What an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: the ways by which people come in.
    Nothing,
    /// To be somebody, whatever they may do; the answer is what is theirs to see.
    Anybody,
    /// This level in the project that the address names.
    Project(Access),
    /// To run the installation.
    Installation,
}

/// An operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method; `GET` stands for `HEAD` as well.
    pub method: &'static str,
    /// The address below the base of the API, with its parameters in braces.
    pub template: &'static str,
    /// What it asks for.
    pub need: Need,
    /// What the audit log calls it; none for what changes nothing.
    pub action: Option<&'static str>,
}

const fn look(template: &'static str, need: Need) -> Operation {
    Operation { method: "GET", template, need, action: None }
}

const fn change(
    method: &'static str,
    template: &'static str,
    need: Need,
    action: &'static str,
) -> Operation {
    Operation { method, template, need, action: Some(action) }
}

/// What asks by the body of a request, and changes nothing.
const fn ask(template: &'static str, need: Need) -> Operation {
    Operation { method: "POST", template, need, action: None }
}

use Access::{Admin, Editor, Owner, Viewer};
use Need::{Anybody, Installation, Nothing, Project};

/// Every operation of the API. One that is missing here is closed.
pub const OPERATIONS: &[Operation] = &[
    // Coming in, and oneself.
    change("POST", "/session", Nothing, "session.started"),
    look("/session", Anybody),
    change("DELETE", "/session", Anybody, "session.ended"),
    change("DELETE", "/sessions", Anybody, "sessions.ended"),
    look("/invitations/current", Nothing),
    change("POST", "/invitations/accept", Nothing, "invitation.accepted"),
    look("/account", Anybody),
    change("PATCH", "/account", Anybody, "account.saved"),
    change("POST", "/account/password", Anybody, "password.changed"),
    change("POST", "/account/second-factor", Anybody, "second-factor.begun"),
    change("PUT", "/account/second-factor", Anybody, "second-factor.confirmed"),
    change("DELETE", "/account/second-factor", Anybody, "second-factor.removed"),
    change("POST", "/account/recovery-codes", Anybody, "recovery-codes.renewed"),
    look("/account/sessions", Anybody),
    change("DELETE", "/account/sessions/{session}", Anybody, "session.ended"),
    // The installation.
    look("/status", Installation),
    look("/keys", Installation),
    change("POST", "/keys/rotate", Installation, "key.rotated"),
    look("/users", Installation),
    change("POST", "/users", Installation, "user.invited"),
    look("/users/{user}", Installation),
    change("PATCH", "/users/{user}", Installation, "user.saved"),
    change("DELETE", "/users/{user}", Installation, "user.deleted"),
    change("POST", "/users/{user}/reset", Installation, "user.reset"),
    look("/tokens", Installation),
    change("POST", "/tokens", Installation, "token.created"),
    change("DELETE", "/tokens/{token}", Installation, "token.revoked"),
    look("/audit", Installation),
    // Projects as a whole.
    look("/projects", Anybody),
    change("POST", "/projects", Installation, "project.created"),
    look("/projects/{project}", Project(Viewer)),
    look("/projects/{project}/settings", Project(Viewer)),
    change("PUT", "/projects/{project}/settings", Project(Admin), "settings.saved"),
    change("POST", "/projects/{project}/pause", Project(Editor), "project.paused"),
    change("POST", "/projects/{project}/resume", Project(Editor), "project.resumed"),
    change("POST", "/projects/{project}/apply", Project(Admin), "project.applied"),
    look("/projects/{project}/export", Project(Viewer)),
    look("/projects/{project}/overview", Project(Viewer)),
    look("/projects/{project}/traffic", Project(Viewer)),
    look("/projects/{project}/events", Project(Viewer)),
    look("/projects/{project}/map", Project(Viewer)),
    // It finds only what lies in the projects that one may look at.
    look("/search", Anybody),
    look("/projects/{project}/members", Project(Viewer)),
    change("POST", "/projects/{project}/members", Project(Admin), "member.added"),
    change("PUT", "/projects/{project}/members/{user}", Project(Admin), "member.saved"),
    change("DELETE", "/projects/{project}/members/{user}", Project(Owner), "member.removed"),
    look("/projects/{project}/tokens", Project(Admin)),
    change("POST", "/projects/{project}/tokens", Project(Admin), "token.created"),
    change("DELETE", "/projects/{project}/tokens/{token}", Project(Admin), "token.revoked"),
    look("/projects/{project}/audit", Project(Admin)),
    // Sources.
    look("/projects/{project}/sources", Project(Viewer)),
    look("/projects/{project}/sources/{source}", Project(Viewer)),
    change("PUT", "/projects/{project}/sources/{source}", Project(Editor), "source.saved"),
    change("DELETE", "/projects/{project}/sources/{source}", Project(Editor), "source.deleted"),
    // The address of an inbox is what opens it.
    look("/projects/{project}/sources/{source}/urls", Project(Editor)),
    // Connections and their lanes.
    look("/projects/{project}/connections", Project(Viewer)),
    look("/projects/{project}/connections/{connection}", Project(Viewer)),
    change(
        "PUT",
        "/projects/{project}/connections/{connection}",
        Project(Admin),
        "connection.saved",
    ),
    change(
        "DELETE",
        "/projects/{project}/connections/{connection}",
        Project(Admin),
        "connection.deleted",
    ),
    change(
        "POST",
        "/projects/{project}/connections/{connection}/test",
        Project(Admin),
        "connection.tested",
    ),
    change(
        "POST",
        "/projects/{project}/connections/{connection}/pause",
        Project(Editor),
        "connection.paused",
    ),
    change(
        "POST",
        "/projects/{project}/connections/{connection}/resume",
        Project(Editor),
        "connection.resumed",
    ),
    change(
        "POST",
        "/projects/{project}/connections/{connection}/try-now",
        Project(Editor),
        "connection.tried-now",
    ),
    look("/projects/{project}/lanes", Project(Viewer)),
    // Forwarders and filters.
    look("/projects/{project}/forwarders", Project(Viewer)),
    look("/projects/{project}/forwarders/{forwarder}", Project(Viewer)),
    change("PUT", "/projects/{project}/forwarders/{forwarder}", Project(Editor), "forwarder.saved"),
    change(
        "DELETE",
        "/projects/{project}/forwarders/{forwarder}",
        Project(Editor),
        "forwarder.deleted",
    ),
    change(
        "POST",
        "/projects/{project}/forwarders/{forwarder}/pause",
        Project(Editor),
        "forwarder.paused",
    ),
    change(
        "POST",
        "/projects/{project}/forwarders/{forwarder}/resume",
        Project(Editor),
        "forwarder.resumed",
    ),
    look("/projects/{project}/forwarders/{forwarder}/preview", Project(Viewer)),
    change("POST", "/projects/{project}/previews", Project(Editor), "forwarder.previewed"),
    change("POST", "/projects/{project}/filters/try", Project(Editor), "filter.tried"),
    // Workflows.
    look("/adaptors", Anybody),
    ask("/projects/{project}/jobs/check", Project(Editor)),
    ask("/projects/{project}/schedules/check", Project(Editor)),
    look("/projects/{project}/workflows", Project(Viewer)),
    look("/projects/{project}/workflows/{workflow}", Project(Viewer)),
    // A job is a program that has the credentials of the project's connections.
    change("PUT", "/projects/{project}/workflows/{workflow}", Project(Admin), "workflow.saved"),
    change(
        "DELETE",
        "/projects/{project}/workflows/{workflow}",
        Project(Admin),
        "workflow.deleted",
    ),
    change(
        "POST",
        "/projects/{project}/workflows/{workflow}/pause",
        Project(Editor),
        "workflow.paused",
    ),
    change(
        "POST",
        "/projects/{project}/workflows/{workflow}/resume",
        Project(Editor),
        "workflow.resumed",
    ),
    look("/projects/{project}/workflows/{workflow}/versions", Project(Viewer)),
    look("/projects/{project}/workflows/{workflow}/versions/{version}", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/workflows/{workflow}/runs",
        Project(Editor),
        "workflow.run",
    ),
    look("/projects/{project}/runs", Project(Viewer)),
    change("POST", "/projects/{project}/runs/{run}/retry", Project(Editor), "run.retried"),
    change("POST", "/projects/{project}/runs/{run}/cancel", Project(Editor), "run.cancelled"),
    look("/projects/{project}/runs/counts", Project(Viewer)),
    change("POST", "/projects/{project}/runs/actions", Project(Editor), "runs.acted-on"),
    look("/projects/{project}/runs/{run}", Project(Viewer)),
    look("/projects/{project}/runs/{run}/log", Project(Viewer)),
    look("/projects/{project}/runs/{run}/state", Project(Viewer)),
    look("/projects/{project}/runs/{run}/steps/{number}/input", Project(Viewer)),
    look("/projects/{project}/runs/{run}/steps/{number}/output", Project(Viewer)),
    // What jobs keep between runs.
    look("/projects/{project}/collections", Project(Viewer)),
    look("/projects/{project}/collections/{collection}/items", Project(Viewer)),
    look("/projects/{project}/collections/{collection}/items/{key}", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/collections/{collection}/items",
        Project(Editor),
        "collection.items-kept",
    ),
    change(
        "DELETE",
        "/projects/{project}/collections/{collection}/items",
        Project(Editor),
        "collection.items-removed",
    ),
    change(
        "DELETE",
        "/projects/{project}/collections/{collection}/items/{key}",
        Project(Editor),
        "collection.items-removed",
    ),
    // Messages.
    look("/projects/{project}/messages", Project(Viewer)),
    change("POST", "/projects/{project}/messages/actions", Project(Editor), "messages.acted-on"),
    look("/projects/{project}/messages/{message}", Project(Viewer)),
    look("/projects/{project}/messages/{message}/body", Project(Viewer)),
    look("/projects/{project}/messages/{message}/request", Project(Viewer)),
    look("/projects/{project}/messages/{message}/view", Project(Viewer)),
    look("/projects/{project}/messages/{message}/explain", Project(Viewer)),
    look("/projects/{project}/messages/{message}/timeline", Project(Viewer)),
    look("/projects/{project}/messages/{message}/difference", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/messages/{message}/replay",
        Project(Editor),
        "message.replayed",
    ),
    // Forms, submissions, cases.
    look("/projects/{project}/form-definitions", Project(Viewer)),
    ask("/projects/{project}/form-definitions/read", Project(Editor)),
    look("/projects/{project}/form-definitions/{form}", Project(Viewer)),
    change(
        "PUT",
        "/projects/{project}/form-definitions/{form}",
        Project(Admin),
        "form-definition.saved",
    ),
    change(
        "DELETE",
        "/projects/{project}/form-definitions/{form}",
        Project(Admin),
        "form-definition.deleted",
    ),
    look("/projects/{project}/roles", Project(Viewer)),
    look("/projects/{project}/roles/{role}", Project(Viewer)),
    change("PUT", "/projects/{project}/roles/{role}", Project(Admin), "role.saved"),
    change("DELETE", "/projects/{project}/roles/{role}", Project(Admin), "role.deleted"),
    look("/projects/{project}/people", Project(Viewer)),
    look("/projects/{project}/people/{person}", Project(Viewer)),
    change("PUT", "/projects/{project}/people/{person}", Project(Admin), "person.saved"),
    change("DELETE", "/projects/{project}/people/{person}", Project(Admin), "person.deleted"),
    look("/projects/{project}/forms", Project(Viewer)),
    change("POST", "/projects/{project}/forms", Project(Editor), "form.uploaded"),
    look("/projects/{project}/forms/{form}", Project(Viewer)),
    look("/projects/{project}/forms/{form}/indexed", Project(Viewer)),
    change("PUT", "/projects/{project}/forms/{form}/indexed", Project(Editor), "form.indexed"),
    look("/projects/{project}/forms/{form}/versions", Project(Viewer)),
    look("/projects/{project}/forms/{form}/versions/{number}", Project(Viewer)),
    look("/projects/{project}/forms/{form}/export", Project(Viewer)),
    look("/projects/{project}/forms/{form}/files/{name}", Project(Viewer)),
    change(
        "PUT",
        "/projects/{project}/forms/{form}/files/{name}",
        Project(Editor),
        "form.file-put",
    ),
    change(
        "DELETE",
        "/projects/{project}/forms/{form}/files/{name}",
        Project(Editor),
        "form.file-removed",
    ),
    look("/projects/{project}/submissions", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/original", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/attachments", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/attachments/{name}", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/history", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/cases", Project(Viewer)),
    look("/projects/{project}/submissions/{submission}/lifecycle", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/submissions/{submission}/lifecycle",
        Project(Editor),
        "submission.acted",
    ),
    change(
        "POST",
        "/projects/{project}/submissions/{submission}/fetch",
        Project(Editor),
        "submission.fetched",
    ),
    change(
        "DELETE",
        "/projects/{project}/submissions/{submission}",
        Project(Admin),
        "submission.erased",
    ),
    look("/projects/{project}/cases", Project(Viewer)),
    look("/projects/{project}/exports/cases", Project(Viewer)),
    look("/projects/{project}/cases/{case}", Project(Viewer)),
    look("/projects/{project}/cases/{case}/history", Project(Viewer)),
    look("/projects/{project}/changes", Project(Viewer)),
    change("DELETE", "/projects/{project}/cases/{case}", Project(Admin), "case.erased"),
    // Deliveries.
    look("/projects/{project}/deliveries", Project(Viewer)),
    look("/projects/{project}/deliveries/counts", Project(Viewer)),
    look("/projects/{project}/deliveries/{delivery}", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/deliveries/{delivery}/retry",
        Project(Editor),
        "delivery.retried",
    ),
    change(
        "POST",
        "/projects/{project}/deliveries/{delivery}/cancel",
        Project(Editor),
        "delivery.cancelled",
    ),
    change(
        "POST",
        "/projects/{project}/deliveries/{delivery}/requeue",
        Project(Editor),
        "delivery.requeued",
    ),
    change(
        "POST",
        "/projects/{project}/deliveries/{delivery}/resend",
        Project(Editor),
        "delivery.resent",
    ),
    look("/projects/{project}/deliveries/{delivery}/attempts", Project(Viewer)),
    look("/projects/{project}/deliveries/{delivery}/attempts/{number}/request", Project(Viewer)),
    look("/projects/{project}/deliveries/{delivery}/attempts/{number}/response", Project(Viewer)),
    look("/projects/{project}/deliveries/{delivery}/attempts/{number}/difference", Project(Viewer)),
    look("/projects/{project}/deliveries/actions", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/deliveries/actions",
        Project(Editor),
        "deliveries.acted-on",
    ),
    look("/projects/{project}/deliveries/actions/{action}", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/deliveries/actions/{action}/stop",
        Project(Editor),
        "action.stopped",
    ),
    // Trouble, reports, erasing.
    look("/projects/{project}/incidents", Project(Viewer)),
    look("/projects/{project}/incidents/{incident}", Project(Viewer)),
    look("/projects/{project}/incidents/{incident}/traffic", Project(Viewer)),
    look("/projects/{project}/notices", Project(Viewer)),
    change(
        "POST",
        "/projects/{project}/incidents/{incident}/close",
        Project(Editor),
        "incident.closed",
    ),
    change("POST", "/projects/{project}/reports", Project(Admin), "report.sent"),
    look("/projects/{project}/erasures", Project(Viewer)),
    change("POST", "/projects/{project}/erasures", Project(Admin), "person.erased"),
];

/// The operation of a method at an address; `None` where there is none.
pub fn operation(method: &str, template: &str) -> Option<&'static Operation> {
    let method = if method == "HEAD" { "GET" } else { method };
    OPERATIONS.iter().find(|other| other.method == method && other.template == template)
}

/// The methods that an address takes, as the header `Allow` lists them; empty where there is no
/// such address.
pub fn methods(template: &str) -> String {
    let of_template = OPERATIONS.iter().filter(|other| other.template == template);
    let names: Vec<&str> = of_template
        .flat_map(|other| match other.method {
            "GET" => ["GET", "HEAD"].as_slice(),
            _ => std::slice::from_ref(&other.method),
        })
        .copied()
        .collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_stands_there_once() {
        let mut seen = std::collections::BTreeSet::new();
        for Operation { method, template, need, action } in OPERATIONS {
            assert!(seen.insert((method, template)), "{method} {template} is there twice");
            let asks = ["jobs/check", "schedules/check", "form-definitions/read"]
                .iter()
                .any(|asks| *template == format!("/projects/{{project}}/{asks}"));
            assert_eq!(*method == "GET" || asks, action.is_none(), "{method} {template}");
            let in_project = template.starts_with("/projects/{project}");
            assert_eq!(matches!(need, Project(_)), in_project, "{method} {template}");
        }
    }

    #[test]
    fn changes_ask_for_more_than_looking() {
        for Operation { method, template, need, .. } in OPERATIONS {
            if *method != "GET" {
                assert_ne!(*need, Project(Viewer), "{method} {template}");
            }
        }
    }

    #[test]
    fn operations_are_found_by_method_and_address() {
        assert_eq!(operation("HEAD", "/status").map(|found| found.need), Some(Installation));
        assert_eq!(operation("DELETE", "/status"), None);
        assert_eq!(operation("GET", "/nothing"), None);
        assert_eq!(methods("/status"), "GET,HEAD");
        assert_eq!(methods("/session"), "POST,GET,HEAD,DELETE");
        assert_eq!(methods("/nothing"), "");
    }
}
