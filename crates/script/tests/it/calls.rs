//! What a step asks of the hub: answers, errors, several at once, and the bounds of all of it.
//!
//! No job may import the door itself, only adaptors may; these are given it by name, so that the
//! way is tested without any adaptor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fieldpost_script::protocol::{Call, CallError, FromWorker, LogLine};
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::sandbox::{Answer, Host, Limits, Pool};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{job, limits, raw, settings};

/// A hub that knows a few calls; `await` is answered when `release` was called.
#[derive(Debug, Default)]
struct Hub {
    released: Arc<Notify>,
    held: Held,
}

/// How many bytes of arguments the calls have that are not answered: now, and at the most.
#[derive(Debug, Default)]
struct Held {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Host for Hub {
    fn call(&self, name: &str, arguments: Box<RawValue>) -> Answer<'_> {
        match name {
            "echo" => Box::pin(async { Ok(arguments) }),
            // An answer of so many bytes.
            "fill" => Box::pin(async move {
                let bytes: usize = serde_json::from_str(arguments.get()).unwrap();
                Ok(raw(&format!("\"{}\"", "x".repeat(bytes - 2))))
            }),
            "never" => Box::pin(std::future::pending()),
            "slow" => Box::pin(async move {
                let bytes = arguments.get().len();
                let now = self.held.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
                self.held.most.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
                self.held.now.fetch_sub(bytes, Ordering::Relaxed);
                Ok(raw("1"))
            }),
            "await" => Box::pin(async {
                self.released.notified().await;
                Ok(arguments)
            }),
            "release" => {
                self.released.notify_one();
                Box::pin(async { Ok(arguments) })
            }
            _ => {
                let error = CallError { code: "no-such-call".into(), message: "not here".into() };
                Box::pin(async { Err(error) })
            }
        }
    }

    fn log(&self, _line: LogLine) {}
}

/// Runs the body of a function of `s`, which may call `host`; gives the name and the message of its
/// error, or the `data` that it leaves.
async fn run_on(pool: &Pool, limits: Limits, body: &str) -> Result<Value, (String, String)> {
    let source = format!(
        "import {{ host }} from 'fieldpost:host';\nfn(async s => {{ {body}; return s; }});\n"
    );
    let mut work = job("a", &source).work;
    work.modules.push("fieldpost:host".to_owned());
    work.state = raw(r#"{"data":{}}"#);
    work.limits = limits;
    let (outcome, _) = settle(pool.step(work, &Hub::default()).await, "a", None);
    if let Some(error) = outcome.error {
        return Err((error.name, error.message));
    }
    let state: Value = serde_json::from_str(outcome.state.unwrap().get()).unwrap();
    Ok(state["data"].clone())
}

async fn run_within(limits: Limits, body: &str) -> Result<Value, (String, String)> {
    let mut settings = settings(1);
    settings.limits = limits;
    run_on(&Pool::new(settings), limits, body).await
}

#[tokio::test]
async fn an_answer_is_what_the_hub_gave() {
    for value in [
        json!(null),
        json!(1.5),
        json!("ünï \u{2028} \"x\""),
        json!([1, [2]]),
        json!({"a": {"b": []}}),
    ] {
        let body = format!("s.data = {{ it: await host('echo', {value}) }}");
        assert_eq!(run_within(limits(), &body).await.unwrap()["it"], value);
    }
    let nothing = run_within(limits(), "s.data.it = await host('echo')").await;
    assert_eq!(nothing.unwrap(), json!({ "it": null }));
}

#[tokio::test]
async fn an_error_can_be_caught_or_fails_the_step() {
    let caught = run_within(
        limits(),
        "try { await host('nothing') } catch (e) { s.data = [e.code, e.message, e instanceof Error] }",
    );
    assert_eq!(caught.await.unwrap(), json!(["no-such-call", "not here", true]));
    let failed = run_within(limits(), "await host('nothing')").await;
    assert_eq!(failed.unwrap_err(), ("JobError".to_owned(), "not here".to_owned()));
}

#[tokio::test]
async fn several_calls_are_under_way_at_once() {
    let many = "s.data = await Promise.all([...Array(64).keys()].map(n => host('echo', n)))";
    let expected: Vec<u32> = (0..64).collect();
    assert_eq!(run_within(limits(), many).await.unwrap(), json!(expected));
    let order = "const order = [];
        const first = host('await', 'first').then(it => order.push(it));
        const second = host('release', 'second').then(it => order.push(it));
        await Promise.all([first, second]);
        s.data = order";
    assert_eq!(run_within(limits(), order).await.unwrap(), json!(["second", "first"]));
}

#[tokio::test]
async fn timers_run_while_a_call_waits() {
    let body = "const waited = host('await', 1);
        await new Promise(done => setTimeout(done, 1));
        await host('release');
        s.data = await waited";
    assert_eq!(run_within(limits(), body).await.unwrap(), json!(1));
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_holds_nothing_up() {
    let pool = Pool::new(settings(1));
    for n in 0..3 {
        let body = format!("host('never'); host('echo', 'late'); s.data = {n}");
        assert_eq!(run_on(&pool, limits(), &body).await.unwrap(), json!(n));
    }
    assert_eq!(pool.idle(), 1, "the process is used again");
}

#[tokio::test]
async fn a_call_that_is_never_answered_ends_with_the_step() {
    let limits = Limits { time: Duration::from_millis(200), ..limits() };
    let (name, _) = run_within(limits, "await host('never')").await.unwrap_err();
    assert_eq!(name, "TimeoutError");
}

#[tokio::test]
async fn calls_at_once() {
    let limits = Limits { calls: 3, ..limits() };
    let at_once = "s.data = await Promise.all([...Array(COUNT).keys()].map(n => host('echo', n)))";
    let ran = run_within(limits, &at_once.replace("COUNT", "3")).await;
    assert_eq!(ran.unwrap(), json!([0, 1, 2]));
    let (_, message) = run_within(limits, &at_once.replace("COUNT", "4")).await.unwrap_err();
    assert_eq!(message, "More than 3 calls wait for their answer");
    // Those that were answered no longer count.
    let in_turn = "for (let n = 0; n < 10; n++) s.data = await host('echo', n)";
    assert_eq!(run_within(limits, in_turn).await.unwrap(), json!(9));
}

#[tokio::test]
async fn call_bytes() {
    let limits = Limits { call_bytes: 100, ..limits() };
    // A text has two bytes beside its letters as JSON.
    let asks = "s.data = (await host('echo', 'x'.repeat(LENGTH))).length";
    let ran = run_within(limits, &asks.replace("LENGTH", "98")).await;
    assert_eq!(ran.unwrap(), json!(98));
    let (_, message) = run_within(limits, &asks.replace("LENGTH", "99")).await.unwrap_err();
    assert_eq!(message, "A call of 101 bytes, where 100 are the most");
}

/// What is asked for at once waits in the process, beyond what one call may have.
#[tokio::test]
async fn calls_at_once_have_the_bytes_of_one_and_what_is_being_read() {
    let limits = Limits { call_bytes: 10_000, ..limits() };
    let source = "import { host } from 'fieldpost:host';\nfn(async s => { \
        const asked = Array.from({ length: 24 }, () => host('slow', 'x'.repeat(4_000))); \
        s.data = (await Promise.all(asked)).length; return s; });\n";
    let mut work = job("a", source).work;
    work.modules.push("fieldpost:host".to_owned());
    work.state = raw(r#"{"data":{}}"#);
    work.limits = limits;
    let hub = Hub::default();
    let (outcome, _) = settle(Pool::new(settings(1)).step(work, &hub).await, "a", None);
    let state: Value = serde_json::from_str(outcome.state.unwrap().get()).unwrap();
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(state["data"], json!(24));
    let most = hub.held.most.load(Ordering::Relaxed);
    assert!((4_002..=14_002).contains(&most), "{most} bytes at once");
}

#[tokio::test]
async fn answer_bytes() {
    let limits = Limits { call_bytes: 100, ..limits() };
    let asks = "try { s.data = (await host('fill', LENGTH)).length } catch (e) { s.data = [e.code, e.message] }";
    assert_eq!(run_within(limits, &asks.replace("LENGTH", "100")).await.unwrap(), json!(98));
    let expected = json!(["answer-too-large", "The answer has 101 bytes, where 100 are the most"]);
    assert_eq!(run_within(limits, &asks.replace("LENGTH", "101")).await.unwrap(), expected);
}

#[tokio::test]
async fn calls_and_answers_that_fill_both_pipes_hold_nothing_up() {
    let mut settings = settings(1);
    settings.limits.call_bytes = 300_000;
    let limits = settings.limits;
    let pool = Pool::new(settings);
    // All of them are said before one answer is waited for, and each is as long as any may be.
    let body = "const text = 'x'.repeat(299_998);
        const answers = await Promise.all([...Array(20)].map(() => host('echo', text)));
        s.data = answers.map(it => it.length)";
    assert_eq!(run_on(&pool, limits, body).await, Ok(json!(vec![299_998; 20])));
    // A step may end before its answer is written; the next one is heard all the same.
    for n in 0..5 {
        let body = format!("host('fill', 299_000); await host('echo', 1); s.data = {n}");
        assert_eq!(run_on(&pool, limits, &body).await, Ok(json!(n)));
    }
    assert_eq!(pool.idle(), 1);
}

/// How many bytes the calls have that `traffic` makes, as the hub counts them.
fn traffic_of(calls: u64, arguments: &str) -> u64 {
    (1..=calls)
        .map(|call| {
            let call = Call { call, name: "echo".to_owned(), arguments: raw(arguments) };
            serde_json::to_string(&FromWorker::Call(call)).unwrap().len() as u64
        })
        .sum()
}

#[tokio::test]
async fn traffic() {
    // All of a step's messages together may have as many bytes as 64 of the longest.
    let limits = Limits { call_bytes: 1_002, state_bytes: 100, log_line_bytes: 100, ..limits() };
    let most = (1_002 + 64 * 1024) * 64;
    let arguments = format!("\"{}\"", "x".repeat(1_000));
    let past = (4_000..5_000).find(|calls| traffic_of(*calls, &arguments) > most).unwrap();
    let asks = "const x = 'x'.repeat(1000); for (let n = 0; n < MANY; n++) await host('echo', x)";
    // What is left is for the first line of the log and the end.
    let within = asks.replace("MANY", &(past - 2).to_string());
    assert_eq!(run_within(limits, &within).await.unwrap(), json!({}));
    let (name, message) =
        run_within(limits, &asks.replace("MANY", &past.to_string())).await.unwrap_err();
    assert_eq!(name, "RuntimeCrash");
    assert!(message.ends_with("said more than a step may say"), "{message}");
}
