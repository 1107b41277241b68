//! `fieldpost overview`: is anything wrong, since when, and whom does it concern.

use clap::Args;
use comfy_table::{Cell, Color};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{counted, elements, is, json, number, or_dash, short_time, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Show a project at one look: what came in and went out today, what waits, what is in trouble
///
/// Today begins at midnight UTC. Counts are up to two seconds behind.
#[derive(Args, Debug)]
pub(crate) struct Overview {
    #[command(flatten)]
    target: Target,
}

impl Overview {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let overview = client.get(&["projects", &project, "overview"], &Query::new()).await?;
        if self.target.json {
            json(&overview)?;
            return Ok(Ending::Well);
        }
        summary(&overview).iter().try_for_each(output::line)?;
        let (sources, connections) =
            (elements(&overview, "sources"), elements(&overview, "connections"));
        if !sources.is_empty() {
            output::line("")?;
            output::print_table(&sources_table(sources))?;
        }
        if !connections.is_empty() {
            output::line("")?;
            output::print_table(&connections_table(connections))?;
        }
        Ok(Ending::Well)
    }
}

/// What is to be known first, in sentences.
fn summary(overview: &Json) -> Vec<String> {
    let today = |key: &str| overview.get(key).map_or(0, |counts| number(counts, "today"));
    let mut lines = vec![format!(
        "today: {} in, {} out",
        counted(today("received"), "message", "messages"),
        counted(today("delivered"), "delivery", "deliveries")
    )];
    for (key, one, several) in [
        ("quarantined_today", "message could not be read", "messages could not be read"),
        (
            "given_up_today",
            "delivery ended without having arrived",
            "deliveries ended without having arrived",
        ),
        ("incidents_open", "incident lasts", "incidents last"),
    ] {
        let count = number(overview, key);
        if count > 0 {
            lines.push(output::bad(counted(count, one, several)));
        }
    }
    let waiting = number(overview, "waiting");
    if waiting > 0 {
        lines.push(output::noteworthy(format!("{}{}", waits(overview), oldest(overview))));
    }
    lines
}

fn waits(overview: &Json) -> String {
    let waiting = number(overview, "waiting");
    if is(overview, "waiting_is_more") {
        return format!("more than {waiting} deliveries wait");
    }
    counted(waiting, "delivery waits", "deliveries wait")
}

/// The one that waits longest.
fn oldest(overview: &Json) -> String {
    let Some(oldest @ Value::Object(_)) = overview.get("oldest_waiting") else {
        return String::new();
    };
    let since = short_time(&text(oldest, "since"));
    format!(", the oldest since {since} for {}", text(oldest, "connection"))
}

fn sources_table(sources: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["source", "dialect", "last received (UTC)", "today", "state"]);
    for source in sources {
        table.add_row(vec![
            text(source, "name").into(),
            text(source, "dialect").into(),
            or_dash(&short_time(&text(source, "last_received_at"))).into(),
            number(source, "today").to_string().into(),
            state_cell(source),
        ]);
    }
    table
}

fn connections_table(connections: &[Json]) -> comfy_table::Table {
    let mut table = output::table([
        "connection",
        "last delivered (UTC)",
        "today",
        "waiting",
        "next try",
        "state",
    ]);
    for connection in connections {
        let more = if is(connection, "waiting_is_more") { "+" } else { "" };
        table.add_row(vec![
            text(connection, "name").into(),
            or_dash(&short_time(&text(connection, "last_delivered_at"))).into(),
            number(connection, "today").to_string().into(),
            format!("{}{more}", number(connection, "waiting")).into(),
            or_dash(&short_time(&text(connection, "next_try_at"))).into(),
            connection_cell(connection),
        ]);
    }
    table
}

/// How a connection is, and what its state alone does not say: trouble under a pause, a destination
/// that takes something again, and tries that all fail before there is an incident.
fn connection_cell(connection: &Json) -> Cell {
    let since = short_time(&text(connection, "since"));
    let recovering = connection.get("recovering").map(|it| short_time(&text(it, "worked_at")));
    let more = match &*text(connection, "state") {
        "paused" if !since.is_empty() => format!("paused, in trouble since {since}"),
        "in_trouble" => match recovering.filter(|at| !at.is_empty()) {
            Some(at) => format!("in trouble since {since}, took something at {at}"),
            None => return state_cell(connection),
        },
        "well" | "idle" if is(connection, "failing") => {
            let at = short_time(&text(connection, "last_failed_at"));
            format!("failing, last at {at}")
        }
        _ => return state_cell(connection),
    };
    output::state_cell(&more)
}

/// How something is, and since when it is in trouble.
fn state_cell(of: &Json) -> Cell {
    let state = text(of, "state").replace('_', " ");
    let since = short_time(&text(of, "since"));
    let told = if since.is_empty() { state.clone() } else { format!("{state} since {since}") };
    match state.as_str() {
        "well" => Cell::new(told).fg(Color::Green),
        "in trouble" | "silent" => Cell::new(told).fg(Color::Red),
        "paused" => Cell::new(told).fg(Color::Yellow),
        _ => Cell::new(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(overview: &str, expected: &[&str]) {
        let overview = Value::parse(overview.as_bytes()).unwrap().into_owned();
        let told: Vec<String> = summary(&overview)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_wrong_is_said_in_sentences() {
        check(
            r#"{"received": {"today": 1}, "delivered": {"today": 0}, "waiting": 0,
                "oldest_waiting": null}"#,
            &["today: 1 message in, 0 deliveries out"],
        );
        check(
            r#"{"received": {"today": 804}, "delivered": {"today": 800}, "quarantined_today": 1,
                "given_up_today": 2, "incidents_open": 1, "waiting": 212, "waiting_is_more": false,
                "oldest_waiting": {"since": "2026-01-31T14:02:11.000000Z", "connection": "dhis2"}}"#,
            &[
                "today: 804 messages in, 800 deliveries out",
                "1 message could not be read",
                "2 deliveries ended without having arrived",
                "1 incident lasts",
                "212 deliveries wait, the oldest since 2026-01-31 14:02:11 for dhis2",
            ],
        );
        check(
            r#"{"waiting": 10000, "waiting_is_more": true}"#,
            &["today: 0 messages in, 0 deliveries out", "more than 10000 deliveries wait"],
        );
    }

    #[track_caller]
    fn check_connection(connection: &str, expected: &str) {
        let connection = Value::parse(connection.as_bytes()).unwrap().into_owned();
        assert_eq!(connection_cell(&connection).content(), expected);
    }

    #[test]
    fn a_connection_says_what_its_state_does_not() {
        let since = r#""since": "2026-01-31T14:02:11.000000Z", "incident": "1""#;
        check_connection(r#"{"state": "well", "failing": false, "since": null}"#, "well");
        check_connection(
            r#"{"state": "well", "failing": true, "last_failed_at": "2026-01-31T14:02:11.000000Z"}"#,
            "failing, last at 2026-01-31 14:02:11",
        );
        let trouble = "in trouble since 2026-01-31 14:02:11";
        check_connection(
            &format!(r#"{{"state": "in_trouble", "recovering": null, {since}}}"#),
            trouble,
        );
        let recovering = r#""recovering": {"worked_at": "2026-01-31T15:00:00.000000Z"}"#;
        check_connection(
            &format!(r#"{{"state": "in_trouble", {recovering}, {since}}}"#),
            &format!("{trouble}, took something at 2026-01-31 15:00:00"),
        );
        check_connection(
            &format!(r#"{{"state": "paused", {since}}}"#),
            &format!("paused, {trouble}"),
        );
        check_connection(r#"{"state": "paused", "since": null, "failing": true}"#, "paused");
    }
}
