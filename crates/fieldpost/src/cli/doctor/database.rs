//! The database: can it be reached, does its schema fit, is a yes durable in it.

use fieldpost_store::Inspection;

use super::Check;
use crate::config::{Settings, key_file, key_source};
use crate::hub::{not_opened, store_settings};

const NAME: &str = "database";

/// Looks at the database; what was found in it is handed on.
pub(super) async fn examine(settings: &Settings) -> (Vec<Check>, Option<Inspection>) {
    // Without a key the database is looked at as well; that it is missing is a check of its own.
    let keys = key_source(&settings.storage).unwrap_or_else(|_| key_file(&settings.storage));
    match fieldpost_store::inspect(&store_settings(&settings.storage, keys)).await {
        Ok(None) => (vec![Check::fine(NAME, "SQLite; it is made at the first start")], None),
        Ok(Some(found)) => (vec![durability(&found), schema(&found)], Some(found)),
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
