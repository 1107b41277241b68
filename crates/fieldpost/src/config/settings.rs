//! Every setting, once. The doc comment of a field is its sentence in `--help` and in the
//! reference; the attribute names its flag, its environment variable, and by the flag's name its
//! key in the settings file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Args, Command, FromArgMatches as _, ValueEnum};
use fieldpost_engine::Pyxform;
use fieldpost_outbound::AllowNetworks;
use ipnet::IpNet;

use super::jobs::JobSettings;
use super::mail::MailSettings;
use super::pages::PageSettings;
use super::values::{BaseUrl, Count, DatabaseUrl, Size, Span, Token};

/// Settings that every command has.
#[derive(Args, Clone, Debug)]
pub(crate) struct CommonSettings {
    /// A file with settings, in TOML. Flags and environment variables have precedence over it.
    #[arg(
        long,
        env = "FIELDPOST_CONFIG",
        value_name = "FILE",
        global = true,
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,

    /// The least important log lines that are written: error, warn, info, debug or trace; also a
    /// filter such as `info,fieldpost_engine=debug`. Without it, `serve` writes info and the other
    /// commands write error.
    #[arg(
        long,
        env = "FIELDPOST_LOG_LEVEL",
        value_name = "LEVEL",
        global = true,
        hide_env_values = true
    )]
    pub(crate) log_level: Option<String>,

    /// How log lines are written to standard error.
    #[arg(
        long,
        env = "FIELDPOST_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true,
        hide_env_values = true
    )]
    pub(crate) log_format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Where the state is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "State")]
pub(crate) struct StorageSettings {
    /// The data folder: it holds the SQLite database, the files that came with submissions, the
    /// key, the admin token and the identity of this hub. It is made in the working directory where it is missing.
    #[arg(
        long,
        env = "FIELDPOST_DATA",
        value_name = "FOLDER",
        default_value = "fieldpost-data",
        hide_env_values = true
    )]
    pub(crate) data: PathBuf,

    /// The PostgreSQL database that holds the state instead of SQLite. Several hubs can share one;
    /// each has its own data folder. With `?sslmode=require` the connection is encrypted and the
    /// server's certificate checked; without it, it is in the clear. Prefer the environment
    /// variable: flags are seen by everybody on the machine.
    #[arg(long, env = "FIELDPOST_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<DatabaseUrl>,

    /// The file with the key that seals passwords, tokens and other secrets in the database; `key`
    /// in the data folder unless named. With SQLite it is made at the first start; hubs that share
    /// a database need the same key, from `fieldpost key generate`. The environment variable
    /// `FIELDPOST_KEY` can hold the key itself instead.
    #[arg(long, env = "FIELDPOST_KEY_FILE", value_name = "FILE", hide_env_values = true)]
    pub(crate) key_file: Option<PathBuf>,

    /// The folder of the files that come with submissions, such as photos; `files` in the data folder
    /// unless named. Hubs that share a database share this folder as well.
    #[arg(long, env = "FIELDPOST_FILES", value_name = "FOLDER", hide_env_values = true)]
    pub(crate) files: Option<PathBuf>,

    /// Connections that are held to PostgreSQL.
    #[arg(
        long,
        env = "FIELDPOST_DATABASE_CONNECTIONS",
        value_name = "COUNT",
        default_value = "12",
        hide_env_values = true
    )]
    pub(crate) database_connections: Count,
}

/// Who is let in, and what may come in.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ways in")]
pub(crate) struct InboundSettings {
    /// The address and port that the hub listens on. Port 0 takes a free one.
    #[arg(
        long,
        env = "FIELDPOST_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        hide_env_values = true
    )]
    pub(crate) listen: SocketAddr,

    /// The address under which the world reaches the hub, the base of all links. Without it, the
    /// API's links are paths; the Host header is never used.
    #[arg(long, env = "FIELDPOST_PUBLIC_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) public_url: Option<BaseUrl>,

    /// Networks of the proxies in front of the hub, whose `X-Forwarded-For` is believed about a
    /// client's address: by it failed sign-ins are counted, and the audit log names it. Commas
    /// separate several.
    #[arg(
        long,
        env = "FIELDPOST_TRUSTED_PROXY",
        value_name = "NETWORK",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub(crate) trusted_proxy: Vec<IpNet>,

    /// The token that opens the API. Without it one is made, printed once and kept in the data folder.
    #[arg(long, env = "FIELDPOST_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) admin_token: Option<Token>,

    /// How long a session lasts that nobody uses.
    #[arg(
        long,
        env = "FIELDPOST_SESSION_IDLE",
        value_name = "TIME",
        default_value = "14d",
        hide_env_values = true
    )]
    pub(crate) session_idle: Span,

    /// How long a session lasts at the most.
    #[arg(
        long,
        env = "FIELDPOST_SESSION_LIFETIME",
        value_name = "TIME",
        default_value = "90d",
        hide_env_values = true
    )]
    pub(crate) session_lifetime: Span,

    /// The longest body that is taken, after decompression.
    #[arg(
        long,
        env = "FIELDPOST_MAX_BODY",
        value_name = "SIZE",
        default_value = "10MB",
        hide_env_values = true
    )]
    pub(crate) max_body: Size,

    /// How long the headers of a request may take to arrive, and how long an idle connection is held.
    #[arg(
        long,
        env = "FIELDPOST_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        hide_env_values = true
    )]
    pub(crate) header_timeout: Span,

    /// How long the body of a request may take to arrive.
    #[arg(
        long,
        env = "FIELDPOST_BODY_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        hide_env_values = true
    )]
    pub(crate) body_timeout: Span,

    /// The longest upload of several parts: a filled form with the files that come with it. Clients
    /// are told, and send more in several posts.
    #[arg(
        long,
        env = "FIELDPOST_MAX_UPLOAD",
        value_name = "SIZE",
        default_value = "200MB",
        hide_env_values = true
    )]
    pub(crate) max_upload: Size,

    /// The longest file that comes with a filled form.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FILE",
        value_name = "SIZE",
        default_value = "100MB",
        hide_env_values = true
    )]
    pub(crate) max_file: Size,

    /// The most parts of one upload.
    #[arg(
        long,
        env = "FIELDPOST_MAX_UPLOAD_PARTS",
        value_name = "COUNT",
        default_value = "1000",
        hide_env_values = true
    )]
    pub(crate) max_upload_parts: Count,

    /// How long an upload of several parts may take as a whole; each piece of it may take as long as
    /// the body of any other request.
    #[arg(
        long,
        env = "FIELDPOST_UPLOAD_TIMEOUT",
        value_name = "TIME",
        default_value = "30m",
        hide_env_values = true
    )]
    pub(crate) upload_timeout: Span,

    /// How long the answer of a webhook waits for its run, where a workflow replies after completion; then
    /// it is 504, and the run goes on.
    #[arg(
        long,
        env = "FIELDPOST_REPLY_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        hide_env_values = true
    )]
    pub(crate) reply_timeout: Span,

    /// Connections that are held open at once; more of them wait.
    #[arg(
        long,
        env = "FIELDPOST_MAX_CONNECTIONS",
        value_name = "COUNT",
        default_value = "4096",
        hide_env_values = true
    )]
    pub(crate) max_connections: Count,

    /// How long a client may leave an answer unread.
    #[arg(
        long,
        env = "FIELDPOST_WRITE_TIMEOUT",
        value_name = "TIME",
        default_value = "60s",
        hide_env_values = true
    )]
    pub(crate) write_timeout: Span,

    /// The longest head of a request.
    #[arg(
        long,
        env = "FIELDPOST_MAX_HEADER_SIZE",
        value_name = "SIZE",
        default_value = "64KiB",
        hide_env_values = true
    )]
    pub(crate) max_header_size: Size,

    /// The most headers of a request.
    #[arg(
        long,
        env = "FIELDPOST_MAX_HEADERS",
        value_name = "COUNT",
        default_value = "100",
        hide_env_values = true
    )]
    pub(crate) max_headers: Count,

    /// Messages that may wait for their commit before new ones are answered with 503.
    #[arg(
        long,
        env = "FIELDPOST_ACCEPT_QUEUE",
        value_name = "COUNT",
        default_value = "8192",
        hide_env_values = true
    )]
    pub(crate) accept_queue: Count,

    /// What these messages may hold together before new ones are answered with 503.
    #[arg(
        long,
        env = "FIELDPOST_ACCEPT_QUEUE_SIZE",
        value_name = "SIZE",
        default_value = "64MiB",
        hide_env_values = true
    )]
    pub(crate) accept_queue_size: Size,

    /// What the bodies of all requests under way may hold in memory together, the longest body at
    /// least; more of them are answered with 503. Bodies of up to 64 KiB are not counted.
    #[arg(
        long,
        env = "FIELDPOST_BODIES_IN_MEMORY",
        value_name = "SIZE",
        default_value = "256MiB",
        hide_env_values = true
    )]
    pub(crate) bodies_in_memory: Size,

    /// How much effort is spent on compressing the lists, exports and documents of the w.c.s. API, for
    /// clients that take them compressed: from 1, the fastest, to 9, the smallest. 0 is none.
    #[arg(
        long,
        env = "FIELDPOST_COMPRESSION_LEVEL",
        value_name = "LEVEL",
        default_value = "1",
        value_parser = clap::value_parser!(u32).range(0..=9),
        hide_env_values = true
    )]
    pub(crate) compression_level: u32,

    /// The most cards of one import by the w.c.s. API.
    #[arg(
        long,
        env = "FIELDPOST_MAX_IMPORTED_CARDS",
        value_name = "COUNT",
        default_value = "5000",
        hide_env_values = true
    )]
    pub(crate) max_imported_cards: Count,

    /// Unreadable messages that are kept for each source; more of them are refused.
    #[arg(
        long,
        env = "FIELDPOST_QUARANTINE_LIMIT",
        value_name = "COUNT",
        default_value = "10000",
        hide_env_values = true
    )]
    pub(crate) quarantine_limit: Count,

    /// The most forms of a project that submissions may make known by themselves. A submission of a
    /// further form is quarantined; forms that people upload are always taken.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FORMS",
        value_name = "COUNT",
        default_value = "10000",
        hide_env_values = true
    )]
    pub(crate) max_forms: Count,

    /// The program that makes XForms of the XLSForms that people upload: the path of `xls2xform`, or of a
    /// Python with the package pyxform; `off` for none. Without it, `xls2xform` and then `python3` are
    /// looked for on the PATH.
    #[arg(long, env = "FIELDPOST_PYXFORM", value_name = "COMMAND", hide_env_values = true)]
    pub(crate) pyxform: Option<PathBuf>,
}

impl InboundSettings {
    /// What makes XForms of XLSForms.
    pub(crate) fn pyxform(&self) -> Pyxform {
        match &self.pyxform {
            None => Pyxform::OnPath,
            Some(path) if path.as_os_str() == "off" => Pyxform::Off,
            Some(path) => Pyxform::At(path.clone()),
        }
    }
}

/// What leaves the hub.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ways out")]
pub(crate) struct OutboundSettings {
    /// Networks that deliveries may go to although they are not of the public internet: `private`
    /// (private networks and loopback), a network such as 10.20.0.0/16, or one address. Commas separate several.
    #[arg(
        long,
        env = "FIELDPOST_ALLOW_NETWORKS",
        value_name = "NETWORK",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub(crate) allow_network: Vec<AllowNetworks>,

    /// Nothing leaves: messages are taken in and their deliveries are made, and these and all mails
    /// wait. For looking at a restored backup, which knows nothing of what was sent since.
    #[arg(long, env = "FIELDPOST_HOLD_DELIVERIES", hide_env_values = true)]
    pub(crate) hold_deliveries: bool,

    /// Deliveries that are under way at once, over all destinations.
    #[arg(
        long,
        env = "FIELDPOST_DELIVERY_CONCURRENCY",
        value_name = "COUNT",
        default_value = "256",
        hide_env_values = true
    )]
    pub(crate) delivery_concurrency: Count,

    /// How long finding, reaching and greeting a destination may take.
    #[arg(
        long,
        env = "FIELDPOST_CONNECT_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        hide_env_values = true
    )]
    pub(crate) connect_timeout: Span,

    /// The longest file that is fetched from where a submission links to, for a source with `fetch_files`.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FETCHED_FILE",
        value_name = "SIZE",
        default_value = "100MB",
        hide_env_values = true
    )]
    pub(crate) max_fetched_file: Size,

    /// The most files that are fetched for one message by themselves; more of them stay links.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FETCHED_FILES",
        value_name = "COUNT",
        default_value = "100",
        hide_env_values = true
    )]
    pub(crate) max_fetched_files: Count,

    /// The most that is fetched for one message, all its linked files together.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FETCHED_TOTAL",
        value_name = "SIZE",
        default_value = "500MB",
        hide_env_values = true
    )]
    pub(crate) max_fetched_total: Size,

    /// How long one file may take to be fetched.
    #[arg(
        long,
        env = "FIELDPOST_FETCH_TIMEOUT",
        value_name = "TIME",
        default_value = "5m",
        hide_env_values = true
    )]
    pub(crate) fetch_timeout: Span,

    /// The longest body that a call of a lifecycle sends, the files in it included. A call that would send more
    /// fails, and the lifecycle is told.
    #[arg(
        long,
        env = "FIELDPOST_MAX_CALL_BODY",
        value_name = "SIZE",
        default_value = "100MB",
        hide_env_values = true
    )]
    pub(crate) max_call_body: Size,

    /// How long a call of a lifecycle is tried again before its lifecycle is told that it failed, and does what it
    /// is told to do then.
    #[arg(
        long,
        env = "FIELDPOST_CALL_PATIENCE",
        value_name = "TIME",
        default_value = "10m",
        hide_env_values = true
    )]
    pub(crate) call_patience: Span,

    /// How much of the body of each answer is kept with its attempt.
    #[arg(
        long,
        env = "FIELDPOST_RESPONSE_BODY_KEPT",
        value_name = "SIZE",
        default_value = "64KiB",
        hide_env_values = true
    )]
    pub(crate) response_body_kept: Size,

    /// How often the hub looks for work although nothing announced any.
    #[arg(
        long,
        env = "FIELDPOST_POLL_INTERVAL",
        value_name = "TIME",
        default_value = "1s",
        hide_env_values = true
    )]
    pub(crate) poll_interval: Span,

    /// Failed calls within `breaker-window` after which a destination is left alone for a while, if they
    /// are `breaker-share` percent of all calls as well.
    #[arg(
        long,
        env = "FIELDPOST_BREAKER_FAILURES",
        value_name = "COUNT",
        default_value = "10",
        hide_env_values = true
    )]
    pub(crate) breaker_failures: Count,

    /// The share of failed calls, in percent, after which a destination is left alone for a while.
    #[arg(
        long,
        env = "FIELDPOST_BREAKER_SHARE",
        value_name = "PERCENT",
        default_value = "50",
        hide_env_values = true
    )]
    pub(crate) breaker_share: Count,

    /// How far back failed calls count.
    #[arg(
        long,
        env = "FIELDPOST_BREAKER_WINDOW",
        value_name = "TIME",
        default_value = "1m",
        hide_env_values = true
    )]
    pub(crate) breaker_window: Span,

    /// How long a destination is left alone before one call is tried. It doubles with each that fails.
    #[arg(
        long,
        env = "FIELDPOST_BREAKER_PAUSE",
        value_name = "TIME",
        default_value = "1s",
        hide_env_values = true
    )]
    pub(crate) breaker_pause: Span,

    /// The longest that a destination is left alone before it is tried again.
    #[arg(
        long,
        env = "FIELDPOST_BREAKER_MAX_PAUSE",
        value_name = "TIME",
        default_value = "1m",
        hide_env_values = true
    )]
    pub(crate) breaker_max_pause: Span,

    /// How long a stopping hub waits for what is under way before it gives it back.
    #[arg(
        long,
        env = "FIELDPOST_STOP_TIMEOUT",
        value_name = "TIME",
        default_value = "20s",
        hide_env_values = true
    )]
    pub(crate) stop_timeout: Span,
}

/// What the hub works on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Projects")]
pub(crate) struct ProjectSettings {
    /// Project files that are applied at the start, if they changed since they were last applied.
    /// `${NAME}` in them is taken from the environment. Files of one project are merged.
    #[arg(long, env = "FIELDPOST_PROJECT", value_name = "FILE", num_args = 1.., value_delimiter = ',', hide_env_values = true)]
    pub(crate) project: Vec<PathBuf>,

    /// The project that addresses and commands without a project's name mean. Without it, the only one there is.
    #[arg(long, env = "FIELDPOST_DEFAULT_PROJECT", value_name = "NAME", hide_env_values = true)]
    pub(crate) default_project: Option<String>,
}

/// All settings of a hub.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) storage: StorageSettings,
    #[command(flatten)]
    pub(crate) inbound: InboundSettings,
    #[command(flatten)]
    pub(crate) outbound: OutboundSettings,
    #[command(flatten)]
    pub(crate) pages: PageSettings,
    #[command(flatten)]
    pub(crate) jobs: JobSettings,
    #[command(flatten)]
    pub(crate) mail: MailSettings,
    #[command(flatten)]
    pub(crate) projects: ProjectSettings,
}

impl Settings {
    /// The networks that are open, put together.
    pub(crate) fn allowed_networks(&self) -> AllowNetworks {
        let parts = self.outbound.allow_network.iter().cloned();
        parts.fold(AllowNetworks::default(), AllowNetworks::and)
    }
}

impl Settings {
    /// The defaults, whatever the environment says.
    pub(crate) fn defaults() -> Result<Self, clap::Error> {
        let command = Self::augment_args(Command::new("defaults").no_binary_name(true))
            .mut_args(|setting| setting.env(Resettable::Reset));
        Self::from_arg_matches(&command.try_get_matches_from([""; 0])?)
    }
}
