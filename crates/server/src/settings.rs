//! What the operator can set about the server.

use std::time::Duration;

use fieldpost_engine::Pyxform;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use sha2::{Digest as _, Sha256};

use crate::pages::PageBounds;

/// The settings of the server.
#[derive(Clone)]
pub struct ServerSettings {
    /// The longest body that is taken as sent, in bytes. The engine holds the same bound once more
    /// after decompression.
    pub max_body: usize,
    /// The most bytes of bodies that are held in memory at once, those of the longest body at
    /// least; 503 beyond it. Bodies of up to 64 KiB are not counted.
    pub bodies_in_memory: usize,
    /// The longest that a sender may take for a whole body; of an upload of several parts, for each
    /// piece of it.
    pub body_timeout: Duration,
    /// The longest upload of several parts, in bytes: a form with the files that come with it.
    pub max_upload: usize,
    /// The longest file among them, in bytes.
    pub max_file: usize,
    /// The most parts of one upload.
    pub max_upload_parts: usize,
    /// The longest that an upload of several parts may take as a whole.
    pub upload_timeout: Duration,
    /// What the pages take on which forms are filled in.
    pub pages: PageBounds,
    /// The longest that a client may take for the head of a request. A connection that waits for
    /// its next request is closed after the same time.
    pub header_timeout: Duration,
    /// The longest that a client may leave an answer unread.
    pub write_timeout: Duration,
    /// The longest head of a request, in bytes; 431 beyond it.
    pub max_header_bytes: usize,
    /// The most headers of a request; 431 beyond it.
    pub max_headers: usize,
    /// Connections that are served at once; further ones wait to be accepted.
    pub max_connections: usize,
    /// The longest that the answer of a webhook waits for its run; 504 beyond it.
    pub reply_timeout: Duration,
    /// How much effort is spent on compressing texts for the clients that take it: from 1, the fastest, to 9; 0 is
    /// none.
    pub compression_level: u32,
    /// The most cards of one import.
    pub max_imported_cards: usize,
    /// How long a stopping server waits for requests under way.
    pub stop_timeout: Duration,
    /// What links to this hub begin with, without a slash at the end. The `Host` header is never
    /// used for them: without this setting they are paths.
    pub public_url: Option<String>,
    /// The networks of the proxies in front of the hub, whose word on the client's address is
    /// believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What makes XForms of the `XLSForms` that are uploaded.
    pub pyxform: Pyxform,
    /// The project that is meant where none is named.
    pub default_project: Option<String>,
    /// The networks beside the public internet that deliveries may go to, for people to read.
    pub allow_networks: String,
    /// The mail relay as `host:port`, where one is set.
    pub mail_relay: Option<String>,
    /// SHA-256 of the administrator's token.
    pub admin_token_digest: [u8; 32],
    /// The version that the hub says it is.
    pub version: &'static str,
    /// Where `/metrics` is read from; without it there is no such page.
    pub metrics: Option<PrometheusHandle>,
}

impl ServerSettings {
    /// The defaults, for a hub of that version whose administrator proves himself by `admin_token`.
    pub fn new(version: &'static str, admin_token: &str) -> Self {
        Self {
            max_body: 10_000_000,
            bodies_in_memory: 256 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            max_upload: 200_000_000,
            max_file: 100_000_000,
            max_upload_parts: 1_000,
            upload_timeout: Duration::from_mins(30),
            pages: PageBounds::default(),
            header_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_mins(1),
            max_header_bytes: 64 * 1024,
            max_headers: 100,
            max_connections: 4_096,
            reply_timeout: Duration::from_secs(30),
            compression_level: 1,
            max_imported_cards: 5_000,
            stop_timeout: Duration::from_secs(20),
            public_url: None,
            trusted_proxies: Vec::new(),
            pyxform: Pyxform::default(),
            default_project: None,
            allow_networks: String::new(),
            mail_relay: None,
            admin_token_digest: Sha256::digest(admin_token.as_bytes()).into(),
            version,
            metrics: None,
        }
    }
}

impl std::fmt::Debug for ServerSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ServerSettings")
            .field("max_body", &self.max_body)
            .field("compression_level", &self.compression_level)
            .field("max_imported_cards", &self.max_imported_cards)
            .field("bodies_in_memory", &self.bodies_in_memory)
            .field("max_connections", &self.max_connections)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
