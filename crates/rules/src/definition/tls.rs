//! How a connection's TLS differs from what the machine trusts: certificates and keys, as PEM text.
//!
//! In a file people name the PEM file instead, since nobody wants a certificate in the middle of a
//! project file. Reading that file is for the command that reads the project file, on its own
//! machine: [`put_files`] tells it where names stand. What arrives here is text only, so that
//! whoever can change a definition over the API cannot read the hub's files.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::connection::Tls;
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use sha2::{Digest as _, Sha256};

use super::fields::{Field, Section};
use super::problem::Problem;
use super::write::{Members, Secrets};

/// The longest PEM text, in bytes: as much as all public certificate authorities together.
pub const MAX_PEM_BYTES: usize = 256 * 1_024;

/// What begins each block of PEM text.
const BEGIN: &str = "-----BEGIN ";

/// What ends the line that begins or ends a block.
const DASHES: &str = "-----";

/// What begins the short form of certificates.
pub(super) const IN_SHORT: &str = "certificate SHA-256";

/// The digits of a digest that are shown: enough to tell apart whatever one has.
const SHOWN_DIGITS: usize = 16;

/// The block of a certificate.
const CERTIFICATE: &[&str] = &["CERTIFICATE"];

/// The blocks of keys: of any kind, and of the older forms for RSA and elliptic curves.
const KEYS: &[&str] = &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", SEALED_KEY];

/// The block of a key that a passphrase opens.
const SEALED_KEY: &str = "ENCRYPTED PRIVATE KEY";

/// What stands for a block with headers: those of old that say how it is encrypted.
const OLD_SEAL: &str = "ENCRYPTED";

/// The longest passphrase, in bytes.
const MAX_PASSPHRASE_BYTES: usize = 1_024;

/// The keys of `tls` that hold PEM text, or in a file the name of one.
const PEM_KEYS: [&str; 3] = ["ca", "client_certificate", "client_key"];

pub(super) fn read_tls(field: &Field<'_, '_>) -> Option<Tls> {
    let mut fields = field.fields(Section::Inner)?;
    let authorities = fields.take("ca").map(|field| read_pem(&field, CERTIFICATE));
    let certificate = fields.take("client_certificate").map(|field| read_pem(&field, CERTIFICATE));
    let key = fields.take("client_key").map(|field| {
        let field = field.hidden();
        match field.value.as_str() {
            Some(PLACEHOLDER) => Some(PLACEHOLDER.to_owned()),
            _ => read_pem(&field, KEYS),
        }
    });
    let passphrase = fields.take("client_key_passphrase").map(read_passphrase);
    let skip_verification = fields.take("skip_verification").map(|field| field.boolean());
    let place = fields.place.clone();
    fields.close();
    if passphrase.is_none() && key.iter().flatten().any(|key| is_sealed(key)) {
        return place.key("client_key").report_with_hint(
            "bad-pem",
            "the key is itself sealed with a password",
            "`client_key_passphrase` says it; or `openssl pkey -in FILE` writes the key without one: the \
             hub seals it with its own key",
        );
    }
    let missing = match (&certificate, &key) {
        (Some(Some(_)), None) => Some(("client_key", "client_certificate")),
        (None, Some(Some(_))) => Some(("client_certificate", "client_key")),
        (_, None) if passphrase.iter().flatten().next().is_some() => {
            Some(("client_key", "client_key_passphrase"))
        }
        _ => None,
    };
    if let Some((missing, there)) = missing {
        return place.key(missing).report(
            "missing-key",
            format!("`{missing}` is missing; `{there}` is of no use without it"),
        );
    }
    Some(Tls {
        authorities: whole(authorities)?,
        client_certificate: whole(certificate)?,
        client_key: whole(key)?.map(Secret::new),
        client_key_passphrase: whole(passphrase)?.map(Secret::new),
        skip_verification: skip_verification.unwrap_or(Some(false))?,
    })
}

pub(super) fn write_tls(tls: &Tls, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    for (key, text) in [("ca", &tls.authorities), ("client_certificate", &tls.client_certificate)] {
        if let Some(text) = text {
            members.put(key, text.clone());
        }
    }
    if let Some(key) = &tls.client_key {
        members.put("client_key", secrets.secret(key));
    }
    if let Some(passphrase) = &tls.client_key_passphrase {
        members.put("client_key_passphrase", secrets.secret(passphrase));
    }
    members.put_unless(!tls.skip_verification, "skip_verification", tls.skip_verification);
    members.into_value()
}

fn is_sealed(key: &str) -> bool {
    blocks(key).is_some_and(|found| found.iter().any(|(kind, _)| *kind == SEALED_KEY))
}

fn read_passphrase(field: Field<'_, '_>) -> Option<String> {
    let field = field.hidden();
    let text = field.text()?;
    if text.len() > MAX_PASSPHRASE_BYTES {
        let message = format!("a passphrase has {MAX_PASSPHRASE_BYTES} bytes at most");
        return field.place.report("out-of-range", message);
    }
    Some(text.to_owned())
}

/// Something that was left out stays so; something that was written and could not be read has been
/// reported, and nothing comes of it all.
#[expect(clippy::option_option, reason = "left out and not readable are two things here")]
fn whole<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(read) => Some(read),
    }
}

/// Reads PEM text that holds at least one block, and blocks of these kinds only.
fn read_pem(field: &Field<'_, '_>, kinds: &[&str]) -> Option<String> {
    let text = field.text()?;
    let bad = |message: String, hint: &str| field.place.report_with_hint("bad-pem", message, hint);
    if text.len() > MAX_PEM_BYTES {
        return bad(
            format!("PEM text has at most {MAX_PEM_BYTES} bytes, this one {}", text.len()),
            "leave out the certificates that are not needed",
        );
    }
    if !is_pem(text) {
        return bad(
            "is not PEM text; names of files are read only from a project file on the machine of \
             the command that reads it"
                .to_owned(),
            "write the text itself, from `-----BEGIN` to the end, or use `fieldpost apply`",
        );
    }
    match blocks(text) {
        None => bad(
            "is not PEM text: a block does not end, or does not hold base64".to_owned(),
            "copy the file whole, from `-----BEGIN` to the last `-----`",
        ),
        Some(found) => match found.iter().map(|(kind, _)| *kind).find(|it| !kinds.contains(it)) {
            // The line breaks of some systems would have to be escaped wherever it is written.
            None => Some(text.replace("\r\n", "\n")),
            Some(other) if other == OLD_SEAL => bad(
                "the key is itself sealed with a password, in a form of old".to_owned(),
                "`openssl pkey -in FILE` writes it without one, and the hub seals it with its own key; \
                 `openssl pkcs8 -topk8 -in FILE` writes it in the form that is read",
            ),
            Some(other) => bad(
                format!("holds a block `{other}`, not only `{}`", kinds.join("`, `")),
                "certificates and keys are keys of their own here",
            ),
        },
    }
}

/// Whether a value is meant as PEM text rather than as the name of a file.
fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// A text of certificates in short, for people to tell one from another: `certificate SHA-256
/// 1a2b…, 1 block`. The digest of a single certificate is its fingerprint. `None` for other texts.
pub fn certificates_in_short(text: &str) -> Option<String> {
    let found = is_pem(text).then(|| blocks(text))??;
    let are_certificates = found.iter().all(|(kind, _)| CERTIFICATE.contains(kind));
    if found.is_empty() || !are_certificates {
        return None;
    }
    let digest = found.iter().fold(Sha256::new(), |digest, (_, bytes)| digest.chain_update(bytes));
    let digest = hexadecimal::encode(&digest.finalize());
    let start: String = digest.chars().take(SHOWN_DIGITS).collect();
    let blocks = if found.len() == 1 { "block" } else { "blocks" };
    Some(format!("{IN_SHORT} {start}…, {} {blocks}", found.len()))
}

/// The value with all texts of certificates in short: for people to read, not to be read back.
pub fn with_short_certificates(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::String(text) => match certificates_in_short(text) {
            Some(short) => Value::from(short),
            None => value.clone().into_owned(),
        },
        Value::Array(elements) => {
            Value::Array(elements.iter().map(with_short_certificates).collect())
        }
        Value::Object(members) => {
            let short = |(key, value): &(Cow<'_, str>, Value<'_>)| {
                (Cow::Owned(key.to_string()), with_short_certificates(value))
            };
            Value::Object(members.iter().map(short).collect())
        }
        _ => value.clone().into_owned(),
    }
}

/// The kinds of the blocks of a PEM text with what they hold; `None` where one is broken. What
/// stands between blocks is commentary.
fn blocks(text: &str) -> Option<Vec<(&str, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix(BEGIN) else { continue };
        let kind = kind.strip_suffix(DASHES)?;
        let end = format!("-----END {kind}{DASHES}");
        let mut body = String::new();
        loop {
            match lines.next()? {
                line if line == end => break,
                // The headers of older forms, such as `Proc-Type: 4,ENCRYPTED`.
                line if line.contains(':') => return Some(vec![(OLD_SEAL, Vec::new())]),
                line => body.push_str(line),
            }
        }
        let bytes = STANDARD.decode(&body).ok().filter(|bytes| !bytes.is_empty())?;
        found.push((kind, bytes));
    }
    Some(found)
}

/// Replaces the names of PEM files in a project file by what these files hold, as far as they can be used, and tells of
/// the others. `read` is given a name as it is written and returns the text, or says why it cannot.
pub fn put_files(
    project: &mut Value<'static>,
    read: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (connection, value) in members_of(project, "connections") {
        for (key, value) in members_of(value, "tls") {
            if !PEM_KEYS.contains(&key.as_ref()) {
                continue;
            }
            let name = match &*value {
                Value::String(text) if !text.is_empty() && !is_pem(text) && text != PLACEHOLDER => {
                    text.clone().into_owned()
                }
                _ => continue,
            };
            match read(&name) {
                Ok(text) => *value = Value::from(text),
                Err(message) => problems.push(Problem {
                    path: format!("connections.{connection}.tls.{key}"),
                    code: "bad-pem",
                    message: format!("the file `{name}` cannot be used: {message}"),
                    hint: Some("its name counts from the folder of the project file".to_owned()),
                }),
            }
        }
    }
    problems
}

/// The members of the object that stands under a key; none where there is no such object.
pub(super) fn members_of<'v>(
    value: &'v mut Value<'static>,
    key: &str,
) -> impl Iterator<Item = (&'v Cow<'static, str>, &'v mut Value<'static>)> {
    let inner = match value {
        Value::Object(members) => {
            members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
        }
        _ => None,
    };
    let members = match inner {
        Some(Value::Object(members)) => members.as_mut_slice(),
        _ => &mut [],
    };
    members.iter_mut().map(|(name, value)| (&*name, value))
}
