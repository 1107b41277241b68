//! Bringing a database to this version's schema, under a lock, and refusing one from the future.
//!
//! The migrations are embedded, numbered from one, and never edited once released: their checksum
//! is kept and compared, so that a database that was migrated by something else is noticed before
//! anything is written into it.

use rusqlite::Connection;
use tokio_postgres::Client;

use crate::error::StoreError;

const SQLITE: &[&str] = &[
    include_str!("schema/sqlite_0001.sql"),
    include_str!("schema/sqlite_0002_order.sql"),
    include_str!("schema/sqlite_0003_incidents.sql"),
    include_str!("schema/sqlite_0004_actions.sql"),
    include_str!("schema/sqlite_0005_tokens.sql"),
    include_str!("schema/sqlite_0006_accounts.sql"),
    include_str!("schema/sqlite_0007_tallies.sql"),
    include_str!("schema/sqlite_0008_moving.sql"),
    include_str!("schema/sqlite_0009_endings.sql"),
    include_str!("schema/sqlite_0010_credentials.sql"),
    include_str!("schema/sqlite_0011_held.sql"),
    include_str!("schema/sqlite_0012_pages.sql"),
    include_str!("schema/sqlite_0013_hubs.sql"),
    include_str!("schema/sqlite_0014_pauses.sql"),
    include_str!("schema/sqlite_0015_filing.sql"),
    include_str!("schema/sqlite_0016_indexed.sql"),
    include_str!("schema/sqlite_0017_payloads.sql"),
    include_str!("schema/sqlite_0018_changes.sql"),
    include_str!("schema/sqlite_0019_files.sql"),
    include_str!("schema/sqlite_0020_fields.sql"),
    include_str!("schema/sqlite_0021_positions.sql"),
    include_str!("schema/sqlite_0022_tellings.sql"),
    include_str!("schema/sqlite_0023_fetching.sql"),
    include_str!("schema/sqlite_0024_superseding.sql"),
    include_str!("schema/sqlite_0025_runs.sql"),
    include_str!("schema/sqlite_0026_collections.sql"),
    include_str!("schema/sqlite_0027_run_answers.sql"),
    include_str!("schema/sqlite_0028_run_claims.sql"),
    include_str!("schema/sqlite_0029_people.sql"),
    include_str!("schema/sqlite_0030_progress.sql"),
    include_str!("schema/sqlite_0031_run_places.sql"),
    include_str!("schema/sqlite_0032_adopted.sql"),
    include_str!("schema/sqlite_0033_call_ends.sql"),
    include_str!("schema/sqlite_0034_case_properties.sql"),
    include_str!("schema/sqlite_0035_noted_answers.sql"),
    include_str!("schema/sqlite_0036_told_runs.sql"),
];
const POSTGRES: &[&str] = &[
    include_str!("schema/postgres_0001.sql"),
    include_str!("schema/postgres_0002_order.sql"),
    include_str!("schema/postgres_0003_incidents.sql"),
    include_str!("schema/postgres_0004_actions.sql"),
    include_str!("schema/postgres_0005_tokens.sql"),
    include_str!("schema/postgres_0006_accounts.sql"),
    include_str!("schema/postgres_0007_tallies.sql"),
    include_str!("schema/postgres_0008_moving.sql"),
    include_str!("schema/postgres_0009_endings.sql"),
    include_str!("schema/postgres_0010_credentials.sql"),
    include_str!("schema/postgres_0011_held.sql"),
    include_str!("schema/postgres_0012_pages.sql"),
    include_str!("schema/postgres_0013_hubs.sql"),
    include_str!("schema/postgres_0014_held.sql"),
    include_str!("schema/postgres_0015_pauses.sql"),
    include_str!("schema/postgres_0016_filing.sql"),
    include_str!("schema/postgres_0017_indexed.sql"),
    include_str!("schema/postgres_0018_payloads.sql"),
    include_str!("schema/postgres_0019_changes.sql"),
    include_str!("schema/postgres_0020_files.sql"),
    include_str!("schema/postgres_0021_fields.sql"),
    include_str!("schema/postgres_0022_positions.sql"),
    include_str!("schema/postgres_0023_tellings.sql"),
    include_str!("schema/postgres_0024_fetching.sql"),
    include_str!("schema/postgres_0025_superseding.sql"),
    include_str!("schema/postgres_0026_runs.sql"),
    include_str!("schema/postgres_0027_collections.sql"),
    include_str!("schema/postgres_0028_run_answers.sql"),
    include_str!("schema/postgres_0029_run_claims.sql"),
    include_str!("schema/postgres_0030_people.sql"),
    include_str!("schema/postgres_0031_progress.sql"),
    include_str!("schema/postgres_0032_run_places.sql"),
    include_str!("schema/postgres_0033_adopted.sql"),
    include_str!("schema/postgres_0034_call_ends.sql"),
    include_str!("schema/postgres_0035_case_properties.sql"),
    include_str!("schema/postgres_0036_noted_answers.sql"),
    include_str!("schema/postgres_0037_told_runs.sql"),
];

/// Taken by whoever migrates a PostgreSQL database; any number that nobody else takes.
const MIGRATION_LOCK: i64 = 0x4669_656c_6470_6f73;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY, checksum BIGINT NOT NULL)";

/// The newest schema of SQLite databases that this program knows.
pub(crate) fn newest_sqlite() -> i64 {
    SQLITE.len().cast_signed() as i64
}

/// The newest schema of PostgreSQL databases that this program knows.
pub(crate) fn newest_postgres() -> i64 {
    POSTGRES.len().cast_signed() as i64
}

/// FNV-1a: enough to notice an edited file, and the same on every machine.
fn checksum(sql: &str) -> i64 {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

/// The migrations still to be run, after those that the database lists.
fn pending<'m>(
    migrations: &'m [&'m str],
    applied: &[(i64, i64)],
) -> Result<Vec<(i64, &'m str)>, StoreError> {
    let known = migrations.len();
    if applied.len() > known {
        return Err(StoreError::Open(format!(
            "the database has schema version {}, this fieldpost knows version {known} at the \
             most: it was written by a newer fieldpost; install that one, or restore a backup",
            applied.len()
        )));
    }
    let numbered = || (1_i64..).zip(migrations.iter().copied());
    for ((version, sql), (applied_version, sum)) in numbered().zip(applied) {
        if version != *applied_version || checksum(sql) != *sum {
            return Err(StoreError::Open(format!(
                "migration {applied_version} of the database is not the one this fieldpost knows; \
                 was it made by another program?"
            )));
        }
    }
    Ok(numbered().skip(applied.len()).collect())
}

/// Migrates a SQLite database in one transaction; the data folder's lock keeps others out.
pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLE)?;
    let applied = {
        let mut statement = transaction
            .prepare("SELECT version, checksum FROM schema_migrations ORDER BY version")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<_>, _>>()?
    };
    for (version, sql) in pending(SQLITE, &applied)? {
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO schema_migrations (version, checksum) VALUES ($1, $2)",
            [version, checksum(sql)],
        )?;
    }
    Ok(transaction.commit()?)
}

/// Migrates a PostgreSQL database in one transaction, under an advisory lock.
pub(crate) async fn postgres(client: &mut Client) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    // A large database may take longer than a statement may otherwise, and so may the other hub
    // that migrates it just now.
    transaction.batch_execute("SET LOCAL statement_timeout = 0").await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await?;
    transaction.batch_execute(TABLE).await?;
    let applied: Vec<(i64, i64)> = transaction
        .query("SELECT version, checksum FROM schema_migrations ORDER BY version", &[])
        .await?
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    for (version, sql) in pending(POSTGRES, &applied)? {
        transaction.batch_execute(sql).await?;
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, checksum) VALUES ($1, $2)",
                &[&version, &checksum(sql)],
            )
            .await?;
    }
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_what_is_missing_and_refuses_what_is_foreign() {
        let migrations = ["one", "two"];
        let one = (1, checksum("one"));
        let two = (2, checksum("two"));
        assert_eq!(pending(&migrations, &[]).unwrap(), [(1, "one"), (2, "two")]);
        assert_eq!(pending(&migrations, &[one]).unwrap(), [(2, "two")]);
        assert_eq!(pending(&migrations, &[one, two]).unwrap(), []);
        let newer = pending(&migrations, &[one, two, (3, 0)]).unwrap_err().to_string();
        assert!(newer.contains("newer fieldpost"), "{newer}");
        let foreign = pending(&migrations, &[(1, 7)]).unwrap_err().to_string();
        assert!(foreign.contains("another program"), "{foreign}");
    }
}
