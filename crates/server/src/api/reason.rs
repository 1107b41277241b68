//! Why somebody does something to what others rely on, in their own words: kept with what was done,
//! and in the audit log, for those who come later and wonder.

use axum::extract::{FromRequest, Request};
use fieldpost_engine::Asked;
use serde::Deserialize;
use utoipa::ToSchema;

use super::audited::Audited;
use super::body::Optional;
use super::parameters::bad;
use super::principal::Caller;
use crate::app::Shared;
use crate::problem::Problem;

/// Characters of a reason, at most.
pub(super) const MOST_CHARACTERS: usize = 500;

/// Why something is done.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasoned {
    /// Why, in your own words; 500 characters at most. It is in the audit log; that of a pause is
    /// shown as long as the pause lasts.
    #[schema(max_length = 500, example = "their server is being moved")]
    reason: Option<String>,
}

/// The reason that a request may have in its body; it is noted in the audit log by itself.
pub(super) struct Reason(Option<String>);

impl Reason {
    /// Who asks, and why.
    pub(super) fn asked(self, caller: &Caller) -> Asked {
        Asked { by: caller.name().to_owned(), reason: self.0 }
    }
}

impl FromRequest<Shared> for Reason {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let audited = request.extensions().get::<Audited>().cloned().unwrap_or_default();
        let Optional(Reasoned { reason }) = Optional::from_request(request, app).await?;
        let reason = read(reason)?;
        note(&audited, reason.as_deref());
        Ok(Self(reason))
    }
}

/// A reason as somebody wrote it; none where nothing is in it.
pub(super) fn read(reason: Option<String>) -> Result<Option<String>, Problem> {
    let Some(reason) = reason else { return Ok(None) };
    let reason = reason.trim();
    if reason.chars().count() > MOST_CHARACTERS {
        let hint = format!("say it in {MOST_CHARACTERS} characters");
        return Err(bad("reason", reason, hint));
    }
    Ok((!reason.is_empty()).then(|| reason.to_owned()))
}

/// Writes a reason into the audit log, where there is one.
pub(super) fn note(audited: &Audited, reason: Option<&str>) {
    if let Some(reason) = reason {
        audited.detail("reason", reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        let read = read(Some(written.to_owned())).unwrap();
        assert_eq!(read.as_deref(), expected, "{written:?}");
    }

    #[test]
    fn a_reason_is_short_or_absent() {
        assert_eq!(read(None).unwrap(), None);
        check("", None);
        check(" \n", None);
        check(" moved ", Some("moved"));
        let longest = "é".repeat(MOST_CHARACTERS);
        check(&longest, Some(&longest));
        let longer = read(Some(longest + "é")).unwrap_err().to_value();
        assert_eq!((&longer["code"], &longer["status"]), (&"bad-parameter".into(), &400.into()));
        assert_eq!(longer["hint"], "say it in 500 characters");
    }
}
