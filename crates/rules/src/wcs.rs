//! The rules of the API that w.c.s. (Publik) has: who may call, for whom a call acts, what they may
//! read, and which submissions a list asks for.
//!
//! A call goes through the files of this folder in this order:
//!
//! ```text
//! query, body ──► query ──► signature ──► caller ──► reading ──► list ──► pushed (for the store)
//!                           (who signed)  (for whom) (what of it) │  └───► matching (exact)
//!                                                                 └─ operators, fields, search
//! ```
//!
//! Each of them refuses with a [`Refusal`], whose texts are those that w.c.s. writes: clients compare
//! them. What w.c.s. leaves open and the hub closes is said where it stands.

pub mod caller;
pub mod days;
pub mod fields;
pub mod operands;
pub mod query;
pub mod reading;
pub mod refusal;
pub mod search;
pub mod signature;
pub mod tracking_code;

pub use query::Parameters;
pub use refusal::Refusal;
