//! What is allowed in a definition and likely to be regretted.

use fieldpost_model::connection::Connection;
use fieldpost_model::secret::{PLACEHOLDER, Secret};

use super::connection::{SOUND_SIGNING_KEY_BYTES, signing_key_bytes};
use super::problem::Problem;
use super::{ProjectDraft, SourceDraft};

/// Inbox secrets shorter than this can be guessed, so that one is warned.
const SHORT_INBOX_SECRET: usize = 16;

/// What is allowed and likely to be regretted.
pub fn warnings(project: &ProjectDraft) -> Vec<Problem> {
    let silent = project.connections.iter().filter(|connection| connection.notify.is_empty()).map(
        |connection| Problem {
            path: format!("connections.{}.notify", connection.name),
            code: "no-notify",
            message: format!("nobody is told when `{}` is in trouble", connection.name),
            hint: Some("write `notify: [ops@example.org]`".to_owned()),
        },
    );
    let guessable =
        project.sources.iter().filter(|source| has_short_secret(source)).map(|source| Problem {
            path: format!("sources.{}.secret", source.name),
            code: "short-secret",
            message: format!(
                "the secret has fewer than {SHORT_INBOX_SECRET} characters; who guesses it can \
                 post to `{}`",
                source.name
            ),
            hint: Some("leave `secret` out to have one made".to_owned()),
        });
    silent.chain(guessable).chain(project.connections.iter().flat_map(weak_signing)).collect()
}

/// Warns of signing secrets that are shorter than the specification asks for.
fn weak_signing(connection: &Connection) -> impl Iterator<Item = Problem> {
    let secrets = [
        ("signing_secret", &connection.signing_secret),
        ("previous_signing_secret", &connection.previous_signing_secret),
    ];
    secrets.into_iter().filter_map(|(key, secret)| {
        let length = signing_key_bytes(secret.as_ref()?)?;
        (length < SOUND_SIGNING_KEY_BYTES).then(|| Problem {
            path: format!("connections.{}.{key}", connection.name),
            code: "short-signing-secret",
            message: format!(
                "the signing secret has {length} bytes; fewer than {SOUND_SIGNING_KEY_BYTES} can \
                 be guessed"
            ),
            hint: Some("make one with `openssl rand -base64 32`".to_owned()),
        })
    })
}

fn has_short_secret(source: &SourceDraft) -> bool {
    source
        .secret
        .as_ref()
        .map(Secret::expose)
        .is_some_and(|secret| secret != PLACEHOLDER && secret.len() < SHORT_INBOX_SECRET)
}
