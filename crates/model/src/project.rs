//! What a project settles for all that it holds.

use std::time::Duration;

use crate::connection::SigningAlgorithm;
use crate::names;
use crate::recipient::Recipient;
use crate::secret::Secret;

/// What a project settles beside its sources, connections and forwarders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectSettings {
    /// A paused project takes messages in and makes their deliveries; they wait.
    pub paused: bool,
    /// How long things are kept.
    pub retention: Retention,
    /// Who gets a report, and how often.
    pub reports: Vec<Report>,
    /// Who is told when a source falls silent.
    pub notify: Vec<Recipient>,
    /// The keys by which programs and phones prove themselves to the project's own addresses.
    pub api_access: Vec<ApiAccess>,
    /// The time zone that its forms tell times in, as `Europe/Paris`. `None`: UTC.
    pub time_zone: Option<String>,
    /// The language that its forms tell dates in.
    pub language: Language,
}

names! {
    /// A language that dates are written in.
    #[derive(Default)]
    pub enum Language {
        /// English.
        #[default]
        English = "en",
        /// French.
        French = "fr",
    }
}

/// A key by which a program or a phone proves itself: as user and password of HTTP Basic and Digest,
/// as the end of an address, or by signing its queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAccess {
    /// Its name: the user's name, and who signs.
    pub name: String,
    /// What both sides know.
    pub secret: Secret,
    /// What its queries may be signed with.
    pub algorithms: Vec<SigningAlgorithm>,
    /// The roles that who comes with it has in forms.
    pub roles: Vec<String>,
    /// Whether it gets records without the names of people only.
    pub anonymised_only: bool,
    /// Whether its queries must carry a nonce.
    pub nonce: NonceRule,
}

names! {
    /// Whether a signed query must carry a nonce, which is good for one call.
    #[derive(Default)]
    pub enum NonceRule {
        /// It must.
        #[default]
        Required = "required",
        /// It may go without, as old clients do: who sees such a query can send it again for half a
        /// minute.
        Optional = "optional",
    }
}

/// How long things are kept; `None` means for ever. What still waits to be delivered is kept
/// however old it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Messages. What is left of an older one is a tombstone: that it came in, when and by which
    /// source.
    pub messages: Option<Duration>,
    /// The bytes of messages, and of requests that were built of them.
    pub bodies: Option<Duration>,
    /// Attempts.
    pub attempts: Option<Duration>,
    /// The bytes of messages all of whose deliveries succeeded, counted from the last success.
    /// Zero keeps nothing after success.
    pub after_success: Option<Duration>,
}

/// A report by mail: what came in, went out, waits, and was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How often.
    pub every: ReportEvery,
    /// Whom it is sent to.
    pub to: Vec<String>,
}

names! {
    /// How often a report is sent.
    pub enum ReportEvery {
        /// Every morning, about the day before.
        Day = "day",
        /// On Monday mornings, about the week before.
        Week = "week",
    }
}
