//! From a submission to what others read: the formats that forwarders send and data APIs give.
//!
//! | format | for whom | lists | types |
//! |---|---|---|---|
//! | [`normalised()`] | programs written today | repeats, always | JSON's own |
//! | [`kobo()`] | programs that read KoboToolbox | repeats, always | texts |
//! | [`geojson()`] | maps | as `normalised` | JSON's own |
//! | [`form_json()`] | programs that read CommCare HQ | what stood there more than once | texts |
//!
//! | [`form_xml()`] | programs that read OpenRosa | elements that stand several times | texts |
//! | [`wcs()`] | programs that read w.c.s. | blocks | texts |
//! | [`case_view()`] | programs written today: cases | – | texts |
//! | [`case_feature()`] | maps: cases | – | texts |
//! | [`application_schema()`] | programs that follow the definitions of forms | – | – |
//! | a template of the forwarder's | whoever wants something else | as `normalised` | as `normalised` |
//!
//! [`write_form`], [`write_case`] and [`write_application`] make the body of a delivery, in the format
//! and with what the forwarder says of it. All are pure: what only the server knows comes in as
//! [`ServerFacts`].

mod cases;
mod form_json;
mod form_xml;
mod geojson;
mod kobo;
mod normalised;
mod payload;
mod schema;
mod template;
mod wcs;
mod write;

use fieldpost_model::time::Timestamp;

pub use cases::{case_feature, case_view};
pub use form_json::form_json;
pub use form_xml::form_xml;
pub use geojson::{geojson, place};
pub use kobo::{MAX_KEYS_LENGTH, kobo};
pub(crate) use normalised::EXTRA;
pub use normalised::{description, geometry, normalised, values, values_apart};
pub use payload::{ApplicationPayload, CasePayload, FormPayload, Written};
pub use schema::{application_schema, form_schema};
pub use template::{
    MAX_RENDERED_LENGTH, MAX_TEMPLATE_LENGTH, RENDERING_STEPS, RENDERING_WORK, check_template,
};
pub use wcs::wcs;
pub use write::{write_application, write_case, write_form};

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
