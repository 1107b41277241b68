//! What has changed of the cards of a kind of cases, as the feed of changes tells it.
//!
//! A case that is gone is a tombstone, which says nothing but its id: of which type it was nobody knows any more, so the
//! feed of every kind has it. Whoever has no card of that id lets it pass.
//!
//! Nor does anybody know of which type a case was before it became one of another: so that no reader of the old kind
//! keeps its card, its id is told as that of a tombstone in the feeds of all kinds but its own. One that has been
//! written only once was never of another type. (Where a case of its id was before, a tombstone of that is left.)

use fieldpost_dialects::wcs::case;
use fieldpost_model::case::Case;
use fieldpost_model::json::Value;
use fieldpost_store::{Change, ChangeKind, Revised, StoreError};

use super::Asked;
use super::changes::Told;

/// Those of some changes that are of cards of that kind.
pub(super) async fn describe(
    asked: &Asked,
    kind: &str,
    changes: Vec<Change>,
) -> Result<Vec<Told>, StoreError> {
    let of_cases: Vec<Change> =
        changes.into_iter().filter(|change| change.kind == ChangeKind::Case).collect();
    let there = of_cases.iter().filter(|change| !change.is_tombstone);
    let ids: Vec<&str> = there.map(|change| change.id.as_str()).collect();
    let cases = asked.app.hub.store().cases(asked.project(), &ids).await?;
    let told = of_cases.iter().filter_map(|change| {
        let case = cases.get(&change.id);
        // Between the two looks it may have gone: then its tombstone is told in its turn.
        let row = match case {
            _ if change.is_tombstone => row(change, "deleted", Vec::new()),
            Some(case) if case.value.case_type == kind => told_of(asked, change, &case.value),
            Some(case) if may_have_been_another(case) => row(change, "deleted", Vec::new()),
            _ => return None,
        };
        Some(Told { place: change.sequence, row })
    });
    Ok(told.collect())
}

/// Whether a case can have been of another type than it is.
const fn may_have_been_another(case: &Revised<Case>) -> bool {
    case.revision > 1
}

/// A case that is there, or whose forms are all gone: then it is no card any more.
fn told_of(asked: &Asked, change: &Change, case: &Case) -> Value<'static> {
    let what = if case.deleted { "deleted" } else { "changed" };
    let address = asked.site().record_address(&case.case_type, &case.id);
    let own = vec![
        ("uuid", Value::from(case::uuid(&case.id).to_string())),
        ("form", Value::from(case.case_type.clone())),
        ("id", Value::from(case.id.clone())),
        ("api_url", Value::from(address)),
    ];
    row(change, what, if case.deleted { Vec::new() } else { own })
}

fn row(
    change: &Change,
    what: &'static str,
    own: Vec<(&'static str, Value<'static>)>,
) -> Value<'static> {
    let told = [
        ("place", Value::from(change.sequence.to_string())),
        ("what", Value::from(what)),
        ("record", Value::from(change.id.clone())),
        ("at", Value::from(change.at.to_string())),
    ];
    Value::object(told.into_iter().chain(own))
}
