//! Runs that are begun again: what they are given. Whether a run is run is not looked at here.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::{Asked, ByHand, GivenInput, RetryVersion, RunAction};
use fieldpost_model::ProjectName;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState, RunStep, StepState};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    BulkState, ClaimedRun, NewRun, RunCondition, RunDemand, RunEnd, RunHold, RunKept, RunPage,
    RunRecord, RunThen, StepRecord,
};
use rstest::rstest;
use uuid::Uuid;

use crate::clinic::until;
use crate::filing::{block, create, xml};
use crate::world::{Engine, World};

const LEASE: Duration = Duration::from_mins(10);

async fn world(engine: Engine) -> World {
    let world = World::start(engine).await;
    world
        .apply_text(
            r#"{"project": "clinic",
                "sources": {"hq": {"dialect": "commcare-form", "secret": "secret-inbox-c"}},
                "workflows": {
                    "clock": {"trigger": {"cron": "0 0 29 2 *"}, "steps": {"a": {"job": ""}}},
                    "given": {"steps": {"a": {"job": ""}}},
                    "cases": {"trigger": {"event": "case"}, "steps": {"a": {"job": ""}}}}}"#,
        )
        .await;
    world
}

impl World {
    /// Claims the only run of a workflow that is due.
    async fn claim_run(&self, workflow: &str) -> ClaimedRun {
        let demand = RunDemand {
            project: ProjectName::from("clinic"),
            workflow: workflow.to_owned(),
            limit: 2,
            concurrency: None,
            lease: LEASE,
        };
        let mut claimed = self.hub.store().claim_runs(vec![demand]).await.unwrap().claimed;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    /// Ends a claimed run with one step, into which this went.
    async fn end(&self, claimed: &ClaimedRun, input: Option<&str>, drop_states: bool) {
        let end = RunEnd { state: RunState::Failed, error: None, final_state: None, drop_states };
        let step = RunStep {
            number: 1,
            step: "a".to_owned(),
            name_in_state: "a".to_owned(),
            after: None,
            state: StepState::Fail,
            attempt: 1,
            started_at: Timestamp(1),
            finished_at: Some(Timestamp(2)),
            input_bytes: input.map(|input| input.len() as u64),
            output_bytes: None,
            error: None,
            log_lines: 0,
        };
        let input = input.map(|input| Bytes::from(input.to_owned()));
        let record = RunRecord {
            hold: RunHold {
                project: claimed.project.clone(),
                run: claimed.run.id,
                fence: claimed.fence,
            },
            workflow: claimed.run.workflow.clone(),
            order_key: claimed.order_key.clone(),
            started_at: Some(Timestamp(1)),
            steps: vec![StepRecord { step, input, output: None }],
            log: Vec::new(),
            then: RunThen::Ended(end),
            forgets_lost_claims: false,
        };
        let kept = self.hub.store().record_runs(vec![record]).await.unwrap();
        assert_eq!(kept, [RunKept::Written { cancel_asked: false }]);
    }

    async fn runs_of(&self, workflow: &str) -> Vec<Run> {
        let condition =
            RunCondition { workflow: Some(workflow.to_owned()), ..RunCondition::default() };
        let page = RunPage { before: None, limit: 9 };
        self.hub.store().runs("clinic", &condition, page).await.unwrap().found
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_are_begun_again_with_what_each_was_given_or_not_at_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let (store, name) = (world.hub.store(), ProjectName::from("clinic"));
    let run = NewRun::new(Uuid::now_v7(), "clock", RunOrigin::Cron, RunInput::State);
    store.start_runs(&name, None, vec![run]).await.unwrap();
    let clock = world.claim_run("clock").await;
    world.end(&clock, Some(r#"{"cursor":5}"#), false).await;
    // What it was given is gone with its end.
    let given = GivenInput::State(Bytes::from_static(b"{\"data\":1}"));
    let by_hand = ByHand { input: given, ..ByHand::default() };
    world.hub.run_by_hand("clinic", "given", by_hand, &Asked::default()).await.unwrap();
    let gone = world.claim_run("given").await;
    world.end(&gone, None, true).await;

    let condition = RunCondition::default();
    let asked = Asked::default();
    let begun = world.hub.act_on_runs("clinic", RunAction::Retry, &condition, asked).await.unwrap();
    let done = until("the action is done", async || {
        let action = store.bulk_action("clinic", begun.id).await.unwrap().unwrap();
        (action.state != BulkState::Running).then_some(action)
    })
    .await;
    assert_eq!((done.state, done.touched, done.passed_over), (BulkState::Done, 1, 1), "{done:?}");
    let again = world.runs_of("clock").await.remove(0);
    assert_eq!(again.retry_of, Some(clock.run.id));
    let state = store.given_state("clinic", again.id).await;
    assert_eq!(state, Ok(Some(Bytes::from_static(b"{\"cursor\":5}"))));
    assert_eq!(world.runs_of("given").await.len(), 1);
}

impl World {
    /// Has runs begun again, and waits until that is done: how many were, and how many were passed over.
    async fn retry_all(&self, workflow: &str) -> (u64, u64) {
        let condition =
            RunCondition { workflow: Some(workflow.to_owned()), ..RunCondition::default() };
        let (hub, asked) = (&self.hub, Asked::default());
        let begun = hub.act_on_runs("clinic", RunAction::Retry, &condition, asked).await.unwrap();
        let done = until("the action is done", async || {
            let action = hub.store().bulk_action("clinic", begun.id).await.unwrap().unwrap();
            (action.state != BulkState::Running).then_some(action)
        })
        .await;
        (done.touched, done.passed_over)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_newest_workflow_cannot_begin_again_is_passed_over() {
    let world = world(Engine::Sqlite).await;
    let begin = async |from_step: Option<&str>| {
        let from_step = from_step.map(str::to_owned);
        let by_hand = ByHand { from_step, ..ByHand::default() };
        world.hub.run_by_hand("clinic", "given", by_hand, &Asked::default()).await.unwrap();
        let claimed = world.claim_run("given").await;
        world.end(&claimed, None, false).await;
    };
    begin(None).await;
    begin(Some("a")).await;
    let renamed = r#"{"project": "clinic", "workflows": {"given": {"steps": {"b": {"job": ""}}}}}"#;
    world.apply_text(renamed).await;
    assert_eq!(world.retry_all("given").await, (1, 1), "one began at a step that is no more");
    let none = r#"{"project": "clinic", "sources": {}, "workflows": {}}"#;
    world.apply_text(none).await;
    let left = world.runs_of("given").await.len();
    let (touched, _) = world.retry_all("given").await;
    assert_eq!((touched, world.runs_of("given").await.len()), (0, left), "the workflow is no more");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn large_states_are_begun_again_a_few_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let state = Bytes::from(format!(r#"{{"data": "{}"}}"#, "x".repeat(3 << 20)));
    for _ in 0..5 {
        let by_hand = ByHand { input: GivenInput::State(state.clone()), ..ByHand::default() };
        world.hub.run_by_hand("clinic", "given", by_hand, &Asked::default()).await.unwrap();
        let claimed = world.claim_run("given").await;
        world.end(&claimed, None, false).await;
    }
    assert_eq!(world.retry_all("given").await, (5, 0));
    for run in &world.runs_of("given").await[..5] {
        let given = world.hub.store().given_state("clinic", run.id).await.unwrap();
        assert_eq!(given, Some(state.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_begun_again_stays_in_the_order_of_its_form() {
    let world = world(Engine::Sqlite).await;
    world
        .apply_text(
            r#"{"project": "clinic",
                "workflows": {
                    "given": {"trigger": {"event": "form"}, "order_by": "form", "steps": {"a": {"job": ""}}},
                    "clock": {"trigger": {"cron": "0 0 29 2 *", "overlap": "queue"}, "steps": {"a": {"job": ""}}}}}"#,
        )
        .await;
    let (store, name) = (world.hub.store(), ProjectName::from("clinic"));
    for (workflow, order_key) in [("given", "form:f1"), ("clock", "workflow")] {
        let new = NewRun {
            order_key: Some(order_key.to_owned()),
            state: Some(Bytes::from_static(b"{}")),
            ..NewRun::new(Uuid::now_v7(), workflow, RunOrigin::Manual, RunInput::State)
        };
        let run = new.id;
        store.start_runs(&name, None, vec![new]).await.unwrap();
        let claimed = world.claim_run(workflow).await;
        world.end(&claimed, None, false).await;
        let asked = Asked::default();
        let again = world.hub.retry_run("clinic", run, None, RetryVersion::Newest, &asked).await;
        let again = store.run_again("clinic", again.unwrap().id, Uuid::nil()).await.unwrap();
        assert_eq!(again.unwrap().order_key.as_deref(), Some(order_key));
    }
}

/// A run that somebody begins with a message, beside one that the message itself has set off, waits for that one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_begun_by_hand_with_a_message_does_not_overtake_its_like(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    world
        .apply_text(
            r#"{"project": "clinic",
                "sources": {
                    "hq": {"dialect": "commcare-form", "secret": "secret-inbox-c"},
                    "states": {"dialect": "commcare-case", "secret": "secret-inbox-s"}},
                "workflows": {
                    "forms": {"trigger": {"event": "form"}, "order_by": "form", "steps": {"a": {"job": ""}}},
                    "of-cases": {"trigger": {"event": "form"}, "order_by": "case", "steps": {"a": {"job": ""}}},
                    "cases": {"trigger": {"event": "case"}, "order_by": "case", "steps": {"a": {"job": ""}}},
                    "messages": {"trigger": {"source": "states"}, "order_by": "case", "steps": {"a": {"job": ""}}},
                    "turns": {"trigger": {"cron": "0 0 29 2 *", "overlap": "queue"}, "steps": {"a": {"job": ""}}}}}"#,
        )
        .await;
    let xml_type = [("content-type", "text/xml")];
    let body = xml("f1", &block("c1", 0, &create("Amina")));
    let form = world.post_with("secret-inbox-c", &xml_type, &body).await.unwrap().message;
    let body = r#"{"domain": "clinic", "case_id": "c7", "properties": {"case_type": "child", "case_name": "Bo"}}"#;
    let json_type = [("content-type", "application/json")];
    let state = world.post_with("secret-inbox-s", &json_type, body).await.unwrap().message;
    let order_of = async |run: Uuid| {
        world.hub.store().run_again("clinic", run, Uuid::now_v7()).await.unwrap().unwrap().order_key
    };
    for (workflow, message, expected) in [
        ("forms", form, "form:f1"),
        ("of-cases", form, "case:c1"),
        ("cases", form, "case:c1"),
        ("messages", state, "case:c7"),
        ("cases", state, "case:c7"),
    ] {
        let mut own = world.runs_of(workflow).await;
        own.retain(|run| run.message == Some(message) && run.origin == RunOrigin::Event);
        let [own] = own.as_slice() else { panic!("{workflow}: {own:?}") };
        let by_hand = ByHand { input: GivenInput::Message(message), ..ByHand::default() };
        let run = world.hub.run_by_hand("clinic", workflow, by_hand, &Asked::default()).await;
        let run = run.unwrap();
        assert_eq!(run.key, own.key, "{workflow}");
        assert_eq!(order_of(run.id).await.as_deref(), Some(expected), "{workflow}");
        assert_eq!(order_of(own.id).await.as_deref(), Some(expected), "{workflow}");
    }
    // Two wait, and one of them can be claimed: the one that came first.
    let mut own = world.runs_of("forms").await;
    own.reverse();
    let first = world.claim_run("forms").await;
    assert_eq!(first.run.id, own[0].id);
    world.end(&first, Some(r#"{"data":1}"#), false).await;
    // So is one that begins with what a step was given.
    let by_hand = ByHand { input: GivenInput::Step(first.run.id, 1), ..ByHand::default() };
    let again = world.hub.run_by_hand("clinic", "forms", by_hand, &Asked::default()).await.unwrap();
    assert_eq!(order_of(again.id).await.as_deref(), Some("form:f1"));
    let second = world.claim_run("forms").await;
    assert_eq!(second.run.id, own[1].id);
    world.end(&second, None, false).await;
    assert_eq!(world.claim_run("forms").await.run.id, again.id);
    // What takes turns by the clock takes them by hand as well.
    let by_hand = ByHand { input: GivenInput::Message(form), ..ByHand::default() };
    let run = world.hub.run_by_hand("clinic", "turns", by_hand, &Asked::default()).await.unwrap();
    assert_eq!(order_of(run.id).await.as_deref(), Some("workflow"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_from_a_step_keeps_the_payload_that_its_state_came_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let body = xml("f1", &block("c1", 0, &create("Amina")));
    world.post_with("secret-inbox-c", &[("content-type", "text/xml")], &body).await.unwrap();
    let first = world.claim_run("cases").await;
    assert_eq!(first.run.input, RunInput::Case);
    world.end(&first, Some(r#"{"data":{"name":"Amina"}}"#), false).await;
    let payload_of = async |run: Uuid| {
        world.hub.store().run_again("clinic", run, Uuid::now_v7()).await.unwrap().unwrap().payload
    };
    assert!(first.run.input_id.is_some());

    let (hub, asked) = (&world.hub, Asked::default());
    let again = hub.retry_run("clinic", first.run.id, Some(1), RetryVersion::Same, &asked).await;
    let again = again.unwrap();
    assert_eq!((again.input, again.from_step.as_deref()), (RunInput::State, Some("a")));
    assert_eq!(payload_of(again.id).await, first.run.input_id);
    // And so does one that is begun again from that one.
    let claimed = world.claim_run("cases").await;
    world.end(&claimed, None, false).await;
    let third = hub.retry_run("clinic", again.id, None, RetryVersion::Same, &asked).await.unwrap();
    assert_eq!(payload_of(third.id).await, first.run.input_id);
    let input = GivenInput::Step(first.run.id, 1);
    let by_hand = ByHand { input, ..ByHand::default() };
    let fourth = hub.run_by_hand("clinic", "given", by_hand, &asked).await.unwrap();
    assert_eq!(payload_of(fourth.id).await, first.run.input_id);
}
