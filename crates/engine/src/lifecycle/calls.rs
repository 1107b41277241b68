//! The calls of lifecycles: planned with a step, and made as deliveries. How they end is read in [`outcome`](super::outcome).
//!
//! ```text
//!   step ──► planned ──► delivery (lane, retries, attempts) ──► ended ──► the next step
//!              plan as JSON in its payload      ▲
//!                                  written anew with each try: the document as it is then
//! ```
//!
//! What a call adds of its own is rendered with the step, as everything that a template makes. The document,
//! where it is sent, is written with each try: it tells the submission as it is when it arrives.

use bytes::Bytes;
use fieldpost_dialects::wcs::document::{self, Switches};
use fieldpost_dialects::wcs::pieces::{Base64Stream, Piece};
use fieldpost_dialects::wcs::push::{self, Body};
use fieldpost_dialects::wcs::{self, Site, StatusSeen, Viewer};
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{CallFiles, CallMethod};
use fieldpost_model::progress::{ActionList, FILE_DIGEST, Progress};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::template::FileDatum;
use fieldpost_rules::lifecycle::{CallError, CallOutcome, CallPlan, Caller};
use fieldpost_store::{NewCall, NewDelivery, NewPayload};
use uuid::Uuid;

use super::machine::machine;
use super::record::{Followed, RecordKey};
use crate::hidden::{Hidden, secrets_within};
use crate::hub::Hub;
use crate::ids::new_id;
use crate::payload::Body as Sent;
use crate::rendering::{Asked, Rendered, Unrendered};
use crate::routing::ProjectRouting;
use crate::standing_order;

/// The header that says who calls: the page of those who handle the submission.
const CALLER_URL: &str = "publik-caller-url";

/// Why a body cannot be written whose file has been erased.
const GONE: &str = "a file that the call sends is gone";

/// What became of the planning of a call.
pub(super) enum Planned {
    /// It is to be made.
    Call(Box<NewCall>),
    /// It cannot be: this is how it ends.
    Impossible(Box<CallOutcome>),
}

/// Makes a delivery of a call. What is secret in its address was known before the step, or is by now.
pub(super) fn planned(
    followed: &Followed,
    progress_now: &Progress,
    plan: &CallPlan,
    now: Timestamp,
) -> Planned {
    let mut parts = vec![plan.path.as_str()];
    parts.extend(plan.query.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    let secrets = secrets_within([&followed.record.progress, progress_now], &parts);
    let own = plan.own.iter().map(|(key, value)| (key.clone(), value.to_json(&mut file_object)));
    let own = match push::unflatten(own.collect()) {
        Ok(own) => Some(own).filter(|_| !plan.own.is_empty()),
        Err(flaw) => {
            let url = Hidden::default().with(secrets).shown(&plan.path);
            return Planned::Impossible(Box::new(impossible(plan, url, &flaw.to_string())));
        }
    };
    let definition = &followed.form.definition;
    let payload = NewPayload {
        id: new_id(now),
        kind: PayloadKind::Call,
        submission: Some(followed.submission),
        case: None,
        facts: facts(plan, &definition.name, followed.submission, own, secrets),
        original: None,
    };
    let progress = &followed.record.progress;
    let delivery = NewDelivery {
        id: new_id(now),
        forwarder: standing_order::name(&definition.name),
        connection: plan.connection.clone(),
        event: Event::Call,
        key: Some(format!("{}/{}", definition.name, progress.number)),
        origin: DeliveryOrigin::Event,
        parked: false,
        order_key: None,
        collapse_key: None,
        hops: 0,
        payload: Some(payload.id),
    };
    Planned::Call(Box::new(NewCall { number: plan.number, delivery, payload }))
}

/// A file as a plan names it: whoever writes the body puts its bytes in.
fn file_object(file: &FileDatum) -> Value<'static> {
    let digest = file.sha256.clone().map(|digest| (FILE_DIGEST, Value::from(digest)));
    Value::object(
        [
            ("filename", Value::from(file.filename.clone())),
            ("content_type", Value::from(file.content_type.clone())),
        ]
        .into_iter()
        .chain(digest),
    )
}

fn impossible(plan: &CallPlan, url: String, sentence: &str) -> CallOutcome {
    let name = plan.name.iter();
    CallOutcome {
        url,
        status: None,
        errors: vec![CallError::Payload],
        stored: name
            .map(|name| (format!("{name}_payload_error"), Value::from(sentence.to_owned())))
            .collect(),
        display_id: None,
        file: None,
        summary: sentence.to_owned(),
        data: Vec::new(),
        delivery: None,
    }
}

fn facts(
    plan: &CallPlan,
    form: &str,
    submission: Uuid,
    own: Option<Value<'static>>,
    secrets: Vec<String>,
) -> String {
    let query = plan.query.iter().map(|(name, value)| {
        Value::Array(vec![Value::from(name.clone()), Value::from(value.clone())])
    });
    let (list, of) = match &plan.place.list {
        ActionList::Status(id) => ("status", id),
        ActionList::Global(id) => ("global", id),
    };
    Value::object([
        ("form", Value::from(form.to_owned())),
        ("submission", Value::from(submission.to_string())),
        ("number", Value::from(plan.number)),
        ("list", Value::from(list)),
        ("of", Value::from(of.clone())),
        ("action", Value::from(plan.place.action.clone())),
        ("method", Value::from(plan.method.name())),
        ("path", Value::from(plan.path.clone())),
        ("query", Value::Array(query.collect())),
        ("document", Value::Bool(plan.document)),
        ("files", Value::from(plan.files.name())),
        ("own", own.unwrap_or(Value::Null)),
        ("secrets", Value::Array(secrets.into_iter().map(Value::from).collect())),
    ])
    .to_json()
}

/// A plan as it is read again.
struct CallFacts {
    form: String,
    submission: Uuid,
    method: CallMethod,
    path: String,
    query: Vec<(String, String)>,
    has_document: bool,
    files: CallFiles,
    own: Option<Value<'static>>,
    /// What is secret in the address, as it was when the call was planned.
    secrets: Vec<String>,
}

impl CallFacts {
    /// The error is a sentence.
    fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let value = Value::parse(text.as_bytes()).ok()?.into_owned();
            let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
            let pair = |pair: &Value<'_>| match pair.as_array()? {
                [name, value] => Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())),
                _ => None,
            };
            Some(Self {
                form: text("form")?,
                submission: Uuid::try_parse(&text("submission")?).ok()?,
                method: CallMethod::from_name(&text("method")?)?,
                path: text("path")?,
                query: value.get("query")?.as_array()?.iter().filter_map(pair).collect(),
                has_document: value.get("document")?.as_bool()?,
                files: CallFiles::from_name(&text("files")?)?,
                own: value.get("own").filter(|own| !own.is_null()).cloned(),
                // A plan of an earlier version names none.
                secrets: value
                    .get("secrets")
                    .and_then(Value::as_array)
                    .map_or_else(Vec::new, |all| {
                        all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
                    }),
            })
        };
        read().ok_or_else(|| "the plan of the call cannot be read".to_owned())
    }
}

impl Hub {
    /// Writes what a call sends.
    pub(crate) async fn render_call(
        &self,
        routing: &ProjectRouting,
        facts: &str,
    ) -> Result<Rendered, Unrendered> {
        let facts = CallFacts::read(facts)?;
        let form = self.followed_form(routing, &facts.form).await?;
        let form = form.ok_or_else(|| format!("the form \"{}\" is gone", facts.form))?;
        let key = RecordKey::Submission(facts.submission);
        let followed = self.record(routing, &form, key).await?;
        let followed = followed.ok_or_else(|| "the submission is gone".to_owned())?;
        let document =
            facts.has_document.then(|| self.document_of_call(routing, &followed, &facts));
        let own = facts.own.as_ref().map(|own| push::own(&followed.as_record(), own));
        let bytes = match push::body(document, own) {
            Body::None => None,
            Body::Json(tree) => Some(self.written_out(&tree).await?),
        };
        let content_type = bytes.as_ref().map(|_| "application/json".to_owned());
        let name = &form.definition.name;
        let addresses = self.addresses(&routing.project, name, &followed.record.progress);
        let body =
            Sent { bytes: bytes.unwrap_or_default(), content_type, is_payload: false, rows: None };
        let mut rendered = Rendered::of(body);
        rendered.add_header("accept", "application/json".to_owned());
        rendered.add_header(CALLER_URL, addresses.backoffice_url);
        let CallFacts { method, path, query, secrets, .. } = facts;
        let hidden = Hidden::of(&followed.record.progress).with(secrets);
        rendered.asked = Some(Asked { method, path, query, hidden });
        Ok(rendered)
    }

    fn document_of_call(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        facts: &CallFacts,
    ) -> wcs::pieces::Tree {
        let site = self.site_of(&routing.project);
        let site = Site {
            base: &site,
            time_zone: super::machine::zone_of(routing),
            roles: routing.roles(),
            records: wcs::RecordsAt::Forms,
        };
        let offers =
            self.offers(routing, followed, &Caller { is_signed: true, ..Caller::nobody() });
        let addresses = self.addresses(&routing.project, &facts.form, &followed.record.progress);
        let surroundings = self.surroundings(routing, self.now());
        let machine = machine(&followed.form.definition, &addresses, surroundings);
        let concerned = machine.concerned(&followed.record).roles;
        let acting = machine.acting(&followed.record).roles;
        let viewer = Viewer {
            status: StatusSeen::True,
            offers: &offers,
            concerned: &concerned,
            acting: &acting,
        };
        let switches =
            Switches { files_content: facts.files == CallFiles::Embedded, ..Switches::CALL };
        document::write(&followed.as_record(), &site, &viewer, switches)
    }

    /// A document written out whole, with the contents of its files.
    async fn written_out(&self, tree: &wcs::pieces::Tree) -> Result<Bytes, Unrendered> {
        let most = self.settings().max_call_body;
        let mut written = Vec::new();
        for piece in tree.pieces() {
            match piece {
                Piece::Text(text) => written.extend_from_slice(text.as_bytes()),
                Piece::Content(digest) => {
                    let file = self.store().files().open(&digest).await?;
                    let mut file = file.ok_or_else(|| GONE.to_owned())?;
                    let mut stream = Base64Stream::default();
                    while let Some(bytes) = file.next().await? {
                        written.extend_from_slice(stream.push(&bytes).as_bytes());
                        check_length(written.len(), most)?;
                    }
                    written.extend_from_slice(stream.end().as_bytes());
                }
            }
            check_length(written.len(), most)?;
        }
        Ok(written.into())
    }
}

fn check_length(length: usize, most: usize) -> Result<(), Unrendered> {
    if length > most {
        return Err(Unrendered::Impossible(format!(
            "the body of the call is longer than {most} bytes, the setting max-call-body; send \
             links to the files instead (`files: links`)"
        )));
    }
    Ok(())
}
