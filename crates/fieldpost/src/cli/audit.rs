//! `fieldpost audit`: who did what, and when.

use std::borrow::Cow;

use clap::{Args, Subcommand};

use super::Ending;
use super::show::{list, or_dash, short_time, text};
use super::time::Moment;
use crate::client::{HubAddress, Json, Query};
use crate::failure::Failure;
use crate::output;

/// Look at who did what: list
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(List),
}

/// List what people and programs did, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only in this project. Without it, in the whole installation.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Only of this one: an id, or a part of a name.
    #[arg(long, value_name = "WHO")]
    who: Option<String>,

    /// Only this: forwarder.saved, or what it begins with, forwarder.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Only from this time on: 2026-01-31T12:00:00Z, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Audit {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let mut query = Query::new();
        for (name, value) in [
            ("who", self.who),
            ("action", self.action),
            ("from", self.since.map(Moment::for_query)),
            ("to", self.until.map(Moment::for_query)),
        ] {
            query.extend(value.map(|value| (name, value)));
        }
        let path = match &self.project {
            Some(project) => vec!["projects", project, "audit"],
            None => vec!["audit"],
        };
        let entries = self.hub.client()?.list(&path, &query, self.limit).await?;
        list(entries, self.json, "nothing", table)
    }
}

fn table(entries: &[Json]) -> comfy_table::Table {
    let mut table =
        output::table(["when (UTC)", "who", "what", "project", "to what", "why", "from"]);
    for entry in entries {
        let who = entry.get("who").map(|who| text(who, "name").into_owned());
        table.add_row([
            short_time(&text(entry, "at")),
            who.unwrap_or_default(),
            action(entry),
            or_dash(&text(entry, "project")).to_owned(),
            or_dash(&text(entry, "target")).to_owned(),
            or_dash(&detail(entry, "reason")).to_owned(),
            or_dash(&text(entry, "address")).to_owned(),
        ]);
    }
    table
}

/// What was done; a dry run only looked at it.
fn action(entry: &Json) -> String {
    let action = text(entry, "action");
    // An entry of before may have the text of a parameter.
    if detail(entry, "dry_run") == "true" { format!("{action} (dry run)") } else { action.into() }
}

fn detail<'e>(entry: &'e Json, key: &str) -> Cow<'e, str> {
    entry.get("detail").map(|detail| text(detail, key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use fieldpost_model::json::Value;

    use super::*;

    #[track_caller]
    fn check(detail: &str, told: &str, why: &str) {
        let entry = format!(r#"{{"action": "project.applied", "detail": {detail}}}"#);
        let entry = Value::parse(entry.as_bytes()).unwrap().into_owned();
        assert_eq!(action(&entry), told);
        assert_eq!(super::detail(&entry, "reason"), why);
    }

    #[test]
    fn a_dry_run_and_a_reason_are_told() {
        check("{}", "project.applied", "");
        check(r#"{"dry_run": false, "reason": "moved"}"#, "project.applied", "moved");
        for dry in [r#"{"dry_run": true}"#, r#"{"dry_run": "true"}"#] {
            check(dry, "project.applied (dry run)", "");
        }
    }
}
