//! The map of a project: what goes where. Sources lead to forwarders, forwarders to connections.
//!
//! A forwarder that listens to every source hangs on one node that stands for all of them: a line
//! from each source to each such forwarder would be a net that nobody can read.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::names;
use fieldpost_model::tally::{TallyKind, TallyNoun};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::event::payload_of;

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
    /// How it is: the state of a source or of a connection; `paused` or `well` for a forwarder.
    pub state: &'static str,
    /// Whether all its tries of late failed; for forwarders and connections only.
    pub is_failing: bool,
    /// What came in by it today, was wanted by it, or arrived at it.
    pub today: u64,
    /// What waits there, counted within bounds; for connections only.
    pub waiting: Option<(u64, bool)>,
    /// What a forwarder asks for, in short; empty where it asks for nothing.
    pub filter: Option<String>,
    /// What sets a forwarder off.
    pub event: Option<Event>,
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
    /// The places: sources first, then forwarders, then connections.
    pub nodes: Vec<MapNode>,
    /// The ways between them.
    pub edges: Vec<MapEdge>,
}

/// The name of the place that stands for all sources.
const ANY: &str = "*";

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
        let mut nodes = source_nodes(&overview, forwarders);
        let now = self.now();
        nodes.extend(forwarders.iter().map(|forwarder| forwarder_node(forwarder, &counted, now)));
        nodes.extend(overview.connections.iter().map(|shown| MapNode {
            kind: MapNodeKind::Connection,
            name: shown.name.clone(),
            state: ConnectionState::name(shown.state),
            is_failing: shown.is_failing,
            today: shown.today,
            waiting: Some((shown.waiting, shown.waiting_is_more)),
            filter: None,
            event: None,
        }));
        let edges = forwarders.iter().flat_map(|forwarder| edges_of(forwarder, &counted));
        Ok(ProjectMap { today_since: overview.today_since, nodes, edges: edges.collect() })
    }
}

fn source_nodes(overview: &Overview, forwarders: &[Forwarder]) -> Vec<MapNode> {
    let node = |kind, name: &str, state, today| MapNode {
        kind,
        name: name.to_owned(),
        state,
        is_failing: false,
        today,
        waiting: None,
        filter: None,
        event: None,
    };
    let sources = overview.sources.iter().map(|shown| {
        let state = SourceState::name(shown.state);
        node(MapNodeKind::Source, &shown.source.name, state, shown.today)
    });
    let mut nodes: Vec<MapNode> = sources.collect();
    let listens_to_all = |it: &Forwarder| it.filter.from.is_none() && comes_with_message(it);
    if forwarders.iter().any(listens_to_all) {
        let state = SourceState::Well.name();
        nodes.push(node(MapNodeKind::AnySource, ANY, state, overview.received.today));
    }
    nodes
}

fn forwarder_node(forwarder: &Forwarder, counted: &Counted, now: Timestamp) -> MapNode {
    let tries = counted.last.tries(TallyNoun::Forwarder, &forwarder.name);
    MapNode {
        is_failing: tries.are_failing(now),
        kind: MapNodeKind::Forwarder,
        name: forwarder.name.clone(),
        state: if forwarder.paused {
            ConnectionState::Paused.name()
        } else {
            ConnectionState::Well.name()
        },
        today: counted.of(TallyNoun::Forwarder, TallyKind::Matched, &forwarder.name),
        waiting: None,
        filter: Some(filter_summary(&forwarder.filter)),
        event: Some(forwarder.on),
    }
}

/// Whether messages set a forwarder off: an application that is saved comes by no source.
fn comes_with_message(forwarder: &Forwarder) -> bool {
    payload_of(forwarder.on) != PayloadKind::Application
}

/// The way into a forwarder, where there is one, and the way out of it.
fn edges_of(forwarder: &Forwarder, counted: &Counted) -> Vec<MapEdge> {
    let own = (MapNodeKind::Forwarder, forwarder.name.clone());
    let from = match &forwarder.filter.from {
        Some(source) => (MapNodeKind::Source, source.clone()),
        None => (MapNodeKind::AnySource, ANY.to_owned()),
    };
    let of = |kind| counted.of(TallyNoun::Forwarder, kind, &forwarder.name);
    let to = (MapNodeKind::Connection, forwarder.to.clone());
    let into = MapEdge { from, to: own.clone(), today: of(TallyKind::Matched) };
    let out = MapEdge { from: own, to, today: of(TallyKind::Delivered) };
    comes_with_message(forwarder).then_some(into).into_iter().chain([out]).collect()
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
