//! A source: a way in, with the dialect that its messages are written in.

use std::time::Duration;

use uuid::Uuid;

use crate::names;
use crate::secret::Secret;

names! {
    /// The languages that a source can be told to read.
    pub enum Dialect {
        /// Any JSON text.
        Json = "json",
        /// Any XML document.
        Xml = "xml",
        /// `application/x-www-form-urlencoded` or `multipart/form-data`.
        Form = "form",
        /// Bytes that nobody reads.
        Raw = "raw",
        /// KoboToolbox REST services, plain or wrapped.
        Kobo = "kobo",
        /// ODK Aggregate's JSON server publisher.
        OdkAggregate = "odk-aggregate",
        /// What tools of its community post for ODK Central.
        OdkCentral = "odk-central",
        /// CommCare data forwarding: form, case, stub or application id, told apart by shape.
        Commcare = "commcare",
        /// CommCare form forwarding only.
        CommcareForm = "commcare-form",
        /// CommCare case forwarding only.
        CommcareCase = "commcare-case",
        /// The document that a w.c.s. workflow pushes.
        Wcs = "wcs",
        /// A filled form, as the clients of OpenRosa send it.
        Openrosa = "openrosa",
        /// A submission in the hub's own JSON, as another hub forwards it in the format of that name.
        Normalised = "normalised",
    }
}

/// When a message counts as one that was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// Same identity and same content as the newest message of that identity.
    Identity,
    /// Never.
    None,
    /// Same content within this time, whatever the identity.
    Content {
        /// How long a message's content is remembered.
        window: Duration,
    },
}

/// The answer to a body that the dialect cannot read. It is kept as quarantined either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBadBody {
    /// `400`, with the reason.
    Refuse,
    /// `200`: the sender would stop at a refusal.
    Accept,
}

/// How a sender proves itself to the webhook URL of a source; any one of a source's ways will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderAuthentication {
    /// The header `x-api-key`.
    ApiKey(Secret),
    /// HTTP Basic.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
}

/// Who may post to the receiver paths of a project: those of OpenRosa, or those of CommCare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverAccess {
    /// Anybody who knows the address.
    Anonymous,
    /// Whoever holds one of these keys of the project's `api_access`.
    Keys(Vec<String>),
}

/// A source as a project defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name within the project.
    pub name: String,
    /// What its messages are written in.
    pub dialect: Dialect,
    /// The last part of its inbox URL, `/inbox/<secret>`; made when the source is made, unless given.
    pub secret: Secret,
    /// The last part of its webhook URL, `/i/<uuid>`; made when the source is made, unless given.
    pub id: Uuid,
    /// A second webhook URL, `/i/<project>/<path>`.
    pub path: Option<String>,
    /// Whether the webhook URL takes messages; a source that does not answers 403.
    pub enabled: bool,
    /// When a message counts as a duplicate.
    pub dedupe: Dedupe,
    /// The answer to an unreadable body.
    pub on_bad_body: OnBadBody,
    /// Who may post to the webhook URL; empty means anybody who knows it.
    pub authentication: Vec<SenderAuthentication>,
    /// Who may post to the receiver paths of its dialect, which it owns then; with `None` it has
    /// none. A source of w.c.s. has no such paths: there it says who may post to its addresses.
    pub access: Option<ReceiverAccess>,
    /// The longest that nothing comes in before somebody is told.
    pub expect_every: Option<Duration>,
    /// The connection by which files are fetched that its messages only link to; with `None` they
    /// are not.
    pub fetch_files: Option<String>,
    /// The form that its submissions are of, whatever they say themselves.
    pub form: Option<String>,
    /// Whether the sender is told a public number for each submission, to show instead of its own.
    pub gives_display_id: bool,
}
