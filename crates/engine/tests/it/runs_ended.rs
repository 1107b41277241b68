//! Runs that end at their claim, before any step of theirs is begun: no process is needed for it, and there is none.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::{Asked, Hub, HubSettings, JobSettings};
use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState, RunStep, StepState};
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_rules::definition::read_project;
use fieldpost_store::{
    ClaimedRun, NewRun, RunDemand, RunHold, RunKept, RunRecord, RunThen, StepRecord, Store,
    StoreSettings, clock,
};
use rstest::rstest;
use tempfile::TempDir;
use uuid::Uuid;

use crate::clinic::until;
use crate::world::Engine;

/// A lease that no test outlives.
const LEASE: Duration = Duration::from_mins(10);
/// How many claims a run may lose here.
const LOST_CLAIMS: u32 = 3;

/// A store on which hubs come and go, each with the project `clinic` and its workflows.
struct Place {
    settings: StoreSettings,
    _folder: TempDir,
}

impl Place {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = StoreSettings::in_folder(folder.path());
        if let Engine::Postgres = engine {
            settings.database = Some(fieldpost_testkit::postgres::database().await);
        }
        let place = Self { settings, _folder: folder };
        let text = r#"{"project": "clinic", "workflows": {
            "keeps": {"steps": {"a": {"job": ""}}},
            "forgets": {"keep": "nothing", "steps": {"a": {"job": ""}}}}}"#;
        let draft = read_project(&Value::parse(text.as_bytes()).unwrap()).unwrap();
        let hub = place.hub(false).await;
        hub.apply(&draft, true, false, &Asked::default()).await.unwrap();
        hub.stop().await;
        place
    }

    async fn store(&self) -> Store {
        Store::open(self.settings.clone()).await.unwrap()
    }

    /// A hub that takes runs, or none.
    async fn hub(&self, takes_runs: bool) -> Hub {
        let mut settings = HubSettings::with_clock(clock::system());
        settings.poll_interval = Duration::from_millis(50);
        let runner = takes_runs.then(|| (PathBuf::from("/there/is/none"), Vec::new()));
        settings.jobs = JobSettings { runner, lost_claims: LOST_CLAIMS, ..JobSettings::default() };
        let outbound = Client::new(OutboundSettings::default()).unwrap();
        Hub::start(Arc::new(self.store().await), outbound, settings).await.unwrap()
    }
}

/// Makes a run that is given a state; the answer is its id.
async fn make(store: &Store, workflow: &str) -> Uuid {
    let id = Uuid::now_v7();
    let state = Some(Bytes::from_static(b"{\"data\":1}"));
    let run = NewRun { state, ..NewRun::new(id, workflow, RunOrigin::Manual, RunInput::State) };
    store.start_runs(&ProjectName::from("clinic"), None, vec![run]).await.unwrap();
    id
}

/// Claims the only run of a workflow that is due.
async fn claim(store: &Store, workflow: &str) -> ClaimedRun {
    let demand = RunDemand {
        project: ProjectName::from("clinic"),
        workflow: workflow.to_owned(),
        limit: 2,
        concurrency: None,
        lease: LEASE,
    };
    let mut claimed = store.claim_runs(vec![demand]).await.unwrap().claimed;
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

fn hold(claimed: &ClaimedRun) -> RunHold {
    RunHold { project: claimed.project.clone(), run: claimed.run.id, fence: claimed.fence }
}

/// Tells that the first step of a run has begun.
async fn begin_step(store: &Store, claimed: &ClaimedRun) {
    let step = RunStep {
        number: 1,
        step: "a".to_owned(),
        name_in_state: "a".to_owned(),
        after: None,
        state: StepState::Running,
        attempt: 1,
        started_at: Timestamp(1),
        finished_at: None,
        input_bytes: None,
        output_bytes: None,
        error: None,
        log_lines: 0,
    };
    let record = RunRecord {
        hold: hold(claimed),
        workflow: claimed.run.workflow.clone(),
        order_key: None,
        started_at: Some(Timestamp(1)),
        steps: vec![StepRecord { step, input: None, output: None }],
        log: Vec::new(),
        then: RunThen::GoesOn,
        forgets_lost_claims: false,
    };
    let kept = store.record_runs(vec![record]).await.unwrap();
    assert_eq!(kept, [RunKept::Written { cancel_asked: false }]);
}

/// Waits until a run has ended.
async fn ended(hub: &Hub, run: Uuid) -> Run {
    until("the run has ended", async || {
        let run = hub.store().run("clinic", run).await.unwrap().unwrap();
        run.state.is_final().then_some(run)
    })
    .await
}

/// The states of the steps of a run.
async fn steps(hub: &Hub, run: Uuid) -> Vec<(StepState, bool)> {
    let steps = hub.store().run_steps("clinic", run).await.unwrap();
    steps.iter().map(|step| (step.state, step.finished_at.is_some())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_loses_every_claim_is_ended_and_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let place = Place::new(engine).await;
    let run = make(&place.store().await, "keeps").await;
    for lost in 0..LOST_CLAIMS {
        // Killed with the run under way, each time.
        let store = place.store().await;
        let claimed = claim(&store, "keeps").await;
        assert_eq!(claimed.lost_claims, lost);
        begin_step(&store, &claimed).await;
    }
    let hub = place.hub(true).await;
    let run = ended(&hub, run).await;
    assert_eq!(run.state, RunState::Exception);
    assert_eq!(run.error_type.as_deref(), Some("LostAfterStart"));
    let message = run.error_message.unwrap();
    assert!(message.starts_with("3 times one after the other the hub"), "{message}");
    assert_eq!(run.error_step.as_deref(), Some("a"));
    assert_eq!(steps(&hub, run.id).await, [(StepState::Exception, true)]);
    hub.stop().await;
}

/// Whoever had it died before he could end it; who claims it then ends it, as its workflow keeps states.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_at_its_claim_keeps_what_its_workflow_keeps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let place = Place::new(engine).await;
    let store = place.store().await;
    let mut runs = Vec::new();
    for workflow in ["keeps", "forgets"] {
        let id = make(&store, workflow).await;
        let claimed = claim(&store, workflow).await;
        begin_step(&store, &claimed).await;
        let run = store.run("clinic", id).await.unwrap().unwrap();
        let has_ended = store.cancel_run(&ProjectName::from("clinic"), &run, "no more").await;
        assert_eq!(has_ended, Ok(false), "somebody has it");
        runs.push(id);
    }
    drop(store);
    let hub = place.hub(true).await;
    for (id, is_kept) in runs.into_iter().zip([true, false]) {
        let run = ended(&hub, id).await;
        assert_eq!((run.state, run.error_type), (RunState::Cancelled, None));
        assert_eq!(steps(&hub, id).await, [(StepState::Cancel, true)]);
        let given = hub.store().given_state("clinic", id).await.unwrap();
        assert_eq!(given.is_some(), is_kept, "{}", run.workflow);
    }
    hub.stop().await;
}
