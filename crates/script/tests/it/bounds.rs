//! Each bound of a step: just within it, and one past it.

use std::time::{Duration, Instant};

use fieldpost_script::sandbox::{Limits, Pool};

use crate::support::{Ran, job, limits, run_job, settings};

async fn run_within(limits: Limits, source: &str, state: &str) -> Ran {
    let mut settings = settings(1);
    settings.limits = limits;
    let mut job = job("a", source);
    job.work.limits = limits;
    run_job(&Pool::new(settings), &job, state).await
}

#[tokio::test]
async fn time() {
    let limits = Limits { time: Duration::from_millis(300), ..limits() };
    let waits = "fn(s => new Promise(done => setTimeout(() => done(s), WAIT)))";
    let ran = run_within(limits, &waits.replace("WAIT", "1"), "{}").await;
    assert_eq!(ran.kind(), "none");
    let ran = run_within(limits, &waits.replace("WAIT", "600000"), "{}").await;
    assert_eq!(ran.kind(), "TimeoutError");
    assert_eq!(ran.error.unwrap().message, "Job took longer than 300ms to complete");
}

#[tokio::test]
async fn grace_ends_what_does_not_end_itself() {
    let (time, grace) = (Duration::from_millis(100), Duration::from_millis(100));
    let begun = Instant::now();
    let ran = run_within(
        Limits { time, grace, ..limits() },
        "fn(() => { const list = []; list.length = 4e9; list.reverse(); list.sort(); return new Array(1e9) + '' })",
        "{}",
    )
    .await;
    assert!(ran.error.is_some(), "{ran:?}");
    assert!(begun.elapsed() < Duration::from_mins(1));
}

#[tokio::test]
async fn memory() {
    let fill = "fn(s => { const kept = []; for (let n = 0; n < MANY; n++) kept.push(new Uint8Array(1048576)); return s })";
    let limits = Limits { memory_bytes: 32 * 1024 * 1024, ..limits() };
    assert_eq!(run_within(limits, &fill.replace("MANY", "16"), "{}").await.kind(), "none");
    assert_eq!(run_within(limits, &fill.replace("MANY", "33"), "{}").await.kind(), "OOMError");
}

#[tokio::test]
async fn stack() {
    let nest = "fn(s => { const deep = n => (n ? 1 + deep(n - 1) : 0); return { ...s, deep: deep(DEPTH) } })";
    let limits = Limits { stack_bytes: 256 * 1024, ..limits() };
    let ran = run_within(limits, &nest.replace("DEPTH", "50"), "{}").await;
    assert_eq!(ran.state["deep"], 50);
    let ran = run_within(limits, &nest.replace("DEPTH", "1000000"), "{}").await;
    assert_eq!(ran.kind(), "RuntimeError");
    assert_eq!(ran.error.unwrap().subtype.as_deref(), Some("RangeError"));
}

#[tokio::test]
async fn input() {
    let state = format!(r#"{{"data":{{"x":"{}"}}}}"#, "x".repeat(100));
    let most = Limits { input_bytes: state.len() as u64, ..limits() };
    assert_eq!(run_within(most, "fn(s => s)", &state).await.kind(), "none");
    let less = Limits { input_bytes: state.len() as u64 - 1, ..limits() };
    assert_eq!(run_within(less, "fn(s => s)", &state).await.kind(), "InputError");
}

#[tokio::test]
async fn state() {
    // `{"a":"…"}` has eight bytes beside the text.
    let limits = Limits { state_bytes: 100, ..limits() };
    let leaves = "fn(() => ({ a: 'x'.repeat(LENGTH) }))";
    assert_eq!(run_within(limits, &leaves.replace("LENGTH", "92"), "{}").await.kind(), "none");
    let ran = run_within(limits, &leaves.replace("LENGTH", "93"), "{}").await;
    assert_eq!(ran.kind(), "StateTooLargeError");
    assert_eq!(ran.error.unwrap().message, "State exceeds the limit of 100 bytes");
}

#[tokio::test]
async fn log_lines() {
    let logs = "fn(s => { for (let n = 0; n < MANY; n++) console.log(n); return s })";
    // The runtime says one line of its own: that the step begins.
    let limits = Limits { log_lines: 4, ..limits() };
    let ran = run_within(limits, &logs.replace("MANY", "3"), "{}").await;
    assert_eq!(ran.log(), ["0", "1", "2"]);
    assert_eq!(ran.lines.len(), 4);
    let ran = run_within(limits, &logs.replace("MANY", "1000"), "{}").await;
    assert_eq!(ran.log(), ["0", "1", "2"]);
    assert_eq!(ran.lines.len(), 5);
    assert_eq!(ran.lines[4].message, "The log has 4 lines; what follows is left out");
}

#[tokio::test]
async fn log_line_bytes() {
    let limits = Limits { log_line_bytes: 10, ..limits() };
    let ran = run_within(
        limits,
        "fn(s => { console.log('0123456789'); console.log('012345678é'); return s })",
        "{}",
    )
    .await;
    assert_eq!(ran.log(), ["0123456789", "012345678… (1 more bytes)"]);
}

#[tokio::test]
async fn a_step_gets_no_more_than_its_pool_gives() {
    let mut job =
        job("a", "fn(s => { const kept = []; for (;;) kept.push(new Uint8Array(1048576)) })");
    job.work.limits = Limits { memory_bytes: u64::MAX, ..Limits::default() };
    let ran = run_job(&Pool::new(settings(1)), &job, "{}").await;
    assert_eq!(ran.kind(), "OOMError");
}
