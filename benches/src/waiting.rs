//! Deliveries that wait, made in bulk: one is kept as the hub keeps it, and its rows are multiplied
//! within the database.
//!
//! A million posts would take minutes, and would measure something else. The rows are copied with
//! whatever columns the tables have, so that what is loaded is what the store itself would have
//! written; only the ids differ from copy to copy.

use std::path::Path;

use anyhow::{Context, Result};
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{Accept, KeyRing, KeySource, NewDelivery, NewMessage, Store, StoreSettings};
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::hub::{KEY, PROJECT, Place};
use crate::load::body;
use crate::receiver::now_micros;

/// The file of the embedded database, in the data folder.
pub(crate) const SQLITE_FILE: &str = "fieldpost.db";
/// Copies that one transaction makes in the embedded database, whose log holds a whole one.
const SQLITE_STEP: u64 = 50_000;

/// The tables in which a waiting delivery has its rows, each with the column that tells its row
/// among others, and the columns that hold an id of the message or of the delivery.
const TABLES: [Table; 4] = [
    Table { name: "messages", of: Of::Message, key: "id", ids: &["id"] },
    Table { name: "message_bodies", of: Of::Message, key: "message", ids: &["message"] },
    Table { name: "deliveries", of: Of::Delivery, key: "id", ids: &["id", "payload_id"] },
    Table { name: "queue", of: Of::Delivery, key: "delivery", ids: &["delivery"] },
];

struct Table {
    name: &'static str,
    of: Of,
    key: &'static str,
    ids: &'static [&'static str],
}

enum Of {
    Message,
    Delivery,
}

/// The ids of the one message and the one delivery that are multiplied.
struct Original {
    message: Uuid,
    delivery: Uuid,
}

/// Has `count` deliveries wait for a connection, ordered by a forwarder. No hub may be running.
pub(crate) async fn load(
    place: &Place,
    connection: &str,
    forwarder: &str,
    count: u64,
) -> Result<()> {
    let original = keep_one(place, connection, forwarder).await?;
    let copies = count.saturating_sub(1);
    match &place.database {
        None => multiply_in_sqlite(&place.data(), &original, copies),
        Some(url) => multiply_in_postgres(url, &original, copies).await,
    }
}

/// Opens the store of a hub that is not running.
pub(crate) async fn open(place: &Place) -> Result<Store> {
    let mut settings = StoreSettings::in_folder(place.data());
    if let Some(database) = &place.database {
        settings.database = Some(database.clone());
        settings.keys = KeySource::Given(KeyRing::parse(KEY)?);
    }
    Ok(Store::open(settings).await?)
}

async fn keep_one(place: &Place, connection: &str, forwarder: &str) -> Result<Original> {
    let store = open(place).await?;
    let projects = store.projects().await?;
    let project = projects.into_iter().find(|project| &*project.name == PROJECT);
    let project = project.context("the hub has made no project")?;
    let original = Original { message: Uuid::now_v7(), delivery: Uuid::now_v7() };
    let accept = Accept {
        project: project.name,
        configuration_version: project.configuration_version,
        message: NewMessage {
            id: original.message,
            source: "in".to_owned(),
            received_at: Timestamp(i64::try_from(now_micros())?),
            quarantined: None,
            remark: None,
            content_type: Some("application/json".to_owned()),
            identity: None,
            dedupe: None,
            request: MessageRequest {
                method: "POST".to_owned(),
                path: "/inbox/•••".to_owned(),
                query: Vec::new(),
                headers: Vec::new(),
            },
            body: body(0, 0).into(),
        },
        deliveries: vec![NewDelivery {
            id: original.delivery,
            forwarder: forwarder.to_owned(),
            connection: connection.to_owned(),
            event: Event::Message,
            key: None,
            origin: DeliveryOrigin::Event,
            parked: false,
            order_key: None,
            collapse_key: None,
            hops: 0,
            payload: None,
        }],
        runs: Vec::new(),
        payloads: Vec::new(),
        filing: None,
    };
    store.accept(accept).await?;
    Ok(original)
}

/// The statement that copies a row as copies `$from` to `$to`. `other` says how a column of a copy
/// differs from the original, where it does.
fn copy_statement(
    table: &str,
    columns: &[String],
    other: impl Fn(&str) -> Option<String>,
    numbers: &str,
    condition: &str,
) -> String {
    let values: Vec<String> = columns
        .iter()
        .map(|column| other(column).unwrap_or_else(|| format!("original.{column}")))
        .collect();
    format!(
        "{numbers} INSERT INTO {table} ({}) SELECT {} FROM {table} original, numbers
         WHERE {condition}",
        columns.join(", "),
        values.join(", ")
    )
}

fn multiply_in_sqlite(data: &Path, original: &Original, copies: u64) -> Result<()> {
    let mut connection = Connection::open(data.join(SQLITE_FILE))?;
    // The bodies of messages lie under numbers of their own there.
    let body: i64 = connection.query_row(
        "SELECT body FROM messages WHERE id = ?1",
        [original.message.as_bytes()],
        |row| row.get(0),
    )?;
    let mut from = 1;
    while from <= copies {
        let to = copies.min(from + SQLITE_STEP - 1);
        let numbers = format!(
            "WITH RECURSIVE numbers (number) AS (
                 VALUES ({from}) UNION ALL SELECT number + 1 FROM numbers WHERE number < {to})"
        );
        let transaction = connection.transaction()?;
        for Table { name, of, key, ids } in &TABLES {
            let columns: Vec<String> = transaction
                .prepare("SELECT name FROM pragma_table_info(?1)")?
                .query_map([name], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let other = |column: &str| {
                if column == "body" {
                    return Some("original.body + number".to_owned());
                }
                // The first half has the time; the second begins with the variant's bit.
                ids.contains(&column).then(|| {
                    format!(
                        "unhex(substr(hex(original.{column}), 1, 16) || '8' || printf('%015X', number))"
                    )
                })
            };
            let is_body = *name == "message_bodies";
            let key = if is_body { "body" } else { key };
            let statement =
                copy_statement(name, &columns, other, &numbers, &format!("original.{key} = ?1"));
            if is_body {
                transaction.execute(&statement, [body])?;
            } else {
                transaction.execute(&statement, [id_of(of, original).as_bytes()])?;
            }
        }
        transaction.commit()?;
        from = to + 1;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

async fn multiply_in_postgres(url: &str, original: &Original, copies: u64) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with its client.
    tokio::spawn(connection);
    for Table { name, of, key, ids } in &TABLES {
        let columns = columns_in_postgres(&client, name).await?;
        let other = |column: &str| {
            ids.contains(&column).then(|| {
                format!(
                    "(substr(replace(original.{column}::text, '-', ''), 1, 16) || '8' ||
                      lpad(to_hex(number), 15, '0'))::uuid"
                )
            })
        };
        let numbers =
            format!("WITH numbers AS (SELECT generate_series(1, {copies}::bigint) AS number)");
        let condition = format!("original.{key} = $1");
        let statement = copy_statement(name, &columns, other, &numbers, &condition);
        client.execute(&statement, &[&id_of(of, original)]).await?;
    }
    // What autovacuum would have done in the time that so many messages take to come in.
    tidy(&client).await
}

/// Does what autovacuum does in the time that many rows take to come in.
pub(crate) async fn vacuum(url: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with its client.
    tokio::spawn(connection);
    tidy(&client).await
}

async fn tidy(client: &Client) -> Result<()> {
    client.batch_execute("VACUUM ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

pub(crate) async fn columns_in_postgres(client: &Client, table: &str) -> Result<Vec<String>> {
    // What PostgreSQL generates itself, nobody may insert.
    let sql = "SELECT column_name::text FROM information_schema.columns
               WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'
               ORDER BY ordinal_position";
    let rows = client.query(sql, &[&table]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

fn id_of(of: &Of, original: &Original) -> Uuid {
    match of {
        Of::Message => original.message,
        Of::Delivery => original.delivery,
    }
}
