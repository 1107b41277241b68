//! Reports: what came in, went out, waits and was given up, once a day or a week.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::NoticeKind;
use fieldpost_model::json::Value;
use fieldpost_model::message::MessageState;
use fieldpost_model::project::ReportEvery;
use fieldpost_model::recipient::Recipient;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::incident::Period;
use fieldpost_store::{NewNotice, OpenIncident, PeriodCounts, StoreError};

use crate::error::HubError;
use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::watch::letter::Table;
use crate::watch::topic::Topic;
use crate::watch::words::{Telling, begun, day_and_time};

/// The periods that were reported on, so that the store is not asked again.
#[derive(Default)]
pub(super) struct Reports {
    done: HashMap<(ProjectName, ReportEvery), Timestamp>,
}

impl Reports {
    /// Writes the reports that are due.
    pub(super) async fn write(
        &mut self,
        hub: &Hub,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let routing = hub.routing();
        for project in routing.projects() {
            for every in ReportEvery::ALL {
                let recipients = recipients(project, *every);
                if recipients.is_empty() {
                    continue;
                }
                let period = Period::due(*every, hub.settings().report_hour, hub.now());
                let key = (project.project.clone(), *every);
                if self.done.get(&key).is_some_and(|start| *start >= period.start) {
                    continue;
                }
                hub.report(project, *every, period, recipients, open).await?;
                self.done.insert(key, period.start);
            }
        }
        Ok(())
    }
}

fn recipients(project: &ProjectRouting, every: ReportEvery) -> Vec<Recipient> {
    let reports = project.definition.settings.reports.iter();
    let all: BTreeSet<String> =
        reports.filter(|report| report.every == every).flat_map(|it| it.to.clone()).collect();
    all.into_iter().map(Recipient::Mail).collect()
}

/// What a report is written from.
struct Figures {
    now: PeriodCounts,
    before: PeriodCounts,
    /// Deliveries that wait, by connection.
    waiting: BTreeMap<String, u64>,
}

impl Hub {
    /// Reports on one period, unless that was done. Who wants reports for the first time gets the
    /// first one about the period that begins with it.
    async fn report(
        &self,
        project: &ProjectRouting,
        every: ReportEvery,
        period: Period,
        recipients: Vec<Recipient>,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let name = &*project.project;
        let last = self.store().last_report(name, every).await?;
        if last.is_some_and(|last| last >= period.start) {
            return Ok(());
        }
        let notices = if last.is_some() {
            let figures = self.figures(project, period).await?;
            let open: Vec<&OpenIncident> =
                open.iter().filter(|open| open.project == project.project).collect();
            let telling =
                figures.tell(project, Title::of(every, period), period, &open, self.now());
            let kind = NoticeKind::Report;
            self.notices(project, &Topic::Reports, recipients, kind, None, telling).await?
        } else {
            Vec::new()
        };
        let written = self.store().add_report(name, every, period.start, &notices).await?;
        self.watch().told(written);
        Ok(())
    }

    /// Writes a report of the day or week up to now at once, to those who get such reports or to
    /// one address instead: to see what they get, before the first regular one is due.
    pub async fn preview_report(
        &self,
        project: &str,
        every: ReportEvery,
        to: Option<String>,
    ) -> Result<Vec<NewNotice>, HubError> {
        let project = self.project(project).await?;
        let recipients =
            to.map_or_else(|| recipients(&project, every), |to| vec![Recipient::Mail(to)]);
        let end = self.now();
        let due = Period::due(every, self.settings().report_hour, end);
        let period = Period { start: Timestamp(end.0 - (due.end.0 - due.start.0)), end };
        let open = self.store().open_incidents().await?;
        let open: Vec<&OpenIncident> =
            open.iter().filter(|open| open.project == project.project).collect();
        let figures = self.figures(&project, period).await?;
        let telling = figures.tell(&project, Title::of_preview(every, end), period, &open, end);
        let kind = NoticeKind::Report;
        let notices =
            self.notices(&project, &Topic::Reports, recipients, kind, None, telling).await?;
        if notices.is_empty() {
            return Err(HubError::NotAllowed {
                code: "no-recipients",
                message: format!("nobody gets a report of each {every} of this project"),
                hint: "name somebody in `reports` of the project, or an address that has not \
                       unsubscribed"
                    .to_owned(),
            });
        }
        self.store().keep_notices(&project.project, &notices).await?;
        self.watch().told(true);
        Ok(notices)
    }

    async fn figures(
        &self,
        project: &ProjectRouting,
        period: Period,
    ) -> Result<Figures, StoreError> {
        let (name, before) = (&*project.project, period.before());
        let mut waiting: BTreeMap<String, u64> = BTreeMap::new();
        for (forwarder, count) in self.store().waiting_by_forwarder(name).await? {
            if let Some(forwarder) = project.forwarder(&forwarder) {
                *waiting.entry(forwarder.to.clone()).or_default() += count;
            }
        }
        Ok(Figures {
            now: self.store().period_counts(name, period.start, period.end).await?,
            before: self.store().period_counts(name, before.start, before.end).await?,
            waiting,
        })
    }
}

/// What a report calls its period, and the one before.
struct Title {
    every: ReportEvery,
    what: String,
    earlier: &'static str,
    /// What is to be known about the report itself.
    note: Option<String>,
}

impl Title {
    fn of(every: ReportEvery, period: Period) -> Self {
        let start = period.start.to_string();
        let day = start.get(..10).unwrap_or_default();
        let (what, earlier) = match every {
            ReportEvery::Day => (format!("the day of {day}"), "the day before"),
            ReportEvery::Week => (format!("the week from {day}"), "the week before"),
        };
        Self { every, what, earlier, note: None }
    }

    fn of_preview(every: ReportEvery, until: Timestamp) -> Self {
        let (what, earlier) = match every {
            ReportEvery::Day => ("the last 24 hours", "the 24 hours before"),
            ReportEvery::Week => ("the last 7 days", "the 7 days before"),
        };
        let what = format!("preview of a report: {what}");
        let note = format!(
            "This is a preview that somebody asked for. It counts up to {}; a regular report \
             counts whole days or weeks.",
            day_and_time(until)
        );
        Self { every, what, earlier, note: Some(note) }
    }
}

impl Figures {
    fn tell(
        &self,
        project: &ProjectRouting,
        title: Title,
        period: Period,
        open: &[&OpenIncident],
        now: Timestamp,
    ) -> Telling {
        let Title { every, what, earlier, note } = title;
        let is_preview = note.is_some();
        let (came, came_before) = (came_in(&self.now), came_in(&self.before));
        let (made, made_before) = (deliveries(&self.now), deliveries(&self.before));
        let mut letter = begun(project, &what);
        letter.headline = format!(
            "{came} messages came in ({earlier} {came_before}); they called for {made} deliveries \
             ({earlier} {made_before})."
        );
        letter.paragraphs.extend(note);
        letter.tables = vec![self.sources(project, earlier), self.connections(project, earlier)];
        if !open.is_empty() {
            letter.tables.push(Table {
                title: "In trouble now",
                columns: ["what", "kind", "since"].map(str::to_owned).to_vec(),
                rows: open
                    .iter()
                    .map(|open| {
                        let kind = open.incident.kind.name().to_owned();
                        let since = day_and_time(open.incident.opened_at);
                        vec![open.incident.subject.clone(), kind, since]
                    })
                    .collect(),
            });
        }
        letter.paragraphs.push(
            "Deliveries are counted by when they were made, and by what has become of them since."
                .to_owned(),
        );
        let report = Value::object([
            ("every", Value::from(every.name())),
            ("preview", is_preview.into()),
            ("from", period.start.to_string().into()),
            ("until", period.end.to_string().into()),
            ("messages", came.into()),
            ("deliveries", made.into()),
        ]);
        Telling { letter, payload: project.envelope("report", now, ("report", report)) }
    }

    fn sources(&self, project: &ProjectRouting, earlier: &str) -> Table {
        let defined = project.definition.sources.iter().map(|source| &source.name);
        let seen = self.now.messages.keys().chain(self.before.messages.keys());
        let names: BTreeSet<&String> = defined.chain(seen).collect();
        let count = |counts: &PeriodCounts, name: &str, state| {
            counts.messages.get(name).and_then(|it| it.get(&state)).copied().unwrap_or(0)
        };
        Table {
            title: "Came in",
            columns: ["source", "kept", "repeated", "unreadable", earlier]
                .map(str::to_owned)
                .to_vec(),
            rows: names
                .into_iter()
                .map(|name| {
                    let now = |state| count(&self.now, name, state).to_string();
                    let before = self.before.messages.get(name);
                    let before: u64 = before.map_or(0, |states| states.values().sum());
                    vec![
                        name.clone(),
                        now(MessageState::Kept),
                        now(MessageState::Duplicate),
                        now(MessageState::Quarantined),
                        before.to_string(),
                    ]
                })
                .collect(),
        }
    }

    fn connections(&self, project: &ProjectRouting, earlier: &str) -> Table {
        let defined = project.definition.connections.iter().map(|it| &it.name);
        let seen = self.now.deliveries.keys().chain(self.before.deliveries.keys());
        let names: BTreeSet<&String> = defined.chain(seen).collect();
        Table {
            title: "Went out",
            columns: ["connection", "made", "arrived", "refused", "given up", "wait now", earlier]
                .map(str::to_owned)
                .to_vec(),
            rows: names
                .into_iter()
                .map(|name| {
                    let now = self.now.deliveries.get(name);
                    let of = |states: &[DeliveryState]| {
                        let count = |state| now.and_then(|now| now.get(state)).copied();
                        states.iter().filter_map(count).sum::<u64>().to_string()
                    };
                    let all = |counts: &PeriodCounts| {
                        let states = counts.deliveries.get(name);
                        states.map_or(0, |states| states.values().sum::<u64>()).to_string()
                    };
                    vec![
                        name.clone(),
                        all(&self.now),
                        of(&[DeliveryState::Succeeded]),
                        of(&[DeliveryState::Rejected, DeliveryState::Broken]),
                        of(&[DeliveryState::Cancelled]),
                        self.waiting.get(name).copied().unwrap_or(0).to_string(),
                        all(&self.before),
                    ]
                })
                .collect(),
        }
    }
}

fn came_in(counts: &PeriodCounts) -> u64 {
    counts.messages.values().flat_map(|states| states.values()).sum()
}

fn deliveries(counts: &PeriodCounts) -> u64 {
    counts.deliveries.values().flat_map(|states| states.values()).sum()
}
