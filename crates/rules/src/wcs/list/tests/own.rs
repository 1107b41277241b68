//! The filters that every form has.

use fieldpost_model::progress_list::{Among, NumberTest, Plays, Span};
use fieldpost_model::submission::Position;

use super::*;

fn one_of(numbers: &[u64]) -> NumberTest {
    NumberTest::Among(Among::In(numbers.to_vec()))
}

fn none_of(numbers: &[u64]) -> NumberTest {
    NumberTest::Among(Among::NotIn(numbers.to_vec()))
}

#[test]
fn numbers_are_compared() {
    for (query, expected) in [
        ("filter-internal-id=12", one_of(&[12])),
        ("filter-internal_id=12", one_of(&[12])),
        ("filter-internal-id=on&filter-internal-id-value=12", one_of(&[12])),
        ("filter-internal-id=12&filter-internal-id-operator=ne", none_of(&[12])),
        ("filter-internal-id=12&filter-internal-id-operator=lt", NumberTest::Less(12)),
        ("filter-internal-id=12&filter-internal-id-operator=lte", NumberTest::LessOrEqual(12)),
        ("filter-internal-id=12&filter-internal-id-operator=gt", NumberTest::Greater(12)),
        ("filter-internal-id=12&filter-internal-id-operator=gte", NumberTest::GreaterOrEqual(12)),
        ("filter-internal-id=1,2&filter-internal-id=3", one_of(&[1, 2, 3])),
        ("filter-internal-id=1&filter-internal-id=3", one_of(&[1, 3])),
        ("filter-internal-id=1,2&filter-internal-id-operator=ne", none_of(&[1, 2])),
        ("filter-internal-id=1%7C2&filter-internal-id-operator=in", one_of(&[1, 2])),
        ("filter-internal-id=1,2&filter-internal-id-operator=not_in", none_of(&[1, 2])),
        // Outside of all numbers that there are.
        ("filter-internal-id=-1", one_of(&[])),
        ("filter-internal-id=-1&filter-internal-id-operator=gt", none_of(&[])),
        ("filter-internal-id=-1&filter-internal-id-operator=lte", one_of(&[])),
        ("filter-internal-id=99999999999999999999&filter-internal-id-operator=lt", none_of(&[])),
    ] {
        assert_eq!(read_list(query).unwrap().pushdown.numbers, [expected], "{query}");
    }
    for (query, text) in [
        ("filter-internal-id=x", "Invalid value \"x\" for \"filter-internal-id-value\"."),
        ("filter-internal_id=x", "Invalid value \"x\" for \"filter-internal_id\"."),
        ("filter-internal-id=on", "Invalid value \"\" for \"filter-internal-id-value\"."),
        (
            "filter-internal-id=1&filter-internal-id-operator=between",
            "Invalid operator \"between\" for \"filter-internal-id\".",
        ),
        (
            "filter-internal-id=1,x",
            "Invalid value \"['1', 'x']\" for \"filter-internal-id\" and operator \"eq\".",
        ),
        (
            "filter-internal-id=1,2&filter-internal-id-operator=lt",
            "Invalid value \"['1', '2']\" for \"filter-internal-id\" and operator \"lt\".",
        ),
    ] {
        refused(query, text);
    }
}

#[test]
fn records_are_found_by_what_people_call_them() {
    assert_eq!(read_list("filter-number=1-2").unwrap().pushdown.display_ids, ["1-2"]);
    assert_eq!(read_list("filter-identifier=a,b").unwrap().pushdown.identifiers, ["a", "b"]);
    let others = read_list("filter-identifier=a,12&filter-identifier-operator=ne").unwrap();
    assert_eq!(others.pushdown, usual());
    let mut named = record(7, &[]);
    named.progress.natural_id = Some("a".to_owned());
    for (record, expected) in [(named, false), (record(12, &[]), false), (record(13, &[]), true)] {
        assert_eq!(others.predicate.matches(&definition(), &record), expected);
    }
    refused(
        "filter-identifier=a&filter-identifier-operator=in",
        "Invalid operator \"in\" for \"filter-identifier\".",
    );
    refused(
        "filter-number=1&filter-number-operator=lt",
        "Invalid operator \"lt\" for \"filter-number\".",
    );
}

#[test]
fn times_are_bounds_that_count() {
    let at = |text: &str| Some(Timestamp::parse(text).unwrap());
    let midnight = at("2020-01-02T23:00:00Z");
    let ten = at("2020-01-03T09:00:00Z");
    let from = |from| Span { from, until: None };
    let until = |until| Span { from: None, until };
    for (query, received, updated) in [
        ("filter-start=on&filter-start-value=2020-01-03", from(midnight), Span::default()),
        ("filter-start=2020-01-03", from(midnight), Span::default()),
        ("filter-start=on&filter-start-value=03/01/2020+10:00", from(ten), Span::default()),
        ("filter-end=on&filter-end-value=2020-01-03", until(midnight), Span::default()),
        (
            "filter-start-mtime=on&filter-start-mtime-value=2020-01-03T10:00",
            Span::default(),
            from(ten),
        ),
        ("filter-end-mtime=on&filter-end-mtime-value=2020-01-03", Span::default(), until(midnight)),
        ("filter-start_mtime=2020-01-03", Span::default(), from(midnight)),
        ("filter-start=on&filter-start-value=", Span::default(), Span::default()),
    ] {
        let pushdown = read_list(query).unwrap().pushdown;
        assert_eq!((pushdown.received, pushdown.updated), (received, updated), "{query}");
    }
    refused(
        "filter-start=on&filter-start-value=soon",
        "Invalid value \"soon\" for \"filter-start-value\".",
    );
    refused(
        "filter-end-mtime=on&filter-end-mtime-value=2020-13-01",
        "Invalid value \"2020-13-01\" for \"filter-end-mtime-value\".",
    );
}

#[test]
fn people_are_named_by_their_ids() {
    let nobody = || Pushdown { nothing: true, ..usual() };
    for (query, expected) in [
        ("filter-user-uuid=abc", Pushdown { user: Some(7), ..usual() }),
        ("filter-user-uuid=__current__", Pushdown { user: Some(3), ..usual() }),
        ("filter-user-uuid=unknown", nobody()),
        ("filter-user-uuid=", usual()),
        ("filter-user=on&filter-user-value=12", Pushdown { user: Some(12), ..usual() }),
        ("filter-user=on&filter-user-value=__current__", Pushdown { user: Some(3), ..usual() }),
        ("filter-user=on&filter-user-value=x", nobody()),
        ("filter-submission-agent-uuid=abc", Pushdown { agent: Some(7), ..usual() }),
        ("filter-submission-agent-uuid=__current__", Pushdown { agent: Some(3), ..usual() }),
        ("filter-submission-agent-uuid=unknown", nobody()),
        (
            "filter-user-uuid=abc&filter-user=on&filter-user-value=12",
            Pushdown { user: Some(12), ..nobody() },
        ),
    ] {
        assert_eq!(read_list(query).unwrap().pushdown, expected, "{query}");
    }
    // Somebody who calls for nobody has no records of their own.
    let query = read_as("filter-user-uuid=__current__", Address::List, ALL, &Whom::default());
    assert!(query.unwrap().pushdown.nothing);
}

#[test]
fn parts_are_played_by_the_roles_of_a_person() {
    let plays = |function: &str, role: Option<&str>, by_form| Plays {
        function: function.to_owned(),
        roles: role.map(str::to_owned).into_iter().collect(),
        by_form,
    };
    for (query, expected, nothing) in [
        ("filter-user-function=_receiver", plays("_receiver", Some("agents"), true), false),
        (
            "filter-user-function=on&filter-user-function-value=_receiver&filter-user-uuid=abc",
            plays("_receiver", Some("clerks"), false),
            false,
        ),
        (
            "filter-user-function=_manager&filter-user-uuid=__current__",
            plays("_manager", Some("agents"), false),
            false,
        ),
        (
            "filter-user-function=_receiver&filter-user-uuid=unknown",
            plays("_receiver", None, false),
            true,
        ),
    ] {
        let pushdown = read_list(query).unwrap().pushdown;
        assert_eq!((pushdown.plays, pushdown.nothing), (Some(expected), nothing), "{query}");
        assert_eq!(pushdown.user, None, "{query}");
    }
}

#[test]
fn how_pressing_it_is_has_two_names() {
    for (query, expected) in [
        ("filter-criticality-level=1", one_of(&[1])),
        ("filter-criticality_level=1", one_of(&[1])),
        ("filter-criticality-level=on&filter-criticality-level-value=0", one_of(&[0])),
        ("filter-criticality-level=-1", one_of(&[])),
    ] {
        assert_eq!(read_list(query).unwrap().pushdown.criticality, [expected], "{query}");
    }
    refused("filter-criticality_level=x", "Invalid value \"x\" for \"filter-criticality_level\".");
    refused(
        "filter-criticality-level=x",
        "Invalid value \"x\" for \"filter-criticality-level-value\".",
    );
}

#[test]
fn places_are_so_far_from_a_center_at_most() {
    let query = "filter-distance=100000&center_lat=48.8566&center_lon=2.3522";
    let query = read_list(query).unwrap();
    let within = query.pushdown.within.unwrap();
    assert!(within.holds(49.4, 2.3522) && !within.holds(50.0, 2.3522));
    let at = |place: Option<(&str, &str)>| {
        let mut record = record(1, &[]);
        record.progress.geolocation = place.map(|(latitude, longitude)| Position {
            longitude: longitude.to_owned(),
            latitude: latitude.to_owned(),
            altitude: None,
            accuracy: None,
        });
        query.predicate.matches(&definition(), &record)
    };
    assert!(at(Some(("48.8049", "2.1204"))));
    // A corner of the box is outside of the circle.
    assert!(within.holds(49.6, 3.5) && !at(Some(("49.6", "3.5"))));
    assert!(!at(Some(("51.5", "-0.1"))) && !at(None) && !at(Some(("x", "y"))));
    for (query, text) in [
        ("filter-distance=100", "Distance filter missing a center."),
        ("filter-distance=100&center_lat=1", "Distance filter missing a center."),
        (
            "filter-distance=100&center_lat=1&center_lon=x",
            "Invalid value \"x\" for \"center_lon\".",
        ),
        (
            "filter-distance=x&center_lat=1&center_lon=2",
            "Invalid value \"x\" for \"filter-distance-value\".",
        ),
        (
            "filter-distance=-1&center_lat=1&center_lon=2",
            "Invalid value \"-1\" for \"filter-distance-value\".",
        ),
    ] {
        refused(query, text);
    }
}
