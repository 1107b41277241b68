//! `fieldpost serve`: the hub.

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Ending;
use crate::config::{Settings, key_source};
use crate::failure::Failure;
use crate::hub::{ServingHub, listen};
use crate::output;

/// Run the hub until it is told to stop
///
/// SIGTERM or Ctrl-C stops it in good order: requests under way are answered, deliveries under way
/// get the time of stop-timeout. A second one ends it at once; nothing that was acknowledged is
/// lost either way.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(crate) async fn execute(self: Box<Self>) -> Result<Ending, Failure> {
        let mut signals = StopSignals::listen()?;
        let keys = key_source(&self.settings.storage)?;
        let listener = listen(self.settings.inbound.listen).await?;
        let serving = tokio::select! {
            serving = ServingHub::start(&self.settings, keys, listener) => serving?,
            // Nothing was promised to anybody yet.
            () = signals.next() => return Ok(Ending::Well),
        };
        output::line(format!("Fieldpost serves at {}", serving.url))?;
        if serving.token_is_new {
            output::line(format!(
                "Admin token, shown this once and kept in {}: {}",
                serving.folder.token_file().display(),
                serving.token.expose()
            ))?;
        }
        if let Some(link) = &serving.first_owner_link {
            output::line(format!("No user yet; make the first one in a browser: {link}"))?;
        }
        signals.next().await;
        tracing::info!("stopping; a second signal ends the hub at once");
        tokio::select! {
            stopped = serving.stop() => stopped?,
            () = signals.next() => return Ok(Ending::AtOnce),
        }
        tracing::info!("stopped");
        Ok(Ending::Well)
    }
}

/// What tells a hub to stop.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes the signals: from now on they end nothing by themselves.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let taken = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(format!("signals cannot be listened to: {error}")))
        };
        Ok(Self {
            terminate: taken(SignalKind::terminate())?,
            interrupt: taken(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
