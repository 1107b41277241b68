//! `fieldpost backup`: a copy of the database, while the hub goes on.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::config::StorageSettings;
use crate::failure::Failure;
use crate::hub::store_settings;
use crate::output;

/// Copy the SQLite database to a file, while the hub goes on
///
/// The copy is of one moment. To go back to it, stop the hub and put the copy in the place of
/// fieldpost.db in the data folder, without the files fieldpost.db-wal and fieldpost.db-shm. The
/// copy holds the secrets of all connections: guard it like the data folder.
#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet.
    file: PathBuf,

    #[command(flatten)]
    storage: StorageSettings,
}

impl Backup {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        if let Some(database) = &self.storage.database {
            return Err(Failure::usage(format!("the state lies in {database}, not in SQLite"))
                .hint("use PostgreSQL's own tools: pg_dump, or continuous archiving"));
        }
        let settings = store_settings(&self.storage);
        if fieldpost_store::inspect(&settings).await?.is_none() {
            return Err(Failure::new(format!(
                "there is no database in the data folder {}",
                self.storage.data.display()
            ))
            .hint("name the hub's data folder with --data"));
        }
        let bar = output::progress_bar(0, "copying, in pages of 8 KiB");
        let moving = bar.clone();
        let target = self.file.clone();
        let copied = tokio::task::spawn_blocking(move || {
            fieldpost_store::backup(&settings, &target, |done, all| {
                moving.set_length(all);
                moving.set_position(done);
            })
        })
        .await;
        bar.finish_and_clear();
        copied.map_err(|error| Failure::new(error.to_string()))??;
        let bytes = std::fs::metadata(&self.file)?.len();
        output::line(format!("{} is whole: {bytes} bytes", self.file.display()))?;
        Ok(Ending::Well)
    }
}
