//! The files of submissions: those that came, those that are expected, and those that are to be fetched from
//! where the submission links to.

use std::collections::BTreeMap;

use fieldpost_dialects::odk_central::file_address;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{AttachmentContent, Submission};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::openrosa::Files;
use fieldpost_store::{FiledFile, StoredFile, WantedFetch};
use uuid::Uuid;

use super::plan::Occasion;

/// A file that came with a submission, and lies in the folder of files by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedFile {
    /// Its name, as the answers write it.
    pub name: String,
    /// Its media type, where the sender says it.
    pub content_type: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub bytes: u64,
}

impl ArrivedFile {
    /// The file as one of that submission.
    pub(crate) fn filed(&self, submission: Uuid) -> FiledFile {
        FiledFile {
            submission,
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            sha256: Some(self.sha256),
            bytes: Some(self.bytes),
            ..FiledFile::default()
        }
    }

    /// A file that came before; `None` where it has not come.
    pub(crate) fn stored(file: StoredFile) -> Option<Self> {
        let StoredFile { name, content_type, sha256, bytes, .. } = file;
        Some(Self { name, content_type, sha256: sha256?, bytes: bytes? })
    }
}

/// How files are fetched that the submissions of a message only link to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetching<'o> {
    /// The name of the connection.
    pub(crate) connection: &'o str,
    /// How many of one message are.
    pub(crate) most: usize,
}

impl Occasion<'_> {
    /// The files of a submission: those that it names, with what came of them, and those that came
    /// without being named.
    pub(super) fn files_of(
        self,
        id: Uuid,
        submission: &Submission,
        embedded: &[ArrivedFile],
        FileOrder { dialect, mut links }: FileOrder,
    ) -> Vec<FiledFile> {
        let mut files: BTreeMap<String, FiledFile> = BTreeMap::new();
        for attachment in &submission.attachments {
            let link = match &attachment.content {
                AttachmentContent::Link(url) => Some(url.clone()),
                // Its events have no links, and say enough to make them.
                AttachmentContent::Expected if dialect == Dialect::OdkCentral => {
                    self.fetching.and_then(|_| file_address(submission, &attachment.name))
                }
                AttachmentContent::Expected | AttachmentContent::Embedded(_) => None,
            };
            let fetch = self.fetching.filter(|_| link.is_some()).map(|fetching| {
                links += 1;
                fetching.order(self.now, links)
            });
            files.insert(
                attachment.name.clone(),
                FiledFile {
                    submission: id,
                    name: attachment.name.clone(),
                    content_type: attachment.content_type.clone(),
                    link,
                    fetch,
                    ..FiledFile::default()
                },
            );
        }
        let embedded = embedded.iter().map(|file| file.filed(id));
        for file in embedded.chain(self.arrived(id)) {
            files.insert(file.name.clone(), file);
        }
        files.into_values().collect()
    }

    /// The files that came, as those of that submission.
    pub(super) fn arrived(self, submission: Uuid) -> impl Iterator<Item = FiledFile> {
        self.files.iter().map(move |file| file.filed(submission))
    }
}

/// What decides how the files of a submission are had.
#[derive(Clone, Copy)]
pub(super) struct FileOrder {
    /// What its message was read as.
    pub(super) dialect: Dialect,
    /// How many files of the message are to be fetched already.
    pub(super) links: usize,
}

impl Fetching<'_> {
    /// The order to fetch a file, which is the so many-th of its message.
    fn order(self, since: Timestamp, number: usize) -> WantedFetch {
        let Self { connection, most } = self;
        let refused = (number > most).then(|| {
            format!(
                "The message links to more than {most} files, the setting max-fetched-files: this one \
                 is fetched only when somebody asks for it."
            )
        });
        WantedFetch { connection: connection.to_owned(), since, refused }
    }
}

/// How the files that came compare with those that are there.
pub(super) fn compare(arrived: &[ArrivedFile], stored: &[StoredFile]) -> Files {
    let mut compared = Files::NothingNew;
    for file in arrived {
        let there = stored.iter().find(|it| it.name == file.name).and_then(|it| it.sha256);
        match there {
            Some(sha256) if sha256 != file.sha256 => return Files::Conflicting,
            Some(_) => {}
            None => compared = Files::New,
        }
    }
    compared
}
