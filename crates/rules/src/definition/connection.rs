//! Connections: the keys of one, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use fieldpost_model::connection::{
    Authentication, Connection, DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT, IncidentPolicy, Rate, Tls,
};
use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};

use super::address::{is_database, read_destination, read_notify};
use super::authentication::{read_authentication, write_authentication};
use super::credential::{read_credential, write_credential};
use super::fields::{Field, Fields, Place, Section, collect};
use super::problem::Problem;
use super::project::check_name;
use super::tls::{read_tls, write_tls};
use super::write::{Members, Secrets};

/// How long one attempt can be allowed to take.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(10);

/// How many attempts can be allowed at once.
const CONCURRENCY: RangeInclusive<u32> = 1..=1_000;

/// How many calls a rate can allow.
const CALLS: RangeInclusive<u32> = 1..=1_000_000;

/// Within which time a rate can allow them.
const RATE_PERIOD: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

/// How many failures can be asked for to open an incident.
const FAILURES: RangeInclusive<u32> = 1..=1_000_000;

/// Which share of failures can be asked for, in percent.
const SHARE: RangeInclusive<u32> = 0..=100;

/// How far back failures can count.
const INCIDENT_WINDOW: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(7 * 24);

/// How long the pause between reminders can be.
const REMIND_EVERY: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(365 * 24);

/// What a signing secret begins with.
const SIGNING_SECRET_PREFIX: &str = "whsec_";

/// How long the key in a signing secret can be, in bytes.
const SIGNING_KEY_BYTES: RangeInclusive<usize> = 1..=64;

/// The least bytes that Standard Webhooks asks for. Receivers that made shorter secrets exist, so
/// those are taken, and warned of.
pub(super) const SOUND_SIGNING_KEY_BYTES: usize = 24;

/// Base64 with and without the `=` at its end: receivers hand out both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a connection.
pub fn read_connection(name: &str, value: &Value<'_>) -> Result<Connection, Vec<Problem>> {
    collect(&format!("connections.{name}"), |place| read(name, value, place))
}

/// Writes a connection; what is as it would be anyway is left out.
pub fn write_connection(connection: &Connection, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("url", secrets.url(&connection.url));
    members.put_unless(
        connection.authentication == Authentication::None,
        "auth",
        write_authentication(&connection.authentication, secrets),
    );
    let notify = secrets.recipients(&connection.notify);
    members.put_unless(connection.notify.is_empty(), "notify", notify);
    let timeout = connection.timeout;
    members.put_unless(timeout == DEFAULT_TIMEOUT, "timeout", duration::format(timeout));
    let concurrency = connection.concurrency;
    members.put_unless(concurrency == DEFAULT_CONCURRENCY, "concurrency", u64::from(concurrency));
    for (key, secret) in [
        ("signing_secret", &connection.signing_secret),
        ("previous_signing_secret", &connection.previous_signing_secret),
    ] {
        if let Some(secret) = secret {
            members.put(key, secrets.secret(secret));
        }
    }
    if let Some(rate) = connection.rate {
        members.put("rate", write_rate(rate));
    }
    let tls = write_tls(&connection.tls, secrets);
    members.put_unless(connection.tls == Tls::default(), "tls", tls);
    members.put_unless(!connection.paused, "paused", connection.paused);
    let incident = connection.incident;
    members.put_unless(incident == IncidentPolicy::default(), "incident", write_incident(incident));
    let credential = write_credential(&connection.credential, secrets);
    members.put_unless(connection.credential.is_empty(), "credential", credential);
    members.into_value()
}

pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<Connection> {
    check_name(&place, name);
    let mut fields = Fields::open(Section::Connection, value, place)?;
    let url = fields.require("url").and_then(|field| read_destination(&field));
    let authentication =
        fields.take("auth").map(|field| read_authentication(&field, url.as_deref()));
    let notify = fields.take("notify").map(|field| read_notify(&field)).unwrap_or_default();
    let timeout = fields.take("timeout").map(|field| field.duration(TIMEOUT));
    let concurrency = fields.take("concurrency").map(|field| field.whole_number(CONCURRENCY));
    let rate = fields.take("rate").and_then(|field| read_rate(&field));
    let tls = fields.take("tls").map(|field| read_tls(&field));
    let paused = fields.take("paused").map(|field| field.boolean());
    let incident = fields.take("incident").map(|field| read_incident(&field));
    let credential = fields.take("credential").map(|field| read_credential(&field));
    let signing_secret = fields.take("signing_secret").map(read_signing_secret);
    let previous_field = fields.take("previous_signing_secret");
    let previous_place = previous_field.as_ref().map(|field| field.place.clone());
    let previous_signing_secret = previous_field.map(read_signing_secret);
    let place = fields.place.clone();
    fields.close();
    if url.as_deref().is_some_and(is_database) {
        let signs = signing_secret.is_some() || previous_signing_secret.is_some();
        report_parts_of_requests(&place, authentication.as_ref(), signs);
    }
    if let (Some(place), None) = (previous_place, &signing_secret) {
        place.report_with_hint::<()>(
            "wrong-value",
            "there is a previous signing secret, but none that it was followed by",
            "write it as `signing_secret`",
        );
    }
    Some(Connection {
        name: name.to_owned(),
        url: url?,
        authentication: authentication.unwrap_or(Some(Authentication::None))?,
        notify,
        timeout: timeout.unwrap_or(Some(DEFAULT_TIMEOUT))?,
        concurrency: concurrency.unwrap_or(Some(DEFAULT_CONCURRENCY))?,
        signing_secret: signing_secret.flatten(),
        previous_signing_secret: previous_signing_secret.flatten(),
        rate,
        tls: tls.unwrap_or_else(|| Some(Tls::default()))?,
        paused: paused.unwrap_or(Some(false))?,
        incident: incident.unwrap_or_else(|| Some(IncidentPolicy::default()))?,
        credential: credential.unwrap_or_default(),
    })
}

/// Reports what belongs to requests over HTTP, where the connection is a database.
fn report_parts_of_requests(
    place: &Place<'_>,
    authentication: Option<&Option<Authentication>>,
    signs: bool,
) {
    let fits =
        |it: &Authentication| matches!(it, Authentication::None | Authentication::Basic { .. });
    if authentication.and_then(Option::as_ref).is_some_and(|it| !fits(it)) {
        place.key("auth").report_with_hint::<()>(
            "does-not-apply",
            "a database is opened with a user name and a password",
            "write `auth: { basic: { username: …, password: … } }`",
        );
    }
    if signs {
        place.key("signing_secret").report_with_hint::<()>(
            "does-not-apply",
            "rows of a database are not signed",
            "leave `signing_secret` out",
        );
    }
}

/// Reads a rate: calls, and the time within which so many are allowed, `50/s` or `50/10s`.
fn read_rate(field: &Field<'_, '_>) -> Option<Rate> {
    let wrong = || {
        field.place.report_with_hint(
            "wrong-type",
            format!("must be a rate, not {}", field.shown()),
            "write calls and a time: `50/s`, `600/m`, `1000/h`, `5000/d`, `50/10s`",
        )
    };
    let parts = field.value.as_str().and_then(|text| text.split_once('/'));
    let Some((calls, per)) = parts.map(|(calls, per)| (calls.trim(), per.trim())) else {
        return wrong();
    };
    // A unit alone is one of it.
    let per = duration::parse(per).or_else(|| duration::parse(&format!("1{per}")));
    match (calls.parse::<u32>(), per) {
        (Ok(calls), Some(per)) if CALLS.contains(&calls) && RATE_PERIOD.contains(&per) => {
            Some(Rate { calls, per })
        }
        (Ok(_), Some(_)) => field.out_of_range(
            &write_rate(Rate { calls: *CALLS.start(), per: *RATE_PERIOD.end() }),
            &write_rate(Rate { calls: *CALLS.end(), per: *RATE_PERIOD.start() }),
        ),
        _ => wrong(),
    }
}

fn write_rate(rate: Rate) -> String {
    rate.to_string()
}

fn read_incident(field: &Field<'_, '_>) -> Option<IncidentPolicy> {
    let default = IncidentPolicy::default();
    let mut fields = field.fields(Section::Inner)?;
    let failures = fields.take("failures").map(|field| field.whole_number(FAILURES));
    let share = fields.take("share").map(|field| read_share(&field));
    let window = fields.take("window").map(|field| field.duration(INCIDENT_WINDOW));
    let remind_every = fields.take("remind_every").map(|field| field.duration(REMIND_EVERY));
    fields.close();
    Some(IncidentPolicy {
        failures: failures.unwrap_or(Some(default.failures))?,
        share_percent: share.unwrap_or(Some(default.share_percent))?,
        window: window.unwrap_or(Some(default.window))?,
        remind_every: remind_every.unwrap_or(Some(default.remind_every))?,
    })
}

/// Reads a share in percent, `50%`.
fn read_share(field: &Field<'_, '_>) -> Option<u32> {
    let number = field.value.as_str().and_then(|text| text.strip_suffix('%'));
    match number.and_then(|number| number.trim().parse::<u32>().ok()) {
        Some(share) if SHARE.contains(&share) => Some(share),
        Some(_) => field.out_of_range(&write_share(*SHARE.start()), &write_share(*SHARE.end())),
        None => field.place.report_with_hint(
            "wrong-type",
            format!("must be a share in percent, not {}", field.shown()),
            "write a whole number and the sign: `50%`",
        ),
    }
}

fn write_share(percent: u32) -> String {
    format!("{percent}%")
}

fn write_incident(incident: IncidentPolicy) -> Value<'static> {
    let default = IncidentPolicy::default();
    let mut members = Members::default();
    let failures = u64::from(incident.failures);
    members.put_unless(incident.failures == default.failures, "failures", failures);
    let share = write_share(incident.share_percent);
    members.put_unless(incident.share_percent == default.share_percent, "share", share);
    for (key, value, default) in [
        ("window", incident.window, default.window),
        ("remind_every", incident.remind_every, default.remind_every),
    ] {
        members.put_unless(value == default, key, duration::format(value));
    }
    members.into_value()
}

/// Reads the secret of signatures.
pub(super) fn read_signing_secret(field: Field<'_, '_>) -> Option<Secret> {
    let place = field.place.clone();
    let secret = field.secret()?;
    let length = signing_key_bytes(&secret);
    let is_good = length.is_some_and(|length| SIGNING_KEY_BYTES.contains(&length));
    if is_good || secret.expose() == PLACEHOLDER {
        return Some(secret);
    }
    let (least, most) = (SIGNING_KEY_BYTES.start(), SIGNING_KEY_BYTES.end());
    place.report_with_hint(
        "bad-signing-secret",
        format!("must be `{SIGNING_SECRET_PREFIX}` and the base64 of {least} to {most} bytes"),
        "make one with `openssl rand -base64 32`",
    )
}

/// How long the key in a signing secret is, in bytes; `None` where there is none.
pub(super) fn signing_key_bytes(secret: &Secret) -> Option<usize> {
    let encoded = secret.expose().strip_prefix(SIGNING_SECRET_PREFIX)?;
    BASE64.decode(encoded).ok().map(|key| key.len())
}
