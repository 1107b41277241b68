//! What is refused when it is saved, so that no delivery has to find it out.

use fieldpost_engine::{Asked, Draft, HubError};
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{Problem, read_connection, read_forwarder, read_project};
use fieldpost_testkit::tls::identity;
use rstest::rstest;

use crate::world::{Engine, World};

/// A connection that shows this certificate, with this key.
fn connection(certificate: &str, key: &str) -> String {
    let [certificate, key] = [certificate, key].map(|pem| pem.replace('\n', "\\n"));
    format!(
        r#"{{"url": "https://ministry.example/",
             "tls": {{"client_certificate": "{certificate}", "client_key": "{key}"}}}}"#
    )
}

fn draft(text: &str) -> Draft {
    let value = Value::parse(text.as_bytes()).unwrap();
    Draft::Connection(read_connection("there", &value).unwrap())
}

#[track_caller]
fn assert_unusable<T: std::fmt::Debug>(saved: Result<T, HubError>) {
    let Err(HubError::Invalid(problems)) = saved else { panic!("{saved:?}") };
    let found: Vec<_> =
        problems.iter().map(|Problem { path, code, .. }| (&**path, *code)).collect();
    assert_eq!(found, [("connections.there.tls", "unusable-connection")], "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_key_that_does_not_fit_is_refused_when_it_is_saved() {
    let world = World::start(Engine::Sqlite).await;
    let ((certificate, key), (_, another_key)) = (identity(), identity());
    let before = world.hub.definition("clinic").await.unwrap();
    let unusable = connection(&certificate, &another_key);
    assert_unusable(world.hub.put("clinic", draft(&unusable)).await);
    let project = format!(r#"{{"project": "clinic", "connections": {{"there": {unusable}}}}}"#);
    let project = read_project(&Value::parse(project.as_bytes()).unwrap()).unwrap();
    for dry_run in [true, false] {
        assert_unusable(world.hub.apply(&project, false, dry_run, &Asked::default()).await);
    }
    assert_eq!(world.hub.definition("clinic").await.unwrap(), before);
    world.hub.put("clinic", draft(&connection(&certificate, &key))).await.unwrap();
}

/// Which networks are open is not the project's to say: it may be opened later.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_dialled_can_be_saved() {
    let world = World::start(Engine::Sqlite).await;
    world.hub.put("clinic", draft(r#"{"url": "http://169.254.169.254/"}"#)).await.unwrap();
}

/// A template is tried out as far as that goes without anything to fill it with.
#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_breaks_off_is_refused_when_it_is_saved() {
    let world = World::start(Engine::Sqlite).await;
    let forwarder = |template: &str| {
        let text = format!(
            r#"{{"on": "form", "to": "there", "format": "template", "template": "{template}"}}"#
        );
        Draft::Forwarder(read_forwarder("f", &Value::parse(text.as_bytes()).unwrap()).unwrap())
    };
    world.hub.put("clinic", draft(r#"{"url": "https://ministry.example/"}"#)).await.unwrap();
    let saved = world.hub.put("clinic", forwarder(r"a\n{% if %}")).await;
    let Err(HubError::Invalid(problems)) = saved else { panic!("{saved:?}") };
    let [Problem { path, code, message, .. }] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!((&**path, *code), ("forwarders.f.template", "bad-template"));
    assert!(message.contains("line 2"), "{message}");
    // Also where it would seldom come to that.
    let seldom = r"a\n{% if values.seldom %}{{ values.name|uper }}{% endif %}";
    let saved = world.hub.put("clinic", forwarder(seldom)).await;
    let Err(HubError::Invalid(problems)) = saved else { panic!("{saved:?}") };
    let [Problem { code, message, .. }] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(*code, "bad-template");
    assert!(message.contains("in line 2: there is no filter \"uper\""), "{message}");
    // With all else that is wrong with a project.
    let project = r#"{"project": "clinic", "forwarders": {"f": {"on": "form", "to": "nowhere",
        "format": "template", "template": "{{ values.name|uper }}"}}}"#;
    let project = read_project(&Value::parse(project.as_bytes()).unwrap()).unwrap();
    let applied = world.hub.apply(&project, false, false, &Asked::default()).await;
    let Err(HubError::Invalid(problems)) = applied else { panic!("{applied:?}") };
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["forwarders.f.to", "forwarders.f.template"]);
    world.hub.put("clinic", forwarder(r"a\n{{ values.name }}")).await.unwrap();
}

/// Saving a connection asks again whether it fits the forwarders that send to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_forwarders_send_to_cannot_become_a_database() {
    let world = World::start(Engine::Sqlite).await;
    let database = draft(r#"{"url": "postgres://ministry.example/births"}"#);
    let saved = world.hub.put("clinic", database).await;
    let Err(HubError::Invalid(problems)) = saved else { panic!("{saved:?}") };
    let [Problem { path, code, .. }] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!((&**path, *code), ("forwarders.all.format", "database-needs-table"));
}

/// A form may be named before it is known, and a slip of the pen looks the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_nobody_knows_is_told_when_it_is_saved() {
    const KOBO: &str = include_str!("../../../../examples/payloads/kobo.json");
    let world = World::start(Engine::Sqlite).await;
    let source = r#"{"project": "clinic",
        "sources": {"kobo": {"dialect": "kobo", "secret": "secret-inbox-k"}}}"#;
    world.apply_text(source).await;
    let form = Value::parse(KOBO.as_bytes()).unwrap();
    let form = form.get("_xform_id_string").and_then(Value::as_str).unwrap();
    let text = format!(
        r#"{{"on": "form", "to": "there", "forms": ["{form}", "brths", "http://example.org/x"]}}"#
    );
    let draft = read_forwarder("f", &Value::parse(text.as_bytes()).unwrap()).unwrap();
    let warned = async || {
        let drafts = std::slice::from_ref(&draft);
        let told = world.hub.unknown_form_warnings("clinic", drafts).await.unwrap();
        told.into_iter().map(|problem| (problem.path, problem.code)).collect::<Vec<_>>()
    };
    assert_eq!(warned().await, [], "no form is known at all");
    world.post("secret-inbox-k", KOBO).await.unwrap();
    let unknown = |place: usize| (format!("forwarders.f.forms[{place}]"), "unknown-form");
    assert_eq!(warned().await, [unknown(1), unknown(2)]);
}

/// What is withheld by a path that nothing has goes out: that is told when it is saved.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_nobody_knows_is_told_when_it_is_saved(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const KOBO: &str = r#"{"_uuid": "0f6b1c5e-6d8b-4d4c-9d7b-2f3a4b5c6d7e",
        "_xform_id_string": "visit", "name": "Amina", "loc/village": "Kibera"}"#;
    let world = World::start(engine).await;
    let source = r#"{"project": "clinic",
        "sources": {"kobo": {"dialect": "kobo", "secret": "secret-inbox-k"}}}"#;
    world.apply_text(source).await;
    let warned = async |rest: &str| {
        let text = format!(r#"{{"on": "form", "to": "there", {rest}}}"#);
        let draft = read_forwarder("f", &Value::parse(text.as_bytes()).unwrap()).unwrap();
        let drafts = std::slice::from_ref(&draft);
        let told = world.hub.unknown_field_warnings("clinic", drafts).await.unwrap();
        assert!(told.iter().all(|problem| problem.code == "unknown-field"), "{told:?}");
        told.into_iter().map(|it| (it.path, it.hint.unwrap())).collect::<Vec<_>>()
    };
    let wrong = r#""format": "form_xml", "withhold": {"nmae": "drop", "loc.village": "hash",
        "values/name": "drop", "name": "drop", "loc/village": "drop", "meta/user": "drop"}"#;
    assert_eq!(warned(wrong).await, [], "nothing is known at all");
    world.post("secret-inbox-k", KOBO).await.unwrap();
    let told = |key: &str, meant: &str| {
        (format!("forwarders.f.{key}"), format!("did you mean `{meant}`?"))
    };
    let expected = [
        told("withhold.nmae", "name"),
        told("withhold.loc.village", "loc/village"),
        told("withhold.values/name", "name"),
    ];
    assert_eq!(warned(wrong).await, expected);
    let listed = format!(r#""forms": ["visit"], {wrong}"#);
    assert_eq!(warned(&listed).await, expected);
    assert_eq!(warned(&format!(r#""forms": ["visti"], {wrong}"#)).await, [], "it has no fields");
    let json = r#""format": "json", "withhold": {"loc/village": "drop", "_uuid": "drop"}"#;
    assert_eq!(warned(json).await, []);
    let position = r#""format": "geojson", "position": "village""#;
    assert_eq!(warned(position).await, [told("position", "loc/village")]);

    // Applied as a whole, it is told among the other warnings.
    let project = r#"{"project": "clinic", "connections": {"there": {"url": "https://a.example/"}},
        "forwarders": {"f": {"on": "form", "to": "there", "withhold": {"nmae": "drop"}}}}"#;
    let project = read_project(&Value::parse(project.as_bytes()).unwrap()).unwrap();
    let applied = world.hub.apply(&project, false, true, &Asked::default()).await.unwrap();
    let codes: Vec<&str> = applied.warnings.iter().map(|warning| warning.code).collect();
    assert!(codes.contains(&"unknown-field"), "{codes:?}");
}
