//! The pool: warm processes, deaths, replacements.

use std::time::Duration;

use fieldpost_script::protocol::{FromWorker, Severity, VERSION, frame};
use fieldpost_script::sandbox::{Limits, Pool, PoolSettings};

use crate::support::{job, raw, run, run_job, settings};

/// Waits until a condition holds; what it waits for is certain to come.
async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn processes_are_warm_and_used_again() {
    let pool = Pool::new(settings(2));
    assert_eq!(pool.idle(), 0);
    pool.warm().await.unwrap();
    assert_eq!(pool.idle(), 2);
    for n in 0..20 {
        let ran = run(&pool, "fn(s => s)", &format!(r#"{{"n":{n}}}"#)).await;
        assert_eq!(ran.state["n"], n);
    }
    assert_eq!(pool.idle(), 2);
}

#[tokio::test]
async fn a_process_that_was_ended_is_replaced() {
    let pool = Pool::new(settings(1));
    let mut endless = job("a", "fn(() => new Array(1e9) + '')");
    endless.work.limits.time = Duration::from_millis(100);
    endless.work.limits.grace = Duration::from_millis(100);
    for _ in 0..3 {
        let ran = run_job(&pool, &endless, "{}").await;
        assert_eq!(ran.error.unwrap().severity, Severity::Kill);
        until(|| pool.idle() == 1).await;
    }
    assert_eq!(run(&pool, "fn(s => s)", "{}").await.kind(), "none");
}

#[tokio::test]
async fn processes_are_replaced_after_their_share_of_steps() {
    let mut settings = settings(1);
    settings.steps_per_worker = 2;
    let pool = Pool::new(settings);
    for n in 0..7 {
        assert_eq!(run(&pool, "fn(s => s)", &format!(r#"{{"n":{n}}}"#)).await.state["n"], n);
    }
}

#[tokio::test]
async fn a_condition_that_fails_is_named() {
    let conditions = ["true", "state.missing.deeper"].map(str::to_owned).to_vec();
    let pool = Pool::new(settings(1));
    let decided = pool.decide(Some(&raw("{}")), "a", conditions, Limits::default()).await;
    let error = decided.unwrap_err();
    assert_eq!(error.name, "EdgeConditionError");
    assert!(error.message.ends_with("(in the condition `state.missing.deeper`)"), "{error:?}");
}

#[tokio::test]
async fn more_steps_than_processes_take_turns() {
    let pool = Pool::new(settings(2));
    let runs = (0..12).map(|n| {
        let pool = pool.clone();
        async move { run(&pool, "fn(s => s)", &format!(r#"{{"n":{n}}}"#)).await.state["n"].clone() }
    });
    let runs: Vec<_> = runs.map(tokio::spawn).collect();
    for (n, run) in runs.into_iter().enumerate() {
        assert_eq!(run.await.unwrap(), n);
    }
}

#[tokio::test]
async fn a_program_that_is_none_is_the_installations_fault() {
    for program in ["/no/such/program", "/bin/true", "/bin/cat"] {
        let pool = Pool::new(PoolSettings { workers: 1, ..PoolSettings::new(program, []) });
        let ran = run(&pool, "fn(s => s)", "{}").await;
        let error = ran.error.unwrap();
        assert_eq!((error.name.as_str(), error.severity), ("ExecutionError", Severity::Exception));
    }
}

#[tokio::test]
async fn a_step_that_nobody_waits_for_is_ended() {
    let pool = Pool::new(settings(1));
    let endless = job("a", "fn(() => { for (;;); })");
    let waiting = tokio::time::timeout(Duration::from_millis(200), run_job(&pool, &endless, "{}"));
    assert!(waiting.await.is_err());
    assert_eq!(run(&pool, "fn(s => s)", "{}").await.kind(), "none");
}

/// A pool of a program that says to be ready, and then does what the text of a shell says.
fn ready_then(text: &str) -> Pool {
    let ready = frame::encode(&FromWorker::Ready { version: VERSION }).unwrap();
    let octal: Vec<String> = ready.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let octal = octal.concat();
    // What the hub says first is written whole once a byte of it can be read.
    let script = format!("/bin/dd bs=1 count=1 of=/dev/null 2>/dev/null; printf '{octal}'; {text}");
    let arguments = ["-c".into(), script.into()];
    Pool::new(PoolSettings { workers: 1, ..PoolSettings::new("/bin/sh", arguments) })
}

/// What broke out of its engine can do with its pipes what it likes: the step ends all the same.
#[tokio::test]
async fn a_process_that_closes_one_pipe_and_stays_holds_nothing_up() {
    let patience = Duration::from_secs(30);
    let mut step = job("a", "fn(s => s)");
    step.work.limits.time = Duration::from_millis(300);
    step.work.limits.grace = Duration::from_millis(100);
    // What it says is shut: that is told, and the process is ended.
    let pool = ready_then("exec /bin/sleep 1000 >&-");
    let ran = tokio::time::timeout(patience, run_job(&pool, &step, "{}")).await;
    let error = ran.expect("the step ends").error.unwrap();
    assert_eq!(
        (error.name.as_str(), error.message.as_str()),
        ("RuntimeCrash", "The process that ran the step said no more, and did not end")
    );
    // It hears nothing more: a step that does not fit into the pipe goes to another process, and not for ever.
    let pool = ready_then("exec /bin/sleep 1000 <&-");
    let state = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
    let ran = tokio::time::timeout(patience, run_job(&pool, &step, &state)).await;
    let error = ran.expect("the step ends").error.unwrap();
    assert_eq!((error.name.as_str(), error.severity), ("ExecutionError", Severity::Exception));
    assert_eq!(error.message, "3 processes ended before the step had begun in one");
    // It does not listen, and does not shut its ears either.
    let pool = ready_then("exec /bin/sleep 1000");
    for state in ["{}", &state] {
        let ran = tokio::time::timeout(patience, run_job(&pool, &step, state)).await;
        assert_eq!(ran.expect("the step ends").kind(), "TimeoutError");
    }
    // It is gone as soon as it is ready.
    let pool = ready_then("exit 0");
    let ran = tokio::time::timeout(patience, run_job(&pool, &step, &state)).await;
    assert!(ran.expect("the step ends").error.is_some());
}
