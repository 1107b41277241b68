//! Cases on the wire: what forms ask for, and the states that forwarders send.
//!
//! | direction | what | where |
//! |---|---|---|
//! | in | the case blocks of a form, XML or JSON | [`blocks_of_form`], [`blocks_of_view`] |
//! | in | a forwarded case, XML of both versions or JSON | [`state()`] |
//! | out | a case as XML, of both versions | [`case_xml`] |
//! | out | a form of the hub's own | [`system_form`] |
//! | out | a case as JSON, as forwarders and the old API have it | [`case_json`] |
//! | out | a case as the Case API has it | [`case_api_json`] |
//!
//! A forwarded case is read as a block too, one that gives the whole state: making or changing the
//! case by it goes the same way as for a form. What is written can be read, and gives the same case.

mod api;
mod block;
mod find;
mod json;
mod state;
mod state_json;
mod xml;

pub use api::case_api_json;
pub use block::MAX_BLOCK_ENTRIES;
pub use find::{MAX_CASE_BLOCKS, blocks_of_form, blocks_of_view};
pub use json::case_json;
pub use state::state;
pub use xml::{case_xml, system_form};

/// The namespace of case blocks since version 2.
pub(crate) const CASE_BLOCKS: &str = "http://commcarehq.org/case/transaction/v2";
