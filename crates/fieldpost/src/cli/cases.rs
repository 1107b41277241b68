//! `fieldpost cases`: things that forms follow over time.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fieldpost_model::json::Value;

use super::Ending;
use super::erase::{self, Sureness};
use super::show::{
    elements, is, json, json_list, legible, list, members, or_dash, short_time, text,
};
use super::time::Moment;
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at what forms follow over time: list, show, history, export, erase
#[derive(Debug, Subcommand)]
pub(crate) enum Cases {
    List(Box<List>),
    Show(Show),
    History(History),
    Export(Box<Export>),
    Erase(Erase),
}

/// List cases, the one that was changed last first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    target: Target,
}

/// What cases are written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table: a line for each case, a column for each property.
    Csv,
    /// The same table as a workbook of Excel.
    Xlsx,
}

/// Write cases as one file, the one that was changed first before the others
///
/// For example: fieldpost cases export --type household --format xlsx -o households.xlsx
#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    which: Which,

    /// What they are written as.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,

    /// Write them to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    target: Target,
}

/// Which cases are meant.
#[derive(Args, Debug)]
struct Which {
    /// Only those of this type.
    #[arg(long = "type", value_name = "TYPE")]
    case_type: Option<String>,

    /// Only those of this owner.
    #[arg(long, value_name = "ID")]
    owner: Option<String>,

    /// Only open ones.
    #[arg(long, conflicts_with = "closed")]
    open: bool,

    /// Only closed ones.
    #[arg(long)]
    closed: bool,

    /// Only those of this name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Only those with this id in another system.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,

    /// Only those that point to this case.
    #[arg(long, value_name = "ID")]
    parent: Option<String>,

    /// Only those that were changed at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two
    /// hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those that were changed last before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only those with this in a property, as properties.village=Kibera; may be given several times.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,

    /// Only those with this text in their id, name or external id.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
}

/// Show one case: its properties, and the cases that it is tied to
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The case's id.
    id: String,
    #[command(flatten)]
    target: Target,
}

/// Show which form did what to a case, the first one first
#[derive(Args, Debug)]
pub(crate) struct History {
    /// The case's id.
    id: String,
    #[command(flatten)]
    target: Target,
}

/// Erase a case, with the messages that brought the forms which touched it
///
/// All that these messages brought goes with it, and their deliveries and attempts. Other cases are made
/// anew from the forms that remain. It cannot be brought back.
#[derive(Args, Debug)]
pub(crate) struct Erase {
    /// The case's id.
    id: String,
    #[command(flatten)]
    sureness: Sureness,
    #[command(flatten)]
    target: Target,
}

impl Cases {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::History(history) => history.execute().await,
            Self::Export(export) => export.execute().await,
            Self::Erase(erase) => erase.execute().await,
        }
    }
}

impl Which {
    fn query(self) -> Query {
        let closed = (self.open || self.closed).then(|| self.closed.to_string());
        [
            ("type", self.case_type),
            ("owner", self.owner),
            ("closed", closed),
            ("name", self.name),
            ("external_id", self.external_id),
            ("parent", self.parent),
            ("modified_since", self.since.map(Moment::for_query)),
            ("modified_until", self.until.map(Moment::for_query)),
            ("text", self.text),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain(self.conditions.into_iter().map(|condition| ("where", condition)))
        .collect()
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "cases"];
        let found = client.list(&path, &self.which.query(), self.limit).await?;
        list(found, self.target.json, "no cases", table)
    }
}

impl Export {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let format = match self.format {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        };
        let mut query = self.which.query();
        query.push(("format", format.to_owned()));
        let path = ["projects", &project, "exports", "cases"];
        client.save(&path, &query, self.output.as_deref()).await?;
        Ok(Ending::Well)
    }
}

/// A list of cases for people.
pub(super) fn table(cases: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["id", "type", "name", "owner", "state", "changed (UTC)"]);
    for case in cases {
        table.add_row([
            &*text(case, "id"),
            or_dash(&text(case, "type")),
            or_dash(&text(case, "name")),
            or_dash(&text(case, "owner")),
            state(case),
            &short_time(&text(case, "server_modified_at")),
        ]);
    }
    table
}

fn state(case: &Json) -> &'static str {
    match (is(case, "deleted"), is(case, "closed")) {
        (true, _) => "deleted",
        (false, true) => "closed",
        (false, false) => "open",
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let case = client.get(&["projects", &project, "cases", &self.id], &Query::new()).await?;
        if self.target.json {
            json(&case)?;
            return Ok(Ending::Well);
        }
        members(&[
            ("id", text(&case, "id").into_owned()),
            ("type", text(&case, "type").into_owned()),
            ("name", text(&case, "name").into_owned()),
            ("owner", text(&case, "owner").into_owned()),
            ("external id", text(&case, "external_id").into_owned()),
            ("state", state(&case).to_owned()),
            ("opened", text(&case, "opened_at").into_owned()),
            ("changed", text(&case, "modified_at").into_owned()),
            ("closed", text(&case, "closed_at").into_owned()),
            ("received", text(&case, "server_modified_at").into_owned()),
        ])?;
        if let Some(properties) = case.get("properties").and_then(Value::as_object)
            && !properties.is_empty()
        {
            output::line(output::strong("\nproperties"))?;
            let pairs = told_properties(properties);
            let pairs: Vec<(&str, String)> =
                pairs.iter().map(|(name, value)| (&**name, value.to_string())).collect();
            members(&pairs)?;
        }
        tell_ties(&case)?;
        Ok(Ending::Well)
    }
}

/// Properties as people can read them; what they are called came in by a form as well.
fn told_properties<'v>(
    properties: &'v [(Cow<'_, str>, Json)],
) -> Vec<(Cow<'v, str>, Cow<'v, str>)> {
    let properties = properties.iter();
    properties
        .map(|(name, value)| (legible(name), legible(value.as_str().unwrap_or_default())))
        .collect()
}

/// The ties of a case, in both directions.
fn tell_ties(case: &Json) -> Result<(), Failure> {
    let indices = case.get("indices").and_then(Value::as_object).unwrap_or_default();
    let reverse = elements(case, "reverse_indices");
    if indices.is_empty() && reverse.is_empty() {
        return Ok(());
    }
    output::line(output::strong("\nties"))?;
    for (name, tie) in indices {
        let (id, what) = (text(tie, "case_id"), text(tie, "relationship"));
        output::line(format!("  → {} {id} ({what})", legible(name)))?;
    }
    for tie in reverse {
        let (id, name) = (text(tie, "case_id"), text(tie, "name"));
        output::line(format!("  ← {id} as its {name} ({})", text(tie, "relationship")))?;
    }
    if is(case, "reverse_indices_are_more") {
        let id = text(case, "id");
        output::line(format!("  and more: `fieldpost cases list --parent {id}`"))?;
    }
    Ok(())
}

impl History {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "cases", &self.id, "history"];
        let steps = client.list(&path, &Query::new(), usize::MAX).await?;
        if self.target.json {
            json_list(steps)?;
            return Ok(Ending::Well);
        }
        for step in &steps {
            let kinds: Vec<&str> =
                elements(step, "kinds").iter().filter_map(Value::as_str).collect();
            let kinds = if kinds.is_empty() { "touch".to_owned() } else { kinds.join(", ") };
            output::line(format!(
                "{} {} by {}, form {}",
                short_time(&text(step, "at")),
                output::strong(kinds),
                or_dash(&text(step, "user_id")),
                text(step, "form_id"),
            ))?;
            for action in elements(step, "actions") {
                let properties = action.get("properties").and_then(Value::as_object);
                for (name, value) in told_properties(properties.unwrap_or_default()) {
                    output::line(format!("  {} {value}", output::faint(name)))?;
                }
            }
        }
        Ok(Ending::Well)
    }
}

impl Erase {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "cases", &self.id];
        let order = erase::Order::At(&path);
        erase::carry_out(&client, &order, self.sureness, self.target.json).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_properties_nor_what_they_are_called_steer_a_terminal() {
        let case = Json::object([("a\u{1b}[2J", Json::from("b\u{202e}"))]);
        let told = told_properties(case.as_object().unwrap());
        assert_eq!(told, [(Cow::from("a\\u{1b}[2J"), Cow::from("b\\u{202e}"))]);
    }
}
