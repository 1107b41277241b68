//! The files of submissions and of what happened to them, by what they hold.

use std::collections::HashMap;

use fieldpost_model::progress::StoredFile;
use uuid::Uuid;

use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::statement::{digest, length};
use crate::submissions::{FILE_COLUMNS, StoredFile as NamedFile, laid_over, read_file};

/// Ids that one query looks for.
const AT_ONCE: usize = 200;
/// What a file is whose sender does not say so.
const UNKNOWN: &str = "application/octet-stream";

impl NamedFile {
    /// The file, where it has come and was not erased.
    pub fn arrived(self) -> Option<StoredFile> {
        Some(StoredFile {
            name: self.name,
            content_type: self.content_type.unwrap_or_else(|| UNKNOWN.to_owned()),
            bytes: self.bytes.unwrap_or(0),
            sha256: self.sha256?,
        })
    }
}

impl Store {
    /// The files that submissions have by now, those of their newest answers first, then those that came on
    /// their way; by submission. What has not come, or was erased, is left out.
    pub async fn files_of_progress(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<StoredFile>>, StoreError> {
        let mut files: HashMap<Uuid, Vec<StoredFile>> = HashMap::new();
        for ids in submissions.chunks(AT_ONCE) {
            let listed = places(2, ids.len());
            let parameters = || with_ids(vec![project.into()], ids);
            let sql = format!(
                "SELECT {FILE_COLUMNS} FROM submission_files
                 WHERE project = $1 AND submission IN ({listed})
                 ORDER BY submission, name, version"
            );
            let rows = self.query(sql, parameters(), read_file).await?;
            for (submission, file) in laid_over(rows) {
                let Some(file) = file.arrived() else { continue };
                files.entry(submission).or_default().push(file);
            }
            let sql = format!(
                "SELECT submission, name, content_type, bytes, sha256 FROM progress_files
                 WHERE project = $1 AND submission IN ({listed}) ORDER BY submission, name, sha256"
            );
            let rows = self.query(sql, parameters(), |row| {
                let (name, content_type) = (row.text(1)?, row.text(2)?);
                let (bytes, sha256) = (length(row.integer(3)?)?, digest(&row.bytes(4)?)?);
                Ok((row.id(0)?, StoredFile { name, content_type, bytes, sha256 }))
            });
            for (submission, file) in rows.await? {
                files.entry(submission).or_default().push(file);
            }
        }
        Ok(files)
    }
}
