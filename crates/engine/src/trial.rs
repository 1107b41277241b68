//! Trying a filter against what came in, before it is saved.
//!
//! A trial takes the newest messages by the hand and asks what the forwarder would have been asked: the
//! message itself; or the forms in it, or the cases that these touched, told again as a replay tells them.

use std::sync::Arc;

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_rules::event::payload_of;
use fieldpost_rules::filter::{Explanation, explain, matches};
use fieldpost_store::{MessageQuery, Page, StoreError};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::error::HubError;
use crate::events::{Answer, ExplainedSubject, Kept, answers};
use crate::filing::Wanted;
use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::{matching, receive};

/// Messages that a filter can be tried against at most.
const MOST_TRIED: usize = 10_000;
/// Messages whose forms or cases a filter can be tried against at most, and forms or cases of these: each
/// is told again, which is more than reading a message.
const MOST_TOLD: usize = 1_000;
/// Messages that one step of a trial reads.
const TRIAL_PAGE: usize = 100;
/// What matches, as far as a trial shows it.
const EXAMPLES: usize = 10;
/// What fails a filter by little, as far as a trial explains it.
const NEAR_MISSES: usize = 3;

/// What a filter is to be tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryOn {
    /// The newest messages, so many at most, or what they brought.
    Newest(usize),
    /// One message, or what it brought.
    Message(Uuid),
}

/// Something that a filter was tried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The message, or that which brought it.
    pub message: Message,
    /// What it is.
    pub subject: ExplainedSubject,
}

/// What a filter does not want, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// What it is.
    pub tried: Tried,
    /// Condition by condition.
    pub explanation: Explanation,
    /// Why it is not wanted whatever the conditions say, in a sentence.
    pub remark: Option<&'static str>,
}

impl Missed {
    /// How many conditions fail.
    fn distance(&self) -> usize {
        let conditions = self.explanation.conditions.iter();
        conditions.filter(|condition| !condition.holds).count() + usize::from(self.remark.is_some())
    }
}

/// What a filter would have matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterTrial {
    /// Messages, forms or cases looked at, newest first.
    pub looked_at: u64,
    /// Those that match.
    pub matched: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// The newest that match.
    pub examples: Vec<Tried>,
    /// Those that fail by the fewest conditions, with the reasons; the newest of equals first.
    pub near: Vec<Missed>,
}

impl FilterTrial {
    fn wanted(&mut self, tried: Tried) {
        self.matched += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(tried);
        }
    }

    /// Keeps what is not wanted, if it comes nearer than what is kept so far.
    fn missed(&mut self, missed: Missed) {
        // What is tried comes newest first, so that an older one stands behind its equals.
        let place = self.near.partition_point(|kept| kept.distance() <= missed.distance());
        self.near.insert(place, missed);
        self.near.truncate(NEAR_MISSES);
    }

    /// Takes in what the filter says of the forms or cases of a message.
    fn answered(&mut self, message: &Message, answers: Vec<Answer>) {
        for (subject, explanation, remark) in answers {
            self.looked_at += 1;
            let tried = Tried { message: message.clone(), subject };
            if explanation.matched && remark.is_none() {
                self.wanted(tried);
            } else {
                self.missed(Missed { tried, explanation, remark });
            }
        }
    }
}

/// What a filter says of a message.
enum Verdict {
    /// It wants it.
    Wanted,
    /// It does not, and why.
    Unwanted(Explanation),
    /// The message cannot be read.
    Unreadable,
}

impl Hub {
    /// Tries the filter of a forwarder, saved or only written down, against the newest of what its event
    /// is about.
    pub async fn try_filter(
        &self,
        project: &str,
        forwarder: &Forwarder,
        on: TryOn,
    ) -> Result<FilterTrial, HubError> {
        let routing = self.project(project).await?;
        match payload_of(forwarder.on) {
            PayloadKind::Message => self.try_messages(&routing, &forwarder.filter, on).await,
            PayloadKind::Submission | PayloadKind::Case => {
                self.try_told(&routing, &Arc::new(forwarder.clone()), on).await
            }
            PayloadKind::Application | PayloadKind::Call => Err(HubError::NotAllowed {
                code: "does-not-apply",
                message: format!("no message brings what `on: {}` is about", forwarder.on),
                hint: "save the forwarder, and see in its preview what it sends".to_owned(),
            }),
        }
    }

    async fn try_messages(
        &self,
        routing: &Arc<ProjectRouting>,
        filter: &MessageFilter,
        on: TryOn,
    ) -> Result<FilterTrial, HubError> {
        let query = MessageQuery { source: filter.from.clone(), ..MessageQuery::default() };
        let filter = Arc::new(filter.clone());
        let mut trial = FilterTrial::default();
        let last = match on {
            TryOn::Newest(last) => last,
            TryOn::Message(id) => {
                let message = self.unerased(&routing.project, id).await?;
                self.try_message(routing, &filter, message, &mut trial).await?;
                return Ok(trial);
            }
        };
        let mut before = None;
        let mut left = last.min(MOST_TRIED);
        while left > 0 {
            let page = Page { before, limit: left.min(TRIAL_PAGE) };
            let messages = self.store().messages(&routing.project, &query, page).await?;
            let Some(oldest) = messages.last() else { break };
            before = Some(oldest.id);
            left -= messages.len();
            for message in messages {
                self.try_message(routing, &filter, message, &mut trial).await?;
            }
        }
        Ok(trial)
    }

    async fn try_message(
        &self,
        routing: &Arc<ProjectRouting>,
        filter: &Arc<MessageFilter>,
        message: Message,
        trial: &mut FilterTrial,
    ) -> Result<(), HubError> {
        trial.looked_at += 1;
        let Some((request, body)) =
            self.store().message_content(&routing.project, message.id).await?
        else {
            return Ok(());
        };
        let verdict = {
            let (routing, filter) = (Arc::clone(routing), Arc::clone(filter));
            let message = message.clone();
            self.aside(move || judge(&routing, &filter, &message, &request, &body)).await?
        };
        let subject = ExplainedSubject { kind: PayloadKind::Message, id: message.id.to_string() };
        let tried = Tried { message, subject };
        match verdict {
            Verdict::Unreadable => trial.unreadable += 1,
            Verdict::Wanted => trial.wanted(tried),
            Verdict::Unwanted(explanation) => {
                trial.missed(Missed { tried, explanation, remark: None });
            }
        }
        Ok(())
    }

    async fn try_told(
        &self,
        routing: &Arc<ProjectRouting>,
        forwarder: &Arc<Forwarder>,
        on: TryOn,
    ) -> Result<FilterTrial, HubError> {
        let mut trial = FilterTrial::default();
        let last = match on {
            TryOn::Newest(last) => last.min(MOST_TOLD),
            TryOn::Message(id) => {
                let message = self.unerased(&routing.project, id).await?;
                self.try_told_of(routing, forwarder, message, MOST_TOLD, &mut trial).await?;
                return Ok(trial);
            }
        };
        let query = MessageQuery {
            source: forwarder.filter.from.clone(),
            state: Some(MessageState::Kept),
            ..MessageQuery::default()
        };
        let mut before = None;
        let mut left = last;
        while left > 0 {
            let page = Page { before, limit: left.min(TRIAL_PAGE) };
            let messages = self.store().messages(&routing.project, &query, page).await?;
            let Some(oldest) = messages.last() else { break };
            before = Some(oldest.id);
            left -= messages.len();
            for message in messages {
                let room = usize::try_from(trial.looked_at).map_or(0, |done| last - done.min(last));
                if room == 0 {
                    return Ok(trial);
                }
                self.try_told_of(routing, forwarder, message, room, &mut trial).await?;
            }
        }
        Ok(trial)
    }

    /// Tries the filter on the forms or cases of one message, so many at the most.
    async fn try_told_of(
        &self,
        routing: &Arc<ProjectRouting>,
        forwarder: &Arc<Forwarder>,
        message: Message,
        room: usize,
        trial: &mut FilterTrial,
    ) -> Result<(), HubError> {
        let content = self.store().message_content(&routing.project, message.id).await?;
        let Some((request, body)) = content.filter(|_| message.erased_at.is_none()) else {
            return Ok(());
        };
        let (hub, runtime) = (self.clone(), Handle::current());
        let (routing, forwarder) = (Arc::clone(routing), Arc::clone(forwarder));
        // Telling again is reading and looking up by turns: all of it is done aside, one message at a time.
        let (message, answers) = self
            .aside(move || {
                let kept = Kept { message: &message, request: &request, body: &body };
                let answers = runtime.block_on(hub.answers_again(&routing, kept, &forwarder, room));
                (message, answers)
            })
            .await?;
        match answers? {
            Some(answers) => trial.answered(&message, answers),
            None => trial.unreadable += 1,
        }
        Ok(())
    }

    /// What a forwarder says of the forms or cases of a message, of so many at the most; `None` where the
    /// message cannot be read. It reads the message where it is called: not on a thread of the runtime.
    async fn answers_again(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
        forwarder: &Forwarder,
        room: usize,
    ) -> Result<Option<Vec<Answer>>, StoreError> {
        let Some(source) = routing.source(&kept.message.source) else { return Ok(None) };
        let content_type = kept.message.content_type.as_deref();
        let Ok(decoded) = receive::read(source, content_type, kept.body) else { return Ok(None) };
        let wanted = Wanted { forms: true, cases: payload_of(forwarder.on) == PayloadKind::Case };
        let told = self.told_again(routing, kept, &decoded, wanted).await?;
        let occurrence = self.occurrence_again(routing, kept);
        Ok(Some(answers(occurrence, &told, (forwarder.on, &forwarder.filter), room)))
    }
}

/// What a filter says of a message, by today's dialect of its source.
fn judge(
    routing: &ProjectRouting,
    filter: &MessageFilter,
    message: &Message,
    request: &MessageRequest,
    body: &[u8],
) -> Verdict {
    let Some(source) = routing.source(&message.source) else { return Verdict::Unreadable };
    let Ok(decoded) = receive::read(source, message.content_type.as_deref(), body) else {
        return Verdict::Unreadable;
    };
    let candidate =
        matching::candidate(&message.source, &decoded, &request.headers, &request.query);
    if matches(filter, &candidate) {
        Verdict::Wanted
    } else {
        Verdict::Unwanted(explain(filter, &candidate))
    }
}
