//! `fieldpost forwarders preview`: what a forwarder would send, without sending it.

use std::path::PathBuf;

use clap::Args;
use fieldpost_model::json::Value;

use super::Ending;
use super::messages::conditions;
use super::show::{elements, is, json, legible, members, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::{output, projects};

/// Show what a forwarder would send: of the newest that it wants, or of what is named
///
/// Nothing is sent. With --file the forwarder is taken from a project file, before that is applied. For
/// example: fieldpost forwarders preview births --file project.yaml
#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// The forwarder's name.
    #[arg(value_name = "FORWARDER")]
    name: String,

    /// Take it from this project file, instead of what is saved.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    target: Target,
}

/// What it is shown of.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct Of {
    /// Of this message, or of the form or case in it.
    #[arg(long, value_name = "ID")]
    message: Option<String>,

    /// Of this submission, for a forwarder of forms.
    #[arg(long, value_name = "ID")]
    submission: Option<String>,

    /// Of this case, for a forwarder of cases.
    #[arg(long, value_name = "ID")]
    case: Option<String>,

    /// Of the form of this name, for a forwarder of applications.
    #[arg(long, value_name = "NAME")]
    form: Option<String>,
}

impl Of {
    /// Whether nothing is named, so that the hub chooses.
    fn is_open(&self) -> bool {
        let Self { message, submission, case, form } = self;
        [message, submission, case, form].into_iter().all(Option::is_none)
    }

    fn into_pairs(self) -> impl Iterator<Item = (&'static str, String)> {
        let Self { message, submission, case, form } = self;
        [("message", message), ("submission", submission), ("case", case), ("form", form)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Preview {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let Self { name, file, of, target } = self;
        let is_open = of.is_open();
        let drafted = file.map(|file| drafted(file, &name)).transpose()?;
        let (client, project) = target.open().await?;
        let preview = match drafted {
            None => {
                let path = ["projects", &project, "forwarders", &name, "preview"];
                client.get(&path, &of.into_pairs().collect()).await?
            }
            Some(definition) => {
                let of = of.into_pairs().map(|(name, id)| (name, Value::from(id)));
                let order = Value::object(of.chain([("definition", definition)]));
                let path = ["projects", &project, "previews"];
                client.post(&path, &Query::new(), order.to_json()).await?
            }
        };
        if target.json {
            json(&preview)?;
        } else {
            tell(&preview, is_open)?;
        }
        let is_possible = preview.get("request").is_some_and(|request| !request.is_null());
        Ok(if is_possible { Ending::Well } else { Ending::NotWell })
    }
}

/// A forwarder as a project file has it.
fn drafted(file: PathBuf, name: &str) -> Result<Value<'static>, Failure> {
    let origin = file.display().to_string();
    let files = projects::read_files(&[file])?;
    let found = files.into_iter().find_map(|file| file.value.path(&["forwarders", name]).cloned());
    found.ok_or_else(|| Failure::usage(format!("{origin} has no forwarder \"{name}\"")))
}

/// `is_open`: the hub chose what it is shown of.
fn tell(preview: &Json, is_open: bool) -> Result<(), Failure> {
    let is_wanted = is(preview, "matched");
    if is_open && !is_wanted {
        output::note(
            "it wants nothing of what came last: this is the newest, which it would not send",
        );
    }
    let verdict =
        if is_wanted { output::good("wants it") } else { output::bad("does not want it") };
    output::line(format!("{} {}: {verdict}", text(preview, "kind"), text(preview, "id")))?;
    conditions(preview).try_for_each(output::line)?;
    let Some(request) = preview.get("request").filter(|request| !request.is_null()) else {
        output::line(output::bad(text(preview, "problem")))?;
        return Ok(());
    };
    let (method, url) = (text(request, "method"), text(request, "url"));
    output::line(output::strong(format!("\n{method} {url}")))?;
    let headers: Vec<(&str, String)> = elements(request, "headers")
        .iter()
        .filter_map(|header| match header.as_array()? {
            [name, value] => Some((name.as_str()?, legible(value.as_str()?).into_owned())),
            _ => None,
        })
        .collect();
    members(&headers)?;
    match request.get("body").and_then(Value::as_str) {
        None => output::line(format!("\n{} bytes that are no text", text(request, "bytes")))?,
        Some("") => {}
        Some(body) => output::line(format!("\n{}", legible(body)))?,
    }
    if is(request, "is_cut") {
        output::note(format!("this is the beginning of {} bytes", text(request, "bytes")));
    }
    Ok(())
}
