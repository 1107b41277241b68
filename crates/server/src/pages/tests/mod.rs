//! Forms as they are filled in, without a hub: what was typed becomes answers, mistakes, pages.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::submission::{AnswerValue, Group, Node};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::definition::form::read_form;
use fieldpost_rules::lifecycle::Addresses;
use fieldpost_rules::lifecycle::template::{Language, Surroundings};
use uuid::Uuid;

use super::bounds::PageBounds;
use super::flow::{Go, Posted, Then, step};
use super::reading::{Asking, Reading, read};
use super::state::{Aim, State};
use super::typed::Typed;

mod ways;
mod written;

/// A form of these fields, as a project file has them.
fn form(fields: &str) -> FormDefinition {
    whole(&format!(r#"{{"title":"Request","tracking_codes":true,"fields":{fields}}}"#))
}

fn whole(json: &str) -> FormDefinition {
    let value = Value::parse(json.as_bytes()).unwrap();
    read_form("request", &value).unwrap()
}

fn stored(name: &str, digest: u8) -> StoredFile {
    StoredFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: 3,
        sha256: [digest; 32],
    }
}

/// What was typed: `name=text`, with `&` between.
fn typed(text: &str) -> Typed {
    Typed { texts: pairs(text), ..Typed::default() }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, text)| (format!("a.{name}"), text.to_owned()))
        .collect()
}

/// Hands out all that asks of a form.
fn asking<T>(definition: &FormDefinition, work: impl FnOnce(&Asking<'_>) -> T) -> T {
    let now = Timestamp(1_790_000_000_000_000);
    let progress = Progress::draft(Uuid::nil(), 0, now);
    let addresses = Addresses::default();
    let surroundings = Surroundings { language: Language::English, ..Surroundings::at(now) };
    let bounds = PageBounds::default();
    work(&Asking { definition, progress: &progress, addresses: &addresses, surroundings, bounds })
}

/// Answers in one line: `email="a@b" kind=["1"] people=[{first="x"}]`.
fn answers(values: &Group) -> String {
    let member = |(key, node): &(String, Node)| {
        let node = shown(node);
        (!node.is_empty()).then(|| format!("{key}={node}"))
    };
    let extra = values.extra.iter().map(|(key, value)| format!("{key}:{}", value.to_json()));
    values.members.iter().filter_map(member).chain(extra).collect::<Vec<_>>().join(" ")
}

fn shown(node: &Node) -> String {
    match node {
        Node::Group(group) => format!("{{{}}}", answers(group)),
        Node::Repeat(rows) if rows.is_empty() => String::new(),
        Node::Repeat(rows) => {
            format!("[{}]", rows.iter().map(shown).collect::<Vec<_>>().join(","))
        }
        Node::Answer(answer) => match &answer.value {
            AnswerValue::Empty => String::new(),
            AnswerValue::Choices(ids) if ids.is_empty() => String::new(),
            AnswerValue::Choices(ids) => format!("{ids:?}"),
            AnswerValue::Decimal(number) => number.clone(),
            AnswerValue::Boolean(truth) => truth.to_string(),
            AnswerValue::File => format!("file({})", answer.written()),
            AnswerValue::Unfit => format!("unfit({})", answer.written()),
            AnswerValue::Geometry(place) => {
                format!("({} {})", place.positions[0].latitude, place.positions[0].longitude)
            }
            _ => format!("{:?}", answer.written()),
        },
    }
}

/// Mistakes in one line: `email: required`.
fn mistakes(reading: &Reading<'_>) -> String {
    let all = reading.pages.iter().flat_map(|page| &page.mistakes);
    let all =
        all.map(|it| format!("{}: {:?}", it.name.trim_start_matches("a."), it.what).to_lowercase());
    all.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(definition: &FormDefinition, typed: &Typed, expected: &str, wrong: &str) {
    asking(definition, |asking| {
        let reading = read(asking, typed);
        assert_eq!(answers(&reading.submission.values), expected, "{typed:?}");
        assert_eq!(mistakes(&reading), wrong, "{typed:?}");
    });
}

const ITEMS: &str =
    r#"[{"id":"1","text":"One"},{"id":"2","text":"Two"},{"id":"3","text":"Three"}]"#;

#[test]
fn every_type_is_read_and_tells_what_is_wrong() {
    let field = |kind: &str, more: &str| {
        form(&format!(r#"[{{"name":"x","label":"X","type":"{kind}"{more}}}]"#))
    };
    let items = format!(",\"items\":{ITEMS}");
    let table = r#","columns":["A","B"],"rows":["one","two"]"#;
    for (kind, more, text, expected, wrong) in [
        ("string", "", "x= Amina ", r#"x="Amina""#, ""),
        ("string", "", "x=  ", "", ""),
        ("string", ",\"required\":true", "x=  ", "", "x: required"),
        ("text", "", "x=a\n b \n", r#"x="a\n b""#, ""),
        ("email", "", "x=a@example.org", r#"x="a@example.org""#, ""),
        ("email", "", "x=amina", r#"x="amina""#, "x: email"),
        ("phone", "", "x=+33 1 23", r#"x="+33 1 23""#, ""),
        ("phone", "", "x=call me", r#"x="call me""#, "x: phone"),
        ("bool", "", "x=yes", "x=true", ""),
        ("bool", "", "", "x=false", ""),
        ("bool", ",\"required\":true", "", "x=false", "x: untrue"),
        ("numeric", "", "x=5,50", "x=5.50", ""),
        ("numeric", "", "x=12345678901234567890.10", "x=12345678901234567890.10", ""),
        ("numeric", "", "x=five", "x=unfit(five)", "x: number"),
        ("date", "", "x=23/11/2026", r#"x="2026-11-23""#, ""),
        ("date", "", "x=2026-02-30", "x=unfit(2026-02-30)", "x: date"),
        ("item", &items, "x=2", r#"x="2""#, ""),
        ("item", &items, "x=4", r#"x="4""#, "x: item"),
        ("item", "", "x=whatever", r#"x="whatever""#, ""),
        ("items", &items, "x=3&x=1", r#"x=["1", "3"]"#, ""),
        ("items", &items, "x=3&x=9", r#"x=["3"]"#, "x: item"),
        ("items", "", "x=a\n\nb ", r#"x=["a", "b"]"#, ""),
        ("ranked-items", &items, "x.0=2&x.2=1", r#"x=["3", "1"]"#, ""),
        ("ranked-items", &items, "x.0=1&x.2=1", r#"x=["1", "3"]"#, "x: rank"),
        ("ranked-items", &items, "x.0=4", "", "x: rank"),
        ("map", "", "x.lat=48,85&x.lon=2.35", "x=(48.85 2.35)", ""),
        ("map", "", "x.lat=48.85", "x=unfit(48.85;)", "x: position"),
        ("map", "", "x.lat=91&x.lon=2", "x=unfit(91;2)", "x: position"),
        ("map", ",\"required\":true", "x.lat=&x.lon=", "", "x: required"),
        ("file", ",\"required\":true", "", "", "x: required"),
        ("table", table, "x.0.c1=a&x.1.c2=b", r#"x=[{c1="a"},{c2="b"}]"#, ""),
        ("table", table, "x.0.c1= ", "", ""),
        ("tablerows", r#","columns":["A"]"#, "x.0.c1=a", r#"x=[{c1="a"}]"#, ""),
    ] {
        check(&field(kind, more), &typed(text), expected, wrong);
    }
}

#[test]
fn what_is_longer_than_a_control_takes_is_refused() {
    let definition = form(r#"[{"name":"x","label":"X","type":"text"}]"#);
    let most = "a".repeat(PageBounds::default().max_text);
    check(&definition, &typed(&format!("x={most}")), &format!("x=\"{most}\""), "");
    check(&definition, &typed(&format!("x={most}a")), "x=unfit()", "x: toolong");
}

#[test]
fn rows_of_a_block_that_nobody_began_are_none() {
    let fields = r#"[{"name":"p","label":"P","type":"block","required":true,"fields":[
        {"name":"first","label":"First","type":"string","required":true},
        {"name":"age","label":"Age","type":"numeric"}]}]"#;
    let definition = form(fields);
    let rows = |text: &str, rows: usize| {
        let mut typed = typed(text);
        typed.set_rows("a.p", rows);
        typed
    };
    check(&definition, &rows("", 0), "", "p: required");
    check(&definition, &rows("p.0.first=A&p.2.first=B", 3), "p=[{first=\"A\"},{first=\"B\"}]", "");
    check(
        &definition,
        &rows("p.0.age=x", 1),
        "p=[{age=unfit(x)}]",
        "p.0.first: required, p.0.age: number",
    );
    // Rows beyond the number that the hub knows of are nobody's.
    check(&definition, &rows("p.0.first=A&p.7.first=B", 1), "p=[{first=\"A\"}]", "");
    let all = (0..200).map(|row| format!("p.{row}.first=x")).collect::<Vec<_>>().join("&");
    asking(&definition, |asking| {
        let reading = read(asking, &rows(&all, 200));
        let Some(Node::Repeat(read)) = reading.submission.values.get("p") else { panic!() };
        assert_eq!(read.len(), PageBounds::default().max_rows);
    });
}

#[test]
fn blocks_stand_in_each_other() {
    let definition = form(
        r#"[{"name":"p","label":"P","type":"block","fields":[
            {"name":"first","label":"First","type":"string"},
            {"name":"pets","label":"Pets","type":"block","fields":[
                {"name":"kind","label":"Kind","type":"string"},
                {"name":"age","label":"Age","type":"numeric"}]}]}]"#,
    );
    let mut two = typed("p.0.pets.1.kind=cat&p.1.first=B&p.1.pets.0.kind=dog&p.1.pets.0.age=x");
    two.set_rows("a.p", 2);
    two.set_rows("a.p.0.pets", 2);
    let expected = r#"p=[{pets=[{kind="cat"}]},{first="B" pets=[{kind="dog" age=unfit(x)}]}]"#;
    check(&definition, &two, expected, "p.1.pets.0.age: number");
    two.remove_row("a.p", 0);
    let expected = r#"p=[{first="B" pets=[{kind="dog" age=unfit(x)}]}]"#;
    check(&definition, &two, expected, "p.0.pets.0.age: number");
}

#[test]
fn what_is_not_asked_has_no_answer_and_misses_none() {
    let definition = form(
        r#"[{"name":"kind","label":"Kind","type":"string"},
            {"name":"why","label":"Why","type":"string","required":true,"condition":"form_var_kind == 'other'"},
            {"name":"more","label":"More","type":"string","condition":"form_var_why == 'x'"},
            {"name":"total","label":"Total","type":"computed","template":"{{ form_var_kind }}!"}]"#,
    );
    check(&definition, &typed("kind=a&why=x&more=y"), r#"kind="a" total:"a!""#, "");
    check(&definition, &typed("kind=other"), r#"kind="other" total:"other!""#, "why: required");
    let all = r#"kind="other" why="x" more="y" total:"other!""#;
    check(&definition, &typed("kind=other&why=x&more=y"), all, "");
}

#[test]
fn files_have_names_of_their_own() {
    let definition = form(
        r#"[{"name":"a","label":"A","type":"file"},{"name":"b","label":"B","type":"file"},
            {"name":"c","label":"C","type":"file"}]"#,
    );
    let mut typed = Typed::default();
    typed.put_file("a.a", stored("photo.jpg", 1));
    typed.put_file("a.b", stored("photo.jpg", 2));
    typed.put_file("a.c", stored("photo.jpg", 1));
    check(&definition, &typed, "a=file(photo.jpg) b=file(photo-2.jpg) c=file(photo.jpg)", "");
    asking(&definition, |asking| {
        let reading = read(asking, &typed);
        let names: Vec<&str> = reading.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["photo.jpg", "photo-2.jpg"]);
        assert_eq!(reading.submission.attachments.len(), 2);
    });
}

#[test]
fn answers_go_back_into_their_controls() {
    let definition = form(&format!(
        r#"[{{"name":"s","label":"S","type":"string"}},{{"name":"b","label":"B","type":"bool"}},
            {{"name":"n","label":"N","type":"numeric"}},{{"name":"d","label":"D","type":"date"}},
            {{"name":"i","label":"I","type":"item","items":{ITEMS}}},
            {{"name":"m","label":"M","type":"items","items":{ITEMS}}},
            {{"name":"r","label":"R","type":"ranked-items","items":{ITEMS}}},
            {{"name":"w","label":"W","type":"map"}},{{"name":"f","label":"F","type":"file"}},
            {{"name":"t","label":"T","type":"tablerows","columns":["A","B"]}},
            {{"name":"p","label":"P","type":"block","fields":[
                {{"name":"q","label":"Q","type":"bool"}},{{"name":"z","label":"Z","type":"string"}}]}}]"#
    ));
    let mut before = typed(
        "s=x&b=yes&n=five&d=2026-11-23&i=2&m=1&m=3&r.0=2&r.2=1&w.lat=1.5&w.lon=x&t.0.c1=a&t.1.c2=b\
         &p.0.q=yes&p.1.z=z",
    );
    before.set_rows("a.t", 2);
    before.set_rows("a.p", 2);
    before.put_file("a.f", stored("a.txt", 1));
    asking(&definition, |asking| {
        let reading = read(asking, &before);
        let values = &reading.submission.values;
        let after = super::answers::typed_of(&definition.fields, values, &reading.files);
        assert_eq!(read(asking, &after).submission, reading.submission);
    });
}
