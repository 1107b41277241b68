//! What a workflow does, as OpenFn's runtime does it: a step's outcome, and the way through a graph.
//!
//! The step itself runs beside the job, in JavaScript (`js/`), in a process of its own
//! ([`crate::sandbox`]). Everything here is a pure function of what came out of it: what an error
//! leaves in the state ([`outcome`]), how steps hang together ([`graph`]), and where a run goes from
//! a step ([`walk`]). [`workflow`] puts these together for whoever wants a whole run in one go; the
//! hub, which keeps every step, walks the graph itself.

pub mod graph;
mod join;
pub mod outcome;
pub(crate) mod scripts;
pub mod walk;
pub mod workflow;
