//! The lists of the API of w.c.s.: a hundred thousand submissions along a lifecycle as one answer, short and whole,
//! with the memory that it takes; what has changed lately among a million; and pages far into a list.
//!
//! One submission of each form comes in as any other, and its rows are multiplied within the database, each copy with
//! its own number and times. Beside the hub stands what a program does that has all rows in memory and writes them as
//! one document: Python's `json`, given the same rows as text.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_postgres::NoTls;

use crate::hub::{Engine, Hub, PROJECT, Place, plain_client};
use crate::load::{median, milliseconds};
use crate::receiver::now_micros;
use crate::report::{Report, rounded};
use crate::waiting::{self, SQLITE_FILE};

/// Submissions of the form whose changes are asked for, unless another number is.
pub(crate) const STORED: u64 = 1_000_000;
/// Of so many of them one is listed whole.
const LISTED_SHARE: u64 = 10;
/// Submissions that have changed lately, spread over all.
const LATELY: u64 = 50;
/// The forms: the one that is listed, and the one whose changes are asked for.
const LISTED: &str = "request";
const LARGE: &str = "archive";
const SECRET: &str = "the-secret-of-the-bench-portal";
/// Copies that one transaction makes in the embedded database.
const STEP: u64 = 50_000;
/// Rows of a page that is timed, and of those on the way to a deep one.
const PAGE: u64 = 50;
const STRIDE: u64 = 500;
/// How deep the deep page lies, in hundredths of the list.
const DEPTH: u64 = 90;
/// Requests that are timed, and those before them that are not.
const TIMED: usize = 40;
const BEFORE: usize = 5;
/// By how much memory may grow while a whole list is sent, in megabytes.
const GROWTH: f64 = 20.0;
/// The median of what has changed lately, in milliseconds.
const INCREMENT: f64 = 10.0;
/// What a deep page takes, to a first one.
const DEEPER: f64 = 1.5;
/// How often memory is looked at meanwhile, and how long a hub runs before it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const SETTLING: Duration = Duration::from_secs(3);

/// Reads rows, one JSON text a line, and writes them as one document: seconds, bytes and megabytes of memory.
const NAIVE: &str = "
import json, resource, sys, time
rows = [json.loads(line) for line in sys.stdin]
begun = time.perf_counter()
text = json.dumps(rows)
took = time.perf_counter() - begun
print(json.dumps([took, len(text), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
";

pub(crate) async fn run(stored: u64, report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        measure(engine, stored, report).await?;
    }
    Ok(())
}

fn project() -> String {
    let form = json!({
        "title": "Request", "digest": "{{ form_var_name }}", "submission_roles": ["agents"],
        "fields": [
            { "name": "name", "label": "Name", "type": "string" },
            { "name": "kind", "label": "Kind", "type": "item",
              "items": [{ "id": "lamp", "text": "Lamp" }, { "id": "road", "text": "Road" }] },
            { "name": "amount", "label": "Amount", "type": "numeric" },
            { "name": "story", "label": "Story", "type": "text" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "just_submitted": { "name": "Just submitted", "actions": [{ "jump": "new" }] },
                "new": { "name": "New", "actions": [
                    { "jump": "done", "label": "Done", "by": ["_receiver"] }] },
                "done": { "name": "Done", "endpoint": true },
            },
        },
    });
    let access = json!({ "portal": { "secret": SECRET, "roles": ["agents"] } });
    let roles = json!({ "agents": { "name": "Agents" } });
    let forms = json!({ LISTED: form, LARGE: form });
    format!("roles: {roles}\napi_access: {access}\nforms: {forms}\n")
}

async fn measure(engine: Engine, stored: u64, report: &mut Report) -> Result<()> {
    let hub = Hub::start(engine, &project()).await?;
    let listed = (stored / LISTED_SHARE).max(STRIDE);
    let client = Client { client: plain_client()?, hub: &hub };
    for form in [LISTED, LARGE] {
        client.submit(form).await?;
    }
    let begun = Instant::now();
    let place = hub.stop();
    // The first of them came in just now; the others did in the time before.
    let since = i64::try_from(now_micros())? - 1_000_000 * i64::try_from(stored + LATELY)?;
    for (form, count) in [(LISTED, listed), (LARGE, stored)] {
        multiply(&place, Copies { form, count, since }).await?;
    }
    if let Some(url) = &place.database {
        // What autovacuum would have done in the time that so many take to come in.
        waiting::vacuum(url).await?;
    }
    let loaded_in = begun.elapsed();
    let hub = Hub::start_in(place).await?;
    let (name, client) = (engine.name(), Client { client: plain_client()?, hub: &hub });
    // The walk along what was there before its lifecycle is over by then.
    sleep(SETTLING).await;
    let mut whole = Vec::new();
    // The first fills what the database keeps of its pages, and what the allocator keeps for later.
    let cold = client.stream(&format!("{LISTED}/list?filter=all&full=on"), &mut whole).await?;
    let cold_growth = rounded(cold.most - cold.before);
    Report::tell("lists", &json!({"engine": name, "first_growth_mb": cold_growth}))?;
    for (what, query) in [("rows", ""), ("documents", "&full=on")] {
        let sent = client.stream(&format!("{LISTED}/list?filter=all{query}"), &mut whole).await?;
        let naive = naive(&whole)?;
        if naive.rows < listed {
            bail!("{} of {listed} {what} were listed", naive.rows);
        }
        let growth = sent.most - sent.before;
        Report::tell(
            "lists",
            &json!({"engine": name, "of": what, "count": naive.rows, "seconds": rounded(sent.seconds),
                    "first_byte_ms": rounded(sent.first_byte), "bytes": whole.len(),
                    "growth_mb": rounded(growth), "naive_dumps_seconds": rounded(naive.seconds),
                    "naive_mb": rounded(naive.megabytes)}),
        )?;
        let bar = format!("lists: memory while {listed} {what} are listed, MB, {name}");
        report.at_most(&bar, growth, GROWTH)?;
    }
    let lately = client.lately(since, stored).await?;
    let [first, by_offset] = client.by_offset(listed).await?;
    let [first_by_cursor, by_cursor] = client.by_cursor(listed).await?;
    Report::tell(
        "lists",
        &json!({"engine": name, "stored": stored, "loaded_in_s": loaded_in.as_secs(),
                "lately_ms": rounded(lately), "first_ms": rounded(first),
                "deep_offset_ms": rounded(by_offset), "first_by_cursor_ms": rounded(first_by_cursor),
                "deep_cursor_ms": rounded(by_cursor)}),
    )?;
    let bar = format!("lists: what changed lately among {stored}, ms, {name}");
    report.at_most(&bar, lately, INCREMENT)?;
    let bar = format!("lists: a deep page by offset to the first, {name}");
    report.at_most(&bar, by_offset / first, DEEPER)?;
    let bar = format!("lists: a deep page by cursor to the first, {name}");
    report.at_most(&bar, by_cursor / first_by_cursor, DEEPER)
}

/// What the naive way took.
struct Naive {
    rows: u64,
    seconds: f64,
    megabytes: f64,
}

/// Has Python write the rows of an answer as one document.
fn naive(answer: &[u8]) -> Result<Naive> {
    let rows: Vec<Value> = serde_json::from_slice(answer)?;
    let mut python = Command::new("python3")
        .args(["-c", NAIVE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("python3 cannot be started: the lists are measured beside it")?;
    let mut lines = std::io::BufWriter::new(python.stdin.take().context("python3 takes nothing")?);
    for row in &rows {
        writeln!(lines, "{row}")?;
    }
    drop(lines);
    let output = python.wait_with_output()?;
    let (seconds, _, megabytes): (f64, u64, f64) = serde_json::from_slice(&output.stdout)?;
    Ok(Naive { rows: rows.len() as u64, seconds, megabytes })
}

/// What sending a whole list took.
struct Sent {
    seconds: f64,
    first_byte: f64,
    before: f64,
    most: f64,
}

/// A program that reads lists.
struct Client<'h> {
    client: reqwest::Client,
    hub: &'h Hub,
}

impl Client<'_> {
    fn url(&self, path: &str) -> String {
        format!("http://{}/p/{PROJECT}/api/{path}", self.hub.address)
    }

    async fn submit(&self, form: &str) -> Result<()> {
        let story = "The lamp before the door has been dark since last week. ".repeat(4);
        let answers = json!({ "name": "Ada", "kind": "lamp", "amount": "5", "story": story });
        let request = self.client.post(self.url(&format!("formdefs/{form}/submit")));
        let request = request.basic_auth("portal", Some(SECRET));
        let request = request.header("content-type", "application/json");
        request.body(json!({ "data": answers }).to_string()).send().await?.error_for_status()?;
        Ok(())
    }

    async fn answer(&self, path: &str) -> Result<reqwest::Response> {
        let request = self.client.get(self.url(&format!("forms/{path}")));
        Ok(request.basic_auth("portal", Some(SECRET)).send().await?.error_for_status()?)
    }

    /// Reads a whole list, and looks at the hub's memory meanwhile.
    async fn stream(&self, path: &str, whole: &mut Vec<u8>) -> Result<Sent> {
        whole.clear();
        sleep(SETTLING).await;
        let before = self.hub.resident_megabytes()?;
        let (mut most, mut first_byte, begun) = (before, 0.0, Instant::now());
        let mut answer = self.answer(path).await?;
        let mut looked = begun;
        while let Some(piece) = answer.chunk().await? {
            if whole.is_empty() {
                first_byte = milliseconds(begun.elapsed());
            }
            whole.extend_from_slice(&piece);
            if looked.elapsed() > LOOK_AGAIN {
                looked = Instant::now();
                most = most.max(self.hub.resident_megabytes()?);
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        most = most.max(self.hub.resident_megabytes()?);
        Ok(Sent { seconds, first_byte, before, most })
    }

    /// One page, and what it took.
    async fn page(&self, path: &str) -> Result<(Value, f64)> {
        let begun = Instant::now();
        let text = self.answer(path).await?.text().await?;
        let took = milliseconds(begun.elapsed());
        Ok((serde_json::from_str(&text)?, took))
    }

    /// The median of what has changed lately, in the usual order of lists.
    async fn lately(&self, since: i64, stored: u64) -> Result<f64> {
        let from = since + 1_000_000 * i64::try_from(stored)?;
        let from = fieldpost_model::time::Timestamp(from).to_string();
        let query = format!("filter-start-mtime=on&filter-start-mtime-value={from}");
        let path = format!("{LARGE}/list?filter=all&{query}");
        let mut times = Vec::with_capacity(TIMED);
        for number in 0..BEFORE + TIMED {
            let (rows, took) = self.page(&path).await?;
            let count = rows.as_array().map_or(0, Vec::len) as u64;
            if !(1..=2 * LATELY).contains(&count) {
                bail!("{count} have changed lately");
            }
            if number >= BEFORE {
                times.push(took);
            }
        }
        Ok(median(times))
    }

    /// First pages and deep ones by turns, as a program asks for them that goes on by offsets.
    async fn by_offset(&self, listed: u64) -> Result<[f64; 2]> {
        let path = |limit: u64, offset: u64| {
            format!("{LISTED}/list?filter=all&limit={limit}&offset={offset}")
        };
        let mut offset = 0;
        while offset < listed * DEPTH / 100 {
            self.page(&path(STRIDE, offset)).await?;
            offset += STRIDE;
        }
        let (mut first, mut deep) = (Vec::new(), Vec::new());
        for number in 0..BEFORE + TIMED {
            let (_, took_first) = self.page(&path(PAGE, 0)).await?;
            let (rows, took) = self.page(&path(PAGE, offset)).await?;
            if rows.as_array().is_none_or(Vec::is_empty) {
                bail!("the list ends before {offset}");
            }
            offset += PAGE;
            if offset + PAGE > listed {
                offset = listed * DEPTH / 100;
            }
            if number >= BEFORE {
                first.push(took_first);
                deep.push(took);
            }
        }
        Ok([median(first), median(deep)])
    }

    /// The same by cursors.
    async fn by_cursor(&self, listed: u64) -> Result<[f64; 2]> {
        let path = |limit: u64, cursor: &str| {
            format!("{LISTED}/list?filter=all&limit={limit}&cursor={cursor}")
        };
        let next = |page: &Value| {
            let next = page.get("cursor").or_else(|| page.get("next")).and_then(Value::as_str);
            next.map(str::to_owned).context("the list ends early")
        };
        let mut cursor = String::new();
        for _ in 0..(listed * DEPTH / 100 / STRIDE) {
            cursor = next(&self.page(&path(STRIDE, &cursor)).await?.0)?;
        }
        let (mut first, mut deep) = (Vec::new(), Vec::new());
        for number in 0..BEFORE + TIMED {
            let (_, took_first) = self.page(&path(PAGE, "")).await?;
            let (_, took) = self.page(&path(PAGE, &cursor)).await?;
            if number >= BEFORE {
                first.push(took_first);
                deep.push(took);
            }
        }
        Ok([median(first), median(deep)])
    }
}

/// What is made of the one submission of a form.
#[derive(Clone, Copy)]
struct Copies {
    form: &'static str,
    count: u64,
    /// When the first of them came in; each further one came a second later.
    since: i64,
}

/// The tables in which a submission along a lifecycle has its rows.
const TABLES: [&str; 4] = ["submissions", "submission_versions", "progress", "progress_bodies"];

impl Copies {
    /// How a column of the copy `number` differs from the original. The last few changes are spread over all.
    fn other(self, table: &str, column: &str, id: &str) -> Option<String> {
        let came = format!("{} + copy * 1000000", self.since);
        let lately = (self.count / LATELY).max(1);
        let end = self.since + 1_000_000 * i64::try_from(self.count).unwrap_or(i64::MAX);
        Some(match (table, column) {
            ("submissions", "id") | (_, "submission") | ("progress", "uuid") => id.to_owned(),
            (_, "number") => "1 + copy".to_owned(),
            (_, "display_id") => "CAST(1 + copy AS TEXT)".to_owned(),
            (_, "instance_id" | "natural_id" | "tracking_code") => "NULL".to_owned(),
            (_, "received_at" | "arrived_at" | "modified_at") => came,
            ("progress", "updated_at") => format!(
                "CASE WHEN copy % {lately} = 0 THEN {end} + copy / {lately} ELSE {came} END"
            ),
            (_, "indexed_at") => "original.indexed_at + copy".to_owned(),
            (_, "body") => "replace(original.body, '\"number\":1,',
                 '\"number\":' || CAST(1 + copy AS TEXT) || ',')"
                .to_owned(),
            _ => return None,
        })
    }

    /// The statement that copies the row of one table.
    fn statement(self, table: &str, columns: &[String], id: &str, numbers: &str) -> String {
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                self.other(table, column, id).unwrap_or_else(|| format!("original.{column}"))
            })
            .collect();
        let key = if table == "submissions" { "id" } else { "submission" };
        format!(
            "{numbers} INSERT INTO {table} ({}) SELECT {} FROM {table} original, numbers
             WHERE original.project = '{PROJECT}' AND original.{key} = (
                 SELECT first.id FROM submissions first WHERE first.project = '{PROJECT}'
                 AND first.form = '{}' AND first.number = 1)",
            columns.join(", "),
            values.join(", "),
            self.form
        )
    }
}

async fn multiply(place: &Place, copies: Copies) -> Result<()> {
    match &place.database {
        None => multiply_in_sqlite(place, copies),
        Some(url) => multiply_in_postgres(url, copies).await,
    }
}

fn multiply_in_sqlite(place: &Place, copies: Copies) -> Result<()> {
    let mut connection = Connection::open(place.data().join(SQLITE_FILE))?;
    let last = copies.count.saturating_sub(1);
    let mut from = 1;
    while from <= last {
        let to = last.min(from + STEP - 1);
        let numbers = format!(
            "WITH RECURSIVE numbers (copy) AS (
                 VALUES ({from}) UNION ALL SELECT copy + 1 FROM numbers WHERE copy < {to})"
        );
        let transaction = connection.transaction()?;
        for table in TABLES {
            let columns: Vec<String> = transaction
                .prepare("SELECT name FROM pragma_table_info(?1)")?
                .query_map([table], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let original = if table == "submissions" { "id" } else { "submission" };
            let id = format!(
                "unhex(substr(hex(original.{original}), 1, 16) || '8' || printf('%015X', copy))"
            );
            transaction.execute(&copies.statement(table, &columns, &id, &numbers), [])?;
        }
        transaction.commit()?;
        from = to + 1;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

async fn multiply_in_postgres(url: &str, copies: Copies) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with its client.
    tokio::spawn(connection);
    let last = copies.count.saturating_sub(1);
    let numbers = format!("WITH numbers AS (SELECT generate_series(1, {last}::bigint) AS copy)");
    for table in TABLES {
        let columns = waiting::columns_in_postgres(&client, table).await?;
        let original = if table == "submissions" { "id" } else { "submission" };
        let id = format!(
            "(substr(replace(original.{original}::text, '-', ''), 1, 16) || '8' ||
              lpad(to_hex(copy), 15, '0'))::uuid"
        );
        client.execute(&copies.statement(table, &columns, &id, &numbers), &[]).await?;
    }
    Ok(())
}
