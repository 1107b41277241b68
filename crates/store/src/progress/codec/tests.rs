//! The law of the codec: what was written is read back equal.

use fieldpost_model::progress::{Channel, Parent};
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, Position,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Texts as people write them, with what JSON has to escape.
fn any_text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\\u{0}\n\u{e9}\u{1f3e5} ]{0,6}"
}

fn any_option() -> impl Strategy<Value = Option<String>> {
    option::of(any_text())
}

fn any_texts() -> impl Strategy<Value = Vec<String>> {
    vec(any_text(), 0..3)
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn any_id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        Just(Value::number("-12.500e3").unwrap()),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::Array), any_members(inner)]
    })
}

fn any_members(
    inner: impl Strategy<Value = Value<'static>>,
) -> impl Strategy<Value = Value<'static>> {
    vec((any_text(), inner), 0..3).prop_map(|members| {
        let mut object = Vec::new();
        for (name, value) in members {
            if !object.iter().any(|(other, _): &(Cow<'_, str>, _)| *other == name) {
                object.push((Cow::Owned(name), value));
            }
        }
        Value::Object(object)
    })
}

fn any_object() -> impl Strategy<Value = Value<'static>> {
    any_members(any_value())
}

fn any_position() -> impl Strategy<Value = Position> {
    (any_text(), any_text(), any_option(), any_option()).prop_map(
        |(longitude, latitude, altitude, accuracy)| Position {
            longitude,
            latitude,
            altitude,
            accuracy,
        },
    )
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let kind = prop::sample::select(GeometryKind::ALL);
    let value = prop_oneof![
        Just(AnswerValue::Empty),
        Just(AnswerValue::Text),
        any::<i64>().prop_map(AnswerValue::Integer),
        any_text().prop_map(AnswerValue::Decimal),
        any::<bool>().prop_map(AnswerValue::Boolean),
        option::of(any_time()).prop_map(AnswerValue::DateTime),
        any_texts().prop_map(AnswerValue::Choices),
        (kind, vec(any_position(), 0..3))
            .prop_map(|(kind, positions)| { AnswerValue::Geometry(Geometry { kind, positions }) }),
        Just(AnswerValue::File),
        Just(AnswerValue::Unfit),
    ];
    (any_option(), value).prop_map(|(lexical, value)| Answer { lexical, value })
}

fn any_group() -> impl Strategy<Value = Group> {
    let node = any_answer().prop_map(Node::Answer).prop_recursive(2, 6, 2, |inner| {
        let group = vec((any_text(), inner.clone()), 0..3)
            .prop_map(|members| Node::Group(Group { members, extra: Vec::new() }));
        prop_oneof![group, vec(inner, 0..3).prop_map(Node::Repeat)]
    });
    (vec((any_text(), node), 0..3), vec((any_text(), any_value()), 0..2))
        .prop_map(|(members, extra)| Group { members, extra })
}

fn any_user() -> impl Strategy<Value = UserReference> {
    (any::<u64>(), any_text(), any_option(), any_texts())
        .prop_map(|(number, name, email, name_ids)| UserReference { number, name, email, name_ids })
}

fn any_file() -> impl Strategy<Value = StoredFile> {
    (any_text(), any_text(), any::<u64>(), any::<[u8; 32]>()).prop_map(
        |(name, content_type, bytes, sha256)| StoredFile { name, content_type, bytes, sha256 },
    )
}

fn any_who() -> impl Strategy<Value = Who> {
    prop_oneof![
        any_text().prop_map(Who::Function),
        any_text().prop_map(Who::Role),
        prop::sample::select(Who::WORDS.as_slice()).prop_map(Who::from_name),
    ]
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        (any_option(), any_text())
            .prop_map(|(identifier, html)| Part::Comment { identifier, html }),
        (any_option(), any_file(), vec(any_who(), 0..3)).prop_map(
            |(identifier, file, visible_to)| Part::Attachment { identifier, file, visible_to }
        ),
        (any_text(), any_object()).prop_map(|(key, data)| Part::FormData { key, data }),
        (any_text(), any_option(), vec(any::<u8>(), 0..9), option::of(any_id())).prop_map(
            |(summary, label, data, delivery)| Part::CallError { summary, label, data, delivery }
        ),
    ]
}

fn any_entry() -> impl Strategy<Value = HistoryEntry> {
    let who = prop_oneof![Just(Actor::Submitter), any_user().prop_map(Actor::User)];
    let parts = vec(any_part(), 0..3);
    (any_time(), option::of(any_time()), option::of(who), any_option(), parts).prop_map(
        |(time, last_jump_at, who, status, parts)| HistoryEntry {
            time,
            last_jump_at,
            who,
            status,
            parts,
        },
    )
}

fn any_origin() -> impl Strategy<Value = Origin> {
    let channel = prop::sample::select(Channel::ALL);
    let parent = (any_text(), any::<u64>()).prop_map(|(form, number)| Parent { form, number });
    let of = (option::of(any_user()), option::of(parent), option::of(any_object()));
    (channel, any::<bool>(), of).prop_map(|(channel, is_backoffice, (agent, parent, context))| {
        Origin { channel, is_backoffice, agent, parent, context }
    })
}

fn any_waiting() -> impl Strategy<Value = Waiting> {
    let list = prop_oneof![
        any_text().prop_map(ActionList::Status),
        any_text().prop_map(ActionList::Global),
    ];
    (any::<u64>(), list, any_text(), any::<bool>(), any::<u32>()).prop_map(
        |(number, list, action, goes_on, jumps)| Waiting {
            number,
            place: Place { list, action },
            goes_on,
            jumps,
        },
    )
}

fn any_call() -> impl Strategy<Value = LatestCall> {
    let end = (any_time(), option::of(any::<u16>()), any::<bool>(), option::of(any_id()));
    (any_text(), any_text(), end).prop_map(|(name, url, (at, status, is_success, delivery))| {
        LatestCall { name, url, at, status, is_success, delivery }
    })
}

fn any_progress() -> impl Strategy<Value = Progress> {
    let names = (any_id(), any::<u64>(), any_option(), any_text(), any_option(), any_texts());
    let times = (any_time(), any_time(), any_time(), option::of(any_time()));
    let content = (vec(any_entry(), 0..3), any_object(), any_group());
    let functions = vec((any_text(), any_texts()), 0..3);
    let people = (functions, any::<u32>(), any_option(), any_origin(), option::of(any_user()));
    let place = (option::of(any_position()), any_option());
    let fired = (any_text(), any_time()).prop_map(|(action, anchor)| Fired { action, anchor });
    let calls = (vec(any_waiting(), 0..3), any::<u64>(), vec(any_call(), 0..3), vec(fired, 0..3));
    (names, times, content, people, place, calls).prop_map(
        |(names, times, content, people, place, calls)| {
            let (uuid, number, natural_id, display_id, status, markers) = names;
            let (received_at, updated_at, arrived_at, anonymised_at) = times;
            let (history, data, backoffice_values) = content;
            let (functions, criticality, tracking_code, origin, user) = people;
            let (geolocation, digest) = place;
            let (waiting, set_off, calls, fired) = calls;
            Progress {
                uuid,
                number,
                natural_id,
                display_id,
                status,
                markers,
                received_at,
                updated_at,
                arrived_at,
                history,
                data,
                backoffice_values,
                functions,
                criticality,
                tracking_code,
                origin,
                user,
                anonymised_at,
                geolocation,
                digest,
                waiting,
                set_off,
                calls,
                fired,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn progress_is_read_back_equal(progress in any_progress()) {
        let text = write(&progress);
        prop_assert!(!text.contains('\0'), "no database holds it: {text:?}");
        prop_assert_eq!(read(&text).unwrap(), progress);
    }
}

#[test]
fn what_is_empty_is_left_out() {
    let progress = Progress::draft(Uuid::nil(), 7, Timestamp(5));
    assert_eq!(
        write(&progress),
        "{\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"number\":7,\"display_id\":\"7\",\
         \"received_at\":5,\"updated_at\":5,\"arrived_at\":5,\"data\":{},\
         \"origin\":{\"channel\":\"web\"}}"
    );
}

#[test]
fn what_was_never_written_is_unreadable() {
    for text in ["", "{}", "[]", "{\"uuid\":7}"] {
        assert!(read(text).is_err(), "{text}");
    }
}
