//! `fieldpost filter try`: what a filter would have matched, before it is saved.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{elements, json, or_dash, short_time, text};
use crate::client::{Query, Target};
use crate::failure::Failure;
use crate::output;

/// Try filters against what came in
#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    Try(Try),
}

/// Say which of the newest messages a filter matches, without saving it
///
/// For example: fieldpost filter try --from kobo --match '{"form": "births"}'
#[derive(Args, Debug)]
pub(crate) struct Try {
    #[command(flatten)]
    target: Target,

    /// Only messages of this source.
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,

    /// JSON that the message must contain.
    #[arg(long = "match", value_name = "JSON")]
    matches: Option<String>,

    /// JSON that the message must not contain.
    #[arg(long, value_name = "JSON")]
    unless: Option<String>,

    /// A header that the request must carry with this value; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,

    /// A query parameter that the request must carry with this value; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,

    /// How many of the newest messages are looked at.
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
            for message in examples {
                table.add_row([
                    &*text(message, "id"),
                    &short_time(&text(message, "received_at")),
                    &text(message, "source"),
                    or_dash(&text(message, "identity")),
                ]);
            }
            output::print_table(&table)?;
        }
        output::line(format!(
            "{} of the {} newest messages match; {} could not be read",
            text(&trial, "matched"),
            text(&trial, "looked_at"),
            text(&trial, "unreadable"),
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

fn read<'t>(name: &str, text: &'t str) -> Result<Value<'t>, Failure> {
    Value::parse(text.as_bytes()).map_err(|error| {
        Failure::usage(format!("--{name} is not JSON: {error}"))
            .hint(format!("quote it whole for the shell: --{name} '{{\"form\": \"births\"}}'"))
    })
}
