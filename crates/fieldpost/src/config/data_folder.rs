//! The data folder, as far as it is not the store's: the admin token, and the notice by which the
//! commands of this machine find the running hub.
//!
//! Both are for the folder's owner only: whoever can read them may do everything.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use fieldpost_model::hexadecimal;
use serde::{Deserialize, Serialize};

use super::values::Token;
use crate::failure::Failure;

const TOKEN_FILE: &str = "admin-token";
const NOTICE_FILE: &str = "hub.json";

/// Bytes of a made token, written as 48 hexadecimal digits.
const TOKEN_BYTES: usize = 24;
/// Only the owner enters the folder.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner reads what gives access.
const FILE_MODE: u32 = 0o600;

/// A data folder.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// Where the hub of a data folder is to be found while it runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct RunningHub {
    /// The address of its API.
    pub(crate) url: String,
    /// Its process.
    pub(crate) process: u32,
    /// The token, where it was given to the hub and so does not lie in a file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl DataFolder {
    /// Names a folder without touching it.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder, for its owner only; one that is there stays as it is.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.path);
        made.map_err(|error| {
            Failure::new(format!("the data folder {} cannot be made: {error}", self.path.display()))
                .hint("name a folder that this user may write to: --data FOLDER")
        })
    }

    /// The file that keeps the token which the hub made.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path.join(TOKEN_FILE)
    }

    /// The token that the hub made here, if it made one.
    pub(crate) fn token(&self) -> Result<Option<Token>, Failure> {
        let path = self.token_file();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let token: Result<Token, String> = text.trim().parse();
                let token = token.map_err(|error| {
                    Failure::new(format!("{} holds no token: {error}", path.display()))
                        .hint("delete the file; the next start makes a new token")
                })?;
                Ok(Some(token))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(format!("{}: {error}", path.display()))),
        }
    }

    /// Makes a token and keeps it. It is on disk when this returns.
    pub(crate) fn make_token(&self) -> Result<Token, Failure> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::new(format!("the system gives no random bytes: {error}")))?;
        let token = Token::made(hexadecimal::encode(&bytes));
        self.write(TOKEN_FILE, &format!("{}\n", token.expose()))?;
        Ok(token)
    }

    /// Says where the hub is.
    pub(crate) fn announce(&self, hub: &RunningHub) -> Result<(), Failure> {
        let text = serde_json::to_string(hub)
            .map_err(|error| Failure::new(format!("{NOTICE_FILE} cannot be written: {error}")))?;
        self.write(NOTICE_FILE, &text)
    }

    /// Where the hub of this folder says it is. A hub that was killed leaves its notice behind.
    pub(crate) fn running_hub(&self) -> Option<RunningHub> {
        let text = fs::read_to_string(self.path.join(NOTICE_FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Takes the notice away.
    pub(crate) fn withdraw(&self) {
        // A notice that stays is the same as one of a hub that was killed.
        drop(fs::remove_file(self.path.join(NOTICE_FILE)));
    }

    /// Writes a file whole or not at all, for the owner only.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        let beside = self.path.join(format!("{name}.new"));
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(FILE_MODE).open(&beside)?;
            // An older file keeps its mode when it is opened again.
            file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }
}
