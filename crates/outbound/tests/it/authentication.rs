//! Every kind of authentication that is more than a header, against servers that check it.

mod digest;
mod logins;
pub(crate) mod oauth2;
mod sharing;
mod signed_urls;
