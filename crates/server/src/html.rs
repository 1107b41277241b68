//! What every page of ours is sent with: rules under which nothing foreign runs in it.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

/// What small pages may load: this hub's own styles and scripts, and nothing by default.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                      connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// What the application may load: this hub's own files, fonts among them. No script and no style
/// may stand inside a page, so that nothing that came in with a message can become one.
pub(crate) const APPLICATION_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
     object-src 'none'";

/// A page, or a file that belongs to one.
pub(crate) fn file(content_type: &'static str, text: impl Into<Body>) -> Response {
    let mut response = guarded(POLICY, text.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // A new version of the hub has new pages at the same addresses.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// An answer under a policy, and under the rules that hold for everything that browsers show.
pub(crate) fn guarded(policy: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file that documents are made of: a script, a style, a font. The rules of a document come with the
/// document; sixty files that say them again would be some kilobytes more of every first page.
pub(crate) fn part(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A text as it stands in HTML, between tags and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
    html
}

/// The content type of pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// The content type of drawings.
pub(crate) const SVG: &str = "image/svg+xml";
/// The content type of styles.
pub(crate) const CSS: &str = "text/css; charset=utf-8";
/// The content type of scripts.
pub(crate) const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
