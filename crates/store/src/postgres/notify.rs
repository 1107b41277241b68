//! Telling the other hubs: NOTIFY as a hint, gathered for a few milliseconds.
//!
//! A notification names its sender, so that nobody listens to himself, and then one signal a line.
//! What does not fit into one notification is left out: polling is the guarantee.

use std::time::Duration;

use deadpool_postgres::Pool;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::IncidentState;
use fieldpost_model::json::Value;
use fieldpost_model::message::MessageState;
use fieldpost_model::run::RunState;
use futures_util::{StreamExt, stream};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::Server;
use crate::bulk::BulkState;
use crate::records::{Lane, Signal};

/// How long signals are gathered before they are sent as one.
const GATHER: Duration = Duration::from_millis(10);
/// PostgreSQL takes less than 8,000 bytes.
const MOST_BYTES: usize = 7_000;
/// Signals that may wait; more are dropped.
const MOST_WAITING: usize = 1_024;
/// The pause before a lost connection is made anew.
const RECONNECT: Duration = Duration::from_secs(1);

/// Tells other hubs, and listens to them. Ends when dropped.
pub(super) struct Notifier {
    sender: mpsc::Sender<String>,
    tasks: [JoinHandle<()>; 2],
}

impl Notifier {
    pub(super) fn start(
        pool: &Pool,
        server: Server,
        owner: &str,
        signals: broadcast::Sender<Signal>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let talking = tokio::spawn(talk(pool.clone(), owner.to_owned(), receiver));
        let listening = tokio::spawn(listen(server, owner.to_owned(), signals));
        Self { sender, tasks: [talking, listening] }
    }

    pub(super) fn tell(&self, signal: &Signal) {
        // A full channel means that others have more than enough reason to look.
        drop(self.sender.try_send(write(signal)));
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn talk(pool: Pool, owner: String, mut signals: mpsc::Receiver<String>) {
    let mut lines = Vec::new();
    while signals.recv_many(&mut lines, MOST_WAITING).await > 0 {
        tokio::time::sleep(GATHER).await;
        while let Ok(line) = signals.try_recv() {
            lines.push(line);
        }
        // Lanes and definitions first: work hangs on them, the rest is for watching.
        lines.sort_unstable();
        lines.dedup();
        let mut text = owner.clone();
        for line in lines.drain(..) {
            if text.len() + line.len() < MOST_BYTES {
                text.push('\n');
                text.push_str(&line);
            }
        }
        if let Ok(client) = pool.get().await
            && let Err(error) = client.execute("SELECT pg_notify('fieldpost', $1)", &[&text]).await
        {
            tracing::debug!(%error, "other hubs could not be told");
        }
    }
}

async fn listen(server: Server, owner: String, signals: broadcast::Sender<Signal>) {
    loop {
        if let Err(error) = listen_once(&server, &owner, &signals).await {
            tracing::debug!(%error, "the connection that listens to other hubs was lost");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(
    server: &Server,
    owner: &str,
    signals: &broadcast::Sender<Signal>,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = server.connect().await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let listening = async move {
        client.batch_execute("LISTEN fieldpost").await?;
        // Kept alive: the connection ends with its client.
        std::future::pending::<()>().await;
        drop(client);
        Ok(())
    };
    let hearing = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message? {
                let mut lines = notification.payload().lines();
                if lines.next() != Some(owner) {
                    for signal in lines.filter_map(read) {
                        drop(signals.send(signal));
                    }
                }
            }
        }
        Ok(())
    };
    tokio::select! { end = listening => end, end = hearing => end }
}

/// One line: a letter that sorts by importance, then the parts, which hold no blanks.
fn write(signal: &Signal) -> String {
    match signal {
        Signal::Configuration(project) => format!("a {project}"),
        Signal::TryNow(Lane { project, name }) => format!("b! {project} {name}"),
        Signal::Due(Lane { project, name }) => format!("b {project} {name}"),
        Signal::CancelRun { project, id } => format!("b~ {project} {id}"),
        Signal::Delivery { project, id, state } => format!("c {project} {id} {state}"),
        Signal::Run { project, id, workflow, state } => {
            format!("c+ {project} {id} {workflow} {state}")
        }
        Signal::Incident { project, id, state } => format!("c! {project} {id} {state}"),
        Signal::Message { project, id, state } => format!("d {project} {id} {state}"),
        Signal::Action { project, id, state } => format!("d! {project} {id} {state}"),
        Signal::Audit { project, id } => format!("e {project} {id}"),
        Signal::Submission { project, id, form } => format!("f {project} {id} {form}"),
        Signal::Case { project, id, case_type } => {
            // What phones give may hold blanks, and ends of lines.
            let case = Value::from(vec![Value::from(id.as_str()), Value::from(case_type.as_str())]);
            format!("g {project} {}", case.to_json())
        }
    }
}

fn read(line: &str) -> Option<Signal> {
    let parts: Vec<&str> = line.split(' ').collect();
    Some(match parts.as_slice() {
        ["a", project] => Signal::Configuration((*project).into()),
        ["b", project, name] => {
            Signal::Due(Lane { project: (*project).into(), name: (*name).to_owned() })
        }
        ["b!", project, name] => {
            Signal::TryNow(Lane { project: (*project).into(), name: (*name).to_owned() })
        }
        ["c", project, id, state] => Signal::Delivery {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            state: DeliveryState::from_name(state)?,
        },
        ["b~", project, id] => {
            Signal::CancelRun { project: (*project).into(), id: Uuid::parse_str(id).ok()? }
        }
        ["c+", project, id, workflow, state] => Signal::Run {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            workflow: (*workflow).to_owned(),
            state: RunState::from_name(state)?,
        },
        ["c!", project, id, state] => Signal::Incident {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            state: IncidentState::from_name(state)?,
        },
        ["d", project, id, state] => Signal::Message {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            state: MessageState::from_name(state)?,
        },
        ["d!", project, id, state] => Signal::Action {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            state: BulkState::from_name(state)?,
        },
        ["e", project, id] => {
            Signal::Audit { project: (*project).into(), id: Uuid::parse_str(id).ok()? }
        }
        ["f", project, id, form] => Signal::Submission {
            project: (*project).into(),
            id: Uuid::parse_str(id).ok()?,
            form: (*form).to_owned(),
        },
        ["g", project, ..] => {
            let (_, case) = line.get(2..)?.split_once(' ')?;
            let case = Value::parse(case.as_bytes()).ok()?;
            let [Value::String(id), Value::String(case_type)] = case.as_array()? else {
                return None;
            };
            Signal::Case {
                project: (*project).into(),
                id: id.to_string(),
                case_type: case_type.to_string(),
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let id = Uuid::from_u128(7);
        for signal in [
            Signal::Configuration("clinic".into()),
            Signal::Due(Lane { project: "clinic".into(), name: "!births".to_owned() }),
            Signal::TryNow(Lane { project: "clinic".into(), name: "warehouse".to_owned() }),
            Signal::Delivery { project: "clinic".into(), id, state: DeliveryState::Failed },
            Signal::Incident { project: "clinic".into(), id, state: IncidentState::Open },
            Signal::Run {
                project: "clinic".into(),
                id,
                workflow: "births".to_owned(),
                state: RunState::Started,
            },
            Signal::CancelRun { project: "clinic".into(), id },
            Signal::Message { project: "clinic".into(), id, state: MessageState::Kept },
            Signal::Action { project: "clinic".into(), id, state: BulkState::Done },
            Signal::Audit { project: "clinic".into(), id },
            Signal::Submission { project: "clinic".into(), id, form: "births".to_owned() },
            Signal::Case {
                project: "clinic".into(),
                id: "a case\n\"1\"".to_owned(),
                case_type: String::new(),
            },
        ] {
            assert_eq!(write(&signal).lines().count(), 1, "{signal:?}");
            assert_eq!(read(&write(&signal)), Some(signal));
        }
        assert_eq!(read("z what"), None);
    }
}
