//! What comes to be sent by a batch of statements, and takes the place of what waits.
//!
//! Messages arrive by the hundred, and what they call for finds its place among all of them at once: see
//! [`arriving`](crate::arriving). A form that is uploaded, a message that is released and a case that is told
//! again come by themselves. By the same rules, what they call for takes the place of what waits for the same
//! key.
//!
//! What it takes the place of is marked first, in one statement, as if somebody had claimed it: so nobody
//! claims it any more, and all that follows is about the same rows.

use uuid::Uuid;

use crate::arriving::Ordered;
use crate::order::{Among, sequence, settle_around};
use crate::records::NewDelivery;
use crate::statement::{Batch, Parameter};
use crate::text::storable_key;
use crate::{Engine, Store};

impl Store {
    /// Adds a delivery of something new, which takes the place of older states that wait. What it carries is in
    /// the batch already, and the locks of its sequence are taken.
    pub(crate) fn add_newest(
        &self,
        batch: &mut Batch,
        project: &str,
        message: Option<Uuid>,
        delivery: &NewDelivery,
    ) {
        self.add_delivery(batch, project, message, delivery);
        let collapse = Ordered::of(delivery).and_then(|ordered| ordered.collapse);
        let (Some(collapse), Some(key)) = (collapse, delivery.order_key.clone()) else { return };
        // As they are kept: see `add_delivery`.
        let key = storable_key(key);
        let sequence = sequence(&delivery.connection, &key);
        let mark = format!("superseded by {}", delivery.id);
        let of_key = || -> Vec<Parameter> {
            vec![
                project.into(),
                delivery.id.into(),
                collapse.as_str().into(),
                sequence.as_str().into(),
                mark.as_str().into(),
            ]
        };
        batch.any(mark_older(&self.engine), of_key());
        let mut parameters = of_key();
        parameters.extend([delivery.forwarder.as_str().into(), key.into()]);
        batch.any(take_place(&self.engine), parameters);
        batch.any(
            format!(
                "UPDATE deliveries SET state = 'superseded', superseded_by = $2,
                     next_attempt_at = NULL
                 WHERE project = $1 AND id {}",
                Among::on(&self.engine).of(&format!("SELECT delivery {}", marked(&self.engine)))
            ),
            of_key(),
        );
        batch.any(
            format!(
                "DELETE FROM queue WHERE project = $1 AND delivery <> $2 AND delivery {}",
                Among::on(&self.engine).of(&format!("SELECT delivery {}", marked(&self.engine)))
            ),
            of_key(),
        );
        settle_around(Among::on(&self.engine), batch, project, &[delivery.id]);
    }
}

/// Marks what waits for the same key and is not being sent.
fn mark_older(engine: &Engine) -> String {
    format!(
        "UPDATE queue {} SET owner = $5 WHERE project = $1 AND collapse = $3 AND sequence = $4
         AND rank < 4 AND owner IS NULL AND delivery <> $2",
        engine.indexed_by(Some("queue_collapsing"))
    )
}

/// The rows that are marked.
fn marked(engine: &Engine) -> String {
    format!(
        "FROM queue older {} WHERE older.project = $1 AND older.collapse = $3
         AND older.sequence = $4 AND older.owner = $5",
        engine.indexed_by(Some("queue_collapsing"))
    )
}

/// Gives the newer one the place of the earliest that it overtakes nothing from, and the time since which a
/// first try has waited.
fn take_place(engine: &Engine) -> String {
    let (marked, of_thread) = (marked(engine), engine.indexed_by(Some("queue_of_forwarder")));
    format!(
        "UPDATE queue SET collapse = $3,
             position = coalesce((SELECT min(older.position) {marked}
                 AND older.position > coalesce((
                     SELECT other.position FROM queue other {of_thread}
                     WHERE other.project = $1 AND other.forwarder = $6 AND other.order_key = $7
                     AND other.collapse IS DISTINCT FROM $3 AND other.delivery <> $2
                     ORDER BY other.position DESC LIMIT 1), 0)), position),
             next_at = coalesce((SELECT min(older.next_at) {marked}
                 AND older.rank IN (0, 2) AND older.next_at < queue.next_at), next_at)
         WHERE project = $1 AND delivery = $2"
    )
}
