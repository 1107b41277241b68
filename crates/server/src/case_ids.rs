//! Cases that programs change: the ids of those that they make, and how what they ask for is taken in.
//!
//! The id of a case that is made by the id that another system has for it follows from the project and the external id, so that two that race, at whichever hubs, make the same
//! case; the filing of the later one finds it there and changes it. Where the caller knows cases by their types, the id follows from the type as well: the child 7 and
//! the mother 7 are two.

use fieldpost_engine::{ChangeError, FormOutcome, Note};
use fieldpost_model::case::{Case, CaseBlock};
use fieldpost_store::{Store, StoreError, Who};
use http::StatusCode;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::client_address::ClientAddress;
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

/// Writes a change of cases, which the form of that id made, into the audit log.
pub(crate) async fn note(
    app: &App,
    (project, parts): (&str, &Parts),
    who: Who,
    blocks: &[CaseBlock],
    form_id: &str,
) {
    let detail = serde_json::json!({ "cases": blocks.len(), "form": form_id });
    app.hub
        .note(Note {
            project: Some(project.to_owned()),
            who,
            action: "cases.changed".to_owned(),
            target: blocks.first().filter(|_| blocks.len() == 1).map(|it| it.case_id.clone()),
            detail: detail.to_string(),
            address: parts.extensions.get::<ClientAddress>().map(|client| client.0),
        })
        .await;
}

/// Ids that are tried for the case of one external id: those before were taken by cases that were deleted, or that
/// are called otherwise by now.
pub(crate) const MOST: u32 = 100;

/// What a case is known by elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'n> {
    /// Its type, where cases of different types may have the same id elsewhere.
    pub(crate) case_type: Option<&'n str>,
    /// The id that it is asked for by.
    pub(crate) id: &'n str,
    /// The external id that it has or gets, which may be another one.
    pub(crate) external_id: &'n str,
}

impl Named<'_> {
    /// Whether a case that has one of the ids is the one that is meant.
    fn is(&self, case: &Case) -> bool {
        !case.deleted
            && case.external_id == self.external_id
            && self.case_type.is_none_or(|case_type| case_type == case.case_type)
    }
}

/// The id of the case that is made for an external id: the same for all that name one, unless the case that has it is
/// deleted, or is called otherwise by now. It may be there, made by another in this moment or by the same import sent
/// before. `None` where all that are tried are taken.
pub(crate) async fn free(
    store: &Store,
    project: &str,
    named: Named<'_>,
) -> Result<Option<String>, StoreError> {
    for number in 0..MOST {
        let id = numbered(project, named, number);
        let states = store.cases(project, &[&id]).await?;
        if states.get(&id).is_none_or(|case| named.is(&case.value)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// One of the ids that the cases of an external id may have, counted from 0.
fn numbered(project: &str, named: Named<'_>, number: u32) -> String {
    let mut digest = Sha256::new();
    if let Some(case_type) = named.case_type {
        digest.update(b"fieldpost case by type and external id\0");
        digest.update(case_type.len().to_be_bytes());
        digest.update(case_type.as_bytes());
    } else {
        digest.update(b"fieldpost case by external id\0");
    }
    digest.update(project.as_bytes());
    digest.update([0]);
    digest.update(named.id.as_bytes());
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
    fn an_external_id_has_one_case_in_each_project_or_of_each_type() {
        for case_type in [None, Some("child")] {
            let named = |id| Named { case_type, id, external_id: id };
            let id = numbered("clinic", named("7"), 0);
            assert_eq!(numbered("clinic", named("7"), 0), id);
            assert_ne!(numbered("clinic", named("7"), 1), id);
            assert_ne!(numbered("clinic", named("8"), 0), id);
            assert_ne!(numbered("other", named("7"), 0), id);
            let mother = Named { case_type: Some("mother"), ..named("7") };
            assert_ne!(numbered("clinic", mother, 0), id);
            assert!(Uuid::try_parse(&id).is_ok());
        }
    }

    #[test]
    fn a_case_of_another_type_or_name_is_not_the_one_that_is_meant() {
        let named = Named { case_type: Some("child"), id: "7", external_id: "7" };
        let case = |case_type: &str, external_id: &str, deleted| Case {
            case_type: case_type.to_owned(),
            external_id: external_id.to_owned(),
            deleted,
            ..Case::new("c")
        };
        for (case, expected) in [
            (case("child", "7", false), true),
            (case("mother", "7", false), false),
            (case("child", "8", false), false),
            (case("child", "7", true), false),
        ] {
            assert_eq!(named.is(&case), expected, "{case:?}");
        }
    }

    #[test]
    fn the_same_content_is_the_same_case() {
        let id = of_content("clinic", "child", ["name", "Amina"]);
        assert_eq!(of_content("clinic", "child", ["name", "Amina"]), id);
        assert_ne!(of_content("clinic", "child", ["nameA", "mina"]), id);
        assert_ne!(of_content("clinic", "mother", ["name", "Amina"]), id);
    }
}
