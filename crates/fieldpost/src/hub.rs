//! The composition root: the one place that knows how the parts of a hub are put together.
//!
//! The order of a start is that of dependence: the data folder, the port (taken early, so that a
//! second hub fails before it touches anything), the store, the client for what goes out, the
//! flow, the project files, the server. A stop ends requests and deliveries side by side, within
//! one `stop-timeout`, and lets go of the store last.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fieldpost_engine::{BreakerPolicy, Hub, HubSettings, SharedTokens};
use fieldpost_outbound::mail::Mailer;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_server::ServerSettings;
use fieldpost_store::{FILES_FOLDER, KeySource, Store, StoreError, StoreSettings, clock};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{DataFolder, RunningHub, Settings, StorageSettings, Token};
use crate::failure::Failure;
use crate::projects;

/// The shortest admin token that a hub takes, in characters. It opens everything, and nobody slows
/// down whoever guesses at it with the right one at last.
const SHORTEST_ADMIN_TOKEN: usize = 32;
/// How often what was measured is put together, where nobody asks for it.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A hub that listens.
pub(crate) struct ServingHub {
    /// Its address on this machine.
    pub(crate) url: String,
    /// The token that opens its API.
    pub(crate) token: Token,
    /// Whether the token was made at this start.
    pub(crate) token_is_new: bool,
    /// The link by which the first user is made, where there is none yet.
    pub(crate) first_owner_link: Option<String>,
    /// Its data folder.
    pub(crate) folder: DataFolder,
    hub: Hub,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl ServingHub {
    /// Puts a hub together and lets it serve on the listener.
    pub(crate) async fn start(
        settings: &Settings,
        keys: KeySource,
        listener: TcpListener,
    ) -> Result<Self, Failure> {
        check_admin_token(settings)?;
        let mailer = settings.mail.mailer()?;
        let folder = DataFolder::at(&settings.storage.data);
        folder.make()?;
        let store = Arc::new(open_store(settings, keys).await?);
        // Only whoever has the store's lock may write the folder's other files.
        let (token, token_is_new) = admin_token(settings, &folder)?;
        let outbound = OutboundSettings {
            allow_networks: settings.allowed_networks(),
            connect_timeout: settings.outbound.connect_timeout.0,
            response_body_kept: settings.outbound.response_body_kept.in_memory(),
            ..OutboundSettings::default()
        };
        // Hubs of one database ask for one token together.
        let tokens = Arc::new(SharedTokens::new(Arc::clone(&store)));
        let outbound = Client::with_tokens(outbound, tokens)
            .map_err(|error| Failure::new(error.to_string()))?;
        let metrics = start_metrics()?;
        let hub = Hub::start(Arc::clone(&store), outbound, hub_settings(settings, mailer)?).await?;
        if let Err(failure) =
            projects::apply_at_start(&hub, &store, &settings.projects.project).await
        {
            hub.stop().await;
            return Err(failure);
        }
        let address = listener.local_addr()?;
        let url = local_url(address);
        let first_owner_link = first_owner_link(settings, &hub, &url).await?;
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(fieldpost_server::serve(
            listener,
            hub.clone(),
            server_settings(settings, &token, metrics)?,
            shutdown.clone(),
        ));
        let given = settings.inbound.admin_token.as_ref().map(|token| token.expose().to_owned());
        folder.announce(&RunningHub {
            url: url.clone(),
            process: std::process::id(),
            token: given,
        })?;
        tracing::info!(%address, engine = store.engine_name(), "the hub serves at {url}");
        Ok(Self { url, token, token_is_new, first_owner_link, folder, hub, shutdown, server })
    }

    /// Stops in good order: requests and deliveries under way get the time of `stop-timeout`, the
    /// rest is given back. Both stop at once, so that the time passes only once: a request that is
    /// still answered needs the store and no deliveries, and the store goes last.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.folder.withdraw();
        self.shutdown.cancel();
        let (served, ()) = tokio::join!(self.server, self.hub.stop());
        match served {
            Ok(ended) => Ok(ended?),
            Err(error) => Err(Failure::new(format!("the server ended early: {error}"))),
        }
    }
}

/// Takes the port.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new(format!("cannot listen on {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => failure.hint(
                "another program listens there; stop it, or choose another port with --listen",
            ),
            std::io::ErrorKind::PermissionDenied => failure.hint(
                "ports below 1024 are for the system; choose a higher one with --listen, and let \
                 a web server in front listen on the low one",
            ),
            _ => failure.hint("choose an address of this machine with --listen"),
        }
    })
}

/// The address by which this machine reaches a listener.
fn local_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

/// The link by which the first user is made; none where there is one.
async fn first_owner_link(
    settings: &Settings,
    hub: &Hub,
    local: &str,
) -> Result<Option<String>, Failure> {
    let base = settings.inbound.public_url.as_ref().map_or(local, |url| url.as_str());
    let path = hub.first_owner_link().await?;
    Ok(path.map(|path| format!("{}{}", base.trim_end_matches('/'), path.expose())))
}

/// Refuses a token that could be guessed. What it is stays unsaid.
fn check_admin_token(settings: &Settings) -> Result<(), Failure> {
    let given = settings.inbound.admin_token.as_ref().map(|token| token.expose().chars().count());
    match given {
        Some(length) if length < SHORTEST_ADMIN_TOKEN => Err(Failure::new(format!(
            "the admin token has {length} characters, and {SHORTEST_ADMIN_TOKEN} are the least"
        ))
        .hint(
            "take a long random one, such as `openssl rand -base64 32` makes, or leave the \
             setting admin-token out: then the hub makes one",
        )),
        _ => Ok(()),
    }
}

/// The token that is given, or the one that was made before, or a new one.
fn admin_token(settings: &Settings, folder: &DataFolder) -> Result<(Token, bool), Failure> {
    if let Some(given) = &settings.inbound.admin_token {
        return Ok((given.clone(), false));
    }
    match folder.token()? {
        Some(token) => Ok((token, false)),
        None => Ok((folder.make_token()?, true)),
    }
}

/// Where the store is, as far as these settings say; bounds are the defaults.
pub(crate) fn store_settings(storage: &StorageSettings, keys: KeySource) -> StoreSettings {
    StoreSettings {
        keys,
        database: storage.database.as_ref().map(|url| url.expose().to_owned()),
        database_connections: storage.database_connections.in_memory(),
        files: storage.files.clone().unwrap_or_else(|| storage.data.join(FILES_FOLDER)),
        ..StoreSettings::in_folder(&storage.data)
    }
}

async fn open_store(settings: &Settings, keys: KeySource) -> Result<Store, Failure> {
    let bounded = StoreSettings {
        accept_queue: settings.inbound.accept_queue.in_memory(),
        accept_queue_bytes: settings.inbound.accept_queue_size.in_memory(),
        quarantine_limit: settings.inbound.quarantine_limit.0,
        ..store_settings(&settings.storage, keys)
    };
    match Store::open(bounded.clone()).await {
        Ok(store) => Ok(store),
        Err(error @ StoreError::Keys(_)) => Err(not_opened(&settings.storage, error)),
        Err(error) if settings.storage.database.is_none() => {
            Err(not_opened(&settings.storage, error))
        }
        // A pool of connections says that it has none; one connection alone says why.
        Err(error) => {
            let cause = fieldpost_store::inspect(&bounded).await.err().unwrap_or(error);
            Err(not_opened(&settings.storage, cause))
        }
    }
}

/// Says which database could not be opened, never with its password.
pub(crate) fn not_opened(storage: &StorageSettings, error: StoreError) -> Failure {
    let of_keys = matches!(error, StoreError::Keys(_));
    let failure = Failure::from(error);
    match &storage.database {
        _ if of_keys => failure,
        Some(database) => failure.within(format!("the database {database}")).hint(
            "is the server up, and are host, port, user, password and database name right? \
             `fieldpost doctor` looks at each",
        ),
        None => failure,
    }
}

fn hub_settings(settings: &Settings, mailer: Option<Mailer>) -> Result<HubSettings, Failure> {
    Ok(HubSettings {
        max_body: settings.inbound.max_body.in_memory(),
        max_forms: settings.inbound.max_forms.in_memory(),
        max_fetched_file: settings.outbound.max_fetched_file.0,
        max_fetched_files: settings.outbound.max_fetched_files.in_memory(),
        max_fetched_total: settings.outbound.max_fetched_total.0,
        fetch_timeout: settings.outbound.fetch_timeout.0,
        max_call_body: settings.outbound.max_call_body.in_memory(),
        call_patience: settings.outbound.call_patience.0,
        hold_deliveries: settings.outbound.hold_deliveries,
        delivery_concurrency: settings.outbound.delivery_concurrency.in_memory(),
        poll_interval: settings.outbound.poll_interval.0,
        stop_timeout: settings.outbound.stop_timeout.0,
        breaker: BreakerPolicy {
            failures: settings.outbound.breaker_failures.0,
            share_percent: settings.outbound.breaker_share.0,
            window: settings.outbound.breaker_window.0,
            first_pause: settings.outbound.breaker_pause.0,
            max_pause: settings.outbound.breaker_max_pause.0,
        },
        mailer,
        public_url: settings.inbound.public_url.as_ref().map(|url| url.as_str().to_owned()),
        report_hour: settings.mail.report_hour,
        session_idle: settings.inbound.session_idle.0,
        session_lifetime: settings.inbound.session_lifetime.0,
        jobs: settings.jobs.of_hub(std::env::current_exe()?, &settings.storage.data),
        ..HubSettings::with_clock(clock::system())
    })
}

fn server_settings(
    settings: &Settings,
    token: &Token,
    metrics: Option<PrometheusHandle>,
) -> Result<ServerSettings, Failure> {
    let inbound = &settings.inbound;
    Ok(ServerSettings {
        max_body: inbound.max_body.in_memory(),
        bodies_in_memory: inbound.bodies_in_memory.in_memory(),
        compression_level: inbound.compression_level,
        max_imported_cards: inbound.max_imported_cards.in_memory(),
        body_timeout: inbound.body_timeout.0,
        max_upload: inbound.max_upload.in_memory(),
        max_file: inbound.max_file.in_memory(),
        max_upload_parts: inbound.max_upload_parts.in_memory(),
        upload_timeout: inbound.upload_timeout.0,
        pages: settings.pages.of_server(),
        reply_timeout: inbound.reply_timeout.0,
        header_timeout: inbound.header_timeout.0,
        write_timeout: inbound.write_timeout.0,
        max_header_bytes: inbound.max_header_size.in_memory(),
        max_headers: inbound.max_headers.in_memory(),
        max_connections: inbound.max_connections.in_memory(),
        stop_timeout: settings.outbound.stop_timeout.0,
        public_url: inbound.public_url.as_ref().map(|url| url.as_str().to_owned()),
        trusted_proxies: inbound.trusted_proxy.clone(),
        pyxform: inbound.pyxform(),
        default_project: settings.projects.default_project.clone(),
        allow_networks: settings.allowed_networks().to_string(),
        mail_relay: settings.mail.relay_name()?,
        metrics,
        ..ServerSettings::new(env!("CARGO_PKG_VERSION"), token.expose())
    })
}

/// Starts counting for `/metrics`.
fn start_metrics() -> Result<Option<PrometheusHandle>, Failure> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::new(format!("nothing can be counted: {error}")))?;
    let kept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            handle.run_upkeep();
        }
    });
    Ok(Some(kept))
}
