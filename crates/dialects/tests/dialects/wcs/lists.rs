//! Lists: rows with what was asked for, what stands around them, features on a map, what there is.

use fieldpost_dialects::wcs::catalogue::{self, FormFacts};
use fieldpost_dialects::wcs::document::Switches;
use fieldpost_dialects::wcs::geojson::{Shown, classic_feature, feature};
use fieldpost_dialects::wcs::list::{Envelope, GlobalRow, List, classic_row, global_row, row};
use fieldpost_model::access::Access;
use fieldpost_model::json::Value;
use fieldpost_model::person::User;

use super::World;

fn keys(value: &Value<'_>) -> Vec<String> {
    value.as_object().unwrap().iter().map(|(key, _)| key.to_string()).collect()
}

const SHORT: [&str; 10] = [
    "uuid",
    "id",
    "internal_id",
    "display_id",
    "display_name",
    "digest",
    "text",
    "url",
    "receipt_time",
    "last_update_time",
];
const OWN: [&str; 3] = ["received_at", "updated_at", "place"];

#[test]
fn a_row_has_what_was_asked_for() {
    let world = World::new();
    let written = |switches| row(&world.record(), &world.site(), &world.viewer(), switches);
    let none = Switches::ROW;
    let fields =
        ["user", "criticality_level", "api_url", "backoffice_url", "fields", "geolocations"];
    for (switches, added) in [
        (none, &[][..]),
        (Switches { fields: true, ..none }, &fields),
        (Switches { user: true, ..none }, &["user"]),
        (Switches { evolution: true, ..none }, &["evolution"]),
        (Switches { roles: true, ..none }, &["roles"]),
        (Switches { submission: true, ..none }, &["submission"]),
        (Switches { workflow: true, ..none }, &["workflow"]),
        (Switches { workflow_data: true, ..none }, &["workflow"]),
        (Switches { actions: true, ..none }, &["actions"]),
        (Switches { files_content: true, ..none }, &[]),
    ] {
        let expected = SHORT.iter().chain(added).chain(&OWN);
        let expected: Vec<String> = expected.map(|key| (*key).to_owned()).collect();
        assert_eq!(keys(&written(switches)), expected, "{switches:?}");
    }
    assert_eq!(written(none).get("digest").unwrap().as_str(), Some("Marie, water"));
    let full = written(Switches { files_content: true, ..Switches::FULL_ROW }).to_json();
    assert!(!full.contains("Q2VjaQ==") && !full.contains("workflow-attachment"), "{full}");
    assert!(full.contains("download?hash="), "{full}");
}

#[test]
fn old_rows_are_those_of_the_seed() {
    let world = World::new();
    let short = classic_row(&world.record(), &world.site(), &world.viewer(), false);
    assert_eq!(
        short.to_json(),
        r#"{"url":"https://hub.example.org/p/town/request/16/","last_update_time":"2013-01-04T13:41:21","receipt_time":"2013-01-04T13:39:47","id":16}"#
    );
    let full = classic_row(&world.record(), &world.site(), &world.viewer(), true);
    assert_eq!(full.get("id").unwrap().as_str(), Some("request/16"));
    assert_eq!(full.path(&["fields", "name"]).unwrap().as_str(), Some("Marie"));
    assert_eq!(full.path(&["fields", "photo"]), None, "files are not exported in lists");
}

#[test]
fn a_list_is_written_row_by_row() {
    let rows = [Value::from(1_i64), Value::from("a")];
    let written = |envelope, rows: &[Value<'_>]| {
        let (mut list, mut text) = List::begin(envelope);
        for row in rows {
            text.push_str(&list.row(row));
        }
        text.push_str(&list.end());
        text
    };
    let dict = |previous: Option<&str>, next: Option<&str>| Envelope::Dict {
        count: Some(7),
        previous: previous.map(str::to_owned),
        next: next.map(str::to_owned),
    };
    for (envelope, full, empty) in [
        (Envelope::Bare, r#"[1,"a"]"#, "[]"),
        (Envelope::Data, r#"{"data":[1,"a"]}"#, r#"{"data":[]}"#),
        (
            Envelope::Features,
            r#"{"type":"FeatureCollection","features":[1,"a"]}"#,
            r#"{"type":"FeatureCollection","features":[]}"#,
        ),
        (
            dict(None, None),
            r#"{"err":0,"count":7,"data":[1,"a"]}"#,
            r#"{"err":0,"count":7,"data":[]}"#,
        ),
        (
            dict(Some("/a?x=\"1\""), Some("/b")),
            r#"{"err":0,"count":7,"data":[1,"a"],"previous":"/a?x=\"1\"","next":"/b"}"#,
            r#"{"err":0,"count":7,"data":[],"previous":"/a?x=\"1\"","next":"/b"}"#,
        ),
        (
            Envelope::Dict { count: None, previous: None, next: None },
            r#"{"err":0,"data":[1,"a"]}"#,
            r#"{"err":0,"data":[]}"#,
        ),
    ] {
        assert_eq!(written(envelope.clone(), &rows), full);
        assert_eq!(written(envelope, &[]), empty);
    }
}

#[test]
fn the_list_of_all_forms_has_its_own_rows() {
    let world = World::new();
    let row = |more| global_row(&world.record(), &world.site(), &world.viewer(), more);
    let written = row(GlobalRow::default());
    for (key, expected) in [
        ("name", "\"Request\""),
        ("url", "\"https://hub.example.org/p/town/request/16/\""),
        ("datetime", "\"2013-01-04 13:39:47\""),
        ("status", "\"New\""),
        ("status_css_class", "\"status-wf-new\""),
        ("keywords", "[\"water\"]"),
        ("draft", "false"),
        ("last_update_time", "\"2013-01-04 13:41:21\""),
        ("form_number_raw", "\"16\""),
        ("form_number", "\"1-28\""),
        ("title", "\"Request\""),
        ("form_status_is_endpoint", "false"),
        ("form_user_name", "\"Fred\""),
    ] {
        assert_eq!(written.get(key).unwrap().to_json(), expected, "{key}");
    }
    assert!(written.get("readable").is_none());
    let readable = row(GlobalRow { readable: Some(false), ..GlobalRow::default() });
    assert_eq!(readable.get("readable").unwrap().as_bool(), Some(false));
}

#[test]
fn a_feature_says_where_and_what() {
    let mut world = World::new();
    let written =
        |world: &World, shown| feature(&world.record(), &world.site(), &world.viewer(), shown);
    let listed = written(&world, Shown::Listed).unwrap();
    assert_eq!(
        listed.to_json(),
        r##"{"type":"Feature","geometry":{"type":"Point","coordinates":[2.352219,48.856613]},"properties":{"id":"1-28","raw_id":"16","text":"Request #1-28 (Marie, water)","name":"Request #1-28","url":"https://hub.example.org/p/town/backoffice/management/request/16/","status_name":"New","status_colour":"#ffffff","view_label":"View","display_fields":[{"varname":"name","label":"name","html_value":"Marie","value":"Marie"}]}}"##
    );
    let ids = ["11".to_owned(), "20".to_owned()];
    let chosen = written(&world, Shown::Ids(&ids)).unwrap();
    let fields = chosen.path(&["properties", "display_fields"]).unwrap().as_array().unwrap();
    assert_eq!(fields.len(), 2);
    assert!(fields[0].get("file_url").unwrap().as_str().unwrap().contains("download?hash="));
    assert!(fields[1].get("varname").unwrap().is_null());
    let all = written(&world, Shown::All).unwrap();
    let count = all.path(&["properties", "display_fields"]).unwrap().as_array().unwrap().len();
    assert_eq!(count, 17, "all but the heading");
    world.definition.title = "<b>R</b>".to_owned();
    world.submission.values.members[0].1 = fieldpost_model::submission::Node::Answer(
        fieldpost_model::submission::Answer::text("<i>&"),
    );
    world.progress.status = Some("finished".to_owned());
    let escaped = written(&world, Shown::Listed).unwrap();
    let properties = escaped.get("properties").unwrap();
    assert_eq!(properties.get("name").unwrap().as_str(), Some("&lt;b&gt;R&lt;/b&gt; #1-28"));
    assert_eq!(properties.get("status_colour").unwrap().as_str(), Some("#00ff00"));
    let field = &properties.get("display_fields").unwrap().as_array().unwrap()[0];
    assert_eq!(field.get("html_value").unwrap().as_str(), Some("&lt;i&gt;&amp;"));
    assert_eq!(field.get("value").unwrap().as_str(), Some("<i>&"));
    assert_eq!(
        classic_feature(&world.record(), &world.site()).unwrap().to_json(),
        r#"{"geometry":{"type":"Point","coordinates":[2.352219,48.856613]},"type":"Feature","properties":{"url":"https://hub.example.org/p/town/backoffice/management/request/16/"}}"#
    );
    world.progress.geolocation = None;
    assert_eq!(written(&world, Shown::All), None);
    assert_eq!(classic_feature(&world.record(), &world.site()), None);
}

#[test]
fn forms_and_categories_are_listed() {
    let world = World::new();
    let facts =
        FormFacts { count: Some(catalogue::popularity(1, 2, 3)), has_backoffice_submission: true };
    let forms = catalogue::forms(&[(&world.definition, facts)], &world.site());
    assert_eq!(forms.get("err").unwrap().to_json(), "0");
    let form = &forms.get("data").unwrap().as_array().unwrap()[0];
    for (path, expected) in [
        (&["title"][..], "\"Request\""),
        (&["slug"], "\"request\""),
        (&["url"], "\"https://hub.example.org/p/town/request/\""),
        (&["keywords"], "[\"water\"]"),
        (&["authentication_required"], "false"),
        (&["category"], "\"Town life\""),
        (&["category_slug"], "\"town-life\""),
        (&["count"], "11"),
        (
            &["backoffice_submission_url"],
            "\"https://hub.example.org/p/town/backoffice/submission/request/\"",
        ),
        (&["functions", "_receiver", "label"], "\"receiver\""),
        (&["functions", "_receiver", "role", "slug"], "\"agents\""),
    ] {
        assert_eq!(form.path(path).unwrap().to_json(), expected, "{path:?}");
    }
    let without = catalogue::forms(&[(&world.definition, FormFacts::default())], &world.site());
    let form = &without.get("data").unwrap().as_array().unwrap()[0];
    assert!(form.get("count").is_none() && form.get("backoffice_submission_url").is_none());
    let categories = catalogue::categories(&[&world.definition], false, &world.site());
    assert_eq!(
        categories.to_json(),
        r#"{"data":[{"title":"Town life","url":"https://hub.example.org/p/town/town-life/","slug":"town-life","keywords":["water"]}]}"#
    );
    let full = catalogue::categories(&[&world.definition], true, &world.site());
    assert!(full.to_json().contains("\"forms\":[{\"title\":\"Request\""));
    let members = |slug| catalogue::category_forms(&[&world.definition], slug, &world.site());
    assert!(members("town-life").is_some());
    assert!(members("sport").is_none());
}

#[test]
fn people_roles_cards_and_codes_are_written() {
    let mut world = World::new();
    let somebody = User {
        id: "desk".to_owned(),
        name: "Front desk".to_owned(),
        email: Some("desk@example.org".to_owned()),
        name_ids: vec!["0123".to_owned()],
        roles: vec!["agents".to_owned(), "gone".to_owned()],
        access: Access::Viewer,
    };
    assert_eq!(
        catalogue::user(&somebody, 7, &world.site()).to_json(),
        r#"{"id":7,"name":"Front desk","email":"desk@example.org","NameID":["0123"],"user_display_name":"Front desk","user_email":"desk@example.org","user_roles":[{"name":"AGENTS","text":"AGENTS","slug":"agents","id":"agents"}]}"#
    );
    assert_eq!(
        catalogue::users(&[(&somebody, 7)]).to_json(),
        r#"{"err":0,"data":[{"user_display_name":"Front desk","user_email":"desk@example.org","user_id":7,"user_nameid":"0123"}]}"#
    );
    let roles = catalogue::roles(&world.roles);
    assert_eq!(roles.get("data").unwrap().as_array().unwrap().len(), 2);
    let kinds = catalogue::card_kinds(&[("person", "Person")], &world.site());
    assert_eq!(
        kinds.to_json(),
        r#"{"err":0,"data":[{"title":"Person","slug":"person","url":"https://hub.example.org/p/town/backoffice/data/person/","description":"","keywords":[]}]}"#
    );
    let front = "https://hub.example.org/p/town/request/16/";
    let back = "https://hub.example.org/p/town/backoffice/management/request/16/";
    let code = |load, is_backoffice| {
        catalogue::code(&world.record(), &world.site(), load, is_backoffice).to_json()
    };
    assert_eq!(code(Some("/x"), false), format!(r#"{{"err":0,"url":"{front}","load_url":"/x"}}"#));
    assert_eq!(code(None, true), format!(r#"{{"err":0,"url":"{back}"}}"#));
    assert_eq!(
        catalogue::classic_code(&world.record(), &world.site()).to_json(),
        format!(r#"{{"url":"{front}","err":0}}"#)
    );
    let submitted = catalogue::submitted(&world.record(), &world.site());
    assert_eq!(
        submitted.to_json(),
        format!(
            r#"{{"err":0,"data":{{"id":"16","url":"{front}","backoffice_url":"{back}","api_url":"https://hub.example.org/p/town/api/forms/request/16/"}},"tracking_code":"QRFPTSLR"}}"#
        )
    );
    world.progress.tracking_code = None;
    let submitted = catalogue::submitted(&world.record(), &world.site());
    assert!(submitted.get("tracking_code").is_none());
}
