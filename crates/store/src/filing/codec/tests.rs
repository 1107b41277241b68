//! What is written is read again as it was, whatever it is.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Texts as phones send them, with what JSON has to escape.
fn any_text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\\u{0}\u{e9}\u{1f3e5} ]{0,8}"
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn any_index() -> impl Strategy<Value = CaseIndex> {
    let relationship = prop::sample::select(CaseRelationship::ALL);
    (any_text(), any_text(), relationship).prop_map(|(case_id, case_type, relationship)| {
        CaseIndex { case_id, case_type, relationship }
    })
}

fn any_file() -> impl Strategy<Value = BroughtFile> {
    let origin = prop::sample::select(AttachmentOrigin::ALL);
    (origin, any_text(), option::of(any_text()))
        .prop_map(|(origin, source, content_type)| BroughtFile { origin, source, content_type })
}

fn any_map<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = BTreeMap<String, T>> {
    btree_map(any_text(), value, 0..3)
}

fn any_attachment() -> impl Strategy<Value = CaseAttachment> {
    (any_file(), any_text()).prop_map(|(file, form_id)| {
        let BroughtFile { origin, source, content_type } = file;
        CaseAttachment { origin, source, content_type, form_id }
    })
}

fn any_closing() -> impl Strategy<Value = Closing> {
    (any_time(), any_text()).prop_map(|(at, by)| Closing { at, by })
}

fn any_case() -> impl Strategy<Value = Case> {
    let texts = (any_text(), any_text(), any_text(), any_text(), any_text(), any_text());
    let maps = (any_map(any_text()), any_map(any_index()), any_map(any_attachment()));
    let times = (option::of(any_time()), option::of(any_time()), any_time());
    (texts, maps, times, option::of(any_closing()), any::<bool>()).prop_map(
        |(texts, (properties, indices, attachments), times, closing, deleted)| Case {
            id: "c".to_owned(),
            case_type: texts.0,
            name: texts.1,
            owner: texts.2,
            external_id: texts.3,
            properties,
            indices,
            attachments,
            opened_at: times.0,
            opened_by: texts.4,
            modified_at: times.1,
            modified_by: texts.5,
            closing,
            server_modified_at: times.2,
            forms: Vec::new(),
            deleted,
        },
    )
}

fn any_action() -> impl Strategy<Value = CaseAction> {
    prop_oneof![
        any_map(any_text()).prop_map(CaseAction::Create),
        any_map(any_text()).prop_map(CaseAction::Update),
        option::of(any_time()).prop_map(CaseAction::Close),
        any_map(option::of(any_index())).prop_map(CaseAction::Index),
        any_map(option::of(any_file())).prop_map(CaseAction::Attachment),
    ]
}

fn any_block() -> impl Strategy<Value = CaseBlock> {
    let scope = prop::sample::select(vec![BlockScope::Change, BlockScope::State]);
    (any_text(), option::of(any_time()), scope, vec(any_action(), 0..4)).prop_map(
        |(user_id, modified_at, scope, actions)| CaseBlock {
            case_id: "c".to_owned(),
            user_id,
            modified_at,
            scope,
            actions,
        },
    )
}

proptest! {
    #[test]
    fn a_case_is_read_as_it_was_written(case in any_case()) {
        prop_assert_eq!(read_state("c", &case_text(&case)), Ok(case.clone()));
        let case = Case { id: case.name.clone(), forms: vec![case.owner.clone(), "f".to_owned()], ..case };
        prop_assert_eq!(read_case(&write_case(&case)), Ok(case));
    }

    #[test]
    fn blocks_are_read_as_they_were_written(blocks in vec(any_block(), 0..4)) {
        prop_assert_eq!(read_blocks("c", &blocks_text(&blocks)), Ok(blocks));
    }

    #[test]
    fn kinds_are_read_as_they_were_written(
        kinds in vec(prop::sample::select(CaseActionKind::ALL), 0..6)
    ) {
        prop_assert_eq!(read_kinds(&kinds_text(&kinds)), Ok(kinds));
    }
}

#[test]
fn what_this_version_never_wrote_is_told() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"server_modified_at": 1.5}"#,
        r#"{"server_modified_at": 1, "name": 7}"#,
        r#"{"server_modified_at": 1, "indices": {"parent": {"relationship": "cousin"}}}"#,
        r#"{"server_modified_at": 1, "closing": {"by": "u"}}"#,
    ] {
        assert!(matches!(read_state("c", text), Err(StoreError::Refused(_))), "{text}");
    }
    for text in ["{}", "[{}]", r#"[{"actions": [{"archive": null}]}]"#, r#"[{"actions": [{}]}]"#] {
        assert!(matches!(read_blocks("c", text), Err(StoreError::Refused(_))), "{text}");
    }
    assert!(matches!(read_kinds("create archive"), Err(StoreError::Refused(_))));
}

#[test]
fn what_is_empty_takes_no_room() {
    let case = Case { server_modified_at: Timestamp(7), ..Case::new("c") };
    assert_eq!(case_text(&case), r#"{"server_modified_at":7}"#);
}
