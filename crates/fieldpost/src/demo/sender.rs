//! Sending samples as their systems do.

use std::time::Duration;

use super::samples::Sample;
use crate::failure::Failure;

/// Longer than any answer of the demo's own hub takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends samples.
pub(super) struct Sender {
    http: reqwest::Client,
}

impl Sender {
    pub(super) fn new() -> Result<Self, Failure> {
        #[expect(
            clippy::disallowed_methods,
            reason = "it posts to the demo's own hub, as the systems of the field do"
        )]
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        Ok(Self { http })
    }

    /// Posts a sample; answers by the status that came back.
    pub(super) async fn send(&self, inbox: &str, sample: &Sample) -> Result<u16, Failure> {
        let mut request = self.http.post(format!("{inbox}{}", sample.query)).body(sample.body);
        for (name, value) in sample.headers {
            request = request.header(*name, *value);
        }
        let answered = request.send().await.map_err(|error| {
            // The address holds the inbox's secret.
            Failure::new(format!("{} {}: {}", sample.system, sample.what, error.without_url()))
        })?;
        Ok(answered.status().as_u16())
    }
}
