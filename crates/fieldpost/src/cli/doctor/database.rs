//! The database: can it be reached, does its schema fit, is a yes durable in it, and are the files there that
//! it names.

use fieldpost_store::{FoundFiles, Inspection};

use super::Check;
use crate::cli::show::counted;
use crate::config::{Settings, key_file, key_source};
use crate::hub::{not_opened, store_settings};

const NAME: &str = "database";

/// Looks at the database; what was found in it is handed on.
pub(super) async fn examine(settings: &Settings) -> (Vec<Check>, Option<Inspection>) {
    // Without a key the database is looked at as well; that it is missing is a check of its own.
    let keys = key_source(&settings.storage).unwrap_or_else(|_| key_file(&settings.storage));
    match fieldpost_store::inspect(&store_settings(&settings.storage, keys)).await {
        Ok(None) => (vec![Check::fine(NAME, "SQLite; it is made at the first start")], None),
        Ok(Some(found)) => {
            let mut checks = vec![durability(&found), schema(&found)];
            checks.extend(found.files.as_ref().map(files));
            (checks, Some(found))
        }
        Err(error) => {
            let failure = not_opened(&settings.storage, error).to_string();
            let finding = failure.lines().next().unwrap_or_default();
            let finding = finding.strip_prefix("error: ").unwrap_or(finding).to_owned();
            let hint = "is the server up, and are host, port, user, password and name right?";
            (vec![Check::wrong(NAME, finding, hint)], None)
        }
    }
}

fn durability(found: &Inspection) -> Check {
    let server = &found.server;
    if found.read_only {
        let finding = format!("{server} takes no writes: it is a standby, or set to read only");
        return Check::wrong(NAME, finding, "name the primary server with --database");
    }
    if !found.not_durable.is_empty() {
        let finding =
            format!("{server} runs with {}: a yes is not durable", found.not_durable.join(", "));
        return Check::wrong(NAME, finding, "switch these on in postgresql.conf");
    }
    Check::fine(NAME, format!("{server}; what is acknowledged is on disk"))
}

fn files(found: &FoundFiles) -> Check {
    const NAME: &str = "folder of files";
    let FoundFiles { folder, looked_for, missing, trouble } = found;
    let (folder, looked_for) = (folder.display(), counted(*looked_for as u64, "file", "files"));
    if let Some(error) = trouble {
        let finding = format!("{folder} cannot be looked into: {error}");
        return Check::wrong(
            NAME,
            finding,
            "call this as the user of the hub, and mend the folder",
        );
    }
    if *missing > 0 {
        let finding = format!("{folder} lacks {missing} of {looked_for} that were looked for");
        let hint = "what a backup FILE has lies in FILE.files: put that into the folder, or name the \
                    right folder with --files";
        return Check::wrong(NAME, finding, hint);
    }
    Check::fine(NAME, format!("{folder}; {looked_for} looked for, all are there"))
}

fn schema(found: &Inspection) -> Check {
    const NAME: &str = "schema";
    let (version, known) = (found.schema_version, found.known_version);
    if version > known {
        return Check::wrong(
            NAME,
            format!("version {version}; this fieldpost knows {known} at the most"),
            "install the fieldpost that wrote it, or restore a backup",
        );
    }
    if version < known {
        return Check::noteworthy(
            NAME,
            format!("version {version}; this fieldpost brings it to {known} at its start"),
            "make a backup first; `fieldpost migrate` does it now",
        );
    }
    Check::fine(NAME, format!("version {version}, this version's own"))
}
