//! What goes into the store and what comes back, as plain data.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::Attempt;
use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_model::event::Event;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::defined_forms::DefinedForm;
use crate::filing::Filing;
use crate::payloads::{ClaimedPayload, NewPayload};
use crate::runs::NewRun;
pub use crate::signals::Signal;
use crate::text::{storable, storable_key};

names! {
    /// What a definition defines.
    pub enum DefinitionKind {
        /// A way in.
        Source = "source",
        /// A remote API.
        Connection = "connection",
        /// A standing order.
        Forwarder = "forwarder",
        /// What is done with what happens, step by step.
        Workflow = "workflow",
        /// What several people may do in forms.
        Role = "role",
        /// Somebody who takes part in what forms set going.
        User = "user",
        /// What the hub itself asks, and what becomes of it.
        Form = "form",
        /// What the project settles for all of these; there is one, under the project's name.
        Project = "project",
    }
}

/// A project as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its key.
    pub name: ProjectName,
    /// What people call it.
    pub title: String,
    /// Grows by one with every change of its definitions.
    pub configuration_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A project with all that it defines. The definitions are JSON text; the store does not read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The project itself.
    pub project: Project,
    /// What it defines, by kind and name.
    pub definitions: Vec<StoredDefinition>,
}

/// One definition as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDefinition {
    /// What is defined.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: String,
    /// The definition, as JSON text.
    pub text: String,
    /// The version of the project's definitions that it was saved with: it changes whenever the
    /// definition is saved, and tells nothing of what is in it.
    pub saved_in: i64,
    /// Since when it is paused, by whom and why. `None` where it is not, or has been since before
    /// this was kept.
    pub pause: Option<Pause>,
    /// The number that a user is known by in this project; `None` where it is no user.
    pub number: Option<u64>,
}

/// A pause, as whoever comes later wants to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Who paused it, as they were called at that time.
    pub by: String,
    /// Why, in their own words.
    pub reason: Option<String>,
}

/// One step of a change of a project's definitions.
#[derive(Clone, Debug)]
pub enum DefinitionChange {
    /// Sets the project's title.
    Title(String),
    /// Makes or replaces a definition.
    Set(DefinitionKind, String, String),
    /// Keeps beside a definition why it is paused from now on; `None` where it is paused no more. It
    /// stands after the change of the definition itself.
    Pause(DefinitionKind, String, Option<Pause>),
    /// Makes a form of the definitions known as a form of the project, or changes it. A conflict with the
    /// text [`TAKEN_FORM`](crate::TAKEN_FORM) where another form has the name, or the id that it is named by.
    Form(Box<DefinedForm>),
    /// Takes a definition away. Deliveries that wait for a removed forwarder are cancelled by it.
    Remove(DefinitionKind, String),
    /// Replaces the digests of the secrets and ids that lead to a source. Each leads to one source
    /// in the whole installation.
    SourceKeys {
        /// The source.
        source: String,
        /// The digests, in any order.
        keys: Vec<[u8; 32]>,
    },
}

/// How the store is to tell whether a message was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupeKey {
    /// What the message is known by among those of its source.
    pub key: String,
    /// SHA-256 of its content: other content under the same key is a new version.
    pub content_hash: [u8; 32],
    /// How long the key is remembered; `None` for as long as the message is.
    pub window: Option<Duration>,
}

/// A message that asks to be kept.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id, made by the receiver.
    pub id: Uuid,
    /// The source it came in by.
    pub source: String,
    /// When it was there.
    pub received_at: Timestamp,
    /// `Some` where the dialect could not read it: it is kept as quarantined.
    pub quarantined: Option<String>,
    /// What is to be said of it although it could be read, such as why it calls for nothing.
    pub remark: Option<String>,
    /// The content type that the sender claimed.
    pub content_type: Option<String>,
    /// What it is called by, for people.
    pub identity: Option<String>,
    /// What it is deduplicated by.
    pub dedupe: Option<DedupeKey>,
    /// The request, credentials masked.
    pub request: MessageRequest,
    /// The exact bytes, decompressed.
    pub body: Bytes,
}

impl NewMessage {
    /// What people read beside its state.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.quarantined.as_deref().or(self.remark.as_deref())
    }
}

/// A delivery that an event calls for.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its id, made by the planner.
    pub id: Uuid,
    /// The forwarder that orders it.
    pub forwarder: String,
    /// Where it goes.
    pub connection: String,
    /// What set it off.
    pub event: Event,
    /// What it is about.
    pub key: Option<String>,
    /// Why it is made.
    pub origin: DeliveryOrigin,
    /// Whether its forwarder is paused: it waits in the forwarder's own parking lane.
    pub parked: bool,
    /// What it is kept in order with, among all that goes to its connection, such as `case:123`:
    /// those of one key are sent strictly one after the other, in the order in which they were
    /// kept.
    pub order_key: Option<String>,
    /// By what it takes the place of what its forwarder has waiting under the same order key. Nothing
    /// is replaced without an order key, since what is being sent could come after it.
    pub collapse_key: Option<String>,
    /// How many hubs its message has passed through.
    pub hops: u32,
    /// The payload that it carries, which is kept with it; `None`: its message as it came.
    pub payload: Option<Uuid>,
}

/// A message together with all the work that it calls for: what one transaction keeps.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The project.
    pub project: ProjectName,
    /// The version of the definitions that the plan was made from.
    pub configuration_version: i64,
    /// The message.
    pub message: NewMessage,
    /// The deliveries that it calls for; none for a quarantined message.
    pub deliveries: Vec<NewDelivery>,
    /// The runs that it calls for; none for a quarantined message.
    pub runs: Vec<NewRun>,
    /// What deliveries carry that is not just the message, and runs begin with; kept only where the message
    /// is.
    pub payloads: Vec<NewPayload>,
    /// What it makes of forms, submissions and cases.
    pub filing: Option<Box<Filing>>,
}

/// What became of a message that asked to be kept. Only `Stale` and `QuarantineFull` kept nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Kept, with its deliveries.
    Kept {
        /// 1, or more where the same identity was there with other content.
        version: u32,
    },
    /// Kept as a repetition of this message; nothing was set off.
    Duplicate {
        /// The first message of that content.
        of: Uuid,
    },
    /// Kept as quarantined; the same content may have been there already, under this id.
    Quarantined {
        /// The message that holds the content.
        id: Uuid,
        /// How often it came in by now.
        seen: u32,
    },
    /// The definitions, or what the filing was made from, have changed since the plan was made: plan
    /// again.
    Stale,
    /// The source holds as many quarantined messages as `quarantine-limit` allows.
    QuarantineFull,
}

/// How a delivery stands among those that it is kept in order with, and in its budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Tries so far in this budget.
    pub tries: u32,
    /// The delivery that goes first; `None` where it waits for nobody.
    pub waits_for: Option<Uuid>,
    /// How many wait behind it: at most 1,000 are counted.
    pub followers: u32,
}

/// How a delivery of a list stands among those that it is kept in order with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InLine {
    /// The delivery that goes first; `None` where it waits for nobody.
    pub waits_for: Option<Uuid>,
    /// How many wait until it is requeued or cancelled: at most 1,000 are counted, and none where
    /// it does not hold them.
    pub holds: u32,
}

/// A message that is matched again, with the work that it calls for today.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The project.
    pub project: ProjectName,
    /// The version of the definitions that the plan was made from.
    pub configuration_version: i64,
    /// The message.
    pub message: Uuid,
    /// For a quarantined message that can be read now. It is `kept` from here on.
    pub released: Option<Released>,
    /// For a message that still cannot be read: the reason of today.
    pub still_quarantined: Option<String>,
    /// The deliveries that it calls for.
    pub deliveries: Vec<NewDelivery>,
    /// The runs that it calls for.
    pub runs: Vec<NewRun>,
    /// What they carry that is not just the message; kept only where they are.
    pub payloads: Vec<NewPayload>,
}

/// What a message or an attempt holds in memory beside the texts that can be long.
const OVERHEAD: usize = 1_024;

fn pairs_bytes(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
}

impl Accept {
    /// What this message holds in memory while it waits.
    pub(crate) fn held_bytes(&self) -> usize {
        let request = &self.message.request;
        let texts = request.path.len() + pairs_bytes(&request.query);
        let filing = self.filing.as_ref().map_or(0, |filing| filing.held_bytes());
        let payloads: usize = self.payloads.iter().map(NewPayload::held_bytes).sum();
        let message = self.message.body.len() + texts + pairs_bytes(&request.headers);
        let runs: usize = self.runs.iter().map(NewRun::held_bytes).sum();
        OVERHEAD + message + filing + payloads + runs
    }

    /// Fits what only serves people and look-ups to what every database can hold.
    pub(crate) fn make_storable(&mut self) {
        let message = &mut self.message;
        message.quarantined = message.quarantined.take().map(storable);
        message.remark = message.remark.take().map(storable);
        message.content_type = message.content_type.take().map(storable);
        message.identity = message.identity.take().map(storable_key);
        if let Some(dedupe) = &mut message.dedupe {
            dedupe.key = storable_key(std::mem::take(&mut dedupe.key));
        }
        for delivery in &mut self.deliveries {
            delivery.key = delivery.key.take().map(storable_key);
            delivery.order_key = delivery.order_key.take().map(storable_key);
        }
        self.runs.iter_mut().for_each(NewRun::make_storable);
        for payload in &mut self.payloads {
            payload.make_storable();
        }
        if let Some(filing) = &mut self.filing {
            filing.make_storable();
        }
    }
}

/// What is known of a message that was quarantined, now that it can be read.
#[derive(Clone, Debug)]
pub struct Released {
    /// What it is called by, for people.
    pub identity: Option<String>,
    /// What it is deduplicated by from now on. Where the same content was kept under this key
    /// meanwhile, the message becomes a duplicate and calls for nothing.
    pub dedupe: Option<DedupeKey>,
    /// The source that it came in by.
    pub source: String,
    /// When it counts from: what it makes of forms, submissions and cases is as new as that.
    pub at: Timestamp,
    /// What it makes of forms, submissions and cases.
    pub filing: Option<Box<Filing>>,
}

/// What became of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Done, with its deliveries.
    Done,
    /// The definitions have changed since the plan was made, or what the replay was to find has:
    /// nothing was done, plan again.
    Stale,
    /// The message was released, but its content had been kept meanwhile as this message. It is a
    /// duplicate of that one from here on; no deliveries were made.
    DuplicateOf(Uuid),
}

/// A lane: the queue of one connection of one project.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// The project.
    pub project: ProjectName,
    /// The connection's name; or `!` and a forwarder's name, where its deliveries are parked.
    pub name: String,
}

impl Lane {
    /// The name of the lane in which the deliveries of a paused forwarder wait. A `!` begins no
    /// connection's name, so the two cannot meet.
    pub fn parking(forwarder: &str) -> String {
        format!("!{forwarder}")
    }
}

/// How many deliveries a lane could start.
#[derive(Clone, Debug)]
pub struct LaneDemand {
    /// The lane.
    pub lane: Lane,
    /// At most so many.
    pub limit: usize,
    /// How long they are held: longer than the longest call of this lane.
    pub lease: Duration,
}

/// A delivery that is held for sending.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The lane it came from.
    pub lane: Lane,
    /// The delivery.
    pub id: Uuid,
    /// The forwarder that ordered it.
    pub forwarder: String,
    /// What set it off.
    pub event: Event,
    /// What it is about.
    pub key: Option<String>,
    /// Why it was made.
    pub origin: DeliveryOrigin,
    /// The delivery that it sends again.
    pub resend_of: Option<Uuid>,
    /// Tries so far, over all budgets: the next attempt is this plus one.
    pub attempts: u32,
    /// Tries so far in this budget.
    pub tries: u32,
    /// When this budget began.
    pub registered_at: Timestamp,
    /// The message that it came of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// What it carries beside the message; `None`: the message as it came.
    pub about: Option<ClaimedPayload>,
    /// Proves that the claim is still ours.
    pub fence: i64,
    /// What it is kept in order with, as the queue names it.
    pub sequence: Option<String>,
    /// What newer deliveries take its place by, as the queue names it.
    pub collapse: Option<String>,
    /// How many hubs its message has passed through.
    pub hops: u32,
    /// The message's content, as far as it is needed: there are no bytes where it carries a case or an
    /// application, or a form that is not the body of the message.
    pub content: Payload,
    /// The version of the project's definitions at the time of the claim.
    pub configuration_version: i64,
}

/// The largest body, in bytes, that claims carry. What is larger is read when its call begins, so
/// that deliveries that wait for their turn hold little memory.
pub const LARGE_PAYLOAD: u64 = 64 * 1024;

/// A message's content, as a delivery needs it.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The source that it came in by.
    pub source: String,
    /// The content type that the sender claimed.
    pub content_type: Option<String>,
    /// How many bytes it has.
    pub bytes: u64,
    /// The exact bytes; `None` where they are more than [`LARGE_PAYLOAD`], to be read by
    /// [`message_content`](crate::Store::message_content) when they are needed.
    pub body: Option<Bytes>,
}

/// What a lane answered to a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneOutlook {
    /// The lane.
    pub lane: Lane,
    /// Whether the limit was reached, so that more may be due.
    pub more: bool,
    /// How long until the next delivery is due, where nothing more is due now.
    pub next_due_in: Option<Duration>,
}

/// A claim's result.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The deliveries that are ours now.
    pub claimed: Vec<Claimed>,
    /// How each lane looks afterwards.
    pub outlook: Vec<LaneOutlook>,
}

/// What an attempt led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Final: succeeded, rejected, cancelled or broken.
    Final(DeliveryState),
    /// Tried again after this pause; the state is `failed`.
    RetryIn(Duration),
}

/// An attempt that is to be recorded, and what it led to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The lane that the delivery was claimed from.
    pub lane: Lane,
    /// The delivery.
    pub delivery: Uuid,
    /// Its forwarder.
    pub forwarder: String,
    /// The claim's fence.
    pub fence: i64,
    /// The attempt, whole.
    pub attempt: Attempt,
    /// The body as sent, where it is not the message's own bytes.
    pub request_body: Option<Bytes>,
    /// What it led to.
    pub verdict: Verdict,
    /// Whether the attempt counts as one of the tries of this budget.
    pub counts: bool,
    /// Whether those that follow it in order wait, where it ended without success.
    pub holds_followers: bool,
    /// As it was claimed.
    pub sequence: Option<String>,
    /// As it was claimed.
    pub collapse: Option<String>,
    /// What people read first: the reason of a failure.
    pub last_error: Option<String>,
}

impl Outcome {
    /// What this outcome holds in memory while it waits.
    pub(crate) fn held_bytes(&self) -> usize {
        let answer = self
            .attempt
            .response
            .as_ref()
            .map_or(0, |response| response.body.len() + pairs_bytes(&response.headers));
        OVERHEAD + answer + self.request_body.as_ref().map_or(0, Bytes::len)
    }

    /// Fits what only serves people to what every database can hold.
    pub(crate) fn make_storable(&mut self) {
        self.last_error = self.last_error.take().map(storable);
        if let Some(error) = &mut self.attempt.error {
            error.message = storable(std::mem::take(&mut error.message));
        }
    }
}

/// Whether an outcome was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The attempt and the new state are committed.
    Written,
    /// The lease had been lost: nothing was written, whoever holds it now will.
    LeaseLost,
}

/// A claim that is given back unused.
#[derive(Clone, Debug)]
pub struct Release {
    /// The lane that it goes back to: another one parks it.
    pub lane: Lane,
    /// The delivery.
    pub delivery: Uuid,
    /// The claim's fence.
    pub fence: i64,
    /// What it is kept in order with.
    pub sequence: Option<String>,
}

/// Where a page begins and how long it is. Lists run from the newest to the oldest.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only items older than this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: usize,
}

/// How many deliveries of a forwarder stand in each state that is not succeeded.
pub type StateCounts = HashMap<DeliveryState, u64>;
