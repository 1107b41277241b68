//! Jobs in real child processes: what they do, what they may not do, and that they do the same on
//! the published runtime of OpenFn.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod corners;
#[cfg(test)]
mod escapes;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod npm;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod postgresql;
#[cfg(test)]
mod published;
#[cfg(test)]
mod published_http;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod services;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod support;
#[cfg(test)]
mod used_again;
