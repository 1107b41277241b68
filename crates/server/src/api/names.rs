//! Enumerations as the description of the API lists them, made from the names that they have
//! everywhere.

use fieldpost_engine::{
    ConnectionState, FoundKind, MapNodeKind, PausedBy, ProbeMethod, RunAction, SourceState,
    StepName, TrafficBy, TrafficStep, WaitReason,
};
use fieldpost_model::access::Access;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::case::{CaseActionKind, CaseRelationship};
use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_model::form::AnswerType;
use fieldpost_model::incident::{
    IncidentKind, IncidentState, NoticeChannel, NoticeKind, NoticeState,
};
use fieldpost_model::message::MessageState;
use fieldpost_model::names;
use fieldpost_model::run::{RunInput, RunOrigin, RunState, StepState};
use fieldpost_model::submission::FetchState;
use fieldpost_model::tally::TallyKind;
use fieldpost_rules::definition::{ChangeAction, ChangeKind};
use fieldpost_rules::delivery::Action;
use fieldpost_rules::filter::{Comparison, Part};
use fieldpost_store::ChangeKind as FeedKind;
use fieldpost_store::{
    BulkKind, BulkState, CaseOrder, FormOrigin, InvitationKind, SubmissionOrder,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::deliveries::DeliverySort;
use super::submission_export::ExportFormat;
use super::table_file::TableFormat;

names! {
    /// What somebody is who calls.
    pub enum WhoKind {
        /// A person who has signed in.
        User = "user",
        /// A program with a token.
        Token = "token",
        /// Whoever has the administrator's token.
        Administrator = "administrator",
    }
}

/// Defines the schema of an enumeration; the text stands with it in the description.
macro_rules! described {
    ($($schema:ident of $enumeration:ident: $text:literal,)+) => { $(
        #[doc = $text]
        pub(super) struct $schema;

        impl PartialSchema for $schema {
            fn schema() -> RefOr<Schema> {
                let names = $enumeration::ALL.iter().map(|member| member.name());
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($text))
                    .enum_values(Some(names))
                    .into()
            }
        }

        impl ToSchema for $schema {}
    )+ };
}

described! {
    AnswerTypeName of AnswerType: "What kind of answer a question takes.",
    AccessName of Access: "What somebody may do in a project.",
    ActionName of Action: "What a person may ask of a delivery.",
    BulkKindName of BulkKind: "What an action does to each of many.",
    BulkStateName of BulkState: "Where an action over many stands.",
    AttemptErrorKind of ErrorKind: "Which part of an attempt went wrong.",
    ChangeActionName of ChangeAction: "What happens to something when a project file is applied.",
    ChangedKind of ChangeKind: "What a change happens to.",
    CaseActionKindName of CaseActionKind: "What a form does to a case.",
    CaseOrderName of CaseOrder: "What a list of cases is sorted by.",
    CaseRelationshipName of CaseRelationship: "What the case that another points to is to it.",
    ConnectionStateName of ConnectionState: "How a connection is.",
    DeliveryOriginName of DeliveryOrigin: "Why a delivery was made.",
    DeliverySortName of DeliverySort: "What a list of deliveries is sorted by.",
    DeliveryStateName of DeliveryState: "Where a delivery stands.",
    ExportFormatName of ExportFormat: "What submissions are written as.",
    FetchStateName of FetchState: "Where the fetching of a linked file stands.",
    FilterComparison of Comparison: "How what a filter names and what a message has compare.",
    FilterPart of Part: "A part of a filter.",
    FeedKindName of FeedKind: "What a change in the feed is of.",
    FormOriginName of FormOrigin: "How a form came about.",
    FoundKindName of FoundKind: "What was found.",
    IncidentKindName of IncidentKind: "What kind of trouble an incident is.",
    IncidentStateName of IncidentState: "Whether an incident lasts.",
    NoticeChannelName of NoticeChannel: "How a notice travels.",
    NoticeKindName of NoticeKind: "What a notice tells.",
    NoticeStateName of NoticeState: "Where a notice stands.",
    InvitationKindName of InvitationKind: "What a link for one use is for.",
    MapNodeKindName of MapNodeKind: "What stands at a place of the map.",
    MessageStateName of MessageState: "What became of a message.",
    PrincipalKind of WhoKind: "What somebody is who calls.",
    ProbeMethodName of ProbeMethod: "What a connection is tried with.",
    PausedByName of PausedBy: "Whose pause holds a lane back.",
    WaitReasonName of WaitReason: "Why a delivery waits for something other than its next try.",
    RunActionName of RunAction: "What a person may ask of many runs.",
    RunInputName of RunInput: "What a run began with.",
    RunOriginName of RunOrigin: "Why a run was made.",
    RunStateName of RunState: "Where a run stands.",
    StepStateName of StepState: "Where an execution of a step stands.",
    SubmissionOrderName of SubmissionOrder: "What a list of submissions is sorted by.",
    SourceStateName of SourceState: "How a source is.",
    TableFormatName of TableFormat: "What a table is written as.",
    TestStepName of StepName: "A step of trying a connection.",
    TrafficByName of TrafficBy: "What has a line of its own in a chart.",
    TrafficKindName of TallyKind: "What a chart counts.",
    TrafficStepName of TrafficStep: "How much time one point of a chart stands for.",
}
