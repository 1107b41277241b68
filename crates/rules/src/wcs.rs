//! The rules of the API that w.c.s. (Publik) has: who may call, for whom a call acts, what they may
//! read, and what the filters of its lists compare.
//!
//! A call goes through the files of this folder in this order:
//!
//! ```text
//! query, body ──► query ──► signature ──► caller ──► reading
//!                           (who signed)  (for whom) (what of it)
//! ```
//!
//! What a [`list`] is asked for is filtered by [`fields`] with [`operands`], [`days`] and [`search`]; whoever has no account
//! finds their own by a [`tracking_code`].
//!
//! Each of them refuses with a [`Refusal`], whose texts are those that w.c.s. writes: clients compare
//! them. What w.c.s. leaves open and the hub closes is said where it stands.

pub mod caller;
pub mod days;
pub mod fields;
pub mod list;
pub mod operands;
pub mod query;
pub mod reading;
pub mod refusal;
pub mod search;
pub mod signature;
pub mod statistics;
pub mod switches;
pub mod tracking_code;

pub use query::Parameters;
pub use refusal::Refusal;
pub use switches::Switches;
