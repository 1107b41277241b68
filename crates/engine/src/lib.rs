//! The flow: receive → decode → match → keep, and deliver → record.
//!
//! ```text
//!   flow.rs ── receive.rs ─ matching.rs ─ keep.rs ──► store ──► deliver.rs ─ record.rs
//!              (the way to the yes)                            (the way out)
//! ```
//!
//! One file is one step, and the steps do not know each other: the first half meets in `flow`,
//! the two halves meet only in the store, so that any step can crash and any process can go on.
//! Around them: `routing` (definitions made ready), `lanes` (who may send how much), `standing` (how
//! the lanes stand, for people),
//! `configuration`, `pausing` and `actions` (what people do), `parking` (what paused forwarders wait
//! for).

mod accounts;
mod actions;
mod bulk;
mod configuration;
mod connection_test;
mod deliver;
mod difference;
mod erasing;
mod error;
mod expected;
mod find;
mod flow;
mod hub;
mod ids;
mod keep;
mod lanes;
mod looking;
mod map;
mod matching;
mod news;
mod outlook;
mod overview;
mod parking;
mod pausing;
mod payload;
mod receive;
mod record;
mod reordering;
mod retention;
mod rotation;
mod routing;
mod settings;
mod standing;
mod tallies;
mod telemetry;
mod timeline;
mod tokens;
mod traffic;
mod watch;

pub use accounts::{
    Accepting, AccountError, BegunSecondFactor, BegunSession, Invited, MOST_ADDED, NewPerson,
    NewToken, Note, Share, Shares, SignIn, TOKEN_PREFIX, Visitor, administrator_proof, network,
};
pub use actions::{FilterTrial, ForwarderExplanation, Replayed};
pub use bulk::{Asked, BulkPreview, DEFAULT_REPLAY_RATE};
pub use configuration::{Applied, Draft, Saved, refused_network};
pub use connection_test::{ConnectionTest, Sample, TestedConnection};
pub use difference::{MOST_DIFFERENCES, MessageDifference, PayloadDifference};
pub use erasing::ErasureOutcome;
pub use error::HubError;
pub use expected::Expected;
pub use fieldpost_outbound::{ProbeMethod, Step, StepName};
pub use find::{Found, FoundKind};
pub use flow::{Receipt, ReceiptOutcome, ReceiveError};
pub use hub::{Hub, UnreadableProject};
pub use ids::digest;
pub use lanes::breaker::{BreakerPolicy, Cause};
pub use looking::{ContentQuery, LONGEST_LOOK, LookedThrough, MOST_LOOKED_THROUGH};
pub use map::{MapEdge, MapNode, MapNodeKind, ProjectMap};
pub use news::TELL_EVERY;
pub use outlook::{DeliveryOutlook, DeliveryPlace, WaitReason};
pub use overview::{
    ConnectionShown, ConnectionState, Counts, LONGEST_TODAY, Overview, SourceShown, SourceState,
};
pub use receive::{BodyError, Incoming};
pub use routing::{ProjectRouting, Routing, SourceRoute};
pub use settings::HubSettings;
pub use standing::{LaneShown, LaneState, PausedBy};
pub use timeline::{DeliveryTold, Reading, Summary, Timeline};
pub use tokens::SharedTokens;
pub use traffic::{Traffic, TrafficBy, TrafficLine, TrafficStep};
pub use watch::{Subscription, Topic, Unreached};
