//! `fieldpost filter try`: what a filter would have matched, before it is saved.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{elements, is, json, or_dash, short_time, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Try filters against what came in
#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    Try(Try),
}

/// Say which of the newest messages, forms or cases a filter matches, without saving it
///
/// For example: fieldpost filter try --from kobo --match '{"form": "births"}'
///
/// Or, of cases: fieldpost filter try --on case --case-type child
#[derive(Args, Debug)]
pub(crate) struct Try {
    #[command(flatten)]
    target: Target,

    /// What it is tried on: message, form, submission, form-stub, case, case-created or case-updated.
    #[arg(long, value_name = "EVENT")]
    on: Option<String>,

    /// A form that may pass, by its name, id or namespace; can be given several times.
    #[arg(long = "form", value_name = "FORM")]
    forms: Vec<String>,

    /// A type of cases that may pass; can be given several times.
    #[arg(long = "case-type", value_name = "TYPE")]
    case_types: Vec<String>,

    /// The id of an application that may pass; can be given several times.
    #[arg(long = "application", value_name = "ID")]
    applications: Vec<String>,

    /// A user who may pass, by name or id; can be given several times.
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,

    /// A user who may not pass; can be given several times.
    #[arg(long = "without-user", value_name = "USER")]
    without_users: Vec<String>,

    /// Only messages of this source.
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,

    /// JSON that the message, the form or the case must contain.
    #[arg(long = "match", value_name = "JSON")]
    matches: Option<String>,

    /// JSON that it must not contain.
    #[arg(long, value_name = "JSON")]
    unless: Option<String>,

    /// A header that the request must carry with this value; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,

    /// A query parameter that the request must carry with this value; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,

    /// How many of the newest are looked at.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    last: u32,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Filter {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Try(trial) => trial.execute().await,
        }
    }
}

impl Try {
    async fn execute(self) -> Result<Ending, Failure> {
        let order = self.order()?;
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "filters", "try"];
        let trial = client.post(&path, &Query::new(), order).await?;
        if self.target.json {
            json(&trial)?;
            return Ok(Ending::Well);
        }
        let examples = elements(&trial, "examples");
        if !examples.is_empty() {
            let mut table = output::table(["id", "received (UTC)", "source", "identity"]);
            for (message, subject) in examples.iter().zip(elements(&trial, "subjects")) {
                table.add_row([
                    &*text(subject, "id"),
                    &short_time(&text(message, "received_at")),
                    &text(message, "source"),
                    or_dash(&text(message, "identity")),
                ]);
            }
            output::print_table(&table)?;
        }
        elements(&trial, "near").iter().try_for_each(tell_near_miss)?;
        output::line(format!(
            "{} of the {} newest {} match; {} could not be read",
            text(&trial, "matched"),
            text(&trial, "looked_at"),
            tried_on(self.on.as_deref()),
            messages(&text(&trial, "unreadable")),
        ))?;
        Ok(Ending::Well)
    }

    /// The filter as JSON; numbers keep the text that they were written with.
    fn order(&self) -> Result<String, Failure> {
        let pairs = |pairs: &[(String, String)]| {
            Value::object(
                pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))),
            )
        };
        let mut filter = Vec::new();
        filter.extend(self.on.clone().map(|on| ("on", Value::from(on))));
        for (name, list) in [
            ("forms", &self.forms),
            ("case_types", &self.case_types),
            ("applications", &self.applications),
            ("users", &self.users),
            ("without_users", &self.without_users),
        ] {
            if !list.is_empty() {
                let listed: Vec<_> = list.iter().cloned().map(Value::from).collect();
                filter.push((name, Value::from(listed)));
            }
        }
        filter.extend(self.from.clone().map(|from| ("from", Value::from(from))));
        for (name, given) in [("match", &self.matches), ("unless", &self.unless)] {
            if let Some(text) = given {
                filter.push((name, read(name, text)?));
            }
        }
        for (name, given) in [("match_headers", &self.header), ("match_query", &self.query)] {
            if !given.is_empty() {
                filter.push((name, pairs(given)));
            }
        }
        filter.push(("last", Value::from(u64::from(self.last))));
        Ok(Value::object(filter).to_json())
    }
}

/// What events of that name are about, for people.
fn tried_on(event: Option<&str>) -> &'static str {
    match event {
        Some("form" | "submission" | "form-stub") => "forms",
        Some("case" | "case-created" | "case-updated") => "cases",
        _ => "messages",
    }
}

fn messages(count: &str) -> String {
    format!("{count} message{}", if count == "1" { "" } else { "s" })
}

/// What comes near, with what keeps it out.
fn tell_near_miss(miss: &Json) -> Result<(), Failure> {
    let about = miss.get("about").map(|about| text(about, "id").into_owned()).unwrap_or_default();
    output::line(format!("{} comes near:", output::strong(about)))?;
    for condition in elements(miss, "conditions").iter().filter(|it| !is(it, "holds")) {
        output::line(format!("  {}", text(condition, "note")))?;
    }
    let remark = text(miss, "remark");
    if !remark.is_empty() {
        output::line(format!("  {remark}"))?;
    }
    Ok(())
}

fn read<'t>(name: &str, text: &'t str) -> Result<Value<'t>, Failure> {
    Value::parse(text.as_bytes()).map_err(|error| {
        Failure::usage(format!("--{name} is not JSON: {error}"))
            .hint(format!("quote it whole for the shell: --{name} '{{\"form\": \"births\"}}'"))
    })
}
