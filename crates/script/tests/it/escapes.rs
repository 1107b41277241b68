//! What hostile jobs try, with another run going on beside them that must not notice.

use std::time::Duration;

use fieldpost_script::sandbox::Pool;
use serde_json::Value;

use crate::support::{Ran, job, limits, pool, run, run_job, settings};

/// Runs a hostile job on a pool of two, with an honest one beside it the whole time.
pub(crate) async fn beside_an_honest_run(source: &str, time: Duration) -> Ran {
    let pool = Pool::new(settings(2));
    pool.warm().await.unwrap();
    let mut hostile = job("hostile", source);
    hostile.work.limits.time = time;
    let honest = async {
        // A step that waits a little, and then one more: before, during and after the other.
        let waits =
            "fn(s => new Promise(done => setTimeout(() => done({ ...s, n: (s.n ?? 0) + 1 }), 20)))";
        let mut state = "{}".to_owned();
        for _ in 0..5 {
            state = run(&pool, waits, &state).await.state.to_string();
        }
        serde_json::from_str::<Value>(&state).unwrap()
    };
    let (ran, state) = tokio::join!(run_job(&pool, &hostile, r#"{"data":{"own":1}}"#), honest);
    assert_eq!(state["n"], 5, "the honest run was disturbed");
    // The pool is as good as new afterwards.
    let after = run(&pool, "fn(s => ({ ...s, after: typeof leftOver }))", "{}").await;
    assert_eq!(after.state["after"], "undefined");
    ran
}

/// What runs away is ended, one way or the other.
pub(crate) async fn check_ended(source: &str) -> Ran {
    let ran = beside_an_honest_run(source, Duration::from_millis(500)).await;
    let error = ran.error.as_ref().unwrap_or_else(|| panic!("not ended: {source}"));
    assert!(
        matches!(
            error.name.as_str(),
            "TimeoutError" | "OOMError" | "RuntimeError" | "RuntimeCrash"
        ),
        "{source}: {error:?}"
    );
    ran
}

/// What looks around finds nothing.
pub(crate) async fn check_finds(source: &str, expected: &str) {
    let ran = beside_an_honest_run(source, limits().time).await;
    let found = ran.state["found"].to_string();
    assert_eq!(found, expected, "{source}: {:?}", ran.error);
}

#[tokio::test]
async fn endless_loops() {
    for source in [
        "fn(() => { for (;;); })",
        "fn(async () => { for (;;) await null; })",
        "for (;;);",
        "fn(() => { for (;;) try { for (;;); } catch {} finally { continue } })",
    ] {
        assert_eq!(check_ended(source).await.kind(), "TimeoutError", "{source}");
    }
}

#[tokio::test]
async fn native_loops_that_ask_nobody() {
    check_ended("fn(() => new Array(1e9) + '')").await;
    check_ended(
        "fn(() => new Array(4294967295).join('').length && 'x'.repeat(2 ** 29).split('').length)",
    )
    .await;
}

#[tokio::test]
async fn memory_bombs() {
    for source in [
        "fn(() => { const kept = []; for (;;) kept.push('x'.repeat(1e6) + kept.length); })",
        "fn(() => { let text = 'x'; for (;;) text += text; })",
        "fn(() => { const kept = []; for (;;) kept.push(new Uint8Array(1e7).fill(1)); })",
        "fn(() => { const kept = new Map(); for (let n = 0; ; n++) kept.set(n, { n }); })",
        "fn(() => { for (;;) try { const kept = []; for (;;) kept.push(new Array(1e6).fill(0)); } catch {} })",
        "fn(() => JSON.parse('['.repeat(5e7)))",
        "fn(() => 'x'.padEnd(2 ** 30 - 2, 'abc').replaceAll('a', 'xxxxxxxxxx'))",
    ] {
        check_ended(source).await;
    }
}

/// The engine says that its memory is used up by an error with a message, by one without, or by null,
/// depending on what the last bytes went into.
#[tokio::test]
async fn memory_is_used_up_to_the_last_byte() {
    for size in 0..8 {
        let source = format!(
            "fn(() => {{ const text = 'x'.repeat({size}e5); const kept = new Map(); for (let n = 0; ; n++) kept.set(n, {{ n, text }}); }})",
        );
        let ran = beside_an_honest_run(&source, limits().time).await;
        assert_eq!(ran.kind(), "OOMError", "{source}: {:?}", ran.error);
    }
}

/// A job may throw what the engine throws when its memory is used up.
#[tokio::test]
async fn what_a_job_throws_itself_is_its_own_error() {
    for source in [
        "fn(() => { throw null; })",
        "fn(() => { throw undefined; })",
        "fn(() => Promise.reject(null))",
        "fn(() => { throw Object.create(null); })",
        "throw null; fn(s => s);",
    ] {
        let ran = beside_an_honest_run(source, limits().time).await;
        assert_eq!(ran.kind(), "JobError", "{source}: {:?}", ran.error);
        assert_eq!(ran.error.unwrap().message, "", "{source}");
        assert_eq!(ran.state["data"]["own"], 1, "{source}: the state is kept");
    }
    let ran = beside_an_honest_run("fn(() => { throw new InternalError(); })", limits().time).await;
    assert_eq!(ran.kind(), "RuntimeError", "{:?}", ran.error);
    // It asked for more than there is, and caught it: what it throws afterwards is believed to be that.
    let source = "fn(() => { try { new Uint8Array(2 ** 27); } catch {} throw null; })";
    assert_eq!(beside_an_honest_run(source, limits().time).await.kind(), "OOMError");
}

#[tokio::test]
async fn deep_recursion() {
    for source in [
        "fn(() => { const f = () => f() + 1; return f(); })",
        "fn(s => { let deep = {}; for (let n = 0; n < 1e6; n++) deep = { deep }; return { ...s, deep }; })",
        "fn(() => JSON.parse('['.repeat(1e5) + ']'.repeat(1e5)))",
        "fn(() => { let deep = []; for (let n = 0; n < 1e6; n++) deep = [deep]; return String(deep); })",
        "fn(() => new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('x'))",
        "fn(() => { const p = new Proxy({}, { get: (t, k) => p[k] }); return p.x; })",
    ] {
        let ran = beside_an_honest_run(source, Duration::from_secs(20)).await;
        assert!(ran.error.is_some(), "{source}: {:?}", ran.state);
    }
}

#[tokio::test]
async fn regular_expressions_that_never_end() {
    check_ended("fn(() => /^(a+)+$/.test('a'.repeat(60) + 'b'))").await;
    check_ended("fn(() => /(x+x+)+y/.exec('x'.repeat(80)))").await;
}

#[tokio::test]
async fn floods_of_promises_and_timers() {
    check_ended("fn(() => { const flood = () => { Promise.resolve().then(flood); Promise.resolve().then(flood); }; flood(); return new Promise(() => {}); })").await;
    check_ended("fn(() => new Promise(() => { const flood = () => { setTimeout(flood, 0); setTimeout(flood, 0); }; flood(); }))").await;
}

#[tokio::test]
async fn huge_states() {
    let ran =
        beside_an_honest_run("fn(() => ({ x: 'x'.repeat(40 * 1024 * 1024) }))", limits().time)
            .await;
    assert!(matches!(ran.kind(), "StateTooLargeError" | "OOMError"), "{:?}", ran.error);
}

#[tokio::test]
async fn code_from_text() {
    for source in [
        "fn(() => eval('1'))",
        "fn(() => (0, eval)('1'))",
        "fn(() => new Function('return this')())",
        "fn(() => Function.prototype.constructor('return 1')())",
        "fn(() => (async () => {}).constructor('return 1')())",
        "fn(() => (function* () {}).constructor('return 1')())",
        "fn(() => (async function* () {}).constructor('return 1')())",
        "fn(() => Reflect.construct((() => {}).constructor, ['return 1'])())",
        "fn(() => { class F extends Function {} return new F('return 1')(); })",
        "fn(() => setTimeout.constructor('return 1')())",
        "fn(() => console.log.constructor.constructor('return 1')())",
        "fn(() => Object.getPrototypeOf(async () => {}).constructor('return 1')())",
    ] {
        let ran = beside_an_honest_run(source, limits().time).await;
        assert_eq!(ran.kind(), "SecurityError", "{source}: {:?}", ran.state);
    }
}

#[tokio::test]
async fn modules_of_the_system() {
    for name in [
        "fs",
        "node:fs",
        "os",
        "std",
        "child_process",
        "/etc/passwd",
        "./job.js",
        "fieldpost:host",
        "job",
        "https://example.org/x.js",
    ] {
        let ran =
            run(&pool(), &format!("import * as x from '{name}';\nfn(s => ({{ ...s, x }}));"), "{}")
                .await;
        assert_eq!(ran.kind(), "ImportError", "{name}");
        let source = format!(
            "fn(async s => {{ try {{ await import('{name}'); return {{ found: 'it' }}; }} catch {{ return {{ found: 'nothing' }}; }} }})"
        );
        check_finds(&source, "\"nothing\"").await;
    }
}

#[tokio::test]
async fn the_environment_and_the_doors_of_other_engines() {
    check_finds(
        "fn(() => ({ found: ['process', 'require', 'module', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Deno', 'Bun', 'std', 'os', 'scriptArgs',
            'print', 'load', 'navigator', 'Worker', '__fieldpost', 'WebAssembly', 'SharedWorker', 'importScripts'].filter(name => name in globalThis) }))",
        "[]",
    )
    .await;
}

#[tokio::test]
async fn tricks_with_prototypes_stay_within_their_step() {
    // Whatever it does to the built-in objects, its own step is all that it harms.
    let source = "leftOver = 1;
        Object.prototype.polluted = 'yes'; Array.prototype.map = () => { throw 1 }; JSON.stringify = () => '{\"forged\":1}'; JSON.parse = () => 7;
        Promise.prototype.then = undefined; globalThis.leftOver = 2; Object.freeze = x => x; String.prototype.toWellFormed = () => 7;
        export default [s => s];";
    let pool = Pool::new(settings(1));
    drop(run(&pool, source, "{}").await);
    let ran = run(&pool, "fn(s => ({ ...s, found: [typeof leftOver, ({}).polluted, JSON.stringify([1].map(x => x))] }))", "{}").await;
    assert_eq!(ran.state["found"].to_string(), r#"["undefined",null,"[1]"]"#);
}

#[tokio::test]
async fn the_state_of_another_run_is_not_to_be_seen() {
    let pool = Pool::new(settings(1));
    let secret = run(
        &pool,
        "globalThis.kept = 'secret of one run'; fn(s => { globalThis.kept2 = s; return s; })",
        r#"{"data":{"patient":"ann"}}"#,
    )
    .await;
    assert_eq!(secret.state["data"]["patient"], "ann");
    let ran = run(
        &pool,
        "fn(() => ({ found: [typeof kept, typeof kept2, Object.keys(globalThis).filter(name => /kept|ann/.test(name)), new Error().stack.includes('secret')] }))",
        "{}",
    )
    .await;
    assert_eq!(ran.state["found"].to_string(), r#"["undefined","undefined",[],false]"#);
}

#[tokio::test]
async fn a_forged_result_is_no_more_than_a_result() {
    let ran = beside_an_honest_run(
        "export const execute = () => async () => ({ forged: true, configuration: { x: 1 }, get trap() { throw new Error('trap'); } });
         export default [];",
        limits().time,
    )
    .await;
    assert_eq!(ran.kind(), "JobError");
    let ran = beside_an_honest_run(
        "export const execute = () => ({ then() {} }); export default [];",
        limits().time,
    )
    .await;
    assert!(ran.error.is_some(), "{:?}", ran.state);
}

/// What the kernel says of a process of the pool, seen from outside.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_has_no_environment_no_descriptors_and_no_room_for_more() {
    let pool = Pool::new(settings(1));
    pool.warm().await.unwrap();
    let own = std::process::id().to_string();
    let child = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .find(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
            stat.contains("(job-runner)") && parent == Some(own.as_str())
        })
        .expect("the child is there");
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{child}/{name}")).unwrap();
    assert_eq!(read("environ"), "");
    assert_eq!(std::fs::read_dir(format!("/proc/{child}/fd")).unwrap().count(), 3);
    assert_eq!(std::fs::read_link(format!("/proc/{child}/cwd")).unwrap().to_str(), Some("/"));
    let limits = read("limits");
    let bound = |name: &str| {
        let numbers = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let mut numbers = numbers.split_whitespace();
        (numbers.next().unwrap().to_owned(), numbers.next().unwrap().to_owned())
    };
    for (name, most) in [
        ("Max open files", "3"),
        ("Max processes", "0"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
    ] {
        assert_eq!(bound(name), (most.to_owned(), most.to_owned()), "{name}");
    }
    assert_ne!(bound("Max data size").0, "unlimited");
    assert!(read("status").contains("NoNewPrivs:\t1"));
    if std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists() {
        let threads = std::fs::read_dir(format!("/proc/{child}/task")).unwrap();
        for thread in threads.map(|entry| entry.unwrap().path()) {
            let status = std::fs::read_to_string(thread.join("status")).unwrap();
            assert!(status.contains("Seccomp:\t2"), "{status}");
        }
    }
}

/// One process runs step after step. What one of them has done to the language, to the functions that all jobs have
/// or to the engine's memory, the next one does not find.
#[tokio::test]
async fn nothing_of_a_step_is_left_to_the_next() {
    let pool = pool();
    let spoils = "fn(s => {
        Object.prototype.spoilt = Array.prototype.spoilt = 1;
        globalThis.kept = 1;
        Array.prototype.map = JSON.stringify = Promise.prototype.then = () => 'spoilt';
        Object.defineProperty(Math, 'max', { value: () => 'spoilt' });
        util.encode.own = fn.own = http.get.own = 1;
        const random = Math.random();
        // The last that names a function of the hub's.
        Math.random = undefined;
        return { data: { random, kept: 'x'.repeat(1e6) } };
    })";
    let looks = "fn(s => ({ data: {
        random: Math.random(),
        found: [{}.spoilt, [].spoilt, typeof kept, [1].map(n => n + 1)[0], Math.max(1, 2), util.encode.own, fn.own, http.get.own],
    } }))";
    let mut random = Vec::new();
    for _ in 0..5 {
        for source in [spoils, looks] {
            let ran = run(&pool, source, "{}").await;
            assert!(ran.error.is_none() || source == spoils, "{source}: {:?}", ran.error);
            random.extend(ran.state["data"]["random"].as_f64());
            if source == looks {
                let found = ran.state["data"]["found"].to_string();
                assert_eq!(found, r#"[null,null,"undefined",2,2,null,null,null]"#);
            }
        }
    }
    assert!(random.len() >= 5 && random.iter().all(|one| (0.0..1.0).contains(one)), "{random:?}");
    random.sort_by(f64::total_cmp);
    random.dedup();
    assert!(random.len() >= 5, "chance is another one in each step: {random:?}");
    assert_eq!(pool.idle(), 1, "all of them had the same process");
}
