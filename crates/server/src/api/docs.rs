//! The API's description, for machines and for people: the OpenAPI document, and a page made from it.
//!
//! Both are open to everybody. They are the same for every hub of a version, so they are made once.

use std::sync::LazyLock;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::openapi;
use crate::html;

/// The document as it is served, and as it lies in docs/api/openapi.json.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document_text().into());
static PAGE: LazyLock<Bytes> = LazyLock::new(|| {
    let document = serde_json::from_str(&document_text()).unwrap_or_default();
    page(&document).into()
});

/// The methods of an operation, in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(super) fn router() -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/api/docs", get(show_page))
        .route("/api/docs.css", get(styles))
}

/// The OpenAPI document as text.
fn document_text() -> String {
    openapi().to_pretty_json().unwrap_or_default()
}

async fn document() -> Response {
    let mut response = Response::new(DOCUMENT.clone().into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn show_page() -> Response {
    html::file(html::HTML, PAGE.clone())
}

async fn styles() -> Response {
    html::file(html::CSS, include_str!("../../assets/docs.css"))
}

/// A page that is being written. Everything that goes into it as text is escaped.
#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&html::escaped(text));
        self
    }

    /// Text whose parts between backticks are code, and whose empty lines part paragraphs.
    fn prose(&mut self, text: &str) -> &mut Self {
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            self.raw("<p>");
            self.line(paragraph);
            self.raw("</p>\n");
        }
        self
    }

    fn line(&mut self, text: &str) -> &mut Self {
        for (place, part) in text.split('`').enumerate() {
            if place % 2 == 1 {
                self.raw("<code>").text(part).raw("</code>");
            } else {
                self.text(part);
            }
        }
        self
    }
}

fn string<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn members<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn page(document: &Value) -> String {
    let info = document.get("info").unwrap_or(&Value::Null);
    let mut page = Page::default();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<title>Fieldpost API</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/api/docs.css\">\n")
        .raw("<main>\n<h1>Fieldpost API ")
        .text(string(info, "version"))
        .raw("</h1>\n")
        .prose(string(info, "description"))
        .raw("<p><a href=\"/api/v1/openapi.json\">The same for machines</a> (OpenAPI)</p>\n");
    for tag in list(document, "tags") {
        let name = string(tag, "name");
        page.raw("<h2 id=\"").text(name).raw("\">").text(string(tag, "description"));
        page.raw("</h2>\n");
        for (path, operations) in members(document, "paths") {
            for method in METHODS {
                let operation = operations.get(method).filter(|operation| {
                    list(operation, "tags").first().and_then(Value::as_str) == Some(name)
                });
                if let Some(operation) = operation {
                    show_operation(&mut page, method, path, operation);
                }
            }
        }
    }
    page.raw("<h2 id=\"types\">Types</h2>\n");
    let components = document.get("components").unwrap_or(&Value::Null);
    for (name, schema) in members(components, "schemas") {
        page.raw("<section id=\"type-").text(name).raw("\"><h3>").text(name).raw("</h3>\n");
        page.prose(string(schema, "description"));
        show_properties(&mut page, schema);
        page.raw("</section>\n");
    }
    page.raw("</main>\n</html>\n");
    page.0
}

fn show_operation(page: &mut Page, method: &str, path: &str, operation: &Value) {
    page.raw("<details><summary><b class=\"").text(method).raw("\">");
    page.text(&method.to_uppercase()).raw("</b> <code>").text(path).raw("</code> <span>");
    page.text(string(operation, "summary")).raw("</span></summary>\n");
    page.prose(string(operation, "description"));
    let parameters = list(operation, "parameters");
    if !parameters.is_empty() {
        page.raw("<h4>Parameters</h4>\n<dl>\n");
        for parameter in parameters {
            let schema = parameter.get("schema").unwrap_or(&Value::Null);
            page.raw("<dt><code>").text(string(parameter, "name")).raw("</code> <i>");
            page.text(string(parameter, "in")).raw("</i> ");
            show_type(page, schema);
            page.raw("</dt><dd>").line(string(parameter, "description")).raw("</dd>\n");
        }
        page.raw("</dl>\n");
    }
    if let Some(body) = operation.get("requestBody") {
        page.raw("<h4>Body</h4>\n<p>");
        show_content(page, body);
        page.line(string(body, "description")).raw("</p>\n");
    }
    page.raw("<h4>Answers</h4>\n<dl>\n");
    for (status, response) in members(operation, "responses") {
        let status = if status == "default" { "otherwise" } else { status };
        page.raw("<dt>").text(status).raw(" ");
        show_content(page, response);
        page.raw("</dt><dd>").line(string(response, "description")).raw("</dd>\n");
    }
    page.raw("</dl>\n</details>\n");
}

/// The content types of a body, each with its type.
fn show_content(page: &mut Page, body: &Value) {
    for (content_type, content) in members(body, "content") {
        page.raw("<code>").text(content_type).raw("</code> ");
        show_type(page, content.get("schema").unwrap_or(&Value::Null));
        page.raw(" ");
    }
}

fn show_properties(page: &mut Page, schema: &Value) {
    // A type may be another one and more: that one is linked, and what comes to it is shown.
    let parts = list(schema, "allOf");
    for whole in parts.iter().filter(|part| part.get("$ref").is_some()) {
        page.raw("<p>All of ");
        show_type(page, whole);
        page.raw(", and:</p>\n");
    }
    page.raw("<dl>\n");
    let schemas = std::iter::once(schema).chain(parts);
    for (name, property) in schemas.flat_map(|schema| members(schema, "properties")) {
        page.raw("<dt><code>").text(name).raw("</code> ");
        show_type(page, property);
        page.raw("</dt><dd>").line(string(property, "description")).raw("</dd>\n");
    }
    page.raw("</dl>\n");
}

/// A type in a few words, with a link where it is one of ours.
fn show_type(page: &mut Page, schema: &Value) {
    if let Some(name) = string(schema, "$ref").strip_prefix("#/components/schemas/") {
        page.raw("<a href=\"#type-").text(name).raw("\">").text(name).raw("</a>");
        return;
    }
    let choices = list(schema, "enum");
    if !choices.is_empty() {
        let words: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        page.raw("<i>").text(&words.join(" | ")).raw("</i>");
        return;
    }
    for choice in list(schema, "oneOf") {
        show_type(page, choice);
        page.raw(" ");
    }
    if let Some(items) = schema.get("items") {
        page.raw("<i>list of</i> ");
        show_type(page, items);
        return;
    }
    let mut words = String::new();
    match schema.get("type") {
        Some(Value::String(name)) => words.push_str(name),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            words.push_str(&names.join(" or "));
        }
        _ => {}
    }
    if let format @ ("date-time" | "uuid") = string(schema, "format") {
        words.extend([", ", format]);
    }
    page.raw("<i>").text(&words).raw("</i>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_every_type() {
        let document: Value = serde_json::from_str(&document_text()).unwrap();
        let page = page(&document);
        for (path, operations) in members(&document, "paths") {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
            for operation in operations.as_object().unwrap().values() {
                let summary = operation["summary"].as_str().unwrap();
                let mut escaped = Page::default();
                escaped.text(summary);
                assert!(page.contains(&escaped.0), "{path}: {summary}");
            }
        }
        for (name, _) in members(&document["components"], "schemas") {
            assert!(page.contains(&format!("id=\"type-{name}\"")), "{name}");
        }
        assert!(!page.contains("<script"));
        assert!(!page.contains("href=\"http"));
    }

    #[test]
    fn text_is_escaped() {
        let mut page = Page::default();
        page.line("a `<b>` & \"c\"");
        assert_eq!(page.0, "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }
}
