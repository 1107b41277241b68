//! A form under way: what was typed so far goes along in the page itself, signed, and comes back with it.
//!
//! So a stranger who looks in and leaves has cost nothing, two windows do not disturb each other, the
//! button Back of a browser goes back, and every hub can take the next step. A row in the store would be
//! none of that. What stands in it is known to whoever typed it, so it need not be hidden; but it must not
//! be changed: it names files by their content, and whoever could name any could have anybody's. It is
//! also what proves that a form was posted by a page of ours.

use std::time::Duration;

use fieldpost_model::hexadecimal;
use fieldpost_model::progress::StoredFile;
use fieldpost_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sealed::Purpose;
use super::typed::Typed;

/// What becomes of the form when it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Aim {
    /// A new submission.
    #[default]
    #[serde(rename = "new")]
    New,
    /// The draft of this number goes on.
    #[serde(rename = "draft")]
    Draft(u64),
    /// The submission of this number is changed, by this action of its status.
    #[serde(rename = "edit")]
    Edit(u64, String),
}

/// A form under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// When it was begun.
    pub(super) begun: Timestamp,
    /// What the submission will be known by: sent twice, it is one.
    pub(super) key: Uuid,
    /// The page that is shown; as many as there are: the answers are to be checked.
    pub(super) page: usize,
    /// The controls that the page has.
    pub(super) shown: Vec<String>,
    /// What was typed.
    pub(super) typed: Typed,
    /// What becomes of it.
    pub(super) aim: Aim,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    k: Uuid,
    p: usize,
    s: Vec<String>,
    t: Vec<(String, String)>,
    r: Vec<(String, usize)>,
    f: Vec<(String, String, String, u64, String)>,
    a: Aim,
}

impl State {
    /// A form that was begun just now.
    pub(super) fn new(key: Uuid, now: Timestamp, aim: Aim, typed: Typed) -> Self {
        Self { begun: now, key, page: 0, shown: Vec::new(), typed, aim }
    }

    /// The text of it.
    pub(super) fn seal(&self, purpose: Purpose<'_>) -> String {
        let files = self.typed.files.iter().map(|(name, file)| {
            let digest = hexadecimal::encode(&file.sha256);
            (name.clone(), file.name.clone(), file.content_type.clone(), file.bytes, digest)
        });
        let written = Written {
            k: self.key,
            p: self.page,
            s: self.shown.clone(),
            t: self.typed.texts.clone(),
            r: self.typed.rows.clone(),
            f: files.collect(),
            a: self.aim.clone(),
        };
        let written = serde_json::to_vec(&written).unwrap_or_default();
        purpose.seal(self.begun, &written)
    }

    /// Reads it; `None` where it was not given by this installation for this form, or too long ago.
    pub(super) fn open(
        purpose: Purpose<'_>,
        sealed: &str,
        now: Timestamp,
        lasts: Duration,
    ) -> Option<Self> {
        let (begun, written) = purpose.open(sealed, now, lasts)?;
        let written: Written = serde_json::from_slice(&written).ok()?;
        let files = written.f.into_iter().map(|(control, name, content_type, bytes, digest)| {
            Some((control, StoredFile { name, content_type, bytes, sha256: digest_of(&digest)? }))
        });
        let typed =
            Typed { texts: written.t, rows: written.r, files: files.collect::<Option<_>>()? };
        Some(Self {
            begun,
            key: written.k,
            page: written.p,
            shown: written.s,
            typed,
            aim: written.a,
        })
    }
}

fn digest_of(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() {
        return None;
    }
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use fieldpost_model::secret::Secret;

    use super::*;

    #[test]
    fn a_form_under_way_comes_back_as_it_was() {
        let installation = Secret::new("one");
        let purpose = Purpose { installation: &installation, what: "form", of: &["clinic", "r"] };
        let mut typed = Typed {
            texts: vec![("a.x".to_owned(), "é\n\"".to_owned())],
            rows: vec![("a.p".to_owned(), 2)],
            ..Typed::default()
        };
        let file = StoredFile {
            name: "a.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            bytes: 3,
            sha256: [0xab; 32],
        };
        typed.put_file("a.doc", file);
        let now = Timestamp(1_000);
        let mut state = State::new(Uuid::nil(), now, Aim::Edit(7, "edit".to_owned()), typed);
        state.page = 3;
        state.shown = vec!["a.x".to_owned()];
        let sealed = state.seal(purpose);
        let day = Duration::from_hours(20);
        let open = |purpose, now| State::open(purpose, &sealed, now, day);
        assert_eq!(open(purpose, now), Some(state.clone()));
        assert_eq!(open(purpose, now + day), Some(state));
        assert_eq!(open(purpose, now + day + Duration::from_secs(1)), None);
        let other = Purpose { of: &["clinic", "s"], ..purpose };
        assert_eq!(open(other, now), None);
    }
}
