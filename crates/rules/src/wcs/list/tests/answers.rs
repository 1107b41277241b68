//! Filters on answers: which records each operator of each type lets pass.

use super::*;

/// Which of the answers a filter lets pass; `None` is no answer, the place of each counts.
#[track_caller]
fn passes(field: &str, answers: &[Option<&str>], filter: &str, expected: &[Option<&str>]) {
    let query = read_list(filter).unwrap_or_else(|text| panic!("{filter}: {text}"));
    assert!(!query.pushdown.nothing || expected.is_empty(), "{filter}");
    let definition = definition();
    let is_there = |answer: Option<&str>| {
        let record = record(1, &[(field, answer)]);
        !query.pushdown.nothing && query.predicate.matches(&definition, &record)
    };
    let passed: Vec<Option<&str>> = answers.iter().copied().filter(|it| is_there(*it)).collect();
    assert_eq!(passed, expected, "{filter}");
}

/// A filter with its operator.
fn with(field: &str, operator: &str, value: &str) -> String {
    format!("filter-{field}={value}&filter-{field}-operator={operator}")
}

#[test]
fn texts_are_compared_as_numbers_where_they_look_like_some() {
    let all = [None, Some(""), Some("9"), Some("10"), Some("a"), Some("Ab")];
    for (operator, value, expected) in [
        ("eq", "9", vec![Some("9")]),
        ("eq", "9.0", vec![Some("9")]),
        // An empty text and no answer are one.
        ("eq", "", vec![None, Some("")]),
        ("eq", "a", vec![Some("a")]),
        ("ne", "9", vec![None, Some("10")]),
        ("ne", "", vec![Some("9"), Some("10"), Some("a"), Some("Ab")]),
        ("ne", "a", vec![None, Some(""), Some("9"), Some("10"), Some("Ab")]),
        ("lt", "10", vec![Some("9")]),
        ("lte", "10", vec![Some("9"), Some("10")]),
        ("gt", "9", vec![Some("10")]),
        ("gte", "9", vec![Some("9"), Some("10")]),
        ("in", "9%7C10", vec![Some("9"), Some("10")]),
        ("in", "9%7Ca", vec![Some("9"), Some("a")]),
        ("in", "+a+%7C%7C+Ab", vec![Some("a"), Some("Ab")]),
        ("not_in", "9", vec![Some("10")]),
        ("not_in", "9%7Ca", vec![Some(""), Some("10"), Some("Ab")]),
        ("between", "9%7C10", vec![Some("9")]),
        ("between", "10%7C9", vec![Some("9")]),
        ("between", "9%7C11", vec![Some("9"), Some("10")]),
        ("between", "a%7Cb", vec![Some("a")]),
        ("absent", "on", vec![None, Some("")]),
        ("existing", "on", vec![Some("9"), Some("10"), Some("a"), Some("Ab")]),
        ("icontains", "A", vec![Some("a"), Some("Ab")]),
        ("ieq", "AB", vec![Some("Ab")]),
    ] {
        for field in ["string", "text"] {
            passes(field, &all, &with(field, operator, value), &expected);
        }
        let by_id = format!("filter-1=on&filter-1-value={value}&filter-1-operator={operator}");
        passes("string", &all, &by_id, &expected);
    }
    // An operator that looks at the field alone needs no value beside.
    passes("string", &all, "filter-1=on&filter-1-operator=absent", &[None, Some("")]);
}

#[test]
fn other_types_are_compared_as_what_they_are() {
    let numbers = [None, Some("9"), Some("10"), Some("9.50")];
    for (operator, value, expected) in [
        ("eq", "9.5", vec![Some("9.50")]),
        ("eq", "9,5", vec![Some("9.50")]),
        ("ne", "9", vec![None, Some("10"), Some("9.50")]),
        ("lt", "10", vec![Some("9"), Some("9.50")]),
        ("between", "10%7C9.1", vec![Some("9.50")]),
        ("in", "9%7C10", vec![Some("9"), Some("10")]),
        ("not_in", "9", vec![Some("10"), Some("9.50")]),
        ("eq", "", vec![None]),
        ("ne", "", vec![Some("9"), Some("10"), Some("9.50")]),
        ("lt", "", vec![]),
        ("absent", "on", vec![None]),
    ] {
        passes("numeric", &numbers, &with("numeric", operator, value), &expected);
    }
    let truths = [None, Some("true"), Some("false")];
    for (operator, value, expected) in [
        ("eq", "true", vec![Some("true")]),
        ("ne", "true", vec![None, Some("false")]),
        ("eq", "false", vec![Some("false")]),
        ("absent", "on", vec![None]),
        ("existing", "on", vec![Some("true"), Some("false")]),
    ] {
        passes("bool", &truths, &with("bool", operator, value), &expected);
    }
    let addresses = [None, Some(""), Some("a@example.org"), Some("B@example.org")];
    for (operator, value, expected) in [
        ("eq", "a@example.org", vec![Some("a@example.org")]),
        ("ieq", "b@example.org", vec![Some("B@example.org")]),
        ("icontains", "EXAMPLE", vec![Some("a@example.org"), Some("B@example.org")]),
        ("not_in", "a@example.org", vec![Some(""), Some("B@example.org")]),
        ("absent", "on", vec![None, Some("")]),
    ] {
        passes("email", &addresses, &with("email", operator, value), &expected);
    }
}

#[test]
fn days_are_compared_with_today_where_the_project_is() {
    let all = [
        None,
        Some("2021-06-06"),
        Some("2021-06-07"),
        Some("2021-06-10"),
        Some("2021-06-11"),
        Some("2021-06-12"),
        Some("2021-06-14"),
    ];
    let [_, sunday, monday, yesterday, today, tomorrow, next] = all;
    for (operator, value, expected) in [
        ("eq", "2021-06-11", vec![today]),
        ("eq", "11/06/2021", vec![today]),
        ("ne", "11/06/2021", vec![None, sunday, monday, yesterday, tomorrow, next]),
        ("lt", "2021-06-10", vec![sunday, monday]),
        ("lte", "10/06/2021", vec![sunday, monday, yesterday]),
        ("gt", "2021-06-12", vec![next]),
        ("gte", "2021-06-12", vec![tomorrow, next]),
        ("between", "2021-06-12%7C2021-06-10", vec![yesterday, today]),
        ("in", "2021-06-12%7C07/06/2021", vec![monday, tomorrow]),
        ("not_in", "2021-06-12", vec![sunday, monday, yesterday, today, next]),
        ("absent", "on", vec![None]),
        ("is_today", "on", vec![today]),
        ("is_tomorrow", "on", vec![tomorrow]),
        ("is_yesterday", "on", vec![yesterday]),
        ("is_this_week", "on", vec![monday, yesterday, today, tomorrow]),
        ("is_past", "on", vec![sunday, monday, yesterday]),
        ("is_future", "on", vec![tomorrow, next]),
        ("is_today_or_past", "on", vec![sunday, monday, yesterday, today]),
        ("is_today_or_future", "on", vec![today, tomorrow, next]),
    ] {
        passes("date", &all, &with("date", operator, value), &expected);
    }
}

#[test]
fn choices_are_compared_by_their_ids() {
    let one = [None, Some("9"), Some("10")];
    for (operator, value, expected) in [
        ("eq", "9", vec![Some("9")]),
        ("eq", "nine", vec![]),
        ("gt", "9", vec![Some("10")]),
        ("ne", "9", vec![None, Some("10")]),
        ("not_in", "9", vec![Some("10")]),
    ] {
        passes("item", &one, &with("item", operator, value), &expected);
    }
    passes("item", &one, "filter-item=9&filter-item=10", &[Some("9"), Some("10")]);
    let several = [None, Some("a"), Some("a b"), Some("b c")];
    for (operator, value, expected) in [
        ("eq", "a", vec![Some("a"), Some("a b")]),
        ("eq", "a%7Cc", vec![Some("a"), Some("a b"), Some("b c")]),
        ("ne", "a", vec![None, Some("b c")]),
        ("in", "c", vec![Some("b c")]),
        ("not_in", "a", vec![Some("b c")]),
        ("absent", "on", vec![None]),
        ("existing", "on", vec![Some("a"), Some("a b"), Some("b c")]),
    ] {
        passes("items", &several, &with("items", operator, value), &expected);
    }
}

#[test]
fn fields_of_blocks_and_of_the_lifecycle_are_asked_for_too() {
    let row = |name: &str| {
        let members = vec![("first".to_owned(), answered("first", name))];
        Node::Group(Group { members, ..Group::default() })
    };
    let mut record = record(1, &[]);
    let rows = Node::Repeat(vec![row("Awa"), row("Binta")]);
    record.submission.values.members.push(("people".to_owned(), rows));
    record.progress.backoffice_values.members.push(("note".to_owned(), answered("note", "seen")));
    for (filter, expected) in [
        ("filter-people_first=Binta", true),
        ("filter-people_first=Cora", false),
        ("filter-people_first=Binta&filter-people_first-operator=ne", false),
        ("filter-10-1=on&filter-10-1-value=Awa", true),
        ("filter-note=seen", true),
        ("filter-bo1=on&filter-bo1-value=unseen", false),
        // All hold at once.
        ("filter-note=seen&filter-people_first=Cora", false),
    ] {
        let query = read_list(filter).unwrap();
        assert_eq!(query.predicate.matches(&definition(), &record), expected, "{filter}");
    }
}

#[test]
fn each_type_has_its_operators_and_values() {
    for (query, text) in [
        (with("bool", "lt", "true"), "Invalid operator \"lt\" for \"filter-bool\"."),
        (with("bool", "in", "true"), "Invalid operator \"in\" for \"filter-bool\"."),
        (with("bool", "eq", "x"), "Invalid value \"x\" for \"filter-bool\"."),
        (with("bool", "eq", ""), "Invalid value \"\" for \"filter-bool\"."),
        (with("email", "lt", "a"), "Invalid operator \"lt\" for \"filter-email\"."),
        (
            with("numeric", "icontains", "1"),
            "Invalid operator \"icontains\" for \"filter-numeric\".",
        ),
        (with("string", "is_today", "on"), "Invalid operator \"is_today\" for \"filter-string\"."),
        (with("string", "foo", "x"), "Invalid operator \"foo\" for \"filter-string\"."),
        (
            "filter-4=on&filter-4-value=true&filter-4-operator=gt".to_owned(),
            "Invalid operator \"gt\" for \"filter-4-value\".",
        ),
        (
            with("string", "between", "x"),
            "Invalid value \"x\" for operator \"between\" and filter \"filter-string\"",
        ),
        (
            with("string", "between", "x%7Cy%7Cz"),
            "Invalid value \"x|y|z\" for operator \"between\" and filter \"filter-string\"",
        ),
        (with("date", "eq", "soon"), "Invalid value \"soon\" for filter \"filter-date\""),
        (with("numeric", "in", "1%7Cx"), "Invalid value \"x\" for filter \"filter-numeric\""),
        (
            "filter-string=a&filter-string=b&filter-string-operator=lt".to_owned(),
            "Invalid value \"['a', 'b']\" for \"filter-string\".",
        ),
    ] {
        refused(&query, text);
    }
}

#[test]
fn all_that_a_record_says_is_searched() {
    let mut found = record(12, &[("string", Some("Föô bar")), ("item", Some("9"))]);
    found.progress.digest = Some("Amina".to_owned());
    for (search, expected) in [
        ("foo", true),
        ("BAR+föô", true),
        ("nine", true),
        ("12", true),
        ("amina", true),
        ("fo", false),
        ("foo+gone", false),
        ("", true),
    ] {
        let query = read_list(&format!("q={search}")).unwrap();
        assert_eq!(query.predicate.matches(&definition(), &found), expected, "{search}");
    }
}
