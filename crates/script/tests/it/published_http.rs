//! The adaptor `http` on ours and on the published runtime of OpenFn: the same requests reach the server,
//! and the same states or errors are left.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_testkit::{Answer, FakeDestination, ReceivedRequest};
use serde_json::{Value, json};

use crate::http::{HTTP, host};
use crate::published::run_published;
use crate::support::{limits, pool, raw};

/// The jobs, by name. The credential is `{baseUrl: <server>/api, username, password}` where a name begins
/// with nothing else; `BASE` is the server.
const JOBS: &[(&str, &str)] = &[
    ("get", "get('json');"),
    ("get_twice", "get('json'); get('text');"),
    ("get_slashes", "get('/json/');"),
    ("get_absolute", "get('BASE/api/json');"),
    (
        "get_query",
        "get('json', { query: { a: 'x y', b: 1, c: true, d: ['p', 'q'], e: null, 'f&': 'ü' } });",
    ),
    ("get_query_of_url", "get('json?a=1&b=2&a=3&z', { query: { a: 'mine', c: 4 } });"),
    ("get_lazy", "get($.data.path, { query: s => ({ id: s.data.id }) });"),
    ("get_headers", "get('json', { headers: { 'X-Own': 'v', Authorization: 'Own thing' } });"),
    ("get_text", "get('text');"),
    ("get_problem", "get('problem');"),
    ("get_untyped", "get('untyped');"),
    ("get_empty", "get('empty');"),
    ("get_nothing", "get('204');"),
    ("get_bad_json", "get('bad');"),
    ("get_as_text", "get('json', { parseAs: 'text' });"),
    ("get_as_json", "get('text-json', { parseAs: 'json' });"),
    ("get_as_base64", "get('bytes', { parseAs: 'base64' });"),
    ("get_marked", "get('marked', { parseAs: 'json' });"),
    ("get_repeated_headers", "get('cookies');"),
    ("get_gzip", "get('gzip');"),
    ("get_302", "get('to/302');"),
    ("get_chain", "get('chain/1');"),
    ("get_chain_2", "get('chain/1', { maxRedirections: 2 });"),
    ("get_chain_0", "get('chain/1', { maxRedirections: 0 });"),
    ("get_no_follow", "get('to/302', { followAllRedirects: false });"),
    ("post_json", "post('echo', { a: [1, 'ü'], b: null });"),
    ("post_list", "post('echo', JSON.stringify([1, 2]));"),
    ("post_text", "post('echo', 'plain', { contentType: 'string' });"),
    ("post_xml", "post('echo', '<a/>', { contentType: 'xml' });"),
    ("post_own_type", "post('echo', 'x', { headers: { 'content-type': 'application/x-own' } });"),
    ("post_form", "post('echo', { a: 1, b: 'ü', c: { d: 1 }, e: null }, { contentType: 'form' });"),
    ("post_nothing", "post('echo');"),
    ("post_number", "post('echo', 5);"),
    ("post_301", "post('to/301', { a: 1 });"),
    ("post_302", "post('to/302', { a: 1 });"),
    ("post_303", "post('to/303', { a: 1 });"),
    ("post_307", "post('to/307', { a: 1 });"),
    ("put_303", "put('to/303', { a: 1 });"),
    ("put", "put('echo', { a: 1 });"),
    ("patch", "patch('echo', { a: 1 });"),
    ("del", "del('echo');"),
    ("request", "request('POST', 'echo', { body: { a: 1 } });"),
    ("refused_404", "get('404');"),
    ("refused_500_text", "post('500', { a: 1 });"),
    ("refused_accepted", "get('404', { errors: { 404: false } });"),
    ("refused_own_text", "get('404', { errors: { 404: 'not there' } });"),
    ("refused_all_accepted", "get('404', { errors: false });"),
    ("success_refused", "get('json', { errors: { 200: true } });"),
    ("success_refused_text", "get('json', { errors: { 200: 'too good' } });"),
    (
        "caught",
        "get('404').catch((e, s) => ({ ...s, data: [e.statusCode, e.statusMessage, e.method, e.body] }));",
    ),
    ("mismatch", "get('http://other.example.org/x');"),
    (
        "mismatch_code",
        "get('http://other.example.org/x').catch((e, s) => ({ ...s, data: e.code }));",
    ),
    ("bare: absolute", "get('BASE/api/json');"),
    ("bare: relative", "get('json');"),
    ("bare: nothing", "get();"),
    (
        "bare: common",
        "fn(async s => { const r = await util.request('GET', 'BASE/api/json', { parseAs: 'json' })(s); return { ...s, data: r.data }; });",
    ),
    ("token: get", "get('json');"),
    (
        "xml",
        "fn(s => util.xmlParser('<r><p k=\"1\">a &amp; b</p><p>c</p></r>', $ => JSON.stringify($('r > p').map((i, it) => [$(it).text() + $(it).attr('k')]).get()))(s));",
    ),
    ("xml_text", "fn(s => util.xmlParser('<r><p>a</p></r>', $ => $('p').text() + '!')(s));"),
    (
        "xml_table",
        "fn(s => util.xmlParser('<table><tr><th colspan=\"2\">A &amp; B</th><th>C</th></tr><tr><td rowspan=\"2\"> x </td><td><b k=\"1\">y</b></td><td>z</td></tr><tr><td>v</td><td>w</td></tr></table>', $ => JSON.stringify([$('table').parsetable(), $('table').parsetable(true, true, true), $('table').parsetable(true), $('table').parsetable(false, true, true), $('td').html()]))(s));",
    ),
    (
        "util_constants",
        "fn(s => ({ ...s, data: [util.CONTENT_TYPES, util.getTLSOptions({ configuration: { tls: 1 } }, {}), util.getTLSOptions({ configuration: { tls: 1 } }, { agentOptions: 2 }), util.getTLSOptions({}, { tls: 3 }) ?? null] }));",
    ),
    ("xml_bare", "fn(s => util.xmlParser('<r/>')(s));"),
    ("each", "each(['json', 'text'], get(s => s.data));"),
    ("then", "get('json').then(s => ({ ...s, after: s.data.a }));"),
    (
        "util",
        "fn(s => ({ ...s, data: [util.encode('a'), util.decode('YQ=='), util.uuid().length] }));",
    ),
];

fn answer(path: &str) -> Answer {
    let typed = |content_type: &str, body: &'static [u8]| {
        Answer::status(200).header("content-type", content_type).body(body)
    };
    match path.trim_end_matches('/').strip_prefix("/api/").unwrap_or_default() {
        "json" => typed("application/json; charset=utf-8", br#"{"a":1,"b":[null,"x"]}"#),
        "text" => typed("text/plain", "h\u{fc}llo".as_bytes()),
        "problem" => typed("application/problem+json", br#"{"p":1}"#),
        "untyped" => Answer::status(200).body("what?"),
        "empty" => typed("application/json", b""),
        "204" => Answer::status(204),
        "bad" => typed("application/json", b"{no"),
        "text-json" => typed("text/plain", br#"{"t":true}"#),
        "bytes" => typed("application/octet-stream", &[0, 255, 128, 10]),
        "marked" => typed("application/json", b"\xef\xbb\xbf{\"m\":1}"),
        "cookies" => {
            typed("text/plain", b"c").header("set-cookie", "a=1").header("set-cookie", "b=2")
        }
        "gzip" => typed("application/json", GZIPPED).header("content-encoding", "gzip"),
        "404" => {
            Answer::status(404).header("content-type", "application/json").body(r#"{"why":"gone"}"#)
        }
        "500" => Answer::status(500).header("content-type", "text/html").body("<h1>no</h1>"),
        "chain/1" => Answer::status(302).header("location", "/api/chain/2"),
        "chain/2" => Answer::status(302).header("location", "chain/3").body("x"),
        "chain/chain/3" => Answer::status(301).header("location", "/api/json"),
        other => match other.strip_prefix("to/") {
            Some(status) => Answer::status(status.parse().unwrap()).header("location", "/api/echo"),
            None => typed("application/json", br#"{"ok":true}"#),
        },
    }
}

/// `{"zipped":1}`, as gzip packs it.
const GZIPPED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 170, 202, 44, 40, 72, 77, 81, 178, 50, 172, 5, 0, 50,
    244, 203, 94, 12, 0, 0, 0,
];

async fn server() -> FakeDestination {
    let server = FakeDestination::start().await;
    for path in [
        "json",
        "json/",
        "text",
        "problem",
        "untyped",
        "empty",
        "204",
        "bad",
        "text-json",
        "bytes",
        "marked",
        "cookies",
        "gzip",
        "404",
        "500",
        "chain/1",
        "chain/2",
        "chain/chain/3",
        "to/301",
        "to/302",
        "to/303",
        "to/307",
        "echo",
    ] {
        let path = format!("/api/{path}");
        server.answer(&path, answer(&path));
    }
    server
}

fn state(name: &str, base: &str) -> Value {
    let configuration = match name.split_once(':').map(|(kind, _)| kind) {
        Some("bare") => json!({ "username": "u", "password": "p" }),
        Some("token") => json!({ "baseUrl": format!("{base}/api/"), "access_token": "t" }),
        _ => json!({ "baseUrl": format!("{base}/api"), "username": "u", "password": "p" }),
    };
    json!({ "configuration": configuration, "data": { "path": "json", "id": 7 } })
}

fn module(source: &str) -> Job {
    let mut job = Job::compile("a", source, &[HTTP]).unwrap_or_else(|error| panic!("{error}"));
    job.work.limits = limits();
    job.work.remove = vec!["configuration".to_owned()];
    job
}

/// What a request was, but for what each client sets as it likes.
fn seen(request: &ReceivedRequest) -> Value {
    let kept = ["authorization", "content-type", "x-own", "content-length"];
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    for name in kept {
        if let Some(value) = request.header(name) {
            headers.insert(name, value.to_owned());
        }
    }
    let mut body = String::from_utf8_lossy(&request.body).into_owned();
    if let Some((form, boundary)) =
        headers.get("content-type").and_then(|it| it.split_once("boundary="))
    {
        let (form, boundary) = (form.to_owned(), boundary.to_owned());
        body = body
            .replace(&boundary, "BOUNDARY")
            .replace("Content-Disposition", "content-disposition");
        headers.insert("content-type", form);
        headers.remove("content-length");
    }
    json!({
        "method": request.method, "path": request.path, "query": request.query,
        "headers": headers, "body": body.trim_end(),
    })
}

/// What both sides must agree on: the rest is time, place, and the words of engines.
fn comparable(result: &Value, base: &str) -> Value {
    let text = result
        .to_string()
        .replace(base, "BASE")
        .replace(base.trim_start_matches("http://"), "HOST");
    let mut result: Value = serde_json::from_str(&text).unwrap();
    if let Some(response) = result.pointer_mut("/state/response").and_then(Value::as_object_mut) {
        response.remove("duration");
        if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
            for name in ["date", "connection", "keep-alive", "transfer-encoding"] {
                headers.remove(name);
            }
        }
    }
    if let Some(Value::Object(errors)) = result.pointer_mut("/state/errors") {
        for error in errors.values_mut() {
            let details = &error["details"];
            let told = ["statusCode", "statusMessage", "url", "method", "body", "code"]
                .map(|key| (key, details[key].clone()));
            let is_status = !details["statusCode"].is_null();
            let message = if is_status { error["message"].clone() } else { Value::Null };
            *error = json!({
                "severity": error["severity"], "message": message,
                "details": BTreeMap::from(told),
            });
        }
    }
    if let Some(error) = result.get_mut("error") {
        *error = json!({ "name": error["name"], "severity": error["severity"] });
    }
    result
}

async fn on_ours(base: &str) -> BTreeMap<String, Value> {
    let pool = pool();
    let mut results = BTreeMap::new();
    for (name, source) in JOBS {
        let job = module(&source.replace("BASE", base));
        let mut work = job.work.clone();
        work.state = raw(&state(name, base).to_string());
        let (outcome, _) = settle(pool.step(work, &host(&Mutex::default())).await, "a", None);
        let result = match (outcome.state, outcome.error) {
            (Some(state), _) => {
                json!({ "state": serde_json::from_str::<Value>(state.get()).unwrap() })
            }
            (None, Some(error)) => json!({ "error": error }),
            (None, None) => json!({ "state": null }),
        };
        results.insert((*name).to_owned(), result);
    }
    results
}

fn on_theirs(base: &str) -> BTreeMap<String, Value> {
    let cases: Vec<Value> = JOBS
        .iter()
        .map(|(name, source)| {
            let code = module(&source.replace("BASE", base)).work.code;
            json!({
                "name": name, "state": state(name, base), "remove": ["configuration"],
                "plan": { "workflow": { "steps": [{ "id": "a", "expression": code }] } },
            })
        })
        .collect();
    run_published(&json!(cases))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_their_ends_are_the_same() {
    let (our_server, their_server) = (server().await, server().await);
    let (our_base, their_base) = (our_server.url(""), their_server.url(""));
    let ours = on_ours(our_base.trim_end_matches('/')).await;
    let theirs = {
        let base = their_base.trim_end_matches('/').to_owned();
        tokio::task::spawn_blocking(move || on_theirs(&base)).await.unwrap()
    };
    let mut differing = Vec::new();
    for (name, _) in JOBS {
        let pair = [
            comparable(&ours[*name], our_base.trim_end_matches('/')),
            comparable(&theirs[*name], their_base.trim_end_matches('/')),
        ];
        if pair[0] != pair[1] {
            differing.push(format!("{name}\n  ours:   {}\n  theirs: {}", pair[0], pair[1]));
        }
    }
    let asked =
        [&our_server, &their_server].map(|it| it.received().iter().map(seen).collect::<Vec<_>>());
    for (place, (ours, theirs)) in asked[0].iter().zip(&asked[1]).enumerate() {
        if ours != theirs {
            differing.push(format!("request {place}\n  ours:   {ours}\n  theirs: {theirs}"));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert_eq!(asked[0].len(), asked[1].len());
}
