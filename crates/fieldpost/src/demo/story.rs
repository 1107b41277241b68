//! The demo's story: what was sent, what came of it, and whether it is what should have come of it.

use fieldpost_model::json::Value;

use super::samples::{Expected, ExpectedRun, SAMPLES, Sample};
use crate::cli::number;
use crate::client::{HubClient, Json, Query};
use crate::failure::Failure;
use crate::output;

/// The project that the demo makes.
pub(super) const PROJECT: &str = "demo";
/// The characters of an identity that are shown: enough to see which are the same.
const SHOWN: usize = 13;
/// More than the demo ever makes.
const EVERYTHING: usize = 10_000;

/// What became of all samples so far.
pub(super) struct Story {
    chapters: Vec<Chapter>,
}

/// What became of one sample.
struct Chapter {
    sample: &'static Sample,
    /// The status that its sender got.
    answer: u16,
    /// The message that is kept of it; null where there is none.
    message: Json,
    /// The deliveries that it set off.
    deliveries: Vec<Json>,
    /// The runs that it set off, each with its steps.
    runs: Vec<Json>,
}

impl Story {
    /// Reads what became of the samples; `answers` are the statuses that their senders got.
    pub(super) async fn read(client: &HubClient, answers: &[u16]) -> Result<Self, Failure> {
        let none = Query::new();
        let path = |list: &'static str| ["projects", PROJECT, list];
        let mut messages = client.list(&path("messages"), &none, EVERYTHING).await?;
        let mut deliveries = client.list(&path("deliveries"), &none, EVERYTHING).await?;
        // Lists are newest first; the story is told from its beginning.
        messages.reverse();
        deliveries.reverse();
        let runs = read_runs(client).await?;
        // Those of one message are made in the same moment.
        deliveries.sort_by(|left, right| text(left, "forwarder").cmp(text(right, "forwarder")));
        let mut messages = messages.into_iter();
        let chapters = SAMPLES
            .iter()
            .zip(answers)
            .map(|(sample, answer)| {
                let message = messages.next().unwrap_or(Value::Null);
                let id = text(&message, "id");
                let own = deliveries.iter().filter(|delivery| text(delivery, "payload_id") == id);
                let deliveries = own.cloned().collect();
                let own = runs.iter().filter(|run| !id.is_empty() && text(run, "message") == id);
                let runs = own.cloned().collect();
                Chapter { sample, answer: *answer, message, deliveries, runs }
            })
            .collect();
        Ok(Self { chapters })
    }

    /// What is not as it should be, each in a sentence.
    pub(super) fn complaints(&self) -> Vec<String> {
        let missing = SAMPLES.len().saturating_sub(self.chapters.len());
        let mut complaints: Vec<String> =
            self.chapters.iter().flat_map(Chapter::complaints).collect();
        if missing > 0 {
            complaints.push(format!("{missing} samples were not sent"));
        }
        complaints
    }

    /// How many deliveries and runs have ended, and how many there should be.
    pub(super) fn progress(&self) -> (usize, usize) {
        let runs = self.chapters.iter().flat_map(|chapter| &chapter.runs);
        let runs_ended = runs.filter(|run| !text(run, "finished_at").is_empty()).count();
        let runs_expected: usize = SAMPLES.iter().map(|sample| sample.runs.len()).sum();
        let deliveries = self.chapters.iter().flat_map(|chapter| &chapter.deliveries);
        let ended =
            deliveries.filter(|delivery| !matches!(text(delivery, "state"), "pending" | "failed"));
        let expected: usize = SAMPLES.iter().map(|sample| sample.deliveries.len()).sum();
        (ended.count() + runs_ended, expected + runs_expected)
    }

    /// The table of what came in.
    pub(super) fn came_in(&self) -> comfy_table::Table {
        let mut table = output::narrow_table([
            "",
            "sent by",
            "what it is",
            "answer",
            "kept as",
            "known by",
            "wanted by",
        ]);
        for (place, chapter) in (1..).zip(&self.chapters) {
            let forwarders = chapter.deliveries.iter().map(|delivery| text(delivery, "forwarder"));
            let workflows = chapter.runs.iter().map(|run| text(run, "workflow"));
            let wanted: Vec<&str> = forwarders.chain(workflows).collect();
            let wanted = if wanted.is_empty() { "nobody".to_owned() } else { wanted.join(", ") };
            table.add_row(vec![
                place.to_string().into(),
                chapter.sample.system.into(),
                chapter.sample.what.into(),
                chapter.answer.to_string().into(),
                output::state_cell(&self.kept_as(chapter)),
                chapter.known_by().into(),
                wanted.into(),
            ]);
        }
        table
    }

    /// A message's state, with what there is to say about it.
    fn kept_as(&self, chapter: &Chapter) -> String {
        let state = text(&chapter.message, "state");
        let of = text(&chapter.message, "duplicate_of");
        let first = self.chapters.iter().position(|other| text(&other.message, "id") == of);
        match (first, number(&chapter.message, "version")) {
            (Some(position), _) => format!("{state} of {}", position + 1),
            (None, 0 | 1) => state.to_owned(),
            (None, version) => format!("{state}, version {version}"),
        }
    }

    /// The table of where it went.
    pub(super) fn went_out(&self) -> comfy_table::Table {
        let mut table = output::narrow_table([
            "",
            "what it is",
            "forwarder",
            "goes to",
            "attempts",
            "state",
            "last answer",
        ]);
        for (place, chapter) in (1..).zip(&self.chapters) {
            for delivery in &chapter.deliveries {
                table.add_row(vec![
                    place.to_string().into(),
                    format!("{} {}", chapter.sample.system, chapter.sample.what).into(),
                    text(delivery, "forwarder").into(),
                    text(delivery, "connection").into(),
                    number(delivery, "attempts").to_string().into(),
                    output::state_cell(text(delivery, "state")),
                    last_answer(delivery).into(),
                ]);
            }
        }
        table
    }

    /// The table of what workflows did.
    pub(super) fn ran(&self) -> comfy_table::Table {
        let mut table =
            output::narrow_table(["", "what it is", "workflow", "steps", "outcome", "left"]);
        for (place, chapter) in (1..).zip(&self.chapters) {
            for run in &chapter.runs {
                table.add_row(vec![
                    place.to_string().into(),
                    format!("{} {}", chapter.sample.system, chapter.sample.what).into(),
                    text(run, "workflow").into(),
                    steps(run).join(", ").into(),
                    output::state_cell(text(run, "state")),
                    left(run).into(),
                ]);
            }
        }
        table
    }

    /// Why deliveries did not arrive, each in its own words.
    pub(super) fn refusals(&self) -> Vec<String> {
        let deliveries = self.chapters.iter().flat_map(|chapter| &chapter.deliveries);
        let refused = deliveries.filter(|delivery| text(delivery, "state") != "succeeded");
        refused
            .map(|delivery| {
                let (to, error) = (text(delivery, "connection"), text(delivery, "last_error"));
                format!("The last answer of the {to}, in full:\n  {error}")
            })
            .collect()
    }
}

impl Chapter {
    fn known_by(&self) -> String {
        match text(&self.message, "identity") {
            "" => "–".to_owned(),
            identity => shortened(identity),
        }
    }

    fn complaints(&self) -> Vec<String> {
        let Self { sample, answer, message, .. } = self;
        let runs = self.runs.iter().map(|run| {
            let (workflow, state) = (text(run, "workflow"), text(run, "state"));
            let error = run.path(&["error", "message"]).and_then(Value::as_str);
            let error = error.map(|error| format!(" ({error})")).unwrap_or_default();
            format!("{workflow}: {state} after {} steps{error}", steps(run).len())
        });
        let runs: Vec<String> = runs.collect();
        let Sample { system, what, .. } = sample;
        let mut complaints = Vec::new();
        let mut expect = |noun: &str, is: &str, should: &str| {
            if is != should {
                complaints.push(format!("{system} {what}: {noun} is {is:?}, not {should:?}"));
            }
        };
        expect("the answer", &answer.to_string(), &sample.answer.to_string());
        expect("the state", text(message, "state"), sample.state);
        expect("the source", text(message, "source"), sample.source);
        expect("the version", &number(message, "version").to_string(), &sample.version.to_string());
        let told = |expected: &Expected| {
            let Expected { forwarder, state, attempts } = expected;
            format!("{forwarder}: {state} after {attempts}")
        };
        let mut found: Vec<String> = self
            .deliveries
            .iter()
            .map(|delivery| {
                let (forwarder, state) = (text(delivery, "forwarder"), text(delivery, "state"));
                format!("{forwarder}: {state} after {}", number(delivery, "attempts"))
            })
            .collect();
        let mut should: Vec<String> = sample.deliveries.iter().map(told).collect();
        found.sort();
        should.sort();
        expect("what it set off", &found.join(", "), &should.join(", "));
        let told_run = |expected: &ExpectedRun| {
            let ExpectedRun { workflow, state, steps } = expected;
            format!("{workflow}: {state} after {steps} steps")
        };
        let should: Vec<String> = sample.runs.iter().map(told_run).collect();
        expect("what ran", &runs.join(", "), &should.join(", "));
        complaints
    }
}

/// The runs of the project, oldest first, each with its steps and what it left.
async fn read_runs(client: &HubClient) -> Result<Vec<Json>, Failure> {
    let mut runs = Vec::new();
    for run in client.list(&["projects", PROJECT, "runs"], &Query::new(), EVERYTHING).await? {
        let id = text(&run, "id");
        let mut run = client.get(&["projects", PROJECT, "runs", id], &Query::new()).await?;
        if text(&run, "state") == "success" {
            let path = ["projects", PROJECT, "runs", text(&run, "id"), "state"];
            let state = client.get(&path, &Query::new()).await?;
            if let Value::Object(members) = &mut run {
                members.push(("left".into(), state));
            }
        }
        runs.push(run);
    }
    runs.reverse();
    Ok(runs)
}

/// The steps that a run went through.
fn steps(run: &Json) -> Vec<&str> {
    let steps = run.get("steps").and_then(Value::as_array).unwrap_or_default();
    steps.iter().map(|step| text(step, "step")).collect()
}

/// What a run made of the answer of the registry of people.
fn left(run: &Json) -> String {
    let number = run.path(&["left", "number"]).and_then(Value::as_number);
    number.map_or_else(|| "–".to_owned(), |number| format!("enrolled as number {number}"))
}

fn text<'v>(object: &'v Json, key: &str) -> &'v str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The last answer, as far as it fits into a table.
fn last_answer(delivery: &Json) -> String {
    match number(delivery, "last_status") {
        0 => "none".to_owned(),
        status => format!("answered {status}"),
    }
}

/// An identity that fits into a table.
fn shortened(identity: &str) -> String {
    match identity.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", identity.split_at(end).0),
        None => identity.to_owned(),
    }
}
