//! Templates as people write them, and those that somebody writes to do harm.

use chrono::NaiveDate;
use fieldpost_model::json::Value as Json;
use fieldpost_model::time::Timestamp;
use rust_decimal::Decimal;

use super::*;

/// The answers that these templates are about.
struct Answers;

impl Variables for Answers {
    fn variable(&self, name: &str) -> Option<Datum> {
        let json =
            |text: &str| Json::parse(text.as_bytes()).map(|json| Datum::from_json(&json)).ok();
        match name {
            "form_var_name" => Some(Datum::text("Amina d'Été <x>")),
            "form_var_empty" => Some(Datum::text("")),
            "form_var_age" => Some(Datum::text("9")),
            "form_var_amount" => Some(Datum::Decimal(Decimal::new(55, 1))),
            "form_var_yes" => Some(Datum::Truth(true)),
            "form_var_no" => Some(Datum::Truth(false)),
            "form_var_day" => NaiveDate::from_ymd_opt(2024, 2, 29).map(Datum::Day),
            "form_var_kinds_raw" => json(r#"["a","b"]"#),
            "form_var_photo" => Some(Datum::File(FileDatum {
                filename: "photo.jpg".to_owned(),
                content_type: "image/jpeg".to_owned(),
                sha256: None,
                url: None,
            })),
            "answer" => json(
                r#"{"id":12,"big":12345678901234567890123,"rate":1.50,"list":[{"n":"x"},{"n":"y"}],"none":null}"#,
            ),
            _ => None,
        }
    }
}

fn surroundings() -> Surroundings {
    let now = Timestamp::parse("2026-03-01T23:30:00Z").unwrap();
    Surroundings { zone: Tz::Europe__Paris, language: Language::French, ..Surroundings::at(now) }
}

#[track_caller]
fn check(template: &str, expected: &str) {
    assert_eq!(render(template, &Answers, &surroundings()).as_deref(), Ok(expected), "{template}");
}

#[track_caller]
fn refused(template: &str, line: usize, column: impl Into<Option<usize>>, reason: &str) {
    let error = render(template, &Answers, &surroundings()).unwrap_err();
    assert_eq!((error.line, error.column), (line, column.into()), "{template}: {error}");
    assert!(error.reason.contains(reason), "{template}: {error}");
}

#[test]
fn texts_stay_as_they_are() {
    for text in [
        "",
        "plain",
        "a { b } c",
        "{ {x} }",
        "{{ never closed",
        "{{ two\nlines }}",
        "end\n",
        "%} }} #}",
        "{",
    ] {
        check(text, text);
    }
    check("a{# not shown #}b", "ab");
    check("a{% comment %}{{ no }}{% nonsense %}{% endcomment %}b\n", "ab\n");
}

#[test]
fn names_stand_for_answers() {
    check("Dear {{ form_var_name }},", "Dear Amina d'Été <x>,");
    check("{{ form.var.name }}", "Amina d'Été <x>");
    check("[{{ form_var_unknown }}{{ form_var_unknown.deeper.still }}{{ answer.none }}]", "[]");
    check("{{ answer.id }} {{ answer.rate }} {{ answer.big }}", "12 1.50 12345678901234567890123");
    check("{{ answer.list.1.n }}{{ answer.list.7.n }}", "y");
    check("{{ form_var_yes }} {{ form_var_no }}", "True False");
    check("{{ form_var_day }} {{ form_var_day.year }} {{ today }}", "2024-02-29 2024 2026-03-02");
    check("{{ form_var_photo }}: {{ form_var_photo.content_type }}", "photo.jpg: image/jpeg");
    check(r#"{{ "quo\"ted" }}{{ 'x' }}{{ _("marked") }}{{ -1.5 }}"#, "quo\"tedxmarked-1.5");
}

#[test]
fn filters_are_those_of_django() {
    for (expression, expected) in [
        ("form_var_name|upper", "AMINA D'ÉTÉ <X>"),
        ("form_var_name|lower|capfirst", "Amina d'été <x>"),
        ("'le petit CHAT'|title", "Le Petit Chat"),
        ("form_var_name|slugify", "amina-dete-x"),
        ("form_var_name|unaccent", "Amina d'Ete <x>"),
        ("form_var_name|length", "15"),
        ("form_var_name|escape", "Amina d&#x27;Été &lt;x&gt;"),
        ("'<b>x</b> y'|striptags", "x y"),
        ("form_var_empty|default:'none'", "none"),
        ("form_var_no|default:'none'", "none"),
        ("form_var_empty|default_if_none:'none'", ""),
        ("form_var_gone|default_if_none:'none'", "none"),
        ("form_var_kinds_raw|join:', '", "a, b"),
        ("form_var_kinds_raw|first", "a"),
        ("form_var_kinds_raw|last", "b"),
        ("form_var_kinds_raw|length", "2"),
        ("form_var_kinds_raw", r#"["a","b"]"#),
        ("answer.list|getlist:'n'|join:'+'", "x+y"),
        ("answer|get:'id'", "12"),
        ("form_var_amount", "5.5"),
        ("form_var_amount|floatformat", "5.5"),
        ("form_var_amount|floatformat:2", "5.50"),
        ("34|floatformat", "34"),
        ("'34.26'|floatformat", "34.3"),
        ("34|floatformat:'-3'", "34"),
        ("34|floatformat:3", "34.000"),
        ("'x'|floatformat", ""),
        ("3|add:4", "7"),
        ("'3'|add:'4'", "7"),
        ("'0.1'|add:'0.2'", "0.3"),
        ("'a'|add:'b'", "ab"),
        ("form_var_gone|add:'b'", "b"),
        ("form_var_kinds_raw|add:form_var_kinds_raw|length", "4"),
        ("10|subtract:'2.5'", "7.5"),
        ("form_var_amount|multiply:2", "11"),
        ("1|divide:0", ""),
        ("7|divide:2", "3.5"),
        ("'1,5'|decimal", "1.5"),
        ("'5.5'|ceil", "6"),
        ("'-5.5'|floor", "-6"),
        ("'2.5'|round", "3"),
        ("-3|abs", "3"),
        ("'a-b-c'|split:'-'|join:' '", "a b c"),
        ("'a/b'|replace:'/|-'", "a-b"),
        ("'xax'|strip:'x'", "a"),
        ("'n°12'|removeprefix:'n°'", "12"),
        ("'12 €'|removesuffix:' €'", "12"),
        ("'Joel is a slug'|truncatechars:7", "Joel i…"),
        ("'Joel is a slug'|truncatewords:2", "Joel is …"),
        ("'a b'|urlencode", "a%20b"),
        ("'/x?é'|urlencode", "/x%3F%C3%A9"),
        ("'/'|urlencode:''", "%2F"),
        ("'a a'|cut:' '", "aa"),
        ("form_var_yes|yesno:'oui,non'", "oui"),
        ("form_var_gone|yesno:'oui,non'", "non"),
        ("form_var_gone|yesno", "maybe"),
        ("2|pluralize", "s"),
        ("1|pluralize:'y,ies'", "y"),
        ("'a b c'|wordcount", "3"),
        ("answer.list|json_dumps", r#"[{"n":"x"},{"n":"y"}]"#),
        ("form_var_day|date:'d/m/Y'", "29/02/2024"),
        ("form_var_day|date:'l j F Y'", "jeudi 29 février 2024"),
        ("form_var_day|date:'D j M'", "jeu 29 fév"),
        ("'02/01/2024'|date", "2024-01-02"),
        ("'2024-01-02T10:05:00Z'|datetime:'H:i'", "11:05"),
        ("'2024-01-02 10:05'|date:'\\\\H: H\\\\h i'", "H: 10h 05"),
        ("'2024-01-02 15:05'|time", "15:05"),
        ("'nothing'|date:'Y'", ""),
        ("now|date:'Y-m-d H:i'", "2026-03-02 00:30"),
        ("form_var_day|add_days:1", "2024-03-01"),
        ("now|add_hours:-1|date:'H:i'", "23:30"),
        ("now|add_minutes:45|date:'H:i'", "01:15"),
        ("form_var_day|age_in_years", "2"),
        ("form_var_day|age_in_months", "24"),
        ("form_var_day|age_in_days:'2024-03-02'", "2"),
        ("'2026-03-01T22:00:00Z'|age_in_hours", "1"),
    ] {
        check(&format!("{{{{ {expression} }}}}"), expected);
    }
}

#[test]
fn tags_choose_and_repeat() {
    check("{% if form_var_yes %}a{% elif form_var_no %}b{% else %}c{% endif %}", "a");
    check("{% if form_var_no %}a{% elif form_var_gone %}b{% else %}c{% endif %}", "c");
    check(
        "{% for x in answer.list %}{{ forloop.counter }}{{ x.n }}{% if not forloop.last %},{% endif %}{% endfor %}",
        "1x,2y",
    );
    check("{% for x in form_var_gone %}{{ x }}{% empty %}none{% endfor %}", "none");
    check("{% for x in form_var_kinds_raw reversed %}{{ x }}{% endfor %}", "ba");
    check("{% for k, v in answer.list.0.items %}{{ k }}={{ v }}{% endfor %}", "n=x");
    check("{% with a=form_var_age b='x' %}{{ a }}{{ b }}{% endwith %}{{ a }}", "9x");
    check("{% with form_var_age|add:1 as a %}{{ a }}{% endwith %}", "10");
    check("{% firstof form_var_empty form_var_age 'x' %}", "9");
    check("{% now 'Y' %}", "2026");
    check("a\n{% if form_var_no %}\nb\n{% endif %}\nc\n", "a\n\nc\n");
}

#[test]
fn html_is_escaped_where_it_is_wanted() {
    let html = |template| render_html(template, &Answers, &surroundings()).unwrap();
    assert_eq!(html("<p>{{ form_var_name }}</p>"), "<p>Amina d&#x27;Été &lt;x&gt;</p>");
    assert_eq!(html("{{ form_var_name }}"), "Amina d&#x27;Été &lt;x&gt;");
    assert_eq!(html("{{ form_var_name|safe }}"), "Amina d'Été <x>");
    assert_eq!(
        html("{% autoescape off %}{{ form_var_name }}{% endautoescape %}"),
        "Amina d'Été <x>"
    );
    assert_eq!(html("{{ 'a\\n<'|linebreaksbr }}"), "a\\n&lt;");
}

#[test]
fn conditions_compare_as_python_and_more_kindly() {
    for (condition, expected) in [
        ("form_var_name", true),
        ("form_var_empty", false),
        ("form_var_gone", false),
        ("form_var_no", false),
        ("not form_var_no", true),
        ("form_var_age == '9'", true),
        ("form_var_age == 9", true),
        ("form_var_age < 10", true),
        ("form_var_age|length > 1", false),
        ("form_var_amount == '5.50'", true),
        ("form_var_amount >= 5.5 and form_var_amount < 6", true),
        ("form_var_gone > 18", false),
        ("form_var_gone < 18", false),
        ("form_var_gone == ''", true),
        ("form_var_name < 18", false),
        ("form_var_day < today", true),
        ("form_var_day == '29/02/2024'", true),
        ("form_var_day > 'never'", false),
        ("'a' in form_var_kinds_raw", true),
        ("'c' not in form_var_kinds_raw", true),
        ("'Amina' in form_var_name", true),
        ("form_var_no or form_var_yes and form_var_no", false),
        ("not form_var_no and form_var_yes", true),
        ("not form_var_age == 9", false),
        ("form_var_gone is None", true),
        ("form_var_age is not None", true),
        ("answer.rate == 1.5", true),
        ("True and 1", true),
        ("0", false),
        ("answer.list", true),
        ("{{ form_var_no }}", false),
        ("{% if form_var_yes %}True{% endif %}", true),
        ("{% if form_var_no %}True{% endif %}", false),
        ("{% if form_var_no %}x{% else %}False{% endif %}", false),
    ] {
        assert_eq!(holds(condition, &Answers, &surroundings()), Ok(expected), "{condition}");
    }
}

#[test]
fn one_expression_keeps_its_type() {
    let mut file = |file: &FileDatum| Json::object([("file", Json::from(file.filename.clone()))]);
    for (template, expected) in [
        ("{{ 1 }}", "1"),
        ("{{1}}", "1"),
        ("{{ 1.50 }}", "1.50"),
        ("{{ '1' }}", r#""1""#),
        (" {{ 1 }}", r#"" 1""#),
        ("{{ form_var_kinds_raw }}", r#"["a","b"]"#),
        ("{{ form_var_yes }}", "true"),
        ("{{ form_var_amount }}", r#""5.5""#),
        ("{{ form_var_day }}", r#""2024-02-29""#),
        ("{{ form_var_photo }}", r#"{"file":"photo.jpg"}"#),
        ("{{ form_var_gone }}", "null"),
        (
            "{{ answer }}",
            r#"{"id":12,"big":12345678901234567890123,"rate":1.50,"list":[{"n":"x"},{"n":"y"}],"none":null}"#,
        ),
        ("{{ answer.list.0 }}", r#"{"n":"x"}"#),
        ("{{ 3|add:4 }}", "7"),
        ("{{ form_var_age }}", r#""9""#),
        ("text", r#""text""#),
    ] {
        let value = evaluate(template, &Answers, &surroundings()).unwrap();
        assert_eq!(value.to_json(&mut file).to_json(), expected, "{template}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    refused("{{ x|uper }}", 1, 6, "did you mean 'upper'");
    refused("a\n  {{ x|nonsense_filter }}", 2, 8, "there is no filter");
    refused("{{ }}", 1, 4, "a value is missing");
    refused("{{ a b }}", 1, 6, "cannot stand here");
    refused("{{ 'a }}", 1, 4, "does not end");
    refused("{{ a + b }}", 1, 6, "cannot stand here");
    refused("{{ a() }}", 1, 5, "cannot stand here");
    refused("{{ a|add: }}", 1, 11, "a value is missing");
    refused("{% include 'x' %}", 1, 4, "there is no tag 'include'");
    refused("{% if a %}", 1, 11, "'if' is not closed by 'endif'");
    refused("{% endif %}", 1, 4, "nothing is open");
    refused("{% if a %}{% endfor %}", 1, 14, "nothing is open");
    refused("{% if a == %}x{% endif %}", 1, 12, "a value is missing");
    refused("{% for x y %}{% endfor %}", 1, 10, "'in' is missing");
    refused("{{ forloop.counter }}", 1, 4, "outside of a loop");
    refused("{% comment %}", 1, 3, "does not end");
    refused("a\u{1}b{{ x }}", 1, 2, "control character");
    refused("x\n{{ 'a'|truncatechars:'b' }}y", 2, None, "a count is a whole number");
}

#[test]
fn conditions_and_templates_are_checked_before_they_run() {
    assert_eq!(check_condition("form_var_age >= 18"), Ok(()));
    assert_eq!(check_condition("form_var_age >=").unwrap_err().column, Some(16));
    assert_eq!(super::check("{{ form_var_age }}"), Ok(()));
    assert_eq!(
        super::check("{{ form_var_age| }}").unwrap_err().to_string(),
        "The template fails in line 1, column 18: the name of a filter is missing."
    );
}

#[test]
fn every_rendering_ends_and_stays_small() {
    let with = |limits: Limits, template: &str| {
        render(template, &Answers, &Surroundings { limits, ..surroundings() })
    };
    let usual = Limits::default();
    let four = Limits { template_bytes: 4, ..usual };
    assert_eq!(with(four, "abcd"), Ok("abcd".to_owned()));
    assert!(with(four, "abcde").unwrap_err().reason.contains("longer than 4 bytes"));
    assert!(with(four, "{{1}}").unwrap_err().reason.contains("longer than 4 bytes"));

    let short = Limits { output_bytes: 15, ..usual };
    assert_eq!(
        with(short, "{{ form_var_age }}{% if 1 %}12345678901234{% endif %}").map(|text| text.len()),
        Ok(15)
    );
    assert!(
        with(short, "{{ form_var_age }}{% if 1 %}123456789012345{% endif %}")
            .unwrap_err()
            .reason
            .contains("more than 15 bytes")
    );

    let quick = Limits { steps: 2_000, ..usual };
    let nested = "{% for a in 'aaaaaaaaaaaaaaaaaaaaa' %}{% for b in 'aaaaaaaaaaaaaaaaaaaaaaaaa' %}{% for c in 'aaaaaaaaaaaaaaaaaaaaaaaa' %}{% endfor %}{% endfor %}{% endfor %}";
    assert!(with(quick, nested).unwrap_err().reason.contains("more than 2000 steps"));

    // Forty doublings: a terabyte, if nobody counted.
    let mut doubling = String::from("{{ x }}");
    for _ in 0..40 {
        doubling = format!(
            "{{% with x=x|default:'aaaaaaaaaa'|add:x|add:x|add:'a' %}}{doubling}{{% endwith %}}"
        );
    }
    assert!(with(usual, &doubling).unwrap_err().reason.contains("bytes"), "{doubling}");
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever somebody writes, there is a text or an error, and text without tags stays.
        #[test]
        fn nothing_panics(template in "([a-z |:.'\"]|\\{\\{|\\}\\}|\\{%|%\\}|if |endif|for |in |form_var_name|\\|add:|é){0,30}") {
            let rendered = render(&template, &Answers, &surroundings());
            if !translate::has_tags(&template) {
                prop_assert_eq!(rendered.as_ref(), Ok(&template));
            }
            let checked = super::super::check(&template);
            if rendered.is_ok() {
                prop_assert_eq!(checked, Ok(()));
            }
            let condition = holds(&template, &Answers, &surroundings());
            prop_assert!(condition.is_ok() || check_condition(&template).is_err() || rendered.is_err());
        }

        /// A text survives as a constant, whatever it holds.
        #[test]
        fn constants_are_what_was_written(text in "[^'\\\\\n\u{0}-\u{2}]{0,20}") {
            prop_assume!(!text.contains("}}"));
            let rendered = render(&format!("{{{{ '{text}' }}}}"), &Answers, &surroundings());
            prop_assert_eq!(rendered, Ok(text));
        }
    }
}
