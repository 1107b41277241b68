//! The deliveries of kept messages on PostgreSQL, and their rows in the queue.

use std::collections::HashMap;

use deadpool_postgres::Transaction;
use fieldpost_model::delivery::DeliveryState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::accept::Job;
use super::order::{self, Sequences};
use super::{NOW, both};
use crate::arriving::{Arriving, Ordered};
use crate::error::StoreError;
use crate::payloads::{self, NewPayload};
use crate::records::{Lane, NewDelivery};

/// A delivery as it is written.
pub(super) struct DeliveryRow<'j> {
    project: &'j str,
    payload: Uuid,
    delivery: &'j NewDelivery,
    ordered: Option<Ordered>,
}

impl DeliveryRow<'_> {
    /// The newer one of the same batch that takes its place.
    fn superseded_by(&self) -> Option<Uuid> {
        self.ordered.as_ref()?.superseded_by
    }

    fn lane(&self) -> String {
        let NewDelivery { forwarder, connection, parked, .. } = self.delivery;
        if *parked { Lane::parking(forwarder) } else { connection.clone() }
    }
}

pub(super) fn delivery_rows<'j>(kept: &[&'j Job]) -> Vec<DeliveryRow<'j>> {
    kept.iter()
        .flat_map(|job| {
            job.accept.deliveries.iter().map(|delivery| DeliveryRow {
                project: &job.accept.project,
                payload: job.accept.message.id,
                delivery,
                ordered: Ordered::of(delivery),
            })
        })
        .collect()
}

pub(super) fn sequences<'r>(rows: &'r [DeliveryRow<'_>]) -> Sequences<'r> {
    rows.iter().filter_map(|row| Some((row.project, &*row.ordered.as_ref()?.sequence))).collect()
}

/// Finds the places of what is kept in order, under the locks of its sequences.
pub(super) async fn arrange(
    transaction: &Transaction<'_>,
    rows: &mut [DeliveryRow<'_>],
) -> Result<HashMap<Uuid, Vec<Uuid>>, StoreError> {
    sequences(rows).lock(transaction).await?;
    let arriving = rows
        .iter_mut()
        .filter_map(|row| {
            let DeliveryRow { project, delivery, ordered, .. } = row;
            let (forwarder, delivery) = (&*delivery.forwarder, delivery.id);
            Some(Arriving { project, forwarder, delivery, ordered: ordered.as_mut()? })
        })
        .collect();
    order::arrange(transaction, arriving).await
}

pub(super) async fn insert_deliveries(
    transaction: &Transaction<'_>,
    rows: &[DeliveryRow<'_>],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let projects: Vec<&str> = rows.iter().map(|row| row.project).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.delivery.id).collect();
    let forwarders: Vec<&str> = rows.iter().map(|row| &*row.delivery.forwarder).collect();
    let connections: Vec<&str> = rows.iter().map(|row| &*row.delivery.connection).collect();
    let events: Vec<&str> = rows.iter().map(|row| row.delivery.event.name()).collect();
    let payloads: Vec<Uuid> = rows.iter().map(|row| row.payload).collect();
    let keys: Vec<Option<&str>> = rows.iter().map(|row| row.delivery.key.as_deref()).collect();
    let origins: Vec<&str> = rows.iter().map(|row| row.delivery.origin.name()).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.delivery.payload_kind().name()).collect();
    let subjects: Vec<Option<Uuid>> = rows.iter().map(|row| row.delivery.payload).collect();
    let newer: Vec<Option<Uuid>> = rows.iter().map(DeliveryRow::superseded_by).collect();
    let hops: Vec<i64> = rows.iter().map(|row| i64::from(row.delivery.hops)).collect();
    let order_keys: Vec<Option<&str>> =
        rows.iter().map(|row| row.delivery.order_key.as_deref()).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                 payload_id, key, state, origin, attempts, tries, registered_at, next_attempt_at,
                 superseded_by, hops, order_key, subject)
             SELECT project, id, forwarder, connection, event, kind, payload, key,
                 CASE WHEN newer IS NULL THEN '{}' ELSE '{}' END, origin, 0, 0, {NOW},
                 CASE WHEN newer IS NULL THEN {NOW} END, newer, hops, order_key, subject
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[],
                         $7::text[], $8::text[], $9::uuid[], $10::bigint[], $11::text[],
                         $12::text[], $13::uuid[])
                 AS n (project, id, forwarder, connection, event, payload, key, origin, newer,
                       hops, order_key, kind, subject)",
            DeliveryState::Pending.name(),
            DeliveryState::Superseded.name()
        ))
        .await?;
    let deliveries = async {
        let parameters: [&(dyn ToSql + Sync); 13] = [
            &projects,
            &ids,
            &forwarders,
            &connections,
            &events,
            &payloads,
            &keys,
            &origins,
            &newer,
            &hops,
            &order_keys,
            &kinds,
            &subjects,
        ];
        transaction.execute(&statement, &parameters).await.map_err(StoreError::from)
    };
    both(deliveries, enqueue(transaction, rows)).await?;
    Ok(())
}

/// Writes what the deliveries of kept messages carry; asks the server nothing where that is nothing but
/// the messages.
pub(super) async fn insert_payloads(
    transaction: &Transaction<'_>,
    kept: &[&Job],
) -> Result<(), StoreError> {
    let rows: Vec<(&Job, &NewPayload)> = kept
        .iter()
        .flat_map(|job| job.accept.payloads.iter().map(|payload| (*job, payload)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let payloads = || rows.iter().map(|(_, payload)| *payload);
    let projects: Vec<&str> = rows.iter().map(|(job, _)| &*job.accept.project).collect();
    let messages: Vec<Uuid> = rows.iter().map(|(job, _)| job.accept.message.id).collect();
    let ids: Vec<Uuid> = payloads().map(|payload| payload.id).collect();
    let kinds: Vec<&str> = payloads().map(|payload| payload.kind.name()).collect();
    let submissions: Vec<Option<Uuid>> = payloads().map(|payload| payload.submission).collect();
    let cases: Vec<Option<&str>> = payloads().map(|payload| payload.case.as_deref()).collect();
    let facts: Vec<&str> = payloads().map(|payload| &*payload.facts).collect();
    let content_types: Vec<Option<&str>> = payloads().map(NewPayload::content_type).collect();
    let originals: Vec<Option<&[u8]>> = payloads().map(NewPayload::bytes).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO payloads ({})
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[],
                                  $6::text[], $7::text[], $8::text[], $9::bytea[])",
            payloads::COLUMNS
        ))
        .await?;
    let parameters: [&(dyn ToSql + Sync); 9] = [
        &projects,
        &ids,
        &messages,
        &kinds,
        &submissions,
        &cases,
        &facts,
        &content_types,
        &originals,
    ];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// Puts into the queue what is to wait. What is kept in order begins blocked.
async fn enqueue(
    transaction: &Transaction<'_>,
    rows: &[DeliveryRow<'_>],
) -> Result<(), StoreError> {
    let rows: Vec<&DeliveryRow<'_>> =
        rows.iter().filter(|row| row.superseded_by().is_none()).collect();
    let ordered = || rows.iter().map(|row| row.ordered.as_ref());
    let projects: Vec<&str> = rows.iter().map(|row| row.project).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.delivery.id).collect();
    let lanes: Vec<String> = rows.iter().map(|row| row.lane()).collect();
    let forwarders: Vec<&str> = rows.iter().map(|row| &*row.delivery.forwarder).collect();
    let since: Vec<Option<i64>> = ordered().map(|ordered| ordered?.waits_since).collect();
    let positions: Vec<Option<i64>> =
        ordered().map(|ordered| ordered.map(|ordered| ordered.position)).collect();
    let sequences: Vec<Option<&str>> =
        ordered().map(|ordered| ordered.map(|ordered| &*ordered.sequence)).collect();
    let collapses: Vec<Option<&str>> =
        ordered().map(|ordered| ordered?.collapse.as_deref()).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence, owner,
                 position, sequence, collapse)
             SELECT project, delivery, lane, CASE WHEN sequence IS NULL THEN 0 ELSE 2 END,
                 least({NOW}, since), forwarder, 0, NULL, position, sequence, collapse
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[],
                         $6::bigint[], $7::text[], $8::text[])
                 AS n (project, delivery, lane, forwarder, since, position, sequence, collapse)"
        ))
        .await?;
    let parameters: [&(dyn ToSql + Sync); 8] =
        [&projects, &ids, &lanes, &forwarders, &since, &positions, &sequences, &collapses];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}
