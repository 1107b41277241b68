//! Sources: the keys of one, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::source::{Dedupe, Dialect, OnBadBody, SenderAuthentication, Source};
use uuid::Uuid;

use super::SourceDraft;
use super::access::{read_access, write_access};
use super::authentication::{read_user, write_user};
use super::fetching;
use super::fields::{Field, Fields, Place, Section, collect};
use super::problem::Problem;
use super::project::check_name;
use super::write::{Members, Secrets, only};

/// The longest inbox secret, in bytes.
const MAX_INBOX_SECRET: usize = 256;

/// The longest custom path, in bytes.
const MAX_PATH: usize = 512;

/// How long contents can be remembered in order to recognise them.
const DEDUPE_WINDOW: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_hours(365 * 24);

/// For how long a source can be allowed to be silent.
const EXPECT_EVERY: RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(365 * 24);

/// The ways for a sender to prove itself, as the elements of `auth` name them.
const KINDS_OF_AUTHENTICATION: [&str; 2] = ["api_key", "basic"];

/// Reads a source.
pub fn read_source(name: &str, value: &Value<'_>) -> Result<SourceDraft, Vec<Problem>> {
    collect(&format!("sources.{name}"), |place| read(name, value, place))
}

/// Writes a source; what is as it would be anyway is left out.
pub fn write_source(source: &Source, secrets: Secrets) -> Value<'static> {
    write(&SourceDraft::from(source), secrets)
}

pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<SourceDraft> {
    check_name(&place, name);
    let mut fields = Fields::open(Section::Source, value, place)?;
    let dialect =
        fields.require("dialect").and_then(|field| field.choice(Dialect::ALL, Dialect::name));
    let secret = fields.take("secret").and_then(read_inbox_secret);
    let id = fields.take("id").and_then(|field| read_id(&field));
    let path = fields.take("path").and_then(|field| read_path(&field));
    let enabled = fields.take("enabled").map(|field| field.boolean());
    let dedupe = fields.take("dedupe").map(|field| read_dedupe(&field));
    let on_bad_body = fields
        .take("on_bad_body")
        .map(|field| field.choice(&[OnBadBody::Refuse, OnBadBody::Accept], on_bad_body_name));
    let authentication = fields.take("auth").map(|field| read_senders(&field));
    let access = fields.take("access").map(|field| read_access(&field, dialect));
    let expect_every = fields.take("expect_every").map(|field| field.duration(EXPECT_EVERY));
    let fetch_files = fields.take("fetch_files").and_then(|field| fetching::read(&field, dialect));
    let form = fields.take("form").filter(|field| is_of_records(field, dialect));
    let form = form.map(|field| read_form_name(&field));
    let display_id = fields.take("display_id").filter(|field| is_of_records(field, dialect));
    let display_id = display_id.map(|field| field.boolean());
    fields.close();
    let dialect = dialect?;
    Some(SourceDraft {
        name: name.to_owned(),
        dialect,
        secret,
        id,
        path,
        enabled: enabled.unwrap_or(Some(true))?,
        dedupe: dedupe.unwrap_or(Some(Dedupe::Identity))?,
        on_bad_body: on_bad_body.unwrap_or(Some(default_on_bad_body(dialect)))?,
        authentication: authentication.unwrap_or_default(),
        access: access.flatten(),
        expect_every: expect_every.flatten(),
        fetch_files,
        form: form.flatten(),
        gives_display_id: display_id.unwrap_or(Some(false))?,
    })
}

pub(super) fn write(source: &SourceDraft, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("dialect", source.dialect.name());
    if let Some(secret) = &source.secret {
        members.put("secret", secrets.secret(secret));
    }
    if let Some(id) = source.id {
        members.put("id", secrets.address(id.to_string()));
    }
    if let Some(path) = &source.path {
        members.put("path", secrets.address(path.clone()));
    }
    members.put_unless(source.enabled, "enabled", source.enabled);
    match source.dedupe {
        Dedupe::Identity => {}
        Dedupe::None => members.put("dedupe", "none"),
        Dedupe::Content { window } => {
            members.put("dedupe", only("content", duration::format(window)));
        }
    }
    members.put_unless(
        source.on_bad_body == default_on_bad_body(source.dialect),
        "on_bad_body",
        on_bad_body_name(source.on_bad_body),
    );
    let senders: Vec<_> =
        source.authentication.iter().map(|sender| write_sender(sender, secrets)).collect();
    members.put_unless(senders.is_empty(), "auth", senders);
    if let Some(access) = &source.access {
        members.put("access", write_access(access));
    }
    if let Some(expect_every) = source.expect_every {
        members.put("expect_every", duration::format(expect_every));
    }
    if let Some(connection) = &source.fetch_files {
        members.put("fetch_files", connection.clone());
    }
    if let Some(form) = &source.form {
        members.put("form", form.clone());
    }
    members.put_unless(!source.gives_display_id, "display_id", source.gives_display_id);
    members.into_value()
}

/// Whether the dialect is that of records: what else comes names its form, and its sender takes no number.
fn is_of_records(field: &Field<'_, '_>, dialect: Option<Dialect>) -> bool {
    let other = dialect.filter(|dialect| *dialect != Dialect::Wcs);
    if let Some(other) = other {
        field.place.report_with_hint::<()>(
            "wrong-value",
            format!("this key means nothing for a source of the dialect `{other}`"),
            "leave it out, or write `dialect: wcs`",
        );
    }
    other.is_none()
}

fn read_form_name(field: &Field<'_, '_>) -> Option<String> {
    let name = field.text()?;
    check_name(&field.place, name);
    Some(name.to_owned())
}

/// The sender of this dialect stops sending at its first refusal, so it gets none.
const fn default_on_bad_body(dialect: Dialect) -> OnBadBody {
    match dialect {
        Dialect::OdkAggregate => OnBadBody::Accept,
        _ => OnBadBody::Refuse,
    }
}

const fn on_bad_body_name(on_bad_body: OnBadBody) -> &'static str {
    match on_bad_body {
        OnBadBody::Refuse => "refuse",
        OnBadBody::Accept => "accept",
    }
}

/// Whether a text is a path segment that every client sends unchanged.
fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn read_inbox_secret(field: Field<'_, '_>) -> Option<Secret> {
    let place = field.place.clone();
    let secret = field.secret()?;
    let text = secret.expose();
    if text != PLACEHOLDER && (!is_segment(text) || text.len() > MAX_INBOX_SECRET) {
        return place.report(
            "bad-secret",
            format!(
                "a secret is the last part of a URL: letters, digits, `-`, `.`, `_` and `~`, at \
                 most {MAX_INBOX_SECRET} bytes"
            ),
        );
    }
    Some(secret)
}

fn read_id(field: &Field<'_, '_>) -> Option<Uuid> {
    let text = field.text()?;
    if text == PLACEHOLDER {
        // As if it were left out: it stays as it is.
        return None;
    }
    Uuid::try_parse(text).ok().or_else(|| {
        field.place.report_with_hint(
            "wrong-value",
            format!("{} is not a UUID", field.shown()),
            "leave `id` out to have one made",
        )
    })
}

fn read_path(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if text == PLACEHOLDER || text.split('/').all(is_segment) && text.len() <= MAX_PATH {
        return Some(text.to_owned());
    }
    field.place.report_with_hint(
        "bad-path",
        format!(
            "{} is not a path: parts of letters, digits, `-`, `.`, `_` and `~` with `/` between \
             them, at most {MAX_PATH} bytes",
            field.shown()
        ),
        "what stands here comes after `/i/<project>/`; write no `/` at the beginning or end",
    )
}

fn read_dedupe(field: &Field<'_, '_>) -> Option<Dedupe> {
    if field.value.as_object().is_none() {
        let is_other = !matches!(field.value, Value::String(_));
        if is_other {
            return field.wrong_type("`identity`, `none` or `{ content: <duration> }`");
        }
        return field.choice(&[Dedupe::Identity, Dedupe::None], |dedupe| match dedupe {
            Dedupe::None => "none",
            _ => "identity",
        });
    }
    let mut fields = field.fields(Section::Inner)?;
    let window = fields.require("content").and_then(|field| field.duration(DEDUPE_WINDOW));
    fields.close();
    Some(Dedupe::Content { window: window? })
}

fn read_senders(field: &Field<'_, '_>) -> Vec<SenderAuthentication> {
    field.elements().into_iter().filter_map(|sender| read_sender(&sender)).collect()
}

fn read_sender(field: &Field<'_, '_>) -> Option<SenderAuthentication> {
    let mut fields = field.fields(Section::Inner)?;
    let kind = fields.only_one_of(&KINDS_OF_AUTHENTICATION)?;
    let values = fields.require(kind)?;
    if kind == "api_key" {
        return values.secret().map(SenderAuthentication::ApiKey);
    }
    let (username, password) = read_user(&values)?;
    Some(SenderAuthentication::Basic { username, password })
}

fn write_sender(sender: &SenderAuthentication, secrets: Secrets) -> Value<'static> {
    match sender {
        SenderAuthentication::ApiKey(key) => only("api_key", secrets.secret(key)),
        SenderAuthentication::Basic { username, password } => {
            only("basic", write_user(username, password, secrets))
        }
    }
}
