//! A database on another machine: reached in secret where its URL asks for it, and not at all otherwise.

use fieldpost_testkit::TemporaryPostgres;

use crate::world::{Hub, KEY, fieldpost, folder, run, write};

/// The connections of hubs, and those of them that are encrypted.
const CONNECTIONS: &str = "SELECT format('%s of %s', count(*) FILTER (WHERE ssl), count(*))
     FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'fieldpost'";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_reached_in_secret_where_its_url_asks_for_it() {
    let server = TemporaryPostgres::start_private().await;
    let folder = folder();
    let database = server.database().await;
    let secret = format!("{database}?sslmode=require");
    let serve = |authority: Option<&std::path::Path>| {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--database", &secret]);
        command.arg("--data").arg(folder.path().join("data")).env("FIELDPOST_KEY", KEY);
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command
    };

    // A server that cannot is not spoken to in the clear.
    let refused = run(&mut serve(None));
    assert_eq!(refused.code, Some(1));
    assert!(refused.errors.contains("server does not support TLS"), "{refused:?}");
    let authority = write(folder.path(), "authority.pem", &server.encrypt().await);
    let refused = run(&mut serve(None));
    assert_eq!(refused.code, Some(1));
    assert!(refused.errors.contains("invalid peer certificate: UnknownIssuer"), "{refused:?}");

    let hub = Hub::spawn(&mut serve(Some(&authority)), |_| folder.path().join("data"));
    let found = server.ask(&database, CONNECTIONS).await;
    let (encrypted, all) = found.split_once(" of ").unwrap();
    assert_eq!(encrypted, all, "all connections are encrypted");
    assert!(all.parse::<u32>().unwrap() > 1, "pool and listener: {found}");
    drop(hub);

    // Without the word nothing changes, although the server could.
    let hub = Hub::start(&folder.path().join("other"), ["--database", &database]);
    let found = server.ask(&database, CONNECTIONS).await;
    assert!(found.starts_with("0 of "), "{found}");
    drop(hub);
}
