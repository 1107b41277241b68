//! The compiler of jobs, by tables: what goes in, what comes out, and where.

#[cfg(test)]
mod edges;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod passes;
#[cfg(test)]
mod support;
