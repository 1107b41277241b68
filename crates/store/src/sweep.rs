//! Going through many deliveries or messages from the oldest on, page by page, and what is meant by
//! "many" as JSON text, so that an action can be gone on with by another process.

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState};
use fieldpost_model::json::Value;
use fieldpost_model::message::{Message, MessageState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::deliveries::{self, delivery_conditions, read_delivery, tables};
use crate::error::StoreError;
use crate::messages::{self, message_conditions, read_message};
use crate::queries::{DeliveryQuery, MessageQuery, StateCount};
use crate::statement::{as_integer, length, unreadable};

/// A stretch of ids.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Only what is younger than this.
    pub after: Option<Uuid>,
    /// Only what is older than this.
    pub below: Uuid,
    /// At most so many.
    pub limit: usize,
}

impl Store {
    /// The oldest deliveries of a stretch that a query describes, oldest first.
    pub async fn oldest_deliveries(
        &self,
        project: &str,
        query: &DeliveryQuery,
        stretch: Stretch,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut conditions = delivery_conditions(&self.engine, project, query);
        let (from, id) = tables(query.state);
        if let Some(after) = stretch.after {
            conditions.add(&format!("{id} > ?"), after);
        }
        conditions.add(&format!("{id} < ?"), stretch.below);
        let limit = conditions.bind(as_integer(stretch.limit));
        let sql = format!(
            "SELECT {} FROM {from}{} ORDER BY {id} LIMIT {limit}",
            deliveries::COLUMNS,
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_delivery).await
    }

    /// How many deliveries that a query describes, and that are older than `below`, stand in each
    /// state, apart by whether they hold others and by their origin.
    pub async fn count_deliveries_by_state(
        &self,
        project: &str,
        query: &DeliveryQuery,
        below: Uuid,
    ) -> Result<Vec<StateCount>, StoreError> {
        let mut conditions = delivery_conditions(&self.engine, project, query);
        let (from, id) = tables(query.state);
        conditions.add(&format!("{id} < ?"), below);
        let sql = format!(
            "SELECT state, held, origin, count(*) FROM (
                 SELECT state, origin, CASE WHEN state IN ('rejected', 'broken', 'cancelled') THEN
                     (SELECT count(*) FROM queue held WHERE held.project = deliveries.project
                         AND held.delivery = deliveries.id AND held.rank = 4) ELSE 0 END AS held
                 FROM {from}{}) counted
             GROUP BY state, held, origin",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, |row| {
            Ok(StateCount {
                state: row.named(0, DeliveryState::from_name)?,
                holds: row.integer(1)? != 0,
                origin: row.named(2, DeliveryOrigin::from_name)?,
                count: length(row.integer(3)?)?,
            })
        })
        .await
    }

    /// The oldest messages of a stretch that a query describes, oldest first.
    pub async fn oldest_messages(
        &self,
        project: &str,
        query: &MessageQuery,
        stretch: Stretch,
    ) -> Result<Vec<Message>, StoreError> {
        let mut conditions = message_conditions(&self.engine, project, query);
        if let Some(after) = stretch.after {
            conditions.add("id > ?", after);
        }
        conditions.add("id < ?", stretch.below);
        let limit = conditions.bind(as_integer(stretch.limit));
        let sql = format!(
            "SELECT {} FROM messages{} ORDER BY id LIMIT {limit}",
            messages::COLUMNS,
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_message).await
    }

    /// How many messages a query describes that are older than `below`.
    pub async fn count_messages(
        &self,
        project: &str,
        query: &MessageQuery,
        below: Uuid,
    ) -> Result<u64, StoreError> {
        let mut conditions = message_conditions(&self.engine, project, query);
        conditions.add("id < ?", below);
        let sql = format!("SELECT count(*) FROM messages{}", conditions.sql());
        let counts = self.query(sql, conditions.parameters, |row| length(row.integer(0)?)).await?;
        Ok(counts.first().copied().unwrap_or(0))
    }
}

pub(crate) type Members = Vec<(&'static str, Option<String>)>;

pub(crate) fn to_json(members: Members) -> String {
    let given = members.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?))));
    Value::object(given).to_json()
}

/// Reads the members of an object of texts one by one.
pub(crate) struct Reader<'t> {
    text: &'t str,
    value: Value<'t>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, StoreError> {
        let value = Value::parse(text.as_bytes()).map_err(|_| unreadable("filter", text))?;
        Ok(Self { text, value })
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.value.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    pub(crate) fn read<T>(
        &self,
        key: &str,
        read: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let read = |text: &str| read(text).ok_or_else(|| unreadable("filter", self.text));
        self.value.get(key).and_then(Value::as_str).map(read).transpose()
    }
}

pub(crate) fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

/// States with commas between them; nothing for none.
fn names_text(states: &[DeliveryState]) -> Option<String> {
    let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn states(text: &str) -> Option<Vec<DeliveryState>> {
    text.split(',').map(DeliveryState::from_name).collect()
}

/// The least and the greatest status of a range.
fn statuses(text: &str) -> Option<(u16, u16)> {
    let (least, greatest) = text.split_once('-')?;
    Some((least.parse().ok()?, greatest.parse().ok()?))
}

/// Ids with commas between them; nothing for none.
pub(crate) fn ids_text(ids: &[Uuid]) -> Option<String> {
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

pub(crate) fn ids(text: &str) -> Option<Vec<Uuid>> {
    text.split(',').map(id).collect()
}

impl DeliveryQuery {
    /// The query as JSON text: an object of texts, by the names that the API gives them.
    pub fn to_json(&self) -> String {
        to_json(vec![
            ("forwarder", self.forwarder.clone()),
            ("connection", self.connection.clone()),
            ("state", self.state.map(|state| state.name().to_owned())),
            ("states", names_text(&self.states)),
            ("status", self.status.map(|(least, greatest)| format!("{least}-{greatest}"))),
            ("error_kind", self.error_kind.map(|kind| kind.name().to_owned())),
            ("source", self.source.clone()),
            ("origin", self.origin.map(|origin| origin.name().to_owned())),
            ("ids", ids_text(&self.ids)),
            ("payload_id", self.payload.map(|id| id.to_string())),
            ("key", self.key.clone()),
            ("cancelled_by", self.cancelled_by.map(|id| id.to_string())),
            ("since", self.since.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
            ("text", self.text.clone()),
            ("holds", self.holds.then(|| true.to_string())),
        ])
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn from_json(text: &str) -> Result<Self, StoreError> {
        let reader = Reader::new(text)?;
        Ok(Self {
            forwarder: reader.text("forwarder"),
            connection: reader.text("connection"),
            state: reader.read("state", DeliveryState::from_name)?,
            source: reader.text("source"),
            states: reader.read("states", states)?.unwrap_or_default(),
            status: reader.read("status", statuses)?,
            error_kind: reader.read("error_kind", ErrorKind::from_name)?,
            origin: reader.read("origin", DeliveryOrigin::from_name)?,
            ids: reader.read("ids", ids)?.unwrap_or_default(),
            payload: reader.read("payload_id", id)?,
            key: reader.text("key"),
            cancelled_by: reader.read("cancelled_by", id)?,
            since: reader.read("since", Timestamp::parse)?,
            until: reader.read("until", Timestamp::parse)?,
            text: reader.text("text"),
            holds: reader.read("holds", |text| text.parse().ok())?.unwrap_or(false),
        })
    }
}

impl MessageQuery {
    /// The query as JSON text: an object of texts, by the names that the API gives them.
    pub fn to_json(&self) -> String {
        to_json(vec![
            ("source", self.source.clone()),
            ("state", self.state.map(|state| state.name().to_owned())),
            ("since", self.since.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
            ("text", self.text.clone()),
        ])
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn from_json(text: &str) -> Result<Self, StoreError> {
        let reader = Reader::new(text)?;
        Ok(Self {
            source: reader.text("source"),
            state: reader.read("state", MessageState::from_name)?,
            since: reader.read("since", Timestamp::parse)?,
            until: reader.read("until", Timestamp::parse)?,
            text: reader.text("text"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_reads_back_as_it_was() {
        let query = DeliveryQuery {
            forwarder: Some("births".to_owned()),
            connection: Some("ministry".to_owned()),
            state: Some(DeliveryState::Rejected),
            states: vec![DeliveryState::Failed, DeliveryState::Broken],
            status: Some((500, 599)),
            error_kind: Some(ErrorKind::Timeout),
            origin: Some(DeliveryOrigin::Resend),
            ids: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
            payload: Some(Uuid::from_u128(7)),
            source: Some("kobo".to_owned()),
            key: Some("a \"key\"".to_owned()),
            since: Some(Timestamp(1_000_001)),
            until: Some(Timestamp(2_000_002)),
            text: Some("100 %".to_owned()),
            cancelled_by: Some(Uuid::from_u128(8)),
            holds: true,
        };
        assert_eq!(DeliveryQuery::from_json(&query.to_json()), Ok(query));
        assert_eq!(DeliveryQuery::default().to_json(), "{}");
        let query = MessageQuery {
            source: Some("kobo".to_owned()),
            state: Some(MessageState::Kept),
            since: Some(Timestamp(1)),
            until: Some(Timestamp(2)),
            text: Some("uuid:1".to_owned()),
        };
        assert_eq!(MessageQuery::from_json(&query.to_json()), Ok(query));
        for wrong in [
            "",
            "{\"state\": \"gone\"}",
            "{\"since\": \"then\"}",
            "{\"payload_id\": \"7\"}",
            "{\"ids\": \"7,\"}",
        ] {
            assert!(DeliveryQuery::from_json(wrong).is_err(), "{wrong}");
        }
    }
}
