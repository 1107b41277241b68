//! `fieldpost forms`: what is filled in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fieldpost_rules::field_path::push_key;

use super::Ending;
use super::show::{elements, is, json, json_list, list, members, or_dash, short_time, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

mod export;

/// What is filled in: list, show, definition, export, upload, index
#[derive(Debug, Subcommand)]
pub(crate) enum Forms {
    List(List),
    Show(Show),
    Definition(Definition),
    Export(export::Export),
    Upload(Upload),
    Index(Index),
}

/// Index fields of a form: lists of its submissions by these are quick, however many there are
///
/// Without fields it lists those that are indexed. What is there already is indexed in the background. For
/// example: fieldpost forms index births household.village
#[derive(Args, Debug)]
pub(crate) struct Index {
    /// The form's name.
    name: String,
    /// Fields to index beside those that are, by their paths in the answers.
    #[arg(value_name = "FIELD")]
    fields: Vec<String>,
    /// A field to index no longer. May be given several times.
    #[arg(long, value_name = "FIELD")]
    remove: Vec<String>,
    #[command(flatten)]
    target: Target,
}

/// List forms, by name
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,

    /// Only those with this text in the name, the title, the id or the namespace.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Only those of this application.
    #[arg(long, value_name = "ID")]
    application: Option<String>,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    limit: usize,
}

/// Show one form: what it asks, and its versions
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The form's name.
    name: String,
    #[command(flatten)]
    target: Target,
}

/// Write the exact bytes of a form's definition
#[derive(Args, Debug)]
pub(crate) struct Definition {
    /// The form's name.
    name: String,
    /// The number of the definition; the newest, unless given.
    #[arg(long, value_name = "NUMBER")]
    number: Option<u64>,
    /// Write it to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Upload a form: an XForm (XML), an XLSForm (XLSX), or a definition in JSON
#[derive(Args, Debug)]
pub(crate) struct Upload {
    /// The file with the definition.
    file: PathBuf,
    /// A file that devices need to show the form, under its own name. May be given several times.
    #[arg(long, value_name = "FILE")]
    media: Vec<PathBuf>,
    /// The application that the form is part of.
    #[arg(long, value_name = "ID")]
    application: Option<String>,
    /// The build of the application that publishes it.
    #[arg(long, value_name = "ID")]
    build: Option<String>,
    #[command(flatten)]
    target: Target,
}

impl Forms {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Definition(definition) => definition.execute().await,
            Self::Export(export) => export.execute().await,
            Self::Upload(upload) => upload.execute().await,
            Self::Index(index) => index.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let query: Query = [("text", self.text), ("application", self.application)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let forms = client.list(&["projects", &project, "forms"], &query, self.limit).await?;
        if self.target.json {
            json_list(forms)?;
        } else if forms.is_empty() {
            output::note("no forms");
        } else {
            let mut table = output::table([
                "name",
                "title",
                "origin",
                "version",
                "definition",
                "submissions",
                "id",
            ]);
            for form in &forms {
                table.add_row([
                    &*text(form, "name"),
                    &text(form, "title"),
                    &text(form, "origin"),
                    or_dash(&text(form, "version")),
                    or_dash(&text(form, "definition")),
                    &text(form, "submissions"),
                    or_dash(&named_by(form)),
                ]);
            }
            output::print_table(&table)?;
        }
        Ok(Ending::Well)
    }
}

/// The origin of a form that the project defines; what it is defined as is shown under that name.
const DEFINED: &str = "defined";

/// What submissions name a form by.
fn named_by(form: &Json) -> String {
    let id = text(form, "form_id");
    if id.is_empty() { text(form, "xmlns").into_owned() } else { id.into_owned() }
}

/// The types of fields by their paths, as the project file writes them: whoever defines a form knows them by these
/// names.
fn add_written_types(block: &Json, path: &mut String, written: &mut HashMap<String, String>) {
    for field in elements(block, "fields") {
        let length = path.len();
        push_key(path, &text(field, "name"));
        written.insert(path.clone(), text(field, "type").into_owned());
        add_written_types(field, path, written);
        path.truncate(length);
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "forms", &self.name];
        let mut form = client.get(&path, &Query::new()).await?;
        let defined = if text(&form, "origin") == DEFINED {
            let path = ["projects", &project, "form-definitions", &self.name];
            Some(client.get(&path, &Query::new()).await?)
        } else {
            None
        };
        if self.target.json {
            if let (Json::Object(members), Some(defined)) = (&mut form, defined) {
                members.push((DEFINED.into(), defined));
            }
            json(&form)?;
            return Ok(Ending::Well);
        }
        members(&[
            ("name", text(&form, "name").into_owned()),
            ("title", text(&form, "title").into_owned()),
            ("id", text(&form, "form_id").into_owned()),
            ("namespace", text(&form, "xmlns").into_owned()),
            ("version", text(&form, "version").into_owned()),
            ("application", text(&form, "application").into_owned()),
            ("came about", text(&form, "origin").into_owned()),
            ("encrypted", if is(&form, "encrypted") { "yes".to_owned() } else { String::new() }),
            ("submissions", text(&form, "submissions").into_owned()),
            ("changed", text(&form, "updated_at").into_owned()),
        ])?;
        let fields = elements(&form, "fields");
        if fields.is_empty() {
            output::line("\nIt has no definition that can be read: its answers are texts.")?;
        } else {
            let mut written = HashMap::new();
            if let Some(definition) = defined.as_ref().and_then(|it| it.get("definition")) {
                add_written_types(definition, &mut String::new(), &mut written);
            }
            let mut table = output::table(["path", "type", "label"]);
            for field in fields {
                let (kind, answer) = (text(field, "kind"), text(field, "type"));
                let kind = if answer.is_empty() { kind } else { answer };
                let path = text(field, "path");
                let kind = written.get(&*path).map_or(&*kind, String::as_str);
                table.add_row([&*path, kind, or_dash(&label(field))]);
            }
            output::line("")?;
            output::print_table(&table)?;
        }
        let statuses = defined.as_ref().map(|defined| elements(defined, "statuses"));
        if let Some(statuses) = statuses {
            let mut table = output::table(["status", "name", "end"]);
            for status in statuses {
                let end = if is(status, "is_endpoint") { "yes" } else { "-" };
                table.add_row([&*text(status, "id"), &text(status, "name"), end]);
            }
            output::line("")?;
            output::print_table(&table)?;
        }
        let versions = elements(&form, "versions");
        if !versions.is_empty() {
            let mut table = output::table(["definition", "version", "uploaded (UTC)", "bytes"]);
            for version in versions {
                table.add_row([
                    &*text(version, "number"),
                    or_dash(&text(version, "version")),
                    &short_time(&text(version, "at")),
                    &text(version, "bytes"),
                ]);
            }
            output::line("")?;
            output::print_table(&table)?;
        }
        Ok(Ending::Well)
    }
}

/// What people read beside a question: in its one language, or in the first of them.
fn label(field: &Json) -> String {
    let Some(labels) = field.get("labels").and_then(Json::as_object) else { return String::new() };
    let default = labels.iter().find(|(language, _)| language == "default").or(labels.first());
    default.and_then(|(_, label)| label.as_str()).unwrap_or_default().to_owned()
}

impl Definition {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "forms", &self.name];
        let number = match self.number {
            Some(number) => number.to_string(),
            None => text(&client.get(&path, &Query::new()).await?, "definition").into_owned(),
        };
        if number.is_empty() {
            return Err(Failure::new(format!("the form \"{}\" has no definition", self.name)));
        }
        let path = ["projects", &project, "forms", &self.name, "versions", &number];
        client.save(&path, &Query::new(), self.output.as_deref()).await?;
        Ok(Ending::Well)
    }
}

impl Upload {
    async fn execute(self) -> Result<Ending, Failure> {
        let media: Vec<(&str, &PathBuf)> = self
            .media
            .iter()
            .map(|path| Ok((name_of(path)?, path)))
            .collect::<Result<_, Failure>>()?;
        let trouble = |error| Failure::new(format!("{}: {error}", self.file.display()));
        let definition = std::fs::read(&self.file).map_err(trouble)?;
        let name = name_of(&self.file)?.to_owned();
        let query: Query = [
            ("application", self.application),
            ("build", self.build),
            // An XLSForm that does not name itself is named after its file.
            ("file", Some(name)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "forms"];
        let form = client.upload(&path, &query, kind_of(&definition), definition).await?;
        let own = text(&form, "name");
        for (name, file) in media {
            client.put_file(&["projects", &project, "forms", &own, "files", name], file).await?;
        }
        for warning in elements(&form, "warnings") {
            output::note(warning.as_str().unwrap_or_default());
        }
        if self.target.json {
            json(&form)?;
        } else {
            output::line(&own)?;
        }
        Ok(Ending::Well)
    }
}

impl Index {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "forms", &self.name, "indexed"];
        let (indexed, tag) = client.get_tagged(&path).await?;
        let indexed = if self.fields.is_empty() && self.remove.is_empty() {
            indexed
        } else {
            let order = self.order(&indexed)?;
            client.put_seen(&path, order, tag).await?
        };
        list(
            elements(&indexed, "paths").to_vec(),
            self.target.json,
            "no indexed fields",
            |fields| {
                let mut table = output::table(["field", "state"]);
                for field in fields {
                    let state = if is(field, "complete") { "indexed" } else { "being indexed" };
                    table.add_row([&*text(field, "path"), state]);
                }
                table
            },
        )
    }

    /// The fields that are to be indexed, those that are and those that are not yet.
    fn order(&self, indexed: &Json) -> Result<String, Failure> {
        let known: Vec<String> = elements(indexed, "paths")
            .iter()
            .filter_map(|it| it.get("path")?.as_str())
            .map(str::to_owned)
            .collect();
        if let Some(field) = self.remove.iter().find(|field| !known.contains(field)) {
            let hint = format!("`fieldpost forms index {}` lists those that are", self.name);
            return Err(Failure::usage(format!("\"{field}\" is not indexed")).hint(hint));
        }
        let stay = known.into_iter().filter(|field| !self.remove.contains(field));
        let paths = stay.chain(self.fields.iter().cloned()).map(Json::from).collect::<Vec<_>>();
        Ok(Json::object([("paths", Json::from(paths))]).to_json())
    }
}

/// The name of a file without the folders before it.
fn name_of(path: &Path) -> Result<&str, Failure> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| Failure::usage(format!("{} is no file with a name", path.display())))
}

/// What a definition is, by how it begins.
fn kind_of(definition: &[u8]) -> &'static str {
    if definition.starts_with(b"PK") {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else if definition.trim_ascii_start().starts_with(b"{") {
        "application/json"
    } else {
        "application/xml"
    }
}
