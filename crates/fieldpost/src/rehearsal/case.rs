//! A case: a folder with a recorded message, the answers to what its runs ask for, and the snapshot of
//! what became of it.
//!
//! ```yaml
//! source: kobo                      # by which source the message came in
//! body: body.json                   # the file with its exact bytes
//! content_type: application/json
//! method: POST                      # unless given
//! path: /a/clinic/receiver/a1/      # where it was posted to, if that was no inbox
//! headers: { x-form: births }
//! query: { app_id: a1 }
//! received_at: 2026-01-31T12:00:00Z # what time it is, for the hub and its jobs
//! project: clinic                   # where the files have several
//! files: [{ name: 1700.jpg, file: file-1.jpg, content_type: image/jpeg }]   # what came beside the body
//! collections: { villages: { "12": { name: Bo } } }
//! answers: […]                      # see `answers`
//! ```

use std::path::{Path, PathBuf};

use bytes::Bytes;
use fieldpost_engine::Incoming;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::definition::yaml;

use super::answers::{Answer, read_answers};
use crate::failure::Failure;

/// The file that a folder has that is a case.
pub(crate) const CASE_FILE: &str = "case.yaml";
/// The file of its snapshot.
pub(crate) const SNAPSHOT_FILE: &str = "snapshot.json";
/// The folder of the cases, beside a project file.
const CASES: &str = "tests";
/// What time it is in a case that does not say.
const UNLESS_GIVEN: &str = "2026-01-01T00:00:00Z";
/// The keys that a case may have.
const KEYS: [&str; 12] = [
    "source",
    "body",
    "content_type",
    "method",
    "path",
    "headers",
    "query",
    "received_at",
    "project",
    "files",
    "collections",
    "answers",
];

/// The keys that a file of a case may have.
const KEYS_OF_A_FILE: [&str; 3] = ["name", "file", "content_type"];

/// A file that came beside the body of a message.
#[derive(Debug)]
pub(super) struct CaseFile {
    /// Its name, as the answers write it.
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// A recorded message, with the answers to what it sets off.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// The project that it is of, where it says so.
    pub(crate) project: Option<String>,
    /// The source that the message came in by.
    pub(super) source: String,
    pub(super) incoming: Incoming,
    pub(super) files: Vec<CaseFile>,
    pub(super) now: Timestamp,
    pub(super) answers: Vec<Answer>,
    /// What collections hold before: name, key, and value as JSON.
    pub(super) collections: Vec<(String, String, String)>,
}

/// What lies in a folder of cases.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    /// The folders that are cases, in the order of their names.
    pub(crate) cases: Vec<PathBuf>,
    /// Those that look like cases, and are none.
    pub(crate) others: Vec<PathBuf>,
}

/// Where the cases of a project lie, for whoever writes them and whoever runs them: beside its file, where one is given,
/// and else in the current folder.
pub(crate) fn cases_beside(project_file: Option<&Path>) -> PathBuf {
    let folder = project_file.and_then(Path::parent);
    folder.unwrap_or(Path::new("")).join(CASES)
}

/// The folders below this one.
pub(crate) fn folders(cases: &Path) -> Result<Folders, Failure> {
    let mut found = Folders::default();
    let entries = std::fs::read_dir(cases)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", cases.display())))?;
    for entry in entries {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
        if path.join(CASE_FILE).is_file() {
            found.cases.push(path);
        } else if path.is_dir() && !is_hidden {
            found.others.push(path);
        }
    }
    found.cases.sort();
    found.others.sort();
    Ok(found)
}

impl Case {
    /// Reads a case from its folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(CASE_FILE);
        Self::read_file(folder, &path).map_err(|failure| failure.within(path.display()))
    }

    fn read_file(folder: &Path, path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)?;
        let value = yaml::read_as_is(&text).map_err(|problem| Failure::new(problem.to_string()))?;
        let members = value.as_object().unwrap_or_default();
        if let Some((key, _)) = members.iter().find(|(key, _)| !KEYS.contains(&&**key)) {
            return Err(Failure::new(format!("a case has no `{key}`"))
                .hint(format!("its keys are: {}", KEYS.join(", "))));
        }
        let source = string(&value, "source")?
            .ok_or_else(|| Failure::new("`source` is missing: by which source it came in"))?;
        let body = string(&value, "body")?
            .ok_or_else(|| Failure::new("`body` is missing: the file with the message's bytes"))?;
        let body = beside(folder, &body)?;
        let now = string(&value, "received_at")?.unwrap_or_else(|| UNLESS_GIVEN.to_owned());
        let now = Timestamp::parse(&now)
            .ok_or_else(|| Failure::new(format!("`received_at` is no time: {now}")))?;
        let mut headers = pairs(&value, "headers")?;
        for (name, _) in &mut headers {
            name.make_ascii_lowercase();
        }
        if let Some(content_type) = string(&value, "content_type")? {
            headers.push(("content-type".to_owned(), content_type));
        }
        Ok(Self {
            folder: folder.to_owned(),
            project: string(&value, "project")?,
            incoming: Incoming {
                method: string(&value, "method")?.unwrap_or_else(|| "POST".to_owned()),
                path: receiver_path(&value)?.unwrap_or_else(|| format!("/inbox/{source}")),
                query: pairs(&value, "query")?,
                headers,
                body: Bytes::from(body),
            },
            source,
            files: files(folder, &value)?,
            now,
            answers: read_answers(folder, value.get("answers").unwrap_or(&Value::Null))?,
            collections: collections(&value)?,
        })
    }
}

/// Where it was posted to.
fn receiver_path(case: &Value<'_>) -> Result<Option<String>, Failure> {
    let given = string(case, "path")?;
    if let Some(wrong) = given.as_ref().filter(|path| !path.starts_with('/')) {
        return Err(Failure::new(format!("`path` is no path of a hub: {wrong}"))
            .hint("it begins with a slash, such as /p/clinic/submission"));
    }
    Ok(given)
}

/// The files that came beside the body.
fn files(folder: &Path, case: &Value<'_>) -> Result<Vec<CaseFile>, Failure> {
    let Some(given) = case.get("files").filter(|given| !given.is_null()) else {
        return Ok(Vec::new());
    };
    let given = given.as_array();
    let given = given.ok_or_else(|| Failure::new("`files` are a list of {name, file}"))?;
    let mut files: Vec<CaseFile> = Vec::new();
    for (number, given) in (1..).zip(given) {
        let members = given.as_object().unwrap_or_default();
        if let Some((key, _)) = members.iter().find(|(key, _)| !KEYS_OF_A_FILE.contains(&&**key)) {
            return Err(Failure::new(format!("file {number} has no `{key}`"))
                .hint(format!("its keys are: {}", KEYS_OF_A_FILE.join(", "))));
        }
        let wanted = |key| {
            let missing = || Failure::new(format!("`{key}` of file {number} is missing"));
            string(given, key)?.ok_or_else(missing)
        };
        let (name, file) = (wanted("name")?, wanted("file")?);
        if files.iter().any(|other| other.name == name) {
            return Err(Failure::new(format!("two files are called {name}")));
        }
        let content_type = string(given, "content_type")?;
        files.push(CaseFile { name, content_type, bytes: beside(folder, &file)? });
    }
    Ok(files)
}

fn collections(case: &Value<'_>) -> Result<Vec<(String, String, String)>, Failure> {
    let no_items = || Failure::new("`collections` are lists of keys with values, by name");
    let Some(given) = case.get("collections").filter(|given| !given.is_null()) else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (name, items) in given.as_object().ok_or_else(no_items)? {
        for (key, value) in items.as_object().ok_or_else(no_items)? {
            all.push((name.to_string(), key.to_string(), value.to_json()));
        }
    }
    Ok(all)
}

/// Reads a file in the folder of a case or below it.
pub(super) fn beside(folder: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let path = crate::projects::below(folder, name)
        .map_err(|reason| Failure::new(format!("{name}: {reason}")))?;
    std::fs::read(&path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))
}

/// A text of an object; a number counts as what it is written as.
pub(super) fn string(value: &Value<'_>, key: &str) -> Result<Option<String>, Failure> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(found) => {
            let text = found.as_str().or_else(|| found.as_number());
            let text = text.ok_or_else(|| Failure::new(format!("`{key}` is no text")))?;
            Ok(Some(text.to_owned()))
        }
    }
}

/// Names with a text each, or with several.
pub(super) fn pairs(value: &Value<'_>, key: &str) -> Result<Vec<(String, String)>, Failure> {
    let Some(found) = value.get(key).filter(|found| !found.is_null()) else {
        return Ok(Vec::new());
    };
    let members = found.as_object();
    let members = members.ok_or_else(|| Failure::new(format!("`{key}` are names with values")))?;
    let mut all = Vec::new();
    for (name, given) in members {
        let one = std::slice::from_ref(given);
        for value in given.as_array().unwrap_or(one) {
            let text = value.as_str().or_else(|| value.as_number());
            let text = text.ok_or_else(|| Failure::new(format!("`{key}.{name}` is no text")))?;
            all.push((name.to_string(), text.to_owned()));
        }
    }
    Ok(all)
}
