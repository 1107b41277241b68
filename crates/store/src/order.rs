//! Order: what is sent strictly one after the other, and what takes the place of what.
//!
//! Deliveries that must keep their order share a *sequence*, `<connection>/<order key>`. Each has a
//! *position*, given when it is kept. Of all that stand in the queue with one sequence, in whatever
//! lane, one at most may be claimed: the *head*, which has the least position. The others are
//! blocked. That a claim passes them over costs it nothing: they have ranks that it does not look
//! at, however many they are.
//!
//! | rank | |
//! |---|---|
//! | 0, 1 | may be claimed: a first try, a retry |
//! | 2, 3 | the same, blocked |
//! | 4 | ended without success, and holds those behind it until a person decides |
//!
//! # When a forwarder is led elsewhere
//!
//! What waits for it is moved to the sequences of the other connection, step by step, and what is
//! being sent only when its call is over. Until then it stands in two places. So there is a second
//! line: the *thread*, all that one forwarder has standing under one order key, whatever the
//! connection. A head is let go only where it is also the *first* of its thread. As long as a
//! forwarder stays with its connection, a thread is a part of one sequence, and its first is never
//! behind anybody else's: the second condition follows from the first one.
//!
//! That nothing overtakes rests on three things. Who stands in the queue stands in the way, be it
//! waiting, being sent or holding, and wherever. A move changes neither thread nor position. And
//! nothing comes into a thread before what is there: new positions are greater than all that were
//! given out under that key, a holder has its own position, and what takes the place of another has
//! that one's. So a thread needs no settling when something comes; when something leaves, the next
//! one of the thread may have to be let go, in whatever sequence.
//!
//! Everybody waits for smaller positions only, or for what is being sent: not for each other.
//!
//! # Settling
//!
//! Whatever changes a sequence (keeping, recording, cancelling, moving) ends with *settling* it: what
//! should not be ahead is blocked, and the head is let go. One exception is made: what is being sent
//! keeps its turn, even where something with a lesser position has come back. If its claim is given back
//! without an attempt, that has its turn then. What is settled is what the sequences are after the locks
//! were taken: what was read before may have been moved since.
//!
//! Deliveries that *collapse* lie in one sequence as well: see [`arriving`](crate::arriving).
//!
//! On SQLite the writer is alone. On PostgreSQL whoever changes a sequence first takes the lock of
//! its order key, for the length of the transaction, and only then looks: at READ COMMITTED the next
//! statement sees all that was committed before. The key has the lock, not the sequence, since a
//! thread goes through several; and a delivery never changes its key. The locks are taken after the
//! project's row and the identities and before any row of the queue or of deliveries that are there
//! already, by everybody, in the order of their numbers. Work without order takes none.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::records::{InLine, Lane, Signal, Standing};
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store};

/// Sequences that one step of a repair mends.
const REPAIR_STEP: usize = 100;

/// The sequence of what is kept in order by a key, on its way to a connection.
pub(crate) fn sequence(connection: &str, order_key: &str) -> String {
    format!("{connection}/{order_key}")
}

/// The connection over which a sequence goes.
pub fn connection_of(sequence: &str) -> &str {
    sequence.split_once('/').map_or(sequence, |(connection, _)| connection)
}

/// The order key of a sequence.
pub(crate) fn key_of(sequence: &str) -> &str {
    sequence.split_once('/').map_or("", |(_, key)| key)
}

/// The statement that takes the locks of the order keys of the sequences which `touched` lists as
/// `project` and `sequence`, in the order of their numbers, until the transaction ends.
///
/// 1,024 locks are shared by all keys: a server holds a few thousand at once, for everybody, and a
/// batch may touch hundreds of keys. They are numbered from a number that nobody else takes.
pub(crate) fn lock(touched: &str) -> String {
    format!(
        "SELECT pg_advisory_xact_lock(number) FROM (
             SELECT DISTINCT 5073697969740447744
                 + (hashtextextended(
                     project || '/' || substr(sequence, strpos(sequence, '/') + 1), 0) & 1023)
                 AS number
             FROM ({touched}) touched WHERE sequence IS NOT NULL ORDER BY number) locks"
    )
}

/// How a statement asks for the rows of certain deliveries, so that it begins with them. Joined to the
/// queue, they may be looked for in each row of it: PostgreSQL does not know how few they are. There
/// they are an array, which is made first. The plus before `rank` is for the same: nothing may begin
/// with what is blocked or ready, that is with the whole backlog.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    /// `IN (…)`, which SQLite makes first.
    List,
    /// `= ANY (ARRAY (…))`
    Array,
}

impl Among {
    /// As an engine wants it.
    pub(crate) const fn on(engine: &Engine) -> Self {
        match engine {
            Engine::Sqlite(_) => Self::List,
            Engine::Postgres(_) => Self::Array,
        }
    }

    /// The comparison with what is selected.
    pub(crate) fn of(self, selected: &str) -> String {
        match self {
            Self::List => format!("IN ({selected})"),
            Self::Array => format!("= ANY (ARRAY ({selected}))"),
        }
    }
}

/// Blocks what is ahead in its sequence and should not be. `touched` selects the sequences of the
/// project `$1`. The conditions of the choice stand again: it may be claimed at that moment. Whether
/// something is earlier is asked by looking at the first: asked for any that is earlier, PostgreSQL
/// may take it for so likely that it looks through the table, and finds none.
pub(crate) fn demote(among: Among, touched: &str) -> String {
    let ahead = format!(
        "SELECT ahead.delivery FROM ({touched}) touched CROSS JOIN queue ahead
         WHERE ahead.project = $1 AND ahead.sequence = touched.sequence AND ahead.rank < 2
         AND (ahead.delivery <> (
             SELECT first.delivery FROM queue first WHERE first.project = $1
             AND first.sequence = touched.sequence ORDER BY first.position LIMIT 1)
         OR (SELECT sent.delivery FROM queue sent WHERE sent.project = $1
             AND sent.sequence = touched.sequence AND sent.rank < 2
             AND sent.owner IS NOT NULL AND sent.delivery <> ahead.delivery
             ORDER BY sent.rank LIMIT 1) IS NOT NULL)"
    );
    format!(
        "UPDATE queue SET rank = rank + 2
         WHERE project = $1 AND +rank < 2 AND owner IS NULL AND delivery {}",
        among.of(&ahead)
    )
}

/// The condition that the row `queue` of an ordered delivery may go, as soon as it is not blocked any
/// more: it is the first of its sequence and of its thread, and nothing of its sequence is ahead.
/// `but` leaves rows out of that, such as one that is about to leave. Each part looks at one end of
/// an index: what is ordered and limited is not joined to anything, on no engine.
fn may_go(but: &str) -> String {
    let first = |of: &str| {
        format!(
            "delivery = (SELECT first.delivery FROM queue first WHERE first.project = $1
                 AND {of} {but} ORDER BY first.position LIMIT 1)"
        )
    };
    format!(
        "{} AND {} AND (SELECT first.delivery FROM queue first WHERE first.project = $1
             AND first.sequence = queue.sequence AND first.rank < 2 {but}
             ORDER BY first.rank LIMIT 1) IS NULL",
        first("first.sequence = queue.sequence"),
        first("first.forwarder = queue.forwarder AND first.order_key = queue.order_key"),
    )
}

/// Lets those go that may, of the deliveries which `candidates` selects.
fn let_go(among: Among, candidates: &str, but: &str) -> String {
    format!(
        "UPDATE queue SET rank = rank - 2
         WHERE project = $1 AND +rank IN (2, 3) AND delivery {} AND {}",
        among.of(candidates),
        may_go(but)
    )
}

/// The first deliveries of the sequences that `touched` selects.
fn heads(touched: &str) -> String {
    format!(
        "SELECT (SELECT head.delivery FROM queue head WHERE head.project = $1
             AND head.sequence = touched.sequence ORDER BY head.position LIMIT 1)
         FROM ({touched}) touched"
    )
}

/// The first deliveries of the threads that `touched` selects, as `forwarder` and `order_key`.
fn firsts(touched: &str) -> String {
    format!(
        "SELECT (SELECT next.delivery FROM queue next WHERE next.project = $1
             AND next.forwarder = touched.forwarder AND next.order_key = touched.order_key
             ORDER BY next.position LIMIT 1)
         FROM ({touched}) touched"
    )
}

/// Lets the heads go of sequences in which nothing is ahead. `touched` selects the sequences of the
/// project `$1`.
pub(crate) fn promote(among: Among, touched: &str) -> String {
    let_go(among, &heads(touched), "")
}

/// The same after something has left: `touched` selects the threads that it left as well.
pub(crate) fn promote_after(among: Among, touched: &str) -> String {
    let_go(among, &format!("{} UNION ALL {}", heads(touched), firsts(touched)), "")
}

/// Lets those go that wait for the delivery `$2` alone, before it leaves the queue.
pub(crate) fn let_next_go(among: Among) -> String {
    let next = |of: &str| {
        format!(
            "SELECT (SELECT next.delivery FROM queue next WHERE next.project = $1 AND {of}
                 AND next.delivery <> leaving.delivery ORDER BY next.position LIMIT 1)
             FROM queue leaving WHERE leaving.project = $1 AND leaving.delivery = $2
             AND leaving.sequence IS NOT NULL"
        )
    };
    let candidates = format!(
        "{} UNION ALL {}",
        next("next.sequence = leaving.sequence"),
        next("next.forwarder = leaving.forwarder AND next.order_key = leaving.order_key")
    );
    let_go(among, &candidates, "AND first.delivery <> $2")
}

/// The sequences of deliveries, where they stand and where the next ones of their key go over the same
/// connection; `ids` are the placeholders from `$2` on.
fn sequences_of(ids: &str) -> String {
    format!(
        "SELECT project, sequence FROM queue WHERE project = $1 AND delivery IN ({ids})
         UNION
         SELECT project, connection || '/' || order_key FROM deliveries
         WHERE project = $1 AND id IN ({ids})"
    )
}

/// Sequences whose head may go and is blocked, those in which more than one may be claimed, and those in
/// which something else than the head may be and is not being sent. It goes from sequence to sequence,
/// not from row to row.
fn faulty(among: Among) -> String {
    let sequences = "SELECT sequence FROM sequences WHERE sequence IS NOT NULL";
    format!(
        "WITH RECURSIVE sequences (sequence) AS (
             SELECT min(sequence) FROM queue WHERE project = $1 AND sequence IS NOT NULL
             UNION ALL
             SELECT (SELECT min(next.sequence) FROM queue next
                 WHERE next.project = $1 AND next.sequence > sequences.sequence)
             FROM sequences WHERE sequences.sequence IS NOT NULL)
         SELECT sequence FROM queue
             WHERE project = $1 AND +rank IN (2, 3) AND delivery {} AND {}
         UNION
         SELECT sequence FROM queue WHERE project = $1 AND sequence IS NOT NULL AND rank < 2
             GROUP BY sequence HAVING count(*) > 1
         UNION
         SELECT ahead.sequence FROM queue ahead
             WHERE ahead.project = $1 AND ahead.sequence IS NOT NULL AND ahead.rank < 2
             AND ahead.owner IS NULL AND ahead.delivery <> (
                 SELECT first.delivery FROM queue first WHERE first.project = $1
                 AND first.sequence = ahead.sequence ORDER BY first.position LIMIT 1)",
        among.of(&heads(sequences)),
        may_go("")
    )
}

/// Sequences as a list of values from `$2` on, and the parameters, the project first.
fn listed(project: &str, sequences: &[String]) -> (String, Vec<Parameter>) {
    let values: Vec<String> =
        (2..2 + sequences.len()).map(|number| format!("(${number})")).collect();
    let mut parameters: Vec<Parameter> = vec![project.into()];
    parameters.extend(sequences.iter().map(|sequence| sequence.as_str().into()));
    (format!("(VALUES {}) listed", values.join(", ")), parameters)
}

/// Adds the statements that settle sequences: of each, the head and nothing else may be claimed.
pub(crate) fn settle(among: Among, batch: &mut Batch, project: &str, sequences: &[String]) {
    if !sequences.is_empty() {
        let (values, parameters) = listed(project, sequences);
        let touched = format!("SELECT column1 AS sequence FROM {values}");
        batch.any(demote(among, &touched), parameters.clone());
        batch.any(promote(among, &touched), parameters);
    }
}

/// Adds the statement that lets the next ones go after these deliveries have left the queue.
pub(crate) fn go_on(among: Among, batch: &mut Batch, project: &str, left: &[Uuid]) {
    if !left.is_empty() {
        let touched = format!(
            "SELECT connection || '/' || order_key AS sequence, forwarder, order_key FROM deliveries
             WHERE project = $1 AND order_key IS NOT NULL AND id IN ({})",
            places(2, left.len())
        );
        batch.any(promote_after(among, &touched), with_ids(vec![project.into()], left));
    }
}

/// Adds the statements that settle the sequences in which these deliveries stand now, and those of the
/// connections which they are noted with, where they stood until now.
pub(crate) fn settle_around(among: Among, batch: &mut Batch, project: &str, deliveries: &[Uuid]) {
    if !deliveries.is_empty() {
        let touched = sequences_of(&places(2, deliveries.len()));
        let parameters = with_ids(vec![project.into()], deliveries);
        batch.any(demote(among, &touched), parameters.clone());
        batch.any(promote(among, &touched), parameters);
    }
}

/// Followers that are counted: more than a person would look through.
const MOST_FOLLOWERS: usize = 1_000;

/// The delivery that the one of the row `q` of the queue waits for, or NULL: the head of its
/// sequence, or of its thread, or what keeps its turn though it would be behind.
const WAITS_FOR: &str = "CASE WHEN q.rank IN (2, 3) THEN coalesce((
         SELECT head.delivery FROM queue head
         WHERE head.project = q.project AND head.sequence = q.sequence
         AND head.position < q.position
         ORDER BY head.position LIMIT 1), (
         SELECT head.delivery FROM queue head
         WHERE head.project = q.project AND head.forwarder = q.forwarder
         AND head.order_key = q.order_key AND head.position < q.position
         ORDER BY head.position LIMIT 1), (
         SELECT head.delivery FROM queue head
         WHERE head.project = q.project AND head.sequence = q.sequence AND head.rank < 2
         ORDER BY head.rank LIMIT 1)) END";

/// How many wait behind the one of the row `q` of the queue.
fn followers() -> String {
    format!(
        "(SELECT count(*) FROM (
             SELECT 1 FROM queue behind
             WHERE behind.project = q.project AND behind.sequence = q.sequence
             AND behind.position > q.position LIMIT {MOST_FOLLOWERS}) followers)"
    )
}

impl Store {
    /// How a delivery stands among those that it is kept in order with.
    pub async fn standing(&self, project: &str, delivery: Uuid) -> Result<Standing, StoreError> {
        let found = self
            .query(
                format!(
                    "SELECT d.tries, {WAITS_FOR}, {}
                     FROM deliveries d
                     LEFT JOIN queue q ON q.project = d.project AND q.delivery = d.id
                     WHERE d.project = $1 AND d.id = $2",
                    followers()
                ),
                vec![project.into(), delivery.into()],
                |row| {
                    Ok(Standing {
                        tries: row.count(0)?,
                        waits_for: row.optional_id(1)?,
                        followers: row.count(2)?,
                    })
                },
            )
            .await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Whom each of these deliveries waits for, and how many it holds, in one look. Those that stand
    /// in nobody's way and wait for nobody are left out.
    pub async fn in_line(
        &self,
        project: &str,
        deliveries: &[Uuid],
    ) -> Result<HashMap<Uuid, InLine>, StoreError> {
        if deliveries.is_empty() {
            return Ok(HashMap::new());
        }
        let places: Vec<String> =
            (2..2 + deliveries.len()).map(|number| format!("${number}")).collect();
        let mut parameters: Vec<Parameter> = vec![project.into()];
        parameters.extend(deliveries.iter().map(|id| Parameter::from(*id)));
        let sql = format!(
            "SELECT q.delivery, {WAITS_FOR}, CASE WHEN q.rank = 4 THEN {} ELSE 0 END
             FROM queue q WHERE q.project = $1 AND q.rank > 1 AND q.delivery IN ({})",
            followers(),
            places.join(", ")
        );
        let found = self
            .query(sql, parameters, |row| {
                Ok((row.id(0)?, InLine { waits_for: row.optional_id(1)?, holds: row.count(2)? }))
            })
            .await?;
        Ok(found.into_iter().collect())
    }

    /// Adds the statement that takes the locks of the keys of sequences. It goes before every statement
    /// that reads or changes rows of them.
    pub(crate) fn lock_sequences(&self, batch: &mut Batch, project: &str, sequences: &[String]) {
        if let (Engine::Postgres(_), false) = (&self.engine, sequences.is_empty()) {
            let (values, parameters) = listed(project, sequences);
            let touched = format!("SELECT $1::text AS project, column1 AS sequence FROM {values}");
            batch.any(lock(&touched), parameters);
        }
    }

    /// Adds the statement that takes the locks of the keys that these deliveries are kept in order by.
    /// Whoever acts on several in one transaction takes them all before the first.
    pub(crate) fn lock_deliveries(&self, batch: &mut Batch, project: &str, deliveries: &[Uuid]) {
        if let (Engine::Postgres(_), false) = (&self.engine, deliveries.is_empty()) {
            let ids = places(2, deliveries.len());
            batch.any(lock(&sequences_of(&ids)), with_ids(vec![project.into()], deliveries));
        }
    }

    /// Adds the statements that let the next ones go before a delivery leaves the queue. Where it is
    /// in no order they do nothing.
    pub(crate) fn let_next_go(&self, batch: &mut Batch, project: &str, delivery: Uuid) {
        self.lock_deliveries(batch, project, &[delivery]);
        batch.any(let_next_go(Among::on(&self.engine)), vec![project.into(), delivery.into()]);
    }

    /// Adds the statement that takes a position, where one is needed; the answer is the position, as
    /// SQL for the next statement.
    pub(crate) fn next_position(&self, batch: &mut Batch) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => {
                batch.any("UPDATE positions SET last = last + 1", Vec::new());
                "(SELECT last FROM positions)"
            }
            Engine::Postgres(_) => "nextval('positions')",
        }
    }

    /// Tells that sequences have moved on: their connections may have something due.
    pub(crate) fn told_settled(&self, project: &str, sequences: &[String]) {
        let connections: BTreeSet<&str> =
            sequences.iter().filter_map(|sequence| Some(sequence.split_once('/')?.0)).collect();
        for connection in connections {
            let lane = Lane { project: project.into(), name: connection.to_owned() };
            self.signal(Signal::Due(lane));
        }
    }

    /// Mends sequences whose head is blocked by nothing, and those in which more than one may be
    /// claimed. Whatever changes a sequence settles it, so that there is nothing to mend; should that
    /// ever fail, a key must not wait for ever. One bounded step; 0 means that all are well.
    pub async fn repair_order(&self, project: &str) -> Result<usize, StoreError> {
        let faulty = self
            .query(
                format!("{} ORDER BY 1 LIMIT {REPAIR_STEP}", faulty(Among::on(&self.engine))),
                vec![project.into()],
                |row| row.text(0),
            )
            .await?;
        if faulty.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::default();
        self.lock_sequences(&mut batch, project, &faulty);
        settle(Among::on(&self.engine), &mut batch, project, &faulty);
        let counts = self.change(batch).await?;
        self.told_settled(project, &faulty);
        // Where locks were taken they are counted as well, before what was settled.
        let [.., demoted, promoted] = counts.as_slice() else { return Ok(0) };
        Ok(usize::try_from(demoted + promoted).unwrap_or(usize::MAX))
    }
}
