//! What one form after the other makes of a case: rules 1 to 4 and 6 to 9.

use fieldpost_model::case::{
    BlockScope, Case, CaseAction, CaseActionKind, CaseRelationship, Closing,
};
use fieldpost_model::event::Event;

use super::{Cases, at, attach, block, close, create, form, index, texts, tie, untie, update};
use crate::cases::{Occasion, closing_of_extensions, events, extension_device_id};

/// A case of which one block, made at minute 1 and received at minute 2, has made this.
fn made(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case {
        owner: "u".to_owned(),
        opened_at: Some(at(1)),
        opened_by: "u".to_owned(),
        modified_at: Some(at(1)),
        modified_by: "u".to_owned(),
        server_modified_at: at(2),
        forms: vec!["f".to_owned()],
        ..Case::new("c")
    };
    change(&mut case);
    case
}

#[track_caller]
fn check(rule: &str, actions: Vec<CaseAction>, change: impl FnOnce(&mut Case)) {
    let case = Cases::after("c", &[form("f", 2, vec![block("c", 1, actions)])]);
    assert_eq!(case, made(change), "CommCare's case rules, {rule}");
}

#[test]
fn what_a_single_block_makes() {
    check("2: a touch", vec![], |_| {});
    check(
        "3: known values",
        vec![create(&[
            ("case_type", "t"),
            ("case_name", "n"),
            ("owner_id", "o"),
            ("external_id", "x"),
            ("date_opened", "1970-01-01T00:00:00Z"),
        ])],
        |case| {
            case.case_type = "t".to_owned();
            case.name = "n".to_owned();
            case.owner = "o".to_owned();
            case.external_id = "x".to_owned();
            case.opened_at = Some(at(0));
        },
    );
    check(
        "4: other values in a create are passed over",
        vec![create(&[("case_name", "n"), ("age", "7"), ("name", "m")])],
        |case| case.name = "n".to_owned(),
    );
    check(
        "4: other values in an update are properties, empty ones too",
        vec![update(&[("age", "7"), ("note", ""), ("location_id", "l")])],
        |case| case.properties = texts(&[("age", "7"), ("location_id", "l"), ("note", "")]),
    );
    check(
        "4: reserved names are no properties",
        vec![update(&[
            ("case_id", "d"),
            ("date_modified", "1999-01-01"),
            ("supply_point_location_id", "l"),
            ("date_opened", ""),
        ])],
        |_| {},
    );
    check("4: name", vec![update(&[("name", "n")])], |case| case.name = "n".to_owned());
    check("4: hq_user_id", vec![update(&[("hq_user_id", "w")])], |case| {
        case.properties = texts(&[("hq_user_id", "w")]);
        case.external_id = "w".to_owned();
    });
    check("8: close", vec![close()], |case| {
        case.closing = Some(Closing { at: at(1), by: "u".to_owned() });
    });
    check("9: an update before its create", vec![update(&[("age", "7")])], |case| {
        case.properties = texts(&[("age", "7")]);
    });
}

#[test]
fn empty_texts_take_no_name_away() {
    let names = [("case_type", "t"), ("case_name", "n"), ("owner_id", "o"), ("external_id", "x")];
    let empty = names.map(|(name, _)| (name, ""));
    let case = Cases::after(
        "c",
        &[
            form("f1", 2, vec![block("c", 1, vec![create(&names)])]),
            form("f2", 4, vec![block("c", 3, vec![update(&empty), update(&[("name", "")])])]),
        ],
    );
    let known = [&case.case_type, &case.name, &case.owner, &case.external_id];
    assert_eq!(known, ["t", "n", "o", "x"]);
}

#[test]
fn blocks_count_in_the_order_of_the_document() {
    let case = Cases::after(
        "c",
        &[form(
            "f",
            9,
            vec![
                block("c", 3, vec![update(&[("age", "7"), ("a", "1")])]),
                block("d", 3, vec![update(&[("age", "99")])]),
                block("c", 2, vec![update(&[("age", "8"), ("b", "2")]), close()]),
            ],
        )],
    );
    assert_eq!(case.properties, texts(&[("a", "1"), ("age", "8"), ("b", "2")]));
    assert_eq!(case.modified_at, Some(at(3)), "CommCare's case rules, 7: the later time");
    assert_eq!(case.closing.unwrap().at, at(2));
    assert_eq!(case.forms, ["f"]);
}

#[test]
fn a_transaction_says_what_a_form_did() {
    use CaseActionKind::{Close, Create, Update};
    let mut touch = block("d", 4, vec![]);
    touch.modified_at = None;
    let applied = Cases::default().take(&form(
        "f",
        9,
        vec![
            block("c", 3, vec![close()]),
            touch,
            block("c", 2, vec![create(&[("case_type", "t")]), update(&[("a", "1")])]),
        ],
    ));
    let [of_c, of_d] = applied.transactions.as_slice() else { panic!("{applied:?}") };
    assert_eq!((of_c.case_id.as_str(), of_c.client_at, of_c.server_at), ("c", at(3), at(9)));
    assert_eq!(of_c.kinds, [Create, Update, Close]);
    assert!(of_c.creates());
    assert_eq!((of_d.case_id.as_str(), of_d.client_at, of_d.kinds.len()), ("d", at(9), 0));
    assert_eq!((of_d.user_id.as_str(), of_d.form_id.as_str()), ("u", "f"));
}

#[test]
fn users_and_times_follow_from_the_block() {
    let mut second = block("c", 1, vec![update(&[("a", "1")])]);
    second.user_id = "v".to_owned();
    let mut nobody = block("c", 5, vec![]);
    nobody.user_id.clear();
    let mut edited = form("f2", 8, vec![second]);
    edited.edited_at = Some(at(20));
    let case = Cases::after(
        "c",
        &[form("f1", 7, vec![block("c", 3, vec![])]), edited, form("f3", 9, vec![nobody])],
    );
    assert_eq!((case.opened_at, case.opened_by.as_str()), (Some(at(3)), "u"));
    assert_eq!((case.modified_at, case.modified_by.as_str()), (Some(at(5)), "v"));
    assert_eq!((case.owner.as_str(), case.server_modified_at), ("u", at(20)));
    assert_eq!(case.forms, ["f1", "f2", "f3"]);
}

#[test]
fn a_user_among_the_values_counts_where_the_block_has_none() {
    let mut nobody = block("c", 1, vec![create(&[("user_id", "w"), ("case_name", "n")])]);
    nobody.user_id.clear();
    let case = Cases::after("c", &[form("f", 2, vec![nobody])]);
    assert_eq!((case.opened_by.as_str(), case.modified_by.as_str()), ("w", "w"));
    check("3: user_id", vec![update(&[("user_id", "w")])], |_| {});
}

#[test]
fn nothing_opens_a_case_again() {
    let case = Cases::after(
        "c",
        &[
            form("f1", 1, vec![block("c", 1, vec![close()])]),
            form("f2", 3, vec![block("c", 2, vec![create(&[("case_name", "n")])])]),
        ],
    );
    assert_eq!(case.closing.unwrap().at, at(1));
    assert_eq!(case.name, "n");
}

#[test]
fn indices_and_files_are_set_replaced_and_taken_away() {
    use CaseRelationship::{Child, Extension};
    let mut forms = vec![
        form("f0", 1, vec![block("h1", 1, vec![]), block("h2", 1, vec![])]),
        form("f1", 2, vec![block("c", 2, vec![index("parent", "h1", Child)])]),
        form("f2", 3, vec![block("c", 3, vec![attach("photo", Some("1.jpg"))])]),
        form("f3", 4, vec![block("c", 4, vec![index("parent", "h2", Extension), untie("host")])]),
        form("f4", 5, vec![block("c", 5, vec![attach("photo", Some("2.jpg")), attach("x", None)])]),
    ];
    let case = Cases::after("c", &forms);
    assert_eq!(case.indices, [("parent".to_owned(), tie("h2", Extension))].into());
    let photo = case.attachments.get("photo").unwrap();
    assert_eq!((photo.source.as_str(), photo.form_id.as_str()), ("2.jpg", "f4"));
    forms.push(form("f5", 6, vec![block("c", 6, vec![untie("parent"), attach("photo", None)])]));
    let case = Cases::after("c", &forms);
    assert!(case.indices.is_empty() && case.attachments.is_empty(), "{case:?}");
}

#[test]
fn a_whole_state_replaces_what_it_does_not_name() {
    let first = vec![create(&[("case_name", "n"), ("owner_id", "o")]), update(&[("a", "1")])];
    let mut state = block("c", 4, vec![create(&[("case_type", "t")]), update(&[("b", "2")])]);
    state.scope = BlockScope::State;
    let mut first = block("c", 9, [first, vec![attach("photo", Some("1.jpg")), close()]].concat());
    first.user_id = "first".to_owned();
    let case = Cases::after("c", &[form("f1", 9, vec![first]), form("f2", 10, vec![state])]);
    let expected = Case {
        case_type: "t".to_owned(),
        properties: texts(&[("b", "2")]),
        opened_at: Some(at(9)),
        opened_by: "first".to_owned(),
        modified_at: Some(at(4)),
        modified_by: "u".to_owned(),
        server_modified_at: at(10),
        forms: vec!["f1".to_owned(), "f2".to_owned()],
        ..Case::new("c")
    };
    assert_eq!(case, expected);
}

#[test]
fn a_closed_host_closes_the_chain_of_its_extensions() {
    use CaseRelationship::{Child, Extension};
    let mut cases = Cases::default();
    let on = |case: &str, host: &str, kind| block(case, 1, vec![index("host", host, kind)]);
    cases.take(&form(
        "f1",
        1,
        vec![
            // The host is an extension of its own extension: the chain has to end nevertheless.
            on("host", "e2", Extension),
            on("e1", "host", Extension),
            on("e2", "e1", Extension),
            on("child", "host", Child),
            on("other", "child", Extension),
        ],
    ));
    let mut already = block("gone", 1, vec![index("host", "host", Extension), close()]);
    already.user_id = "v".to_owned();
    cases.take(&form("f2", 2, vec![already]));
    let touched = cases.take(&form("f3", 3, vec![block("host", 3, vec![close()])])).cases;
    let all: Vec<Case> = cases.0.values().cloned().collect();

    let blocks = closing_of_extensions(&touched, &all, at(4));
    let closed: Vec<&str> = blocks.iter().map(|block| block.case_id.as_str()).collect();
    assert_eq!(closed, ["e1", "e2"]);
    assert_eq!(extension_device_id("f3"), "SubmissionPost-f3-close_extensions");

    let touched = cases.take(&form("f4", 4, blocks)).cases;
    for case in &touched {
        assert_eq!(case.closing, Some(Closing { at: at(4), by: "system".to_owned() }));
        assert_eq!(events(case, Occasion::Submission), [Event::Case, Event::CaseUpdated]);
    }
    let all: Vec<Case> = cases.0.values().cloned().collect();
    assert_eq!(closing_of_extensions(&touched, &all, at(5)), []);
    assert_eq!(closing_of_extensions(&all[..0], &all, at(5)), []);
}

#[test]
fn a_case_is_created_once() {
    use Event::{Case as Any, CaseCreated, CaseUpdated};
    use Occasion::{Rebuild, Submission};
    for (forms, deleted, occasion, expected) in [
        (1, false, Submission, &[Any, CaseCreated][..]),
        (2, false, Submission, &[Any, CaseUpdated]),
        (1, false, Rebuild, &[Any, CaseUpdated]),
        (2, false, Rebuild, &[Any, CaseUpdated]),
        (0, true, Rebuild, &[]),
    ] {
        let mut case = Case::new("c");
        case.forms = (0..forms).map(|number: i32| number.to_string()).collect();
        case.deleted = deleted;
        assert_eq!(events(&case, occasion), expected, "{forms} {deleted} {occasion:?}");
    }
}
