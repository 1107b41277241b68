//! What is JSON, what is not, and that nothing is lost on the way through.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn accept(text: &str) {
    if let Err(error) = Value::parse(text.as_bytes()) {
        panic!("refused {text:?}: {error}");
    }
}

#[track_caller]
fn refuse(text: impl AsRef<[u8]>, code: &str) -> ParseError {
    let text = text.as_ref();
    let error = Value::parse(text).expect_err(&format!("{:?}", String::from_utf8_lossy(text)));
    assert_eq!(error.code, code, "{:?}: {error}", String::from_utf8_lossy(text));
    error
}

#[track_caller]
fn read(text: &str) -> Value<'_> {
    Value::parse(text.as_bytes()).unwrap()
}

#[test]
fn reads_what_is_json() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.5",
        "0.0001",
        "1e5",
        "1E+5",
        "1e-05",
        "0e0",
        "123456789012345678901234567890.123456789012345678901234567890",
        "1e999999999999",
        r#""""#,
        r#""a""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u00e9\uD83D\uDE00""#,
        r#""\u0000""#,
        "\"\u{7f}\u{80}\u{2028}\u{10ffff}\"",
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[1,2]",
        " [ 1 , 2 ] ",
        "\t\r\n {\"a\" :\n1}\n",
        r#"{"":0}"#,
        r#"{"a":{"a":{"a":[]}}}"#,
        "[[],[[]]]",
        "\u{feff}{}",
        r#"{"@xmlns":"x","group1/name":"y","a.b":1}"#,
    ] {
        accept(text);
    }
}

#[test]
fn refuses_what_is_not() {
    for text in ["", " ", "\n\t", "\u{feff}"] {
        refuse(text, "json-empty");
    }
    for text in [
        "nul",
        "nulL",
        "True",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
        "a",
        "'a'",
        "-",
        "+1",
        ".5",
        "5.",
        "1.e1",
        "1e",
        "1e+",
        "-a",
        "- 1",
        "--1",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1;2]",
        "[",
        "]",
        "{",
        "}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{1:1}",
        "{\"a\":1",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\u12g4\"",
        "\"\\uD83D\\u12\"",
        "\"\\",
        "\"\\u",
        "\"\n\"",
        "\"\t\"",
        "\"\0\"",
        "\u{a0}1",
        "\u{b}1",
        "/*c*/1",
        "[\u{feff}1]",
        "\"\\U0041\"",
        "\"\\u00é\"",
    ] {
        refuse(text, "json-syntax");
    }
    for text in
        ["1 2", "0x", "{} {}", "01", "-012", "0x10", "1a", "nullx", "[]]", "1\0", "\"a\"b", "1 //"]
    {
        refuse(text, "json-trailing");
    }
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800a""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\udc00\ud800""#,
        r#""\ud83d\u0041""#,
    ] {
        refuse(text, "json-surrogate");
    }
    for text in [
        &b"\"\xff\""[..],
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\xe9",
        b"\"\xe2\x82\"",
        b"\xff\xfe1\0",
        b"\xfe\xff\0\x31",
    ] {
        refuse(text, "json-encoding");
    }
}

#[test]
fn refuses_one_level_too_many() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    accept(&nested(MAX_DEPTH));
    refuse(nested(MAX_DEPTH + 1), "json-depth");
    refuse("[".repeat(100_000), "json-depth");
    refuse(nested(100_000), "json-depth");
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    accept(&objects(MAX_DEPTH));
    refuse(objects(MAX_DEPTH + 1), "json-depth");
    // Levels count along one way down, not together.
    accept(&format!("[{}]", vec![nested(MAX_DEPTH - 1); 200].join(",")));
}

#[test]
fn says_where_and_what_without_quoting_much() {
    let error = refuse("{\n  \"name\": \"é\", é: 1}", "json-syntax");
    assert_eq!((error.line, error.column), (2, 16));
    assert_eq!(error.to_string(), "line 2, column 16: expected a key in double quotes, found `é`");
    assert_eq!(
        refuse("[NaN]", "json-syntax").to_string(),
        "line 1, column 2: expected a value, found `NaN`"
    );
    assert_eq!(
        refuse("[1,", "json-syntax").to_string(),
        "line 1, column 4: expected a value, the text ends"
    );
    assert_eq!(
        refuse("\"abc", "json-syntax").to_string(),
        "line 1, column 1: the string that begins here never ends"
    );
    assert_eq!(
        refuse(b"\"a\n\xff", "json-encoding").to_string(),
        "line 2, column 1: the text is not UTF-8 from byte 3 on"
    );
    let long = refuse("secret".repeat(100), "json-syntax");
    assert_eq!(long.message.matches("secret").count(), 3, "{long}");
}

#[test]
fn borrows_where_nothing_is_escaped() {
    let Value::Array(elements) = read(r#"["plain","tab\t",1.50]"#) else { panic!() };
    assert!(matches!(&elements[0], Value::String(Cow::Borrowed("plain"))));
    assert!(matches!(&elements[1], Value::String(Cow::Owned(text)) if text == "tab\t"));
    assert!(matches!(&elements[2], Value::Number(Cow::Borrowed("1.50"))));
}

#[test]
fn the_last_value_of_a_key_wins_in_the_keys_first_place() {
    for (text, expected) in [
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
        (r#"{"a":1,"a":2,"a":3}"#, r#"{"a":3}"#),
        (r#"{"a":1,"A":2," a":3}"#, r#"{"a":1,"A":2," a":3}"#),
        (r#"{"x":{"a":1,"a":{}},"x":{"b":1,"b":2}}"#, r#"{"x":{"b":2}}"#),
    ] {
        assert_eq!(read(text).to_json(), expected);
    }
    // The same once there are so many that they are sorted.
    let many: Vec<String> = (0..1_000).map(|n| format!("\"k{}\":{n}", n % 300)).collect();
    let value = read(&format!("{{{}}}", many.join(","))).into_owned();
    let members = value.as_object().unwrap();
    assert_eq!(members.len(), 300);
    assert_eq!(members[7], ("k7".into(), Value::from(907_i64)));
    assert_eq!(members[299], ("k299".into(), Value::from(899_i64)));
}

#[test]
fn an_object_of_half_a_million_equal_keys_is_read_in_time() {
    // A comparison of every pair would take minutes; the test is that it ends.
    let text = format!("{{{}\"a\":2}}", "\"a\":1,".repeat(500_000));
    assert_eq!(read(&text).to_json(), r#"{"a":2}"#);
    let different: Vec<String> = (0..500_000).map(|n| format!("\"{n}\":0")).collect();
    let text = format!("{{{}}}", different.join(","));
    assert_eq!(read(&text).as_object().unwrap().len(), 500_000);
}

#[test]
fn writes_what_it_read() {
    let text =
        "{\"z\":[1.10,-0,1E+2,{}],\"a\":{\"quote\\\"\":\"\\\\ \\n\\u0001\\u007f é/\"},\"n\":null}";
    let expected = text.replace("\\u007f", "\u{7f}");
    assert_eq!(read(text).to_json(), expected);
    assert_eq!(read(text).into_owned(), read(text));
    assert_eq!(
        read(r#"{"a":[1,{"b":[]}],"c":{}}"#).to_json_pretty(),
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}"
    );
}

#[test]
fn one_meaning_has_one_canonical_text() {
    for (text, expected) in [
        (r#"{"b":1.0,"a":[10e-1,"x"]}"#, r#"{"a":[1,"x"],"b":1}"#),
        ("[0,-0,0.0,0e5,-0e-5]", "[0,0,0,0,0]"),
        ("[100,1e2,0.1E3,100.00]", "[1e2,1e2,1e2,1e2]"),
        ("[-12,-12.50,0.00125,7]", "[-12,-125e-1,125e-5,7]"),
        ("1e1000000000", "1e1000000000"),
        ("10E+0000999999999999999999999999999999999999", "1e1000000000000000000000000000000000000"),
        ("\"\\u00e9\\/\"", "\"é/\""),
    ] {
        assert_eq!(read(text).canonical(), expected, "{text}");
    }
}

#[test]
fn numbers_are_decimals_of_any_size() {
    let forty_nines = "9".repeat(40);
    let ten_to_forty = format!("1{}", "0".repeat(40));
    for (left, right, equal) in [
        ("1", "1.0", true),
        ("1", "1e0", true),
        ("1", "10e-1", true),
        ("8", "8.0", true),
        ("1", "-1", false),
        ("0", "-0", true),
        ("0.0", "0e5", true),
        ("0", "0e99999999999999999999999999999999999999999999", true),
        ("0.1", "1e-1", true),
        ("0.1", "0.10000000000000000000000000000000000001", false),
        ("9007199254740993", "9007199254740992", false),
        ("12345678901234567890123", "1.2345678901234567890123E22", true),
        ("1e1000000000", "1", false),
        ("1e1000000000", "10e999999999", true),
        ("1e-1000000000", "0", false),
        ("1e5", "1e-5", false),
        ("12", "120", false),
        ("12", "1.2", false),
        ("0.012", "1.2e-2", true),
        (&format!("10e{forty_nines}"), &format!("1e{ten_to_forty}"), true),
        (&format!("0.1e{ten_to_forty}"), &format!("1e{forty_nines}"), true),
        (&format!("10e-{ten_to_forty}"), &format!("1e-{forty_nines}"), true),
        (&format!("1e{forty_nines}"), &format!("1e-{forty_nines}"), false),
        (&format!("1e{forty_nines}"), &format!("1e{ten_to_forty}"), false),
        // One side written with as many digits as a machine integer takes, the other with more.
        (&format!("10e{}", "9".repeat(30)), &format!("1e1{}", "0".repeat(30)), true),
        (&format!("0.1e1{}", "0".repeat(30)), &format!("1e{}", "9".repeat(30)), true),
        (&format!("10e-1{}", "0".repeat(30)), &format!("1e-{}", "9".repeat(30)), true),
        (&format!("10e{}", "9".repeat(31)), &format!("1e1{}", "0".repeat(31)), true),
        (&format!("0.1e1{}", "0".repeat(31)), &format!("1e{}", "9".repeat(31)), true),
    ] {
        assert!(number::is_number(left) && number::is_number(right));
        assert_eq!(numbers_equal(left, right), equal, "{left} and {right}");
        assert_eq!(numbers_equal(right, left), equal, "{right} and {left}");
        let one_text = number::canonical(left) == number::canonical(right);
        assert_eq!(one_text, equal, "canonical {left} and {right}");
        assert!(numbers_equal(left, &number::canonical(left)), "{left}");
    }
}

#[test]
fn finds_its_way() {
    let value = read(r#"{"form":{"meta":{"id":"a","ok":true,"n":null,"s":8.0}},"list":[1]}"#);
    assert_eq!(value.path(&["form", "meta", "id"]).and_then(Value::as_str), Some("a"));
    assert_eq!(value.path(&["form", "meta", "ok"]).and_then(Value::as_bool), Some(true));
    assert_eq!(value.path(&["form", "meta", "s"]).and_then(Value::as_number), Some("8.0"));
    assert!(value.path(&["form", "meta", "n"]).unwrap().is_null());
    assert_eq!(value.path(&["form", "nothing", "id"]), None);
    assert_eq!(value.path(&["list", "0"]), None);
    assert_eq!(value.path(&[]), Some(&value));
    assert_eq!(value.get("list").and_then(Value::as_array).map(<[_]>::len), Some(1));
    assert_eq!(value.kind_name(), "object");
}

#[test]
fn is_built_by_hand() {
    let value = Value::object([
        ("a", Value::from("x")),
        ("b", Value::from(vec![Value::from(1_i64), Value::from(2_u64), Value::from(true)])),
        ("a", Value::string(String::from("y"))),
    ]);
    assert_eq!(value.to_json(), r#"{"a":"y","b":[1,2,true]}"#);
    assert_eq!(Value::number("1.50").unwrap().to_json(), "1.50");
    for text in ["", "1.", "abc", "1 ", "0x1", "007"] {
        assert_eq!(Value::number(text), None, "{text}");
    }
}

#[test]
fn comes_in_by_serde() {
    let text = r#"{"b":[1,-2,18446744073709551615,1.5,1e300,true,null,"x"],"a":{},"b2":"é"}"#;
    let value: Value<'static> = serde_json::from_str(text).unwrap();
    assert_eq!(value.to_json(), text);
    let repeated: Value<'static> = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(repeated.to_json(), r#"{"a":3,"b":2}"#);
    let too_deep = vec![0_u8; MAX_DEPTH + 1]
        .into_iter()
        .fold(serde_json::Value::Null, |inside, _| serde_json::Value::Array(vec![inside]));
    let error = serde_json::from_value::<Value<'static>>(too_deep).unwrap_err();
    assert!(error.to_string().contains("nested deeper than 128"), "{error}");
    let endless = serde::de::value::F64Deserializer::<serde_json::Error>::new(f64::NAN);
    assert!(<Value<'static> as serde::Deserialize>::deserialize(endless).is_err());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".*".prop_map(serde_json::Value::from),
    ];
    scalar.prop_recursive(4, 40, 6, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((".{0,3}", inside), 0..20)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Reads the text with both readers and compares what they say.
fn compare_with_serde_json(text: &[u8]) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_slice::<serde_json::Value>(text);
    let ours = Value::parse(text);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let again: serde_json::Value = serde_json::from_str(&ours.to_json()).unwrap();
            prop_assert_eq!(again.to_string(), theirs.to_string());
            let pretty = ours.to_json_pretty();
            prop_assert_eq!(&Value::parse(pretty.as_bytes()).unwrap(), &ours);
            let canonical = ours.canonical();
            let again = Value::parse(canonical.as_bytes()).unwrap().canonical();
            prop_assert_eq!(again, canonical);
        }
        (Err(_), Err(_)) => {}
        // Floats end at 1.8e308, decimals do not; and only we pass over a byte order mark.
        (Ok(_), Err(error)) => prop_assert!(
            error.to_string().contains("out of range") || text.starts_with(b"\xef\xbb\xbf"),
            "serde_json alone refuses {:?}: {error}",
            String::from_utf8_lossy(text)
        ),
        (Err(error), Ok(_)) => {
            prop_assert!(false, "refused {:?}: {error}", String::from_utf8_lossy(text));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_json(value in any_json()) {
        let text = value.to_string();
        prop_assert!(Value::parse(text.as_bytes()).is_ok(), "{}", text);
        compare_with_serde_json(text.as_bytes())?;
        compare_with_serde_json(serde_json::to_string_pretty(&value).unwrap().as_bytes())?;
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_json(
        value in any_json(),
        damage in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<bool>(),
             prop::sample::select(b"\"\\{}[]:,.eE+-019 \n\t\0utnda\xff\xc3\x80".to_vec())),
            1..4,
        ),
    ) {
        let mut text = value.to_string().into_bytes();
        for (place, replaces, byte) in damage {
            let place = place.index(text.len());
            if replaces { text[place] = byte } else { text.insert(place, byte) }
        }
        compare_with_serde_json(&text)?;
    }

    #[test]
    fn agrees_with_serde_json_on_noise(text in r#"[-+0-9.eE\[\]{}:," \\utrfalsen]{0,12}"#) {
        compare_with_serde_json(text.as_bytes())?;
    }

    #[test]
    fn never_panics(text in prop::collection::vec(any::<u8>(), 0..64)) {
        compare_with_serde_json(&text)?;
    }

    #[test]
    fn moving_the_point_changes_nothing(
        digits in "[1-9][0-9]{0,30}", exponent in -50_i64..50, shift in 0_usize..30,
    ) {
        let plain = format!("{digits}e{exponent}");
        let zeros = "0".repeat(shift);
        let shifted = i64::try_from(shift).unwrap();
        let longer = format!("{digits}{zeros}.{zeros}e{}", exponent - shifted);
        let longer = longer.replace(".e", ".0e");
        let smaller = format!("0.{zeros}{digits}E{}",
            exponent + shifted + i64::try_from(digits.len()).unwrap());
        let other = format!("{digits}1e{exponent}");
        prop_assert!(numbers_equal(&plain, &longer), "{} {}", plain, longer);
        prop_assert!(numbers_equal(&plain, &smaller), "{} {}", plain, smaller);
        prop_assert!(!numbers_equal(&plain, &other), "{} {}", plain, other);
        prop_assert_eq!(number::canonical(&longer), number::canonical(&plain));
    }
}
