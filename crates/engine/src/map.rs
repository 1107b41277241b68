//! The map of a project: what goes where. Sources lead to forwarders and workflows, and these to
//! connections.
//!
//! What listens to every source hangs on one node that stands for all of them: a line from each source
//! to each such forwarder would be a net that nobody can read. A workflow that a clock, trouble or a
//! person sets off has no way into it, and leads to the connections that its steps use.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::names;
use fieldpost_model::run::{RunOrigin, RunState};
use fieldpost_model::tally::{TallyKind, TallyNoun};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{EventTrigger, Trigger, Workflow};
use fieldpost_rules::event::payload_of;
use fieldpost_store::{RunCondition, RunPage, RunTallies, StoreError};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::error::HubError;
use crate::hub::Hub;
use crate::overview::{ConnectionState, Counted, Overview, SourceState};

/// The most characters of a filter that are shown.
const SHOWN_CHARACTERS: usize = 200;

names! {
    /// What stands at a place of the map.
    pub enum MapNodeKind {
        /// A source.
        Source = "source",
        /// All sources together, for forwarders that listen to every one.
        AnySource = "any_source",
        /// A forwarder.
        Forwarder = "forwarder",
        /// A workflow.
        Workflow = "workflow",
        /// A connection.
        Connection = "connection",
    }
}

/// A place of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapNode {
    /// What stands there.
    pub kind: MapNodeKind,
    /// Its name; `*` for all sources together.
    pub name: String,
    /// What people call a workflow; empty where nothing was said.
    pub title: String,
    /// How it is: the state of a source or of a connection; `paused` or `well` for what stands between.
    pub state: &'static str,
    /// Whether all its tries of late failed, of a forwarder or a connection; or the last run of a workflow
    /// that has ended.
    pub is_failing: bool,
    /// What came in by it today, was wanted by it, or arrived at it; of a workflow, its runs.
    pub today: u64,
    /// What waits there, counted within bounds; for workflows and connections only.
    pub waiting: Option<(u64, bool)>,
    /// What a forwarder or a workflow asks for, in short, or when a clock sets it off; empty where it asks
    /// for nothing.
    pub filter: Option<String>,
    /// What sets a forwarder or a workflow off: an event, `cron`, trouble, or `manual`.
    pub on: Option<&'static str>,
}

/// A way of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEdge {
    /// Where it begins.
    pub from: (MapNodeKind, String),
    /// Where it leads to.
    pub to: (MapNodeKind, String),
    /// What went along it today.
    pub today: u64,
}

/// What goes where in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectMap {
    /// Since when today counts.
    pub today_since: Timestamp,
    /// The places: sources first, then forwarders, workflows and connections.
    pub nodes: Vec<MapNode>,
    /// The ways between them.
    pub edges: Vec<MapEdge>,
}

/// The name of the place that stands for all sources.
const ANY: &str = "*";

/// Workflows that the store is asked about at once.
const ASKED_AT_ONCE: usize = 8;

/// Among so many of the newest runs the last one that has ended is looked for.
const NEWEST_RUNS: usize = 10;

impl Hub {
    /// What goes where in a project, with what went there today.
    pub async fn map(
        &self,
        project: &str,
        today: Option<Timestamp>,
    ) -> Result<ProjectMap, HubError> {
        let (overview, counted) = self.look_at(project, today).await?;
        let routing = self.project(project).await?;
        let forwarders = &routing.definition.forwarders;
        let workflows = &routing.definition.workflows;
        let mut nodes = source_nodes(&overview, forwarders, workflows);
        let now = self.now();
        nodes.extend(forwarders.iter().map(|forwarder| forwarder_node(forwarder, &counted, now)));
        let since = overview.today_since;
        let asked: Vec<_> =
            workflows.iter().map(|workflow| self.workflow_seen(project, workflow, since)).collect();
        let seen: Vec<WorkflowSeen> =
            stream::iter(asked).buffered(ASKED_AT_ONCE).try_collect().await?;
        nodes.extend(
            workflows.iter().zip(&seen).map(|(workflow, seen)| workflow_node(workflow, seen)),
        );
        nodes.extend(overview.connections.iter().map(|shown| MapNode {
            state: ConnectionState::name(shown.state),
            is_failing: shown.is_failing,
            today: shown.today,
            waiting: Some((shown.waiting, shown.waiting_is_more)),
            ..node(MapNodeKind::Connection, &shown.name)
        }));
        let mut edges: Vec<MapEdge> =
            forwarders.iter().flat_map(|forwarder| edges_of(forwarder, &counted)).collect();
        for (workflow, seen) in workflows.iter().zip(&seen) {
            edges.extend(edges_of_workflow(workflow, &seen.tallies));
        }
        Ok(ProjectMap { today_since: since, nodes, edges })
    }

    async fn workflow_seen(
        &self,
        project: &str,
        workflow: &Workflow,
        since: Timestamp,
    ) -> Result<WorkflowSeen, StoreError> {
        let tallies = self.store().run_tallies(project, &workflow.name, since).await?;
        let is_failing = self.last_run_failed(project, &workflow.name).await?;
        Ok(WorkflowSeen { tallies, is_failing })
    }

    /// Whether, of the newest runs of a workflow, the last one that has ended did not end well.
    async fn last_run_failed(&self, project: &str, workflow: &str) -> Result<bool, StoreError> {
        let of_it = RunCondition { workflow: Some(workflow.to_owned()), ..RunCondition::default() };
        let page = RunPage { before: None, limit: NEWEST_RUNS };
        let newest = self.store().runs(project, &of_it, page).await?.found;
        Ok(newest.iter().find(|run| run.state.is_final()).is_some_and(|run| is_bad(run.state)))
    }
}

/// What is seen of a workflow: how its runs of today stand, and whether the last one failed.
struct WorkflowSeen {
    tallies: RunTallies,
    is_failing: bool,
}

/// Whether a run in this state did not end well, without anybody having ended it.
pub const fn is_bad(state: RunState) -> bool {
    state.is_final() && !matches!(state, RunState::Success | RunState::Cancelled)
}

/// A place of which nothing more is known than what it is.
fn node(kind: MapNodeKind, name: &str) -> MapNode {
    MapNode {
        kind,
        name: name.to_owned(),
        title: String::new(),
        state: ConnectionState::Well.name(),
        is_failing: false,
        today: 0,
        waiting: None,
        filter: None,
        on: None,
    }
}

const fn paused_or_well(paused: bool) -> &'static str {
    if paused { ConnectionState::Paused.name() } else { ConnectionState::Well.name() }
}

fn source_nodes(
    overview: &Overview,
    forwarders: &[Forwarder],
    workflows: &[Workflow],
) -> Vec<MapNode> {
    let sources = overview.sources.iter().map(|shown| MapNode {
        state: SourceState::name(shown.state),
        today: shown.today,
        ..node(MapNodeKind::Source, &shown.source.name)
    });
    let mut nodes: Vec<MapNode> = sources.collect();
    let listens_to_all = |it: &Forwarder| it.filter.from.is_none() && comes_with_message(it.on);
    let begins_with_all =
        |it: &Workflow| way_into(it).is_some_and(|from| from.0 != MapNodeKind::Source);
    if forwarders.iter().any(listens_to_all) || workflows.iter().any(begins_with_all) {
        nodes.push(MapNode {
            state: SourceState::Well.name(),
            today: overview.received.today,
            ..node(MapNodeKind::AnySource, ANY)
        });
    }
    nodes
}

fn forwarder_node(forwarder: &Forwarder, counted: &Counted, now: Timestamp) -> MapNode {
    let tries = counted.last.tries(TallyNoun::Forwarder, &forwarder.name);
    MapNode {
        is_failing: tries.are_failing(now),
        state: paused_or_well(forwarder.paused),
        today: counted.of(TallyNoun::Forwarder, TallyKind::Matched, &forwarder.name),
        filter: Some(filter_summary(&forwarder.filter)),
        on: Some(forwarder.on.name()),
        ..node(MapNodeKind::Forwarder, &forwarder.name)
    }
}

fn workflow_node(workflow: &Workflow, seen: &WorkflowSeen) -> MapNode {
    let WorkflowSeen { tallies, is_failing } = seen;
    let (on, filter) = match &workflow.trigger {
        Trigger::Event(event) => (event.on.name(), filter_summary(&event.filter)),
        Trigger::Cron(cron) => ("cron", format!("{} ({})", cron.expression, cron.time_zone)),
        Trigger::Trouble(trouble) => (trouble.name(), String::new()),
        Trigger::Manual => ("manual", String::new()),
    };
    MapNode {
        title: workflow.title.clone(),
        state: paused_or_well(workflow.paused),
        is_failing: *is_failing,
        today: tallies.of(|_, _| true),
        waiting: Some((tallies.waiting, tallies.waiting_is_more)),
        filter: Some(filter),
        on: Some(on),
        ..node(MapNodeKind::Workflow, &workflow.name)
    }
}

/// Whether an event comes with a message: an application that is saved comes by no source.
fn comes_with_message(on: Event) -> bool {
    payload_of(on) != PayloadKind::Application
}

/// Where what sets something off comes from, where that is a source.
fn way_from(on: Event, filter: &MessageFilter) -> Option<(MapNodeKind, String)> {
    comes_with_message(on).then(|| match &filter.from {
        Some(source) => (MapNodeKind::Source, source.clone()),
        None => (MapNodeKind::AnySource, ANY.to_owned()),
    })
}

fn way_into(workflow: &Workflow) -> Option<(MapNodeKind, String)> {
    match &workflow.trigger {
        Trigger::Event(EventTrigger { on, filter, .. }) => way_from(*on, filter),
        Trigger::Cron(_) | Trigger::Trouble(_) | Trigger::Manual => None,
    }
}

/// The way into a forwarder, where there is one, and the way out of it.
fn edges_of(forwarder: &Forwarder, counted: &Counted) -> Vec<MapEdge> {
    let own = (MapNodeKind::Forwarder, forwarder.name.clone());
    let of = |kind| counted.of(TallyNoun::Forwarder, kind, &forwarder.name);
    let into = way_from(forwarder.on, &forwarder.filter);
    let into = into.map(|from| MapEdge { from, to: own.clone(), today: of(TallyKind::Matched) });
    let to = (MapNodeKind::Connection, forwarder.to.clone());
    let out = MapEdge { from: own, to, today: of(TallyKind::Delivered) };
    into.into_iter().chain([out]).collect()
}

/// The way into a workflow, where a source leads to it, and one to each connection that its steps use.
fn edges_of_workflow(workflow: &Workflow, tallies: &RunTallies) -> Vec<MapEdge> {
    let own = (MapNodeKind::Workflow, workflow.name.clone());
    let set_off = |origin, _| matches!(origin, RunOrigin::Event | RunOrigin::Replay);
    let into = way_into(workflow).map(|from| MapEdge {
        from,
        to: own.clone(),
        today: tallies.of(set_off),
    });
    let mut used: Vec<&String> = Vec::new();
    for connection in workflow.steps.iter().filter_map(|step| step.connection.as_ref()) {
        if !used.contains(&connection) {
            used.push(connection);
        }
    }
    let ended_well = tallies.of(|_, state| state == RunState::Success);
    let out = used.into_iter().map(|connection| MapEdge {
        from: own.clone(),
        to: (MapNodeKind::Connection, connection.clone()),
        today: ended_well,
    });
    into.into_iter().chain(out).collect()
}

/// What a filter asks for, beside the source: `{"form":"births"} · not {"test":true} · x-form: a`.
fn filter_summary(filter: &MessageFilter) -> String {
    let lists = [
        ("type", &filter.case_types),
        ("form", &filter.forms),
        ("application", &filter.applications),
        ("by", &filter.users),
        ("not by", &filter.without_users),
    ];
    let named = lists.into_iter().filter(|(_, names)| !names.is_empty());
    let mut parts: Vec<String> =
        named.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
    parts.extend(filter.matches.as_ref().map(fieldpost_model::json::Value::to_json));
    parts.extend(filter.unless.as_ref().map(|unless| format!("not {}", unless.to_json())));
    parts.extend(filter.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    parts.extend(filter.query.iter().map(|(name, value)| format!("{name}={value}")));
    let summary = parts.join(" · ");
    match summary.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", summary.split_at(end).0),
        None => summary,
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::json::Value;

    use super::*;

    #[test]
    fn a_filter_is_told_in_short() {
        assert_eq!(filter_summary(&MessageFilter::default()), "");
        let json = |text: &str| Some(Value::parse(text.as_bytes()).unwrap().into_owned());
        let filter = MessageFilter {
            from: Some("kobo".to_owned()),
            matches: json(r#"{"form": "births"}"#),
            unless: json(r#"{"test": true}"#),
            headers: vec![("x-form".to_owned(), "a".to_owned())],
            query: vec![("b".to_owned(), "c".to_owned())],
            case_types: vec!["patient".to_owned(), "household".to_owned()],
            without_users: vec!["test".to_owned()],
            ..MessageFilter::default()
        };
        let expected = "type: patient, household · not by: test · \
                        {\"form\":\"births\"} · not {\"test\":true} · x-form: a · b=c";
        assert_eq!(filter_summary(&filter), expected);
        let long = MessageFilter { matches: Some("é".repeat(300).into()), ..filter };
        assert_eq!(filter_summary(&long).chars().count(), SHOWN_CHARACTERS + 1);
    }
}
