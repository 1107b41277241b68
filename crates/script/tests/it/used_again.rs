//! One process for many steps: whatever a step does, the next one finds the process as a fresh one would be.
//!
//! The same jobs run in any order in one process, and each has to leave what it leaves in a process of its own.
//! They are jobs that spoil: the language, the engine's innermost, what waits and what was begun.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use fieldpost_script::adaptors;
use fieldpost_script::protocol::Moment;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::Pool;

use crate::support::{Ran, Recorder, limits, pool, raw, run_with, settings};

/// Steps that go one after the other through one process.
const STEPS: usize = 800;
/// What stands before each job: what it finds of others, and how the language is.
const LOOKS: &str = "fn(s => ({ ...s, data: { found: [
    typeof leftOver, {}.spoilt, [].spoilt, [3, 1, 2].sort().join(), [1, 2].map(n => n + 1).join(), Math.max(1, 2),
    JSON.stringify({ a: [1] }), 'aXbX'.replaceAll('X', '-'), Symbol.for('own').description, Object.keys(globalThis).length,
    Object.getOwnPropertyNames(Object.prototype).length, Object.getOwnPropertyNames(Array.prototype).length,
    Reflect.ownKeys(Promise.prototype).length, Reflect.ownKeys(RegExp.prototype).length, Object.isFrozen(Array.prototype),
    new Map([[1, 2]]).get(1), /(a)(b)?/.exec('ab')[2], new Date(0).toISOString(), Math.random(), parseInt('0x1f'),
] } }));\n";

/// Jobs that spoil, each with a number (`§`) in it that makes it another one.
const SPOILERS: &[&str] = &[
    "fn(s => s)",
    "fn(s => { globalThis.leftOver = §; return s; })",
    "fn(s => { Object.prototype.spoilt = Array.prototype.spoilt = §; return { data: { n: § } }; })",
    "fn(s => { Array.prototype.map = Array.prototype.sort = JSON.stringify = () => 'spoilt §'; return s; })",
    "fn(s => { delete Array.prototype.map; delete Map.prototype.get; delete globalThis.Map; return s; })",
    "fn(s => { Object.freeze(Array.prototype); Object.freeze(Object.prototype); Object.preventExtensions(globalThis); return s; })",
    "fn(s => { Promise.prototype.then = function () { return this; }; return s; })",
    "fn(s => { RegExp.prototype.exec = () => null; RegExp.prototype[Symbol.replace] = () => '§'; return s; })",
    "fn(s => { Symbol.for('own'); Symbol.for('other' + §); Date.prototype.toISOString = () => 'never'; return s; })",
    "fn(s => ({ data: 'x'.repeat(§ * 100_000) }))",
    "fn(s => ({ data: Array.from({ length: § * 5_000 }, (_, n) => ({ n, text: 'one ' + n })) }))",
    "fn(s => { const kept = new Map(); for (let n = 0; n < § * 20_000; n++) kept.set({ n }, [n]); globalThis.leftOver = kept; return s; })",
    "fn(s => { for (let n = 0; n < § * 3_000; n++) { const one = { n }; one.self = one; } return s; })",
    "fn(s => { globalThis.leftOver = new Uint8Array(§ * 1_000_000).fill(§); return s; })",
    "fn(s => { const one = new Uint8Array(§ * 1_000); const two = one.buffer.transfer?.(§ * 3_000); return { data: two?.byteLength ?? 0 }; })",
    "fn(s => { globalThis.leftOver = (function* () { yield §; })(); leftOver.next(); return s; })",
    "fn(s => { globalThis.leftOver = (async () => { await new Promise(() => {}); })(); return s; })",
    "fn(s => { setTimeout(() => { globalThis.leftOver = §; }, §); setInterval(() => {}, 1); return s; })",
    "fn(s => { new Promise((_, no) => no(new Error('nobody waits for §'))); return s; })",
    "fn(s => { host('never'); host('echo', 'x'.repeat(§ * 100_000)); return s; })",
    "fn(async s => { const all = await Promise.all([...Array(§)].map((_, n) => host('echo', n))); host('echo', 'late'); return { data: all }; })",
    "fn(async s => { host('echo', 'y'.repeat(§ * 200_000)); await host('echo', 1); return s; })",
    "fn(s => { const weak = new WeakRef(s); new FinalizationRegistry(() => {}).register({}, §); return { data: typeof weak.deref() }; })",
    "fn(s => { throw new TypeError('on purpose §'); })",
    "fn(s => { const deep = n => n && deep(n - 1); return deep(1e9); })",
    "fn(s => { throw { get message() { throw §; } }; })",
    "fn(s => ({ data: new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: § }), get: () => § }) }))",
    "fn(s => ({ data: (2n ** BigInt(§ * 1_000)).toString().length }))",
    "fn(s => ({ data: /(a+)(b+)/.exec('a'.repeat(§ * 100) + 'b').slice(1).map(it => it.length) }))",
    "fn(s => ({ data: ['b', 'a', '§'].sort((x, y) => x.localeCompare(y)) }))",
    "fn(s => ({ data: Buffer.from('text §').toString('base64') }))",
    "fn(s => ({ data: _.chunk(_.range(§ * 10), 3).length }))",
    "fn(s => ({ data: dateFns.addDays(new Date(0), §).toISOString() }))",
    "fn(s => { class A { #own = §; get own() { return this.#own; } static { globalThis.leftOver = A; } } return { data: new A().own }; })",
    "fn(s => { Math.random = undefined; console.log = undefined; return { data: typeof fn }; })",
    "fn(s => { try { new Array(-§); } catch (error) { error.stack; globalThis.leftOver = error; } return s; })",
    "fn(async s => { try { await import('fs' + §); } catch {} return s; })",
    "fn(s => { Error.prepareStackTrace = () => { throw §; }; Error.stackTraceLimit = 0; new Error().stack; return s; })",
];

/// A job with its number, ready to run: time stands still for it, and chance is known.
fn spoiler(kind: usize, number: usize) -> Job {
    let source = SPOILERS[kind].replace('§', &number.to_string());
    let imports =
        if source.contains("host(") { "import { host } from 'fieldpost:host';\n" } else { "" };
    let source = format!("{imports}{LOOKS}{source}");
    let mut job = Job::compile("a", &source, &[adaptors::COMMON])
        .unwrap_or_else(|error| panic!("{error}\n{source}"));
    job.work.limits = limits();
    job.work.limits.time = Duration::from_secs(20);
    job.work.modules.push("fieldpost:host".to_owned());
    job.work.moment = Some(Moment { time_ms: 1_700_000_000_000, seed: 7 });
    job
}

/// All that can be seen of how a step ended.
fn told(ran: &Ran) -> String {
    let error = ran.error.as_ref().map(|error| format!("{}: {}", error.name, error.message));
    format!("{} {error:?} {:?}", ran.state, ran.log())
}

/// The next of numbers that are the same each time (`xorshift`).
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_used_does_what_a_fresh_one_does() {
    let mut expected = HashMap::new();
    let mut chance = 0x9e37_79b9_7f4a_7c15;
    let used = pool();
    used.warm().await.unwrap();
    for step in 0..STEPS {
        let (kind, number) = (next(&mut chance) % SPOILERS.len(), 1 + next(&mut chance) % 2);
        let job = spoiler(kind, number);
        if let Entry::Vacant(place) = expected.entry((kind, number)) {
            let fresh = run_with(&pool(), &job, "{}", &Recorder::default()).await;
            place.insert(told(&fresh));
        }
        let ran = run_with(&used, &job, "{}", &Recorder::default()).await;
        let source = SPOILERS[kind];
        assert_eq!(told(&ran), expected[&(kind, number)], "step {step}: {source} with {number}");
    }
    assert_eq!(expected.len(), 2 * SPOILERS.len(), "all of them had their turn");
}

/// Whatever becomes of a process, its step ends with an error that says so or with what it leaves, and the others
/// do not notice.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_are_killed_at_any_moment_cost_their_own_step_alone() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let pool = Pool::new(settings(2));
    pool.warm().await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let kills = {
        let is_over = Arc::clone(&is_over);
        tokio::task::spawn_blocking(move || {
            let (mut chance, mut kills) = (77, 0);
            while !is_over.load(Ordering::Relaxed) {
                // The moments are what is tried: none of them is waited for.
                std::thread::sleep(Duration::from_micros(
                    100 + (next(&mut chance) % 40_000) as u64,
                ));
                let children = children();
                if let Some(child) = children.get(next(&mut chance) % children.len().max(1)) {
                    kills += u32::from(kill(*child));
                }
            }
            kills
        })
    };
    let run = |n: usize| {
        let pool = pool.clone();
        async move {
            let source = "fn(async s => { const said = await host('echo', 'x'.repeat(200_000)); \
                          return { data: { n: s.data.n, length: said.length } }; })";
            let source = format!("import {{ host }} from 'fieldpost:host';\n{source}");
            let mut job = Job::compile("a", &source, &[adaptors::COMMON]).unwrap();
            job.work.limits = limits();
            job.work.modules.push("fieldpost:host".to_owned());
            let state = format!("{{\"data\":{{\"n\":{n}}}}}");
            let ran = run_with(&pool, &job, &state, &Recorder::default()).await;
            match &ran.error {
                None => {
                    assert_eq!(ran.state["data"], serde_json::json!({ "n": n, "length": 200_000 }));
                    true
                }
                Some(error) => {
                    let is_told = error.name == "RuntimeCrash" || error.name == "ExecutionError";
                    assert!(is_told, "{error:?}");
                    false
                }
            }
        }
    };
    let mut well = 0;
    for round in 0..150 {
        let (one, other) = tokio::join!(run(2 * round), run(2 * round + 1));
        well += u32::from(one) + u32::from(other);
    }
    is_over.store(true, Ordering::Relaxed);
    let kills = kills.await.unwrap();
    assert!(kills > 10 && well > 10, "{kills} were killed, {well} steps went well");
    // Each of the two that waits may have been killed last, and is found dead only by the step that it is given.
    for n in 0..2 {
        run(n).await;
    }
    // The pool is as good as new.
    for n in 0..4 {
        assert!(run(n).await, "after the last one was killed");
    }
}

/// The processes of this test's own pool. Each test is a process of its own, or they are told by their threads.
#[cfg(target_os = "linux")]
fn children() -> Vec<i32> {
    let own = std::process::id().to_string();
    let is_child = |process: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        stat.contains("(job-runner)") && parent == Some(own.as_str())
    };
    let processes = std::fs::read_dir("/proc").unwrap();
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(is_child).collect()
}

#[cfg(target_os = "linux")]
fn kill(process: i32) -> bool {
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).is_ok()
}

/// Much is asked for at once, and much is answered: it fits as long as the step's memory has room for it, and ends
/// as what it is where it has not.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_waits_for_have_the_memory_of_their_step() {
    let mut settings = settings(1);
    settings.limits.call_bytes = 8 * 1024 * 1024;
    settings.limits.memory_bytes = 80 * 1024 * 1024;
    let pool = Pool::new(settings.clone());
    let run = |count: usize| {
        let source = format!(
            "import {{ host }} from 'fieldpost:host';
            fn(async s => {{ const text = 'x'.repeat(4_000_000); let length = 0;
                const all = [...Array({count})].map(() => host('echo', text).then(it => {{ length += it.length; }}));
                await Promise.all(all); return {{ data: length }}; }})"
        );
        let mut job = Job::compile("a", &source, &[adaptors::COMMON]).unwrap();
        job.work.limits = settings.limits;
        job.work.modules.push("fieldpost:host".to_owned());
        job.work.state = raw("{}");
        let pool = pool.clone();
        async move { run_with(&pool, &job, "{}", &Recorder::default()).await }
    };
    for count in [1, 2, 12, 12] {
        let ran = run(count).await;
        assert_eq!(ran.state["data"], 4_000_000 * count, "{count}: {:?}", ran.error);
    }
    let ran = run(60).await;
    assert_eq!(ran.kind(), "OOMError", "{:?}", ran.error);
    // It has cost its own process, and nobody else's step.
    let ran = run(3).await;
    assert_eq!(ran.state["data"], 12_000_000, "{:?}", ran.error);
}
