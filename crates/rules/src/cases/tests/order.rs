//! The order of forms, and cases made anew: rules 10 and 11.

use fieldpost_model::case::CaseSubmission;

use super::{Cases, at, block, create, form, update};
use crate::cases::{overtakes, rebuild};

/// A form that sets `last` to its own id; by that user, made and received at these minutes.
fn sets_last(id: &str, user: &str, (made, received): (i64, i64)) -> CaseSubmission {
    let mut block = block("c", made, vec![update(&[("last", id)])]);
    block.user_id = user.to_owned();
    form(id, received, vec![block])
}

fn creates(id: &str, (made, received): (i64, i64)) -> CaseSubmission {
    form(id, received, vec![block("c", made, vec![create(&[("case_name", id)])])])
}

/// The forms in the order in which they count.
#[track_caller]
fn check(rule: &str, forms: &[CaseSubmission], expected: &[&str]) {
    let rebuilt = rebuild("c", forms, at(0));
    assert_eq!(rebuilt.case.forms, expected, "CommCare's case rules, 10: {rule}");
    let history: Vec<&str> = rebuilt.transactions.iter().map(|t| t.form_id.as_str()).collect();
    assert_eq!(history, expected, "{rule}");
}

#[test]
fn the_forms_of_a_user_count_in_the_order_of_the_phone() {
    let half_a_day = 12 * 60;
    let first = creates("1", (0, 1));
    let late = |user: &str, made: i64, received: i64| {
        vec![first.clone(), sets_last("2", "u", (10, 11)), sets_last("3", user, (made, received))]
    };
    check("in order", &late("u", 12, 13), &["1", "2", "3"]);
    check("late", &late("u", 5, 13), &["1", "3", "2"]);
    check("late, by another user", &late("v", 5, 13), &["1", "2", "3"]);
    check("at the same time", &late("u", 10, 13), &["1", "2", "3"]);
    check("late by half a day", &late("u", 5, 11 + half_a_day), &["1", "3", "2"]);
    check("late by more", &late("u", 5, 12 + half_a_day), &["1", "2", "3"]);
    check("before the create", &late("u", -1, 13), &["1", "2", "3"]);
    check(
        "a create that is late itself",
        &[sets_last("2", "u", (10, 11)), creates("1", (0, 13))],
        &["1", "2"],
    );
    check(
        "no create at all",
        &[sets_last("2", "u", (10, 11)), sets_last("3", "u", (5, 13))],
        &["2", "3"],
    );
    check(
        "given in any order",
        &[sets_last("2", "u", (10, 11)), sets_last("3", "u", (5, 13)), first],
        &["1", "3", "2"],
    );
}

#[test]
fn a_form_that_overtakes_another_is_known() {
    let mut cases = Cases::default();
    let mut transaction = |submission| cases.take(&submission).transactions.remove(0);
    let create = transaction(creates("1", (0, 1)));
    let update = transaction(sets_last("2", "u", (10, 11)));
    let late = transaction(sets_last("3", "u", (5, 13)));
    assert!(!overtakes(&update, &create) && !overtakes(&late, &create));
    assert!(overtakes(&late, &update));
}

#[test]
fn an_edited_form_keeps_its_place() {
    let mut first = sets_last("2", "v", (2, 2));
    first.edited_at = Some(at(50));
    let forms = [creates("1", (1, 1)), first, sets_last("3", "v", (3, 3))];
    let rebuilt = rebuild("c", &forms, at(50));
    assert_eq!(rebuilt.case.properties.get("last").map(String::as_str), Some("3"));
    assert_eq!(rebuilt.case.server_modified_at, at(50));
    assert_eq!(rebuilt.case.forms, ["1", "2", "3"]);
}

#[test]
fn a_case_without_forms_is_deleted() {
    let rebuilt = rebuild("c", &[form("f", 1, vec![block("d", 1, vec![])])], at(9));
    assert!(rebuilt.case.deleted && rebuilt.transactions.is_empty());
    assert_eq!((rebuilt.case.server_modified_at, rebuilt.case.forms.len()), (at(9), 0));
    assert!(!rebuild("d", &[form("f", 1, vec![block("d", 1, vec![])])], at(9)).case.deleted);
}
