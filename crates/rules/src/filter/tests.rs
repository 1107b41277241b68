//! Containment case by case, its laws, and that deciding, explaining and indexing agree.

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Value<'static> {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}")).into_owned()
}

fn fragment(text: &str) -> Option<Value<'static>> {
    (!text.is_empty()).then(|| json(text))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn body_only<'m>(body: &'m Value<'m>) -> Candidate<'m> {
    Candidate { source: "inbox", body, headers: &[], query: &[], about: About::default() }
}

/// Asks all three ways, which must give one answer.
#[track_caller]
fn decide(filter: &MessageFilter, candidate: &Candidate<'_>) -> bool {
    let wanted = matches(filter, candidate);
    let explanation = explain(filter, candidate);
    assert_eq!(explanation.matched, wanted, "{filter:?} {candidate:?} {explanation:?}");
    let index = FilterIndex::build([filter]);
    assert_eq!(index.matching(candidate).len(), usize::from(wanted), "{filter:?} {candidate:?}");
    wanted
}

#[test]
fn containment_follows_its_rules() {
    for (body, wanted, expected) in [
        // Objects: the wanted keys, whatever else is there.
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, true),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
        (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, true),
        (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, true),
        (r#"{"a":1}"#, r#"{"a":{}}"#, false),
        (r#"{"a":1}"#, "{}", true),
        ("{}", "{}", true),
        ("[]", "{}", false),
        ("1", "{}", false),
        // Arrays: every wanted element in some element.
        ("[1,2,3]", "[3,1]", true),
        ("[1,2,3]", "[3,1,1,3,3]", true),
        ("[1,2,3]", "[4]", false),
        ("[1,2,3]", "[]", true),
        ("[]", "[]", true),
        ("[]", "[{}]", false),
        ("{}", "[]", false),
        (r#"[{"a":1,"b":2},{"c":3}]"#, r#"[{"c":3},{"b":2}]"#, true),
        (r#"[{"a":1},{"b":2}]"#, r#"[{"a":1,"b":2}]"#, false),
        (r#"[{"a":1,"b":2}]"#, r#"[{"a":1},{"b":2}]"#, true),
        ("[[1,2],[3]]", "[[2],[1,2],[]]", true),
        ("[[1],[2]]", "[[1,2]]", false),
        ("[1,2,[1,3]]", "[3]", false),
        ("[1,2,[1,3]]", "[[1,3]]", true),
        ("[1,2,[1,3]]", "[[3]]", true),
        // Scalars: same kind, same value.
        (r#""a""#, r#""a""#, true),
        (r#""a""#, r#""A""#, false),
        (r#"{"a":"ab"}"#, r#"{"a":"a"}"#, false),
        (r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#, true),
        // The same letter, composed and decomposed, is two texts.
        (r#"{"a":"\u00e9"}"#, r#"{"a":"e\u0301"}"#, false),
        (r#"{"a":8.0}"#, r#"{"a":8}"#, true),
        (r#"{"a":80e-1}"#, r#"{"a":8}"#, true),
        (r#"{"a":0}"#, r#"{"a":-0.00}"#, true),
        (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, false),
        (
            r#"{"a":123456789012345678901234567890.5}"#,
            r#"{"a":123456789012345678901234567890.50}"#,
            true,
        ),
        (r#"{"a":1e1000000000}"#, r#"{"a":1}"#, false),
        (r#"{"a":"8"}"#, r#"{"a":8}"#, false),
        (r#"{"a":true}"#, r#"{"a":true}"#, true),
        (r#"{"a":true}"#, r#"{"a":false}"#, false),
        (r#"{"a":true}"#, r#"{"a":"true"}"#, false),
        (r#"{"a":null}"#, r#"{"a":null}"#, true),
        ("{}", r#"{"a":null}"#, false),
        (r#"{"a":0}"#, r#"{"a":null}"#, false),
        (r#"{"a":""}"#, r#"{"a":null}"#, false),
        // Kinds agree at every level, with one exception at the top.
        (r#"{"a":["x"]}"#, r#"{"a":"x"}"#, false),
        (r#"{"a":"x"}"#, r#"{"a":["x"]}"#, false),
        (r#"["foo","bar"]"#, r#""bar""#, true),
        (r#""bar""#, r#"["bar"]"#, false),
        (r#"[["bar"]]"#, r#""bar""#, false),
        (r#"[["bar"]]"#, r#"["bar"]"#, false),
        ("[1.0]", "1", true),
        ("[null]", "null", true),
        ("[]", "null", false),
        ("1", "[]", false),
        // Nothing is searched for further down.
        (r#"{"a":{"b":{"c":1}}}"#, r#"{"b":{"c":1}}"#, false),
        (r#"[{"a":1}]"#, r#"{"a":1}"#, false),
        (r#"{"a":1}"#, r#"[{"a":1}]"#, false),
        // The last of repeated keys counts; keys are nothing but keys.
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
        (r#"{"a":1,"a":2}"#, r#"{"a":1}"#, false),
        (
            r#"{"group1/name":"x","@xmlns":"y","a.b":1}"#,
            r#"{"a.b":1,"@xmlns":"y","group1/name":"x"}"#,
            true,
        ),
        (r#"{"a":{"b":1}}"#, r#"{"a.b":1}"#, false),
        (r#"{"":{"":1}}"#, r#"{"":{"":1}}"#, true),
    ] {
        assert_eq!(contains(&json(body), &json(wanted)), expected, "{body} @> {wanted}");
        let filter = MessageFilter { matches: fragment(wanted), ..MessageFilter::default() };
        assert_eq!(decide(&filter, &body_only(&json(body))), expected, "{body} @> {wanted}");
        let filter = MessageFilter { unless: fragment(wanted), ..MessageFilter::default() };
        assert_eq!(decide(&filter, &body_only(&json(body))), !expected, "not {body} @> {wanted}");
    }
}

#[test]
fn match_and_unless_go_together() {
    let nested = r#"{"form":{"@xmlns":"http://openrosa.org/formdesigner/F7","x":1}}"#;
    for (body, wanted, excluded, expected) in [
        (r#"{"formID":"registration_v7","name":"J"}"#, r#"{"formID":"registration_v7"}"#, "", true),
        (
            r#"{"formID":"registration_v8","name":"J"}"#,
            r#"{"formID":"registration_v7"}"#,
            "",
            false,
        ),
        (r#"{"name":"ann","dob":".."}"#, r#"{"name":"ann"}"#, r#"{"share":false}"#, true),
        (r#"{"name":"ann","share":false}"#, r#"{"name":"ann"}"#, r#"{"share":false}"#, false),
        (r#"{"name":"ann","share":true}"#, r#"{"name":"ann"}"#, r#"{"share":false}"#, true),
        (nested, r#"{"form":{"@xmlns":"http://openrosa.org/formdesigner/F7"}}"#, "", true),
        (
            r#"{"form":"survey","body":{"kind":"practice"}}"#,
            r#"{"form":"survey"}"#,
            r#"{"body":{"kind":"practice"}}"#,
            false,
        ),
        (r#"{"formId":"R","number":8.0}"#, r#"{"formId":"R","number":8}"#, "", true),
        (r#"{"data":[{"a":1},{"b":2}]}"#, r#"{"data":[{"a":1,"b":2}]}"#, "", false),
        (r#"{"tags":["x","y"]}"#, r#"{"tags":["y","x","x"]}"#, "", true),
        (r#"{"tags":["x"]}"#, r#"{"tags":"x"}"#, "", false),
        (r#"{"a":{"b":{"c":1}}}"#, r#"{"b":{"c":1}}"#, "", false),
        (r#"{"a":null}"#, r#"{"a":null}"#, "", true),
        ("{}", r#"{"a":null}"#, "", false),
        (r#"{"a":[]}"#, r#"{"a":[{}]}"#, "", false),
        (r#"{"a":1}"#, "{}", "", true),
        (r#"{"a":1}"#, "", "", true),
        (r#"{"a":1}"#, "", "{}", false),
        // All of what is excluded must be there, not some of it.
        (r#"{"a":1,"b":2}"#, "", r#"{"a":1,"b":3}"#, true),
        (r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#, false),
    ] {
        let filter = MessageFilter {
            matches: fragment(wanted),
            unless: fragment(excluded),
            ..MessageFilter::default()
        };
        let body = json(body);
        assert_eq!(decide(&filter, &body_only(&body)), expected, "{wanted} {excluded} {body:?}");
    }
}

#[test]
fn source_headers_and_query_must_be_equal() {
    let body = json(r#"{"a":1}"#);
    let headers = pairs(&[("x-form", "births"), ("x-form", "deaths"), ("x-Case", "A")]);
    let query = pairs(&[("project", "7"), ("empty", "")]);
    let candidate =
        Candidate { source: "kobo", headers: &headers, query: &query, ..body_only(&body) };
    let filter = |from: &str, headers: &[(&str, &str)], query: &[(&str, &str)]| MessageFilter {
        from: (!from.is_empty()).then(|| from.to_owned()),
        headers: pairs(headers),
        query: pairs(query),
        ..MessageFilter::default()
    };
    for (filter, expected) in [
        (filter("", &[], &[]), true),
        (filter("kobo", &[], &[]), true),
        (filter("Kobo", &[], &[]), false),
        (filter("commcare", &[], &[]), false),
        (filter("", &[("x-form", "births")], &[]), true),
        (filter("", &[("x-form", "deaths"), ("x-form", "births")], &[]), true),
        (filter("", &[("x-form", "birth")], &[]), false),
        (filter("", &[("x-form", "births"), ("x-other", "1")], &[]), false),
        (filter("", &[], &[("project", "7")]), true),
        (filter("", &[], &[("project", "7.0")]), false),
        (filter("", &[], &[("empty", "")]), true),
        (filter("", &[], &[("absent", "")]), false),
        (filter("kobo", &[("x-form", "births")], &[("project", "7"), ("empty", "")]), true),
        (filter("kobo", &[("x-form", "births")], &[("project", "8"), ("empty", "")]), false),
    ] {
        assert_eq!(decide(&filter, &candidate), expected, "{filter:?}");
        let with_body = MessageFilter { matches: fragment(r#"{"a":1.0}"#), ..filter.clone() };
        assert_eq!(decide(&with_body, &candidate), expected, "{with_body:?}");
        let excluded = MessageFilter { unless: fragment(r#"{"a":1.0}"#), ..filter };
        assert!(!decide(&excluded, &candidate), "{excluded:?}");
    }
}

#[track_caller]
fn notes(wanted: &str, unless: &str, body: &str, expected: &[(&str, bool, &str)]) {
    let filter = MessageFilter {
        matches: fragment(wanted),
        unless: fragment(unless),
        ..MessageFilter::default()
    };
    let body = json(body);
    let explanation = explain(&filter, &body_only(&body));
    let told: Vec<(&str, bool, &str)> = explanation
        .conditions
        .iter()
        .map(|condition| (&*condition.path, condition.holds, &*condition.note))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn explains_in_sentences() {
    notes(
        r#"{"form":"births","meta":{"v":8,"id":"x"},"gone":{"a":1}}"#,
        "",
        r#"{"form":"deaths","meta":{"v":8.0}}"#,
        &[
            ("form", false, r#"`form` is "deaths", wanted "births""#),
            ("meta.v", true, "`meta.v` is 8.0"),
            ("meta.id", false, "`meta.id` is not there"),
            ("gone", false, "`gone` is not there"),
        ],
    );
    notes(
        r#"{"n":8,"s":"8","o":{"a":1},"t":"x","z":null}"#,
        "",
        r#"{"n":"8","s":8,"o":[1],"t":["x"],"z":false}"#,
        &[
            ("n", false, r#"`n` is the string "8", wanted the number 8"#),
            ("s", false, r#"`s` is the number 8, wanted the string "8""#),
            ("o", false, "`o` is an array, wanted an object"),
            ("t", false, r#"`t` is an array, wanted the string "x""#),
            ("z", false, "`z` is false, wanted null"),
        ],
    );
    notes(
        r#"{"tags":["x","y"],"data":[{"a":1}],"a.b":{"":{}}}"#,
        "",
        r#"{"tags":["x"],"data":[{"a":2}],"a.b":{"":{}}}"#,
        &[
            ("tags[]", true, r#"`tags` has an element equal to "x""#),
            ("tags[]", false, r#"`tags` has no element equal to "y""#),
            ("data[]", false, r#"`data` has no element that contains {"a":1}"#),
            (r#""a.b"."""#, true, r#"`"a.b".""` is an object"#),
        ],
    );
    notes("1", "", "[2]", &[("[]", false, "the body has no element equal to 1")]);
    notes("{}", "", "[2]", &[("", false, "the body is an array, wanted an object")]);
    notes("", "", "[2]", &[]);
}

#[test]
fn explains_what_is_excluded() {
    let unless = r#"{"a":1,"b":{"c":2}}"#;
    notes("", unless, r#"{"a":1}"#, &[("b", true, "not excluded: `b` is not there")]);
    notes(
        "",
        unless,
        r#"{"a":1,"b":{"c":3}}"#,
        &[("b.c", true, "not excluded: `b.c` is 3, not 2")],
    );
    notes(
        "",
        unless,
        r#"{"b":{"c":2},"a":1}"#,
        &[("a", false, "excluded: `a` is 1"), ("b.c", false, "excluded: `b.c` is 2")],
    );
}

#[test]
fn explains_the_request() {
    let headers = pairs(&[("x-form", "births"), ("x-form", "deaths")]);
    let query = pairs(&[("project", "8")]);
    let candidate =
        Candidate { source: "kobo", headers: &headers, query: &query, ..body_only(&Value::Null) };
    let filter = MessageFilter {
        from: Some("commcare".to_owned()),
        headers: pairs(&[("x-form", "births"), ("x-other", "1")]),
        query: pairs(&[("project", "7")]),
        ..MessageFilter::default()
    };
    let explanation = explain(&filter, &candidate);
    assert!(!explanation.matched);
    let told: Vec<String> = explanation
        .conditions
        .iter()
        .map(|condition| format!("{} {} {}", condition.part, condition.holds, condition.note))
        .collect();
    assert_eq!(
        told,
        [
            "from false came in by `kobo`, wanted `commcare`",
            "headers true the header `x-form` is \"births\"",
            "headers false the header `x-other` was not sent",
            "query false the query parameter `project` is \"8\", wanted \"7\"",
        ]
    );
    assert_eq!(explanation.conditions[1].found.as_deref(), Some("births, deaths"));
    assert_eq!(explanation.conditions[2].found, None);
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_is_known_of_an_event_must_be_listed() {
    let body = json(r#"{"a":1}"#);
    let about = About {
        form: &["births", "births_v2", "http://openrosa.org/births"],
        case_type: Some("child"),
        application: Some("app-1"),
        user: &["ann", "u-1"],
    };
    let known = Candidate { about, ..body_only(&body) };
    let unknown = body_only(&body);
    let none = MessageFilter::default;
    let forms = |list: &[&str]| MessageFilter { forms: names(list), ..none() };
    let case_types = |list: &[&str]| MessageFilter { case_types: names(list), ..none() };
    let applications = |list: &[&str]| MessageFilter { applications: names(list), ..none() };
    let users = |list: &[&str]| MessageFilter { users: names(list), ..none() };
    let without = |list: &[&str]| MessageFilter { without_users: names(list), ..none() };
    for (filter, expected, of_unknown) in [
        (forms(&["births"]), true, false),
        (forms(&["deaths", "births_v2"]), true, false),
        (forms(&["http://openrosa.org/births"]), true, false),
        (forms(&["Births"]), false, false),
        (case_types(&["child"]), true, false),
        (case_types(&["mother", "household"]), false, false),
        (applications(&["app-1"]), true, false),
        (applications(&["app-2"]), false, false),
        (users(&["ann"]), true, false),
        (users(&["ben", "u-1"]), true, false),
        (users(&["ben"]), false, false),
        (without(&["ben"]), true, true),
        (without(&["ben", "u-1"]), false, true),
        (MessageFilter { without_users: names(&["ann"]), ..forms(&["births"]) }, false, false),
        (MessageFilter { case_types: names(&["child"]), ..forms(&["births"]) }, true, false),
        (MessageFilter { case_types: names(&["child"]), ..forms(&["deaths"]) }, false, false),
    ] {
        assert_eq!(decide(&filter, &known), expected, "{filter:?}");
        assert_eq!(decide(&filter, &unknown), of_unknown, "{filter:?}");
        let unless = MessageFilter { unless: fragment(r#"{"a":1}"#), ..filter };
        assert!(!decide(&unless, &known), "{unless:?}");
    }
}

#[test]
fn explains_what_is_known_of_an_event() {
    let body = json("{}");
    let about = About {
        form: &["births", "http://openrosa.org/births"],
        case_type: Some("child"),
        application: None,
        user: &["ann", "u-1"],
    };
    let filter = MessageFilter {
        forms: names(&["http://openrosa.org/births"]),
        case_types: names(&["mother", "household"]),
        applications: names(&["app-1"]),
        users: names(&["ben"]),
        without_users: names(&["u-1"]),
        ..MessageFilter::default()
    };
    let told = |filter: &MessageFilter, about| -> Vec<String> {
        let explanation = explain(filter, &Candidate { about, ..body_only(&body) });
        let conditions = explanation.conditions.iter();
        conditions
            .map(|it| format!("{} {} {} {}", it.part, it.holds, it.comparison, it.note))
            .collect()
    };
    assert_eq!(
        told(&filter, about),
        [
            "forms true same the form is `http://openrosa.org/births`",
            "case_types false different the type of the case is `child`, wanted `mother` or `household`",
            "applications false absent no application is known",
            "users false different it was done by `ann`, wanted `ben`",
            "without_users false same excluded: it was done by `u-1`",
        ]
    );
    let without = MessageFilter { without_users: names(&["ben"]), ..MessageFilter::default() };
    assert_eq!(
        told(&without, about),
        ["without_users true different not excluded: it was done by `ann`, not `ben`"]
    );
    assert_eq!(
        told(&without, About::default()),
        ["without_users true absent not excluded: no user is known"]
    );
    let explanation = explain(&filter, &Candidate { about, ..body_only(&body) });
    assert_eq!(explanation.conditions[1].expected, "mother, household");
    assert_eq!(explanation.conditions[1].found.as_deref(), Some("child"));
}

#[test]
fn shows_no_more_than_a_hundred_characters() {
    let shown = |length: usize| {
        let body = Value::object([("a", Value::string("é".repeat(length)))]);
        let filter = MessageFilter { matches: fragment(r#"{"a":1}"#), ..MessageFilter::default() };
        explain(&filter, &body_only(&body)).conditions[0].found.clone().unwrap()
    };
    // Two of the characters are the quotes.
    assert_eq!(shown(98), format!("\"{}\"", "é".repeat(98)));
    assert_eq!(shown(99), format!("\"{}…", "é".repeat(99)));
    assert_eq!(shown(10_000), format!("\"{}…", "é".repeat(99)));
}

#[test]
fn a_value_met_a_million_times_is_looked_at_once() {
    // These differ in length alone and so have one trigger. A look at each of them for every
    // element of the body would take hours; the test is that it ends, with each found once.
    let filters: Vec<MessageFilter> = (1..=500)
        .map(|length| MessageFilter {
            matches: Some(Value::from(vec![Value::from("x"); length])),
            ..MessageFilter::default()
        })
        .collect();
    let body = Value::from(vec![Value::from("x"); 1_000_000]);
    let matching = FilterIndex::build(&filters).matching(&body_only(&body));
    assert!(matching.into_iter().eq(0..500));
}

/// JSON of few letters, so that documents and fragments often meet.
fn small_json() -> impl Strategy<Value = Value<'static>> {
    let scalar =
        prop::sample::select(vec!["0", "1", "1.0", "10e-1", "\"a\"", "\"1\"", "true", "null"])
            .prop_map(json);
    scalar.prop_recursive(3, 12, 3, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "a.b"]), inside), 0..3)
                .prop_map(Value::object),
        ]
    })
}

fn small_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let letter = || prop::sample::select(vec!["x".to_owned(), "y".to_owned()]);
    prop::collection::vec((letter(), letter()), 0..2)
}

fn small_filter() -> impl Strategy<Value = MessageFilter> {
    let from =
        prop_oneof![2 => Just(None), 1 => Just(Some("one".into())), 1 => Just(Some("two".into()))];
    let some = |json| prop::option::weighted(0.6, json);
    let list = || prop_oneof![3 => Just(vec![]), 1 => small_names()];
    let lists = [list(), list(), list(), list(), list()];
    (from, some(small_json()), some(small_json()), small_pairs(), small_pairs(), lists).prop_map(
        |(from, matches, unless, headers, query, lists)| {
            let [forms, case_types, applications, users, without_users] = lists;
            MessageFilter {
                from,
                matches,
                unless,
                headers,
                query,
                forms,
                case_types,
                applications,
                users,
                without_users,
            }
        },
    )
}

fn small_names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(vec!["x".to_owned(), "y".to_owned()]), 0..3)
}

/// What may be known of an event: its form, its case, its application, its user.
fn small_about() -> impl Strategy<Value = [Vec<String>; 4]> {
    [small_names(), small_names(), small_names(), small_names()]
}

/// Decides about an event of which these names are known.
fn with_about<T>(
    [form, case, application, user]: &[Vec<String>; 4],
    decide: impl FnOnce(About<'_>) -> T,
) -> T {
    let form: Vec<&str> = form.iter().map(String::as_str).collect();
    let user: Vec<&str> = user.iter().map(String::as_str).collect();
    decide(About {
        form: &form,
        case_type: case.first().map(String::as_str),
        application: application.first().map(String::as_str),
        user: &user,
    })
}

/// The document with members and elements left out here and there: always contained in it.
fn part_of(document: &Value<'static>, keep: &mut dyn FnMut() -> bool) -> Value<'static> {
    match document {
        Value::Object(members) => {
            let kept: Vec<_> = members.iter().filter(|_| keep()).collect();
            Value::object(kept.into_iter().map(|(key, value)| (key.clone(), part_of(value, keep))))
        }
        Value::Array(elements) => {
            let kept: Vec<_> = elements.iter().filter(|_| keep()).collect();
            Value::Array(kept.into_iter().map(|element| part_of(element, keep)).collect())
        }
        scalar => scalar.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_index_agrees_with_the_loop(
        filters in prop::collection::vec(small_filter(), 0..12),
        body in small_json(),
        source in prop::sample::select(vec!["one", "two", "three"]),
        headers in small_pairs(),
        query in small_pairs(),
        about in small_about(),
    ) {
        let (found, expected) = with_about(&about, |about| {
            let candidate =
                Candidate { source, body: &body, headers: &headers, query: &query, about };
            let wanting = filters.iter().enumerate();
            let wanting = wanting.filter(|(_, filter)| matches(filter, &candidate));
            let expected: Vec<usize> = wanting.map(|(position, _)| position).collect();
            (FilterIndex::build(&filters).matching(&candidate), expected)
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn an_explanation_agrees_with_the_decision(
        filter in small_filter(), body in small_json(), headers in small_pairs(), query in small_pairs(),
        about in small_about(),
    ) {
        let (explanation, is_wanted) = with_about(&about, |about| {
            let candidate =
                Candidate { source: "one", body: &body, headers: &headers, query: &query, about };
            (explain(&filter, &candidate), matches(&filter, &candidate))
        });
        prop_assert_eq!(explanation.matched, is_wanted, "{:?}", explanation);
    }

    #[test]
    fn containment_is_reflexive_and_sees_parts(
        document in small_json(), choices in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        prop_assert!(contains(&document, &document));
        let mut choices = choices.into_iter().cycle();
        let part = part_of(&document, &mut || choices.next().unwrap());
        prop_assert!(contains(&document, &part), "{:?} {:?}", document, part);
        let smaller = part_of(&part, &mut || choices.next().unwrap());
        prop_assert!(contains(&document, &smaller), "{:?} {:?}", document, smaller);
    }

    #[test]
    fn containment_is_transitive(
        whole in small_json(), middle in small_json(), part in small_json(),
    ) {
        if contains(&whole, &middle) && contains(&middle, &part) {
            prop_assert!(contains(&whole, &part));
        }
    }

    #[test]
    fn what_means_the_same_contains_the_same(body in small_json(), wanted in small_json()) {
        let same_body = json(&body.canonical());
        let same_wanted = json(&wanted.canonical());
        prop_assert!(contains(&body, &same_body) && contains(&same_body, &body));
        prop_assert_eq!(contains(&body, &wanted), contains(&same_body, &same_wanted));
    }
}
