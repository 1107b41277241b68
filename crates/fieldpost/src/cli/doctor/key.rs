//! The key that seals the secrets: is it there, and is it the one that the database was sealed with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fieldpost_store::{Inspection, KeyId, KeyRing, KeySource};

use super::Check;
use crate::config::{KEY_VARIABLE, Settings, key_source};

const NAME: &str = "key";
/// The permissions of everybody but the owner.
const NOT_THE_OWNER: u32 = 0o077;

pub(super) fn examine(settings: &Settings, found: Option<&Inspection>) -> Check {
    let source = match key_source(&settings.storage) {
        Ok(source) => source,
        Err(failure) => return not_usable(&failure.to_string()),
    };
    let ring = match source.read() {
        Ok(Some(ring)) => ring,
        Ok(None) => return missing(&source, found.and_then(|found| found.key.as_ref())),
        Err(error) => return not_usable(&error.to_string()),
    };
    let needed = found.into_iter().flat_map(|found| found.key.iter().chain(&found.sealed_with));
    if let Some(id) = needed.into_iter().find(|id| ring.get(id).is_none()) {
        return Check::wrong(
            NAME,
            format!("the secrets in the database are sealed with {id}, and here is {}", ring.ids()),
            format!("give the hub the key {id} as well, behind the one that it has"),
        );
    }
    match &source {
        KeySource::File { path, .. } => of_file(path, &ring),
        KeySource::Given(_) => Check::fine(NAME, format!("{} from {KEY_VARIABLE}", ring.ids())),
    }
}

fn not_usable(reason: &str) -> Check {
    let reason = reason.strip_prefix("error: ").unwrap_or(reason).replace('\n', " ");
    Check::wrong(NAME, reason, "without its key the hub does not start")
}

fn missing(source: &KeySource, in_use: Option<&KeyId>) -> Check {
    let KeySource::File { path, make } = source else { return not_usable("there is none") };
    let shown = path.display();
    match in_use {
        Some(id) => Check::wrong(
            NAME,
            format!("{shown} is not there, and the database is sealed with the key {id}"),
            "put its copy back, or name the file with --key-file",
        ),
        None if *make => {
            Check::fine(NAME, format!("{shown} is not there yet; it is made at the first start"))
        }
        None => Check::wrong(
            NAME,
            format!("{shown} is not there, and hubs that share a database need the same key"),
            "`fieldpost key generate` makes one; give it to every hub",
        ),
    }
}

fn of_file(path: &Path, ring: &KeyRing) -> Check {
    let shown = path.display();
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & NOT_THE_OWNER != 0 {
        return Check::noteworthy(
            NAME,
            format!("{} in {shown}, which others can read (mode {mode:o})", ring.ids()),
            format!("chmod 600 {shown}"),
        );
    }
    Check::fine(NAME, format!("{} in {shown}, for its owner only", ring.ids()))
}
