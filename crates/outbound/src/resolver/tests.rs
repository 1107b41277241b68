//! The resolver with a name service that says what the test wants.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;

/// Shorter than in the hub, so that a test can wait for it.
const TIMEOUT: Duration = Duration::from_millis(300);

fn resolver(
    allow: &str,
    lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
) -> GuardedResolver {
    GuardedResolver::with_lookup(allow.parse().unwrap(), Box::new(lookup), TIMEOUT)
}

async fn resolve(resolver: &GuardedResolver, host: &str) -> Result<Vec<IpAddr>, String> {
    match resolver.resolve(host.parse().unwrap()).await {
        Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
        Err(error) => Err(error.downcast::<ResolveError>().unwrap().to_string()),
    }
}

#[tokio::test]
async fn only_addresses_that_may_be_dialled_are_returned() {
    for (allow, found, expected) in [
        ("", &["8.8.8.8", "2606:4700::1"][..], Ok(&["8.8.8.8", "2606:4700::1"][..])),
        ("", &["10.0.0.1", "8.8.8.8", "::1"], Ok(&["8.8.8.8"])),
        ("", &["10.0.0.1", "::1"], Err("h is not called: the address 10.0.0.1 is refused")),
        ("private", &["10.0.0.1", "169.254.169.254"], Ok(&["10.0.0.1"])),
        ("private", &["169.254.169.254"], Err("h is not called: the address 169.254.169.254")),
        ("", &["::ffff:127.0.0.1"], Err("h is not called: the address 127.0.0.1 is refused")),
        ("private", &[], Err("h resolves to no address")),
    ] {
        let addresses: Vec<IpAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
        let resolved = resolve(&resolver(allow, move |_| Ok(addresses.clone())), "h").await;
        match (resolved, expected) {
            (Ok(resolved), Ok(expected)) => {
                let resolved: Vec<String> = resolved.iter().map(ToString::to_string).collect();
                assert_eq!(resolved, expected, "{found:?} with {allow:?}");
            }
            (Err(message), Err(expected)) => assert!(message.starts_with(expected), "{message}"),
            (resolved, _) => panic!("{found:?} with {allow:?}: {resolved:?}"),
        }
    }
}

/// A name service that says one thing first and another thing later gets judged each time.
#[tokio::test]
async fn every_lookup_is_judged_anew() {
    let lookups = AtomicUsize::new(0);
    let turning = resolver("", move |_| {
        let first = lookups.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(vec![if first { [8, 8, 8, 8].into() } else { [127, 0, 0, 1].into() }])
    });
    assert!(resolve(&turning, "h").await.is_ok());
    assert!(resolve(&turning, "h").await.is_err());
}

#[tokio::test]
async fn a_failed_lookup_keeps_its_cause() {
    let failing = resolver("", |_| Err(io::Error::other("SERVFAIL")));
    assert_eq!(resolve(&failing, "h").await.unwrap_err(), "h does not resolve: SERVFAIL");
}

/// A name service that does not answer until the test drops the sender, and how often it was asked.
fn stuck(name: &'static str) -> (GuardedResolver, mpsc::Sender<()>, Arc<AtomicUsize>) {
    let (free, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let resolver = resolver("", move |host| {
        if host.starts_with(name) {
            counted.fetch_add(1, Ordering::SeqCst);
            assert!(wait.lock().unwrap_or_else(PoisonError::into_inner).recv().is_err());
        }
        Ok(vec![[8, 8, 8, 8].into()])
    });
    (resolver, free, asked)
}

/// Looks the names up at once; each gives up in time.
async fn give_up(resolver: &GuardedResolver, names: impl Iterator<Item = String>) {
    let lookups: Vec<_> =
        names.map(|name| (tokio::spawn(resolver.resolve(name.parse().unwrap())), name)).collect();
    for (lookup, name) in lookups {
        let error = lookup.await.unwrap().map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("{name} does not resolve: no answer within 300ms"));
    }
}

/// One lookup more than may run at once waits, and goes on once a thread is free; all give up in
/// time.
#[tokio::test]
async fn lookups_are_bounded_in_number_and_time() {
    let (slow, free, asked) = stuck("h");
    give_up(&slow, (0..=LOOKUPS_AT_ONCE).map(|number| format!("h{number}"))).await;
    assert_eq!(asked.load(Ordering::SeqCst), LOOKUPS_AT_ONCE);
    drop(free);
    assert_eq!(resolve(&slow, "h").await.unwrap(), [IpAddr::from([8, 8, 8, 8])]);
}

/// However often a dead name is tried, it holds one lookup, and other names keep theirs.
#[tokio::test]
async fn one_name_holds_one_lookup() {
    let (slow, free, asked) = stuck("dead");
    for _ in 0..2 {
        give_up(&slow, (0..=LOOKUPS_AT_ONCE).map(|_| "dead".to_owned())).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(resolve(&slow, "healthy").await.unwrap(), [IpAddr::from([8, 8, 8, 8])]);
    }
    // Once the name service answers, the name is asked for anew.
    drop(free);
    assert_eq!(resolve(&slow, "dead").await.unwrap(), [IpAddr::from([8, 8, 8, 8])]);
    assert!(slow.shared.under_way().is_empty());
}

/// A lookup that panics, or whose runtime stops, is no lookup under way any more.
#[test]
fn a_lookup_that_breaks_off_stands_in_nobodys_way() {
    let broken = AtomicUsize::new(0);
    let resolver = resolver("", move |_| {
        assert!(broken.fetch_add(1, Ordering::SeqCst) > 0, "the name service breaks");
        Ok(vec![[8, 8, 8, 8].into()])
    });
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let error = runtime().block_on(resolve(&resolver, "h")).unwrap_err();
    assert!(error.starts_with("h does not resolve: "), "{error}");
    // Begun, and left by the runtime before it could run.
    runtime().block_on(async { drop(resolver.shared.join("h")) });
    let resolved = runtime().block_on(resolve(&resolver, "h"));
    assert_eq!(resolved.unwrap(), [IpAddr::from([8, 8, 8, 8])]);
}
