//! A million stored submissions: what it costs to list them, to find some by an indexed field, to turn far
//! into a list, and to take all of them away.
//!
//! They are filed through the store, many with each message, while no hub runs; then a hub is asked over
//! HTTP, as the pages and programs ask it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fieldpost_model::message::MessageRequest;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{Accept, Accepted, FiledSubmission, Filing, NewForm, NewMessage, Store};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::hub::{Engine, Hub, PROJECT, Place, TOKEN, plain_client};
use crate::load::{median, milliseconds};
use crate::receiver::now_micros;
use crate::report::{Report, rounded};
use crate::waiting;

/// Submissions that are stored, unless another number is asked for.
pub(crate) const STORED: u64 = 1_000_000;
/// Submissions that one message brings.
const TOGETHER: u64 = 1_000;
/// Villages that the submissions are from, by turns.
const VILLAGES: u64 = 500;
/// The form that all are of.
const FORM: &str = "visit";
/// Items of a page that is timed, and of those on the way to a deep one.
const PAGE: u64 = 50;
const STRIDE: u64 = 500;
/// How deep the deep page lies, in hundredths of the list.
const DEPTH: u64 = 90;
/// Requests that are timed, and those before them that are not.
const TIMED: usize = 40;
const BEFORE: usize = 5;
/// The median of what a page takes.
const LONGEST: f64 = 20.0;
/// What a deep page takes, to a first one.
const DEEPER: f64 = 1.5;
/// By how much memory may grow while all is exported, in megabytes.
const GROWTH: f64 = 30.0;
/// How often memory is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a hub runs before its memory is looked at.
const SETTLING: Duration = Duration::from_secs(3);

pub(crate) async fn run(stored: u64, report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        measure(engine, stored, report).await?;
    }
    Ok(())
}

async fn measure(engine: Engine, stored: u64, report: &mut Report) -> Result<()> {
    let place = Hub::start(engine, "").await?.stop();
    let begun = Instant::now();
    load(&place, stored).await?;
    let loaded_in = begun.elapsed();
    if let Some(url) = &place.database {
        // What autovacuum would have done in the time that so many take to come in.
        waiting::vacuum(url).await?;
    }
    let hub = Hub::start_in(place).await?;
    let name = engine.name();
    let lists = Lists { client: plain_client()?, hub: &hub };
    // By turns, so that what else the machine does meets both.
    let [first, deep] = lists.time(["", &lists.deep(stored).await?]).await?;
    let [village] = lists.time(["&where=values.village%3Dv7"]).await?;
    let [rare] = lists.time(["&where=values.household%3D4711"]).await?;
    let [few] = lists.time(["&where=values.age%3E119"]).await?;
    Report::tell(
        "submissions",
        &json!({"engine": name, "stored": stored, "loaded_in_s": loaded_in.as_secs(),
                "first_ms": rounded(first), "deep_ms": rounded(deep), "field_ms": rounded(village),
                "one_ms": rounded(rare), "range_ms": rounded(few)}),
    )?;
    for (what, took) in [
        ("a page", first.max(deep)),
        ("a page by an indexed field", village),
        ("one submission by an indexed field", rare),
        ("a page by a range of an indexed field", few),
    ] {
        report.at_most(&format!("submissions: {what}, ms, {name}"), took, LONGEST)?;
    }
    let bar = format!("submissions: a deep page to the first, {name}");
    report.at_most(&bar, deep / first, DEEPER)?;
    let growth = lists.export(stored).await?;
    let bar = format!("submissions: memory while all are exported, MB, {name}");
    report.at_most(&bar, growth, GROWTH)
}

/// Files the form, has its fields indexed, and files its submissions.
async fn load(place: &Place, stored: u64) -> Result<()> {
    let store = waiting::open(place).await?;
    let form = NewForm { name: FORM.to_owned(), title: FORM.to_owned(), ..NewForm::default() };
    file(&store, Filing { forms: vec![form], ..Filing::default() }).await?;
    let paths = ["village", "household", "age"].map(|name| vec![name.to_owned()]);
    store.index_fields(PROJECT, FORM, &paths).await?;
    while store.index_fields_step(1).await? {}
    let mut number = 0;
    while number < stored {
        let end = stored.min(number + TOGETHER);
        let submissions = (number..end).map(filled).collect();
        file(&store, Filing { submissions, ..Filing::default() }).await?;
        number = end;
    }
    Ok(())
}

fn filled(number: u64) -> FiledSubmission {
    // One in a hundred thousand is so old.
    let age = if number.is_multiple_of(100_000) { 120 } else { number % 100 };
    let values = json!({"name": format!("Person {number}"), "village": format!("v{}", number % VILLAGES),
                        "household": number, "age": age, "notes": "x".repeat(200)});
    let mut content_hash = [0; 32];
    content_hash[..8].copy_from_slice(&number.to_be_bytes());
    FiledSubmission {
        id: Uuid::now_v7(),
        form: FORM.to_owned(),
        instance_id: Some(format!("uuid:{}", Uuid::now_v7())),
        content_hash,
        values: values.to_string(),
        extra: "{}".to_owned(),
        metadata: "{}".to_owned(),
        user_id: Some(format!("u{}", number % 20)),
        is_untyped: true,
        ..FiledSubmission::default()
    }
}

/// Keeps a message that files this.
async fn file(store: &Store, filing: Filing) -> Result<()> {
    let projects = store.projects().await?;
    let project = projects.into_iter().find(|project| &*project.name == PROJECT);
    let project = project.context("the hub has made no project")?;
    let accept = Accept {
        project: project.name,
        configuration_version: project.configuration_version,
        message: NewMessage {
            id: Uuid::now_v7(),
            source: "in".to_owned(),
            received_at: Timestamp(i64::try_from(now_micros())?),
            quarantined: None,
            remark: None,
            content_type: None,
            identity: None,
            dedupe: None,
            request: MessageRequest {
                method: "POST".to_owned(),
                path: "/inbox/•••".to_owned(),
                query: Vec::new(),
                headers: Vec::new(),
            },
            body: "{}".into(),
        },
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
        filing: Some(Box::new(filing)),
    };
    match store.accept(accept).await? {
        Accepted::Kept { .. } => Ok(()),
        other => bail!("the submissions were not kept: {other:?}"),
    }
}

/// The lists of a hub.
struct Lists<'h> {
    client: reqwest::Client,
    hub: &'h Hub,
}

impl Lists<'_> {
    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let address = self.hub.address;
        self.client
            .get(format!("http://{address}/api/v1/projects/{PROJECT}/{path}"))
            .bearer_auth(TOKEN)
    }

    async fn page(&self, limit: u64, query: &str) -> Result<Value> {
        let path = format!("submissions?form={FORM}&limit={limit}{query}");
        let answer = self.get(&path).send().await?.error_for_status()?.text().await?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// The median of what pages take, in milliseconds; they are asked for by turns.
    async fn time<const PAGES: usize>(&self, queries: [&str; PAGES]) -> Result<[f64; PAGES]> {
        let mut times = [(); PAGES].map(|()| Vec::with_capacity(TIMED));
        for number in 0..BEFORE + TIMED {
            for (query, times) in queries.iter().zip(&mut times) {
                let begun = Instant::now();
                let page = self.page(PAGE, query).await?;
                if page.pointer("/items/0").is_none() {
                    bail!("a page shows nothing: {query}");
                }
                if number >= BEFORE {
                    times.push(milliseconds(begun.elapsed()));
                }
            }
        }
        Ok(times.map(median))
    }

    /// The query of a page far into the list.
    async fn deep(&self, stored: u64) -> Result<String> {
        let mut query = String::new();
        for _ in 0..(stored * DEPTH / 100 / STRIDE) {
            let page = self.page(STRIDE, &query).await?;
            let next = page.get("next").and_then(Value::as_str).context("the list ends early")?;
            query = format!("&cursor={next}");
        }
        Ok(query)
    }

    /// By how many megabytes the hub grows while it writes all submissions into one file.
    async fn export(&self, stored: u64) -> Result<f64> {
        sleep(SETTLING).await;
        let before = self.hub.resident_megabytes()?;
        let request = self.get(&format!("forms/{FORM}/export?format=csv"));
        let exporting = async {
            let mut answer = request.send().await?.error_for_status()?;
            let mut lines = 0;
            while let Some(piece) = answer.chunk().await? {
                lines += piece.split(|byte| *byte == b'\n').count() as u64 - 1;
            }
            anyhow::Ok(lines)
        };
        let mut exporting = std::pin::pin!(exporting);
        let begun = Instant::now();
        let mut most = before;
        let lines = loop {
            tokio::select! {
                lines = &mut exporting => break lines?,
                () = sleep(LOOK_AGAIN) => most = most.max(self.hub.resident_megabytes()?),
            }
        };
        if lines < stored {
            bail!("{lines} lines were exported");
        }
        let per_second = stored as f64 / begun.elapsed().as_secs_f64();
        Report::tell(
            "submissions-export",
            &json!({"per_second": per_second.round(), "before_mb": rounded(before),
                    "most_mb": rounded(most)}),
        )?;
        Ok(most - before)
    }
}
