//! Workflows: what sets them off, and what is refused when they are saved. Whether a run is run is not
//! looked at here.

use fieldpost_engine::{
    Asked, Draft, Expected, HubError, Incoming, ReceiptOutcome, ReceivedRun, SourceRoute,
};
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState};
use fieldpost_model::workflow::Reply;
use fieldpost_rules::definition::{Problem, read_project, read_workflow};
use fieldpost_store::{Criterion, DefinitionKind, RunCondition, RunPage};
use rstest::rstest;
use uuid::Uuid;

use crate::filing::{block, create, update, xml};
use crate::world::{Engine, World};

/// A workflow of one step that does nothing, with these further keys.
fn workflow(keys: &str) -> String {
    let comma = if keys.is_empty() { "" } else { ", " };
    format!(r#"{{{keys}{comma}"steps": {{"a": {{"job": ""}}}}}}"#)
}

/// A hub with these workflows, and a forwarder beside them.
async fn world(engine: Engine, workflows: &[(&str, &str)]) -> World {
    let world = World::start(engine).await;
    let workflows: Vec<String> =
        workflows.iter().map(|(name, keys)| format!(r#""{name}": {}"#, workflow(keys))).collect();
    let url = world.destination.url("/");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}},
                             "hq": {{"dialect": "commcare-form", "secret": "secret-inbox-c"}}}},
                 "connections": {{"there": {{"url": "{url}"}}}},
                 "forwarders": {{"all": {{"from": "inbox", "to": "there"}}}},
                 "workflows": {{{}}}}}"#,
            workflows.join(", ")
        ))
        .await;
    world
}

impl World {
    /// All runs, oldest first.
    async fn runs(&self) -> Vec<Run> {
        let page = RunPage { before: None, limit: 100 };
        let condition = RunCondition::default();
        let mut found = self.hub.store().runs("clinic", &condition, page).await.unwrap().found;
        found.reverse();
        found
    }
}

impl World {
    /// A form of CommCare, and where it comes in.
    async fn form(&self, xml: String) -> (SourceRoute, Incoming) {
        let route = self.hub.find_inbox("secret-inbox-c").await.unwrap().unwrap();
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/inbox/secret-inbox-c".to_owned(),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), "text/xml".to_owned())],
            body: xml.into(),
        };
        (route, incoming)
    }

    /// Takes a form of CommCare in; the answer is its message.
    async fn take_form(&self, xml: String) -> Uuid {
        let (route, incoming) = self.form(xml).await;
        self.hub.receive(&route, incoming).await.unwrap().message
    }
}

/// Which workflows ran, why, with what, and what it is about.
fn told(runs: &[Run]) -> Vec<(&str, RunOrigin, RunInput, Option<&str>)> {
    let mut told: Vec<_> = runs
        .iter()
        .map(|run| (run.workflow.as_str(), run.origin, run.input, run.key.as_deref()))
        .collect();
    told.sort_unstable();
    told
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_sets_off_the_workflows_that_want_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[
            ("births", r#""trigger": {"source": "inbox", "match": {"form": "births"}}"#),
            ("elsewhere", r#""trigger": {"source": "hq"}"#),
            ("answers", r#""trigger": {"unless": {"test": true}, "reply": {"error_code": 422}}"#),
            ("waiting", r#""trigger": {"match": {"form": "births"}}, "paused": true"#),
            ("by-hand", ""),
            ("hourly", r#""trigger": {"cron": "0 0 29 2 *"}"#),
        ],
    )
    .await;
    let receipt = world.post("secret-inbox-1", r#"{"form": "births"}"#).await.unwrap();
    let runs = world.runs().await;
    let message = |workflow| (workflow, RunOrigin::Event, RunInput::Message, None);
    assert_eq!(told(&runs), [message("answers"), message("births"), message("waiting")]);
    assert!(runs.iter().all(|run| run.message == Some(receipt.message)), "{runs:?}");
    assert_eq!(world.deliveries_of(receipt.message).await.len(), 1);
    let reply = Some(Reply { success_code: 201, error_code: 422 });
    let received: Vec<(&str, Option<Reply>)> = receipt
        .runs
        .iter()
        .map(|ReceivedRun { workflow, reply, .. }| (&**workflow, *reply))
        .collect();
    assert_eq!(received, [("answers", reply), ("births", None), ("waiting", None)]);
    for run in &receipt.runs {
        assert!(runs.iter().any(|it| it.id == run.id && it.workflow == run.workflow));
    }

    world.post("secret-inbox-1", r#"{"form": "births", "test": true}"#).await.unwrap();
    assert_eq!(world.runs().await.len(), 5);

    // What cannot be read sets nothing off, and neither does what has gone through too many hubs.
    let receipt = world.post("secret-inbox-1", "{").await.unwrap();
    assert!(matches!(receipt.outcome, ReceiptOutcome::Quarantined { .. }), "{receipt:?}");
    assert_eq!(receipt.runs, []);
    let receipt =
        world.post_with("secret-inbox-1", &[("fieldpost-hops", "5")], "{}").await.unwrap();
    assert_eq!((receipt.outcome, receipt.runs), (ReceiptOutcome::Kept, Vec::new()));
    assert_eq!(world.runs().await.len(), 5);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_sets_off_what_wants_the_message_today(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("births", r#""trigger": {"source": "inbox"}"#)]).await;
    let message = world.keep("{}").await;
    let replayed = world.hub.replay("clinic", message).await.unwrap();
    let again: Vec<&str> = replayed.runs.iter().map(|(_, workflow)| workflow.as_str()).collect();
    assert_eq!((again, replayed.deliveries.len()), (vec!["births"], 1));
    let runs = world.runs().await;
    let of = |origin| ("births", origin, RunInput::Message, None);
    assert_eq!(told(&runs), [of(RunOrigin::Event), of(RunOrigin::Replay)]);
    assert!(runs.iter().any(|run| run.id == replayed.runs[0].0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn forms_cases_and_applications_set_off_workflows(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[
            ("forms", r#""trigger": {"event": "form", "users": "nurse"}, "order_by": "form""#),
            ("strangers", r#""trigger": {"event": "form", "users": "nobody"}"#),
            ("cases", r#""trigger": {"event": "case", "case_types": "child"}, "order_by": "case""#),
            ("changes", r#""trigger": {"event": "case-updated"}"#),
            ("apps", r#""trigger": {"event": "app-schema"}"#),
            ("messages", r#""trigger": {"source": "hq"}"#),
        ],
    )
    .await;
    let form = xml("f1", &(block("c1", 0, &create("Amina")) + &block("c2", 0, &create("Juma"))));
    let (route, incoming) = world.form(form).await;
    let receipt = world.hub.receive(&route, incoming.clone()).await.unwrap();
    let runs = world.runs().await;
    let event = |workflow, input, key| (workflow, RunOrigin::Event, input, Some(key));
    let found = told(&runs);
    let schema = found[0].3.unwrap();
    assert_eq!(
        found,
        [
            event("apps", RunInput::Application, schema),
            event("cases", RunInput::Case, "c1"),
            event("cases", RunInput::Case, "c2"),
            event("forms", RunInput::Submission, "f1"),
            ("messages", RunOrigin::Event, RunInput::Message, found[4].3),
        ]
    );
    let names: Vec<_> = receipt.runs.iter().map(|run| run.workflow.as_str()).collect();
    assert_eq!(names, ["messages"], "those of the message alone");
    let has_input = |run: &&Run| run.input_id.is_some_and(|id| id != Uuid::nil());
    assert_eq!(runs.iter().filter(has_input).count(), 5, "{runs:?}");
    assert!(runs.iter().all(|run| run.message == Some(receipt.message)), "{runs:?}");

    // A replay tells all of it again, but that a form was made known.
    let replayed = world.hub.replay("clinic", receipt.message).await.unwrap();
    let mut again: Vec<&str> =
        replayed.runs.iter().map(|(_, workflow)| workflow.as_str()).collect();
    again.sort_unstable();
    assert_eq!(again, ["cases", "cases", "forms", "messages"]);
    // The same form again is a duplicate.
    world.hub.receive(&route, incoming).await.unwrap();
    assert_eq!(world.runs().await.len(), 9);
}

/// What is said against a workflow that somebody saves: path and code.
async fn refused(world: &World, text: &str) -> Vec<(String, &'static str)> {
    let draft = read_workflow("w", &Value::parse(text.as_bytes()).unwrap()).unwrap();
    let put = world.hub.put("clinic", Draft::Workflow(draft)).await;
    let Err(HubError::Invalid(problems)) = put else { panic!("{put:?}") };
    problems.into_iter().map(|Problem { path, code, .. }| (path, code)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_not_saved() {
    let world = world(Engine::Sqlite, &[]).await;
    let found = refused(
        &world,
        r#"{"trigger": {"source": "nowhere"},
            "steps": {"a": {"adaptor": "common", "job": "fn(state => {", "connection": "their",
                            "next": {"b": "state."}},
                      "b": {"job": ""}}}"#,
    )
    .await;
    let at = |key: &str, code| (format!("workflows.w.{key}"), code);
    assert_eq!(
        found,
        [
            at("trigger.source", "unknown-source"),
            at("steps.a.connection", "unknown-connection"),
            at("steps.a.job", "job-syntax"),
            at("steps.a.next.b", "bad-condition"),
        ]
    );
    let text = r#"{"project": "clinic", "workflows": {"w": {"steps": {"a": {"job": "fn("}}}}}"#;
    let draft = read_project(&Value::parse(text.as_bytes()).unwrap()).unwrap();
    let applied = world.hub.apply(&draft, false, true, &Asked::default()).await;
    let Err(HubError::Invalid(problems)) = applied else { panic!("{applied:?}") };
    assert_eq!(problems[0].path, "workflows.w.steps.a.job");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_saved_paused_and_removed() {
    let world = world(Engine::Sqlite, &[]).await;
    let text = r#"{"trigger": {"source": "inbox"},
                   "steps": {"a": {"adaptor": "no-such", "job": "doIt()", "connection": "there"},
                             "alone": {"job": ""}}}"#;
    let draft = read_workflow("w", &Value::parse(text.as_bytes()).unwrap()).unwrap();
    let warned = world.hub.workflow_warnings("clinic", &draft).await.unwrap();
    let codes: Vec<_> = warned.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["unreachable-step", "no-such-adaptor"]);
    world.hub.put("clinic", Draft::Workflow(draft.clone())).await.unwrap();
    let (_, saved) = world.hub.definition("clinic").await.unwrap();
    assert_eq!(saved.workflows, [draft]);

    for (kind, name) in [(DefinitionKind::Connection, "there"), (DefinitionKind::Source, "inbox")] {
        let removed = world.hub.remove("clinic", kind, name, &Expected::Anything).await;
        let Err(HubError::NotAllowed { code: "in-use", message, .. }) = removed else {
            panic!("{removed:?}")
        };
        assert!(message.contains("the workflow w"), "{message}");
    }
    let asked = Asked { by: "ann".to_owned(), reason: Some("work".to_owned()) };
    world.hub.set_workflow_paused("clinic", "w", true, &asked).await.unwrap();
    let saved = world.hub.saved("clinic").await.unwrap();
    assert!(saved.definition.workflows[0].paused);
    let pause = saved.pause(DefinitionKind::Workflow, "w").unwrap();
    assert_eq!((pause.by.as_str(), pause.reason.as_deref()), ("ann", Some("work")));
    world.hub.set_workflow_paused("clinic", "w", false, &asked).await.unwrap();
    let kind = DefinitionKind::Workflow;
    world.hub.remove("clinic", kind, "w", &Expected::Something).await.unwrap();
    assert_eq!(world.hub.definition("clinic").await.unwrap().1.workflows, []);
    let missing = world.hub.remove("clinic", kind, "w", &Expected::Anything).await;
    assert!(matches!(missing, Err(HubError::NotFound { .. })), "{missing:?}");
}

/// A workflow that waited was to hear of a case from two people, one of whom is erased.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_waited_is_told_again_of_a_case_without_the_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let paused = r#""trigger": {"event": "case-updated"}, "paused": true"#;
    let others = r#""trigger": {"event": "form"}"#;
    let world = world(engine, &[("cases", paused), ("others", others)]).await;
    world.take_form(xml("f1", &block("c1", 0, &create("Amina")))).await;
    let erased = world.take_form(xml("f2", &block("c1", 5, &update("weight", "4")))).await;
    let stays = world.take_form(xml("f3", &block("c1", 6, &update("height", "90")))).await;
    let of_cases = async || {
        let mut runs = world.runs().await;
        runs.retain(|run| run.workflow == "cases");
        runs
    };
    assert_eq!(of_cases().await.len(), 2);
    let outcome = world.hub.erase("clinic", &Criterion::Message(erased), "test").await.unwrap();
    assert_eq!(outcome.being_sent, 0, "{outcome:?}");

    let runs = of_cases().await;
    let states: Vec<RunState> = runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Cancelled, RunState::Cancelled, RunState::Available]);
    let told = &runs[2];
    assert_eq!(
        (told.message, told.origin, told.input),
        (Some(stays), RunOrigin::Event, RunInput::Case)
    );
    let case = told.input_id.unwrap();
    let case = world.hub.store().payload_facts("clinic", case).await.unwrap().unwrap();
    assert!(case.contains("height") && !case.contains("weight"), "{case}");
    // Nothing else is told again.
    let others = world.runs().await.iter().filter(|run| run.workflow == "others").count();
    assert_eq!(others, 3);
    let end = fieldpost_model::time::Timestamp(i64::MAX);
    assert!(world.hub.store().cases_to_tell("clinic", end, 9).await.unwrap().is_empty());
}
