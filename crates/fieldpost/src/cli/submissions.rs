//! `fieldpost submissions`: filled forms, whatever way they came in.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::erase::{self, Sureness};
use super::show::{
    elements, id, is, json, json_list, legible, list, members, or_dash, short_time, text, with,
};
use super::time::Moment;
use super::{Ending, cases};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at filled forms: list, show, history, original, attachment, fetch, export, erase
#[derive(Debug, Subcommand)]
pub(crate) enum Submissions {
    List(Box<List>),
    Show(Show),
    History(History),
    Original(Original),
    Attachment(Attachment),
    Fetch(Fetch),
    Export(Export),
    Erase(Erase),
}

/// List submissions, newest first
///
/// The JSON has the answers of each.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,

    /// Only those of this form.
    #[arg(long, value_name = "NAME")]
    form: Option<String>,

    /// Only the one with this id, given by its sender, in any of its versions.
    #[arg(long, value_name = "ID")]
    instance_id: Option<String>,

    /// Only those that came in by this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Only those that the user of this name filled in.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Only those received at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those received before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only those with this in an answer, as values.village=Kibera or 'values.age>=18'; may be given several
    /// times.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,

    /// Only those that have a place.
    #[arg(long)]
    has_position: bool,

    /// Only those with this text in their id or their user.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// What is sorted by: newest, oldest, last-changed or first-changed.
    #[arg(long, value_name = "ORDER")]
    sort: Option<String>,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// Show one submission: its answers, its files and its cases
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The submission's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Show the versions of a submission, newest first, and what each changed
#[derive(Args, Debug)]
pub(crate) struct History {
    /// The submission's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Write a submission's exact form, as it came in
#[derive(Args, Debug)]
pub(crate) struct Original {
    /// The submission's id.
    #[arg(value_parser = id)]
    id: Uuid,
    /// The number of the version; the newest, unless given.
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    /// Write it to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Write a file that came with a submission
#[derive(Args, Debug)]
pub(crate) struct Attachment {
    /// The submission's id.
    #[arg(value_parser = id)]
    id: Uuid,
    /// The name of the file, as `fieldpost submissions show` has it.
    name: String,
    /// Write it to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Fetch the files that submissions only link to
///
/// Those that have not come, once more or for the first time: in the background, by the connection that the
/// source names in `fetch_files`. `fieldpost submissions show` tells what comes of it.
#[derive(Args, Debug)]
pub(crate) struct Fetch {
    /// The ids of the submissions.
    #[arg(value_name = "ID", required = true, value_parser = id)]
    ids: Vec<Uuid>,
    #[command(flatten)]
    target: Target,
}

/// What submissions are written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table: a line for each submission, a column for each question.
    Csv,
    /// The same table as a workbook of Excel.
    Xlsx,
    /// Features of GeoJSON.
    Geojson,
}

/// Write all submissions of a form as one file, oldest first
///
/// For example: fieldpost submissions export births -o births.csv
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The form's name.
    form: String,

    /// What they are written as.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,

    /// Only those received at this time or later.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those received before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only those with this in an answer, as values.village=Kibera; may be given several times.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,

    /// Only those that have a place.
    #[arg(long)]
    has_position: bool,

    /// Write them to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    target: Target,
}

/// Erase a submission, with the messages that brought it
///
/// All that these messages brought goes with it, and their deliveries and attempts. Cases are made anew
/// from the submissions that remain. It cannot be brought back.
#[derive(Args, Debug)]
pub(crate) struct Erase {
    /// The submission's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    sureness: Sureness,
    #[command(flatten)]
    target: Target,
}

impl Submissions {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::History(history) => history.execute().await,
            Self::Original(original) => original.execute().await,
            Self::Attachment(attachment) => attachment.execute().await,
            Self::Fetch(fetch) => fetch.execute().await,
            Self::Export(export) => export.execute().await,
            Self::Erase(erase) => erase.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let query: Query = [
            ("form", self.form),
            ("instance_id", self.instance_id),
            ("source", self.source),
            ("user", self.user),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
            ("has_position", self.has_position.then(|| "true".to_owned())),
            ("text", self.text),
            ("sort", self.sort),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain(self.conditions.into_iter().map(|condition| ("where", condition)))
        .collect();
        let path = ["projects", &project, "submissions"];
        let found = client.list(&path, &query, self.limit).await?;
        list(found, self.target.json, "no submissions", table)
    }
}

/// A list of submissions for people.
fn table(submissions: &[Json]) -> comfy_table::Table {
    let mut table =
        output::table(["id", "received (UTC)", "form", "number", "user", "instance id", "version"]);
    for submission in submissions {
        table.add_row([
            &*text(submission, "id"),
            &short_time(&text(submission, "received_at")),
            &text(submission, "form"),
            &text(submission, "number"),
            or_dash(&text(submission, "user")),
            or_dash(&text(submission, "instance_id")),
            &text(submission, "version"),
        ]);
    }
    table
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "submissions", &id];
        let part = |part| ["projects", &*project, "submissions", &*id, part];
        let submission = client.get(&path, &Query::new()).await?;
        let files = client.whole_list(&part("attachments")).await?;
        let cases = client.list(&part("cases"), &Query::new(), usize::MAX).await?;
        if self.target.json {
            let submission = with(submission, "attachments", Value::Array(files));
            json(&with(submission, "cases", Value::Array(cases)))?;
            return Ok(Ending::Well);
        }
        members(&[
            ("id", text(&submission, "id").into_owned()),
            ("form", text(&submission, "form").into_owned()),
            ("number", text(&submission, "number").into_owned()),
            ("instance id", text(&submission, "instance_id").into_owned()),
            ("received", text(&submission, "received_at").into_owned()),
            ("version", text(&submission, "version").into_owned()),
            ("changed", text(&submission, "updated_at").into_owned()),
            ("form version", text(&submission, "form_version").into_owned()),
            ("user", text(&submission, "user").into_owned()),
            ("source", text(&submission, "source").into_owned()),
            ("message", text(&submission, "message").into_owned()),
            ("place", text(&submission, "geo").into_owned()),
        ])?;
        tell_json(&submission, "values", "answers")?;
        tell_json(&submission, "extra", "what the form does not know")?;
        if !files.is_empty() {
            output::line(output::strong("\nfiles"))?;
            files.iter().try_for_each(|file| output::line(format!("  {}", told_file(file))))?;
        }
        if !cases.is_empty() {
            output::line(output::strong("\ncases"))?;
            output::print_table(&cases::table(&cases))?;
        }
        Ok(Ending::Well)
    }
}

/// Writes a member that has something in it below a heading; says so where it was erased.
fn tell_json(submission: &Json, key: &str, heading: &str) -> Result<(), Failure> {
    match submission.get(key) {
        None | Some(Value::Null) => output::line(format!("\n{heading}: erased"))?,
        Some(Value::Object(members)) if members.is_empty() => {}
        Some(value) => {
            output::line(output::strong(format!("\n{heading}")))?;
            value
                .to_json_pretty()
                .lines()
                .map(legible)
                .try_for_each(|line| output::line(format!("  {line}")))?;
        }
    }
    Ok(())
}

/// A file in a line: its name, what it is, and whether it is there.
fn told_file(file: &Json) -> String {
    let (name, bytes) = (text(file, "name"), text(file, "bytes"));
    let (sha256, link) = (text(file, "sha256"), text(file, "link"));
    match (sha256.is_empty(), link.is_empty()) {
        (false, _) => format!("{name}, {bytes} bytes"),
        (true, false) => format!("{name}, at {link}{}", told_fetch(file.get("fetch"))),
        (true, true) => format!("{name}, not here"),
    }
}

/// How it stands with fetching a file that has not come, as the end of a line.
fn told_fetch(fetch: Option<&Json>) -> String {
    let Some(fetch) = fetch.filter(|fetch| fetch.as_object().is_some()) else {
        return String::new();
    };
    let told = match text(fetch, "state").as_ref() {
        "waiting" => format!("to be fetched at {}", short_time(&text(fetch, "next_attempt_at"))),
        _ => "not fetched".to_owned(),
    };
    match text(fetch, "last_error") {
        error if error.is_empty() => format!(", {told}"),
        error => format!(", {told}: {error}"),
    }
}

impl History {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "submissions", &id, "history"];
        let versions = client.list(&path, &Query::new(), usize::MAX).await?;
        if self.target.json {
            json_list(versions)?;
            return Ok(Ending::Well);
        }
        for version in &versions {
            output::line(format!(
                "{} {} {}",
                output::strong(format!("version {}", text(version, "version"))),
                short_time(&text(version, "received_at")),
                output::faint(text(version, "instance_id")),
            ))?;
            if is(version, "erased") {
                output::line("  erased")?;
            }
            for change in elements(version, "changes") {
                let side = |there: &str, key: &str| {
                    let value = change.get(key).map(Value::to_json).unwrap_or_default();
                    if is(change, there) { legible(&value).into_owned() } else { "–".to_owned() }
                };
                let (before, after) = (side("was_there", "before"), side("is_there", "after"));
                output::line(format!("  {}: {before} → {after}", text(change, "path")))?;
            }
            if is(version, "more") {
                output::line("  and more")?;
            }
        }
        Ok(Ending::Well)
    }
}

impl Original {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "submissions", &id, "original"];
        let query = self.version.map(|version| ("version", version.to_string()));
        client.save(&path, &query.into_iter().collect(), self.output.as_deref()).await?;
        Ok(Ending::Well)
    }
}

impl Attachment {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "submissions", &id, "attachments", &self.name];
        client.save(&path, &Query::new(), self.output.as_deref()).await?;
        Ok(Ending::Well)
    }
}

impl Fetch {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        for id in self.ids {
            let id = id.to_string();
            let path = ["projects", &project, "submissions", &id, "fetch"];
            let ordered = client.post(&path, &Query::new(), String::new()).await?;
            if self.target.json {
                json(&with(ordered, "submission", Value::string(id)))?;
            } else {
                output::line(format!("{id}: {} to be fetched", text(&ordered, "files")))?;
            }
        }
        Ok(Ending::Well)
    }
}

impl Export {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let format = match self.format {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Geojson => "geojson",
        };
        let query: Query = [
            ("format", Some(format.to_owned())),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
            ("has_position", self.has_position.then(|| "true".to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain(self.conditions.into_iter().map(|condition| ("where", condition)))
        .collect();
        let path = ["projects", &project, "forms", &self.form, "export"];
        client.save(&path, &query, self.output.as_deref()).await?;
        Ok(Ending::Well)
    }
}

impl Erase {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "submissions", &id];
        let order = erase::Order::At(&path);
        erase::carry_out(&client, &order, self.sureness, self.target.json).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_in_a_line() {
        for (file, expected) in [
            (r#"{"name": "a.jpg", "bytes": 7, "sha256": "00", "link": null}"#, "a.jpg, 7 bytes"),
            (
                r#"{"name": "a.jpg", "bytes": null, "sha256": null, "link": "https://x/a"}"#,
                "a.jpg, at https://x/a",
            ),
            (
                r#"{"name": "a.jpg", "link": "https://x/a", "fetch": {"state": "failed", "last_error": "404 Not Found"}}"#,
                "a.jpg, at https://x/a, not fetched: 404 Not Found",
            ),
            (
                r#"{"name": "a.jpg", "bytes": null, "sha256": null, "link": null}"#,
                "a.jpg, not here",
            ),
        ] {
            assert_eq!(told_file(&Value::parse(file.as_bytes()).unwrap().into_owned()), expected);
        }
    }
}
