//! What a run has left for a sender who waits for it, and for nobody else, goes when nobody can wait any more.

use std::time::Duration;

use fieldpost_model::run::{RunInput, RunOrigin, RunState};
use fieldpost_store::{
    FinalState, NewRun, RunDemand, RunEnd, RunHold, RunKept, RunRecord, RunThen,
};
use rstest::rstest;
use uuid::Uuid;

use crate::clinic::{Clinic, Wish, until};
use crate::world::Engine;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_sender_did_not_wait_for_is_dropped_after_an_hour(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let more = r#", "workflows": {"answers": {"keep": "nothing", "steps": {"a": {"job": ""}}}}"#;
    let clinic = Clinic::start(engine, &Wish { more, ..Wish::default() }).await;
    let store = clinic.hub.store();
    let id = Uuid::now_v7();
    let run = NewRun::new(id, "answers", RunOrigin::Manual, RunInput::State);
    store.start_runs(&"clinic".into(), None, vec![run]).await.unwrap();
    let demand = RunDemand {
        project: "clinic".into(),
        workflow: "answers".to_owned(),
        limit: 1,
        concurrency: None,
        lease: Duration::from_mins(10),
    };
    let claimed = store.claim_runs(vec![demand]).await.unwrap().claimed.remove(0);
    let end = RunEnd {
        state: RunState::Success,
        error: None,
        final_state: Some(FinalState::Answer("{\"state\":1}".into())),
        drop_states: true,
    };
    let record = RunRecord {
        hold: RunHold { project: claimed.project, run: id, fence: claimed.fence },
        workflow: claimed.run.workflow,
        order_key: claimed.order_key,
        started_at: Some(clinic.hub.now()),
        steps: Vec::new(),
        log: Vec::new(),
        then: RunThen::Ended(end),
        forgets_lost_claims: false,
    };
    let kept = store.record_runs(vec![record]).await.unwrap();
    assert_eq!(kept, [RunKept::Written { cancel_asked: false }]);
    assert!(store.run_answer("clinic", id).await.unwrap().is_some());
    clinic.set_forward(Duration::from_mins(61));
    until("the answer is gone", async || {
        store.run_answer("clinic", id).await.unwrap().is_none().then_some(())
    })
    .await;
    clinic.hub.stop().await;
}
