//! Why forwarders and workflows want what a message has brought, or do not: the message itself, each form in it, and
//! each case that these touched.

use fieldpost_dialects::Decoded;
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::cases::events;
use fieldpost_rules::event::payload_of;
use fieldpost_rules::filter::{Explanation, explain};
use fieldpost_store::{Listener, StoreError};

use super::{Kept, Occurrence, is_device_report};
use crate::filing::{FiledForm, Told, Touched};
use crate::hub::Hub;
use crate::matching;
use crate::routing::ProjectRouting;

/// Forms and cases of one message that are explained, of each so many: nobody reads more.
const MOST_EXPLAINED: usize = 20;

/// Why a forwarder or a workflow wants something, or does not.
#[derive(Clone, Debug)]
pub struct ForwarderExplanation {
    /// Who.
    pub listener: Listener,
    /// Whether it is paused: it still makes deliveries or runs.
    pub paused: bool,
    /// What it listens to.
    pub event: Event,
    /// What it was asked about; `None` where the message has brought nothing of that kind.
    pub subject: Option<ExplainedSubject>,
    /// Condition by condition.
    pub explanation: Explanation,
    /// Why it is not wanted whatever the conditions say, in a sentence.
    pub remark: Option<&'static str>,
}

/// What a forwarder or a workflow was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedSubject {
    /// What it is.
    pub kind: PayloadKind,
    /// Its id.
    pub id: String,
}

/// One thing that a forwarder was asked about, with what it says.
pub(crate) type Answer = (ExplainedSubject, Explanation, Option<&'static str>);

impl Hub {
    /// Why each forwarder and workflow of the project wants what a message has brought, in the project's
    /// order.
    pub(crate) async fn explain_again(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
        decoded: &Decoded<'_>,
    ) -> Result<Vec<ForwarderExplanation>, StoreError> {
        let told = self.told_again(routing, kept, decoded, routing.wanted()).await?;
        let occurrence = self.occurrence_again(routing, kept);
        let mut explained = Vec::new();
        let forwarders = routing.definition.forwarders.iter().map(Listening::forwarder);
        let workflows = routing.definition.workflows.iter().filter_map(Listening::workflow);
        for Listening { listener, paused, on, filter } in forwarders.chain(workflows) {
            let answers = match payload_of(on) {
                PayloadKind::Message => vec![of_message(kept, decoded, filter)],
                _ => answers(occurrence, &told, (on, filter), MOST_EXPLAINED),
            };
            let entry = |subject, explanation, remark| ForwarderExplanation {
                listener: listener.clone(),
                paused,
                event: on,
                subject,
                explanation,
                remark,
            };
            if answers.is_empty() {
                let nothing = Explanation { matched: false, conditions: Vec::new() };
                explained.push(entry(None, nothing, Some(nothing_of(on))));
            }
            explained.extend(answers.into_iter().map(|(subject, mut explanation, remark)| {
                explanation.matched &= remark.is_none();
                entry(Some(subject), explanation, remark)
            }));
        }
        Ok(explained)
    }

    /// Where the events of a kept message come from, seen today.
    pub(crate) fn occurrence_again<'o>(
        &self,
        routing: &'o ProjectRouting,
        kept: Kept<'o>,
    ) -> Occurrence<'o> {
        Occurrence {
            routing,
            source: &kept.message.source,
            headers: &kept.request.headers,
            query: &kept.request.query,
            origin: DeliveryOrigin::Event,
            hops: 0,
            now: self.now(),
        }
    }
}

/// What listens, and to what.
struct Listening<'l> {
    listener: Listener,
    paused: bool,
    on: Event,
    filter: &'l MessageFilter,
}

impl<'l> Listening<'l> {
    fn forwarder(forwarder: &'l Forwarder) -> Self {
        let Forwarder { name, paused, on, filter, .. } = forwarder;
        Self { listener: Listener::Forwarder(name.clone()), paused: *paused, on: *on, filter }
    }

    /// `None` where no event sets the workflow off.
    fn workflow(workflow: &'l Workflow) -> Option<Self> {
        let trigger = matching::event_trigger(workflow)?;
        let listener = Listener::Workflow(workflow.name.clone());
        Some(Self { listener, paused: workflow.paused, on: trigger.on, filter: &trigger.filter })
    }
}

/// What who listens to forms or cases with a filter says of each that a message has told of, of so many at
/// the most; nothing where it listens to something else.
pub(crate) fn answers(
    occurrence: Occurrence<'_>,
    told: &Told,
    (on, filter): (Event, &MessageFilter),
    most: usize,
) -> Vec<Answer> {
    match payload_of(on) {
        PayloadKind::Submission => of_forms(occurrence, told, filter, most),
        PayloadKind::Case => of_cases(occurrence, told, (on, filter), most),
        PayloadKind::Message | PayloadKind::Application | PayloadKind::Call => Vec::new(),
    }
}

/// Why it is not asked at all.
const fn nothing_of(event: Event) -> &'static str {
    match payload_of(event) {
        PayloadKind::Message => "The message cannot be read.",
        PayloadKind::Submission => "The message has brought no form.",
        PayloadKind::Case => "The message has touched no case.",
        PayloadKind::Application => "It is told of forms that are uploaded or made known.",
        PayloadKind::Call => "It is told of calls that lifecycles make.",
    }
}

fn of_message(kept: Kept<'_>, decoded: &Decoded<'_>, filter: &MessageFilter) -> Answer {
    let Kept { message, request, .. } = kept;
    let candidate = matching::candidate(&message.source, decoded, &request.headers, &request.query);
    let subject = ExplainedSubject { kind: PayloadKind::Message, id: message.id.to_string() };
    (subject, explain(filter, &candidate), None)
}

fn of_forms(
    occurrence: Occurrence<'_>,
    told: &Told,
    filter: &MessageFilter,
    most: usize,
) -> Vec<Answer> {
    let forms = told.forms.iter().take(most);
    let answer = |form: &FiledForm| {
        let explanation = occurrence.with_form(form, |candidate| explain(filter, candidate));
        let remark = is_device_report(&form.filled.form)
            .then_some("It is a report of a device on itself, which is forwarded to nobody.");
        let id = form.submission.to_string();
        (ExplainedSubject { kind: PayloadKind::Submission, id }, explanation, remark)
    };
    forms.map(answer).collect()
}

fn of_cases(
    occurrence: Occurrence<'_>,
    told: &Told,
    (on, filter): (Event, &MessageFilter),
    most: usize,
) -> Vec<Answer> {
    let cases = told.cases.iter().take(most);
    let answer = |touched: &Touched| {
        let explanation =
            occurrence.with_case(told, touched, |candidate| explain(filter, candidate));
        let is_told = events(&touched.case, touched.occasion).contains(&on);
        let remark = (!is_told).then_some(match on {
            Event::CaseCreated => "The case was there before.",
            Event::CaseUpdated => "The case was made by this.",
            _ => "All forms of the case are gone.",
        });
        let id = touched.case.id.clone();
        (ExplainedSubject { kind: PayloadKind::Case, id }, explanation, remark)
    };
    cases.map(answer).collect()
}
