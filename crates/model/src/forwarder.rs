//! A forwarder: a standing order to send certain events to a connection.

use crate::event::Event;
use crate::json::Value;
use crate::names;
use crate::retry::RetryPolicy;

names! {
    /// What a delivery's body is made of.
    pub enum Format {
        /// The bytes and content type of the message, untouched.
        AsReceived = "as-received",
        /// The parsed view of the message, as JSON.
        Json = "json",
    }
}

names! {
    /// The method of the request.
    pub enum Method {
        /// POST, the default.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
    }
}

names! {
    /// What is delivered strictly one after the other, in the order in which it came in. What has
    /// another key goes on in parallel.
    pub enum OrderBy {
        /// Nothing.
        None = "none",
        /// What is about the same case.
        Case = "case",
        /// What is about the same form.
        Form = "form",
        /// Everything that this and other such forwarders send to the connection.
        Connection = "connection",
    }
}

names! {
    /// What happens to those that follow, in order, a delivery which ended without success.
    pub enum OnRejected {
        /// They are sent.
        Continue = "continue",
        /// They wait until a person requeues or cancels it.
        Hold = "hold",
    }
}

names! {
    /// Which state of a thing is sent.
    pub enum PayloadChoice {
        /// As it was when the event happened.
        Snapshot = "snapshot",
        /// As it is when it is sent: what waits for the same key collapses into the newest.
        Latest = "latest",
    }
}

/// Which messages a forwarder wants. Every part that is there must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageFilter {
    /// The name of the one source it listens to; none means all of them.
    pub from: Option<String>,
    /// JSON that the message must contain (the semantics of PostgreSQL's `@>`).
    pub matches: Option<Value<'static>>,
    /// JSON that the message must not contain.
    pub unless: Option<Value<'static>>,
    /// Headers that the request must carry, with exactly these values; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Query parameters that the request must carry, with exactly these values.
    pub query: Vec<(String, String)>,
}

/// A forwarder as a project defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forwarder {
    /// The name within the project.
    pub name: String,
    /// What sets it off.
    pub on: Event,
    /// Which of those events it wants.
    pub filter: MessageFilter,
    /// The connection that it sends to.
    pub to: String,
    /// What it sends.
    pub format: Format,
    /// The request's method.
    pub method: Method,
    /// A paused forwarder still makes its deliveries; they wait.
    pub paused: bool,
    /// Headers added to every request.
    pub headers: Vec<(String, String)>,
    /// Query parameters added to the connection's URL.
    pub query: Vec<(String, String)>,
    /// When a failed delivery is tried again.
    pub retry: RetryPolicy,
    /// What is kept in order.
    pub order_by: OrderBy,
    /// What happens to those that follow a refused one.
    pub on_rejected: OnRejected,
    /// Which state is sent.
    pub payload: PayloadChoice,
}
