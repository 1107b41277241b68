//! Destinations that check who calls: by digest, by token, by signed query.
//!
//! Each is a real HTTP server that computes for itself what it expects, and says no to everything
//! else. They are stricter than most servers in the field: a digest's counter must rise, a nonce is
//! taken once, a token that was taken back is refused.

mod digest;
mod signed;
mod tokens;

pub use digest::DigestAuthority;
pub use signed::{SignedAuthority, wcs_signature};
pub use tokens::TokenAuthority;

use crate::destination::ReceivedRequest;

/// The fields of a form in the body, in order.
pub fn form_of(request: &ReceivedRequest) -> Vec<(String, String)> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// The parameters of the query, in order.
pub fn query_of(request: &ReceivedRequest) -> Vec<(String, String)> {
    form_urlencoded::parse(request.query.as_bytes()).into_owned().collect()
}

/// The value of the only field of that name; `None` where it is missing or stands twice.
pub fn only<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
}
