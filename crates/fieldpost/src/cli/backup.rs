//! `fieldpost backup`: a copy of the database, while the hub goes on.

use std::path::PathBuf;

use clap::Args;
use fieldpost_store::{BackupPart, KeyRing, KeySource, backup_files};

use super::Ending;
use super::show::counted;
use crate::config::{KEY_VARIABLE, StorageSettings, key_source};
use crate::failure::Failure;
use crate::hub::store_settings;
use crate::output;

/// Copy the SQLite database to a file, and the files that came with submissions, while the hub goes on
///
/// The copy is of one moment. The files that came with submissions and forms are beside it, in the folder
/// FILE.files. To go back to it, stop the hub and put the copy in the place of fieldpost.db in the data
/// folder, without the files fieldpost.db-wal and fieldpost.db-shm, and what is in FILE.files into its
/// folder files. What is secret in it is sealed: without the key, which is not in the copy, nobody can read it, and
/// neither can you. Keep the key file in another place than the copies.
#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet.
    file: PathBuf,

    /// Write the key beside the copy, as FILE.key. Whoever has both can read every secret.
    #[arg(long)]
    with_key: bool,

    #[command(flatten)]
    storage: StorageSettings,
}

impl Backup {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        if let Some(database) = &self.storage.database {
            return Err(Failure::usage(format!("the state lies in {database}, not in SQLite"))
                .hint("use PostgreSQL's own tools: pg_dump, or continuous archiving"));
        }
        let keys = key_source(&self.storage)?;
        let settings = store_settings(&self.storage, keys.clone());
        if fieldpost_store::inspect(&settings).await?.is_none() {
            return Err(Failure::new(format!(
                "there is no database in the data folder {}",
                self.storage.data.display()
            ))
            .hint("name the hub's data folder with --data"));
        }
        let key_file = self.key_file();
        if self.with_key && key_file.exists() {
            return Err(Failure::new(format!("{} is there already", key_file.display())));
        }
        let before = keys.read()?;
        let bar = output::progress_bar(0, "copying, in pages of 8 KiB");
        let moving = bar.clone();
        let target = self.file.clone();
        let copied = tokio::task::spawn_blocking(move || {
            fieldpost_store::backup(&settings, &target, |part, done, all| {
                if part == BackupPart::Files {
                    moving.set_message("taking files along");
                }
                moving.set_length(all);
                moving.set_position(done);
            })
        })
        .await;
        bar.finish_and_clear();
        let taken = copied.map_err(|error| Failure::new(error.to_string()))??;
        let bytes = std::fs::metadata(&self.file)?.len();
        output::line(format!("{} is whole: {bytes} bytes", self.file.display()))?;
        if taken.files > 0 {
            let files = counted(taken.files, "file", "files");
            output::line(format!("{} has {files}", backup_files(&self.file).display()))?;
        }
        if taken.missing > 0 {
            let files = counted(taken.missing, "file is", "files are");
            output::note(format!("{files} named and not there: erased since, or lost before"));
        }
        // The key may have been changed while the copy was made: then it takes both.
        let ring = before
            .into_iter()
            .chain(keys.read()?)
            .reduce(|before, after| before.keys().cloned().fold(after, KeyRing::and));
        if let Some(ring) = ring {
            self.tell_of_keys(&keys, &ring)?;
        }
        Ok(Ending::Well)
    }

    /// Writes the key beside the copy where that was asked for, and says in any case what the copy
    /// is without it.
    fn tell_of_keys(&self, source: &KeySource, ring: &KeyRing) -> Result<(), Failure> {
        let ids = ring.ids();
        if self.with_key {
            let path = self.key_file();
            ring.save_as(&path)?;
            output::line(format!(
                "{} holds the key {ids}: whoever has both can read every secret in the copy",
                path.display()
            ))?;
        } else {
            let place = match source {
                KeySource::File { path, .. } => path.display().to_string(),
                KeySource::Given(_) => KEY_VARIABLE.to_owned(),
            };
            output::line(format!(
                "Its secrets are sealed with the key {ids}, which is not in it: keep a copy of \
                 {place} in another place, or they are lost with it"
            ))?;
        }
        Ok(())
    }

    /// Where the key is written to, beside the copy.
    fn key_file(&self) -> PathBuf {
        let mut path = self.file.clone().into_os_string();
        path.push(".key");
        path.into()
    }
}
