//! From a submission to what others read: the formats that forwarders send and data APIs give.
//!
//! | format | for whom | lists | types |
//! |---|---|---|---|
//! | [`normalised()`] | programs written today | repeats, always | JSON's own |
//! | [`kobo()`] | programs that read KoboToolbox | repeats, always | texts |
//! | [`geojson()`] | maps | as `normalised` | JSON's own |
//! | [`form_json()`] | programs that read CommCare HQ | what stood there more than once | texts |
//!
//! All are pure: what only the server knows comes in as [`ServerFacts`].

mod form_json;
mod geojson;
mod kobo;
mod normalised;

use fieldpost_model::time::Timestamp;

pub use form_json::form_json;
pub use geojson::geojson;
pub use kobo::{MAX_KEYS_LENGTH, kobo};
pub use normalised::{geometry, normalised, values};

/// What the hub knows of a submission beside what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts<'s> {
    /// The submission's number among those of the hub.
    pub number: Option<u64>,
    /// The project that it came in to.
    pub project: &'s str,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
    /// When it was indexed for the data APIs.
    pub indexed_at: Timestamp,
    /// Where the data API has it: `/a/demo/api/form/v1/<id>/`.
    pub resource: Option<&'s str>,
    /// The application that the form is part of.
    pub application: Option<&'s str>,
    /// The build of the application.
    pub build: Option<&'s str>,
    /// When it took the place of an earlier state, if it did.
    pub edited_at: Option<Timestamp>,
    /// Whether a device sent it, not a program.
    pub is_from_device: bool,
    /// The address that it came from.
    pub sender_address: Option<&'s str>,
    /// The files that are there, the document itself (`form.xml`) among them.
    pub files: &'s [StoredFile],
}

/// A file of a submission that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name, as the answer writes it.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its length, in bytes.
    pub length: u64,
    /// Where it can be had.
    pub url: String,
}
