//! What lists are asked for: each filter, each operator, each refusal.

mod answers;
mod orders;
mod overviews;
mod own;

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, Item};
use fieldpost_model::lifecycle::{
    Action, ActionKind, CriticalityLevel, Jump, Lifecycle, Status, StatusKind,
};
use fieldpost_model::progress::Progress;
use fieldpost_model::progress_list::OrderKey;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node, Submission};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::*;
use crate::lifecycle::Record;
use crate::wcs::caller::{ActsFor, Caller, Proof};

/// A Friday, late in the evening in Paris.
const NOW: &str = "2021-06-11T20:30:00Z";

fn calendar() -> Calendar {
    Calendar { now: Timestamp::parse(NOW).unwrap(), zone: chrono_tz::Europe::Paris }
}

fn field(id: &str, name: &str, field_type: FieldType) -> FormField {
    FormField { id: id.to_owned(), ..FormField::new(name, field_type) }
}

fn status(id: &str, name: &str, leads_to: Option<&str>) -> Status {
    let jump = leads_to.map(|to| Action::new("1", ActionKind::Jump(Jump::new(to))));
    Status {
        id: id.to_owned(),
        name: name.to_owned(),
        actions: jump.into_iter().collect(),
        ..Status::default()
    }
}

/// A form with a field of each type that a list can be filtered by.
fn definition() -> FormDefinition {
    let mut definition = FormDefinition {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        fields: vec![
            field("1", "string", FieldType::String),
            field("2", "text", FieldType::Text),
            field("3", "email", FieldType::Email),
            field("4", "bool", FieldType::Bool),
            field("5", "numeric", FieldType::Numeric),
            field("6", "date", FieldType::Date),
            FormField {
                items: vec![Item::new("9", "nine"), Item::new("10", "ten")],
                ..field("7", "item", FieldType::Item)
            },
            field("8", "items", FieldType::Items),
            field("9", "photo", FieldType::File),
            FormField {
                fields: vec![field("1", "first", FieldType::String)],
                ..field("10", "people", FieldType::Block)
            },
        ],
        ..FormDefinition::default()
    };
    let lifecycle = Lifecycle::usual();
    definition.lifecycle = Lifecycle {
        statuses: vec![
            status("new", "New one", Some("accepted")),
            status("accepted", "Accepted", Some("finished")),
            status("finished", "Finished", None),
            status("rejected", "Rejected", None),
        ],
        backoffice_fields: vec![field("bo1", "note", FieldType::String)],
        criticality_levels: ["normal", "high"]
            .map(|name| CriticalityLevel { name: name.to_owned(), colour: None })
            .to_vec(),
        ..lifecycle
    };
    definition.lifecycle.functions[0].role = Some("agents".to_owned());
    definition
}

fn agents() -> Whom {
    Whom { roles: vec!["agents".to_owned()], user: Some(3) }
}

/// Who is known by a name identifier.
fn people(name: &str) -> Option<Whom> {
    let clerk = Whom { roles: vec!["clerks".to_owned()], user: Some(7) };
    (name == "abc").then_some(clerk)
}

const OWN: Reading = Reading { anonymised: false, as_administrator: false };
const ALL: Reading = Reading { anonymised: false, as_administrator: true };
const ANONYMOUS: Reading = Reading { anonymised: true, as_administrator: true };

fn read_as(
    query: &str,
    address: Address,
    reading: Reading,
    caller: &Whom,
) -> Result<ListQuery, String> {
    let definition = definition();
    let facts = ListFacts {
        definition: &definition,
        address,
        kind: Kind::Form,
        reading,
        reader: &StatusReader::default(),
        caller,
        people: &people,
        calendar: calendar(),
        usual: None,
    };
    let query = read(&Parameters::of_query(query), &facts);
    query.map_err(|refusal| {
        assert_eq!((refusal.status, refusal.code), (400, "invalid-request"));
        refusal.description
    })
}

fn read_list(query: &str) -> Result<ListQuery, String> {
    read_as(query, Address::List, OWN, &agents())
}

/// What a store is told of a list, beside what it always is.
fn usual() -> Pushdown {
    Pushdown {
        forms: vec!["test".to_owned()],
        visible_to: Some(Whom { roles: vec!["agents".to_owned()], user: None }),
        ..Pushdown::default()
    }
}

#[track_caller]
fn refused(query: &str, text: &str) {
    assert_eq!(read_list(query).map(|_| ()), Err(text.to_owned()), "{query}");
}

fn answer(lexical: &str, value: AnswerValue) -> Node {
    Node::Answer(Answer { lexical: Some(lexical.to_owned()), value })
}

/// An answer of a field, as it would be read from what is written.
fn answered(key: &str, written: &str) -> Node {
    match key {
        "bool" => answer(written, AnswerValue::Boolean(written == "true")),
        "numeric" => answer(written, AnswerValue::Decimal(written.to_owned())),
        "items" => {
            let ids = written.split(' ').map(str::to_owned).collect();
            answer(written, AnswerValue::Choices(ids))
        }
        _ if written.is_empty() => answer("", AnswerValue::Empty),
        _ => answer(written, AnswerValue::Text),
    }
}

/// A record with these answers: `None` where nothing was answered.
fn record(number: u64, answers: &[(&str, Option<&str>)]) -> Record {
    let now = Timestamp::parse(NOW).unwrap();
    let member = |(key, written): &(&str, Option<&str>)| {
        let nothing = || Node::Answer(Answer::ABSENT);
        ((*key).to_owned(), written.map_or_else(nothing, |written| answered(key, written)))
    };
    let values = Group { members: answers.iter().map(member).collect(), ..Group::default() };
    Record {
        submission: Submission { values, ..Submission::default() },
        progress: Progress::draft(Uuid::from_u128(number.into()), number, now),
        files: Vec::new(),
    }
}

#[test]
fn a_list_has_all_that_the_caller_may_see_the_newest_first() {
    let query = read_list("").unwrap();
    assert_eq!(query.pushdown, usual());
    assert!(query.predicate.is_trivial());
    assert_eq!((query.order, query.limit, query.offset), (ListOrder::Native, None, 0));
    assert_eq!(
        (query.around, query.gives_cursor, query.switches),
        (Around::Array, false, Switches::ROW)
    );
    let all = read_as("", Address::List, ALL, &Whom::default()).unwrap();
    assert_eq!(all.pushdown.visible_to, None);
}

#[test]
fn statuses_are_filtered_by_kind_id_and_name() {
    use StatusKind::{Done, Pending};
    use fieldpost_model::progress_list::Among::{In, NotIn};
    let agents = || Some(Whom { roles: vec!["agents".to_owned()], user: None });
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let both = |among| Pushdown { statuses: Some(among), ..usual() };
    for (query, expected) in [
        ("filter=all", usual()),
        ("filter=all&filter-operator=in", usual()),
        ("filter=all&filter-operator=ne", Pushdown { nothing: true, ..usual() }),
        ("filter=all%7Cnew&filter-operator=not_in", Pushdown { nothing: true, ..usual() }),
        ("filter=pending", Pushdown { standing: Some(Pending), ..usual() }),
        ("filter=done", Pushdown { standing: Some(Done), ..usual() }),
        ("filter=done&filter-operator=", Pushdown { standing: Some(Done), ..usual() }),
        ("filter=pending&filter-operator=ne", both(NotIn(ids(&["new", "accepted"])))),
        ("filter=waiting", Pushdown { waiting_for: agents(), ..usual() }),
        ("filter=waiting&filter-operator=ne", Pushdown { not_waiting_for: agents(), ..usual() }),
        ("filter=waiting&filter-operator=in", Pushdown { nothing: true, ..usual() }),
        ("filter=new%7Cwaiting&filter-operator=not_in", Pushdown { nothing: true, ..usual() }),
        ("filter=new", both(In(ids(&["new"])))),
        ("filter=New+one", both(In(ids(&["new"])))),
        ("filter=new&filter-operator=ne", both(NotIn(ids(&["new"])))),
        (
            "filter=Accepted%7Cdone&filter-operator=in",
            both(In(ids(&["accepted", "finished", "rejected"]))),
        ),
        ("filter=new%7Cgone&filter-operator=not_in", both(NotIn(ids(&["new", "gone"])))),
        ("filter=gone", both(In(ids(&["gone"])))),
        ("filter=", both(In(ids(&[""])))),
    ] {
        assert_eq!(read_list(query).unwrap().pushdown, expected, "{query}");
    }
    refused("filter-operator=foo", "Invalid operator \"foo\" for \"filter-operator\".");
    refused("filter-operator=lt&filter=new", "Invalid operator \"lt\" for \"filter-operator\".");
    refused("filter=a&filter=b", "Invalid value \"['a', 'b']\" for \"filter\".");
}

#[test]
fn maps_and_sheets_have_what_waits_for_the_caller() {
    for address in [Address::Geojson, Address::Sheet, Address::Calendar] {
        let query = read_as("", address, OWN, &agents()).unwrap();
        let whom = Whom { roles: vec!["agents".to_owned()], user: None };
        assert_eq!(query.pushdown.waiting_for, Some(whom), "{address:?}");
        // Nobody in particular who reads as one who runs the project: everything that is pending.
        let query = read_as("", address, ALL, &Whom::default()).unwrap();
        assert_eq!(query.pushdown.waiting_for, None);
        assert_eq!(query.pushdown.standing, Some(StatusKind::Pending), "{address:?}");
        let query = read_as("filter-operator=ne", address, ALL, &Whom::default()).unwrap();
        assert_eq!(query.pushdown.standing, Some(StatusKind::Done), "{address:?}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    for (query, text) in [
        ("filter-foobar=x", "Invalid filter \"foobar\"."),
        ("filter-b=x&filter-a=y&filter-string=z", "Invalid filters \"a\", \"b\"."),
        ("filter-photo=x", "Invalid filter \"photo\"."),
        ("filter-people=x", "Invalid filter \"people\"."),
        // An id says nothing without its value.
        ("filter-1=x", "Invalid filter \"1\"."),
        ("filter-1=on", "Invalid filter \"1\"."),
        ("filter-x-value=1", "Unused parameter \"filter-x-value\"."),
        (
            "filter-y-operator=eq&filter-x-value=1",
            "Unused parameters \"filter-x-value\", \"filter-y-operator\".",
        ),
        ("filter-x=1&filter-x-value=1", "Invalid filter \"x\"."),
    ] {
        refused(query, text);
    }
    // What belongs to a field that is there does nothing by itself, as with w.c.s.
    let query = read_list("filter-string-value=x&filter-1-operator=lt&filter-status=on&foo=bar");
    assert_eq!(query.unwrap().pushdown, usual());
}

#[test]
fn pages_are_counted_and_cards_stand_in_an_object() {
    let query = read_list("limit=10&offset=20&response_type=dict&full=on").unwrap();
    assert_eq!((query.limit, query.offset, query.around), (Some(10), 20, Around::CountedObject));
    assert_eq!(query.switches, Switches::FULL_ROW);
    refused("limit=plop", "Invalid value \"plop\" for \"limit\".");
    refused("offset=-1", "Invalid value \"-1\" for \"offset\".");
    refused("cursor=&offset=2", "Invalid value \"2\" for \"offset\".");
    let definition = definition();
    let facts = ListFacts {
        definition: &definition,
        address: Address::List,
        kind: Kind::Card,
        reading: ALL,
        reader: &StatusReader::default(),
        caller: &agents(),
        people: &people,
        calendar: calendar(),
        usual: None,
    };
    let cards = |query: &str| read(&Parameters::of_query(query), &facts).unwrap().around;
    for (query, around) in [
        ("", Around::CountedObject),
        ("response_type=dict", Around::CountedObject),
        ("response_type=list", Around::Array),
        ("cursor=", Around::Object),
    ] {
        assert_eq!(cards(query), around, "{query}");
    }
}

#[test]
fn anonymised_records_are_listed_where_somebody_asks_for_them() {
    assert!(!read_list("").unwrap().pushdown.with_anonymised);
    assert!(read_list("include-anonymised=on").unwrap().pushdown.with_anonymised);
    let map = read_as("include-anonymised=on", Address::Geojson, OWN, &agents()).unwrap();
    assert!(!map.pushdown.with_anonymised);
}

#[test]
fn a_list_that_names_nobody_is_neither_searched_nor_ordered() {
    let query = "q=amina&order_by=string&filter=pending";
    let named = read_list(query).unwrap();
    assert!(named.predicate.search.is_some() && named.order != ListOrder::Native);
    let nameless = read_as(query, Address::List, ANONYMOUS, &Whom::default()).unwrap();
    assert!(nameless.anonymised && nameless.predicate.is_trivial());
    let by_number = Order { by: OrderKey::Number, descending: true };
    assert_eq!((nameless.order, nameless.pushdown.order), (ListOrder::Native, by_number));
    // Filters on what is told still say what they say.
    assert!(nameless.pushdown.standing.is_some());
}

#[test]
fn a_list_that_names_nobody_is_not_filtered_by_what_it_leaves_out() {
    let read_nameless = |query: &str| read_as(query, Address::List, ANONYMOUS, &Whom::default());
    for (query, name) in [
        ("filter-string=Zebulon", "string"),
        ("filter-string=Z&filter-string-operator=icontains", "string"),
        ("filter-1=on&filter-1-value=Zebulon", "1"),
        ("filter-people_first=Awa", "people_first"),
        ("filter-note=x", "note"),
        ("filter-number=12", "number"),
        ("filter-identifier=zebulon", "identifier"),
        ("filter-user=on&filter-user-value=3", "user"),
        ("filter-user-uuid=abc", "user-uuid"),
        ("filter-user-function=_receiver", "user-function"),
        ("filter-submission-agent-uuid=abc", "submission-agent-uuid"),
        ("filter-distance=10&center_lat=1&center_lon=2", "distance"),
    ] {
        let refused = read_nameless(query).map(|_| ());
        assert_eq!(refused, Err(format!("Invalid filter \"{name}\".")), "{query}");
        assert!(read_list(query).is_ok(), "{query}");
    }
    // What stands in the rows can be asked for: choices, times, numbers, how pressing it is.
    let query = "filter-item=9&filter-bool=true&filter-start=2020-01-01&filter-internal-id=12\
                 &filter-criticality-level=1";
    assert_eq!(read_nameless(query).unwrap().predicate.conditions.len(), 2);
}

#[test]
fn a_hidden_status_is_asked_for_by_what_is_shown_in_its_place() {
    use fieldpost_model::lifecycle::Who;
    use fieldpost_model::progress::HistoryEntry;
    use fieldpost_model::progress_list::Among::{In, NotIn};

    let mut definition = definition();
    definition.lifecycle.statuses[2].visible_to = vec![Who::Role("clerks".to_owned())];
    let mut hidden = record(1, &[]);
    let entry = |id: &str| HistoryEntry {
        time: hidden.progress.received_at,
        last_jump_at: None,
        who: None,
        status: Some(id.to_owned()),
        parts: Vec::new(),
    };
    hidden.progress.history = ["new", "accepted", "finished"].map(entry).to_vec();
    hidden.progress.status = Some("finished".to_owned());
    let list = |query: &str, reader: &StatusReader| {
        let facts = ListFacts {
            definition: &definition,
            address: Address::List,
            kind: Kind::Form,
            reading: OWN,
            reader,
            caller: &agents(),
            people: &people,
            calendar: calendar(),
            usual: None,
        };
        read(&Parameters::of_query(query), &facts).unwrap()
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let clerk =
        Caller { proof: Proof::Nothing, acts_for: ActsFor::Roles(vec!["clerks".to_owned()]) };
    let clerk = StatusReader::of(&clerk, OWN);
    for (query, statuses, is_found, clerk_finds) in [
        ("filter=finished", Some(In(ids(&["finished", "finished"]))), false, true),
        ("filter=accepted", Some(In(ids(&["accepted", "finished"]))), true, false),
        ("filter=new", Some(In(ids(&["new", "finished"]))), false, false),
        ("filter=finished&filter-operator=ne", Some(NotIn(ids(&[]))), true, false),
        ("filter=accepted&filter-operator=ne", Some(NotIn(ids(&["accepted"]))), false, true),
        ("filter=pending", None, true, false),
        ("filter=done", None, false, true),
    ] {
        let asked = list(query, &StatusReader::default());
        assert_eq!(asked.pushdown.statuses, statuses, "{query}");
        assert_eq!(asked.pushdown.standing, None, "{query}");
        assert_eq!(asked.predicate.matches(&definition, &hidden), is_found, "{query}");
        // Who sees it is answered by the columns alone.
        let seen = list(query, &clerk);
        assert!(seen.predicate.is_trivial(), "{query}");
        let in_columns = seen.pushdown.statuses.map(|among| among.holds(&"finished".to_owned()));
        let in_columns = in_columns.or(seen.pushdown.standing.map(|it| it == StatusKind::Done));
        assert_eq!(in_columns, Some(clerk_finds), "{query}");
    }
}
