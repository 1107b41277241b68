//! In what order lists come, and where they go on.

use fieldpost_model::progress_list::{ListPlace, Order, OrderKey};

use super::*;

/// The numbers of some records in the order of a query.
fn ordered(query: &str, records: &[Record]) -> Vec<u64> {
    let query = read_list(query).unwrap();
    let definition = definition();
    let mut keyed: Vec<(SortKey, u64)> = records
        .iter()
        .map(|record| {
            let key = query.order.key(&query.predicate, &definition, record);
            (key.unwrap(), record.progress.number)
        })
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(_, number)| number).collect()
}

#[test]
fn some_orders_are_the_stores() {
    let order = |by, descending| Order { by, descending };
    for (query, expected) in [
        ("", order(OrderKey::ReceivedAt, true)),
        ("order_by=", order(OrderKey::ReceivedAt, true)),
        ("order_by=id", order(OrderKey::Number, false)),
        ("order_by=-id", order(OrderKey::Number, true)),
        ("order_by=receipt_time", order(OrderKey::ReceivedAt, false)),
        ("order_by=-last_update_time", order(OrderKey::UpdatedAt, true)),
    ] {
        let query = read_list(query).unwrap();
        assert_eq!((query.pushdown.order, query.order), (expected, ListOrder::Native));
    }
    let sheet = read_as("", Address::Sheet, OWN, &agents()).unwrap();
    assert_eq!(sheet.pushdown.order, order(OrderKey::Number, true));
}

#[test]
fn answers_order_records_and_what_is_missing_comes_last() {
    let text = |number, text| record(number, &[("string", text)]);
    let texts = [
        text(1, Some("b")),
        text(2, None),
        text(3, Some("A")),
        text(4, Some("b")),
        text(5, Some("")),
    ];
    for query in ["order_by=string", "order_by=f1"] {
        assert_eq!(ordered(query, &texts), [3, 4, 1, 5, 2], "{query}");
    }
    assert_eq!(ordered("order_by=-string", &texts), [4, 1, 3, 5, 2]);
    let number = |number, text| record(number, &[("numeric", Some(text))]);
    let numbers = [number(1, "10"), number(2, "9"), number(3, "-1.5")];
    assert_eq!(ordered("order_by=numeric", &numbers), [3, 2, 1]);
    assert_eq!(ordered("order_by=-f5", &numbers), [1, 2, 3]);
    for query in ["order_by=people_first", "order_by=f10-1", "order_by=f10_1", "order_by=fbo1"] {
        assert!(matches!(read_list(query).unwrap().order, ListOrder::Field { .. }), "{query}");
    }
    for wanted in ["string,text", "gone", "f99", "--id"] {
        let text = format!("Invalid value \"{wanted}\" for \"order_by\".");
        refused(&format!("order_by={wanted}"), &text);
    }
}

#[test]
fn what_is_found_best_comes_first() {
    let text = |number, text| record(number, &[("string", Some(text))]);
    let records = [text(1, "foo"), text(2, "foo foo"), text(3, "foo bar")];
    assert_eq!(ordered("q=foo", &records), [2, 3, 1]);
    assert_eq!(ordered("q=foo&order_by=string", &records), [1, 3, 2]);
}

#[test]
fn ids_that_a_template_makes_are_ordered_by() {
    let definition = FormDefinition { id_template: Some("x".to_owned()), ..definition() };
    let facts = ListFacts {
        definition: &definition,
        address: Address::List,
        kind: Kind::Form,
        reading: OWN,
        reader: &StatusReader::default(),
        caller: &agents(),
        people: &people,
        calendar: calendar(),
        usual: None,
    };
    let query = read(&Parameters::of_query("order_by=-id"), &facts).unwrap();
    assert_eq!(query.order, ListOrder::Identifier { descending: true });
    assert!(read(&Parameters::of_query("order_by=-id&cursor="), &facts).is_err());
}

#[test]
fn a_cursor_goes_on_where_a_list_stopped() {
    let mut progress = record(28, &[]).progress;
    progress.received_at = Timestamp(17);
    for (order, key) in
        [("", 17), ("order_by=-id", 28), ("order_by=last_update_time", progress.updated_at.0)]
    {
        let beginning = read_list(&format!("cursor=&{order}")).unwrap();
        assert_eq!((beginning.gives_cursor, beginning.around), (true, Around::Object));
        let counted = read_list(&format!("cursor=&response_type=dict&{order}")).unwrap();
        assert_eq!((counted.gives_cursor, counted.around), (true, Around::CountedObject));
        assert_eq!(beginning.pushdown.after, None);
        for case_id in [None, Some("a.b:c é")] {
            let cursor = beginning.cursor_behind("test", &progress, case_id);
            let next = read_list(&format!("cursor={cursor}&{order}")).unwrap();
            let case_id = case_id.map(str::to_owned);
            let place = ListPlace { key, form: "test".to_owned(), number: 28, case_id };
            assert_eq!(next.pushdown.after, Some(place));
            assert_eq!(next.pushdown.order, beginning.pushdown.order);
        }
    }
    for cursor in [
        "x",
        "rd.17.28.other",
        "ra.17.28.test",
        "nd.17.28.test",
        "rd.x.28.test",
        "rd.17.28",
        "rd.17.28:!.test",
    ] {
        refused(
            &format!("cursor={cursor}"),
            &format!("Invalid value \"{cursor}\" for \"cursor\"."),
        );
    }
    refused("cursor=&order_by=string", "Invalid value \"string\" for \"order_by\".");
    // What is searched for comes in the order of the store then.
    assert_eq!(read_list("cursor=&q=foo").unwrap().order, ListOrder::Native);
}
