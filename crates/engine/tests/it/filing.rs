//! What messages make of forms, submissions and cases.

use std::collections::BTreeMap;

use fieldpost_engine::{ArrivedFile, FormOutcome, FormPost, FormReceipt, Incoming, ReceiptOutcome};
use fieldpost_model::case::Case;
use fieldpost_model::message::MessageState;
use fieldpost_rules::openrosa::{Decision, Flavour};
use rstest::rstest;

use crate::world::{Engine, MOST_FORMS, World};

const KOBO: &str = include_str!("../../../../examples/payloads/kobo.json");

const SOURCES: &str = r#"{"project": "clinic",
    "sources": {"xml": {"dialect": "xml", "secret": "secret-inbox-x"},
                "hq": {"dialect": "commcare", "secret": "secret-inbox-c"},
                "aggregate": {"dialect": "odk-aggregate", "secret": "secret-inbox-a"},
                "phones": {"dialect": "openrosa", "access": "anonymous", "secret": "secret-inbox-o"},
                "kobo": {"dialect": "kobo", "secret": "secret-inbox-2"}}}"#;

async fn world(engine: Engine) -> World {
    let world = World::start(engine).await;
    world.apply_text(SOURCES).await;
    world
}

impl World {
    /// Posts a form to a receiver, as a phone does.
    async fn post_form(&self, secret: &str, flavour: Flavour, xml: &str) -> FormReceipt {
        self.post_form_with(secret, flavour, xml, &[]).await
    }

    async fn post_form_with(
        &self,
        secret: &str,
        flavour: Flavour,
        xml: &str,
        files: &[ArrivedFile],
    ) -> FormReceipt {
        let route = self.hub.find_inbox(secret).await.unwrap().unwrap();
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/p/clinic/submission".to_owned(),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), "text/xml".to_owned())],
            body: xml.to_owned().into(),
        };
        let post = FormPost { flavour, application: None, files };
        self.hub.receive_form(&route, incoming, post).await.unwrap()
    }

    async fn case(&self, id: &str) -> Case {
        self.all_cases(&[id]).await.remove(id).unwrap()
    }

    pub(crate) async fn all_cases(&self, ids: &[&str]) -> BTreeMap<String, Case> {
        let cases = self.hub.store().cases("clinic", ids).await.unwrap();
        cases.into_iter().map(|(id, case)| (id, case.value)).collect()
    }

    async fn history(&self, id: &str) -> Vec<String> {
        let changes = self.hub.store().case_changes("clinic", id).await.unwrap();
        changes.into_iter().map(|change| change.transaction.form_id).collect()
    }
}

pub(crate) fn xml(id: &str, blocks: &str) -> String {
    format!(
        r#"<data xmlns="http://openrosa.org/formdesigner/F1" name="Registration" version="3">
             <village>Kibera</village>{blocks}
             <meta xmlns="http://openrosa.org/jr/xforms"><instanceID>{id}</instanceID>
               <userID>u1</userID><username>nurse</username></meta></data>"#
    )
}

pub(crate) fn block(case: &str, minute: u32, inside: &str) -> String {
    format!(
        r#"<case xmlns="http://commcarehq.org/case/transaction/v2" case_id="{case}" user_id="u1"
             date_modified="2026-11-22T08:{minute:02}:00.000000Z">{inside}</case>"#
    )
}

pub(crate) fn create(name: &str) -> String {
    format!(
        "<create><case_type>child</case_type><case_name>{name}</case_name>\
         <owner_id>o1</owner_id></create>"
    )
}

pub(crate) fn update(name: &str, value: &str) -> String {
    format!("<update><{name}>{value}</{name}></update>")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_kobo_submission_makes_its_form_known_and_a_correction_is_a_new_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    for body in [KOBO, KOBO, &KOBO.replace("twenty", "twenty-one")] {
        world.post("secret-inbox-2", body).await.unwrap();
    }
    let store = world.hub.store();
    let view = fieldpost_model::json::Value::parse(KOBO.as_bytes()).unwrap();
    let submission = view.get("body").unwrap_or(&view);
    let text =
        |name: &str| submission.get(name).and_then(|value| value.as_str()).unwrap().to_owned();
    let instance = store.instance("clinic", &text("_uuid")).await.unwrap().unwrap();
    assert_eq!((instance.version, instance.revision), (2, 2));
    let form = store.form("clinic", &instance.form).await.unwrap().unwrap();
    assert_eq!(form.form_id, Some(text("_xform_id_string")));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_names_no_form_is_kept_with_a_note(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    for (body, note) in [
        (r#"{"_uuid": "u1", "age": "4"}"#, true),
        (r#"{"_uuid": "u2", "_xform_id_string": "births"}"#, false),
        (r#"{"hook": "ping"}"#, false),
    ] {
        let receipt = world.post("secret-inbox-2", body).await.unwrap();
        let kept = world.hub.store().message("clinic", receipt.message).await.unwrap().unwrap();
        let expected = note.then_some("it names no form, so that no submission was made of it");
        assert_eq!(kept.reason.as_deref(), expected, "{body}");
        assert_eq!(receipt.outcome, ReceiptOutcome::Kept, "{body}");
    }
    assert!(world.hub.store().instance("clinic", "u1").await.unwrap().is_none());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_makes_and_changes_its_cases(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let made = xml("f1", &block("c1", 0, &create("Amina")));
    let changed = xml("f2", &block("c1", 5, &(update("weight", "4.1") + "<close/>")));
    for body in [&made, &changed, &made] {
        let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, body).await;
        assert!(
            matches!(receipt.outcome, FormOutcome::Decided(Decision::Store | Decision::Duplicate)),
            "{receipt:?}"
        );
    }
    let case = world.case("c1").await;
    assert_eq!((case.name.as_str(), case.case_type.as_str()), ("Amina", "child"));
    assert_eq!(case.properties.get("weight").map(String::as_str), Some("4.1"));
    assert!(case.is_closed());
    assert_eq!(world.history("c1").await, ["f1", "f2"]);
    let form = world.hub.store().instance("clinic", "f1").await.unwrap().unwrap().form;
    assert_eq!(form, "registration");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_points_to_an_unknown_case_is_set_aside_and_counts_once_it_is_known(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    let child = xml("f1", &block("c1", 0, &(create("Amina") + tie)));
    let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, &child).await;
    let FormOutcome::NotProcessable { code, reason } = &receipt.outcome else {
        panic!("{receipt:?}")
    };
    assert_eq!(*code, "invalid-case-index");
    assert!(reason.contains("'c1' references non-existent case 'h1'"), "{reason}");
    let store = world.hub.store();
    let message = store.message("clinic", receipt.message).await.unwrap().unwrap();
    assert_eq!(message.state, MessageState::Quarantined);
    assert!(world.all_cases(&["c1"]).await.is_empty(), "nothing of a refused form counts");
    assert!(store.instance("clinic", "f1").await.unwrap().is_none());

    let replayed = world.hub.replay("clinic", receipt.message).await.unwrap();
    assert!(replayed.unreadable.unwrap().contains("non-existent case 'h1'"));

    let household = xml("f0", &block("h1", 0, &create("Household")));
    world.post_form("secret-inbox-o", Flavour::Commcare, &household).await;
    world.hub.replay("clinic", receipt.message).await.unwrap();
    assert_eq!(world.case("c1").await.indices["parent"].case_id, "h1");
    assert_eq!(store.instance("clinic", "f1").await.unwrap().unwrap().revision, 1);
    let message = store.message("clinic", receipt.message).await.unwrap().unwrap();
    assert_eq!(message.state, MessageState::Kept);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_forwards_is_not_judged_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    let child = xml("f1", &block("c1", 0, &(create("Amina") + tie)));
    let receipt = world.post("secret-inbox-c", &child).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    assert_eq!(world.case("c1").await.indices["parent"].case_id, "h1");
    // Its state, as HQ forwards cases, says what it is from then on.
    let state = block("c1", 9, &(create("Amina B.") + &update("weight", "5")));
    world.post("secret-inbox-c", &state).await.unwrap();
    let case = world.case("c1").await;
    assert_eq!((case.name.as_str(), case.indices.len()), ("Amina B.", 0));
    assert_eq!(world.history("c1").await.len(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_makes_the_cases_of_both_texts_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let send = async |xml: String| {
        let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, &xml).await;
        let FormOutcome::Decided(decision) = receipt.outcome else { panic!("{receipt:?}") };
        decision
    };
    let weighed =
        |id: &str, case: &str, kilos: &str| xml(id, &block(case, 5, &update("weight", kilos)));
    send(xml("f1", &(block("c1", 0, &create("Amina")) + &block("c2", 0, &create("Juma"))))).await;
    assert_eq!(send(weighed("f2", "c1", "4")).await, Decision::Store);
    assert_eq!(send(weighed("f2", "c2", "4")).await, Decision::Edit);
    assert_eq!(world.case("c1").await.properties.get("weight"), None);
    assert_eq!(world.case("c2").await.properties["weight"], "4");
    assert_eq!(world.history("c1").await, ["f1"]);
    assert_eq!(world.history("c2").await, ["f1", "f2"]);
    let instance = world.hub.store().instance("clinic", "f2").await.unwrap().unwrap();
    assert_eq!(instance.revision, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn forms_of_one_user_count_in_the_order_of_the_phone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let weighed =
        |id: &str, minute, kilos: &str| xml(id, &block("c1", minute, &update("weight", kilos)));
    let forms = [
        xml("f1", &block("c1", 0, &create("Amina"))),
        weighed("f3", 30, "5"),
        weighed("f2", 10, "4"),
    ];
    for form in forms {
        world.post_form("secret-inbox-o", Flavour::Commcare, &form).await;
    }
    assert_eq!(world.case("c1").await.properties["weight"], "5");
    assert_eq!(world.history("c1").await, ["f1", "f2", "f3"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_with_a_wrong_clock_does_not_reorder_what_others_do(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let far =
        xml("f1", &block("c1", 0, &create("Amina"))).replace("2026-11-22T08", "2036-11-22T08");
    let other = |id: &str, kilos: &str| {
        xml(id, &block("c1", 5, &update("weight", kilos)))
            .replace("user_id=\"u1\"", "user_id=\"u2\"")
    };
    for form in [far, other("f2", "4"), other("f3", "5")] {
        let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, &form).await;
        assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store));
    }
    assert_eq!(world.case("c1").await.properties["weight"], "5");
    assert_eq!(world.history("c1").await, ["f1", "f2", "f3"]);
}

/// With as many as a form may have: a time that grew with the square of them would show.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_about_thousands_of_cases_is_taken(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let blocks: String =
        (0..5_000).map(|it| block(&format!("c{it}"), 0, &create("Child"))).collect();
    let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, &xml("f1", &blocks)).await;
    assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store));
    assert_eq!(world.case("c4999").await.name, "Child");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_does_not_replace_what_came_since(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    let old = xml("f1", &block("c1", 0, &(create("Old") + tie)));
    let receipt = world.post_form("secret-inbox-o", Flavour::Commcare, &old).await;
    assert!(matches!(receipt.outcome, FormOutcome::NotProcessable { .. }), "{receipt:?}");
    for form in [
        xml("f0", &block("h1", 0, &create("Household"))),
        xml("f1", &block("c1", 0, &(create("New") + tie))),
    ] {
        world.post_form("secret-inbox-o", Flavour::Commcare, &form).await;
    }
    let replayed = world.hub.replay("clinic", receipt.message).await.unwrap();
    assert!(replayed.unreadable.is_some(), "{replayed:?}");
    assert_eq!(world.case("c1").await.name, "New");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_host_closes_its_extensions_in_a_form_of_the_hubs_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let host = |id: &str| {
        format!(r#"<index><host case_type="child" relationship="extension">{id}</host></index>"#)
    };
    let made = block("c1", 0, &create("Amina"))
        + &block("e1", 0, &(create("Visit") + &host("c1")))
        + &block("e2", 0, &(create("Reminder") + &host("e1")));
    for form in [xml("f1", &made), xml("f2", &block("c1", 5, "<close/>"))] {
        world.post_form("secret-inbox-o", Flavour::Commcare, &form).await;
    }
    for id in ["c1", "e1", "e2"] {
        assert!(world.case(id).await.is_closed(), "{id}");
    }
    assert_eq!(world.history("c1").await, ["f1", "f2"]);
    let closing = world.history("e2").await.pop().unwrap();
    assert_eq!(world.history("e1").await, ["f1".to_owned(), closing.clone()]);
    let system = world.hub.store().instance("clinic", &closing).await.unwrap().unwrap();
    let form = world.hub.store().form("clinic", &system.form).await.unwrap().unwrap();
    assert_eq!(form.xmlns.as_deref(), Some("http://commcarehq.org/case"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn devices_are_told_of_conflicts_and_edits_by_the_rules(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let form = |id: &str, deprecated: &str, name: &str| {
        let deprecated = match deprecated {
            "" => String::new(),
            id => format!("<deprecatedID>{id}</deprecatedID>"),
        };
        format!(
            r#"<data id="births" version="1"><name>{name}</name>
                 <meta><instanceID>{id}</instanceID>{deprecated}</meta></data>"#
        )
    };
    let nameless = "<data><meta><instanceID>uuid:9</instanceID></meta></data>".to_owned();
    let without_id = r#"<data id="births"><name>x</name></data>"#.to_owned();
    for (body, expected) in [
        (form("uuid:1", "", "Amina"), Ok(Decision::Store)),
        (form("uuid:1", "", "Amina"), Ok(Decision::Duplicate)),
        (form("uuid:1", "", "Another"), Ok(Decision::Conflict)),
        (form("uuid:2", "uuid:1", "Amina B."), Ok(Decision::Edit)),
        (form("uuid:3", "uuid:1", "Amina C."), Ok(Decision::OriginalOutdated)),
        (form("uuid:3", "uuid:8", "Amina C."), Ok(Decision::OriginalUnknown)),
        (form("uuid:3", "uuid:2", "Amina C."), Ok(Decision::Edit)),
        (nameless, Err("form-unnamed")),
        (without_id, Err("instance-id-missing")),
        ("<data".to_owned(), Err("xml-syntax")),
    ] {
        let receipt = world.post_form("secret-inbox-o", Flavour::Odk, &body).await;
        let outcome = match &receipt.outcome {
            FormOutcome::Decided(decision) => Ok(*decision),
            FormOutcome::NotProcessable { code, .. } | FormOutcome::Unreadable { code, .. } => {
                Err(*code)
            }
        };
        assert_eq!(outcome, expected, "{body}");
        let message = world.hub.store().message("clinic", receipt.message).await.unwrap().unwrap();
        let is_refused = outcome.is_ok_and(|decision| !decision.is_taken()) || outcome.is_err();
        assert_eq!(message.state == MessageState::Quarantined, is_refused, "{body}");
    }
    let instance = world.hub.store().instance("clinic", "3").await.unwrap().unwrap();
    assert_eq!((instance.version, instance.revision, instance.form.as_str()), (3, 3, "births"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn forms_at_once_about_one_case_all_count(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    world
        .post_form(
            "secret-inbox-o",
            Flavour::Commcare,
            &xml("f0", &block("c1", 0, &create("Amina"))),
        )
        .await;
    let posts = (1..=40_u32).map(|number| {
        let form =
            xml(&format!("f{number}"), &block("c1", number, &update(&format!("p{number}"), "1")));
        let world = &world;
        async move { world.post_form("secret-inbox-o", Flavour::Commcare, &form).await }
    });
    for receipt in futures_util::future::join_all(posts).await {
        assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store));
    }
    assert_eq!(world.case("c1").await.properties.len(), 40);
    assert_eq!(world.history("c1").await.len(), 41);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_document_of_xml_is_no_submission(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    world
        .post("secret-inbox-x", r#"<order id="7" xmlns="http://shop"><item/></order>"#)
        .await
        .unwrap();
    assert!(world.hub.store().instance("clinic", "7").await.unwrap().is_none());
}

fn photo(name: &str, content: u8) -> ArrivedFile {
    ArrivedFile {
        name: name.to_owned(),
        content_type: Some("image/jpeg".to_owned()),
        sha256: [content; 32],
        bytes: 7,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn files_come_with_the_form_and_after_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let form = r#"<data id="births"><photo>1.jpg</photo>
                    <meta><instanceID>uuid:1</instanceID></meta></data>"#;
    for (files, expected) in [
        (vec![photo("1.jpg", 1)], Decision::Store),
        (vec![photo("1.jpg", 1)], Decision::Duplicate),
        (vec![photo("2.jpg", 2)], Decision::AddFiles),
        (vec![photo("2.jpg", 3)], Decision::FileConflict),
    ] {
        let receipt = world.post_form_with("secret-inbox-o", Flavour::Odk, form, &files).await;
        assert_eq!(receipt.outcome, FormOutcome::Decided(expected));
    }
    let store = world.hub.store();
    let instance = store.instance("clinic", "1").await.unwrap().unwrap();
    let files = store.files_of("clinic", instance.submission).await.unwrap();
    let files: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.sha256)).collect();
    assert_eq!(files, [("1.jpg", Some([1; 32])), ("2.jpg", Some([2; 32]))]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn files_of_what_is_set_aside_stay_and_come_with_its_release(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    let child = xml("f1", &block("c1", 0, &(create("Amina") + tie)));
    let files = [photo("1.jpg", 1)];
    let receipt = world.post_form_with("secret-inbox-o", Flavour::Commcare, &child, &files).await;
    assert!(matches!(receipt.outcome, FormOutcome::NotProcessable { .. }), "{receipt:?}");
    let household = xml("f0", &block("h1", 0, &create("Household")));
    world.post_form("secret-inbox-o", Flavour::Commcare, &household).await;
    world.hub.replay("clinic", receipt.message).await.unwrap();
    let store = world.hub.store();
    let instance = store.instance("clinic", "f1").await.unwrap().unwrap();
    let files = store.files_of("clinic", instance.submission).await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].name.as_str(), files[0].sha256), ("1.jpg", Some([1; 32])));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn aggregate_sends_several_at_once_with_files_in_their_text(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let record = |id: &str, bytes: &str| {
        format!(
            r#"{{"*meta-instance-id*": "uuid:{id}", "name": "Amina", "photo":
                 {{"filename": "1.jpg", "type": "image/jpeg", "bytes": "{bytes}"}}}}"#
        )
    };
    let records =
        [record("1", "aGVsbG8="), record("2", "d29y\\nbGQ"), record("3", "no base64!")].join(",");
    let body = format!(
        r#"{{"token": "t", "content": "record", "formId": "births", "formVersion": "",
        "data": [{records}]}}"#
    );
    let receipt = world.post("secret-inbox-a", &body).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    let store = world.hub.store();
    for (id, content) in [("1", Some("hello")), ("2", Some("world")), ("3", None)] {
        let instance = store.instance("clinic", id).await.unwrap().unwrap();
        let files = store.files_of("clinic", instance.submission).await.unwrap();
        assert_eq!((files.len(), files[0].name.as_str()), (1, "1.jpg"));
        let mut read = Vec::new();
        if let Some(sha256) = files[0].sha256 {
            let mut file = store.files().open(&sha256).await.unwrap().unwrap();
            while let Some(piece) = file.next().await.unwrap() {
                read.extend_from_slice(&piece);
            }
        }
        assert_eq!(String::from_utf8(read).unwrap(), content.unwrap_or_default(), "{id}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn submissions_make_so_many_forms_known_and_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let form = |form: usize, id: &str| {
        format!(
            r#"<data id="form-{form}"><meta><instanceID>uuid:{id}-{form}</instanceID></meta></data>"#
        )
    };
    for number in 1..=MOST_FORMS {
        let receipt = world.post_form("secret-inbox-o", Flavour::Odk, &form(number, "a")).await;
        assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store), "{number}");
    }
    let one_more = form(MOST_FORMS + 1, "a");
    let receipt = world.post_form("secret-inbox-o", Flavour::Odk, &one_more).await;
    let FormOutcome::Unreadable { code, .. } = receipt.outcome else { panic!("{receipt:?}") };
    assert_eq!(code, "too-many-forms");
    let receipt = world.post_form("secret-inbox-o", Flavour::Odk, &form(1, "b")).await;
    assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store), "known forms go on");
}
