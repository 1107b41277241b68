//! `/api/geocoding` and `/api/reverse-geocoding`: where an address is, and what is at a place.
//!
//! w.c.s. asks a service of somebody else for it. The hub knows no such service, and sends nobody's address anywhere
//! that the project did not name; so it says that this is not offered, in the words of the API.

use axum::response::Response;
use fieldpost_rules::wcs::Refusal;

use super::answer::Turned;

/// Says that it is not offered.
pub(super) fn answer() -> Result<Response, Turned> {
    let text = "Geocoding is not offered by this server: ask the geocoding service itself.";
    Err(Refusal { description: text.to_owned(), ..Refusal::not_found() }.into())
}
