//! Where the addresses lead that documents of w.c.s. give, for people who follow them.
//!
//! ```text
//!   /p/<project>/backoffice/management/<form>/<id>/     a submission, for those who handle it
//!   /p/<project>/backoffice/data/<kind>/<id>/           a card: a case, or a submission
//!   /p/<project>/backoffice/submission/<form>/          where a form is filled in for others
//!   /p/<project>/<category>/                            the forms of a category, for everybody
//!   /p/<project>/<form>/<id>/                           a submission, for whoever did not send it in
//! ```
//!
//! What is handled here is handled in the web application: whoever is signed in and belongs to the project is led
//! to the page of it there, and whoever is not signed in to where one signs in, and back. Nobody else is told
//! whether there is such a thing: whose account has nothing to do with the project is told that, whatever the address
//! names.

use axum::response::Response;
use fieldpost_dialects::wcs::catalogue::category_slug;
use fieldpost_engine::RecordKey;
use fieldpost_model::form_definition::FormDefinition;
use http::StatusCode;
use http::request::Parts;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::markup::Markup;
use super::visit::{Account, NOT_IN_A_PART, Turned, Visit};

/// Something that has a page in the web application.
enum Place<'p> {
    Forms,
    Form(&'p str),
    Submissions,
    Submission {
        form: &'p str,
        id: &'p str,
        is_to_be_changed: bool,
    },
    Cases(Option<&'p str>),
    Case {
        kind: &'p str,
        id: &'p str,
    },
    /// The page where a form is filled in.
    Filling(&'p str),
}

/// What the address of somebody who handles things names; nothing where it is none of ours.
fn place<'p>(visit: &Visit, segments: &[&'p str]) -> Option<Place<'p>> {
    let is_asked = |name: &str| visit.routing.form_definition(name).is_some();
    let place = match *segments {
        [] => Place::Forms,
        ["management"] => Place::Submissions,
        ["data"] => Place::Cases(None),
        ["management", form] => Place::Form(form),
        ["data", kind] if is_asked(kind) => Place::Form(kind),
        ["data", kind] => Place::Cases(Some(kind)),
        ["submission", form] => Place::Filling(form),
        ["data", kind, id] if !is_asked(kind) => Place::Case { kind, id },
        ["management" | "data", form, id] => {
            Place::Submission { form, id, is_to_be_changed: false }
        }
        ["management" | "data", form, id, action] if action.starts_with("wfedit-") => {
            Place::Submission { form, id, is_to_be_changed: true }
        }
        _ => return None,
    };
    Some(place)
}

/// Answers an address below `backoffice/`.
pub(super) async fn backoffice(visit: &Visit, parts: &Parts) -> Result<Response, Turned> {
    // The path as it was sent: an id can have any sign in it.
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8().map(String::from);
    let rest = parts.uri.path().split('/').skip(4).filter(|segment| !segment.is_empty());
    let segments: Vec<String> =
        rest.map(decoded).collect::<Result<_, _>>().map_err(|_| Turned::NotFound)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let place = place(visit, &segments).ok_or(Turned::NotFound)?;
    if visit.account() == Account::Unknown {
        return Ok(to_sign_in(visit, parts));
    }
    lead(visit, place).await
}

/// Answers the address of a form that the project does not ask: a category has one, too.
pub(super) async fn form_or_category(
    visit: &Visit,
    parts: &Parts,
    name: &str,
) -> Result<Response, Turned> {
    if let Some(page) = category(visit, name) {
        return Ok(page);
    }
    // Whether there is such a form or not: names could be guessed else.
    if visit.account() == Account::Unknown {
        return Ok(to_sign_in(visit, parts));
    }
    lead(visit, Place::Form(name)).await
}

/// Answers the address of a submission that the visitor has not sent in, or that there is not. `why` is what they get
/// who do not belong to the project.
pub(super) async fn record(
    visit: &Visit,
    parts: &Parts,
    form: &str,
    id: &str,
    why: Turned,
) -> Result<Response, Turned> {
    // It may be theirs all the same: the page of a form that is asked here says how they get to it.
    let is_asked = visit.routing.form_definition(form).is_some();
    match visit.account() {
        Account::Unknown | Account::Foreign if is_asked => Err(why),
        Account::Unknown => Ok(to_sign_in(visit, parts)),
        Account::Foreign => Err(Turned::Foreign),
        Account::OfProject => {
            lead(visit, Place::Submission { form, id, is_to_be_changed: false }).await
        }
    }
}

/// Leads somebody of the project to a page that there is.
async fn lead(visit: &Visit, place: Place<'_>) -> Result<Response, Turned> {
    if visit.account() != Account::OfProject {
        return Err(Turned::Foreign);
    }
    let (hub, project) = (&visit.app.hub, &*visit.routing.project);
    let path = match place {
        Place::Forms => application(visit, &["forms"], ""),
        Place::Submissions => application(visit, &["submissions"], ""),
        Place::Cases(None) => application(visit, &["cases"], ""),
        Place::Cases(Some(kind)) => {
            application(visit, &["cases"], &format!("?type={}", escaped(kind)))
        }
        Place::Form(name) => {
            hub.followed_form(&visit.routing, name).await?.ok_or(Turned::NotFound)?;
            application(visit, &["forms", name], "")
        }
        Place::Filling(name) => {
            visit.form(name).await?;
            visit.path(&[name])
        }
        Place::Submission { form, id, is_to_be_changed } => {
            let form = hub.followed_form(&visit.routing, form).await?.ok_or(Turned::NotFound)?;
            let followed = hub.record(&visit.routing, &form, RecordKey::Id(id)).await?;
            // What was not sent yet is its author's alone.
            let is_draft =
                |it: &fieldpost_engine::Followed| form.is_tracked && it.record.progress.is_draft();
            let followed = followed.filter(|it| !it.is_erased && !is_draft(it));
            let submission = followed.ok_or(Turned::NotFound)?.submission.to_string();
            let query = if is_to_be_changed { "?tab=lifecycle" } else { "" };
            application(visit, &["submissions", &submission], query)
        }
        Place::Case { kind, id } => {
            let found = hub.store().cases(project, &[id]).await?.remove(id);
            let case = found.filter(|it| !it.value.deleted && it.value.case_type == kind);
            case.ok_or(Turned::NotFound)?;
            application(visit, &["cases", id], "")
        }
    };
    Ok(visit.redirect(&path, None))
}

/// The path of a page of the project in the web application.
fn application(visit: &Visit, parts: &[&str], query: &str) -> String {
    let mut path = format!("{}/projects/{}", visit.app.path_prefix(), &*visit.routing.project);
    for part in parts {
        path.push('/');
        path.push_str(&escaped(part));
    }
    path.push_str(query);
    path
}

/// Leads to where one signs in, and from there back to where somebody was going.
fn to_sign_in(visit: &Visit, parts: &Parts) -> Response {
    let prefix = visit.app.path_prefix();
    let query = parts.uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let next = escaped(&format!("{prefix}{}{query}", parts.uri.path()));
    visit.redirect(&format!("{prefix}/sign-in?next={next}"), None)
}

fn escaped(part: &str) -> String {
    utf8_percent_encode(part, &NOT_IN_A_PART).to_string()
}

/// The page of a category: the forms of it that the visitor may fill in; nothing where there is no such category.
fn category(visit: &Visit, slug: &str) -> Option<Response> {
    let all = visit.routing.form_definitions().iter();
    let is_member = |form: &&std::sync::Arc<FormDefinition>| {
        form.category.as_deref().is_some_and(|category| category_slug(category) == slug)
    };
    let members: Vec<_> = all.filter(is_member).collect();
    let title = members.first()?.category.clone()?;
    let mut html = Markup::default();
    html.element("h1", &[], &title).line();
    let open: Vec<_> = members.into_iter().filter(|form| visit.is_shown(form)).collect();
    if open.is_empty() {
        html.element("p", &[], visit.words.category_empty).line();
    } else {
        html.open("ul", &[("class", "forms")]).line();
    }
    for form in &open {
        html.open("li", &[]);
        html.element("a", &[("href", &visit.path(&[&form.name]))], &form.title);
        if !form.description.is_empty() {
            html.paragraphs(&[], &form.description);
        }
        html.close("li").line();
    }
    if !open.is_empty() {
        html.close("ul").line();
    }
    Some(visit.page(&title, false, html, StatusCode::OK))
}
