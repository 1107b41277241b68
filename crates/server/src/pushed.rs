//! Records that a w.c.s. pushes to a source of its dialect: who may, and what it is answered.
//!
//! A workflow of w.c.s. stores what it is answered, goes on by the member `err` and by the status, and can show
//! the number in `display_id` instead of its own. So an answer says which submission the record has become:
//!
//! ```json
//! {"err": 0, "data": {"id": "…", "message": "…", "form": "request", "number": "16", "url": "…", …}}
//! ```
//!
//! What is refused is refused in the words of w.c.s., with `err: 1`, the header `x-error-code` and a status of
//! 400 or more: whichever of the three the workflow looks at, it sees an error. A status of 500 or more means
//! that nothing is wrong with the record: it may be sent again. A record whose form cannot be found is kept as a
//! message and refused as well: its sender waits for a submission that there is not.

use axum::response::Response;
use bytes::Bytes;
use fieldpost_engine::{Followed, ReceiptOutcome, ReceivedRecord, ReceivedRun, SourceRoute};
use fieldpost_model::json::Value;
use fieldpost_model::source::{OnBadBody, ReceiverAccess, Source};
use http::HeaderValue;
use http::request::Parts;
use uuid::Uuid;

use crate::app::App;
use crate::body;
use crate::incoming;
use crate::problem::Problem;
use crate::wcs::{Turned, prove_sender, taken, turned};

/// The header in which programs of Publik say that they failed.
const ERROR_CODE: &str = "x-error-code";

/// A record that was taken.
pub(crate) struct Taken {
    /// The message that it is kept as.
    pub(crate) message: Uuid,
    /// The runs that the message has set off.
    pub(crate) runs: Vec<ReceivedRun>,
    /// What its sender is answered.
    pub(crate) answer: Response,
}

/// Takes in one record of whoever may push to this source; else what its sender is answered.
pub(crate) async fn take_in<B>(
    app: &App,
    route: &SourceRoute,
    parts: &Parts,
    body: B,
) -> Result<Taken, Response>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
{
    received(app, route, parts, body).await.map_err(|error| refused(&error))
}

async fn received<B>(
    app: &App,
    route: &SourceRoute,
    parts: &Parts,
    body: B,
) -> Result<Taken, Turned>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
{
    let source = route.source().ok_or_else(incoming::source_gone)?;
    if let Some(ReceiverAccess::Keys(names)) = &source.access {
        prove_sender(app, &route.routing, names, parts).await?;
    }
    let body = body::read(body, &parts.headers, app.bounds()).await?;
    // The room of a compressed body is that of what it becomes: it is held until the answer.
    let held = body.clone();
    let accepts_bad_bodies = source.on_bad_body == OnBadBody::Accept;
    let received = app.hub.receive_record(route, incoming::incoming(parts, body)).await;
    let is_without_form = matches!(&received, Ok(record) if record.submission.is_none())
        && (source.gives_display_id || has_answers(&held));
    drop(held);
    let record = received.map_err(|error| {
        let problem = incoming::refusal(error, accepts_bad_bodies);
        incoming::count_refused(route, &problem);
        problem
    })?;
    match &record.receipt.outcome {
        ReceiptOutcome::Quarantined { .. } if accepts_bad_bodies => {}
        ReceiptOutcome::Quarantined { code, reason } => {
            let problem = Problem::bad_request(code, reason.clone());
            return Err(incoming::kept_unreadable(problem, record.receipt.message).into());
        }
        _ if is_without_form => return Err(without_form(record.receipt.message).into()),
        _ => {}
    }
    let answer = taken(&told(app, source, &route.routing.project, &record));
    Ok(Taken { message: record.receipt.message, runs: record.receipt.runs, answer })
}

/// Whether a body is a record with answers, and so one of a form.
fn has_answers(body: &[u8]) -> bool {
    Value::parse(body).is_ok_and(|record| record.get("fields").is_some())
}

fn without_form(message: Uuid) -> Problem {
    let detail = "it cannot be told of which form the record is: neither `api_url` nor `url` leads to \
                  `…/<form>/<id>/`, and `id` does not name it";
    Problem::bad_request("record-without-form", detail).about_message(message).hint(
        "the message is kept and is no submission; give the source a `form`, or let the sender post the \
         complete form data, then send it again",
    )
}

/// What a sender is told that was refused.
fn refused(error: &Turned) -> Response {
    let code = match error {
        Turned::Refused(refusal) | Turned::Warned(refusal, _) => refusal.code.to_owned(),
        Turned::Method(_) => "method-not-allowed".to_owned(),
        Turned::Problem(problem) => problem.code().to_owned(),
    };
    let mut response = turned(error);
    if let Ok(code) = HeaderValue::from_str(&code) {
        response.headers_mut().insert(ERROR_CODE, code);
    }
    response
}

/// What a sender is told whose record was taken.
fn told(app: &App, source: &Source, project: &str, record: &ReceivedRecord) -> Value<'static> {
    let mut data: Vec<(&str, Value<'static>)> = Vec::new();
    if let Some(id) = record.submission {
        data.push(("id", Value::from(id.to_string())));
    }
    data.push(("message", Value::from(record.receipt.message.to_string())));
    let display_id = record.followed.as_ref().map(|followed| {
        data.extend(of_submission(app, project, followed));
        let progress = &followed.record.progress;
        progress.natural_id.as_ref().unwrap_or(&progress.display_id).clone()
    });
    let display_id = display_id.filter(|_| source.gives_display_id);
    let display_id = display_id.map(|id| ("display_id", Value::from(id)));
    data.extend(display_id.clone());
    let members = [("err", Value::from(0_i64)), ("data", Value::object(data))];
    Value::object(members.into_iter().chain(display_id))
}

/// What is told of a submission, by the names that w.c.s. has for it.
fn of_submission(
    app: &App,
    project: &str,
    followed: &Followed,
) -> Vec<(&'static str, Value<'static>)> {
    let (progress, form) = (&followed.record.progress, &followed.form.definition.name);
    let addresses = app.hub.addresses(project, form, progress);
    let number = progress.natural_id.clone().unwrap_or_else(|| progress.number.to_string());
    let mut told = vec![
        ("form", Value::from(form.clone())),
        ("number", Value::from(number)),
        ("api_url", Value::from(addresses.api_url)),
    ];
    if followed.form.is_tracked {
        told.push(("url", Value::from(addresses.url)));
        told.push(("backoffice_url", Value::from(addresses.backoffice_url)));
    }
    let code = progress.tracking_code.clone();
    told.extend(code.map(|code| ("tracking_code", Value::from(code))));
    told
}
