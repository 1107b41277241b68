//! What is said about each kind of trouble, for people and for machines.

use std::time::Duration;

use fieldpost_model::incident::{Incident, IncidentKind, KEY_LABEL, NoticeKind, Sighting};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use crate::routing::ProjectRouting;
use crate::watch::letter::Letter;

/// Waiting deliveries are counted up to this many.
pub(super) const MOST_COUNTED: u64 = 10_000;

/// What a notice about an incident is written from.
pub(super) struct About<'a> {
    pub(super) project: &'a ProjectRouting,
    pub(super) incident: &'a Incident,
    /// Deliveries that wait, counted up to [`MOST_COUNTED`], and when the next is due.
    pub(super) waiting: (u64, Option<Timestamp>),
    /// How it ended, where that is told.
    pub(super) ended_by: EndedBy,
    pub(super) now: Timestamp,
}

/// How an incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndedBy {
    /// What was in trouble is well again.
    Itself,
    /// A person has closed it.
    Person,
}

/// A letter and the same for machines.
pub(super) struct Telling {
    pub(super) letter: Letter,
    pub(super) payload: Value<'static>,
}

impl About<'_> {
    /// What is told of the incident.
    pub(super) fn tell(&self, kind: NoticeKind) -> Telling {
        let letter = match self.incident.kind {
            _ if kind == NoticeKind::Recovered && self.ended_by == EndedBy::Person => {
                self.closing_letter()
            }
            IncidentKind::Connection => self.connection_letter(kind),
            IncidentKind::Silence => self.silence_letter(kind),
            IncidentKind::Call => self.call_letter(kind),
        };
        Telling { letter, payload: self.payload(kind) }
    }

    fn connection_letter(&self, kind: NoticeKind) -> Letter {
        let name = &self.incident.subject;
        let since = day_and_time(self.incident.opened_at);
        let lasted = spoken(self.now.since(self.incident.opened_at));
        let (what, paragraph) = match kind {
            NoticeKind::Recovered => (
                format!("{name} takes deliveries again"),
                format!("It took {lasted}, since {since}. What waited is being sent."),
            ),
            NoticeKind::Reminder => (
                format!("{name} still does not take deliveries"),
                format!("This has lasted for {lasted}, since {since}. {KEPT}"),
            ),
            _ => (
                format!("{name} does not take deliveries"),
                format!("{} failed. {KEPT}", counted(self.incident.failures, "try", "tries")),
            ),
        };
        let mut letter = self.letter(&what);
        letter.paragraphs.push(paragraph);
        let last = self.incident.last.as_ref();
        if kind != NoticeKind::Recovered {
            letter.quote = last.and_then(|last| last.error.clone());
        }
        letter.facts.push(("Connection", name.clone()));
        letter.facts.extend(self.url().map(|url| ("URL", url)));
        letter.facts.push(("Since", since));
        letter.facts.push(("Failed tries", self.incident.failures.to_string()));
        if self.incident.given_up > 0 {
            letter.facts.push(("Given up", self.incident.given_up.to_string()));
        }
        letter.facts.push(("Waiting", self.waiting_in_words()));
        if kind != NoticeKind::Recovered {
            letter.facts.extend(last.into_iter().flat_map(sample_facts));
            letter.facts.extend(self.waiting.1.map(|next| ("Next try", day_and_time(next))));
        }
        letter
    }

    /// Nobody knows whether it is well again: somebody has said that it is no trouble any more.
    fn closing_letter(&self) -> Letter {
        let name = &self.incident.subject;
        let since = day_and_time(self.incident.opened_at);
        let lasted = spoken(self.now.since(self.incident.opened_at));
        let mut letter = self.letter(&format!("the trouble with {name} was closed"));
        letter.paragraphs.push(format!(
            "Somebody closed it after {lasted}, since {since}. If it goes on, you are told anew."
        ));
        letter
    }

    fn silence_letter(&self, kind: NoticeKind) -> Letter {
        let name = &self.incident.subject;
        let expected = self.project.source(name).and_then(|source| source.expect_every);
        let expected = expected.map(|every| format!("at least every {}", spoken(every)));
        let last = self.incident.last.as_ref().map(|last| day_and_time(last.at));
        let lasted = spoken(self.now.since(self.incident.opened_at));
        let (what, paragraph) = match kind {
            NoticeKind::Recovered => (
                format!("{name} sends again"),
                format!("A message came in, {lasted} after the silence was noticed."),
            ),
            NoticeKind::Reminder => (
                format!("still nothing comes in from {name}"),
                "Look whether the sender is set up to send, and whether it can reach this hub."
                    .to_owned(),
            ),
            _ => (
                format!("nothing comes in from {name}"),
                "Look whether the sender is set up to send, and whether it can reach this hub."
                    .to_owned(),
            ),
        };
        let mut letter = self.letter(&what);
        letter.paragraphs.push(paragraph);
        letter.facts.push(("Source", name.clone()));
        letter.facts.extend(expected.map(|expected| ("Expected", expected)));
        if kind != NoticeKind::Recovered {
            letter.facts.push(("Last message", last.unwrap_or_else(|| "never".to_owned())));
        }
        letter
    }

    /// A call of a lifecycle fails: its submissions went on, or stand still, and what it should have told nobody
    /// knows at the far end.
    fn call_letter(&self, kind: NoticeKind) -> Letter {
        let subject = &self.incident.subject;
        let known = self.project.call_in_trouble(subject);
        let name =
            known.as_ref().map_or(subject.as_str(), |known| match known.call.label.as_str() {
                "" => subject,
                label => label,
            });
        let since = day_and_time(self.incident.opened_at);
        let lasted = spoken(self.now.since(self.incident.opened_at));
        let (what, paragraph) = match kind {
            NoticeKind::Recovered => (
                format!("the call {name} goes well again"),
                format!(
                    "It failed for {lasted}, since {since}. What failed meanwhile is not sent again."
                ),
            ),
            NoticeKind::Reminder => (
                format!("the call {name} still fails"),
                format!("This has lasted for {lasted}, since {since}. {NOT_SENT_AGAIN}"),
            ),
            _ => (format!("the call {name} fails"), NOT_SENT_AGAIN.to_owned()),
        };
        let mut letter = self.letter(&what);
        letter.paragraphs.push(paragraph);
        let last = self.incident.last.as_ref();
        if kind != NoticeKind::Recovered {
            letter.quote = last.and_then(|last| last.error.clone());
        }
        letter.facts.push(("Call", subject.clone()));
        if let Some(known) = &known {
            letter.facts.push(("Form", known.form.title.clone()));
            letter.facts.push(("Status or action", known.stands_in.to_owned()));
            letter.facts.push(("Connection", known.call.connection.clone()));
        }
        letter.facts.extend(self.url().map(|url| ("URL", url)));
        letter.facts.push(("Since", since));
        letter.facts.push(("Failed calls", self.incident.failures.to_string()));
        if kind != NoticeKind::Recovered {
            letter.facts.extend(last.into_iter().flat_map(sample_facts));
        }
        letter
    }

    fn letter(&self, what: &str) -> Letter {
        let mut letter = begun(self.project, what);
        letter.facts.push(("Incident", self.incident.id.to_string()));
        letter
    }

    /// The URL as it was called last; the connection's own where nothing was called.
    fn url(&self) -> Option<String> {
        let called = self.incident.last.as_ref().and_then(|last| last.url.clone());
        let connection = self.project.connection_of(self.incident);
        called.or_else(|| url_of(self.project, &connection?.name))
    }

    fn waiting_in_words(&self) -> String {
        match self.waiting.0 {
            MOST_COUNTED.. => format!("{MOST_COUNTED} or more deliveries"),
            count => counted(count, "delivery", "deliveries"),
        }
    }

    fn payload(&self, kind: NoticeKind) -> Value<'static> {
        let incident = self.incident;
        let last = incident.last.as_ref();
        let sample = last.and_then(|last| last.sample.as_ref());
        let mut members = vec![
            ("id", incident.id.to_string().into()),
            ("kind", incident.kind.name().into()),
            ("subject", incident.subject.clone().into()),
            ("opened_at", incident.opened_at.to_string().into()),
            ("failures", incident.failures.into()),
            ("given_up", incident.given_up.into()),
            ("last_at", optional(last.map(|last| last.at))),
            ("last_error", optional(last.and_then(|last| last.error.clone()))),
        ];
        if kind == NoticeKind::Recovered {
            members.push(("closed", (self.ended_by == EndedBy::Person).into()));
        }
        if incident.kind != IncidentKind::Silence {
            let status = last.and_then(|last| last.status);
            members.extend([
                ("last_status", status.map_or(Value::Null, |status| u64::from(status).into())),
                ("url", optional(self.url())),
                ("delivery", optional(sample.map(|sample| sample.delivery))),
                ("payload", optional(sample.and_then(|sample| sample.message))),
                ("key", optional(sample.and_then(|sample| sample.key.clone()))),
            ]);
        }
        if incident.kind == IncidentKind::Call {
            let connection = self.project.connection_of(incident);
            members.push(("connection", optional(connection.map(|it| it.name.clone()))));
        }
        if incident.kind == IncidentKind::Connection {
            members.extend([
                ("waiting", self.waiting.0.into()),
                ("next_attempt_at", optional(self.waiting.1)),
            ]);
        }
        let kind = match kind {
            NoticeKind::Recovered => "incident.recovered",
            NoticeKind::Reminder => "incident.reminder",
            _ => "incident.opened",
        };
        self.project.envelope(kind, self.now, ("incident", Value::object(members)))
    }
}

/// What is to be known of a call that failed.
const NOT_SENT_AGAIN: &str = "The submissions that it concerns have gone on without it, or wait where they are. \
     Once the cause is mended, look at the one that is named here: its page shows what the call brought.";

const KEPT: &str = "Nothing is lost: what is for it waits and is tried again.";

/// A letter of a project, with what every letter has.
pub(super) fn begun(project: &ProjectRouting, what: &str) -> Letter {
    let (name, title) = (&*project.project, &project.definition.title);
    let shown = if title.is_empty() || title == name {
        name.to_owned()
    } else {
        format!("{title} ({name})")
    };
    let mut headline: String = what.to_owned();
    headline.push('.');
    Letter {
        subject: format!("{name}: {what}"),
        headline,
        facts: vec![("Project", shown)],
        ..Letter::default()
    }
}

impl ProjectRouting {
    /// What is posted to those who want a webhook instead of a mail.
    pub(super) fn envelope(
        &self,
        kind: &'static str,
        now: Timestamp,
        (name, content): (&'static str, Value<'static>),
    ) -> Value<'static> {
        Value::object([
            ("type", Value::from(kind)),
            ("timestamp", now.to_string().into()),
            ("project", self.project.to_string().into()),
            (name, content),
        ])
    }
}

pub(super) fn url_of(project: &ProjectRouting, connection: &str) -> Option<String> {
    let lane = project.connections.get(connection)?;
    Some(fieldpost_rules::redact::mask_url(&lane.connection.url))
}

fn sample_facts(last: &Sighting) -> Vec<(&'static str, String)> {
    let Some(sample) = &last.sample else { return Vec::new() };
    let key = sample.key.clone().map(|key| (KEY_LABEL, key));
    let message = sample.message.map(|message| ("Message", message));
    let ids = std::iter::once(("Delivery", sample.delivery)).chain(message);
    key.into_iter().chain(ids.map(|(name, id)| (name, id.to_string()))).collect()
}

pub(super) fn optional(value: Option<impl ToString>) -> Value<'static> {
    value.map_or(Value::Null, |value| value.to_string().into())
}

/// One thing, or several: `1 try`, `2 tries`.
pub(super) fn counted(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

/// A time as people read it, to the minute.
pub(super) fn day_and_time(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.get(..16).map_or_else(|| text.clone(), |minute| format!("{minute} UTC"))
}

/// A length of time in its two largest units: `1 day 3 hours`.
pub(super) fn spoken(length: Duration) -> String {
    const UNITS: [(&str, u64); 4] =
        [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut rest = length.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in UNITS {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 {
            parts.push(counted(count, unit, &format!("{unit}s")));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "less than a second".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_times_are_told_as_people_say_them() {
        for (seconds, told) in [
            (0, "less than a second"),
            (1, "1 second"),
            (61, "1 minute 1 second"),
            (7_200, "2 hours"),
            (90_061, "1 day 1 hour"),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), told);
        }
        let time = Timestamp::parse("2026-03-01T06:05:59.5Z").unwrap();
        assert_eq!(day_and_time(time), "2026-03-01 06:05 UTC");
        assert_eq!(counted(1, "try", "tries"), "1 try");
    }
}
