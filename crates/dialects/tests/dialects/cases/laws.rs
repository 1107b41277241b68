//! What is written can be read, and is the same; whatever comes in, there is an answer.

use std::collections::BTreeMap;

use fieldpost_dialects::commcare::{
    blocks_of_form, blocks_of_view, case_api_json, case_json, case_xml, state, system_form,
};
use fieldpost_dialects::{Received, decode};
use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, Case, CaseAction, CaseAttachment, CaseBlock,
    CaseIndex, CaseRelationship, CaseSubmission, Closing,
};
use fieldpost_model::forwarder::{CaseXmlVersion, ClosedCases};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::{case_state, form, made_by, own_address};
use crate::is_documented;
use crate::properties::body;

/// Texts that XML can hold. One of nothing but white space is read as empty.
fn text() -> impl Strategy<Value = String> {
    let any = "[ -~\t\r\n\u{85}é\u{2028}\u{FFFD}\u{1F600}]{0,6}";
    any.prop_map(|text| if text.trim().is_empty() { String::new() } else { text })
}

/// The same, without blanks around it, and not empty.
fn id() -> impl Strategy<Value = String> {
    "[!-~é]([ -~é]{0,4}[!-~é])?"
}

/// Names of properties that no case has for itself.
fn name() -> impl Strategy<Value = String> {
    "p[a-z0-9_.éनाम-]{0,4}"
}

/// Times that fit into four digits of years.
fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_000_i64).prop_map(Timestamp)
}

fn index() -> impl Strategy<Value = CaseIndex> {
    (id(), text(), select(CaseRelationship::ALL)).prop_map(|(case_id, case_type, relationship)| {
        CaseIndex { case_id, case_type, relationship }
    })
}

/// A case as far as a forwarder tells it: by whom and when it was opened is not told, or only when.
fn case() -> impl Strategy<Value = Case> {
    let names = (id(), text(), text(), id(), text());
    let properties = prop::collection::btree_map(name(), text(), 0..5);
    let indices = prop::collection::btree_map(name(), index(), 0..3);
    let files = prop::collection::btree_map(name(), id(), 0..3);
    let times = (time(), time(), any::<bool>());
    (names, properties, indices, files, times, id()).prop_map(
        |(names, properties, indices, files, (modified_at, server_at, is_closed), user)| {
            let (id, case_type, name, owner, external_id) = names;
            let attachment = |source: String| CaseAttachment {
                origin: AttachmentOrigin::Remote,
                source,
                content_type: None,
                form_id: "message".to_owned(),
            };
            Case {
                id,
                case_type,
                name,
                owner,
                external_id,
                properties,
                indices,
                attachments: files.into_iter().map(|(name, at)| (name, attachment(at))).collect(),
                opened_at: Some(modified_at),
                opened_by: user.clone(),
                modified_at: Some(modified_at),
                modified_by: user.clone(),
                closing: is_closed.then_some(Closing { at: modified_at, by: user }),
                server_modified_at: server_at,
                forms: vec!["message".to_owned()],
                deleted: false,
            }
        },
    )
}

fn block() -> impl Strategy<Value = CaseBlock> {
    let values = || prop::collection::btree_map(name(), text(), 1..4);
    let indices = prop::collection::btree_map(name(), prop::option::of(index()), 1..3);
    let file = (select(AttachmentOrigin::ALL), id()).prop_map(|(origin, source)| BroughtFile {
        origin,
        source,
        content_type: None,
    });
    let files = prop::collection::btree_map(name(), prop::option::of(file), 1..3);
    let actions = (
        prop::option::of(values().prop_map(CaseAction::Create)),
        prop::option::of(values().prop_map(CaseAction::Update)),
        prop::option::of(Just(CaseAction::Close(None))),
        prop::option::of(indices.prop_map(CaseAction::Index)),
        prop::option::of(files.prop_map(CaseAction::Attachment)),
    );
    (id(), id(), prop::option::of(time()), actions).prop_map(
        |(case_id, user_id, modified_at, (create, update, close, index, attachment))| CaseBlock {
            case_id,
            user_id,
            modified_at,
            scope: BlockScope::Change,
            actions: [create, update, close, index, attachment].into_iter().flatten().collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_case_survives_xml(case in case()) {
        let written = case_xml(&case, CaseXmlVersion::V2, ClosedCases::Full, own_address);
        let read = case_state(&written).unwrap();
        prop_assert_eq!(&made_by(read, case.server_modified_at), &case, "{}", written);
    }

    /// Version 1 has no indices and no attachments; all else survives.
    #[test]
    fn a_case_survives_xml_of_version_1(mut case in case()) {
        let written = case_xml(&case, CaseXmlVersion::V1, ClosedCases::Full, own_address);
        let read = case_state(&written).unwrap();
        case.indices.clear();
        case.attachments.clear();
        prop_assert_eq!(&made_by(read, case.server_modified_at), &case, "{}", written);
    }

    #[test]
    fn a_case_survives_json(mut case in case(), opened_at in time(), closed_at in time()) {
        case.opened_at = Some(opened_at);
        if let Some(closing) = &mut case.closing {
            closing.at = closed_at;
        }
        for attachment in case.attachments.values_mut() {
            attachment.content_type = Some("image/jpeg".to_owned());
        }
        let written = case_json(&case, "demo", ClosedCases::Full, own_address).to_json();
        let read = case_state(&written).unwrap();
        prop_assert_eq!(&made_by(read, case.server_modified_at), &case, "{}", written);
    }

    /// A state that comes after any other leaves the case as the state says, but for what no
    /// forwarder tells: who opened it, and what has touched it.
    #[test]
    fn the_newest_state_counts(before in case(), after in case()) {
        let mut after = Case { id: before.id.clone(), ..after };
        let written = case_xml(&after, CaseXmlVersion::V2, ClosedCases::Full, own_address);
        let submission = CaseSubmission {
            form_id: "message".to_owned(),
            received_at: after.server_modified_at,
            edited_at: None,
            is_forwarded: false,
            blocks: vec![case_state(&written).unwrap()],
        };
        let known = BTreeMap::from([(before.id.clone(), before.clone())]);
        let applied = fieldpost_rules::cases::apply(&submission, &known).unwrap();
        after.opened_at = before.opened_at;
        after.opened_by = before.opened_by;
        after.server_modified_at = after.server_modified_at.max(before.server_modified_at);
        prop_assert_eq!(applied.cases.first(), Some(&after));
    }

    /// Blocks survive a form, and its view, in their order.
    #[test]
    fn blocks_survive_a_form(blocks in prop::collection::vec(block(), 0..5)) {
        let written = system_form("f", "d", "u", Timestamp(0), &blocks);
        prop_assert_eq!(form(&written), Ok(blocks.clone()), "{}", written);
        let received = Received { content_type: None, body: written.as_bytes() };
        let view = decode(Dialect::CommcareForm, &received).unwrap().view;
        prop_assert_eq!(blocks_of_view(&view), Ok(blocks.clone()), "{}", written);
        prop_assert_eq!(form(&view.to_json()), Ok(blocks));
    }

    /// A form makes cases; forwarded to another hub as XML or as JSON, they are the same there, but
    /// for what is not told.
    #[test]
    fn cases_survive_the_way_to_another_hub(blocks in prop::collection::vec(block(), 1..5)) {
        let submission = CaseSubmission {
            form_id: "message".to_owned(),
            received_at: Timestamp(5),
            edited_at: None,
            is_forwarded: false,
            blocks: form(&system_form("message", "d", "u", Timestamp(0), &blocks)).unwrap(),
        };
        let known = fieldpost_rules::cases::mentioned(&submission)
            .into_iter()
            .map(|id| (id.to_owned(), Case { forms: vec!["earlier".to_owned()], ..Case::new(id) }))
            .collect();
        for case in fieldpost_rules::cases::apply(&submission, &known).unwrap().cases {
            let xml = case_xml(&case, CaseXmlVersion::V2, ClosedCases::Full, own_address);
            let json = case_json(&case, "demo", ClosedCases::Full, own_address).to_json();
            for written in [xml, json] {
                let there = made_by(case_state(&written).unwrap(), case.server_modified_at);
                let told = |case: &Case| {
                    let mut case = case.clone();
                    case.opened_at = None;
                    case.opened_by.clear();
                    case.forms.clear();
                    // Of a closing only JSON tells when, and neither tells by whom.
                    case.closing = case.closing.map(|_| Closing { at: Timestamp(0), by: String::new() });
                    for attachment in case.attachments.values_mut() {
                        attachment.origin = AttachmentOrigin::Remote;
                    }
                    case
                };
                prop_assert_eq!(told(&there), told(&case), "{}", written);
            }
        }
    }

    /// Whatever texts a case has, what is written is well-formed.
    #[test]
    fn every_case_can_be_written(id in "\\PC*", name in ".*", property in ".*", value in any::<String>()) {
        let case = Case {
            name,
            modified_by: value.clone(),
            properties: [(property, value)].into(),
            ..Case::new(id)
        };
        for version in CaseXmlVersion::ALL {
            let written = case_xml(&case, *version, ClosedCases::Full, own_address);
            let received = Received { content_type: None, body: written.as_bytes() };
            prop_assert!(decode(Dialect::Xml, &received).is_ok(), "{}", written);
        }
        for value in [
            case_json(&case, "demo", ClosedCases::Full, own_address),
            case_api_json(&case, "demo", Timestamp(0)),
        ] {
            let written = value.to_json();
            prop_assert_eq!(Value::parse(written.as_bytes()), Ok(value));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn every_body_has_blocks_or_a_reason(body in body()) {
        let received = Received { content_type: None, body: &body };
        let refusals = [blocks_of_form(&received).err(), state(&received).err()];
        for unreadable in refusals.into_iter().flatten() {
            prop_assert!(is_documented(unreadable.code), "{}", unreadable.code);
            prop_assert!(unreadable.reason.chars().count() < 250, "{}", unreadable.reason);
            prop_assert!(!unreadable.reason.contains('\n'), "{}", unreadable.reason);
        }
        // What the first reading takes, the second does not find ill-formed.
        if let (Ok(_), Err(unreadable)) =
            (decode(Dialect::Xml, &received), blocks_of_form(&received))
        {
            prop_assert!(unreadable.code.starts_with("case-"), "{}", unreadable);
        }
    }
}
