//! More of what hostile jobs try: by what they leave, by what they throw, and by the corners of the
//! language where an engine waits, recurses or calls back by itself.

use serde_json::json;

use crate::escapes::{beside_an_honest_run, check_ended, check_finds};
use crate::support::{Recorder, job, limits, run, run_with, settings};
use fieldpost_script::sandbox::{Limits, Pool};

/// Whatever it does, it ends with an error or without, and in its own step.
async fn check_harmless(source: &str) {
    drop(beside_an_honest_run(source, std::time::Duration::from_secs(20)).await);
}

#[tokio::test]
async fn keys_that_are_names_of_prototypes() {
    let state = r#"{"data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}"#;
    let source = "fn(s => { const [copy] = util.expandReferences(s, s.data);
        const joined = _.merge({}, s.data, JSON.parse('{\"__proto__\":{\"polluted\":1}}'));
        util.parseUrl('http://a.example?__proto__=1&constructor=2'); _.set({}, '__proto__.polluted', 1);
        return { ...s, found: [({}).polluted, [].polluted, copy === s.data, 'polluted' in Object.prototype] }; });
        each('$.data[*]', fn(s => s)); fn(s => ({ ...s, after: ({}).polluted ?? 'clean' }));";
    let pool = Pool::new(settings(1));
    let ran = run(&pool, source, state).await;
    assert_eq!(ran.state["found"], json!([null, null, false, false]), "{:?}", ran.error);
    assert_eq!(ran.state["after"], "clean");
    // The next step of the same process has what was left, as plain keys.
    let kept = run(&pool, "fn(s => s)", state).await;
    assert_eq!(kept.state["data"]["__proto__"]["polluted"], 1);
}

#[tokio::test]
async fn what_is_left_plays_tricks_when_it_is_read() {
    for (source, kind) in [
        ("fn(s => ({ get data() { throw new Error('no'); } }))", "JobError"),
        ("fn(s => ({ get data() { for (;;); } }))", "TimeoutError"),
        ("fn(s => ({ toJSON() { throw null; } }))", "JobError"),
        ("fn(s => ({ toJSON() { return this; } }))", "none"),
        ("fn(s => { const deep = { toJSON: () => ({ deep }) }; return deep; })", "RuntimeError"),
        ("fn(s => new Proxy({}, { ownKeys() { throw new Error('no'); } }))", "JobError"),
        (
            "fn(s => new Proxy(s, { get() { return s; }, ownKeys: () => ['a'.repeat(1e6)] }))",
            "none",
        ),
        ("fn(s => ({ toJSON: () => 'x'.repeat(4e7) }))", "StateTooLargeError"),
        ("fn(s => { Object.prototype.toJSON = () => 7; return s; })", "none"),
        ("fn(s => Object.freeze({ ...s }))", "none"),
        (
            "fn(s => Object.defineProperty(s, 'configuration', { value: 1, enumerable: true, configurable: false }))",
            "none",
        ),
    ] {
        let ran = beside_an_honest_run(source, std::time::Duration::from_secs(3)).await;
        let found = ran.kind().to_owned();
        let is_large = kind == "StateTooLargeError" && found == "OOMError";
        assert!(found == kind || is_large, "{source}: {:?} {:?}", ran.error, ran.state);
    }
}

#[tokio::test]
async fn what_is_thrown_plays_tricks_when_it_is_read() {
    for source in [
        "fn(() => { throw { get message() { throw null; } }; })",
        "fn(() => { throw { get constructor() { throw new Error('no'); } }; })",
        "fn(() => { throw new Proxy(new Error('no'), { get() { throw 1; } }); })",
        "fn(() => { throw Object.assign(new Error('no'), { stack: 'at x (job:99999999999999999999:1)' }); })",
        "fn(() => { throw Object.defineProperty(new Error('no'), 'stack', { value: { toString() { throw 1; } } }); })",
        "fn(() => { Error.prepareStackTrace = () => { throw 1; }; throw new Error('no'); })",
        "fn(s => { Object.defineProperty(s, 'x', { enumerable: true, get() { throw 1; } }); throw new Error('no'); })",
        "fn(() => { throw Symbol('no'); })",
        "fn(() => { throw 10n; })",
    ] {
        let ran = beside_an_honest_run(source, limits().time).await;
        assert_eq!(ran.kind(), "JobError", "{source}: {:?}", ran.error);
        assert!(ran.error.unwrap().pos.is_none_or(|pos| pos.line < 10), "{source}");
    }
}

#[tokio::test]
async fn frames_of_the_stack_lead_nowhere() {
    // Functions of the runtime that a stack gives away can do no more than the step itself.
    let source = "fn(async s => { const kept = []; Error.prepareStackTrace = (_, sites) => { for (const site of sites) kept.push(site.getFunction?.()); return ''; };
        String(new Error().stack); const results = [];
        for (const one of kept.filter(Boolean)) try { results.push(typeof await one('/etc/passwd')); } catch { results.push('nothing'); }
        return { found: results.includes('string') }; })";
    check_finds(source, "false").await;
}

#[tokio::test]
async fn engines_that_wait_or_call_back() {
    check_harmless("fn(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0))").await;
    check_harmless(
        "fn(() => Atomics.waitAsync?.(new Int32Array(new SharedArrayBuffer(8)), 0, 0).value)",
    )
    .await;
    check_ended("fn(() => { const registry = new FinalizationRegistry(() => { for (;;); }); for (;;) registry.register({}, 1); })").await;
    let source = "globalThis.leftOver = 1; const registry = new FinalizationRegistry(() => { globalThis.again = new FinalizationRegistry(() => {}); throw 1; });
        fn(s => { for (let n = 0; n < 1e4; n++) { const one = { n }; one.self = one; registry.register(one, { one: new WeakRef({}) }); } return s; });";
    check_harmless(source).await;
    check_harmless("fn(s => { const weak = new WeakRef(s); setTimeout(() => weak.deref().x = 1, 10); return s; })").await;
    check_harmless("fn(s => { setTimeout(() => { throw new Error('late'); }, 1); return new Promise(done => setTimeout(() => done(s), 20)); })").await;
    check_ended("fn(s => { const again = () => setTimeout(again, 1); again(); setInterval(() => {}, 1); return new Promise(() => {}); })").await;
}

#[tokio::test]
async fn loops_of_generators() {
    for source in [
        "fn(() => { function* all() { for (;;) yield 1; } for (const one of all()); })",
        "fn(() => [...(function* () { for (;;) yield; })()])",
        "fn(async () => { async function* all() { for (;;) yield 1; } for await (const one of all()); })",
        "fn(async () => { for await (const one of { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 1 }) }) }); })",
        "fn(() => Array.from({ [Symbol.iterator]: () => ({ next: () => ({}) }) }))",
        "fn(() => new Promise(done => { const chain = () => Promise.resolve().then(chain); chain(); }))",
        "fn(() => ({ then(done) { done(this); } }))",
        "fn(() => [2, 1, 3].sort(() => { for (;;); }))",
        "fn(() => 'x'.repeat(1e6).replace(/x/g, () => { for (;;); }))",
    ] {
        check_ended(source).await;
    }
}

#[tokio::test]
async fn natives_that_recurse() {
    for source in [
        "fn(() => { let f = () => 1; for (let n = 0; n < 2e5; n++) f = f.bind(null); return f(); })",
        "fn(() => { let deep = []; for (let n = 0; n < 2e5; n++) deep = [deep]; return JSON.stringify(deep); })",
        "fn(() => { let deep = []; for (let n = 0; n < 2e5; n++) deep = [deep]; return deep.flat(Infinity); })",
        "fn(() => { let p = {}; for (let n = 0; n < 2e5; n++) p = new Proxy(p, {}); return p.x; })",
        "fn(() => { let p = {}; for (let n = 0; n < 2e5; n++) p = Object.create(p); return 'x' in p; })",
        "fn(() => { const a = { toString() { return String(a); } }; return `${a}`; })",
        "fn(() => { const a = { [Symbol.toPrimitive]: () => +a }; return a + 1; })",
        "fn(() => Math.max(...new Array(1e7).fill(1)))",
        "fn(() => Reflect.apply(Math.max, null, { length: 2 ** 31 }))",
        "fn(() => new RegExp('(?:'.repeat(5e4) + 'a' + ')*'.repeat(5e4)).test('aaaa'))",
        "fn(() => /(?:(?:(?:(?:a*)*)*)*)*b/.test('a'.repeat(30)))",
        "fn(() => new RegExp('a{65535}{65535}{65535}').test('a'))",
        "fn(() => { class A { static get x() { return super.x ?? A.x; } } return A.x; })",
        "fn(() => console.log({ toJSON() { console.log(this); } }))",
        "fn(() => { const e = new Error('x'); e.cause = e; throw e; })",
    ] {
        check_harmless(source).await;
    }
}

#[tokio::test]
async fn memory_that_is_shared_or_grows() {
    for source in [
        "fn(() => { const kept = []; for (;;) kept.push(new SharedArrayBuffer(1e7)); })",
        "fn(() => { const kept = []; for (;;) kept.push(new ArrayBuffer(8, { maxByteLength: 1e7 })); })",
        "fn(() => { const one = new ArrayBuffer(8, { maxByteLength: 2 ** 32 }); one.resize(2 ** 32 - 8); new Uint8Array(one).fill(1); for (;;); })",
        "fn(() => { let one = new ArrayBuffer(1e7); const kept = []; for (;;) { kept.push(one); one = one.transfer(one.byteLength + 1e7); } })",
        "fn(() => { let list = [1]; for (;;) list = [...list, ...list]; })",
        "fn(() => { let n = 10n; for (;;) n = n * n; })",
        "fn(() => { const s = Symbol.for('x'.repeat(1e6)); const kept = []; for (let n = 0; ; n++) kept.push(Symbol(n + 'x'.repeat(1e6))); })",
    ] {
        check_ended(source).await;
    }
}

#[tokio::test]
async fn floods_of_the_log_are_bounded() {
    let limits = Limits { log_lines: 20, log_line_bytes: 1000, ..limits() };
    let mut settings = settings(1);
    settings.limits = limits;
    let mut flood = job(
        "a",
        "fn(s => { for (let n = 0; n < 2e4; n++) console.log('x'.repeat(1e5)); console.log({ get a() { return 'y'.repeat(1e6); } }); return s; })",
    );
    flood.work.limits = limits;
    let ran = crate::support::run_job(&Pool::new(settings), &flood, "{}").await;
    assert_eq!(ran.kind(), "none", "{:?}", ran.error);
    assert_eq!(ran.lines.len(), 21);
    assert!(ran.lines.iter().all(|line| line.message.len() < 1100));
}

#[tokio::test]
async fn floods_of_calls_are_bounded() {
    let pool = Pool::new(settings(1));
    for source in [
        // All at once: the calls beyond the bound fail by themselves.
        "fn(async s => { const all = await Promise.allSettled(Array.from({ length: 1e4 }, () => util.request('GET', 'http://a.example/')));
            return { ...s, refused: all.filter(one => one.status === 'rejected').length }; })",
        // One after the other.
        "fn(async s => { let refused = 0; for (let n = 0; n < 1e3; n++) await util.request('GET', 'http://a.example/').catch(() => refused++);
            return { ...s, refused: refused * 10 }; })",
    ] {
        let ran = run_with(&pool, &job("a", source), "{}", &Recorder::default()).await;
        assert_eq!(ran.state["refused"], 10_000, "{:?}", ran.error);
    }
}

/// What reckons the time is the job's own to spoil, and the loop around it goes on.
#[tokio::test]
async fn times_that_are_none() {
    for spoilt in ["NaN", "Infinity", "-Infinity", "1e300", "-1", "'soon'", "{}", "Symbol()"] {
        for name in ["min", "max"] {
            let source = format!(
                "fn(s => {{ setTimeout(() => {{}}, 5); Math.{name} = () => {spoilt}; return new Promise(done => setTimeout(() => done(s), 1)); }})"
            );
            let ran = beside_an_honest_run(&source, std::time::Duration::from_millis(500)).await;
            let is_told =
                matches!(ran.kind(), "none" | "TimeoutError" | "RuntimeCrash" | "RuntimeError");
            let message = ran.error.map(|error| error.message).unwrap_or_default();
            assert!(is_told && !message.contains("ended unexpectedly"), "{source}: {message}");
        }
    }
}
