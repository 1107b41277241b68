//! The corners where engines written in C have broken before: natives that call back into a script which takes away
//! what they go over, classes that answer with something else than themselves, dates and numbers at their ends, and
//! code that would run when its step has ended.
//!
//! Each is tried in one process, one after the other, with an honest step behind each: whatever it leaves in the
//! engine would show there, or end the process.

use std::time::Duration;

use fieldpost_script::sandbox::Pool;

use crate::escapes::{check_ended, check_finds};
use crate::support::{Recorder, job, run, run_job, run_with, settings};

/// Runs jobs in one process, an honest one behind each. None of them may end the process from within.
async fn check_all_harmless(sources: &[&str]) {
    let pool = Pool::new(settings(1));
    for source in sources {
        let mut hostile = job("hostile", source);
        hostile.work.limits.time = Duration::from_secs(10);
        let ran = run_job(&pool, &hostile, r#"{"data":{"own":1}}"#).await;
        let message = ran.error.map(|error| error.message).unwrap_or_default();
        assert!(!message.contains("The process that ran"), "{source}: {message}");
        let looks = "fn(s => ({ found: [[3, 1, 2].sort(), [1].map(n => n + 1), new Uint8Array([1, 2]).slice(1)[0], \
                     'ab'.replace(/b/, 'c'), new Date(0).getTime(), new Map([[1, 2]]).get(1)] }))";
        let after = run(&pool, looks, "{}").await;
        let found = after.state["found"].to_string();
        assert_eq!(found, r#"[[1,2,3],[2],2,"ac",0,2]"#, "{source}: {:?}", after.error);
    }
}

#[tokio::test]
async fn natives_whose_callbacks_take_away_what_they_go_over() {
    check_all_harmless(&[
        // Arrays that shrink or grow under a native.
        "fn(s => { const a = Array.from({ length: 1e4 }, (_, n) => n); a.sort((x, y) => { a.length = 0; return x - y; }); return s; })",
        "fn(s => { const a = [1, 2, 3, 4]; a.map(n => { a.splice(0, 4); a.push({}, {}, {}); return n; }); return s; })",
        "fn(s => { const a = [1, 2, 3]; a.indexOf(9, { valueOf() { a.length = 0; return 0; } }); a.includes({}, { valueOf() { a.length = 1e6; return 0; } }); return s; })",
        "fn(s => { const a = [1, 2, 3]; a.fill(7, 0, { valueOf() { a.length = 0; return 3; } }); a.copyWithin(0, { valueOf() { a.length = 1; return 1; } }); return s; })",
        "fn(s => { const a = [{ toString() { a.length = 0; a.push('x'.repeat(1e5)); return 'a'; } }, 'b', 'c']; a.join(); a.concat(a); return s; })",
        "fn(s => { const a = [1, 2, 3]; Object.defineProperty(a, 0, { get() { a.length = 0; return 1; }, configurable: true }); [...a]; a.slice(); a.flat(9); a.reduce((x, y) => x + y, 0); return s; })",
        "fn(s => { const a = new Array(100).fill(1); a.splice(0, { valueOf() { a.length = 1; return 90; } }, ...new Array(200).fill(2)); a.toSpliced?.(0, 1); a.with?.(0, { valueOf() { a.length = 0; } }); return s; })",
        "fn(s => { Array.prototype.concat.call({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true, 0: 1 }, []); return s; })",
        "fn(s => { Array.prototype.push.apply([], { length: 1e6 }); Reflect.apply(Math.max, null, { length: 1e5 }); String.fromCharCode.apply(null, { length: 1e5 }); return s; })",
        "fn(s => { const f = (...all) => all.length; f.apply(null, new Proxy([], { get(t, k) { if (k === 'length') return 1000; t.length = 0; return {}; } })); return s; })",
        // Buffers that are taken away or resized under a native.
        "fn(s => { const b = new ArrayBuffer(1e6); const v = new Uint8Array(b); const gone = { valueOf() { b.transfer?.(); return 5; } }; v.fill(gone, 0); v.set([1, 2], 0); return s; })",
        "fn(s => { const b = new ArrayBuffer(1e6); const v = new Uint8Array(b); v.slice(0, { valueOf() { b.transfer?.(0); return 1e6; } }); v.subarray(0, 10).fill(1); return s; })",
        "fn(s => { const b = new ArrayBuffer(1e6, { maxByteLength: 2e6 }); const v = new Uint8Array(b); v.set({ length: 10, get 0() { b.resize?.(0); return 1; } }, 1e5); return { data: v.length }; })",
        "fn(s => { const b = new ArrayBuffer(64, { maxByteLength: 1e6 }); const v = new Float64Array(b); v.sort((x, y) => { b.resize?.(8); return x - y; }); v.map(n => { b.resize?.(0); return n; }); return s; })",
        "fn(s => { const b = new ArrayBuffer(1e5); new DataView(b).setUint8({ valueOf() { b.transfer?.(); return 9e4; } }, 1); return s; })",
        "fn(s => { const b = new ArrayBuffer(1e5); const v = new DataView(b); try { v.setFloat64(1e5 - 8, { valueOf() { b.transfer?.(16); return 1; } }); } catch {} return { data: b.byteLength }; })",
        "fn(s => { const v = new Uint8Array(1e5); v.copyWithin({ valueOf() { v.buffer.transfer?.(); return 1; } }, 0); v.indexOf(1, { valueOf() { return 1e9; } }); return s; })",
        "fn(s => { const v = new Uint8Array(8); Atomics.store(v, { valueOf() { v.buffer.transfer?.(); return 3; } }, 1); Atomics.compareExchange(v, 1, 1, 1); return s; })",
        "fn(s => { const v = new Uint8Array(1e4); v.join({ toString() { v.buffer.transfer?.(); return ','; } }); v.lastIndexOf?.(0); v.toString(); return s; })",
        "fn(s => { const v = new Uint32Array(1e3); new Uint8Array(v); new Uint8Array({ length: 10, get 3() { v.buffer.transfer?.(); return v[0]; } }); return s; })",
        // Texts, expressions and maps that change under a native.
        "fn(s => { const r = /a/g; r.lastIndex = { valueOf() { r.compile?.('b'.repeat(1e4)); return 0; } }; r.exec('aaa'); 'aaa'.replace(r, () => { r.compile?.('x'); return ''; }); return s; })",
        "fn(s => { 'abc'.replace(/b/, { toString() { RegExp.prototype.exec = null; return '$&$1$<x>$9'; } }); 'abc'.split({ [Symbol.split]: () => ({}) }); return s; })",
        "fn(s => { const m = new Map([[1, 1], [2, 2], [3, 3]]); for (const [k] of m) { m.clear(); if (k < 1e4) m.set(k + 10, 1); } m.forEach((_, k) => { m.delete(k); if (k < 2e4) m.set(k + 1e4, 1); }); return s; })",
        "fn(s => { const one = new Set([1, 2, 3]); const two = { size: 3, has() { one.clear(); return true; }, keys() { one.clear(); return [1][Symbol.iterator](); } }; one.intersection?.(two); one.union?.(two); one.isSupersetOf?.(two); return s; })",
        "fn(s => { const m = new WeakMap(); let k = {}; for (let n = 0; n < 1e4; n++) { const next = {}; m.set(k, next); m.set(next, k); k = next; } return s; })",
        "fn(s => { const i = [1, 2, 3][Symbol.iterator](); i.next(); Object.getPrototypeOf(i).next = function () { return { get done() { throw 1; } }; }; try { [...i]; } catch {} return s; })",
        "fn(s => { JSON.stringify([1, { toJSON() { s.data = null; return { a: 1 }; } }], (k, v) => { delete this?.a; return v; }); JSON.parse('[1,2,{\"a\":1}]', function (k, v) { if (Array.isArray(this)) this.length = 0; return v; }); return s; })",
    ])
    .await;
}

#[tokio::test]
async fn classes_that_answer_with_something_else() {
    check_all_harmless(&[
        "fn(s => { class A extends Array { static get [Symbol.species]() { return function () { return Object.freeze({}); }; } } const a = A.from([1, 2, 3]); try { a.map(n => n); } catch {} try { a.splice(0, 1); } catch {} return s; })",
        "fn(s => { class A extends Array { static get [Symbol.species]() { return Uint8Array; } } const a = A.from([1, 2, 300]); return { data: [...a.map(n => n), ...a.filter(() => true)] }; })",
        "fn(s => { const a = new Uint8Array(1e5); a.constructor = { [Symbol.species]: function () { return new Uint8Array(1); } }; try { a.slice(0, 1e5); } catch {} try { a.map(n => n); } catch {} return s; })",
        "fn(s => { const a = new Float64Array(10); a.constructor = { [Symbol.species]: function (n) { return new BigInt64Array(n); } }; try { a.slice(); } catch {} try { a.subarray(0, 5); } catch {} return s; })",
        "fn(s => { const b = new ArrayBuffer(100); b.constructor = { [Symbol.species]: function () { return b; } }; try { b.slice(0, 50); } catch {} b.constructor = { [Symbol.species]: function () { return new ArrayBuffer(1); } }; try { b.slice(0, 50); } catch {} return s; })",
        "fn(s => { class P extends Promise { static get [Symbol.species]() { return function (run) { run(() => {}, () => {}); return s; }; } } P.resolve(1).then(() => {}); Promise.all.call(function (run) { run(() => {}, () => {}); }, [1]); return s; })",
        "fn(s => { class R extends RegExp { static get [Symbol.species]() { return function () { return { exec: () => ({ length: 1e9, index: -5, 0: '' }), flags: 'g' }; }; } } try { 'aXb'.split(new R('X')); } catch {} try { [...'aXb'.matchAll(new R('X', 'g'))]; } catch {} return s; })",
        "fn(s => { const p = new Proxy(function () {}, { construct: () => s, getPrototypeOf: () => null, has: () => true, get: (t, k) => (k === 'prototype' ? null : p) }); try { new p(); s instanceof p; Reflect.construct(Array, [], p); } catch {} return s; })",
        "fn(s => { class A { constructor() { return s; } } class B extends A { #x = 1; static has(o) { return #x in o; } } new B(); return { data: B.has(s) }; })",
        "fn(s => ({ data: [10, 'default', 'number', 'string'].map(h => { try { return Date.prototype[Symbol.toPrimitive].call({ valueOf: () => ({}), toString: () => 'x' }, h); } catch (e) { return e.name; } }) }))",
    ])
    .await;
}

#[tokio::test]
async fn dates_and_numbers_at_their_ends() {
    check_all_harmless(&[
        "fn(s => ({ data: [8.64e15, 8.64e15 + 1, -8.64e15, NaN, Infinity, 1e300, -0, '', null, undefined, [], {}].map(n => { const d = new Date(n); return [d.getTime(), String(d).length, JSON.stringify(d)]; }) }))",
        "fn(s => { const d = new Date(0); for (const set of ['setFullYear', 'setMonth', 'setDate', 'setHours', 'setMinutes', 'setSeconds', 'setMilliseconds', 'setTime', 'setUTCFullYear', 'setYear']) for (const n of [1e9, -1e9, 2 ** 31, 2 ** 53, NaN, Infinity, 1e308]) { d[set]?.(n); d.toLocaleString('no-such-place', { timeZone: '../../etc/passwd' }); d.getTimezoneOffset(); d.setTime(0); } return s; })",
        "fn(s => ({ data: ['2026-02-31', '+999999-01-01', '-271821-04-20T00:00:00Z', '99999999999999999999', '2026-01-01T25:61:61Z', '1'.repeat(1e6), '(' .repeat(1e5), 'Mon '.repeat(1e4)].map(text => Date.parse(text)) }))",
        "fn(s => { const d = new Date(0); d.setFullYear(2026, { valueOf() { d.setTime(NaN); return 1; } }, 1); Date.UTC(2026, { valueOf() { throw 1; } }); return s; })",
        "fn(s => ({ data: [typeof Intl, (1e21).toLocaleString?.('../..'), 'a'.localeCompare('b', '../../etc'), 'İ'.toLocaleLowerCase('tr'), 'a'.normalize('NFKD'), (5).toString(36)] }))",
        "fn(s => { try { 'a'.normalize('x'.repeat(1e6)); } catch {} return { data: ['\\u0344'.repeat(1e5).normalize('NFD').length, '\\ufdfa'.repeat(1e4).normalize('NFKD').length] }; })",
        "fn(s => ({ data: [0, 1, 20, 100, 101, -1, NaN].flatMap(n => ['toFixed', 'toPrecision', 'toExponential', 'toString'].map(f => { try { return (1e21 / 7)[f](n); } catch (e) { return e.name; } })) }))",
        "fn(s => { for (const n of [2n ** 64n, -1n, 2n ** 20000n]) { BigInt.asIntN(64, n); BigInt.asUintN(2 ** 53 - 1, n > 0n ? n : 1n); try { BigInt.asUintN(2 ** 53 - 1, -1n); } catch {} try { n << (2n ** 40n); } catch {} try { n ** (2n ** 40n); } catch {} } return s; })",
        "fn(s => { for (const length of [-1, 1.5, 2 ** 32, 2 ** 53, NaN, Infinity]) { try { new Array(length); } catch {} try { new ArrayBuffer(length); } catch {} try { 'x'.repeat(length); } catch {} try { 'x'.padStart(length, 'y'); } catch {} try { [].length = length; } catch {} try { new Uint8Array(new ArrayBuffer(8), length, length); } catch {} } return s; })",
        "fn(s => { const far = []; far[4294967294] = 1; far.length = 4294967295; try { far.push(1); } catch {} far.indexOf(1, -1); far.length = 0; return s; })",
    ])
    .await;
}

/// What would still run when its step has ended does not: neither beside the next step, nor when the state is read.
#[tokio::test]
async fn nothing_runs_when_its_step_has_ended() {
    let pool = Pool::new(settings(1));
    for source in [
        "fn(s => { setTimeout(() => console.log('late'), 30); return s; })",
        "fn(s => { setInterval(() => console.log('late'), 1); return s; })",
        "fn(s => { (async () => { for (;;) { await new Promise(done => setTimeout(done, 1)); console.log('late'); } })(); return s; })",
        "fn(s => { (async () => { for await (const one of { [Symbol.asyncIterator]: () => ({ next: async () => { await new Promise(done => setTimeout(done, 1)); console.log('late'); return { value: 1 }; } }) }); })(); return s; })",
        "fn(s => { new FinalizationRegistry(() => console.log('late')).register({}, 1); return s; })",
        "fn(s => { const left = { data: 1 }; setTimeout(() => { left.data = 'late'; }, 10); return left; })",
        "import { host } from 'fieldpost:host'; fn(s => { host('echo', 1).then(() => console.log('late')); host('never').finally(() => console.log('late')); return s; })",
    ] {
        let mut late = job("late", source);
        late.work.modules.push("fieldpost:host".to_owned());
        drop(run_with(&pool, &late, "{}", &Recorder::default()).await);
        let waits = "fn(s => new Promise(done => setTimeout(() => done({ data: 2, seen: typeof late }), 60)))";
        let next = run(&pool, waits, "{}").await;
        assert_eq!(next.state["data"], 2, "{source}: {:?}", next.error);
        assert!(next.log().is_empty(), "{source}: {:?}", next.log());
    }
    assert_eq!(pool.idle(), 1, "all of them had the same process");
    // A getter of what is left is run once, while the step has its time, and what it leaves is plain.
    let getter =
        "fn(s => { let n = 0; return { get data() { n += 1; return n; } }; }); fn(s => s);";
    let ran = run(&pool, getter, "{}").await;
    assert!(ran.state["data"].is_u64(), "{:?}", ran.state);
    check_ended("fn(s => ({ data: { get late() { return new Promise(() => {}).then ? (() => { for (;;); })() : 1; } } }))").await;
}

/// Threads and memory that is shared among them would let one step wait for, or write into, another.
#[tokio::test]
async fn memory_is_shared_with_nobody() {
    let pool = Pool::new(settings(1));
    let writes = "fn(s => { const shared = new SharedArrayBuffer(1024); new Uint8Array(shared).fill(7); globalThis.kept = shared; \
                  Atomics.notify(new Int32Array(shared), 0); return { data: Atomics.load(new Uint8Array(shared), 5) }; })";
    let reads = "fn(s => { const found = []; for (let n = 0; n < 100; n++) found.push(new Uint8Array(new SharedArrayBuffer(1024)).some(it => it !== 0), \
                 new Uint8Array(1024).some(it => it !== 0)); return { data: [typeof kept, found.some(it => it)] }; })";
    for _ in 0..3 {
        drop(run(&pool, writes, "{}").await);
        let ran = run(&pool, reads, "{}").await;
        assert_eq!(ran.state["data"].to_string(), r#"["undefined",false]"#, "{:?}", ran.error);
    }
    // Whoever waits for what nobody will do is ended at the end of its time.
    let waits = "fn(() => { const all = new Int32Array(new SharedArrayBuffer(8)); for (;;) Atomics.wait(all, 0, 0, 10); })";
    check_ended(waits).await;
    let found = "fn(() => ({ found: ['WebAssembly', 'Worker', 'MessageChannel', 'SharedWorker', 'BroadcastChannel'].filter(name => name in globalThis) }))";
    check_finds(found, "[]").await;
}

#[tokio::test]
async fn limits_of_the_bounds_hold_for_what_is_caught() {
    let pool = Pool::new(settings(1));
    // Caught again and again, the end of the memory is still the end of the step.
    let source = "fn(s => { const kept = []; for (;;) try { kept.push(new Uint8Array(1e6)); } catch { kept.push([]); } })";
    let mut hostile = job("hostile", source);
    hostile.work.limits.time = Duration::from_secs(2);
    let ran = run_job(&pool, &hostile, "{}").await;
    assert!(matches!(ran.kind(), "TimeoutError" | "OOMError"), "{:?}", ran.error);
    assert_eq!(run(&pool, "fn(s => ({ data: 1 }))", "{}").await.state["data"], 1);
}
