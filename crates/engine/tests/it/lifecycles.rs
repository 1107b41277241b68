//! Forms with a lifecycle in the hub: submitted, called out, jumped, edited, made anonymous.

use std::time::Duration;

use fieldpost_engine::{Edit, Followed, LifecycleError, NewSubmission, RecordKey, SubmittedForm};
use fieldpost_engine::{ProjectRouting, ReceiptOutcome};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::json::Value;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::Part;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node, Submission};
use fieldpost_rules::lifecycle::{Caller, Happening, Sent};
use fieldpost_store::{DeliveryQuery, Page, StoreError, SubmissionVersion};
use fieldpost_testkit::Answer as Response;
use rstest::rstest;

use crate::world::{Engine, World};

/// A project with one form, whose statuses a test gives.
async fn world(engine: Engine, statuses: &str, more: &str) -> World {
    let world = World::start(engine).await;
    apply(&world, statuses, more).await;
    world
}

async fn apply(world: &World, statuses: &str, more: &str) {
    let url = world.destination.url("/");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                "sources": {{"kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"}}}},
                "connections": {{"there": {{"url": "{url}"}}}},
                "roles": {{"agents": {{"name": "Agents", "emails": ["agents@example.org"]}}}},
                "forwarders": {{"told": {{"on": "form", "to": "there", "format": "normalised",
                                          "match": {{"values": {{"name": "Ada"}}}}}}}},
                "forms": {{"request": {{"title": "Request", "tracking_codes": true,
                    "fields": [{{"name": "name", "label": "Name", "type": "string"}},
                               {{"name": "amount", "label": "Amount", "type": "numeric"}},
                               {{"name": "kind", "label": "Kind", "type": "item",
                                 "items": [{{"id": "1", "text": "One"}}, {{"id": "2", "text": "Two"}}]}}],
                    "lifecycle": {{"functions": {{"_receiver": "agents"}}, {more}
                                   "statuses": {{{statuses}}}}}}}}}}}"#
        ))
        .await;
}

fn text(text: &str) -> Node {
    Node::Answer(Answer::text(text))
}

fn answers(name: &str) -> Submission {
    let amount =
        Answer { lexical: Some("5.50".to_owned()), value: AnswerValue::Decimal("5.50".to_owned()) };
    let members = vec![
        ("name".to_owned(), text(name)),
        ("amount".to_owned(), Node::Answer(amount)),
        ("kind".to_owned(), text("1")),
    ];
    let values = Group { members, extra: Vec::new() };
    Submission { values, ..Submission::default() }
}

fn new(name: &str) -> NewSubmission {
    NewSubmission {
        submission: answers(name),
        path: "/p/clinic/request/".to_owned(),
        ..NewSubmission::default()
    }
}

fn agent() -> Caller {
    let user =
        Some(UserReference { number: 7, name: "Grace".to_owned(), ..UserReference::default() });
    Caller { user, roles: vec!["agents".to_owned()], ..Caller::default() }
}

impl World {
    fn clinic(&self) -> std::sync::Arc<ProjectRouting> {
        self.hub.routing().project("clinic").unwrap().clone()
    }

    async fn try_submit(&self, new: NewSubmission) -> Result<SubmittedForm, LifecycleError> {
        let routing = self.clinic();
        let form = self.hub.followed_form(&routing, "request").await.unwrap().unwrap();
        self.hub.submit(&routing, &form, new).await
    }

    async fn submit(&self, new: NewSubmission) -> Followed {
        self.try_submit(new).await.unwrap().followed.unwrap()
    }

    async fn find(&self, number: u64) -> Option<Followed> {
        let routing = self.clinic();
        let form = self.hub.followed_form(&routing, "request").await.unwrap().unwrap();
        self.hub.record(&routing, &form, RecordKey::Number(number)).await.unwrap()
    }

    async fn record(&self, number: u64) -> Followed {
        self.find(number).await.unwrap()
    }

    async fn happen(
        &self,
        number: u64,
        caller: &Caller,
        happening: Happening,
    ) -> Result<Option<Followed>, LifecycleError> {
        let routing = self.clinic();
        let form = self.hub.followed_form(&routing, "request").await.unwrap().unwrap();
        self.hub.happen(&routing, &form, RecordKey::Number(number), caller, happening).await
    }

    /// Waits until a submission has come to a status.
    async fn until_status(&self, number: u64, status: &str) -> Followed {
        for _ in 0..400 {
            if let Some(followed) = self.find(number).await
                && followed.record.progress.status.as_deref() == Some(status)
            {
                return followed;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let page = Page { before: None, limit: 10 };
        let deliveries =
            self.hub.store().deliveries("clinic", &DeliveryQuery::default(), page).await;
        let progress = self.find(number).await.map(|it| it.record.progress);
        panic!("never {status}: {progress:#?} {deliveries:#?}");
    }

    async fn versions(&self, followed: &Followed) -> Vec<SubmissionVersion> {
        let store = self.hub.store();
        store.submission_versions("clinic", followed.submission, None, 100).await.unwrap()
    }
}

fn status(followed: &Followed) -> &str {
    followed.record.progress.status.as_deref().unwrap_or("draft")
}

fn data(followed: &Followed, name: &str) -> Option<String> {
    followed.record.progress.data.get(name).map(Value::to_json)
}

const CALLS: &str = r#"
    "just_submitted": {"name": "Just submitted", "actions": [
        {"call": {"connection": "there", "path": "/register/{{ form_number }}?kind={{ form_var_kind_raw }}",
                  "post": true, "post_data": {"a/b": "{{ form_var_name }}"}, "name": "register",
                  "on_error": {"app": {"jump": "trouble"}, "5xx": {"jump": "trouble"}, "network": {"jump": "trouble"}}}},
        {"jump": "done"}]},
    "trouble": {"name": "In trouble", "actions": [{"jump": "just_submitted", "trigger": "again"}]},
    "done": {"name": "Done"}"#;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_once_and_its_answer_goes_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, CALLS, "").await;
    let answer = r#"{"err": 0, "data": {"display_id": "REG-1"}}"#;
    world.destination.answer("/register/1", Response::status(200).body(answer));
    let submitted = world.try_submit(new("Ada")).await.unwrap();
    assert!(!submitted.is_repeated);
    let followed = submitted.followed.unwrap();
    let progress = &followed.record.progress;
    assert_eq!((status(&followed), progress.number), ("just_submitted", 1));
    assert_eq!(progress.tracking_code.as_ref().map(String::len), Some(8));
    assert!(progress.is_busy());
    let done = world.until_status(1, "done").await;
    assert_eq!(data(&done, "register_status").as_deref(), Some("200"));
    assert_eq!(
        data(&done, "register_response").as_deref(),
        Some(r#"{"err":0,"data":{"display_id":"REG-1"}}"#)
    );
    assert_eq!(done.record.progress.display_id, "REG-1");
    let received = world.destination.received();
    let calls: Vec<_> = received.iter().filter(|it| it.path == "/register/1").collect();
    let [call] = calls.as_slice() else { panic!("one call was expected: {calls:?}") };
    assert_eq!((call.method.as_str(), call.query.as_str()), ("POST", "kind=1"));
    let body = call.json();
    assert_eq!(body["fields"]["name"], "Ada");
    assert_eq!(body["fields"]["kind"], "One");
    assert_eq!(body["fields"]["kind_raw"], "1");
    assert_eq!(body["fields"]["amount"], "5.50");
    assert_eq!(body["extra"]["a"]["b"], "Ada");
    assert_eq!(body["workflow"]["status"]["id"], "just_submitted");
    assert!(
        call.header("publik-caller-url").unwrap().ends_with("/backoffice/management/request/1/")
    );
    // What is filled in here is forwarded as whatever else comes in.
    let forwarded = world.destination.wait_for(2, Duration::from_secs(10)).await;
    let forwarded = forwarded.iter().find(|it| it.path == "/").unwrap().json();
    assert_eq!(forwarded["values"]["name"], "Ada");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_says_of_its_failure_leads_elsewhere_and_a_trigger_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, CALLS, "").await;
    world.destination.answer_in_turn(
        "/register/1",
        vec![
            Response::status(200).body(r#"{"err": "no-such-thing", "err_desc": "No such thing"}"#),
        ],
        Response::status(200).body(r#"{"err": 0}"#),
    );
    world.submit(new("Bob")).await;
    let trouble = world.until_status(1, "trouble").await;
    assert_eq!(data(&trouble, "register_app_error_code").as_deref(), Some("\"no-such-thing\""));
    let trigger = |name: &str| Happening::Trigger {
        name: name.to_owned(),
        sent: Sent::Json(Value::object([("note", Value::from("try"))]), Vec::new()),
        bypass: false,
    };
    let signed = Caller { is_signed: true, ..Caller::default() };
    for (caller, name, refusal) in [
        (&Caller::default(), "again", "User not authenticated."),
        (&signed, "never", "Page not found"),
    ] {
        match world.happen(1, caller, trigger(name)).await.unwrap_err() {
            LifecycleError::Refused(it) => {
                assert!(it.description == refusal || it.class == refusal, "{it:?}");
            }
            other => panic!("{other}"),
        }
    }
    world.happen(1, &signed, trigger("again")).await.unwrap();
    let done = world.until_status(1, "done").await;
    assert_eq!(data(&done, "note").as_deref(), Some("\"try\""));
    assert_eq!(data(&done, "register_app_error_code").as_deref(), Some("0"));
    let statuses: Vec<_> =
        done.record.progress.history.iter().filter_map(|it| it.status.as_deref()).collect();
    assert_eq!(statuses, ["just_submitted", "trouble", "just_submitted", "done"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_out_when_the_hub_stops_is_gone_on_with(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = world(engine, CALLS, "").await;
    world.destination.answer_in_turn(
        "/register/1",
        vec![Response::hang()],
        Response::status(200).body("{}"),
    );
    world.submit(new("Bob")).await;
    world.destination.wait_for(1, Duration::from_secs(10)).await;
    world.restart().await;
    world.until_status(1, "done").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_makes_one_submission_and_other_answers_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""done": {"name": "Done"}"#, "").await;
    let keyed =
        |name: &str| NewSubmission { idempotency_key: Some("key-1".to_owned()), ..new(name) };
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let submitted = world.try_submit(keyed("Bob")).await.unwrap();
        numbers.push((submitted.is_repeated, submitted.followed.unwrap().record.progress.number));
    }
    assert_eq!(numbers, [(false, 1), (true, 1), (true, 1)]);
    let refused = world.try_submit(keyed("Eve")).await.unwrap_err();
    assert!(refused.to_string().contains("Idempotency-Key"), "{refused}");
    assert_eq!(
        world.record(1).await.record.submission.values.answer(&["name"]).unwrap().written(),
        "Bob"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_any_other_system_sends_of_the_form_has_a_lifecycle_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        r#""new": {"name": "New", "actions": [{"jump": "seen", "by": ["_receiver"]}]},
        "seen": {"name": "Seen"}"#,
        "",
    )
    .await;
    let kobo = |name: &str| {
        format!(
            r#"{{"_id": 9, "_uuid": "u-1", "_xform_id_string": "request", "name": "{name}", "amount": "7"}}"#
        )
    };
    let receipt = world.post("secret-inbox-2", &kobo("Kim")).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    let new = world.until_status(1, "new").await;
    assert_eq!(new.record.submission.values.answer(&["amount"]).unwrap().written(), "7");
    world.post("secret-inbox-2", &kobo("Kim Lee")).await.unwrap();
    for _ in 0..400 {
        if world.record(1).await.revision > new.revision {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let edited = world.record(1).await;
    assert_eq!(edited.record.submission.values.answer(&["name"]).unwrap().written(), "Kim Lee");
    assert!(edited.record.progress.updated_at > new.record.progress.updated_at);
    assert_eq!(status(&edited), "new");
}

const EDITED: &str = r#"
    "new": {"name": "New", "actions": [
        {"edit": true, "by": ["_receiver"], "then": "checked"},
        {"comment": true, "by": ["_receiver"]}]},
    "checked": {"name": "Checked", "actions": [{"mail": {"to": ["_receiver"], "subject": "Checked {{ form_number }}", "body": "Of {{ form_var_name }}"}}]}"#;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_edits_and_comments_and_others_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, EDITED, "").await;
    let followed = world.submit(new("Bob")).await;
    let commented = Happening::Commented { action: None, html: "<p>Looks good</p>".to_owned() };
    world.happen(1, &agent(), commented.clone()).await.unwrap();
    assert!(world.happen(1, &Caller::default(), commented).await.is_err());
    let routing = world.clinic();
    let followed =
        world.hub.record(&routing, &followed.form, RecordKey::Number(1)).await.unwrap().unwrap();
    let edit = |caller: Caller| Edit {
        submission: answers("Bobby"),
        caller,
        path: "/edit".to_owned(),
        ..Edit::default()
    };
    let refused = world.hub.edit(&routing, &followed, edit(Caller::default())).await.unwrap_err();
    assert!(matches!(refused, LifecycleError::Refused(_)), "{refused}");
    assert_eq!(world.versions(&followed).await.len(), 1);
    let edited = world.hub.edit(&routing, &followed, edit(agent())).await.unwrap().unwrap();
    assert_eq!(status(&edited), "checked");
    assert_eq!(edited.record.submission.values.answer(&["name"]).unwrap().written(), "Bobby");
    assert_eq!(world.versions(&edited).await.len(), 2);
    let parts: Vec<&Part> =
        edited.record.progress.history.iter().flat_map(|entry| &entry.parts).collect();
    assert!(
        matches!(parts.as_slice(), [Part::Comment { html, .. }] if html == "<p>Looks good</p>"),
        "{parts:?}"
    );
    let page = Page { before: None, limit: 10 };
    let notices = world.hub.store().notices("clinic", page).await.unwrap();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(
        (notice.recipient.as_str(), notice.subject.as_str(), notice.text.as_str()),
        ("agents@example.org", "Checked 1", "Of Bobby")
    );
    // Somebody else has changed it since it was read.
    let late = Edit { submission: answers("Robert"), caller: agent(), ..Edit::default() };
    let overtaken = world.hub.edit(&routing, &followed, late).await.unwrap_err();
    assert!(matches!(overtaken, LifecycleError::Store(StoreError::Busy)), "{overtaken}");
    assert_eq!(world.versions(&followed).await.len(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_anonymous_names_nobody_in_any_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let statuses = r#""new": {"name": "New", "actions": [{"edit": true, "by": ["_receiver"]},
        {"comment": true, "by": ["_receiver"]}, {"jump": "forgotten", "by": ["_receiver"], "id": "forget"}]},
        "forgotten": {"name": "Forgotten", "actions": [{"anonymise": "final"}]}"#;
    let world = world(engine, statuses, "").await;
    let followed = world.submit(new("Ada")).await;
    let routing = world.clinic();
    let edit = Edit { submission: answers("Ada Lovelace"), caller: agent(), ..Edit::default() };
    world.hub.edit(&routing, &followed, edit).await.unwrap();
    let comment = Happening::Commented { action: None, html: "Ada called".to_owned() };
    world.happen(1, &agent(), comment).await.unwrap();
    let button = Happening::Button { action: "forget".to_owned() };
    let forgotten = world.happen(1, &agent(), button).await.unwrap().unwrap();
    assert!(forgotten.record.progress.anonymised_at.is_some());
    let read = world.record(1).await;
    let shown = format!("{:?} {:?}", read.record.submission, read.record.progress);
    for name in ["Ada", "Lovelace", "Grace"] {
        assert!(!shown.contains(name), "{name} in {shown}");
    }
    assert_eq!(read.record.submission.values.answer(&["kind"]).unwrap().written(), "1");
    assert_eq!(AnonymiseMode::Final.name(), "final");
    for version in world.versions(&read).await {
        let wanted = fieldpost_store::WantedVersion::Number(version.version);
        let content = world.hub.store().submission_content("clinic", read.submission, wanted).await;
        let content = format!("{:?}", content.unwrap());
        assert!(!content.contains("Ada"), "{content}");
        let body = world.hub.store().message_content("clinic", version.message).await.unwrap();
        assert!(body.is_none(), "the message that brought version {}", version.version);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_told_to_nobody_until_it_is_sent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""done": {"name": "Done"}"#, "").await;
    let begun = world.submit(NewSubmission { is_draft: true, ..new("Ada") }).await;
    assert_eq!((status(&begun), begun.record.progress.is_draft()), ("draft", true));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(world.destination.received().is_empty());
    let sent = world.submit(NewSubmission { draft: Some(begun.submission), ..new("Ada") }).await;
    assert_eq!((status(&sent), sent.record.progress.number), ("done", 1));
    assert_eq!(sent.submission, begun.submission);
    assert_eq!(sent.record.progress.uuid, begun.record.progress.uuid);
    assert!(
        world
            .try_submit(NewSubmission { draft: Some(begun.submission), ..new("Eve") })
            .await
            .is_err()
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_time_leads_on_and_the_end_of_all_is_deletion(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let statuses = r#""new": {"name": "New", "actions": [{"jump": "late", "timeout": "1s"}]},
        "late": {"name": "Late", "actions": [{"jump": "gone", "trigger": "drop"}]},
        "gone": {"name": "Gone", "actions": [{"delete": true}]}"#;
    let world = world(engine, statuses, "").await;
    let followed = world.submit(new("Bob")).await;
    assert_eq!(status(&followed), "new");
    world.until_status(1, "late").await;
    let signed = Caller { is_signed: true, ..Caller::default() };
    let trigger =
        Happening::Trigger { name: "drop".to_owned(), sent: Sent::Nothing, bypass: false };
    assert!(world.happen(1, &signed, trigger).await.unwrap().is_none());
    let store = world.hub.store();
    assert!(store.submission("clinic", followed.submission).await.unwrap().is_none());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(
        engine,
        r#""new": {"name": "New", "actions": [{"comment": true, "by": ["_receiver"]}]}"#,
        "",
    )
    .await;
    world.submit(new("Bob")).await;
    let agent = agent();
    let comments = (0..16).map(|place| {
        let happening = Happening::Commented { action: None, html: format!("comment {place}") };
        world.happen(1, &agent, happening)
    });
    for commented in futures_util::future::join_all(comments).await {
        commented.unwrap();
    }
    let read = world.record(1).await;
    assert_eq!(read.record.progress.history.len(), 17);
}

/// Of what somebody begins, and never sends, a form keeps as many as it says: the newest.
#[rstest]
#[tokio::test]
async fn of_one_person_so_many_drafts_are_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""new": {"name": "New"}"#, "").await;
    let begin = |name: &str, number| {
        let user = Some(UserReference { number, ..UserReference::default() });
        let caller = Caller { user: user.clone(), is_submitter: true, ..Caller::default() };
        NewSubmission { user, caller, is_draft: true, ..new(name) }
    };
    for name in ["1", "2", "3", "4", "5"] {
        world.submit(begin(name, 7)).await;
    }
    world.submit(begin("of another", 8)).await;
    world.submit(NewSubmission { is_draft: true, ..new("of nobody") }).await;
    let first = world.record(1).await;
    // Sent, it is no draft any more, and does not count.
    let sent = NewSubmission { draft: Some(first.submission), is_draft: false, ..begin("1", 7) };
    world.submit(sent).await;
    for name in ["6", "7"] {
        world.submit(begin(name, 7)).await;
    }
    let mut left = Vec::new();
    for number in 1..=9 {
        left.extend(world.find(number).await.map(|_| number));
    }
    // The second, the oldest draft of the person, has gone: five of theirs are left.
    assert_eq!(left, [1, 3, 4, 5, 6, 7, 8, 9]);
}

/// What goes wrong in a lifecycle is kept with the submission, for whoever wrote it.
#[rstest]
#[tokio::test]
async fn a_problem_of_the_lifecycle_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let statuses = r#""new": {"name": "New", "actions": [
        {"mail": {"to": ["{{ form_var_name }}"], "subject": "s", "body": "b"}}, {"jump": "done"}]},
        "done": {"name": "Done", "endpoint": true}"#;
    let world = world(engine, statuses, "").await;
    let followed = world.submit(new("Ada")).await;
    assert_eq!(status(&followed), "done");
    let problems = world.hub.store().lifecycle_problems("clinic", followed.submission).await;
    let problems = problems.unwrap();
    let codes: Vec<&str> = problems.iter().map(|problem| &*problem.code).collect();
    assert_eq!(codes, ["bad-address", "no-recipient"]);
    let place = problems[0].place.as_deref().unwrap();
    assert!(place.starts_with("status new, action "), "{place}");
}

/// Whoever is told of a submission may be told before its lifecycle has begun, and must not be told less for that.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_the_answers_is_there_when_they_are_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let url = world.destination.url("/");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                "connections": {{"there": {{"url": "{url}"}}}},
                "forwarders": {{
                    "submissions": {{"on": "submission", "to": "there", "format": "normalised",
                                     "match": {{"values": {{"_extra": {{"loud": "ADA"}}}}}}}},
                    "messages": {{"on": "message", "to": "there", "format": "json",
                                  "match": {{"values": {{"_extra": {{"twice": "ADA ADA"}}}}}}}}}},
                "forms": {{"request": {{"fields": [
                    {{"name": "name", "label": "Name", "type": "string"}},
                    {{"name": "amount", "label": "Amount", "type": "numeric"}},
                    {{"name": "kind", "label": "Kind", "type": "string"}},
                    {{"name": "loud", "label": "Loud", "type": "computed",
                      "template": "{{{{ form_var_name|upper }}}}"}},
                    {{"name": "twice", "label": "Twice", "type": "computed",
                      "template": "{{{{ form_var_loud }}}} {{{{ form_var_loud }}}}"}},
                    {{"name": "called", "label": "Called", "type": "computed",
                      "template": "{{{{ form_var_name }}}} {{{{ form_number }}}}"}}]}}}}}}"#
        ))
        .await;
    let keyed =
        |name: &str| NewSubmission { idempotency_key: Some("key-1".to_owned()), ..new(name) };
    let followed = world.submit(keyed("Ada")).await;
    let computed = |followed: &Followed| {
        let extra = followed.record.submission.values.extra.iter();
        let texts = extra.map(|(key, value)| (key.clone(), value.to_json()));
        texts.collect::<std::collections::BTreeMap<_, _>>()
    };
    let all = [("called", "\"Ada 1\""), ("loud", "\"ADA\""), ("twice", "\"ADA ADA\"")];
    let all = all.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(computed(&followed), all, "with the lifecycle everything is there");
    // Both were told of what follows from the answers alone.
    let received = world.destination.wait_for(2, Duration::from_secs(10)).await;
    for request in &received {
        assert_eq!(request.json()["values"]["_extra"]["loud"], "ADA", "{}", request.text());
    }
    // The same again is the same, although it does not say what was computed later.
    assert!(world.try_submit(keyed("Ada")).await.unwrap().is_repeated);
}

/// What is moved about or cancelled as the definitions change is what forwarders ordered; a call waits where its
/// lifecycle put it.
#[rstest]
#[tokio::test]
async fn a_call_that_waits_outlives_a_change_of_the_definitions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let url = world.destination.url("/");
    let apply = async |connection: &str, forwarders: &str| {
        let text = format!(
            r#"{{"project": "clinic",
                "connections": {{"there": {{"url": "{url}"{connection}}}}},
                "forwarders": {{{forwarders}}},
                "forms": {{"request": {{"title": "Request",
                    "fields": [{{"name": "name", "label": "Name", "type": "string"}},
                               {{"name": "amount", "label": "Amount", "type": "numeric"}},
                               {{"name": "kind", "label": "Kind", "type": "string"}}],
                    "lifecycle": {{"statuses": {{
                        "new": {{"name": "New", "actions": [
                            {{"call": {{"connection": "there", "name": "register", "path": "/register",
                                       "post": true}}}},
                            {{"jump": "done"}}]}},
                        "done": {{"name": "Done", "endpoint": true}}}}}}}}}}}}"#
        );
        world.apply_text(&text).await;
    };
    let paused = r#", "paused": true"#;
    let told = r#""told": {"on": "form", "to": "there", "format": "normalised"}"#;
    apply(paused, told).await;
    world.submit(new("Ada")).await;
    apply(paused, "").await;
    // What was ordered by the forwarder that is gone is cancelled: by then everything was looked at.
    let state_of = async |forwarder: &str| {
        let page = Page { before: None, limit: 10 };
        let query = DeliveryQuery { forwarder: Some(forwarder.to_owned()), ..Default::default() };
        world.hub.store().deliveries("clinic", &query, page).await.unwrap()[0].state
    };
    for _ in 0..400 {
        if state_of("told").await == DeliveryState::Cancelled {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(state_of("told").await, DeliveryState::Cancelled);
    assert_eq!(state_of("lifecycle:request").await, DeliveryState::Pending);
    apply(r#", "paused": false"#, "").await;
    world.until_status(1, "done").await;
    assert_eq!(state_of("lifecycle:request").await, DeliveryState::Succeeded);
}
