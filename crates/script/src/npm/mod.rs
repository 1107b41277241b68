//! Packages of npm: adaptors that are not built in, and whatever else jobs use.
//!
//! Who runs the machine puts a package into the data folder, once, with all that it needs; afterwards nothing is
//! fetched any more. Steps that name such a package run in a process of Node.js, which speaks the protocol of the
//! hub's own runner and runs jobs by the same runtime.
//!
//! ```text
//! install ── puts a package into the folder, by npm, without running its scripts
//! packages ── what lies there            node ── the processes that run steps with it
//! ```
//!
//! A package is trusted code. Node.js holds it away from files where it can, connections lead through the hub's
//! guarded proxy, and each project has processes of its own; none of that holds whoever wants out. So there is no
//! package until somebody with access to the machine has installed one.

mod install;
mod node;
mod packages;

pub use install::{InstallError, install};
pub use node::{NodePools, NodeSettings};
pub use packages::{Meant, Package, Packages};
