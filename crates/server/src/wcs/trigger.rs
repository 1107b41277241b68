//! `POST` and `PUT …/jump/trigger/<name>/`: a program takes a jump of a record's lifecycle by its name.
//!
//! JSON that comes along is stored in the lifecycle's data: members of an object beside each other, all else
//! under the name. A `PUT` stores its body as a file, which goes to the folder of files while it comes.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::wcs::read;
use fieldpost_engine::RecordKey;
use fieldpost_model::json::Value;
use fieldpost_model::progress::StoredFile;
use fieldpost_rules::lifecycle::{Happening, Sent, check_trigger_method};
use fieldpost_rules::wcs::reading::Kind;
use fieldpost_store::FileError;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};

use super::Asked;
use super::answer::{Turned, json};
use super::submit::{asked_form, bytes, header, turned};
use crate::body::{BodyRefusal, next_piece};
use crate::problem::Problem;
use crate::receiver::upload::file_name;

/// The parameter by which a jump is taken even while a call is out.
const BYPASS: &str = "bypass-processing-check";
/// What a file is whose sender does not say.
const ANY_FILE: &str = "application/octet-stream";

/// Takes the jump.
pub(super) async fn answer(
    asked: &Asked,
    _kind: Kind,
    form: &str,
    id: &str,
    name: &str,
    body: Body,
) -> Result<Response, Turned> {
    check_trigger_method(asked.parts.method.as_str())?;
    asked.admitted.caller().require_unrestricted()?;
    let form = asked_form(asked, form).await?;
    let sent = sent(asked, name, body, read::trigger).await?;
    let sent = match sent {
        Came::Nothing => Sent::Nothing,
        Came::File(file) => Sent::File(file),
        // Members of an object beside each other, all else under the name.
        Came::Data(data, files) => Sent::Json(Value::object(data), files),
    };
    let happening = Happening::Trigger { name: name.to_owned(), sent, bypass: bypass(asked) };
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let caller = asked.admitted.actor();
    hub.happen(routing, &form, RecordKey::Id(id), &caller, happening).await.map_err(turned)?;
    Ok(json(&Value::object([("err", Value::from(0_i64)), ("url", Value::Null)])))
}

/// Whether a call that is out does not matter.
pub(super) fn bypass(asked: &Asked) -> bool {
    asked.admitted.parameters.switch(BYPASS, false)
}

/// What came along.
pub(super) enum Came {
    Nothing,
    /// Members of the lifecycle's data, and the files in it, which are kept.
    Data(Vec<(String, Value<'static>)>, Vec<StoredFile>),
    /// A file.
    File(StoredFile),
}

/// Reads what came along, in the way of a trigger or of a hook.
pub(super) async fn sent(
    asked: &Asked,
    name: &str,
    body: Body,
    reads: fn(&str, Option<&Value<'_>>) -> read::Sent,
) -> Result<Came, Turned> {
    if asked.parts.method == Method::PUT {
        return file(asked, name, body).await.map(Came::File);
    }
    let body = bytes(asked, body).await?;
    if body.trim_ascii().is_empty() {
        return Ok(Came::Nothing);
    }
    let content_type = header(&asked.parts.headers, CONTENT_TYPE.as_str());
    read::check_content_type(content_type).map_err(super::submit::bad_body)?;
    let value = super::submit::parsed(&body)?;
    let read::Sent { data, files: sent } = reads(name, Some(&value));
    let mut files = Vec::with_capacity(sent.len());
    for file in sent {
        let kept = asked.app.hub.keep_bytes(file.name, file.content_type, &file.bytes).await?;
        files.push(kept);
    }
    Ok(if data.is_empty() { Came::Nothing } else { Came::Data(data, files) })
}

/// The body as a file, written while it comes.
async fn file(asked: &Asked, name: &str, mut body: Body) -> Result<StoredFile, Turned> {
    let settings = &asked.app.settings;
    let headers = &asked.parts.headers;
    let name = file_name(header(headers, "filename").unwrap_or(name))?;
    let content_type = header(headers, CONTENT_TYPE.as_str()).unwrap_or(ANY_FILE);
    let content_type = content_type.split(';').next().unwrap_or(ANY_FILE).trim().to_owned();
    let most = u64::try_from(settings.max_file).unwrap_or(u64::MAX);
    let mut file = asked.app.hub.store().files().begin(most).await?;
    loop {
        let next = tokio::time::timeout(settings.body_timeout, next_piece(&mut body)).await;
        let next = next.map_err(|_| Problem::from(BodyRefusal::TooSlow(settings.body_timeout)))?;
        let Some(piece) = next.map_err(Problem::from)? else { break };
        file.write(&piece).await.map_err(not_taken)?;
    }
    let kept = file.finish().await?;
    Ok(StoredFile { name, content_type, bytes: kept.bytes, sha256: kept.sha256 })
}

fn not_taken(error: FileError) -> Turned {
    match error {
        FileError::TooLarge { most } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "file-too-large",
            format!("the file is longer than {most} bytes"),
        )
        .hint("the operator can raise the setting max-file")
        .into(),
        FileError::Store(error) => error.into(),
    }
}
