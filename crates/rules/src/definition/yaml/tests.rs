use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Value<'static> {
    Value::parse(text.as_bytes()).unwrap().into_owned()
}

fn without_variables(_: &str) -> Option<String> {
    None
}

#[track_caller]
fn reads_as(yaml: &str, expected: &str) {
    let value = read(yaml, &without_variables).unwrap_or_else(|problems| {
        panic!("{yaml:?}: {}", problems[0]);
    });
    assert_eq!(value, json(expected), "{yaml:?}");
}

#[track_caller]
fn refuses(yaml: &str, code: &str, part: &str) {
    let problems = read(yaml, &without_variables).unwrap_err();
    assert_eq!(problems[0].code, code, "{yaml:?}: {}", problems[0]);
    assert!(problems[0].message.contains(part), "{yaml:?}: {}", problems[0]);
}

#[test]
fn reads_types_of_the_core_schema() {
    for (yaml, expected) in [
        ("", "null"),
        ("# only a comment", "null"),
        ("--- {}", "{}"),
        ("\u{feff}a: 1\r\nb: 2\r\n", r#"{"a":1,"b":2}"#),
        ("a: 1", r#"{"a":1}"#),
        ("on: yes", r#"{"on":"yes"}"#),
        ("[no, off, y, True, FALSE, ~, Null, ]", r#"["no","off","y",true,false,null,null]"#),
        (
            "[1, -1, 1.10, 1e400, 123456789012345678901234567890]",
            "[1,-1,1.10,1e400,123456789012345678901234567890]",
        ),
        ("[+1, .5, -.5, 1., 1.e3, 0x1F, 0o17]", "[1,0.5,-0.5,1,1e3,31,15]"),
        (
            "[007, 0755, 1_000, 1:30, 0x, 0b1, 5xx, 30s, ., +, e5]",
            r#"["007","0755","1_000","1:30","0x","0b1","5xx","30s",".","+","e5"]"#,
        ),
        ("[\"1\", '1', !!str 1, ! 1, \"\"]", r#"["1","1","1","1",""]"#),
        ("a: |\n  one\n  two\nb: >\n  one\n  two\n", r#"{"a":"one\ntwo\n","b":"one two\n"}"#),
        ("5: a\ntrue: b\n~: c", r#"{"5":"a","true":"b","~":"c"}"#),
        ("a: &x {b: 1}\nc: *x\nd: [*x]", r#"{"a":{"b":1},"c":{"b":1},"d":[{"b":1}]}"#),
        ("2020-01-01", "\"2020-01-01\""),
    ] {
        reads_as(yaml, expected);
    }
}

#[test]
fn refuses_what_is_no_project_file() {
    for (yaml, part) in [
        ("a: 1\na: 2", "line 2, column 1: the key `a` is here twice"),
        ("a: [1", "line"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("{[1]: 2}", "a key must be plain text"),
        ("a: *x", "line 1"),
        ("a: &x [*x]", "repeats the value"),
        ("a: !env HOME", "tag means nothing"),
        ("a: !!set {b}", "tag means nothing"),
        ("a: .inf", "`.inf` is no number"),
        ("a: 0xfffffffffffffffffffffffffffffffff", "is no number"),
    ] {
        refuses(yaml, "bad-yaml", part);
    }
}

#[test]
fn refuses_what_is_too_large() {
    let padding = "#".repeat(MAX_BYTES);
    reads_as(&padding, "null");
    refuses(&format!("{padding}#"), "bad-yaml", "bytes");

    // The list itself is a value too.
    let values = vec!["1"; MAX_VALUES - 1].join(",");
    assert!(read(&format!("[{values}]"), &without_variables).is_ok());
    refuses(&format!("[{values},1]"), "bad-yaml", "more than 250000 values");

    let levels = fieldpost_model::json::MAX_DEPTH;
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(&nested(levels), &without_variables).is_ok());
    refuses(&nested(levels + 1), "bad-yaml", "nested deeper");
}

#[test]
fn aliases_cannot_blow_a_file_up() {
    // Ten times as many values with each level, and one level more with each line.
    let lines = |levels: usize, repeated: usize| {
        let line = |level: usize| {
            let before = vec![format!("*a{}", level - 1); repeated].join(", ");
            format!("a{level}: &a{level} [{before}]\n")
        };
        format!("a0: &a0 [1]\n{}", (1..levels).map(line).collect::<String>())
    };
    assert!(read(&lines(5, 10), &without_variables).is_ok());
    refuses(&lines(10, 10), "bad-yaml", "values");
    refuses(&lines(200, 1), "bad-yaml", "nested deeper");
}

fn names(name: &str) -> Option<String> {
    match name {
        "PASSWORD" => Some("a: b, \"c\"\n- ${USER} $${x}".to_owned()),
        "_n1" => Some("8".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

#[test]
fn replaces_variables_inside_texts_only() {
    let password = "a: b, \\\"c\\\"\\n- ${USER} $${x}";
    for (yaml, expected) in [
        ("a: ${PASSWORD}", format!(r#"{{"a":"{password}"}}"#)),
        ("a: \"x ${_n1}y${EMPTY}\"", r#"{"a":"x 8y"}"#.to_owned()),
        ("a: ${_n1}", r#"{"a":"8"}"#.to_owned()),
        (
            "a: ['$${NAME}', '$$${NAME}', $, '{x}', $NAME]",
            r#"{"a":["${NAME}","$${NAME}","$","{x}","$NAME"]}"#.to_owned(),
        ),
        ("${_n1}: 1", r#"{"${_n1}":1}"#.to_owned()),
    ] {
        assert_eq!(read(yaml, &names).unwrap(), json(&expected), "{yaml}");
    }
}

#[test]
fn names_every_variable_that_is_not_set() {
    let yaml = "a: { b: \"${NO_SUCH} ${NEITHER}\" }\nc: [\"${}\", \"${x y}\", \"${open\"]";
    let problems = read(yaml, &names).unwrap_err();
    let told: Vec<_> =
        problems.iter().map(|problem| (problem.path.as_str(), problem.message.as_str())).collect();
    let bad_name = "`${` must be followed by a name and `}`";
    assert_eq!(
        told,
        [
            ("a.b", "the variable `NO_SUCH` is not set"),
            ("a.b", "the variable `NEITHER` is not set"),
            ("c[0]", bad_name),
            ("c[1]", bad_name),
            ("c[2]", "the variable `open` is not set"),
        ]
    );
    assert!(problems.iter().all(|problem| problem.code == "bad-variable"));
}

#[test]
fn joins_the_files_of_a_project() {
    let files = |files: &[&str]| merge(files.iter().map(|file| json(file)).collect());
    assert_eq!(
        files(&[
            r#"{"project":"clinic","sources":{"kobo":{"dialect":"kobo"}}}"#,
            r#"{"project":"clinic","sources":{"json":{"dialect":"json"}},"forwarders":{}}"#,
            "null",
        ]),
        Ok(json(
            r#"{"project":"clinic","sources":{"kobo":{"dialect":"kobo"},"json":{"dialect":"json"}},"forwarders":{}}"#
        ))
    );
    assert_eq!(files(&[]), Ok(Value::Null));
    let problems = files(&[
        r#"{"project":"clinic","sources":{"kobo":{"dialect":"kobo"},"json":{"dialect":"json"}}}"#,
        r#"{"project":"other","sources":{"kobo":{"dialect":"json"},"json":{"dialect":"json"}}}"#,
    ])
    .unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["project", "sources.kobo"]);
    assert!(problems.iter().all(|problem| problem.code == "conflicting-definitions"));
    // One connection in two halves is refused, even where the halves would fit.
    assert!(files(&[r#"{"s":{"k":{"a":1}}}"#, r#"{"s":{"k":{"b":1}}}"#]).is_err());
}

#[test]
fn writes_for_people() {
    let value = json(
        r#"{"project":"clinic","on":true,"yes":"no","codes":[404,"5xx"],"empty":[{},[]],
            "list":[{"a":1,"b":[{"c":2}]},[[1,{"d":3}]]],"n":"1.10","when":"2020-01-01","time":"30s",
            "url":"https://example.org/a?b=c","dollar":"${X}","lines":"one\ntwo","long":
            ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]}"#,
    );
    let expected = r#"project: clinic
"on": true
"yes": "no"
codes: [404, 5xx]
empty:
  - {}
  - []
list:
  - a: 1
    b:
      - c: 2
  - - - 1
      - d: 3
"n": "1.10"
when: "2020-01-01"
time: 30s
url: "https://example.org/a?b=c"
dollar: "$${X}"
lines: |-
  one
  two
long:
  - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  - bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
"#;
    assert_eq!(write(&value), expected);
    assert_eq!(read(expected, &without_variables), Ok(value));
}

#[test]
fn texts_of_several_lines_stand_below_a_sign() {
    let value = json(
        r#"{"a": {"b": "one\n\n- two\n"}, "c": [1, "${X}\n# three"], "d": " x\n y", "e": "x\n  y\n\n z"}"#,
    );
    let expected = r#"a:
  b: |
    one

    - two
c:
  - 1
  - |-
    $${X}
    # three
d: " x\n y"
e: |-
  x
    y

   z
"#;
    assert_eq!(write(&value), expected);
    assert_eq!(read(expected, &without_variables), Ok(value));
}

#[test]
fn what_is_javascript_keeps_its_own_signs() {
    let text = "
connections: { c: { url: 'https://${HOST}' } }
workflows:
  w:
    title: by ${HOST}
    start: { a: 'state.x === `${state.y}`' }
    steps:
      a: { job: 'get(`/${state.id}/$${x}`)', next: { b: { condition: '`${1}`', label: x } } }
";
    let lookup = |name: &str| (name == "HOST").then(|| "example.org".to_owned());
    let value = read(text, &lookup).unwrap();
    let expected = r#"{"connections":{"c":{"url":"https://example.org"}},"workflows":{"w":{"title":"by example.org","start":{"a":"state.x === `${state.y}`"},"steps":{"a":{"job":"get(`/${state.id}/$${x}`)","next":{"b":{"condition":"`${1}`","label":"x"}}}}}}}"#;
    assert_eq!(value.to_json(), expected);
    assert_eq!(read(&write(&value), &without_variables), Ok(value));
    let problems =
        read("workflows: { w: { title: '${NONE}' } }\na: [{ b: '${}' }]", &lookup).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["workflows.w.title", "a[0].b"]);
}

/// Texts that tempt a writer of YAML to get them wrong.
fn tricky_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-?:,{}\\[\\]#&*!|>'\"%@` \\n\\t$a1~=<.]{0,8}",
        "[0-9eE_+.xo:-]{1,6}",
        "\\PC{0,8}",
        "([-?:#|%. \n]{0,3}[a${\n\r\t]{0,2}\n){1,4}[a ]?",
        any::<String>(),
        prop::sample::select(vec!["null", "~", "True", "yes", "", "0755", "---", "...", "<<", "="])
            .prop_map(str::to_owned),
    ]
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers only", |number| {
            Value::number(format!("{number:?}"))
        }),
        tricky_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((tricky_text(), inner), 0..4).prop_map(Value::object),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        let text = write(&value);
        prop_assert_eq!(read(&text, &without_variables), Ok(value), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-:{}\\[\\]a&*! \\n\"'|>?,#%0.]{0,40}") {
        // What matters is that it ends, and without a panic.
        if let Err(problems) = read(&text, &without_variables) {
            prop_assert!(!problems.is_empty());
        }
    }
}
