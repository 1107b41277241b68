//! Finding the files of a project: one file, or the folder that the command of OpenFn expands it into.
//!
//! Files are read from below one folder alone: what an imported project names may not lead elsewhere.

use std::path::{Path, PathBuf};

use fieldpost_dialects::openfn::Document;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::yaml;

use crate::failure::Failure;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = yaml::MAX_BYTES as u64;

/// The files that say how a folder is set up, where a project is expanded into it.
const WORKSPACE: [&str; 4] =
    [".openfn/checkout.yaml", ".openfn/checkout.json", "openfn.yaml", "openfn.json"];

/// The files that hold a whole project, by the names that they have by themselves.
const WHOLE: [&str; 6] = [
    "project.yaml",
    "project.yml",
    "project.json",
    "projectSpec.yaml",
    "projectSpec.json",
    "workflow.json",
];

/// The folder of the workflows of a project that is expanded.
const WORKFLOWS: &str = "workflows";

/// The folder below which everything lies, with the file that was named, if it was one.
pub(super) struct Folder {
    root: PathBuf,
    file: Option<PathBuf>,
}

impl Folder {
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let real = path.canonicalize().map_err(|error| unreadable(path, &error.to_string()))?;
        if real.is_dir() {
            return Ok(Self { root: real, file: None });
        }
        let root = real.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { root, file: Some(real) })
    }

    /// The documents of the project.
    pub(super) fn documents(&self) -> Result<Vec<Document>, Failure> {
        if let Some(file) = &self.file {
            return Ok(vec![document("", file)?]);
        }
        let workflows = self.workflows()?;
        if workflows.is_empty() {
            let whole = WHOLE.iter().map(|name| self.root.join(name)).find(|file| file.is_file());
            let file = whole.ok_or_else(|| {
                Failure::usage(format!(
                    "{}: there is no project in this folder",
                    self.root.display()
                ))
                .hint(format!("it has neither `{WORKFLOWS}` nor any of {}", WHOLE.join(", ")))
            })?;
            return Ok(vec![document("", &file)?]);
        }
        let mut documents = Vec::new();
        for name in WORKSPACE {
            let file = self.root.join(name);
            if file.is_file() {
                documents.push(document("", &file)?);
            }
        }
        for (folder, file) in workflows {
            documents.push(document(&folder, &file)?);
        }
        Ok(documents)
    }

    /// The files of workflows, each in a folder of its own, by name.
    fn workflows(&self) -> Result<Vec<(String, PathBuf)>, Failure> {
        let mut found = Vec::new();
        let top = self.root.join(WORKFLOWS);
        if !top.is_dir() {
            return Ok(found);
        }
        for folder in entries(&top)?.into_iter().filter(|entry| entry.is_dir()) {
            for file in entries(&folder)? {
                let is_document = file
                    .extension()
                    .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|it| ending == *it));
                if is_document && let Some(name) = folder.file_name() {
                    found.push((format!("{WORKFLOWS}/{}/", name.to_string_lossy()), file));
                }
            }
        }
        Ok(found)
    }

    /// The text of a file that the project names.
    pub(super) fn text(&self, path: &str) -> Result<String, String> {
        let file = self.root.join(path).canonicalize().map_err(|error| error.to_string())?;
        if !file.starts_with(&self.root) {
            return Err("it lies outside of the project's folder".to_owned());
        }
        bounded_text(&file)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| unreadable(folder, &error.to_string());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn document(folder: &str, file: &Path) -> Result<Document, Failure> {
    Ok(Document { folder: folder.to_owned(), value: value(file)? })
}

/// The text of a file.
pub(super) fn text(file: &Path) -> Result<String, Failure> {
    bounded_text(file).map_err(|error| unreadable(file, &error))
}

/// What a file says, which is JSON or YAML.
pub(super) fn value(file: &Path) -> Result<Value<'static>, Failure> {
    let text = text(file)?;
    // YAML holds all JSON but that with tabs or keys of a thousand characters.
    let is_json = file.extension().is_some_and(|ending| ending == "json");
    if is_json {
        Value::parse(text.trim_start_matches('\u{feff}').as_bytes())
            .map(Value::into_owned)
            .map_err(|error| unreadable(file, &error.to_string()))
    } else {
        yaml::read_as_is(&text).map_err(|problem| unreadable(file, &problem.message))
    }
}

fn bounded_text(file: &Path) -> Result<String, String> {
    let length = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if length > MAX_BYTES {
        return Err(format!("it has {length} bytes, more than {MAX_BYTES}"));
    }
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}

fn unreadable(file: &Path, error: &str) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", file.display()))
}
