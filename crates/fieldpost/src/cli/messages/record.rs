//! `fieldpost messages record`: a message of a hub becomes a case for `fieldpost test`.
//!
//! The hub keeps the message whole, but not all that happened around it. What it does not keep cannot be
//! recorded, and the case says so in its first lines: credentials of the request, the encoding that the
//! body was sent in, and the answers to requests of workflows. Of those there is what each step made of
//! them, the `data` that it left: it is written down as the answer, for people to mend. Files that came with a
//! form are those of its submission; of a form that was refused there is no submission, and so none of its files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use fieldpost_model::json::Value;
use fieldpost_model::secret::PLACEHOLDER;
use fieldpost_rules::definition::yaml;
use uuid::Uuid;

use super::super::Ending;
use super::super::show::{elements, id, json_list, text};
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;
use crate::rehearsal::{CASE_FILE, cases_beside};

/// Header fields of the way, which say nothing of the message, and those that the case has a key for.
const LEFT_OUT: [&str; 13] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
    "via",
];
/// What the paths of receivers begin with: who posts there is treated otherwise than who pushes to an inbox.
const RECEIVERS: [&str; 2] = ["/p/", "/a/"];
/// The longest ending of a name that a file keeps.
const MAX_ENDING: usize = 10;
/// Adaptors whose steps ask nobody over HTTP.
const ASKS_NOBODY: [&str; 4] = ["common", "collections", "mail", "postgresql"];

/// Write messages as cases for `fieldpost test`
///
/// Each becomes a folder with the exact body, the files that came with it, and a case.yaml. Messages hold
/// personal data: look at what is written, and make up the names in it, before it goes into a repository. What
/// the hub does not keep is not in a case: credentials, and what destinations answered to workflows; for that
/// there is the data that each step made of it.
#[derive(Args, Debug)]
pub(crate) struct Record {
    /// The messages' ids.
    #[arg(required = true, value_name = "MESSAGE_ID", value_parser = id)]
    ids: Vec<Uuid>,

    /// The project's file: cases are written to tests/ beside it, where `fieldpost test` looks for them. Without it,
    /// to tests/ in the current folder.
    #[arg(long, value_name = "PROJECT.yaml")]
    beside: Option<PathBuf>,

    /// The folder of the cases, wherever it is.
    #[arg(long, value_name = "FOLDER", conflicts_with = "beside")]
    cases: Option<PathBuf>,

    /// What the case is called, where it is one. Without it, its source and the end of its id.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Record {
    pub(super) async fn execute(self) -> Result<Ending, Failure> {
        if self.name.is_some() && self.ids.len() > 1 {
            return Err(Failure::usage("one name is for one message")
                .hint("leave --name out, or record the messages one by one"));
        }
        if let Some(file) = self.beside.as_ref().filter(|file| !file.is_file()) {
            return Err(Failure::usage(format!("there is no file {}", file.display()))
                .hint("give the file that `fieldpost test` is given"));
        }
        let cases = self.cases.clone().unwrap_or_else(|| cases_beside(self.beside.as_deref()));
        let (client, project) = self.target.open().await?;
        let mut written = Vec::new();
        for id in &self.ids {
            let recorded = Recorded::read(&client, &project, &id.to_string()).await?;
            let name = self.name.clone().unwrap_or_else(|| recorded.name());
            let folder = cases.join(name);
            recorded.write(&client, &project, &folder).await?;
            written.push(folder);
        }
        if self.target.json {
            let folders = written.iter().map(|folder| Value::from(folder.display().to_string()));
            json_list(folders.collect())?;
        } else {
            for folder in &written {
                output::line(format!("written: {}", folder.display()))?;
            }
            output::note(
                "these files hold what senders sent: take out what is personal before others get them",
            );
            output::note(format!(
                "`fieldpost test PROJECT.yaml --update` writes their snapshots; it looks in tests/ beside that \
                 file, or where --cases says: {}",
                cases.display()
            ));
        }
        Ok(Ending::Well)
    }
}

/// What a hub keeps of a message.
struct Recorded {
    message: Json,
    request: Json,
    body: Vec<u8>,
    files: Vec<AttachedFile>,
    answers: Vec<Json>,
}

/// A file that came beside the body.
struct AttachedFile {
    /// The submission that has it.
    submission: String,
    /// Its name, as the answers write it.
    name: String,
    content_type: Json,
    /// What it is called in the folder of the case: the name is its sender's.
    file: String,
}

impl Recorded {
    async fn read(client: &HubClient, project: &str, id: &str) -> Result<Self, Failure> {
        let path = |rest: &[&'static str]| {
            let mut path = vec!["projects", project, "messages", id];
            path.extend(rest);
            path
        };
        let message = client.get(&path(&[]), &Query::new()).await?;
        let request = client.get(&path(&["request"]), &Query::new()).await?;
        let body = client.bytes(&path(&["body"]), &Query::new()).await?;
        let timeline = client.get(&path(&["timeline"]), &Query::new()).await?;
        let files = files_of(&timeline, client, project).await?;
        let query = vec![("message", id.to_owned())];
        let runs = client.list(&["projects", project, "runs"], &query, usize::MAX).await?;
        let mut answers = Vec::new();
        // The list begins with the newest: of several runs of a workflow the newest is told first.
        for run in &runs {
            answers.extend(answers_of(client, project, run).await?);
        }
        Ok(Self { message, request, body, files, answers })
    }

    fn name(&self) -> String {
        let id = text(&self.message, "id");
        let end = id.rsplit('-').next().unwrap_or_default();
        format!("{}-{end}", text(&self.message, "source"))
    }

    async fn write(&self, client: &HubClient, project: &str, folder: &Path) -> Result<(), Failure> {
        if folder.exists() {
            return Err(Failure::new(format!("{} is there already", folder.display()))
                .hint("remove it, or give another --name"));
        }
        let within = |error: std::io::Error| Failure::from(error).within(folder.display());
        std::fs::create_dir_all(folder).map_err(within)?;
        let body = format!("body.{}", ending_of(&self.body));
        std::fs::write(folder.join(&body), &self.body).map_err(within)?;
        for AttachedFile { submission, name, file, .. } in &self.files {
            let path = ["projects", project, "submissions", submission, "attachments", name];
            client.save(&path, &Query::new(), Some(&folder.join(file))).await?;
        }
        let case = format!("{}{}", self.remarks(project), yaml::write_as_is(&self.case(body)));
        std::fs::write(folder.join(CASE_FILE), case).map_err(within)
    }

    /// What stands above the case.
    fn remarks(&self, project: &str) -> String {
        let id = text(&self.message, "id");
        let mut remarks = format!(
            "# The message {id} of {project}. It may hold personal data.\n\
             # Not in it, since the hub does not keep it: credentials of the request, and what destinations answered.\n"
        );
        if !self.answers.is_empty() {
            // Writing to a text cannot fail.
            let _written = writeln!(
                remarks,
                "# The answers below are the data that each step left, whatever its job made of it: mend them."
            );
        }
        remarks
    }

    fn case(&self, body: String) -> Value<'static> {
        let mut members: Vec<(&'static str, Value<'static>)> = Vec::new();
        let mut add = |key, value: String| {
            if !value.is_empty() {
                members.push((key, Value::from(value)));
            }
        };
        add("source", text(&self.message, "source").into_owned());
        add("body", body);
        add("content_type", text(&self.message, "content_type").into_owned());
        add("received_at", text(&self.message, "received_at").into_owned());
        let method = text(&self.request, "method");
        if method != "POST" {
            add("method", method.into_owned());
        }
        let path = text(&self.request, "path");
        if RECEIVERS.iter().any(|receivers| path.starts_with(receivers)) {
            add("path", path.into_owned());
        }
        for key in ["headers", "query"] {
            let kept = kept(&self.request, key);
            if !kept.is_empty() {
                members.push((key, Value::object(kept)));
            }
        }
        if !self.files.is_empty() {
            let files = self.files.iter().map(AttachedFile::of_case);
            members.push(("files", Value::Array(files.collect())));
        }
        if !self.answers.is_empty() {
            members.push(("answers", Value::Array(self.answers.clone())));
        }
        Value::object(members)
    }
}

impl AttachedFile {
    /// The file as a case names it.
    fn of_case(&self) -> Value<'static> {
        let named = [
            ("name", Value::from(self.name.clone())),
            ("file", Value::from(self.file.clone())),
            ("content_type", self.content_type.clone()),
        ];
        Value::object(named.into_iter().filter(|(_, value)| !value.is_null()))
    }
}

/// The files that came with the forms of a message. Those that its sender only links to came by themselves.
async fn files_of(
    timeline: &Json,
    client: &HubClient,
    project: &str,
) -> Result<Vec<AttachedFile>, Failure> {
    let mut files = Vec::new();
    for submission in elements(timeline, "submissions") {
        let submission = text(submission, "id").into_owned();
        let path = ["projects", project, "submissions", &submission, "attachments"];
        let listed = client.whole_list(&path).await?;
        let is_there = |file: &&Json| {
            let has = |key| file.get(key).is_some_and(|value| !value.is_null());
            has("sha256") && !has("link")
        };
        for file in listed.iter().filter(is_there) {
            let name = text(file, "name").into_owned();
            let called = format!("file-{}{}", files.len() + 1, ending_of_name(&name));
            files.push(AttachedFile {
                submission: submission.clone(),
                content_type: file.get("content_type").cloned().unwrap_or(Value::Null),
                file: called,
                name,
            });
        }
    }
    Ok(files)
}

/// What a name ends in, where that can stand in the name of any file.
fn ending_of_name(name: &str) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    let is_plain = (1..=MAX_ENDING).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain { format!(".{}", ending.to_ascii_lowercase()) } else { String::new() }
}

/// Header fields or parameters that say something of a message and are no credential. The API has fields
/// as an object and parameters as pairs, of which one name may have several.
fn kept(request: &Json, key: &str) -> Vec<(String, Value<'static>)> {
    let fields = request.get(key).and_then(Value::as_object).unwrap_or_default();
    let fields = fields.iter().map(|(name, value)| (name.to_string(), value));
    let pairs = elements(request, key).iter().filter_map(|pair| match pair.as_array() {
        Some([name, value]) => Some((name.as_str()?.to_owned(), value)),
        _ => None,
    });
    let mut kept: Vec<(String, Value<'static>)> = Vec::new();
    for (name, value) in fields.chain(pairs) {
        let is_of_way =
            key == "headers" && (LEFT_OUT.contains(&&*name) || name.starts_with("x-forwarded-"));
        if is_of_way || value.as_str().is_none_or(|text| text.contains(PLACEHOLDER)) {
            continue;
        }
        match kept.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Value::Array(values))) => values.push(value.clone()),
            Some((_, one)) => *one = Value::Array(vec![one.clone(), value.clone()]),
            None => kept.push((name, value.clone())),
        }
    }
    kept
}

/// What the steps of a run were answered, as far as that is known.
async fn answers_of(client: &HubClient, project: &str, run: &Json) -> Result<Vec<Json>, Failure> {
    let (id, workflow) = (text(run, "id"), text(run, "workflow"));
    let path = ["projects", project, "runs", &id];
    let run = client.get(&path, &Query::new()).await?;
    let path = ["projects", project, "workflows", &workflow];
    // A workflow that was removed meanwhile has no steps that could be tested.
    let definition = client.get(&path, &Query::new()).await.unwrap_or(Value::Null);
    let mut answers = Vec::new();
    for step in elements(&run, "steps") {
        let name = text(step, "step");
        if !asks(&definition, &name) {
            continue;
        }
        let number = text(step, "number");
        let path = ["projects", project, "runs", &*id, "steps", &*number, "output"];
        // A state that is not kept, or erased by now, tells nothing.
        let Ok(state) = client.get(&path, &Query::new()).await else { continue };
        let Some(data) = state.get("data").filter(|data| !data.is_null()) else { continue };
        answers.push(Value::object([
            ("workflow", Value::from(workflow.clone().into_owned())),
            ("step", Value::from(name.clone().into_owned())),
            ("json", data.clone()),
        ]));
    }
    Ok(answers)
}

/// Whether a step asks somebody over HTTP, by its adaptor.
fn asks(workflow: &Json, step: &str) -> bool {
    let adaptor = workflow.path(&["definition", "steps", step, "adaptor"]);
    let names = match adaptor {
        Some(Value::String(name)) => vec![&**name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names.iter().any(|name| {
        let bare = name.strip_prefix("@openfn/language-").unwrap_or(name);
        !ASKS_NOBODY.contains(&bare.split('@').next().unwrap_or(bare))
    })
}

/// What the name of a file with this content ends in.
fn ending_of(body: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return "json";
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') => "xml",
        Ok(_) => "txt",
        Err(_) => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn steps_that_ask_are_told_by_their_adaptor() {
        let workflow = json(
            r#"{"definition": {"steps": {"a": {"adaptor": "@openfn/language-http@7.2.10"},
                "b": {"adaptor": "common"}, "c": {"adaptor": ["common", "dhis2"]}, "d": {}}}}"#,
        );
        for (step, expected) in [("a", true), ("b", false), ("c", true), ("d", false), ("e", false)]
        {
            assert_eq!(asks(&workflow, step), expected, "{step}");
        }
    }

    #[test]
    fn files_are_called_by_what_any_folder_takes() {
        for (name, expected) in [
            ("1700.JPG", ".jpg"),
            ("a", ""),
            ("a.", ""),
            ("../b.p/ng", ""),
            ("x.tar.gz", ".gz"),
            ("x.äö", ""),
            ("x.abcdefghijk", ""),
        ] {
            assert_eq!(ending_of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn what_grants_something_or_is_of_the_way_is_not_kept() {
        let request = json(&format!(
            r#"{{"headers": {{"host": "hub", "authorization": "Token {PLACEHOLDER}", "x-form": "a"}},
                "query": [["a", "1"], ["token", "{PLACEHOLDER}"], ["a", "2"]]}}"#
        ));
        assert_eq!(Value::object(kept(&request, "headers")).to_json(), r#"{"x-form":"a"}"#);
        assert_eq!(Value::object(kept(&request, "query")).to_json(), r#"{"a":["1","2"]}"#);
    }

    #[test]
    fn files_are_named_by_what_is_in_them() {
        for (body, expected) in
            [("{\"a\": 1}", "json"), (" <a/>", "xml"), ("a=1", "txt"), ("", "txt")]
        {
            assert_eq!(ending_of(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(ending_of(&[0xff, 0]), "bin");
    }
}
