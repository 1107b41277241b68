//! Whoever has a tracking code comes back to what they sent: by a page that asks for the code, and, where the
//! form says so, for some of the answers; or by a link with a temporary access, as w.c.s. gives it to the
//! programs that ask for a code.
//!
//! Wrong codes and wrong answers are counted; after too many nobody is told anything for a while. A code that
//! is right never counts.

use axum::body::Body;
use axum::response::Response;
use fieldpost_engine::{Followed, FollowedForm, RecordKey};
use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, keyed};
use fieldpost_model::submission::Node;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::tracking_code;
use fieldpost_store::{ProgressKey, StoreError};
use http::StatusCode;
use http::request::Parts;

use super::answers;
use super::frame::Notice;
use super::markup::Markup;
use super::posted;
use super::sealed::Purpose;
use super::shown;
use super::typed::{PREFIX, Typed};
use super::visit::{Turned, Visit, minutes};
use super::words::filled;
use crate::app::App;
use crate::wrong_codes::Trier;

/// The control with the code.
const CODE: &str = "code";
/// How much of what was typed is shown again, in characters.
const MOST_SHOWN: usize = 40;

/// What is shown beside the question for a code.
#[derive(Default)]
struct Asked<'a> {
    /// What was typed.
    code: &'a str,
    /// What is wrong with it.
    wrong: Option<&'static str>,
    /// What has to be answered with it.
    verify: Vec<(String, &'a FormField)>,
    /// What was answered.
    typed: Typed,
}

/// Asks for a code.
pub(super) fn ask(visit: &Visit, parts: &Parts) -> Response {
    let query = parts.uri.query().unwrap_or_default();
    let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == CODE);
    let code = code.map_or_else(String::new, |(_, code)| code.into_owned());
    page(visit, &Asked { code: &code, ..Asked::default() }, StatusCode::OK)
}

fn page(visit: &Visit, asked: &Asked<'_>, status: StatusCode) -> Response {
    let words = visit.words;
    let mut html = Markup::default();
    html.element("h1", &[], words.code_title).line();
    let lead = if asked.verify.is_empty() { words.code_ask } else { words.code_verify };
    html.element("p", &[("class", "lead")], lead).line();
    html.open("form", &[("method", "post"), ("novalidate", "")]).line();
    let code: String = asked.code.chars().take(MOST_SHOWN).collect();
    if asked.verify.is_empty() {
        let class = if asked.wrong.is_some() { "field wrong" } else { "field" };
        html.open("div", &[("class", class)]);
        html.element("label", &[("for", CODE)], words.code_label);
        html.element("p", &[("class", "hint"), ("id", "code-hint")], words.code_hint);
        let mut attributes = vec![
            ("type", "text"),
            ("id", CODE),
            ("name", CODE),
            ("class", "code"),
            ("autocomplete", "off"),
            ("autocapitalize", "characters"),
            ("spellcheck", "false"),
            ("required", ""),
            ("value", code.as_str()),
        ];
        match asked.wrong {
            None => attributes.push(("aria-describedby", "code-hint")),
            Some(wrong) => {
                let error = [("class", "error"), ("id", "code-error"), ("role", "alert")];
                html.element("p", &error, wrong);
                attributes.extend([
                    ("aria-describedby", "code-hint code-error"),
                    ("aria-invalid", "true"),
                    ("autofocus", ""),
                ]);
            }
        }
        html.open("input", &attributes).close("div").line();
    } else {
        verify(visit, asked, &code, &mut html);
    }
    html.open("div", &[("class", "buttons")]);
    html.element("button", &[("class", "main")], words.code_follow);
    html.close("div").close("form").line();
    visit.page(words.code_title, asked.wrong.is_some(), html, status)
}

/// The questions whose answers prove that it is them.
fn verify(visit: &Visit, asked: &Asked<'_>, code: &str, html: &mut Markup) {
    if let Some(wrong) = asked.wrong {
        html.element("p", &[("class", "error"), ("role", "alert")], wrong);
    }
    html.open("input", &[("type", "hidden"), ("name", CODE), ("value", code)]);
    let fields = asked.verify.iter().map(|(key, field)| super::reading::Asked {
        name: format!("{PREFIX}{key}"),
        field,
        text: field.label.clone(),
        rows: Vec::new(),
    });
    let fields: Vec<_> = fields.collect();
    let controls = super::controls::Controls {
        words: visit.words,
        typed: &asked.typed,
        mistakes: &[],
        max_file: 0,
        max_rows: 0,
    };
    controls.fields(&fields, html);
}

/// Looks a code up.
pub(super) async fn look_up(visit: &Visit, parts: &Parts, body: Body) -> Result<Response, Turned> {
    let (app, words) = (&visit.app, visit.words);
    let trier = Trier::Address(visit.address);
    if let Some(wait) = app.wrong_codes.must_wait(trier, visit.now) {
        let text = filled(words.too_many, &[&minutes(wait).to_string()]);
        let notice = Notice {
            wait: Some(wait.as_secs().max(1)),
            ..Notice::new(words, words.code_title, &text)
        };
        return Ok(visit.notice(&notice, StatusCode::TOO_MANY_REQUESTS));
    }
    let posted = posted::read(app, &parts.headers, body, |_, _| false).await?;
    let code = posted.one(CODE).to_owned();
    let found = match tracking_code::normalised(&code) {
        Some(code) => find(visit, &code).await?,
        None => None,
    };
    let Some((form, followed)) = found else {
        app.wrong_codes.count(trier, visit.now);
        let wrong = Some(words.code_unknown);
        let asked = Asked { code: &code, wrong, ..Asked::default() };
        return Ok(page(visit, &asked, StatusCode::NOT_FOUND));
    };
    let verify = to_verify(&form.definition);
    let mut typed = Typed { texts: posted.texts, ..Typed::default() };
    let is_answered = verify.iter().any(|(key, _)| {
        typed.texts.iter().any(|(name, _)| super::typed::is_of(name, &format!("{PREFIX}{key}")))
    });
    let is_right = verify.iter().all(|(key, field)| is_same(visit, key, field, &typed, &followed));
    if !is_right {
        if is_answered {
            app.wrong_codes.count(trier, visit.now);
        }
        typed.texts.retain(|(name, _)| name != CODE);
        let wrong = is_answered.then_some(words.code_wrong);
        let asked = Asked { code: &code, wrong, verify, typed };
        let status = if is_answered { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        return Ok(page(visit, &asked, status));
    }
    Ok(led(visit, &form, &followed))
}

/// Sends somebody on to the page of a submission, with the right to look at it for a while.
fn led(visit: &Visit, form: &FollowedForm, followed: &Followed) -> Response {
    let name = &form.definition.name;
    let path = visit.path_of(name, &followed.record.progress);
    visit.redirect(&path, Some(visit.cookie(name, followed)))
}

/// The submission with a code, where its form still has codes.
async fn find(visit: &Visit, code: &str) -> Result<Option<(FollowedForm, Followed)>, Turned> {
    let hub = &visit.app.hub;
    let key = ProgressKey::TrackingCode(code);
    let Some(found) = hub.store().progress(&visit.routing.project, key).await? else {
        return Ok(None);
    };
    let form = match visit.form(&found.form).await {
        Ok(form) if form.definition.tracking_codes.is_some() => form,
        Ok(_) | Err(Turned::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let key = RecordKey::Submission(found.submission);
    let followed = hub.record(&visit.routing, &form, key).await?;
    Ok(followed.filter(|it| !it.is_erased).map(|followed| (form, followed)))
}

/// The fields whose answers must be given with the code.
fn to_verify(definition: &FormDefinition) -> Vec<(String, &FormField)> {
    let wanted = definition.tracking_codes.as_ref().map(|codes| &codes.verify_fields);
    let fields = keyed(&definition.fields).into_iter();
    fields.filter(|(key, _)| wanted.is_some_and(|wanted| wanted.contains(key))).collect()
}

/// Whether a question is answered as it was in the form. Capitals and blanks at the ends do not matter to
/// people.
fn is_same(
    visit: &Visit,
    key: &str,
    field: &FormField,
    typed: &Typed,
    followed: &Followed,
) -> bool {
    let max_text = visit.bounds().max_text;
    let (given, _) = answers::read(field, &format!("{PREFIX}{key}"), typed, max_text);
    let Some(Node::Answer(kept)) = followed.record.submission.values.get(key) else {
        return field.field_type == FieldType::Computed;
    };
    let plain = |answer| shown::text(visit.words, field, answer).trim().to_lowercase();
    plain(&given) == plain(kept)
}

/// The link by which whoever may ask for codes gets somebody to their submission; it is good for a while.
pub(crate) async fn load_url(
    app: &App,
    project: &str,
    form: &str,
    number: u64,
    now: Timestamp,
) -> Result<String, StoreError> {
    let installation = app.hub.receiver_key().await?;
    let number = number.to_string();
    let of = [project, form, number.as_str()];
    let token = Purpose { installation, what: "load", of: &of }.seal(now, b"");
    let form: String = form_urlencoded::byte_serialize(form.as_bytes()).collect();
    let path = format!("/p/{project}/code/load/?form={form}&number={number}&token={token}");
    Ok(app.link(&path))
}

/// Opens such a link.
pub(super) async fn load(visit: &Visit, parts: &Parts) -> Result<Response, Turned> {
    let query = parts.uri.query().unwrap_or_default();
    let find = |wanted: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    };
    let (name, number, token) = (find("form"), find("number"), find("token"));
    let of = [&*visit.routing.project, name.as_str(), number.as_str()];
    let is_good =
        visit.purpose("load", &of).open(&token, visit.now, visit.bounds().link_time).is_some();
    let number = number.parse().ok().filter(|_| is_good).ok_or_else(|| visit.locked(&name))?;
    let form = visit.form(&name).await?;
    let key = RecordKey::Number(number);
    let followed = visit.app.hub.record(&visit.routing, &form, key).await?;
    let followed = followed.filter(|it| !it.is_erased).ok_or(Turned::NotFound)?;
    Ok(led(visit, &form, &followed))
}
