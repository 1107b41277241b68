//! `fieldpost migrate`: the database gets the schema of this version.

use clap::Args;
use fieldpost_store::Store;

use super::Ending;
use crate::config::{DataFolder, StorageSettings, key_source};
use crate::failure::Failure;
use crate::hub::{not_opened, store_settings};
use crate::output;

/// Bring the database to this version's schema
///
/// `serve` does the same at its start. Doing it before lets one see how long it takes. Make a
/// backup first; there is no way back but that.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    #[command(flatten)]
    storage: StorageSettings,

    /// Only say whether there is something to do.
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let settings = store_settings(&self.storage, key_source(&self.storage)?);
        let found = fieldpost_store::inspect(&settings).await;
        let found = found.map_err(|error| not_opened(&self.storage, error))?;
        let before = found.as_ref().map_or(0, |found| found.schema_version);
        let known = found.as_ref().map(|found| found.known_version);
        if known == Some(before) {
            output::line(format!("The database has schema version {before}: nothing to do"))?;
            return Ok(Ending::Well);
        }
        if self.dry_run {
            output::line(match known {
                Some(known) => {
                    format!("The database has schema version {before} and would get {known}")
                }
                None => "There is no database yet; it would be made".to_owned(),
            })?;
            return Ok(Ending::Well);
        }
        DataFolder::at(&self.storage.data).make()?;
        let spinner = output::spinner("migrating");
        let opened = Store::open(settings.clone()).await;
        spinner.finish_and_clear();
        drop(opened.map_err(|error| not_opened(&self.storage, error))?);
        let found = fieldpost_store::inspect(&settings).await;
        let found = found.map_err(|error| not_opened(&self.storage, error))?;
        let after = found.map_or(0, |found| found.schema_version);
        output::line(match before {
            0 => format!("The database was made, with schema version {after}"),
            _ => format!("The database had schema version {before} and has {after} now"),
        })?;
        Ok(Ending::Well)
    }
}
