//! Submissions: what is known of one before something is filed, and what was filed.

use std::collections::HashMap;

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::fetches::{FileFetch, read_fetch};
use crate::filing::Original;
use crate::statement::{Conditions, Parameter, Row, as_integer, digest, length};
use crate::submission_list::{self, StoredSubmission, read_submission};
use crate::text::storable_key;

/// Texts that one query looks for.
const AT_ONCE: usize = 200;

/// What is known by the name that a sender has given to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// The revision of the submission.
    pub revision: i64,
    /// The version of the submission that has this name; the newest of them.
    pub version: i64,
    /// SHA-256 of the content of that version.
    pub content_hash: [u8; 32],
    /// The source that the first version came in by.
    pub source: String,
    /// When the first version was received.
    pub received_at: Timestamp,
}

impl Instance {
    /// Whether the newest version of the submission has this name.
    pub const fn is_newest(&self) -> bool {
        self.version == self.revision
    }
}

/// A file of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The name that the answers write.
    pub name: String,
    /// What it is, where the sender says.
    pub content_type: Option<String>,
    /// SHA-256 of its bytes; `None` for one that has not come yet, or was erased.
    pub sha256: Option<[u8; 32]>,
    /// How many bytes it has.
    pub bytes: Option<u64>,
    /// Where it is to be had.
    pub link: Option<String>,
    /// How it stands with fetching it from there, where that is wanted.
    pub fetch: Option<FileFetch>,
}

/// One of the times that something was said of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionVersion {
    /// Counts from 1 on.
    pub version: i64,
    /// The message that brought it.
    pub message: Uuid,
    /// What its sender calls it.
    pub instance_id: Option<String>,
    /// When it was received.
    pub at: Timestamp,
    /// The name of who filled it in.
    pub user: Option<String>,
    /// The id of who filled it in.
    pub user_id: Option<String>,
    /// The version of the form, as the submission says.
    pub form_version: Option<String>,
    /// SHA-256 of its content.
    pub content_hash: [u8; 32],
    /// Whether the answers have been erased.
    pub is_erased: bool,
}

/// What was said of a submission in one version, as JSON texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionContent {
    /// The version.
    pub version: i64,
    /// The answers.
    pub values: String,
    /// What the form does not know.
    pub extra: String,
    /// What is known beside the answers.
    pub metadata: String,
}

/// Which version of a submission is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedVersion {
    /// The newest.
    Newest,
    /// The one of that number.
    Number(i64),
}

impl Store {
    /// A submission as lists show it.
    pub async fn submission(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<StoredSubmission>, StoreError> {
        let sql = format!(
            "SELECT {} FROM submissions s WHERE s.project = $1 AND s.id = $2",
            submission_list::COLUMNS
        );
        let found = self.query(sql, vec![project.into(), id.into()], read_submission).await?;
        Ok(found.into_iter().next())
    }

    /// Submissions as lists show them, by id; what is not there is left out.
    pub async fn submissions_by_id(
        &self,
        project: &str,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, StoredSubmission>, StoreError> {
        let mut found = HashMap::new();
        for ids in ids.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT {} FROM submissions s WHERE s.project = $1 AND s.id IN ({})",
                submission_list::COLUMNS,
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            let page = self.query(sql, parameters, read_submission).await?;
            found.extend(page.into_iter().map(|submission| (submission.id, submission)));
        }
        Ok(found)
    }

    /// The submission of a form that has this number.
    pub async fn submission_of_number(
        &self,
        project: &str,
        form: &str,
        number: u64,
    ) -> Result<Option<StoredSubmission>, StoreError> {
        let sql = format!(
            "SELECT {} FROM submissions s {}
             WHERE s.project = $1 AND s.form = $2 AND s.number = $3 ORDER BY s.id LIMIT 1",
            submission_list::COLUMNS,
            self.engine.indexed_by(Some("submissions_by_number"))
        );
        let parameters = vec![project.into(), form.into(), as_integer(number).into()];
        Ok(self.query(sql, parameters, read_submission).await?.pop())
    }

    /// What has been said of a submission, the newest first: what is older than version `before`.
    pub async fn submission_versions(
        &self,
        project: &str,
        id: Uuid,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<SubmissionVersion>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        conditions.add("submission = ?", id);
        if let Some(before) = before {
            conditions.add("version < ?", before);
        }
        let limit = conditions.bind(as_integer(limit));
        let sql = format!(
            "SELECT version, message, instance_id, at, user_name, user_id, form_version, content_hash,
                 CAST(CASE WHEN answers IS NULL THEN 1 ELSE 0 END AS BIGINT)
             FROM submission_versions{} ORDER BY version DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_version).await
    }

    /// The answers of a submission; `None` where there is no such version, or it was erased.
    pub async fn submission_content(
        &self,
        project: &str,
        id: Uuid,
        wanted: WantedVersion,
    ) -> Result<Option<SubmissionContent>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        conditions.add("submission = ?", id);
        if let WantedVersion::Number(number) = wanted {
            conditions.add("version = ?", number);
        }
        let sql = format!(
            "SELECT version, answers, extra, metadata FROM submission_versions{}
             ORDER BY version DESC LIMIT 1",
            conditions.sql()
        );
        let found = self.query(sql, conditions.parameters, |row| read_content(row, 0)).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// The newest answers of submissions, by id; those that were erased are left out. Whoever asks minds
    /// how much that is.
    pub async fn submission_contents(
        &self,
        project: &str,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, SubmissionContent>, StoreError> {
        let mut contents = HashMap::new();
        for ids in ids.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT s.id, v.version, v.answers, v.extra, v.metadata
                 FROM submissions s JOIN submission_versions v ON v.project = s.project
                     AND v.submission = s.id AND v.version = s.version
                 WHERE s.project = $1 AND s.id IN ({})",
                places(2, ids.len())
            );
            let found = self
                .query(sql, with_ids(vec![project.into()], ids), |row| {
                    Ok((row.id(0)?, read_content(row, 1)?))
                })
                .await?;
            contents.extend(found.into_iter().filter_map(|(id, content)| Some((id, content?))));
        }
        Ok(contents)
    }

    /// The exact form of a version, where the hub wrote it itself. That of any other is the body of its
    /// message.
    pub async fn submission_original(
        &self,
        project: &str,
        id: Uuid,
        version: i64,
    ) -> Result<Option<Original>, StoreError> {
        let sql = "SELECT content_type, bytes FROM submission_originals
                   WHERE project = $1 AND submission = $2 AND version = $3";
        let found = self
            .query(sql.to_owned(), vec![project.into(), id.into(), version.into()], |row| {
                Ok(Original { content_type: row.optional_text(0)?, bytes: row.bytes(1)?.into() })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// What is known by a name that a sender gives to a submission.
    pub async fn instance(
        &self,
        project: &str,
        instance_id: &str,
    ) -> Result<Option<Instance>, StoreError> {
        let mut found = self.instances(project, &[instance_id]).await?;
        Ok(found.remove(instance_id))
    }

    /// What is known by the names that senders give to submissions, by name.
    pub async fn instances(
        &self,
        project: &str,
        instance_ids: &[&str],
    ) -> Result<HashMap<String, Instance>, StoreError> {
        let mut instances = HashMap::new();
        for names in instance_ids.chunks(AT_ONCE) {
            let stored: Vec<String> =
                names.iter().map(|name| storable_key((*name).to_owned())).collect();
            let mut parameters: Vec<Parameter> = vec![project.into()];
            parameters.extend(stored.iter().map(|name| name.as_str().into()));
            let sql = format!(
                "SELECT i.instance_id, i.submission, s.form, s.version, i.version, i.content_hash,
                     s.source, s.received_at
                 FROM instances i
                 JOIN submissions s ON s.project = i.project AND s.id = i.submission
                 WHERE i.project = $1 AND i.instance_id IN ({})",
                places(2, stored.len())
            );
            let found: HashMap<String, Instance> =
                self.query(sql, parameters, read_instance).await?.into_iter().collect();
            for (name, stored) in names.iter().zip(&stored) {
                if let Some(instance) = found.get(stored) {
                    instances.insert((*name).to_owned(), instance.clone());
                }
            }
        }
        Ok(instances)
    }

    /// The files of a submission, by name, as its newest version has them.
    pub async fn files_of(
        &self,
        project: &str,
        submission: Uuid,
    ) -> Result<Vec<StoredFile>, StoreError> {
        self.files_at(project, submission, i64::MAX).await
    }

    /// The files of a submission, by name, as one of its versions has them.
    pub async fn files_at(
        &self,
        project: &str,
        submission: Uuid,
        version: i64,
    ) -> Result<Vec<StoredFile>, StoreError> {
        let sql = format!(
            "SELECT {FILE_COLUMNS} FROM submission_files
             WHERE project = $1 AND submission = $2 AND version <= $3 ORDER BY name, version"
        );
        let parameters = vec![project.into(), submission.into(), version.into()];
        let rows = self.query(sql, parameters, read_file).await?;
        Ok(laid_over(rows).into_iter().map(|(_, file)| file).collect())
    }
}

/// What [`read_file`] reads.
pub(crate) const FILE_COLUMNS: &str = "submission, name, content_type, sha256, bytes, link, \
     fetch_by, fetch_at, fetch_tries, fetch_error, fetched_at, sha256";

/// Reads a file, and the submission that it is of.
pub(crate) fn read_file(row: &Row<'_>) -> Result<(Uuid, StoredFile), StoreError> {
    let file = StoredFile {
        name: row.text(1)?,
        content_type: row.optional_text(2)?,
        sha256: row.optional_bytes(3)?.map(|bytes| digest(&bytes)).transpose()?,
        bytes: row.optional_integer(4)?.map(length).transpose()?,
        link: row.optional_text(5)?,
        fetch: read_fetch(row, 6)?,
    };
    Ok((row.id(0)?, file))
}

/// Lays the files of later versions over those of earlier ones: rows by submission, name and version. What a
/// version only names stays as it was.
pub(crate) fn laid_over(rows: Vec<(Uuid, StoredFile)>) -> Vec<(Uuid, StoredFile)> {
    let mut files: Vec<(Uuid, StoredFile)> = Vec::with_capacity(rows.len());
    for (submission, file) in rows {
        match files.last_mut() {
            Some((of, earlier)) if (*of, &earlier.name) == (submission, &file.name) => {
                let content_type = file.content_type.clone().or(earlier.content_type.take());
                let link = file.link.clone().or(earlier.link.take());
                let fetch = file.fetch.clone().or(earlier.fetch.take());
                if file.sha256.is_some() {
                    *earlier = file;
                }
                (earlier.content_type, earlier.link, earlier.fetch) = (content_type, link, fetch);
            }
            _ => files.push((submission, file)),
        }
    }
    files
}

fn read_version(row: &Row<'_>) -> Result<SubmissionVersion, StoreError> {
    Ok(SubmissionVersion {
        version: row.integer(0)?,
        message: row.id(1)?,
        instance_id: row.optional_text(2)?,
        at: row.time(3)?,
        user: row.optional_text(4)?,
        user_id: row.optional_text(5)?,
        form_version: row.optional_text(6)?,
        content_hash: digest(&row.bytes(7)?)?,
        is_erased: row.integer(8)? != 0,
    })
}

/// Reads version, answers, extra and metadata, from that column on; `None` where they were erased.
fn read_content(row: &Row<'_>, first: usize) -> Result<Option<SubmissionContent>, StoreError> {
    let version = row.integer(first)?;
    let texts = [first + 1, first + 2, first + 3].map(|column| row.optional_text(column));
    let [values, extra, metadata] = texts;
    let (Some(values), Some(extra), Some(metadata)) = (values?, extra?, metadata?) else {
        return Ok(None);
    };
    Ok(Some(SubmissionContent { version, values, extra, metadata }))
}

fn read_instance(row: &Row<'_>) -> Result<(String, Instance), StoreError> {
    Ok((
        row.text(0)?,
        Instance {
            submission: row.id(1)?,
            form: row.text(2)?,
            revision: row.integer(3)?,
            version: row.integer(4)?,
            content_hash: digest(&row.bytes(5)?)?,
            source: row.text(6)?,
            received_at: row.time(7)?,
        },
    ))
}
