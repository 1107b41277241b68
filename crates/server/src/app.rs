//! What every handler holds in its hand.

use std::sync::Arc;

use fieldpost_engine::{Hub, Shares, XlsformConverter};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::Bounds;
use crate::client_address::UnbelievedProxies;
use crate::health::Readiness;
use crate::receiver::FormDigests;
use crate::refusals::Refusals;
use crate::room::Room;
use crate::settings::ServerSettings;
use crate::wcs::Places;
use crate::wrong_codes::WrongCodes;
use crate::wrong_tokens::WrongTokens;

/// Streams of events that somebody listens to at once, at this hub.
pub(crate) const MOST_STREAMS: usize = 32;

/// The hub, the settings, and the word to stop.
pub(crate) struct App {
    pub(crate) hub: Hub,
    pub(crate) settings: ServerSettings,
    /// Cancelled when the server begins to stop: endless answers end.
    pub(crate) stopping: CancellationToken,
    pub(crate) readiness: Readiness,
    /// The room that bodies have in memory.
    room: Room,
    /// Changes that were begun; a stopping server waits for them.
    pub(crate) changes: TaskTracker,
    /// The streams of events that each listens to.
    pub(crate) streams: Shares,
    /// What the audit log was told of refusals.
    pub(crate) refusals: Refusals,
    /// Tokens that opened nothing, by where they came from.
    pub(crate) wrong_tokens: WrongTokens,
    /// Tracking codes that are nobody's, by where they came from.
    pub(crate) wrong_codes: WrongCodes,
    /// Where pages of long lists ended.
    pub(crate) places: Places,
    /// The digests of forms that phones were told.
    pub(crate) form_digests: FormDigests,
    /// What makes XForms of `XLSForms`.
    pub(crate) xlsforms: XlsformConverter,
    /// Proxies that are not trusted, and might have to be.
    pub(crate) unbelieved_proxies: UnbelievedProxies,
}

/// A handle to it; every request gets one.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(hub: Hub, settings: ServerSettings, stopping: CancellationToken) -> Self {
        let room = Room::new(settings.bodies_in_memory, settings.max_body);
        let xlsforms = XlsformConverter::new(settings.pyxform.clone());
        Self {
            hub,
            settings,
            stopping,
            readiness: Readiness::default(),
            room,
            changes: TaskTracker::new(),
            streams: Shares::new(MOST_STREAMS),
            refusals: Refusals::default(),
            wrong_tokens: WrongTokens::default(),
            wrong_codes: WrongCodes::default(),
            places: Places::default(),
            form_digests: FormDigests::default(),
            xlsforms,
            unbelieved_proxies: UnbelievedProxies::default(),
        }
    }

    /// What holds for the body of every request.
    pub(crate) const fn bounds(&self) -> Bounds<'_> {
        Bounds {
            limit: self.settings.max_body,
            timeout: self.settings.body_timeout,
            room: &self.room,
        }
    }

    /// A link to this hub: below the public URL where there is one, else a path.
    pub(crate) fn link(&self, path: &str) -> String {
        match &self.settings.public_url {
            Some(base) => format!("{}{path}", base.trim_end_matches('/')),
            None => path.to_owned(),
        }
    }

    /// What the public URL has before each path; nothing where it is a bare host.
    pub(crate) fn path_prefix(&self) -> &str {
        let base = self.settings.public_url.as_deref().unwrap_or_default();
        let path =
            base.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest.split_at(at)));
        path.map_or("", |(_, path)| path.trim_end_matches('/'))
    }
}
