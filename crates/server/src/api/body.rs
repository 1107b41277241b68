//! Bodies of requests to the API: read whole, within the same bounds as a message.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use fieldpost_model::json::Value;
use fieldpost_rules::access::Need;
use fieldpost_rules::definition::yaml;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::access::Addressed;
use crate::app::Shared;
use crate::body::{self, BodyRefusal, Bounds};
use crate::problem::Problem;

/// The longest body that somebody may send who has not proved anything, in bytes: signing in and
/// using a link need no more.
pub(super) const LONGEST_OPEN_BODY: usize = 16 * 1024;

/// What a project file calls itself in the header `content-type`.
const YAML_TYPES: [&str; 3] = ["application/yaml", "application/x-yaml", "text/yaml"];

/// A body of one of our own types.
pub(super) struct Input<T>(pub(super) T);

/// A body of one of our own types; no body at all is its default.
pub(super) struct Optional<T>(pub(super) T);

/// A body that is a definition: any JSON, with numbers as they were written.
pub(super) struct Document(Bytes);

impl Document {
    /// The JSON in it.
    pub(super) fn value(&self) -> Result<Value<'_>, Problem> {
        Value::parse(&self.0).map_err(|error| {
            Problem::bad_request(error.code, format!("the body is not valid JSON: {error}"))
        })
    }

    /// What it says, as one of our own types.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.0).map_err(|error| {
            Problem::bad_request("bad-body", format!("the body cannot be read: {error}"))
                .hint("/api/docs shows what this address takes")
        })
    }
}

/// A body that is a project file, as JSON or as YAML.
pub(super) struct ProjectDocument {
    document: Document,
    is_yaml: bool,
}

impl ProjectDocument {
    /// The definition in it. A `${NAME}` in YAML is replaced by nothing, and told as a mistake: what
    /// comes over the API must not read the environment of the hub.
    pub(super) fn value(&self) -> Result<Value<'_>, Problem> {
        if !self.is_yaml {
            return self.document.value();
        }
        let text = std::str::from_utf8(&self.document.0).map_err(|error| {
            Problem::bad_request("bad-body", format!("the body is not text in UTF-8: {error}"))
        })?;
        yaml::read(text, &|_| None).map_err(Problem::invalid)
    }
}

impl FromRequest<Shared> for ProjectDocument {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let is_yaml = is_yaml(request.headers());
        Ok(Self { document: Document::from_request(request, app).await?, is_yaml })
    }
}

/// Whether a body says that it is YAML; whatever says nothing is JSON.
fn is_yaml(headers: &HeaderMap) -> bool {
    let written = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = written.split(';').next().unwrap_or("").trim();
    YAML_TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

impl FromRequest<Shared> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let is_open = parts
            .extensions
            .get::<Addressed>()
            .is_some_and(|to| to.operation.need == Need::Nothing);
        let bounds = app.bounds();
        if !is_open {
            return Ok(Self(body::read(body, &parts.headers, bounds).await?));
        }
        let bounds = Bounds { limit: bounds.limit.min(LONGEST_OPEN_BODY), ..bounds };
        let read = body::read(body, &parts.headers, bounds).await;
        Ok(Self(read.map_err(|refusal| {
            let too_large = matches!(refusal, BodyRefusal::TooLarge(_));
            let problem = Problem::from(refusal);
            if too_large { problem.hint("nothing that comes here is as long") } else { problem }
        })?))
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        Document::from_request(request, app).await?.read().map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Shared> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let document = Document::from_request(request, app).await?;
        if document.0.is_empty() { Ok(Self(T::default())) } else { document.read().map(Self) }
    }
}
