//! Templates: what they make, what they may not do, and what they say when they fail.

use fieldpost_dialects::formats::{
    CasePayload, MAX_TEMPLATE_LENGTH, Written, check_template, write_case,
};
use fieldpost_model::case::Case;
use fieldpost_model::forwarder::{Format, Rendering};
use fieldpost_model::json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::one;
use crate::xform;
use fieldpost_dialects::formats::{FormPayload, ServerFacts, write_form};
use fieldpost_model::source::Dialect;
use fieldpost_model::time::Timestamp;

const BIRTH: &str = r#"<data id="births"><nom>L. "O'N" &amp; é</nom><age>7</age><weight>3.10</weight>
    <loc><gps>48.10 2.2 0 5</gps></loc><contact><cname>A</cname></contact><contact><cname>B</cname></contact>
    <meta><instanceID>uuid:1</instanceID></meta></data>"#;

fn render(template: &str) -> Result<Written, String> {
    let form = xform("births");
    let submission = one(Dialect::Xml, BIRTH, Some(&form));
    let time = Timestamp::parse("2026-01-01T09:00:05.25Z").unwrap();
    let facts = ServerFacts {
        number: Some(42),
        project: "demo",
        received_at: time,
        modified_at: time,
        indexed_at: time,
        resource: None,
        application: None,
        build: None,
        edited_at: None,
        is_from_device: true,
        sender_address: None,
        files: &[],
    };
    let payload = FormPayload {
        id: "uuid:1",
        form_name: "births",
        submission: &submission,
        original: None,
        facts: &facts,
        case_ids: &[],
        form: Some(&form),
    };
    let rendering = Rendering { template: Some(template.to_owned()), ..Rendering::default() };
    write_form(Format::Template, &rendering, &payload)
}

fn of_case(template: &str, case: &Case) -> Result<String, String> {
    let rendering = Rendering { template: Some(template.to_owned()), ..Rendering::default() };
    let files = BTreeMap::new();
    let payload = CasePayload { case, domain: "demo", form: "", files: &files };
    let written = write_case(Format::Template, &rendering, &payload)?;
    Ok(String::from_utf8(written.bytes).unwrap())
}

#[track_caller]
fn check(template: &str, expected: &str) {
    let written = render(template).unwrap_or_else(|reason| panic!("{template}: {reason}"));
    assert_eq!(String::from_utf8(written.bytes).unwrap(), expected, "{template}");
}

#[track_caller]
fn refused(template: &str, wanted: &str) {
    let reason = render(template).expect_err(template);
    assert!(reason.contains(wanted), "{template}: {reason}");
}

#[test]
fn a_template_writes_what_it_is_given() {
    check("", "");
    check("plain { } é", "plain { } é");
    check("{{ values.nom }}/{{ values['age'] }}", "L. \"O'N\" & é/7");
    check("{{ instance_id }} {{ number }} {{ project }}", "uuid:1 42 demo");
    check("{% for c in values.contact %}{{ loop.index }}{{ c.cname }};{% endfor %}", "1A;2B;");
    check("{% if values.age > 5 and values.weight >= 3.1 %}x{% else %}y{% endif %}", "x");
    check("{% set first = values.contact|first %}{{ first.cname }}", "A");
    check(
        "{{ values.age + 1 }} {{ values.age|times(2) }} {{ values.weight|times(2) }}",
        "8 14 6.2",
    );
    check("{{ values.contact|map(attribute='cname')|join(', ') }}", "A, B");
    check("{{ values.contact|join('-', attribute='cname') }}", "A-B");
    check("{{ values.contact|length }} {{ [1, 2.5]|sum }} {{ [1, 2]|sum }}", "2 3.5 3");
    check("{# nothing {{ at all }} ~ * #}{{ 'a ~ b * {% set %}' }}", "a ~ b * {% set %}");
    check("{{ {'a': {'b': values.age}}|tojson }}", r#"{"a":{"b":7}}"#);
}

#[test]
fn what_is_written_is_json_where_it_is_no_text() {
    check("{{ values.weight }} {{ values.loc.gps.coordinates }}", "3.10 [2.2,48.10,0]");
    check("{{ values.contact }}", r#"[{"cname":"A","pic":null},{"cname":"B","pic":null}]"#);
    check("[{{ values.sick }}] {{ values.sick|tojson }} {{ untyped }}", "[] null false");
    check("{{ values.nom|tojson }}", r#""L. \"O'N\" & é""#);
}

#[test]
fn digits_are_those_that_were_sent() {
    for number in [
        "7",
        "-0",
        "3.10",
        "48.0",
        "1e3",
        "12345678901234567890123456789012345678901234567890.1",
        "0.10000000000000000000000001",
        "1E400",
    ] {
        let case = Case {
            properties: BTreeMap::from([("n".to_owned(), number.to_owned())]),
            ..Case::new("c")
        };
        // A property is a text, and a text keeps its digits anyway; here it is about numbers.
        assert_eq!(of_case("{{ properties.n }}", &case).as_deref(), Ok(number));
        let body = BIRTH.replace("3.10", number);
        let form = xform("births");
        let submission = one(Dialect::Xml, &body, Some(&form));
        let sent = fieldpost_dialects::formats::values(&submission.values);
        let Some(digits) = sent.get("weight").and_then(Value::as_number) else { continue };
        let time = Timestamp(0);
        let facts = ServerFacts {
            number: None,
            project: "p",
            received_at: time,
            modified_at: time,
            indexed_at: time,
            resource: None,
            application: None,
            build: None,
            edited_at: None,
            is_from_device: false,
            sender_address: None,
            files: &[],
        };
        let payload = FormPayload {
            id: "1",
            form_name: "births",
            submission: &submission,
            original: None,
            facts: &facts,
            case_ids: &[],
            form: Some(&form),
        };
        let template =
            "{{ values.weight }} {{ values.weight|tojson }} {{ [values.weight]|join(',') }}";
        let rendering = Rendering { template: Some(template.to_owned()), ..Rendering::default() };
        let written = write_form(Format::Template, &rendering, &payload).unwrap();
        assert_eq!(
            String::from_utf8(written.bytes).unwrap(),
            format!("{digits} {digits} {digits}")
        );
    }
}

#[test]
fn filters_escape_for_where_a_text_stands() {
    check("{{ values.nom|xml }}", "L. &quot;O'N&quot; &amp; é");
    check("{{ values.nom|e }}", "L. &quot;O'N&quot; &amp; é");
    check("{{ values.nom|urlencode }}", "L.%20%22O%27N%22%20%26%20%C3%A9");
    check("{{ values.nom|replace('L.', 'M')|upper }}", "M \"O'N\" & É");
    check("{{ 'a b c'|split|join('+') }}", "a+b+c");
    check("{{ nothing|default('none') }} {{ values.age is defined }}", "none true");
}

#[test]
fn a_case_has_its_own_variables() {
    let case = Case {
        name: "Trees".to_owned(),
        properties: BTreeMap::from([("village".to_owned(), "K".to_owned())]),
        ..Case::new("c")
    };
    assert_eq!(
        of_case("{{ id }} {{ name }} {{ properties.village }}", &case).as_deref(),
        Ok("c Trees K")
    );
}

#[test]
fn the_content_type_is_the_forwarders() {
    assert_eq!(render("a").unwrap().content_type, "text/plain; charset=utf-8");
    let rendering = Rendering {
        template: Some("a".to_owned()),
        content_type: Some("application/json".to_owned()),
        ..Rendering::default()
    };
    let files = BTreeMap::new();
    let case = Case::new("c");
    let payload = CasePayload { case: &case, domain: "demo", form: "", files: &files };
    let written = write_case(Format::Template, &rendering, &payload).unwrap();
    assert_eq!(written.content_type, "application/json");
}

#[test]
fn what_is_not_there_is_named_with_its_line() {
    refused("a\n{{ values.nmo }}", "in line 2: there is no 'nmo'");
    refused("{{ valeus }}", "there is no 'valeus'");
    refused("{{ values.nmo.x }}", "'nmo'");
    refused("{% if values.nmo %}{% endif %}", "'nmo'");
    refused("{% for x in values.nmo %}{% endfor %}", "'nmo'");
    refused("{{ values.nmo|tojson }}", "'nmo'");
}

#[test]
fn an_error_tells_nothing_of_the_payload() {
    // Whatever the engine would say of these quotes an answer.
    for template in [
        "{{ values.nom + 1 }}",
        "{{ values.nom - 1 }}",
        "{{ values[values.nom] }}",
        "{{ values.nom|int }}",
        "{{ values.nom|times(2) }}",
        "{{ values.nom.x }}",
        "{{ values.contact|sort(attribute='x')|sum }}",
        "{{ [values.nom]|sum }}",
        "{{ values.nom() }}",
    ] {
        let reason = render(template).expect_err(template);
        assert!(!reason.contains("O'N"), "{template}: {reason}");
        assert!(reason.contains("line 1"), "{template}: {reason}");
    }
}

#[test]
fn a_text_that_is_no_template_is_refused_before_it_is_used() {
    for (template, wanted) in [
        ("{{ a", "line 1"),
        ("a\n{% if %}", "line 2"),
        ("{% endfor %}", "line 1"),
        ("a\n{{ a|nonsense }}", "in line 2: there is no filter \"nonsense\""),
        ("{% if a %}{{ a|upper|nonsense(1) }}{% endif %}", "no filter \"nonsense\""),
        ("{{ a|indent(2) }}", "no filter \"indent\""),
        ("{% set b = a|map('nonsense') %}", "no filter \"nonsense\""),
        ("{% if a is not nonsense %}{% endif %}", "no test \"nonsense\""),
        ("{% for b in a if b is nonsense %}{% endfor %}", "no test \"nonsense\""),
        ("{{ a|select('nonsense')|first }}", "no test \"nonsense\""),
        ("{{ a|rejectattr('b', \"nonsense\") }}", "no test \"nonsense\""),
        ("{{ 1 + now() }}", "no function \"now\""),
        ("{% include 'x' %}", "'include' is not there"),
        ("{% raw %}{% endraw %}", "'raw' is not there"),
        ("{% macro a() %}{% endmacro %}", "'macro' is not there"),
    ] {
        let reason = check_template(template).expect_err(template);
        assert!(reason.contains(wanted), "{template}: {reason}");
    }
    for template in [
        "{{ a|upper|replace('|b', 'is c')|sum(attribute='d.e') }}",
        "{% if a is defined and not (b is none or c is not string) %}{% endif %}",
        "{% if (a) and not (b) or (c) in (d) %}{% elif (e) %}{% else %}{% endif %}",
        "{% for b in a|map(attribute='c')|select('defined') %}{{ loop.index }}{% endfor %}",
        "{{ a|selectattr('b', 'eq', 1)|map('upper')|join(', ') }}{{ a.is }}{{ a.items() }}",
        "{% for (a, (b, c)) in d|items %}{% set (e, f) = b %}{% endfor %}",
        "{# a|nonsense #}a|nonsense",
    ] {
        assert_eq!(check_template(template), Ok(()), "{template}");
    }
    let longest = "a".repeat(MAX_TEMPLATE_LENGTH);
    assert_eq!(check_template(&longest), Ok(()));
    assert!(check_template(&format!("{longest}a")).is_err());
}

#[test]
fn no_text_can_be_made_longer_and_longer() {
    for template in [
        "{{ values.nom ~ values.nom }}",
        "{% set a = values.nom ~ values.nom %}",
        "{% set a = values.nom + values.nom %}",
        "{% set a = [values.nom, values.nom] %}",
        "{% set a = ([values.nom]) %}",
        "{% set a = {'a': values} %}",
        "{% set a %}{{ values }}{% endset %}",
        "{% set a | default(x=1) %}{{ values }}{% endset %}",
        "{% for a in [values, values] %}{% endfor %}",
        "{% for a in values.contact recursive %}{{ loop(values.contact) }}{% endfor %}",
        "{% for a in values.contact if [a, a] %}{% endfor %}",
        "{%- set a = 'x' * 1000000000 -%}",
        "{{ 'x' * 1000000000 }}",
        "{{ 2 ** 100 }}",
        "{% filter upper %}a{% endfilter %}",
        "{% with a = values %}{% endwith %}",
        "{{ range(1000000) }}",
        "{{ namespace() }}",
        "{{ 'a'|indent(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ [1]|batch(1000000000, 'x') }}",
        "{# a #}{% raw %}{{ \"{% endraw %}{{ 'a' ~ 'b' }}",
    ] {
        assert!(render(template).is_err(), "{template}");
    }
    let sums = |count: usize| format!("{{{{ 1{} }}}}", " + 1".repeat(count));
    assert_eq!(check_template(&sums(32)), Ok(()));
    assert!(check_template(&sums(33)).is_err());
}

#[test]
fn a_hostile_template_ends() {
    let started = Instant::now();
    let doubling = "{% set a = a|replace('x', 'xx') %}".repeat(60);
    let wide = "x".repeat(2_000);
    let properties = (0..2_000).map(|place| (format!("p{place}"), wide.clone())).collect();
    let case = Case { properties, ..Case::new("c") };
    for (template, wanted) in [
        (format!("{{% set a = 'x' %}}{doubling}{{{{ a|length }}}}"), "filters read and write"),
        (
            "{% for a in properties %}{% for b in properties %}{% for c in properties %}{% endfor %}{% endfor %}{% endfor %}"
                .to_owned(),
            "steps",
        ),
        ("{% for a in properties %}{{ properties }}{% endfor %}".to_owned(), "megabytes"),
        ("{% for a in properties %}{{ properties|tojson|length }}{% endfor %}".to_owned(), "filters"),
        ("{{ properties|join('x'|replace('x', properties|tojson)) }}".to_owned(), "filters"),
        (
            "{% for a in properties %}".repeat(40) + &"{% endfor %}".repeat(40),
            "line 1",
        ),
    ] {
        let reason = of_case(&template, &case).expect_err(&template);
        assert!(reason.contains(wanted), "{reason}");
        assert!(reason.len() < 300, "{reason}");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
