//! Cases that programs change: the ids of those that they make, and how what they ask for is taken in.
//!
//! The id of a case that is made by the id that another system has for it follows from the project and the external id, so that two that race, at whichever hubs, make the same
//! case; the filing of the later one finds it there and changes it.

use fieldpost_engine::{ChangeError, FormOutcome};
use fieldpost_model::case::CaseBlock;
use fieldpost_store::{Store, StoreError};
use http::StatusCode;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::incoming;
use crate::problem::Problem;

/// Changes cases: all of them, or none, as one form of the hub's own. The answer is the id of that form, or the name
/// of what was decided of it instead. When this answers well, the change is committed and synced.
pub(crate) async fn change(
    app: &App,
    project: &str,
    blocks: &[CaseBlock],
    user: &str,
) -> Result<Result<String, &'static str>, Problem> {
    let changed = app.hub.change_cases(project, None, blocks, user).await;
    let changed = changed.map_err(|error| match error {
        ChangeError::Hub(error) => Problem::from(error),
        ChangeError::Receive(error) => incoming::refusal(error, false),
    })?;
    match changed.receipt.outcome {
        FormOutcome::Decided(decision) if decision.is_taken() => Ok(Ok(changed.form_id)),
        FormOutcome::Decided(decision) => Ok(Err(decision.name())),
        FormOutcome::NotProcessable { code, reason } | FormOutcome::Unreadable { code, reason } => {
            Err(Problem::new(StatusCode::BAD_REQUEST, code, reason)
                .about_message(changed.receipt.message)
                .hint("nothing was changed"))
        }
    }
}

/// Ids that are tried for the case of one external id: those before were taken by cases that were deleted, or that
/// are called otherwise by now.
pub(crate) const MOST: u32 = 100;

/// The id of the case that is made for an external id: the same for all that name one, unless the case that has it is
/// deleted, or is called otherwise by now. `None` where all that are tried are taken.
pub(crate) async fn free(
    store: &Store,
    project: &str,
    external_id: &str,
) -> Result<Option<String>, StoreError> {
    for number in 0..MOST {
        let id = numbered(project, external_id, number);
        let states = store.cases(project, &[&id]).await?;
        // One that is there and called so was made by another in this moment.
        let is_free = states
            .get(&id)
            .is_none_or(|case| !case.value.deleted && case.value.external_id == external_id);
        if is_free {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// One of the ids that the cases of an external id may have, counted from 0.
fn numbered(project: &str, external_id: &str, number: u32) -> String {
    let mut digest = Sha256::new();
    digest.update(b"fieldpost case by external id\0");
    digest.update(project.as_bytes());
    digest.update([0]);
    digest.update(external_id.as_bytes());
    if number > 0 {
        digest.update([0]);
        digest.update(number.to_be_bytes());
    }
    of_digest(digest.finalize().into())
}

/// The id of a case that no other system has an id for: it follows from what is said of it, so that the same said
/// again makes no other.
pub(crate) fn of_content<'t>(
    project: &'t str,
    case_type: &'t str,
    texts: impl IntoIterator<Item = &'t str>,
) -> String {
    let mut digest = Sha256::new();
    digest.update(b"fieldpost case by content\0");
    for text in [project, case_type].into_iter().chain(texts) {
        digest.update(text.len().to_be_bytes());
        digest.update(text.as_bytes());
    }
    of_digest(digest.finalize().into())
}

fn of_digest(whole: [u8; 32]) -> String {
    let mut bytes = [0; 16];
    for (short, long) in bytes.iter_mut().zip(whole) {
        *short = long;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_external_id_has_one_case_in_each_project() {
        let id = numbered("clinic", "7", 0);
        assert_eq!(numbered("clinic", "7", 0), id);
        assert_ne!(numbered("clinic", "7", 1), id);
        assert_ne!(numbered("clinic", "8", 0), id);
        assert_ne!(numbered("other", "7", 0), id);
        assert!(Uuid::try_parse(&id).is_ok());
    }

    #[test]
    fn the_same_content_is_the_same_case() {
        let id = of_content("clinic", "child", ["name", "Amina"]);
        assert_eq!(of_content("clinic", "child", ["name", "Amina"]), id);
        assert_ne!(of_content("clinic", "child", ["nameA", "mina"]), id);
        assert_ne!(of_content("clinic", "mother", ["name", "Amina"]), id);
    }
}
