//! A form that is posted to a receiver, as devices do: its sender waits for an answer that says what
//! became of it.

use fieldpost_rules::openrosa::{Decision, Flavour};
use uuid::Uuid;

use super::plan::RefusedBy;
use super::{Arrival, ArrivedFile, Way};
use crate::flow::{ReceiptOutcome, ReceiveError, TakenIn};
use crate::hub::Hub;
use crate::receive::Incoming;
use crate::routing::SourceRoute;

/// What a form was posted with.
#[derive(Clone, Copy, Debug)]
pub struct FormPost<'p> {
    /// Whose rules its sender follows.
    pub flavour: Flavour,
    /// The application whose receiver it was posted to.
    pub application: Option<&'p str>,
    /// Its files, which lie in the folder of files by now.
    pub files: &'p [ArrivedFile],
}

/// What became of a posted form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormReceipt {
    /// The message that it is kept as, quarantined where it was refused.
    pub message: Uuid,
    /// What became of it.
    pub outcome: FormOutcome,
}

/// What became of a posted form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormOutcome {
    /// It was taken, or refused, for what is there already.
    Decided(Decision),
    /// The rules of cases refuse it.
    NotProcessable {
        /// A stable word.
        code: &'static str,
        /// Why, in a sentence.
        reason: String,
    },
    /// It is no form that can be read.
    Unreadable {
        /// A stable word.
        code: &'static str,
        /// Why, in a sentence.
        reason: String,
    },
}

impl Hub {
    /// Takes in a form that was posted to a receiver. `Ok` means: committed and synced, with its cases
    /// and everything that it calls for, or kept as quarantined with the reason.
    pub async fn receive_form(
        &self,
        route: &SourceRoute,
        incoming: Incoming,
        post: FormPost<'_>,
    ) -> Result<FormReceipt, ReceiveError> {
        let FormPost { flavour, application, files } = post;
        let arrival = Arrival { way: Way::Posted(flavour), application, files, ..Arrival::PUSHED };
        let TakenIn { receipt, decision, refusal, .. } =
            self.take_in(route, incoming, arrival).await?;
        let outcome = match (refusal, receipt.outcome) {
            (Some(refusal), _) => match refusal.by {
                RefusedBy::Decision(decision) => FormOutcome::Decided(decision),
                RefusedBy::Cases => {
                    FormOutcome::NotProcessable { code: refusal.code, reason: refusal.reason }
                }
                RefusedBy::Document => {
                    FormOutcome::Unreadable { code: refusal.code, reason: refusal.reason }
                }
            },
            (None, ReceiptOutcome::Quarantined { code, reason }) => {
                FormOutcome::Unreadable { code, reason }
            }
            (None, ReceiptOutcome::Kept) => {
                FormOutcome::Decided(decision.unwrap_or(Decision::Store))
            }
            (None, ReceiptOutcome::Duplicate { .. }) => {
                FormOutcome::Decided(decision.unwrap_or(Decision::Duplicate))
            }
        };
        Ok(FormReceipt { message: receipt.message, outcome })
    }
}
