//! The document of one submission: every key, every switch, today's shape and the old one.

use fieldpost_dialects::wcs::document::{Switches, classic, write};
use fieldpost_dialects::wcs::{Offer, StatusSeen, Viewer};
use fieldpost_model::json::Value;
use fieldpost_model::progress::Progress;

use super::{World, json};

/// The keys of a document, in their order.
fn keys(document: &Value<'_>) -> Vec<String> {
    document.as_object().unwrap().iter().map(|(key, _)| key.to_string()).collect()
}

#[track_caller]
fn check(document: &Value<'_>, path: &[&str], expected: &str) {
    let value = document.path(path).unwrap_or_else(|| panic!("no {path:?}"));
    assert_eq!(value.to_json(), expected, "{path:?}");
}

#[test]
fn a_document_has_every_key_in_its_order() {
    let world = World::new();
    let offers = [
        Offer::Hook("close".to_owned()),
        Offer::Trigger("finish".to_owned()),
        Offer::Edit { status: "new".to_owned(), action: "2".to_owned() },
    ];
    let viewer =
        Viewer { offers: &offers, status: StatusSeen::This("just_submitted"), ..world.viewer() };
    let tree = write(&world.record(), &world.site(), &viewer, Switches::CALL);
    let text = world.text(&tree);
    let document = json(&text);
    assert_eq!(
        keys(&document),
        [
            "uuid",
            "id",
            "internal_id",
            "display_id",
            "display_name",
            "digests",
            "text",
            "url",
            "receipt_time",
            "last_update_time",
            "user",
            "criticality_level",
            "api_url",
            "backoffice_url",
            "fields",
            "workflow",
            "actions",
            "roles",
            "submission",
            "evolution",
            "geolocations",
            "received_at",
            "updated_at",
            "place",
        ]
    );
    let base = "https://hub.example.org/p/town";
    let arrival = |id: &str, name: &str, first: &str| {
        format!(
            r#"{{"id":"{id}","name":"{name}","endpoint":false,"first_arrival_datetime":"{first}","latest_arrival_datetime":"{first}"}}"#
        )
    };
    let visible = arrival("just_submitted", "Just submitted", "2013-01-04T13:39:47.250000+01:00");
    let real = arrival("new", "New", "2013-01-04T13:39:49+01:00");
    for (path, expected) in [
        (&["uuid"][..], "\"00000000-0000-0000-0000-000000001234\"".to_owned()),
        (&["id"], "\"16\"".to_owned()),
        (&["internal_id"], "\"16\"".to_owned()),
        (&["display_id"], "\"1-28\"".to_owned()),
        (&["display_name"], "\"Request #1-28\"".to_owned()),
        (&["digests"], r#"{"default":"Marie, water"}"#.to_owned()),
        (&["text"], "\"Request #1-28 (Marie, water)\"".to_owned()),
        (&["url"], format!("\"{base}/request/16/\"")),
        (&["receipt_time"], "\"2013-01-04T13:39:47\"".to_owned()),
        (&["last_update_time"], "\"2013-01-04T13:41:21\"".to_owned()),
        (
            &["user"],
            r#"{"id":1,"name":"Fred","email":"fred@example.com","NameID":["id-1"]}"#.to_owned(),
        ),
        (&["criticality_level"], "101".to_owned()),
        (&["api_url"], format!("\"{base}/api/forms/request/16/\"")),
        (&["backoffice_url"], format!("\"{base}/backoffice/management/request/16/\"")),
        (&["workflow", "status"], visible),
        (&["workflow", "real_status"], real),
        (&["workflow", "fields"], r#"{"note":"to check"}"#.to_owned()),
        (&["workflow", "data", "register_status"], "200".to_owned()),
        (
            &["workflow", "data", "letter"],
            r#"{"filename":"letter.pdf","content_type":"application/pdf","content":"cGRm","content_is_base64":true}"#
                .to_owned(),
        ),
        (&["workflow", "data", "foreign"], r#"{"filename":"x"}"#.to_owned()),
        (
            &["actions"],
            format!(
                r#"{{"global-action:close":"{base}/api/forms/request/16/hooks/close/","jump:finish":"{base}/api/forms/request/16/jump/trigger/finish/","link:edit:new-2":"{base}/backoffice/management/request/16/wfedit-2"}}"#
            ),
        ),
        (&["submission", "backoffice"], "true".to_owned()),
        (&["submission", "channel"], "\"phone\"".to_owned()),
        (&["submission", "agent", "name"], "\"Agnes\"".to_owned()),
        (&["submission", "parent", "url"], format!("\"{base}/first-step/3/\"")),
        (
            &["submission", "parent", "api_url"],
            format!("\"{base}/api/forms/first-step/3/\""),
        ),
        (&["geolocations"], r#"{"base":{"lat":48.856613,"lon":2.352219}}"#.to_owned()),
        (&["received_at"], "\"2013-01-04T12:39:47.250000Z\"".to_owned()),
        (&["updated_at"], "\"2013-01-04T12:41:21.000000Z\"".to_owned()),
        (&["place"], "42".to_owned()),
    ] {
        check(&document, path, &expected);
    }
}

#[test]
fn roles_are_those_of_functions_and_never_the_submitter() {
    let mut world = World::new();
    let agents = r#"{"name":"AGENTS","text":"AGENTS","allows_backoffice_access":true,"emails":["agents@example.org"],"details":"","emails_to_members":false,"slug":"agents","id":"agents"}"#;
    world.progress.functions = vec![("_other".to_owned(), vec!["agents".to_owned()])];
    let tree = write(&world.record(), &world.site(), &world.viewer(), Switches::DOCUMENT);
    let document = tree.into_value();
    assert_eq!(
        keys(document.get("roles").unwrap()),
        ["_receiver", "_other", "concerned", "actions"]
    );
    for list in ["_receiver", "_other", "concerned", "actions"] {
        check(&document, &["roles", list], &format!("[{agents}]"));
    }
}

#[test]
fn the_history_has_every_part() {
    let world = World::new();
    let with =
        world.text(&write(&world.record(), &world.site(), &world.viewer(), Switches::DOCUMENT));
    let document = json(&with);
    let evolution = document.get("evolution").unwrap().as_array().unwrap();
    assert_eq!(
        evolution[0].to_json(),
        r#"{"time":"2013-01-04T13:39:47.250000+01:00","last_jump_datetime":null,"who_id":"_submitter","status":"just_submitted","who":{"id":1,"name":"Fred","email":"fred@example.com","NameID":["id-1"]}}"#
    );
    assert_eq!(evolution[1].get("who_id").unwrap().as_str(), Some("2"));
    assert_eq!(evolution[1].path(&["who", "name"]).unwrap().as_str(), Some("Agnes"));
    let parts = evolution[1].get("parts").unwrap().as_array().unwrap();
    let expected = [
        r#"{"type":"workflow-comment","identifier":"reason","comment":"<p>One &amp; two</p>","comment_plain_text":"One & two"}"#,
        r#"{"type":"workflow-attachment","content_type":"application/pdf","filename":"letter.pdf","to":["_receiver"],"content":"cGRm"}"#,
        r#"{"type":"workflow-form","key":"ask","data":{"x":1}}"#,
        r#"{"type":"wscall-error","summary":"404 Not Found","label":"Register","data":"{\"err\": 1}"}"#,
        r#"{"type":"wscall-error","summary":"500 Internal Server Error","label":null,"data_b64":"8Q=="}"#,
    ];
    let written: Vec<String> = parts.iter().map(Value::to_json).collect();
    assert_eq!(written, expected);
    let switches = Switches { files_content: false, ..Switches::DOCUMENT };
    let without = write(&world.record(), &world.site(), &world.viewer(), switches).into_value();
    let parts = without.get("evolution").unwrap().as_array().unwrap()[1].get("parts").unwrap();
    let written: Vec<String> = parts.as_array().unwrap().iter().map(Value::to_json).collect();
    assert_eq!(written, [expected[0], expected[2], expected[3], expected[4]]);
    assert_eq!(without.path(&["workflow", "data", "letter", "content"]), None);
}

#[test]
fn each_switch_takes_away_its_part_and_no_other() {
    let world = World::new();
    let all = Switches::CALL;
    let whole = keys(&write(&world.record(), &world.site(), &world.viewer(), all).into_value());
    for (switches, gone) in [
        (
            Switches { fields: false, ..all },
            &["criticality_level", "api_url", "backoffice_url", "fields", "geolocations"][..],
        ),
        (Switches { user: false, ..all }, &["user"]),
        (Switches { workflow: false, workflow_data: false, ..all }, &["workflow"]),
        (Switches { workflow: false, ..all }, &[]),
        (Switches { workflow_data: false, ..all }, &[]),
        (Switches { roles: false, ..all }, &["roles"]),
        (Switches { submission: false, ..all }, &["submission"]),
        (Switches { evolution: false, ..all }, &["evolution"]),
        (Switches { actions: false, ..all }, &["actions"]),
        (Switches { files_content: false, ..all }, &[]),
    ] {
        let document =
            write(&world.record(), &world.site(), &world.viewer(), switches).into_value();
        let expected: Vec<String> =
            whole.iter().filter(|key| !gone.contains(&key.as_str())).cloned().collect();
        assert_eq!(keys(&document), expected, "{switches:?}");
        let inside = |name: &str| document.path(&["workflow", name]).is_some();
        if document.get("workflow").is_some() {
            assert_eq!(inside("status"), switches.workflow, "{switches:?}");
            assert_eq!(inside("fields"), switches.workflow, "{switches:?}");
            assert_eq!(inside("data"), switches.workflow_data, "{switches:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_not_there() {
    let mut world = World::new();
    let bare = Progress::draft(world.progress.uuid, 5, world.progress.received_at);
    world.progress = bare;
    let record = fieldpost_dialects::wcs::Record { place: None, ..world.record() };
    let document = write(&record, &world.site(), &Viewer::default(), Switches::CALL).into_value();
    assert_eq!(
        keys(&document),
        [
            "uuid",
            "id",
            "internal_id",
            "display_id",
            "display_name",
            "digests",
            "text",
            "url",
            "receipt_time",
            "last_update_time",
            "criticality_level",
            "api_url",
            "backoffice_url",
            "fields",
            "workflow",
            "actions",
            "roles",
            "submission",
            "received_at",
            "updated_at",
        ]
    );
    check(&document, &["digests"], "null");
    check(&document, &["text"], "\"Request #5\"");
    check(&document, &["criticality_level"], "0");
    check(&document, &["workflow"], r#"{"fields":{"note":null}}"#);
    check(&document, &["submission"], r#"{"backoffice":false,"channel":"web"}"#);
}

#[test]
fn an_id_of_a_template_stands_in_addresses() {
    let mut world = World::new();
    world.definition.id_template = Some("{{ form_number }}".to_owned());
    world.progress.natural_id = Some("ABC 7".to_owned());
    world.progress.display_id = "ABC 7".to_owned();
    let document =
        write(&world.record(), &world.site(), &world.viewer(), Switches::ROW).into_value();
    check(&document, &["id"], "\"ABC 7\"");
    check(&document, &["internal_id"], "\"16\"");
    check(&document, &["display_name"], "\"Request - ABC 7\"");
    check(&document, &["url"], "\"https://hub.example.org/p/town/request/ABC%207/\"");
}

#[test]
fn the_old_shape_is_that_of_the_seed() {
    let mut world = World::new();
    world.progress.origin.channel = fieldpost_model::progress::Channel::Web;
    let text = world.text(&classic(&world.record(), &world.site(), &world.viewer(), true));
    let document = json(&text);
    assert_eq!(
        keys(&document),
        [
            "id",
            "receipt_time",
            "last_update_time",
            "fields",
            "geolocations",
            "user",
            "workflow",
            "roles",
            "submission",
            "evolution"
        ]
    );
    for (path, expected) in [
        (&["id"][..], "\"request/16\""),
        (&["receipt_time"], "\"2013-01-04T13:39:47\""),
        (&["workflow", "status"], r#"{"id":"new","name":"New"}"#),
        (&["submission"], r#"{"backoffice":true,"channel":"Web"}"#),
        (
            &["fields", "photo"],
            r#"{"filename":"a.txt","content_type":"text/plain","content":"Q2VjaQ=="}"#,
        ),
    ] {
        check(&document, path, expected);
    }
    assert_eq!(document.path(&["workflow", "real_status"]), None);
    let role = &document.path(&["roles", "_receiver"]).unwrap().as_array().unwrap()[0];
    assert_eq!(role.get("text").unwrap().as_str(), Some(""));
    let entry = &document.get("evolution").unwrap().as_array().unwrap()[1];
    assert_eq!(keys(entry), ["status", "time", "user", "parts"]);
    assert_eq!(entry.get("time").unwrap().as_str(), Some("2013-01-04T13:39:49"));
    let comment = &entry.get("parts").unwrap().as_array().unwrap()[0];
    assert_eq!(
        comment.to_json(),
        r#"{"type":"workflow-comment","content":"<p>One &amp; two</p>"}"#
    );
}
