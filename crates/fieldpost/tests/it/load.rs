//! Senders that do not give up: they post one message after the other, each with a name of its own,
//! and remember every name that got a yes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::world::http_client;

/// The pause of a sender between two messages.
const PAUSE: Duration = Duration::from_millis(15);

/// The number of the next message, over all senders: two loads of one test must not repeat a name.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Makes the body of a message of its name.
type Body = dyn Fn(&str) -> String + Send + Sync;

/// What the senders share.
#[derive(Default)]
struct Shared {
    /// Where the inbox is at the moment; a hub that is started again has another port.
    inbox: Mutex<String>,
    ended: AtomicBool,
    acknowledged: Mutex<HashSet<String>>,
    /// Answers that are no yes, by status.
    refused: Mutex<Vec<Refusal>>,
}

/// An answer that is no yes.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Whether it says when to come back.
    pub(crate) says_when: bool,
}

/// Senders at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    senders: JoinSet<()>,
}

impl Load {
    /// Lets so many senders post to an inbox.
    pub(crate) fn start(inbox: &str, senders: usize) -> Self {
        Self::start_with(inbox, senders, |name| format!(r#"{{"name": "{name}"}}"#))
    }

    /// The same with another body, which is made of the name.
    pub(crate) fn start_with(
        inbox: &str,
        senders: usize,
        body: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let body: Arc<Body> = Arc::new(body);
        inbox.clone_into(&mut locked(&shared.inbox));
        let mut load = Self { shared, senders: JoinSet::new() };
        for _ in 0..senders {
            load.senders.spawn(send(Arc::clone(&load.shared), Arc::clone(&body)));
        }
        load
    }

    /// Lets the senders post to another address from now on.
    pub(crate) fn turn_to(&self, inbox: &str) {
        inbox.clone_into(&mut locked(&self.shared.inbox));
    }

    /// The names of the messages that got a yes so far.
    pub(crate) fn acknowledged(&self) -> HashSet<String> {
        locked(&self.shared.acknowledged).clone()
    }

    /// The answers so far that were no yes.
    pub(crate) fn refused(&self) -> Vec<Refusal> {
        locked(&self.shared.refused).clone()
    }

    /// Waits until so many more messages got a yes.
    pub(crate) async fn wait_for_more(&self, more: usize, patience: Duration) {
        let wanted = locked(&self.shared.acknowledged).len() + more;
        let enough = async {
            while locked(&self.shared.acknowledged).len() < wanted {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let in_time = tokio::time::timeout(patience, enough).await;
        assert!(in_time.is_ok(), "no further message got a yes within {patience:?}");
    }

    /// Lets the senders finish what they are at; answers by the names that got a yes.
    pub(crate) async fn end(mut self) -> HashSet<String> {
        self.shared.ended.store(true, Ordering::Relaxed);
        while let Some(ended) = self.senders.join_next().await {
            ended.unwrap();
        }
        self.acknowledged()
    }
}

async fn send(shared: Arc<Shared>, body: Arc<Body>) {
    let client = http_client();
    while !shared.ended.load(Ordering::Relaxed) {
        let name = format!("message-{:06}", NEXT.fetch_add(1, Ordering::Relaxed));
        let inbox = locked(&shared.inbox).clone();
        let request = client
            .post(inbox)
            .header("idempotency-key", &name)
            .header("content-type", "application/json")
            .body(body(&name));
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                locked(&shared.acknowledged).insert(name);
            }
            Ok(response) => {
                let status = response.status().as_u16();
                let says_when = response.headers().contains_key("retry-after");
                locked(&shared.refused).push(Refusal { status, says_when });
            }
            // Nobody knows whether it was kept; a real sender would post it again.
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
