//! The flow: receive → decode → match → keep, and deliver → record.
//!
//! ```text
//!   flow.rs ── receive.rs ─ matching.rs ─ filing.rs ─ keep.rs ──► store ──► deliver.rs ─ record.rs
//!              (the way to the yes)                            (the way out)
//! ```
//!
//! One file is one step, and the steps do not know each other: the first half meets in `flow`,
//! the two halves meet only in the store, so that any step can crash and any process can go on.
//! Around them: `routing` (definitions made ready), `lanes` (who may send how much), `standing` (how
//! the lanes stand, for people),
//! `configuration`, `pausing` and `actions` (what people do), `parking` (what paused forwarders wait
//! for), and `running` (workflows: runs are claimed from the store as deliveries are).

mod accounts;
mod actions;
mod asked;
mod bulk;
mod carried;
mod configuration;
mod connection_test;
mod defined_forms;
mod deliver;
mod difference;
mod erasing;
mod error;
mod events;
mod expected;
mod fetching;
mod filing;
mod find;
mod flow;
mod form_files;
mod form_of_fields;
mod form_upload;
mod health;
mod hidden;
mod hub;
mod ids;
mod in_use;
mod indexing;
mod jobs;
mod keep;
mod lanes;
mod lifecycle;
mod looking;
mod map;
mod matching;
mod news;
mod orphans;
mod outlook;
mod overview;
mod parking;
mod pausing;
mod payload;
mod people;
mod preview;
mod receive;
mod record;
mod recorded;
mod rendering;
mod reordering;
mod replay_query;
mod retention;
mod rotation;
mod routing;
mod run_actions;
mod run_bulk;
mod run_order;
mod running;
mod settings;
mod standing;
mod standing_order;
mod storing;
mod tallies;
mod telemetry;
mod timeline;
mod timers;
mod tokens;
mod traffic;
mod trial;
mod unknown_fields;
mod unknown_forms;
mod watch;
mod workflow_check;
mod xlsform;

pub use accounts::{
    Accepting, AccountError, BegunSecondFactor, BegunSession, Invited, MOST_ADDED, NewPerson,
    NewToken, Note, Share, Shares, SignIn, TOKEN_PREFIX, Visitor, administrator_proof, network,
};
pub use actions::Replayed;
pub use asked::Asked;
pub use bulk::{BulkPreview, DEFAULT_REPLAY_RATE};
pub use configuration::{Applied, Draft, Saved, refused_network};
pub use connection_test::{ConnectionTest, Sample, TestedConnection};
pub use difference::{MOST_DIFFERENCES, MessageDifference, PayloadDifference};
pub use erasing::ErasureOutcome;
pub use error::HubError;
pub use events::{ExplainedSubject, ForwarderExplanation};
pub use expected::Expected;
pub use fieldpost_outbound::{ProbeMethod, Step, StepName};
pub use filing::{ArrivedFile, ChangeError, ChangedCases, FormOutcome, FormPost, FormReceipt};
pub use find::{Found, FoundKind};
pub use flow::{Receipt, ReceiptOutcome, ReceiveError, ReceivedRun};
pub use form_files::{FormFileOutcome, MOST_FORM_FILES};
pub use form_upload::{FormUpload, UploadError, UploadedForm};
pub use health::{IncidentStanding, LastTimes, LatestTries, Recovering};
pub use hub::{Hub, UnreadableProject};
pub use ids::digest;
pub use jobs::{
    AdaptorFunction, AdaptorShown, CheckedJob, JobOperation, JobProblem, adaptors_shown, check_job,
};
pub use lanes::breaker::{BreakerPolicy, Cause};
pub use lifecycle::{
    Edit, Followed, FollowedForm, LifecycleError, NewSubmission, OWN_SOURCE, ReceivedRecord,
    RecordKey, SubmittedForm, keyed_uuid, machine,
};
pub use looking::{ContentQuery, LONGEST_LOOK, LookedThrough, MOST_LOOKED_THROUGH};
pub use map::{MapEdge, MapNode, MapNodeKind, ProjectMap, is_bad};
pub use news::TELL_EVERY;
pub use outlook::{DeliveryOutlook, DeliveryPlace, WaitReason};
pub use overview::{
    ConnectionShown, ConnectionState, Counts, LONGEST_TODAY, Overview, SourceShown, SourceState,
};
pub use people::Person;
pub use preview::{MOST_PREVIEWED, Preview, PreviewOf, PreviewedRequest};
pub use receive::{BodyError, Incoming};
pub use replay_query::ReplayQuery;
pub use routing::{ProjectRouting, Routing, SourceRoute};
pub use run_actions::{ByHand, GivenInput, RetryVersion};
pub use run_bulk::RunAction;
pub use running::{JobSettings, Rehearsal, RunAnswer};
pub use settings::HubSettings;
pub use standing::{LaneShown, LaneState, PausedBy};
pub use timeline::{DeliveryTold, FiledByMessage, Reading, Summary, Timeline};
pub use tokens::SharedTokens;
pub use traffic::{Traffic, TrafficBy, TrafficLine, TrafficStep};
pub use trial::{FilterTrial, Missed, Tried, TryOn};
pub use watch::{Subscription, Topic, Unreached};
pub use workflow_check::{CheckedWorkflows, check_workflows};
pub use xlsform::{ConversionError, ConvertedForm, ITEMSETS, Pyxform, XlsformConverter};
