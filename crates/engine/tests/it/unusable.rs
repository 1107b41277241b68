//! What is refused when it is saved, so that no delivery has to find it out.

use fieldpost_engine::{Draft, HubError};
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{Problem, read_connection, read_project};
use fieldpost_testkit::tls::identity;

use crate::world::{Engine, World};

/// A connection that shows this certificate, with this key.
fn connection(certificate: &str, key: &str) -> String {
    let [certificate, key] = [certificate, key].map(|pem| pem.replace('\n', "\\n"));
    format!(
        r#"{{"url": "https://ministry.example/",
             "tls": {{"client_certificate": "{certificate}", "client_key": "{key}"}}}}"#
    )
}

fn draft(text: &str) -> Draft {
    let value = Value::parse(text.as_bytes()).unwrap();
    Draft::Connection(read_connection("there", &value).unwrap())
}

#[track_caller]
fn assert_unusable<T: std::fmt::Debug>(saved: Result<T, HubError>) {
    let Err(HubError::Invalid(problems)) = saved else { panic!("{saved:?}") };
    let found: Vec<_> =
        problems.iter().map(|Problem { path, code, .. }| (&**path, *code)).collect();
    assert_eq!(found, [("connections.there.tls", "unusable-connection")], "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_key_that_does_not_fit_is_refused_when_it_is_saved() {
    let world = World::start(Engine::Sqlite).await;
    let ((certificate, key), (_, another_key)) = (identity(), identity());
    let before = world.hub.definition("clinic").await.unwrap();
    let unusable = connection(&certificate, &another_key);
    assert_unusable(world.hub.put("clinic", draft(&unusable)).await);
    let project = format!(r#"{{"project": "clinic", "connections": {{"there": {unusable}}}}}"#);
    let project = read_project(&Value::parse(project.as_bytes()).unwrap()).unwrap();
    for dry_run in [true, false] {
        assert_unusable(world.hub.apply(&project, false, dry_run).await);
    }
    assert_eq!(world.hub.definition("clinic").await.unwrap(), before);
    world.hub.put("clinic", draft(&connection(&certificate, &key))).await.unwrap();
}

/// Which networks are open is not the project's to say: it may be opened later.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_dialled_can_be_saved() {
    let world = World::start(Engine::Sqlite).await;
    world.hub.put("clinic", draft(r#"{"url": "http://169.254.169.254/"}"#)).await.unwrap();
}
