//! `fieldpost incidents`: stretches of trouble, and what people were told of them.

use clap::{Args, Subcommand};
use comfy_table::{Cell, Color};
use uuid::Uuid;

use super::Ending;
use super::show::{
    elements, id, json, json_list, list, members, number, or_dash, short_time, text,
};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at trouble: list, show, close, and what people were told
#[derive(Debug, Subcommand)]
pub(crate) enum Incidents {
    List(List),
    Show(Show),
    Close(Close),
    Notices(Notices),
}

/// List incidents, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those in this state: open or recovered.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,

    /// Only those of this kind: connection, silence or call.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,

    /// Only those about this connection or source, or this call of a lifecycle: `request/new/register`.
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,

    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    target: Target,
}

/// Show one incident, with what people were told of it
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The incident's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Close incidents that do not end by themselves, because nothing is left to be sent
///
/// Those who were told that one began are told so. Where the trouble goes on, another one is opened.
#[derive(Args, Debug)]
pub(crate) struct Close {
    /// The ids of the incidents.
    #[arg(value_name = "ID", required = true, value_parser = id)]
    ids: Vec<Uuid>,
    #[command(flatten)]
    target: Target,
}

/// List what people were told, newest first: of incidents, of deliveries given up, in reports
#[derive(Args, Debug)]
pub(crate) struct Notices {
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    target: Target,
}

impl Incidents {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Close(close) => close.execute().await,
            Self::Notices(notices) => notices.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let mut query = Query::new();
        for (name, value) in [("state", self.state), ("kind", self.kind), ("subject", self.subject)]
        {
            query.extend(value.map(|value| (name, value)));
        }
        let path = ["projects", &project, "incidents"];
        let incidents = client.list(&path, &query, self.limit).await?;
        list(incidents, self.target.json, "no incidents", table)
    }
}

fn table(incidents: &[Json]) -> comfy_table::Table {
    let mut table =
        output::table(["incident", "since", "kind", "about", "state", "failures", "given up"]);
    for incident in incidents {
        table.add_row(vec![
            text(incident, "id").into(),
            short_time(&text(incident, "opened_at")).into(),
            text(incident, "kind").into(),
            text(incident, "subject").into(),
            state_cell(&state(incident)),
            number(incident, "failures").to_string().into(),
            number(incident, "given_up").to_string().into(),
        ]);
    }
    table
}

/// Where an incident stands: one that lasts may seem to be over, or be unable to end.
fn state(incident: &Json) -> String {
    let state = text(incident, "state");
    let worked_at = incident.get("recovering").map(|it| short_time(&text(it, "worked_at")));
    let paused_by = text(incident, "paused_by");
    match worked_at.filter(|at| !at.is_empty()) {
        _ if !paused_by.is_empty() => format!("{state}, the {paused_by} is paused"),
        Some(at) => format!("{state}, took something at {at}"),
        None => state.into_owned(),
    }
}

/// What lasts stands out.
fn state_cell(state: &str) -> Cell {
    let cell = Cell::new(state);
    if state.starts_with("open") { cell.fg(Color::Red) } else { cell.fg(Color::Green) }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let incident = client.get(&["projects", &project, "incidents", &id], &Query::new()).await?;
        if self.target.json {
            json(&incident)?;
            return Ok(Ending::Well);
        }
        let of = |key: &str| text(&incident, key).into_owned();
        let last = incident.get("last");
        let last_of = |key: &str| last.map(|last| text(last, key).into_owned()).unwrap_or_default();
        members(&[
            ("incident", of("id")),
            ("about", format!("{} {}", of("kind"), of("subject"))),
            ("state", state(&incident)),
            ("since", of("opened_at")),
            ("until", of("recovered_at")),
            ("failures", of("failures")),
            ("given up", of("given_up")),
            ("last seen", last_of("at")),
            ("url", last_of("url")),
            ("status", last_of("status")),
            ("error", last_of("error")),
            ("delivery", last_of("delivery")),
            ("key", last_of("key")),
            ("submission", last_of("submission")),
        ])?;
        let notices = elements(&incident, "notices");
        if notices.is_empty() {
            output::line("\nnobody was told")?;
        } else {
            output::line(output::strong("\nwhat people were told"))?;
            output::print_table(&notices_table(notices))?;
        }
        Ok(Ending::Well)
    }
}

impl Close {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let mut closed = Vec::new();
        for id in self.ids {
            let id = id.to_string();
            closed.push(client.act(&["projects", &project, "incidents", &id, "close"]).await?);
            if !self.target.json {
                output::line(format!("{id} is closed"))?;
            }
        }
        if self.target.json {
            json_list(closed)?;
        }
        Ok(Ending::Well)
    }
}

impl Notices {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "notices"];
        let notices = client.list(&path, &Query::new(), self.limit).await?;
        list(notices, self.target.json, "nobody was told anything", notices_table)
    }
}

fn notices_table(notices: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["made", "what", "to", "state", "tries", "subject", "error"]);
    for notice in notices {
        table.add_row(vec![
            short_time(&text(notice, "created_at")).into(),
            text(notice, "kind").into(),
            text(notice, "recipient").into(),
            output::state_cell(&text(notice, "state")),
            number(notice, "tries").to_string().into(),
            text(notice, "subject").into(),
            or_dash(&text(notice, "last_error")).into(),
        ]);
    }
    table
}
