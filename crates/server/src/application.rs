//! The web application: the files that `web/` is built into, which are part of this binary.
//!
//! Every address of a page is answered with the same document; which page it is, the application
//! reads from the address. Files below `/assets` have a digest of their content in their name and
//! never change; the document names them, and is fetched anew each time. Scripts and styles come
//! ready compressed. Where the binary was built without the application, a small page says so.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::app::Shared;
use crate::compressed::takes;
use crate::html::{self, CSS, HTML, JAVASCRIPT, SVG};
use crate::problem;

/// What `npm run build` leaves; empty where nobody ran it.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Finds a file of the application by its path.
type Find = fn(&str) -> Option<Cow<'static, [u8]>>;

fn embedded(path: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(path).map(|file| file.data)
}

/// The document that every page begins with.
const DOCUMENT: &str = "index.html";
/// Addresses of pages: each of these, and whatever is below it.
const PAGES: &[&str] = &["sign-in", "welcome", "projects", "installation", "account"];
/// Addresses that belong to machines: what is wrong there is never answered with a page.
const SURFACES: &[&str] = &["a", "api", "healthz", "i", "inbox", "metrics", "p", "readyz"];

/// For what has its content in its name.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// For what has a fixed name, and changes with the version of the hub.
const ASK_AGAIN: &str = "no-cache";
/// For the document: a kept one would ask for files that a newer hub no longer has.
const NEVER: &str = "no-store";

pub(crate) fn router() -> Router<Shared> {
    let pages = PAGES.iter().fold(Router::new().route("/", get(page)), |router, name| {
        router.route(&format!("/{name}"), get(page)).route(&format!("/{name}/{{*rest}}"), get(page))
    });
    pages
        .route("/assets/{*path}", get(file))
        .route("/appearance.js", get(file))
        .route("/favicon.svg", get(file))
}

async fn page(uri: Uri, headers: HeaderMap) -> Response {
    if accepts(&headers, &["text/html", "text/*", "*/*"]) {
        document(embedded, &headers, StatusCode::OK)
    } else {
        problem::no_such_page(uri).await.into_response()
    }
}

async fn file(uri: Uri, headers: HeaderMap) -> Response {
    match stored(embedded, uri.path().trim_start_matches('/'), &headers) {
        Some(response) => response,
        None => problem::no_such_page(uri).await.into_response(),
    }
}

/// What is answered where nothing is: a page to whoever wants to see one, else a problem.
pub(crate) async fn otherwise(request: Request) -> Response {
    let uri = request.uri().clone();
    if wants_a_page(request.method(), &uri, request.headers()) {
        document(embedded, request.headers(), StatusCode::NOT_FOUND)
    } else {
        problem::no_such_page(uri).await.into_response()
    }
}

fn wants_a_page(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    let looks = matches!(*method, Method::GET | Method::HEAD);
    looks && !SURFACES.contains(&first) && accepts(headers, &["text/html"])
}

/// Whether a client takes one of these types; one that says nothing takes all.
fn accepts(headers: &HeaderMap, types: &[&str]) -> bool {
    let Some(accept) = headers.get(ACCEPT) else { return types.contains(&"*/*") };
    let named = accept.to_str().unwrap_or_default().split(',');
    named
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| types.iter().any(|wanted| wanted.eq_ignore_ascii_case(range)))
}

fn document(find: Find, headers: &HeaderMap, status: StatusCode) -> Response {
    let mut response = stored(find, DOCUMENT, headers)
        .unwrap_or_else(|| html::file(HTML, include_str!("../assets/not-built.html")));
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    response
}

/// A file of the application, in the smallest form that the client takes.
fn stored(find: Find, path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let content_type = content_type(path)?;
    let compressed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| takes(headers, encoding))
        .find_map(|(encoding, ending)| Some((encoding, find(&format!("{path}{ending}"))?)));
    let (encoding, bytes) = match compressed {
        Some((encoding, bytes)) => (Some(encoding), bytes),
        None => (None, find(path)?),
    };
    let body = match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = if is_document(content_type) {
        html::guarded(html::APPLICATION_POLICY, Body::from(body))
    } else {
        html::part(Body::from(body))
    };
    let kept = if path.starts_with("assets/") { FOREVER } else { ASK_AGAIN };
    let told = response.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    told.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    told.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        told.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// Whether browsers show a file by itself, and let what is in it act.
fn is_document(content_type: &str) -> bool {
    [HTML, SVG].contains(&content_type)
}

/// The content type of a file by its ending; there are no files of other kinds.
fn content_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => HTML,
        "css" => CSS,
        "js" => JAVASCRIPT,
        "svg" => SVG,
        "png" => "image/png",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT_ENCODING;
    use http_body_util::BodyExt as _;

    use super::*;

    fn some_files(path: &str) -> Option<Cow<'static, [u8]>> {
        let bytes: &[u8] = match path {
            "index.html" => b"<!doctype html>",
            "assets/page-a1.js" => b"plain",
            "assets/page-a1.js.br" => b"brotli",
            "assets/page-a1.js.gz" => b"gzip",
            "assets/font-b2.woff2" => b"font",
            _ => return None,
        };
        Some(Cow::Borrowed(bytes))
    }

    fn no_files(_: &str) -> Option<Cow<'static, [u8]>> {
        None
    }

    fn headers(pairs: &[(http::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    async fn text(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn the_rules_of_a_document_come_with_documents() {
        for (path, is_ruled) in [("index.html", true), ("assets/page-a1.js", false)] {
            let response = stored(some_files, path, &HeaderMap::new()).unwrap();
            let told = response.headers();
            assert_eq!(told.contains_key("content-security-policy"), is_ruled, "{path}");
            assert_eq!(told["x-content-type-options"], "nosniff", "{path}");
        }
    }

    #[tokio::test]
    async fn a_client_gets_the_smallest_form_that_it_takes() {
        for (accepted, encoding, content) in [
            ("gzip, deflate, br", Some("br"), "brotli"),
            ("gzip", Some("gzip"), "gzip"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
            ("GZIP ; q=1", Some("gzip"), "gzip"),
            ("br;q=nonsense", None, "plain"),
            ("identity", None, "plain"),
        ] {
            let headers = headers(&[(ACCEPT_ENCODING, accepted)]);
            let response = stored(some_files, "assets/page-a1.js", &headers).unwrap();
            let told =
                response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(told, encoding, "{accepted}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            assert_eq!(response.headers()[CONTENT_TYPE], JAVASCRIPT);
            assert_eq!(text(response).await, content, "{accepted}");
        }
    }

    #[test]
    fn files_that_never_change_are_kept_and_the_document_is_not() {
        let none = HeaderMap::new();
        let kept =
            |response: Response| response.headers()[CACHE_CONTROL].to_str().unwrap().to_owned();
        assert_eq!(kept(stored(some_files, "assets/font-b2.woff2", &none).unwrap()), FOREVER);
        assert_eq!(kept(stored(some_files, "index.html", &none).unwrap()), ASK_AGAIN);
        assert_eq!(kept(document(some_files, &none, StatusCode::OK)), NEVER);
        assert_eq!(kept(document(no_files, &none, StatusCode::OK)), NEVER);
    }

    #[test]
    fn nothing_but_files_of_the_application_is_given_out() {
        let none = HeaderMap::new();
        for path in ["assets/page-a2.js", "assets/../index.html", "assets/page-a1", "assets/", ""] {
            assert!(stored(some_files, path, &none).is_none(), "{path}");
        }
    }

    #[tokio::test]
    async fn without_the_application_a_page_says_how_to_build_it() {
        let response = document(no_files, &HeaderMap::new(), StatusCode::OK);
        assert_eq!(response.status(), StatusCode::OK);
        assert!(text(response).await.contains("make web"));
    }

    #[track_caller]
    fn check_page(method: &Method, path: &'static str, accept: &'static str, expected: bool) {
        let headers = headers(&[(ACCEPT, accept)]);
        let found = wants_a_page(method, &Uri::from_static(path), &headers);
        assert_eq!(found, expected, "{method} {path} {accept}");
    }

    #[test]
    fn a_wrong_address_is_a_page_to_people_only() {
        const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        check_page(&Method::GET, "/nothing", BROWSER, true);
        check_page(&Method::HEAD, "/nothing/there", BROWSER, true);
        check_page(&Method::GET, "/nothing", "*/*", false);
        check_page(&Method::GET, "/nothing", "application/json", false);
        check_page(&Method::POST, "/nothing", BROWSER, false);
        // Whatever stands below these is for machines, people's browsers included.
        check_page(&Method::GET, "/p/clinic/formLst", BROWSER, false);
        check_page(&Method::GET, "/inbox/wrong", BROWSER, false);
        check_page(&Method::GET, "/a/clinic/receiver", BROWSER, false);
    }
}
