//! Everything that the hub answers over HTTP, one file for each surface.
//!
//! ```text
//!   connection.rs ── front.rs ─┬─ inbox.rs    POST /inbox/<secret>      senders, the OpenFn v1 inbox
//!   (sockets,        (which    ├─ webhook.rs  /i/<uuid>, /i/<project>/… senders, OpenFn v2 webhooks
//!                              ├─ receiver/   /p/<project>/…, /a/…      phones: Collect, CommCare
//!                              ├─ data/       /a/<project>/api/…, /p/…  exporters of CommCare, of Kobo
//!    bounds)         surface)  ├─ api/        /api/v1/…                 people and their scripts
//!                              ├─ application.rs /, /projects, …      people with a browser
//!                              ├─ unsubscribe.rs /unsubscribe/…       people who got a mail
//!                              └─ health.rs   /healthz /readyz /metrics machines that watch
//! ```
//!
//! The server decides nothing about messages and sends nothing itself: it turns requests into calls
//! of the engine, and what the engine says into answers. A yes to a sender is given only after the
//! engine said that the message is committed.
//!
//! Whatever a stranger can make large or slow is bounded here, before anything is allocated for
//! it: the request's head and body, the time that both may take, the number of connections, and the
//! bytes of all bodies together.

mod api;
mod app;
mod application;
mod body;
mod case_ids;
mod client_address;
mod compressed;
mod connection;
mod data;
mod front;
mod health;
mod html;
mod inbox;
mod incoming;
mod pages;
mod problem;
mod pushed;
mod receiver;
mod refusals;
mod reply;
mod room;
mod senders;
mod settings;
mod socket;
mod unsubscribe;
mod uploaded;
mod wcs;
mod webhook;
mod wrong_codes;
mod wrong_tokens;

pub use api::openapi;
pub use connection::serve;
pub use pages::PageBounds;
pub use settings::ServerSettings;
