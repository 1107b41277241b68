//! What every page of a form has around it, and the pages that only say something.

use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};

use super::markup::Markup;
use super::words::Words;
use crate::html::{HTML, guarded};

/// What a page of a form may load: the hub's own style, script and mark. Nothing stands in the page
/// itself that could run, and its form goes nowhere but to the hub.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A page, as far as it differs from others.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// The language.
    pub(super) words: &'static Words,
    /// What paths begin with, where the hub lies below one.
    pub(super) prefix: &'a str,
    /// The project, as people call it.
    pub(super) project: &'a str,
    /// What stands in the title bar before the project.
    pub(super) title: &'a str,
    /// Whether something on it is wrong.
    pub(super) is_wrong: bool,
    /// What stands on it.
    pub(super) content: Markup,
}

impl Page<'_> {
    /// The answer that shows it.
    pub(super) fn response(self, status: StatusCode) -> Response {
        let Page { words, prefix, project, title, is_wrong, content } = self;
        let mut html = Markup::default();
        html.open("html", &[("lang", words.code)]).line().open("head", &[]).line();
        html.open("meta", &[("charset", "utf-8")]);
        html.open(
            "meta",
            &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")],
        );
        html.open("meta", &[("name", "robots"), ("content", "noindex")]);
        let mark = if is_wrong { words.mistake_mark } else { "" };
        html.element("title", &[], &format!("{mark}{title} · {project}"));
        html.open("link", &[("rel", "icon"), ("href", &format!("{prefix}/favicon.svg"))]);
        let style = format!("{prefix}/assets/form.css");
        html.open("link", &[("rel", "stylesheet"), ("href", &style)]);
        let script = format!("{prefix}/assets/form.js");
        html.open("script", &[("src", &script), ("defer", "")]).close("script");
        html.line().close("head").line().open("body", &[]).line();
        html.element("a", &[("class", "skip"), ("href", "#main")], words.skip).line();
        html.open("header", &[]).element("p", &[], project).close("header").line();
        html.open("main", &[("id", "main")]).line().add(&content).close("main").line();
        html.close("body").line().close("html").line();
        let text = format!("<!doctype html>\n{}", html.into_string());
        let mut response = guarded(POLICY, text.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
        // What somebody answered is for nobody who sits at the same machine after them.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("geolocation=(self), camera=(), microphone=()"),
        );
        response
    }
}

/// Something that is only said, and what can be done about it.
#[derive(Debug)]
pub(super) struct Notice<'a> {
    /// The language.
    pub(super) words: &'static Words,
    /// What stands over it.
    pub(super) title: &'a str,
    /// What is said.
    pub(super) text: &'a str,
    /// Where it leads: an address and what stands there.
    pub(super) link: Option<(&'a str, &'a str)>,
    /// Where else it leads.
    pub(super) also: Option<(&'a str, &'a str)>,
    /// How many seconds to wait before another try.
    pub(super) wait: Option<u64>,
}

impl<'a> Notice<'a> {
    /// One that leads nowhere.
    pub(super) const fn new(words: &'static Words, title: &'a str, text: &'a str) -> Self {
        Self { words, title, text, link: None, also: None, wait: None }
    }

    /// The page of it.
    pub(super) fn response(&self, prefix: &str, project: &str, status: StatusCode) -> Response {
        let mut content = Markup::default();
        content.element("h1", &[], self.title).paragraphs(&[], self.text);
        for (address, text) in self.link.into_iter().chain(self.also) {
            content.open("p", &[]).element("a", &[("href", address)], text).close("p");
        }
        let page = Page {
            words: self.words,
            prefix,
            project,
            title: self.title,
            is_wrong: false,
            content,
        };
        let mut response = page.response(status);
        if let Some(seconds) = self.wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
