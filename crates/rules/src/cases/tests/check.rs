//! What refuses a form: rules 3, 5 and 12.

use std::collections::BTreeMap;

use fieldpost_model::case::{BlockScope, Case, CaseBlock, CaseRelationship, CaseSubmission};

use super::{Cases, at, block, create, form, index, untie, update};
use crate::cases::{MAX_CASE_PROPERTIES, MAX_NAME_LENGTH, apply, check, mentioned};

/// Applies the blocks to a project with the case `known`; the code and the text of the refusal.
fn refusal(blocks: Vec<CaseBlock>) -> Option<(&'static str, String)> {
    let mut cases = Cases::default();
    cases.take(&form("earlier", 1, vec![block("known", 1, vec![])]));
    cases.keep(vec![Case { deleted: true, ..Case::new("deleted") }]);
    let error = apply(&form("f", 2, blocks), &cases.0).err()?;
    assert!(!error.hint().is_empty());
    Some((error.code(), error.to_string()))
}

#[track_caller]
fn refused(blocks: Vec<CaseBlock>, code: &str, text: &str) {
    assert_eq!(refusal(blocks), Some((code, text.to_owned())));
}

#[track_caller]
fn taken(blocks: Vec<CaseBlock>) {
    assert_eq!(refusal(blocks), None);
}

#[test]
fn an_index_needs_the_other_case() {
    use CaseRelationship::{Child, Extension};
    let to = |other: &str| block("349", 1, vec![index("parent", other, Child)]);
    taken(vec![to("known")]);
    taken(vec![to("made"), block("made", 1, vec![])]);
    taken(vec![block("made", 1, vec![]), to("made")]);
    taken(vec![to("349")]);
    taken(vec![block("349", 1, vec![untie("parent")])]);
    let mut state = to("not here yet");
    state.scope = BlockScope::State;
    taken(vec![state]);
    let forwarded = CaseSubmission { is_forwarded: true, ..form("f", 2, vec![to("976")]) };
    assert_eq!(check(&forwarded, &BTreeMap::new()), Ok(()));
    refused(
        vec![to("976")],
        "invalid-case-index",
        "InvalidCaseIndex: Case '349' references non-existent case '976'",
    );
    refused(
        vec![block("known", 1, vec![]), block("c", 1, vec![index("host", "deleted", Extension)])],
        "invalid-case-index",
        "InvalidCaseIndex: Case 'c' references non-existent case 'deleted'",
    );
}

#[test]
fn an_edit_cannot_point_to_what_it_no_longer_makes() {
    let mut cases = Cases::default();
    let tie = || block("c", 1, vec![index("parent", "h", CaseRelationship::Child)]);
    cases.take(&form("f", 1, vec![block("h", 1, vec![]), tie()]));
    let edited = form("f", 1, vec![tie()]);
    assert_eq!(check(&edited, &cases.0).unwrap_err().code(), "invalid-case-index");
    cases.take(&form("f2", 2, vec![block("h", 2, vec![])]));
    assert_eq!(check(&edited, &cases.0), Ok(()));
}

#[test]
fn a_block_needs_a_usable_id() {
    let longest = "i".repeat(MAX_NAME_LENGTH);
    taken(vec![block(&longest, 1, vec![])]);
    for (id, text) in [
        ("", "IllegalCaseId: case_id must not be empty"),
        (" ", "IllegalCaseId: case_id must not be empty"),
        (&format!("{longest}i"), "IllegalCaseId: case_id must not be longer than 255 characters"),
        ("a\0b", "IllegalCaseId: case_id must not contain control characters"),
    ] {
        refused(vec![block(id, 1, vec![])], "illegal-case-id", text);
    }
}

#[test]
fn names_are_short() {
    let longest = "é".repeat(MAX_NAME_LENGTH);
    let longer = format!("{longest}é");
    for (name, field) in [
        ("case_type", "type"),
        ("case_name", "name"),
        ("owner_id", "owner_id"),
        ("external_id", "external_id"),
        ("name", "name"),
        ("hq_user_id", "external_id"),
    ] {
        let text = format!(
            "CaseValueError: Error processing case update: Field: {field}, Error: Value exceeds \
             allowed length: 255"
        );
        taken(vec![block("c", 1, vec![update(&[(name, &longest)])])]);
        refused(vec![block("c", 1, vec![update(&[(name, &longer)])])], "case-value-error", &text);
        refused(vec![block("c", 1, vec![create(&[(name, &longer)])])], "case-value-error", &text);
    }
    taken(vec![block("c", 1, vec![update(&[("note", &longer)])])]);
}

#[test]
fn the_time_of_opening_is_a_time() {
    taken(vec![block("c", 1, vec![create(&[("date_opened", "2015-04-17T16:04:54.950-04")])])]);
    refused(
        vec![block("c", 1, vec![update(&[("date_opened", "yesterday")])])],
        "case-value-error",
        "CaseValueError: Error processing case update: Field: opened_on, Error: Value is not a \
         date or time",
    );
}

#[test]
fn a_case_has_a_bounded_number_of_properties() {
    let with = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
        let values: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        block("c", 1, vec![update(&values)])
    };
    taken(vec![with(MAX_CASE_PROPERTIES)]);
    taken(vec![with(MAX_CASE_PROPERTIES), with(MAX_CASE_PROPERTIES)]);
    refused(
        vec![with(MAX_CASE_PROPERTIES), block("c", 1, vec![update(&[("one more", "")])])],
        "case-too-many-properties",
        "CaseValueError: Case 'c' would have more than 5000 properties",
    );
}

#[test]
fn a_deleted_case_that_is_touched_again_begins_anew() {
    let old =
        Case { deleted: true, name: "old".to_owned(), server_modified_at: at(1), ..Case::new("c") };
    let known = BTreeMap::from([("c".to_owned(), old)]);
    let applied = apply(&form("f", 2, vec![block("c", 2, vec![])]), &known).unwrap();
    let case = applied.cases.first().unwrap();
    assert_eq!((case.deleted, case.name.as_str(), case.forms.len()), (false, "", 1));
}

#[test]
fn a_form_mentions_what_it_touches_and_what_it_points_to() {
    let tie = index("parent", "h", CaseRelationship::Child);
    let submission = form("f", 1, vec![block("c", 1, vec![tie, untie("host")])]);
    assert_eq!(mentioned(&submission).into_iter().collect::<Vec<_>>(), ["c", "h"]);
}

#[test]
fn a_form_of_ten_thousand_cases_is_applied() {
    let blocks: Vec<CaseBlock> = (0..10_000)
        .map(|number| {
            let tie = index("parent", "known", CaseRelationship::Child);
            block(&number.to_string(), 1, vec![update(&[("a", "1")]), tie])
        })
        .collect();
    let mut cases = Cases::default();
    cases.take(&form("f1", 1, vec![block("known", 1, vec![])]));
    let applied = cases.take(&form("f2", 2, blocks));
    assert_eq!((applied.cases.len(), applied.transactions.len()), (10_000, 10_000));
}
