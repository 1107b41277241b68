//! What a job asks for is done by this process. What that takes, above all the authorities of this machine, is
//! read when the job asks first: most jobs from the command line only reckon, and this would be most of what there
//! is to do.

use std::time::Duration;

use fieldpost_outbound::sql::SqlPool;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_script::host::StepHost;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_script::host::mail::MailService;
use fieldpost_script::host::sql::SqlService;
use fieldpost_script::protocol::{CallError, LogLine};
use fieldpost_script::sandbox::{Answer, Host};
use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use super::report::Console;

/// The host of all steps of a run.
pub(super) struct World {
    settings: OutboundSettings,
    /// How long a request may take.
    time: Duration,
    console: Console,
    opened: OnceCell<Result<StepHost<'static>, CallError>>,
}

impl World {
    pub(super) fn new(settings: OutboundSettings, time: Duration, console: Console) -> Self {
        Self { settings, time, console, opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<StepHost<'static>, CallError> {
        let settings = self.settings.clone();
        let made = tokio::task::spawn_blocking(move || Client::new(settings)).await;
        let failed = |message| CallError { code: "no-client".to_owned(), message };
        let client = made
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        let limits = HttpLimits { time: self.time, ..HttpLimits::default() };
        Ok(StepHost::new(|_| ())
            .with(HttpService::new(client.clone(), limits))
            .with(SqlService::new(SqlPool::new(client)))
            .with(MailService::new(None)))
    }
}

impl Host for World {
    fn call(&self, name: &str, arguments: Box<RawValue>) -> Answer<'_> {
        let name = name.to_owned();
        Box::pin(async move {
            match self.opened.get_or_init(|| self.open()).await {
                Ok(host) => host.call(&name, arguments).await,
                Err(error) => Err(error.clone()),
            }
        })
    }

    fn log(&self, line: LogLine) {
        self.console.log(line);
    }
}
