//! `fieldpost export`: the project becomes a project file.

use clap::Args;

use super::Ending;
use crate::client::HubAddress;
use crate::failure::Failure;
use crate::output;

/// Write a project as a project file
///
/// Secrets are written as •••••••. Applied to the same project again, such a file keeps the
/// secrets that are there.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The project's name.
    project: String,

    /// Write JSON instead of YAML.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Export {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let client = self.hub.client()?;
        let format = if self.json { "json" } else { "yaml" };
        let query = vec![("format", format.to_owned())];
        let mut text = client.bytes(&["projects", &self.project, "export"], &query).await?;
        if text.last() != Some(&b'\n') {
            text.push(b'\n');
        }
        output::bytes(&text)?;
        Ok(Ending::Well)
    }
}
