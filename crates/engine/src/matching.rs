//! Match: whom an event concerns, and what that calls for.
//!
//! Messages, forms, cases and applications each have listeners of their own, so that a message asks
//! none but those that listen to messages. Who listens is a forwarder, and gets a delivery, or a
//! workflow, and gets a run. The way from one that wants an event to what is made for it is the same for
//! all of them.

use fieldpost_dialects::Decoded;
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::run::{RunInput, RunOrigin};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{EventTrigger, Trigger, Workflow};
use fieldpost_rules::event::payload_of;
use fieldpost_rules::filter::{About, Candidate, FilterIndex};
use fieldpost_rules::order::{self, order_of, order_of_run};
use fieldpost_store::{NewDelivery, NewRun};
use uuid::Uuid;

use crate::ids::new_id;
use crate::routing::ProjectRouting;

/// Who listens in a project, by what they listen to.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) messages: Audience,
    pub(crate) forms: Audience,
    pub(crate) cases: Audience,
    pub(crate) applications: Audience,
}

/// Those who listen to one class of events.
#[derive(Debug)]
pub(crate) struct Audience {
    index: FilterIndex,
    /// Who they are, in the order of the index.
    places: Vec<Place>,
}

/// A listener, by its place in the definition.
#[derive(Clone, Copy, Debug)]
enum Place {
    Forwarder(usize),
    Workflow(usize),
}

/// Those who want an event, in the order of the definition.
#[derive(Debug, Default)]
pub(crate) struct Wanting<'r> {
    pub(crate) forwarders: Vec<&'r Forwarder>,
    pub(crate) workflows: Vec<(&'r Workflow, Event)>,
}

impl Wanting<'_> {
    /// Whether nobody does.
    pub(crate) fn is_empty(&self) -> bool {
        self.forwarders.is_empty() && self.workflows.is_empty()
    }
}

impl Listeners {
    pub(crate) fn of(forwarders: &[Forwarder], workflows: &[Workflow]) -> Self {
        let audience = |events: &[Event]| Audience::of(forwarders, workflows, events);
        Self {
            messages: audience(&[Event::Message]),
            forms: audience(&FORM_EVENTS),
            cases: audience(&[Event::Case, Event::CaseCreated, Event::CaseUpdated]),
            applications: audience(&[Event::AppSchema]),
        }
    }
}

/// The events of a form that was taken in.
pub(crate) const FORM_EVENTS: [Event; 3] = [Event::Form, Event::Submission, Event::FormStub];

/// What an event sets a workflow off by; `None` where something else does.
pub(crate) fn event_trigger(workflow: &Workflow) -> Option<&EventTrigger> {
    match &workflow.trigger {
        Trigger::Event(trigger) => Some(trigger),
        Trigger::Cron(_) | Trigger::Trouble(_) | Trigger::Manual => None,
    }
}

impl Audience {
    fn of(forwarders: &[Forwarder], workflows: &[Workflow], events: &[Event]) -> Self {
        let forwarders = forwarders.iter().enumerate();
        let forwarders = forwarders.map(|(place, it)| (Place::Forwarder(place), it.on, &it.filter));
        let workflows = workflows.iter().enumerate().filter_map(|(place, workflow)| {
            let EventTrigger { on, filter, .. } = event_trigger(workflow)?;
            Some((Place::Workflow(place), *on, filter))
        });
        let listening = forwarders.chain(workflows).filter(|(_, on, _)| events.contains(on));
        let (places, filters): (Vec<Place>, Vec<&MessageFilter>) =
            listening.map(|(place, _, filter)| (place, filter)).unzip();
        Self { index: FilterIndex::build(filters), places }
    }

    /// Whether nobody listens.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Those who want this as one of the events.
    pub(crate) fn wanting<'r>(
        &self,
        routing: &'r ProjectRouting,
        candidate: &Candidate<'_>,
        events: &[Event],
    ) -> Wanting<'r> {
        let mut wanting = Wanting::default();
        if self.is_empty() {
            return wanting;
        }
        for position in self.index.matching(candidate) {
            match self.places.get(position) {
                Some(Place::Forwarder(place)) => {
                    let forwarder = routing.definition.forwarders.get(*place);
                    let wants = forwarder.filter(|forwarder| events.contains(&forwarder.on));
                    wanting.forwarders.extend(wants);
                }
                Some(Place::Workflow(place)) => {
                    let workflow = routing.definition.workflows.get(*place);
                    let wants = workflow.and_then(|it| Some((it, event_trigger(it)?.on)));
                    wanting.workflows.extend(wants.filter(|(_, on)| events.contains(on)));
                }
                None => {}
            }
        }
        wanting
    }
}

/// What an event is about, and why deliveries and runs are made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'c> {
    /// What they are called by, for people.
    pub(crate) key: Option<&'c str>,
    /// The case that they are kept in order by.
    pub(crate) case: Option<&'c str>,
    /// The form that they are kept in order by.
    pub(crate) form: Option<&'c str>,
    /// What they carry; `None` for the message as it came.
    pub(crate) payload: Option<Uuid>,
    /// Why they are made.
    pub(crate) origin: DeliveryOrigin,
    /// How many hubs the message has passed through.
    pub(crate) hops: u32,
    /// When it happens.
    pub(crate) now: Timestamp,
}

impl Cause<'_> {
    /// The delivery to a forwarder that wants the event.
    pub(crate) fn delivery(&self, forwarder: &Forwarder) -> NewDelivery {
        let order = order_of(forwarder, self.case, self.form);
        NewDelivery {
            id: new_id(self.now),
            forwarder: forwarder.name.clone(),
            connection: forwarder.to.clone(),
            event: forwarder.on,
            key: self.key.map(str::to_owned),
            origin: self.origin,
            parked: forwarder.paused,
            order_key: order.order_key,
            collapse_key: order.collapse_key,
            hops: self.hops,
            payload: self.payload,
        }
    }

    /// The run of a workflow that wants the event. One of a paused workflow is made as well, and waits.
    pub(crate) fn run(&self, workflow: &Workflow, event: Event) -> NewRun {
        let origin = match self.origin {
            DeliveryOrigin::Event => RunOrigin::Event,
            DeliveryOrigin::Replay | DeliveryOrigin::Resend => RunOrigin::Replay,
        };
        let input = match payload_of(event) {
            PayloadKind::Message => RunInput::Message,
            // No workflow can ask for a call.
            PayloadKind::Submission | PayloadKind::Call => RunInput::Submission,
            PayloadKind::Case => RunInput::Case,
            PayloadKind::Application => RunInput::Application,
        };
        NewRun {
            payload: self.payload,
            key: self.key.map(str::to_owned),
            order_key: order_of_run(workflow.order_by, self.case, self.form),
            hops: self.hops,
            ..NewRun::new(new_id(self.now), &workflow.name, origin, input)
        }
    }
}

/// How many hubs a message has passed through; `None` where that are too many for it to call for
/// anything.
pub(crate) fn hops(headers: &[(String, String)]) -> Option<u32> {
    let hops = order::hops(headers);
    order::too_many_hops(hops).is_none().then_some(hops)
}

/// The parts of a message that filters look at.
pub(crate) fn candidate<'m>(
    source: &'m str,
    decoded: &'m Decoded<'m>,
    headers: &'m [(String, String)],
    query: &'m [(String, String)],
) -> Candidate<'m> {
    Candidate { source, body: &decoded.view, headers, query, about: About::default() }
}

/// What a message as such calls for: a delivery for each forwarder that wants it, and a run for each
/// workflow; nothing where it has passed through too many hubs.
pub(crate) fn plan(
    routing: &ProjectRouting,
    candidate: &Candidate<'_>,
    decoded: &Decoded<'_>,
    origin: DeliveryOrigin,
    now: Timestamp,
) -> (Vec<NewDelivery>, Vec<NewRun>) {
    let Some(hops) = hops(candidate.headers) else { return Default::default() };
    let key = decoded.key.as_deref();
    let form = decoded.identity.as_deref();
    let cause = Cause { key, case: key, form, payload: None, origin, hops, now };
    let wanting = routing.listeners.messages.wanting(routing, candidate, &[Event::Message]);
    let deliveries = wanting.forwarders.into_iter().map(|forwarder| cause.delivery(forwarder));
    let runs = wanting.workflows.into_iter().map(|(workflow, event)| cause.run(workflow, event));
    (deliveries.collect(), runs.collect())
}
