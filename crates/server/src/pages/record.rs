//! The page of a submission for whoever filled it in: how it goes on, what was said, and what they can do.
//!
//! It shows what concerns the submitter alone: statuses that are visible to them, what was said, files that
//! are not kept from them; never what programs left, who handles it, or that a call failed.

use axum::body::Body;
use axum::response::Response;
use fieldpost_engine::{Followed, FollowedForm, RecordKey};
use fieldpost_model::form_definition::{DisplayLocation, FormDefinition};
use fieldpost_model::lifecycle::{ActionKind, Who};
use fieldpost_model::progress::{Actor, HistoryEntry, Part};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::{Available, Caller, Happening, who};
use http::StatusCode;
use http::request::Parts;

use super::form::GO;
use super::markup::Markup;
use super::posted;
use super::shown::{self, Shown};
use super::visit::{Turned, Visit};
use super::words::filled;
use super::{files, fill};

/// The control that proves that a post comes from a page of ours, for this visitor.
const TOKEN: &str = "token";
/// The control with what somebody says.
const TEXT: &str = "text";
/// The control with a file.
const FILE: &str = "file";

/// Finds a submission that the visitor may look at.
pub(super) async fn find(
    visit: &Visit,
    form: &str,
    id: &str,
) -> Result<(FollowedForm, Followed), Turned> {
    let (form, followed) = match fill::found(visit, form, id).await {
        // Whether there is one is for nobody to know who may not look at it.
        Err(Turned::NotFound) if visit.routing.form_definition(form).is_some() => {
            return Err(visit.locked(form));
        }
        found => found?,
    };
    if visit.is_submitter(&followed) {
        return Ok((form, followed));
    }
    Err(visit.locked(&form.definition.name))
}

/// What the visitor can do with a submission of theirs.
pub(super) fn available(visit: &Visit, followed: &Followed) -> Vec<Available> {
    let hub = &visit.app.hub;
    hub.with_machine(&visit.routing, followed, |machine| {
        machine.available(&followed.record, &caller(visit))
    })
}

fn caller(visit: &Visit) -> Caller {
    visit.caller(true)
}

/// Shows a submission.
pub(super) async fn show(
    visit: &Visit,
    form: &str,
    id: &str,
    parts: &Parts,
) -> Result<Response, Turned> {
    let (form, followed) = find(visit, form, id).await?;
    let happened = parts.uri.query().unwrap_or_default();
    page(visit, &form, &followed, happened, None).await
}

async fn page(
    visit: &Visit,
    form: &FollowedForm,
    followed: &Followed,
    happened: &str,
    wrong: Option<(&str, &str)>,
) -> Result<Response, Turned> {
    let given = files::given(visit, followed).await?;
    let (definition, words) = (&*form.definition, visit.words);
    let progress = &followed.record.progress;
    let mut html = Markup::default();
    let title = match (progress.is_draft(), happened) {
        (true, _) => words.draft_title.to_owned(),
        (false, "sent") => words.sent_title.to_owned(),
        (false, _) => format!("{} #{}", definition.title, progress.display_id),
    };
    head(visit, definition, followed, happened, &title, &mut html);
    facts(visit, definition, followed, &mut html);
    if progress.is_draft() {
        let path = format!("{}edit/", visit.path_of(&definition.name, progress));
        html.open("p", &[("class", "buttons")]);
        html.element("a", &[("class", "button main"), ("href", &path)], words.draft_go_on);
        html.close("p").line();
    } else {
        actions(visit, definition, followed, wrong, &mut html);
        history(visit, definition, followed, &mut html);
    }
    html.element("h2", &[], words.answers).line();
    let link = |name: &str| {
        let file = given.iter().find(|file| file.name == name)?;
        Some(files::address(visit, &definition.name, followed, file))
    };
    shown::answers(
        Shown { words, link: &link },
        &definition.fields,
        &followed.record.submission.values,
        DisplayLocation::Summary,
        |_| true,
        &mut html,
    );
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(visit.page(&title, wrong.is_some(), html, status))
}

/// What stands over it: that it was sent or kept, and the code to come back with.
fn head(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
    happened: &str,
    title: &str,
    html: &mut Markup,
) {
    let words = visit.words;
    let progress = &followed.record.progress;
    let is_sent = happened == "sent" && !progress.is_draft();
    if !is_sent && !progress.is_draft() {
        html.element("h1", &[], title).line();
    } else {
        html.open(
            "div",
            &[("class", "good"), ("role", "status"), ("tabindex", "-1"), ("autofocus", "")],
        );
        html.element("h1", &[], title);
        if is_sent {
            html.element("p", &[], words.sent_text);
        } else {
            let lifespan = definition.drafts.map_or(0, |drafts| drafts.lifespan.as_secs());
            let days = (lifespan / (24 * 60 * 60)).to_string();
            html.element("p", &[], &filled(words.draft_text, &[&days]));
        }
        if let Some(code) = &progress.tracking_code {
            html.element("p", &[("class", "hint")], words.code_label);
            html.element("p", &[("class", "code")], code);
            html.element("p", &[], words.code_keep);
        }
        html.close("div").line();
    }
}

/// Its number, its status, when it came.
fn facts(visit: &Visit, definition: &FormDefinition, followed: &Followed, html: &mut Markup) {
    let words = visit.words;
    let progress = &followed.record.progress;
    html.open("dl", &[("class", "facts")]);
    let mut fact = |term: &str, text: &str, class: &'static str| {
        html.open("div", &[]).element("dt", &[], term).open("dd", &[]);
        html.element("span", if class.is_empty() { &[] } else { &[("class", "status")] }, text);
        html.close("dd").close("div");
    };
    if !progress.is_draft() {
        fact(words.number, &progress.display_id, "");
    }
    let status = visible_status(visit, definition, followed);
    fact(words.status, status.as_deref().unwrap_or(words.draft), "status");
    if !progress.is_draft() {
        fact(words.received, &moment(visit, progress.received_at), "");
    }
    html.close("dl").line();
}

/// The name of the last status that the submitter may know of.
fn visible_status(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
) -> Option<String> {
    let came_to = followed.record.progress.history.iter().rev();
    let mut seen = came_to
        .filter_map(|entry| entry.status.as_deref())
        .filter(|status| sees(visit, definition, followed, status));
    let status = seen.next()?;
    Some(
        definition.lifecycle.status(status).map_or_else(|| status.to_owned(), |it| it.name.clone()),
    )
}

/// Whether the submitter may know that it is in a status.
fn sees(visit: &Visit, definition: &FormDefinition, followed: &Followed, status: &str) -> bool {
    let status = definition.lifecycle.status(status);
    status.is_none_or(|status| is_for(visit, definition, followed, &status.visible_to))
}

pub(super) fn is_for(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
    visible_to: &[Who],
) -> bool {
    visible_to.is_empty()
        || who::matches_any(visible_to, &caller(visit), definition, &followed.record.progress)
}

/// A moment as people of the project's place tell it.
fn moment(visit: &Visit, time: Timestamp) -> String {
    let local = visit.surroundings().local(time);
    let format = if visit.words.code == "fr" { "%d/%m/%Y %H:%M" } else { "%Y-%m-%d %H:%M" };
    local.map_or_else(|| time.to_string(), |local| local.format(format).to_string())
}

fn history(visit: &Visit, definition: &FormDefinition, followed: &Followed, html: &mut Markup) {
    let words = visit.words;
    html.element("h2", &[], words.history).line();
    html.open("ol", &[("class", "history")]);
    let told = followed.record.progress.history.iter();
    let told = told.filter_map(|entry| told_of(visit, definition, followed, entry));
    let told: Vec<Markup> = told.collect();
    for (place, entry) in told.iter().enumerate() {
        let class = if place + 1 == told.len() { "now" } else { "past" };
        html.open("li", &[("class", class)]).add(entry).close("li").line();
    }
    html.close("ol").line();
}

/// One thing that happened, as the submitter is told; nothing where it is none of theirs.
fn told_of(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
    entry: &HistoryEntry,
) -> Option<Markup> {
    let words = visit.words;
    let mut html = Markup::default();
    let status = entry.status.as_deref().filter(|status| sees(visit, definition, followed, status));
    let name = status
        .map(|status| definition.lifecycle.status(status).map_or(status, |status| &status.name));
    let mut is_told = name.is_some();
    if let Some(name) = name {
        html.element("strong", &[], name);
    }
    let who = match &entry.who {
        Some(Actor::Submitter) => format!(" · {}", words.you),
        Some(Actor::User(user))
            if visit.person.as_ref().is_some_and(|it| it.number == user.number) =>
        {
            format!(" · {}", words.you)
        }
        Some(Actor::User(_)) => format!(" · {}", words.somebody),
        None => String::new(),
    };
    let when = format!("{}{who}", moment(visit, entry.time));
    html.element("span", &[("class", "when")], &when);
    for part in &entry.parts {
        match part {
            Part::Comment { html: comment, .. } => {
                html.open("div", &[("class", "words")]);
                html.paragraphs(&[], &fieldpost_dialects::wcs::plain_text(comment)).close("div");
                is_told = true;
            }
            Part::Attachment { file, visible_to, .. }
                if is_for(visit, definition, followed, visible_to) =>
            {
                html.open("div", &[("class", "words")]);
                let path = files::address(visit, &definition.name, followed, file);
                let (before, behind) = words.attached.split_once("{}").unwrap_or_default();
                html.open("p", &[]).text(before);
                html.element("a", &[("href", &path)], &file.name).text(behind);
                html.close("p").close("div");
                is_told = true;
            }
            _ => {}
        }
    }
    is_told.then_some(html)
}

/// What can be done, a form each: every one works without a script.
fn actions(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
    wrong: Option<(&str, &str)>,
    html: &mut Markup,
) {
    let words = visit.words;
    if followed.record.progress.is_busy() {
        html.element("p", &[("class", "notice")], words.busy).line();
        return;
    }
    let available = available(visit, followed);
    let is_for_page = |it: &&Available| !matches!(it, Available::Hook(_) | Available::Trigger(_));
    if !available.iter().any(|it| is_for_page(&it)) {
        return;
    }
    html.element("h2", &[], words.actions).line();
    let token = token(visit, followed);
    for available in available.iter().filter(is_for_page) {
        action(visit, definition, followed, available, &token, wrong, html);
    }
}

fn action(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &Followed,
    available: &Available,
    token: &str,
    wrong: Option<(&str, &str)>,
    html: &mut Markup,
) {
    let words = visit.words;
    let or = |label: &str, usual: &str| {
        if label.is_empty() { usual.to_owned() } else { label.to_owned() }
    };
    let kind = |status: &str, id: &str| {
        let status = definition.lifecycle.status(status)?;
        status.actions.iter().find(|action| action.id == id).map(|action| &action.kind)
    };
    let form = |html: &mut Markup| {
        html.open(
            "form",
            &[("method", "post"), ("enctype", "multipart/form-data"), ("class", "act")],
        );
        html.open("input", &[("type", "hidden"), ("name", TOKEN), ("value", token)]);
    };
    match available {
        Available::Button(status, id) => {
            let Some(ActionKind::Jump(jump)) = kind(status, id) else { return };
            let to = match &jump.to {
                fieldpost_model::lifecycle::JumpTarget::Status(to) => to.as_str(),
                fieldpost_model::lifecycle::JumpTarget::Previous => "",
            };
            let to = definition.lifecycle.status(to).map_or(to, |status| &status.name);
            form(html);
            let go = format!("button:{id}");
            let label = or(&jump.label, to);
            html.element("button", &[("name", GO), ("value", &go)], &label).close("form").line();
        }
        Available::GlobalAction(id) => {
            let Some(action) = definition.lifecycle.global_action(id) else { return };
            form(html);
            let go = format!("global:{id}");
            html.element("button", &[("name", GO), ("value", &go)], &or(&action.name, id));
            html.close("form").line();
        }
        Available::Comment(status, id) => {
            let Some(ActionKind::Comment(comment)) = kind(status, id) else { return };
            form(html);
            let label = or(&comment.label, words.comment);
            let (go, control) = (format!("comment:{id}"), format!("text-{id}"));
            let error = wrong.filter(|(wrong, _)| *wrong == go).map(|(_, text)| text);
            open_control(&control, &label, error, html);
            let described = format!("{control}-error");
            let mut attributes = vec![("id", control.as_str()), ("name", TEXT), ("rows", "4")];
            describe(error, &described, &mut attributes);
            html.element("textarea", &attributes, "").close("div");
            html.element("button", &[("name", GO), ("value", &go)], words.comment_send);
            html.close("form").line();
        }
        Available::Attach(status, id) => {
            let Some(ActionKind::Attach(attach)) = kind(status, id) else { return };
            form(html);
            let label = or(&attach.label, words.attach);
            let (go, control) = (format!("attach:{id}"), format!("file-{id}"));
            let error = wrong.filter(|(wrong, _)| *wrong == go).map(|(_, text)| text);
            open_control(&control, &label, error, html);
            let described = format!("{control}-error");
            let mut attributes = vec![("type", "file"), ("id", control.as_str()), ("name", FILE)];
            describe(error, &described, &mut attributes);
            html.open("input", &attributes).close("div");
            html.element("button", &[("name", GO), ("value", &go)], words.attach_send);
            html.close("form").line();
        }
        Available::Edit(status, id) => {
            let Some(ActionKind::Edit(edit)) = kind(status, id) else { return };
            let progress = &followed.record.progress;
            let path = format!("{}edit/{id}/", visit.path_of(&definition.name, progress));
            html.open("p", &[("class", "act")]);
            html.element(
                "a",
                &[("class", "button"), ("href", &path)],
                &or(&edit.label, words.edit),
            );
            html.close("p").line();
        }
        Available::Hook(_) | Available::Trigger(_) => {}
    }
}

fn open_control(control: &str, label: &str, error: Option<&str>, html: &mut Markup) {
    let class = if error.is_some() { "field wrong" } else { "field" };
    html.open("div", &[("class", class)]).element("label", &[("for", control)], label);
    if let Some(error) = error {
        let id = format!("{control}-error");
        html.element("p", &[("class", "error"), ("id", &id), ("role", "alert")], error);
    }
}

fn describe<'x>(
    error: Option<&str>,
    described: &'x str,
    attributes: &mut Vec<(&'static str, &'x str)>,
) {
    if error.is_some() {
        attributes.extend([
            ("aria-invalid", "true"),
            ("aria-describedby", described),
            ("autofocus", ""),
        ]);
    }
}

/// What proves that a post comes from this page, which only this submission's submitter can open.
fn token(visit: &Visit, followed: &Followed) -> String {
    let id = followed.submission.to_string();
    visit.purpose("act", &[&*visit.routing.project, &id]).seal(visit.now, b"")
}

/// Does what was asked for.
pub(super) async fn act(
    visit: &Visit,
    form: &str,
    id: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response, Turned> {
    let (form, followed) = find(visit, form, id).await?;
    let submission = followed.submission.to_string();
    let of = [&*visit.routing.project, submission.as_str()];
    let purpose = visit.purpose("act", &of);
    let bounds = visit.bounds();
    let is_ours = |texts: &[(String, String)]| {
        let token = texts.iter().find(|(name, _)| name == TOKEN).map(|(_, text)| text.as_str());
        token.is_some_and(|token| purpose.open(token, visit.now, bounds.filling_time).is_some())
    };
    let takes = |texts: &[(String, String)], name: &str| name == FILE && is_ours(texts);
    let mut posted = posted::read(&visit.app, &parts.headers, body, takes).await?;
    if !is_ours(&posted.texts) {
        return Err(Turned::Expired);
    }
    let go = posted.one(GO).to_owned();
    let (what, of) = go.split_once(':').unwrap_or((&go, ""));
    let action = of.to_owned();
    let words = visit.words;
    let happening = match what {
        "button" => Happening::Button { action },
        "global" => Happening::GlobalAction { id: action },
        "comment" => {
            let text = posted.one(TEXT).trim();
            if text.is_empty() {
                return page(visit, &form, &followed, "", Some((&go, words.comment_empty))).await;
            }
            if text.len() > bounds.max_text {
                let wrong = words.mistake(super::answers::What::TooLong);
                return page(visit, &form, &followed, "", Some((&go, wrong))).await;
            }
            let mut html = Markup::default();
            html.paragraphs(&[], text);
            Happening::Commented { action: Some(action), html: html.into_string() }
        }
        "attach" => match posted.files.pop() {
            Some((_, file)) => Happening::Attached { action: Some(action), file },
            None => {
                return page(visit, &form, &followed, "", Some((&go, words.attach_empty))).await;
            }
        },
        _ => return Err(Turned::Expired),
    };
    let key = RecordKey::Submission(followed.submission);
    let hub = &visit.app.hub;
    let done = hub.happen(&visit.routing, &form, key, &caller(visit), happening).await?;
    let name = &form.definition.name;
    Ok(match done {
        Some(followed) => {
            let path = visit.path_of(name, &followed.record.progress);
            visit.redirect(&path, Some(visit.cookie(name, &followed)))
        }
        None => visit.redirect(&visit.path(&["code"]), None),
    })
}
