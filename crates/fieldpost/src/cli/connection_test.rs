//! `fieldpost connection test`: a connection tried step by step, as a delivery would.

use std::path::PathBuf;

use clap::Args;
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{elements, is, json, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Try a connection, step by step: name, address, TLS, authentication, answer
///
/// Nothing is stored, and no secret is shown. Without a sample the destination is asked with GET,
/// which changes nothing on most systems; many take POST only, and say so. What is sent carries the
/// header `fieldpost-test: true`.
///
/// Ends with 1 where a step failed.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// The connection's name.
    #[arg(value_name = "CONNECTION")]
    name: String,
    /// The method; with a sample the forwarder's, or POST.
    #[arg(long, value_name = "METHOD", value_parser = ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS"], ignore_case = true)]
    method: Option<String>,
    /// Send this message, in the format and with the headers of a forwarder.
    #[arg(long, value_name = "ID", requires = "forwarder", conflicts_with = "body")]
    message: Option<String>,
    /// The forwarder whose format and headers the message is sent with.
    #[arg(long, value_name = "FORWARDER", requires = "message")]
    forwarder: Option<String>,
    /// Send the content of this file.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// What the file is; `application/json`, unless given.
    #[arg(long, value_name = "TYPE", requires = "body")]
    content_type: Option<String>,
    #[command(flatten)]
    target: Target,
}

impl Test {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let request = self.request()?;
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "connections", &self.name, "test"];
        let tested = client.post(&path, &Query::new(), request.to_json()).await?;
        if self.target.json {
            json(&tested)?;
        } else {
            show(&tested)?;
        }
        Ok(if is(&tested, "ok") { Ending::Well } else { Ending::NotWell })
    }

    fn request(&self) -> Result<Json, Failure> {
        let text = |text: &String| Value::from(text.clone());
        let mut members = Vec::new();
        members.extend(self.method.as_ref().map(|method| ("method", text(&method.to_uppercase()))));
        if let (Some(message), Some(forwarder)) = (&self.message, &self.forwarder) {
            let sample = [("message", text(message)), ("forwarder", text(forwarder))];
            members.push(("sample", Value::object(sample)));
        } else if let Some(file) = &self.body {
            let mut sample = vec![("body", Value::from(read(file)?))];
            sample.extend(self.content_type.as_ref().map(|it| ("content_type", text(it))));
            members.push(("sample", Value::object(sample)));
        }
        Ok(Value::object(members))
    }
}

fn read(file: &PathBuf) -> Result<String, Failure> {
    let shown = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::new(format!("{shown} cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::new(format!("{shown} is not UTF-8 text"))
            .hint("send a kept message instead: --message ID --forwarder NAME")
    })
}

/// A line for each step, with what was found below it, and the verdict.
fn show(tested: &Json) -> Result<(), Failure> {
    output::line(format!("{} {}\n", text(tested, "method"), text(tested, "url")))?;
    let steps = elements(tested, "steps");
    let width = steps.iter().map(|step| text(step, "step").chars().count()).max().unwrap_or(0);
    for step in steps {
        let name = text(step, "step");
        let mark = if is(step, "ok") { output::good("✓") } else { output::bad("✗") };
        output::line(format!("{mark} {name:width$}  {:>9}", duration(step)))?;
        for fact in elements(step, "facts") {
            let (name, value) = (text(fact, "name"), text(fact, "value"));
            output::line(format!("    {} {value}", output::faint(format!("{name}:"))))?;
        }
        let error = step.get("error").map(|error| text(error, "message")).unwrap_or_default();
        for (word, said) in [("error:", error), ("hint:", text(step, "hint"))] {
            if !said.is_empty() {
                output::line(format!("    {} {said}", output::strong(word)))?;
            }
        }
    }
    output::line(format!("\n{}", text(tested, "verdict")))?;
    Ok(())
}

/// How long a step took, as people read it: `12.3 ms`, `2.1 s`.
fn duration(step: &Json) -> String {
    let number = step.get("duration_ms").and_then(Value::as_number);
    let milliseconds: f64 = number.and_then(|text| text.parse().ok()).unwrap_or(0.0);
    if milliseconds < 1_000.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{:.1} s", milliseconds / 1_000.0)
    }
}
