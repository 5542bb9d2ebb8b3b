//! The settings: one struct, from which the flags, the environment variables and the commented file
//! `config/talk.toml` are derived.

mod in_force;
mod kubernetes;
mod sources;
#[cfg(test)]
mod tests;
mod types;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use confique::Config;
use secrecy::{ExposeSecret, SecretString};
use talk_domain::hooks::attempt::Retries;
use talk_domain::hooks::webhook::HookLimits;
use talk_domain::intercepts::HeldLimits;
use talk_domain::kernel::limits::Limits;
use talk_domain::talk::model::retention::Retention;
use talk_files::FilesUrl;
use talk_http_actix::{
    BodyLimits, ConversationLimits, FileLimits, LoginLimits, Rate, Rates, SocketLimits,
    TrustedProxies, UnsentLimits,
};
use talk_identity::PinnedAlgorithm;
use talk_webhooks::DispatchSettings;

pub(crate) use in_force::{InForce, documented};
pub(crate) use sources::{Given, Loaded, SettingsError, flags, load};
pub(crate) use types::{LogFilter, LogFormat, OptionalAddress, Origins, PublicUrl};
use types::{Ports, WebhookSchedule, Words};
use types::{at_least_one, at_most_512, parsed};

/// Settings of talk-server.
///
/// Each can be given as a flag (`--token-lifetime-seconds 3600`), in the environment
/// (`TALK_TOKEN_LIFETIME_SECONDS=3600`) or in this file; a flag wins over the environment, the
/// environment over the file, the file over the default. This file is read from `config/talk.toml`
/// if there is one, or from the path in `--config` or `TALK_CONFIG`. An unknown name or a bad value
/// stops the start.
///
/// Secrets (`database_url`, `broker_url`, `jwt_secret`, `jwt_secret_previous`,
/// `bootstrap_password`, `issuer_secret`, `files_s3_secret_key`, `secrets_key`,
/// `secrets_key_previous`) can be read from a file instead: `jwt_secret_file`,
/// `--jwt-secret-file`, `TALK_JWT_SECRET_FILE`.
#[derive(Debug, Config)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Settings {
    /// Address and port of the API.
    #[config(env = "TALK_BIND", default = "127.0.0.1:8095")]
    pub(crate) bind: SocketAddr,

    /// Address and port of `/healthz`, `/readyz` and `/metrics`; empty to switch them off.
    #[config(
        env = "TALK_ADMIN_BIND",
        default = "127.0.0.1:9095",
        deserialize_with = parsed
    )]
    pub(crate) admin_bind: OptionalAddress,

    /// Address that people and providers reach the server at, for example
    /// `https://talk.example.com`. Links that go outside are built from it.
    #[config(env = "TALK_PUBLIC_URL", deserialize_with = parsed)]
    pub(crate) public_url: Option<PublicUrl>,

    /// The database, `sqlite:<path>`. Without one: `sqlite:<data_dir>/talk.db`.
    #[config(env = "TALK_DATABASE_URL")]
    pub(crate) database_url: Option<SecretString>,

    /// The broker between several servers; empty for a single server. No broker is supported yet.
    #[config(env = "TALK_BROKER_URL")]
    pub(crate) broker_url: Option<SecretString>,

    /// Directory of the server's files.
    #[config(env = "TALK_DATA_DIR", default = "data")]
    pub(crate) data_dir: PathBuf,

    /// Log level: `off`, `error`, `warn`, `info`, `debug` or `trace`, also per module as in
    /// `info,talk_http_actix=debug`.
    #[config(env = "TALK_LOG", default = "info", deserialize_with = parsed)]
    pub(crate) log: LogFilter,

    /// Format of log lines: `human` or `json`.
    #[config(env = "TALK_LOG_FORMAT", default = "human")]
    pub(crate) log_format: LogFormat,

    /// Bytes of log lines queued for a slow reader of the log. Further lines are dropped and
    /// counted (`talk_log_lines_lost_total`); requests never wait.
    #[config(env = "TALK_LOG_QUEUE_BYTES", default = 1_048_576, validate = at_least_one)]
    pub(crate) log_queue_bytes: usize,

    /// Secret that login tokens are signed with, at least 32 bytes. `serve` needs it; `dev` makes
    /// one and keeps it in `data_dir`.
    #[config(env = "TALK_JWT_SECRET")]
    pub(crate) jwt_secret: Option<SecretString>,

    /// The secret that was used before, at least 32 bytes. Its tokens stay valid until they expire,
    /// and no new ones are signed with it, so that a new `jwt_secret` logs nobody out.
    #[config(env = "TALK_JWT_SECRET_PREVIOUS")]
    pub(crate) jwt_secret_previous: Option<SecretString>,

    /// Seconds that a login token is valid.
    #[config(
        env = "TALK_TOKEN_LIFETIME_SECONDS",
        default = 604_800,
        validate = at_least_one
    )]
    pub(crate) token_lifetime_seconds: u32,

    /// Username of the first admin, created (in a customer `default`) by `serve` when the database
    /// has no agents, and ignored afterwards.
    #[config(env = "TALK_BOOTSTRAP_USERNAME")]
    pub(crate) bootstrap_username: Option<String>,

    /// Password of the first admin, 8 to 128 characters.
    #[config(env = "TALK_BOOTSTRAP_PASSWORD")]
    pub(crate) bootstrap_password: Option<SecretString>,

    /// Threads that serve requests, up to 512; 0 for one per processor core.
    #[config(env = "TALK_WORKERS", default = 0, validate = at_most_512)]
    pub(crate) workers: usize,

    /// Database connections for reads. One customer uses at most all but one; readiness and
    /// authentication have one more of their own.
    #[config(env = "TALK_READERS", default = 4, validate = at_least_one)]
    pub(crate) readers: u32,

    /// Milliseconds that a read of the database may run. A search that reaches the limit answers
    /// what it has found with a page token; any other read is answered 503.
    #[config(env = "TALK_READ_TIMEOUT_MS", default = 5_000, validate = at_least_one)]
    pub(crate) read_timeout_ms: u32,

    /// Maximum of reads of one agent that wait for a connection; further ones are answered 503.
    #[config(env = "TALK_WAITING_READS_PER_AGENT", default = 256, validate = at_least_one)]
    pub(crate) waiting_reads_per_agent: usize,

    /// Maximum of reads of one customer that wait for a connection; further ones are answered 503.
    #[config(
        env = "TALK_WAITING_READS_PER_CUSTOMER",
        default = 4_096,
        validate = at_least_one
    )]
    pub(crate) waiting_reads_per_customer: usize,

    /// Maximum of changes that wait for the database. They are served fairly among customers and
    /// agents; beyond it, the agent with the longest queue is answered 503.
    #[config(env = "TALK_QUEUE", default = 4_096, validate = at_least_one)]
    pub(crate) queue: usize,

    /// Maximum size of the database file in bytes. Beyond it changes are answered 503
    /// `STORAGE_FULL` as on a full disk, and reads continue; 0 for no limit.
    #[config(env = "TALK_MAX_DATABASE_BYTES", default = 0)]
    pub(crate) max_database_bytes: u64,

    /// Days after which messages become tombstones, as if they had been deleted: text, medias,
    /// reactions and earlier versions are erased, threads keep their shape. 0 for never.
    #[config(env = "TALK_MESSAGE_RETENTION_DAYS", default = 0)]
    pub(crate) message_retention_days: u32,

    /// Days after which a deleted chat is removed for good, with everything that was in it. 0 for
    /// never.
    #[config(env = "TALK_DELETED_CHATS_DAYS", default = 30)]
    pub(crate) deleted_chats_days: u32,

    /// Days that events stay in the log of a chat, for clients that resume. 0 keeps them for ever.
    #[config(env = "TALK_LOG_RETENTION_DAYS", default = 30)]
    pub(crate) log_retention_days: u32,

    /// Number of latest events of a chat that stay in its log even when they are older.
    #[config(env = "TALK_LOG_RETENTION_EVENTS", default = 10_000, validate = at_least_one)]
    pub(crate) log_retention_events: u64,

    /// Maximum of changes that share one commit; 1 for one commit each.
    #[config(env = "TALK_GROUP_COMMIT", default = 256, validate = at_least_one)]
    pub(crate) group_commit: usize,

    /// Whether the deprecated endpoints `/v1.0/talks` and `/v1.0/messages` and the `talk` topics of
    /// sockets are served.
    #[config(env = "TALK_LEGACY_API", default = true)]
    pub(crate) legacy_api: bool,

    /// Whether the console, a web page for people, is served at `/`.
    #[config(env = "TALK_CONSOLE", default = true)]
    pub(crate) console: bool,

    /// Maximum of open client connections, sockets included; one more is closed at once. 0 for as
    /// many as the limit of file descriptors allows.
    #[config(env = "TALK_MAX_CONNECTIONS", default = 0)]
    pub(crate) max_connections: usize,

    /// Maximum of open connections from one address; the addresses of an IPv6 /64 count as one,
    /// those of `trusted_proxies` do not count.
    #[config(
        env = "TALK_MAX_CONNECTIONS_PER_ADDRESS",
        default = 1_000,
        validate = at_least_one
    )]
    pub(crate) max_connections_per_address: usize,

    /// Maximum of open sockets; one more is answered 429.
    #[config(env = "TALK_MAX_SOCKETS", default = 20_000, validate = at_least_one)]
    pub(crate) max_sockets: usize,

    /// Maximum of open sockets of one customer.
    #[config(env = "TALK_MAX_SOCKETS_PER_CUSTOMER", default = 15_000, validate = at_least_one)]
    pub(crate) max_sockets_per_customer: usize,

    /// Maximum of open sockets of one agent.
    #[config(env = "TALK_MAX_SOCKETS_PER_AGENT", default = 100, validate = at_least_one)]
    pub(crate) max_sockets_per_agent: usize,

    /// Bytes of rows after which a page of a list, or of the event log, ends early with the token
    /// of the next page. A single longer row is a page of its own.
    #[config(env = "TALK_MAX_PAGE_BYTES", default = 1_048_576, validate = at_least_one)]
    pub(crate) max_page_bytes: usize,

    /// Maximum of bytes in answers that clients have not read yet. Beyond it requests are answered
    /// 503 `BUSY` until clients have read.
    #[config(env = "TALK_MAX_UNSENT_BYTES", default = 268_435_456, validate = at_least_one)]
    pub(crate) max_unsent_bytes: usize,

    /// The same, of one customer.
    #[config(
        env = "TALK_MAX_UNSENT_BYTES_PER_CUSTOMER",
        default = 134_217_728,
        validate = at_least_one
    )]
    pub(crate) max_unsent_bytes_per_customer: usize,

    /// The same, of one agent.
    #[config(
        env = "TALK_MAX_UNSENT_BYTES_PER_AGENT",
        default = 33_554_432,
        validate = at_least_one
    )]
    pub(crate) max_unsent_bytes_per_agent: usize,

    /// Maximum of bytes of events queued for one WebSocket; further events are read from the event
    /// log once there is space.
    #[config(env = "TALK_SOCKET_QUEUE_BYTES", default = 262_144, validate = at_least_one)]
    pub(crate) socket_queue_bytes: usize,

    /// Origins of web pages that may use the API and its sockets, besides pages of the same host,
    /// separated by commas: `https://console.example.com,http://localhost:3000`. Scheme, host and
    /// port must be the same; a port left out is the scheme's default.
    #[config(env = "TALK_ALLOWED_ORIGINS", default = "", deserialize_with = parsed)]
    pub(crate) allowed_origins: Origins,

    /// Reverse proxies whose `Forwarded` or `X-Forwarded-For` header names the client's address, as
    /// addresses and networks separated by commas. The last address of the header that is not
    /// among them counts; from any other peer the header is ignored. `X-Forwarded-Proto` of such a
    /// proxy, or `proto` in `Forwarded`, names the scheme that an `Origin` of the same host must
    /// have. Empty for none.
    #[config(
        env = "TALK_TRUSTED_PROXIES",
        default = "127.0.0.0/8,::1",
        deserialize_with = parsed
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// Tokens that an agent gets a second, for requests and posts over sockets. A request costs one,
    /// and one more for every full 16 KiB of a body (256 KiB of a file) sent or received, for every four participants
    /// of a new chat, and nine more for a search or a password. Without a token it is answered 429.
    /// 0 for no limit.
    #[config(env = "TALK_AGENT_RATE", default = 200)]
    pub(crate) agent_rate: u32,

    /// Capacity of the agent's bucket in tokens.
    #[config(env = "TALK_AGENT_BURST", default = 1_000)]
    pub(crate) agent_burst: u32,

    /// Tokens that all agents of a customer together get a second; 0 for no limit.
    #[config(env = "TALK_CUSTOMER_RATE", default = 2_000)]
    pub(crate) customer_rate: u32,

    /// Capacity of the customer's bucket in tokens.
    #[config(env = "TALK_CUSTOMER_BURST", default = 5_000)]
    pub(crate) customer_burst: u32,

    /// Tokens that an address gets a second, an IPv6 network of 64 bits counting as one; 0 for no
    /// limit.
    #[config(env = "TALK_ADDRESS_RATE", default = 500)]
    pub(crate) address_rate: u32,

    /// Capacity of the address's bucket in tokens.
    #[config(env = "TALK_ADDRESS_BURST", default = 2_000)]
    pub(crate) address_burst: u32,

    /// Failed logins of one account from one address after which the next one must wait: 1 second,
    /// then 2, 4 and so on, up to 15 minutes. `agent unlock` clears them.
    #[config(env = "TALK_LOGIN_FAILURES", default = 5, validate = at_least_one)]
    pub(crate) login_failures: u32,

    /// Failed logins from one address, for any accounts, after which the next one must wait. One is
    /// cleared every ten seconds.
    #[config(env = "TALK_LOGIN_FAILURES_PER_ADDRESS", default = 50, validate = at_least_one)]
    pub(crate) login_failures_per_address: u32,

    /// Maximum of passwords of one address that wait to be checked; addresses take turns.
    #[config(env = "TALK_LOGIN_QUEUE", default = 64, validate = at_least_one)]
    pub(crate) login_queue: usize,

    /// Seconds that requests in flight may take to finish after SIGTERM.
    #[config(env = "TALK_SHUTDOWN_SECONDS", default = 10)]
    pub(crate) shutdown_seconds: u64,

    /// Characters of a message text.
    #[config(env = "TALK_MAX_TEXT", default = 16_000, validate = at_least_one)]
    pub(crate) max_text: usize,

    /// Characters of a name.
    #[config(env = "TALK_MAX_NAME", default = 255, validate = at_least_one)]
    pub(crate) max_name: usize,

    /// Characters of a detail.
    #[config(env = "TALK_MAX_DETAIL", default = 4_096, validate = at_least_one)]
    pub(crate) max_detail: usize,

    /// Medias of one message.
    #[config(env = "TALK_MAX_MEDIAS", default = 20)]
    pub(crate) max_medias: usize,

    /// Participants in one request.
    #[config(env = "TALK_MAX_PARTICIPANTS", default = 500, validate = at_least_one)]
    pub(crate) max_participants: usize,

    /// Reactions on one message.
    #[config(env = "TALK_MAX_REACTIONS", default = 300)]
    pub(crate) max_reactions: usize,

    /// Reactions of one agent on one message.
    #[config(env = "TALK_MAX_REACTIONS_PER_AGENT", default = 20)]
    pub(crate) max_reactions_per_agent: usize,

    /// Bytes of one emoji.
    #[config(env = "TALK_MAX_EMOJI_BYTES", default = 64, validate = at_least_one)]
    pub(crate) max_emoji_bytes: usize,

    /// Bytes of the body of a request that posts or changes a message.
    #[config(
        env = "TALK_MAX_MESSAGE_BODY_BYTES",
        default = 65_536,
        validate = at_least_one
    )]
    pub(crate) max_message_body_bytes: usize,

    /// Bytes of the body of a login or logout.
    #[config(
        env = "TALK_MAX_LOGIN_BODY_BYTES",
        default = 8_192,
        validate = at_least_one
    )]
    pub(crate) max_login_body_bytes: usize,

    /// Bytes of any other request body.
    #[config(env = "TALK_MAX_BODY_BYTES", default = 262_144, validate = at_least_one)]
    pub(crate) max_body_bytes: usize,

    /// The place of files: `file:<directory>`, or `s3://<bucket>/<prefix>` for Amazon S3 and every
    /// compatible service. Without it: `file:<data_dir>/files`.
    #[config(env = "TALK_FILES_URL", deserialize_with = parsed)]
    pub(crate) files_url: Option<FilesUrl>,

    /// Address of the S3-compatible service, for example `https://minio.example.com`; Amazon's
    /// without it.
    #[config(env = "TALK_FILES_S3_ENDPOINT")]
    pub(crate) files_s3_endpoint: Option<String>,

    /// Region of the bucket. Without it, and without the two settings below, the variables and
    /// credentials of this machine are used, as other programs do (`AWS_REGION`,
    /// `AWS_ACCESS_KEY_ID` and so on).
    #[config(env = "TALK_FILES_S3_REGION")]
    pub(crate) files_s3_region: Option<String>,

    /// Id of the access key of the S3-compatible service.
    #[config(env = "TALK_FILES_S3_ACCESS_KEY")]
    pub(crate) files_s3_access_key: Option<String>,

    /// Secret of that access key.
    #[config(env = "TALK_FILES_S3_SECRET_KEY")]
    pub(crate) files_s3_secret_key: Option<SecretString>,

    /// Bytes of one file.
    #[config(env = "TALK_FILE_MAX_BYTES", default = 31_457_280, validate = at_least_one)]
    pub(crate) file_max_bytes: usize,

    /// Bytes of all uploads that are not complete yet. One customer may use half of them, one agent
    /// a quarter; beyond it an upload is answered 503 `BUSY`. Visitors of web chats have a quarter as many
    /// of their own.
    #[config(env = "TALK_FILES_TEMP_BYTES", default = 1_073_741_824, validate = at_least_one)]
    pub(crate) files_temp_bytes: usize,

    /// Bytes of all files of one customer; 0 for no limit.
    #[config(env = "TALK_FILES_QUOTA_BYTES", default = 0)]
    pub(crate) files_quota_bytes: u64,

    /// Bytes of all files that one visitor of a web chat sends; 0 for none. Of `files_quota_bytes`, visitors
    /// and people outside use at most three quarters.
    #[config(env = "TALK_VISITOR_FILES_BYTES", default = 104_857_600)]
    pub(crate) visitor_files_bytes: u64,

    /// Seconds after which an upload that sends nothing is refused.
    #[config(env = "TALK_FILE_STALL_SECONDS", default = 20, validate = at_least_one)]
    pub(crate) file_stall_seconds: u32,

    /// Seconds that a link to a file is valid without a login.
    #[config(env = "TALK_FILE_LINK_SECONDS", default = 3_600, validate = at_least_one)]
    pub(crate) file_link_seconds: u32,

    /// Seconds after which bytes without a row are removed: those of uploads that ended with the
    /// process.
    #[config(env = "TALK_FILES_SWEEP_AFTER", default = 86_400, validate = at_least_one)]
    pub(crate) files_sweep_after: u32,

    /// Key that secrets of webhooks, intercepts and accounts are sealed with in the database, at least 32 bytes. `serve` needs
    /// it once a secret is stored; `dev` makes one and keeps it in `data_dir`. It is not part of a
    /// backup.
    #[config(env = "TALK_SECRETS_KEY")]
    pub(crate) secrets_key: Option<SecretString>,

    /// The key that was used before. What it has sealed is still read.
    #[config(env = "TALK_SECRETS_KEY_PREVIOUS")]
    pub(crate) secrets_key_previous: Option<SecretString>,

    /// Accounts of one customer for conversations with people outside.
    #[config(env = "TALK_MAX_ACCOUNTS", default = 50)]
    pub(crate) max_accounts: usize,

    /// Agents that take part in a conversation besides its owner.
    #[config(env = "TALK_MAX_CONVERSATION_PARTICIPANTS", default = 32)]
    pub(crate) max_conversation_participants: u32,

    /// Seconds that a request to a provider of messages may take.
    #[config(env = "TALK_PROVIDER_TIMEOUT_SECONDS", default = 15, validate = at_least_one)]
    pub(crate) provider_timeout_seconds: u32,

    /// Messages of one account that are sent at a time, each in another conversation.
    #[config(env = "TALK_PROVIDER_PARALLEL", default = 8, validate = at_least_one)]
    pub(crate) provider_parallel: usize,

    /// Messages of all accounts that are sent at a time. One customer has an eighth of them.
    #[config(env = "TALK_PROVIDER_CONNECTIONS", default = 256, validate = at_least_one)]
    pub(crate) provider_connections: usize,

    /// Whether `base_url` of an account may be an `http` address.
    #[config(env = "TALK_PROVIDER_ALLOW_HTTP", default = false)]
    pub(crate) provider_allow_http: bool,

    /// Networks of providers that may be reached although they are not public, separated by commas:
    /// `10.1.0.0/16,fd00::5`.
    #[config(env = "TALK_PROVIDER_ALLOW_NETWORKS", default = "", deserialize_with = parsed)]
    pub(crate) provider_allow_networks: Words,

    /// Ports of providers that may be reached besides 443, 80 and 8443, separated by commas: for message
    /// centres mostly 2775 or 3550.
    #[config(env = "TALK_PROVIDER_ALLOW_PORTS", default = "", deserialize_with = parsed)]
    pub(crate) provider_allow_ports: Ports,

    /// Bytes of a request of a provider.
    #[config(env = "TALK_MAX_HOOK_BODY_BYTES", default = 4_194_304, validate = at_least_one)]
    pub(crate) max_hook_body_bytes: usize,

    /// Webhooks of one customer, besides its own `webhook_uri`.
    #[config(env = "TALK_MAX_WEBHOOKS", default = 20)]
    pub(crate) max_webhooks: usize,

    /// Seconds from each failed request of a webhook to the next one, separated by commas. Each step
    /// is up to 20 % longer. After the last one the delivery is dead.
    #[config(
        env = "TALK_WEBHOOK_SCHEDULE",
        default = "5,300,1800,7200,18000,36000,50400,72000,86400",
        deserialize_with = parsed
    )]
    pub(crate) webhook_schedule: WebhookSchedule,

    /// Seconds of nothing but failures after which a webhook is disabled.
    #[config(env = "TALK_WEBHOOK_DISABLE_SECONDS", default = 432_000, validate = at_least_one)]
    pub(crate) webhook_disable_seconds: u32,

    /// Milliseconds that a request of a webhook may take.
    #[config(env = "TALK_WEBHOOK_TIMEOUT_MS", default = 15_000, validate = at_least_one)]
    pub(crate) webhook_timeout_ms: u64,

    /// Milliseconds that its connection may take.
    #[config(env = "TALK_WEBHOOK_CONNECT_TIMEOUT_MS", default = 5_000, validate = at_least_one)]
    pub(crate) webhook_connect_timeout_ms: u64,

    /// Requests to one webhook at a time; one while it fails.
    #[config(env = "TALK_WEBHOOK_PARALLEL", default = 8, validate = at_least_one)]
    pub(crate) webhook_parallel: usize,

    /// Requests to all webhooks at a time. One customer has an eighth of them.
    #[config(env = "TALK_WEBHOOK_CONNECTIONS", default = 256, validate = at_least_one)]
    pub(crate) webhook_connections: usize,

    /// Days that what providers of messages sent is kept: a request that comes again later is taken
    /// for a new one.
    #[config(env = "TALK_RECEIPTS_DAYS", default = 30, validate = at_least_one)]
    pub(crate) receipts_days: u32,

    /// Days that ended deliveries of webhooks are listed and can be replayed, as far as the log of
    /// events reaches.
    #[config(env = "TALK_WEBHOOK_DELIVERIES_DAYS", default = 30, validate = at_least_one)]
    pub(crate) webhook_deliveries_days: u32,

    /// Calls of all intercepts at a time. One customer has an eighth of them; a further call waits
    /// within the time of its intercept.
    #[config(env = "TALK_INTERCEPT_CONNECTIONS", default = 256, validate = at_least_one)]
    pub(crate) intercept_connections: usize,

    /// Days that decisions of intercepts are listed.
    #[config(env = "TALK_INTERCEPT_DECISIONS_DAYS", default = 30, validate = at_least_one)]
    pub(crate) intercept_decisions_days: u32,

    /// Messages of one customer that intercepts may hold at a time. Further ones are refused.
    #[config(env = "TALK_MAX_HELD_MESSAGES", default = 1_000)]
    pub(crate) max_held_messages: usize,

    /// Messages of one agent that intercepts may hold at a time.
    #[config(env = "TALK_MAX_HELD_MESSAGES_PER_AGENT", default = 100)]
    pub(crate) max_held_messages_per_agent: usize,

    /// Days after which a held message is dropped.
    #[config(env = "TALK_HELD_MESSAGES_DAYS", default = 30, validate = at_least_one)]
    pub(crate) held_messages_days: u32,

    /// Whether webhooks and intercepts may have `http` addresses.
    #[config(env = "TALK_WEBHOOK_ALLOW_HTTP", default = false)]
    pub(crate) webhook_allow_http: bool,

    /// Networks that webhooks and intercepts may reach although they are not public, separated by commas:
    /// `10.1.0.0/16,fd00::5`.
    #[config(env = "TALK_WEBHOOK_ALLOW_NETWORKS", default = "", deserialize_with = parsed)]
    pub(crate) webhook_allow_networks: Words,

    /// Ports that webhooks and intercepts may reach besides 443, 80 and 8443, separated by commas.
    #[config(env = "TALK_WEBHOOK_ALLOW_PORTS", default = "", deserialize_with = parsed)]
    pub(crate) webhook_allow_ports: Ports,

    /// File with certificate authorities in PEM that webhooks and intercepts trust besides those of the system.
    #[config(env = "TALK_WEBHOOK_CA_FILE")]
    pub(crate) webhook_ca_file: Option<PathBuf>,

    /// Algorithm of an external issuer whose tokens are accepted as well: `HS256`, `RS256`, `ES256`
    /// or `EdDSA`. It comes with one of the three keys below.
    #[config(env = "TALK_ISSUER_ALGORITHM", deserialize_with = parsed)]
    pub(crate) issuer_algorithm: Option<PinnedAlgorithm>,

    /// Secret shared with that issuer, for HS256; not our own.
    #[config(env = "TALK_ISSUER_SECRET")]
    pub(crate) issuer_secret: Option<SecretString>,

    /// File with that issuer's public key in PEM.
    #[config(env = "TALK_ISSUER_KEY_FILE")]
    pub(crate) issuer_key_file: Option<PathBuf>,

    /// File with that issuer's JSON Web Key Set.
    #[config(env = "TALK_ISSUER_JWKS_FILE")]
    pub(crate) issuer_jwks_file: Option<PathBuf>,

    /// Required value of the claim `iss` of such a token; not checked if not set.
    #[config(env = "TALK_ISSUER_ISSUER")]
    pub(crate) issuer_issuer: Option<String>,

    /// Required entry of the claim `aud` of such a token; not checked if not set.
    #[config(env = "TALK_ISSUER_AUDIENCE")]
    pub(crate) issuer_audience: Option<String>,

    /// Claim with the agent's id, for example VoIPBIN's `agent.id`.
    #[config(env = "TALK_ISSUER_AGENT_CLAIM", default = "sub")]
    pub(crate) issuer_agent_claim: String,

    /// Claim with the customer's id, for example VoIPBIN's `agent.customer_id`.
    #[config(env = "TALK_ISSUER_CUSTOMER_CLAIM", default = "customer_id")]
    pub(crate) issuer_customer_claim: String,

    /// Claim with the expiry, in seconds since 1970 or as a date and time, for example VoIPBIN's
    /// `expire`. `exp` is always checked too.
    #[config(env = "TALK_ISSUER_EXPIRE_CLAIM", default = "exp")]
    pub(crate) issuer_expire_claim: String,
}

/// Secret settings: never shown, and readable from a file.
pub(crate) const SECRETS: [&str; 9] = [
    "database_url",
    "broker_url",
    "jwt_secret",
    "jwt_secret_previous",
    "bootstrap_password",
    "issuer_secret",
    "files_s3_secret_key",
    "secrets_key",
    "secrets_key_previous",
];

impl Settings {
    /// Limits of request bodies.
    pub(crate) const fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            login: self.max_login_body_bytes,
            message: self.max_message_body_bytes,
            hook: self.max_hook_body_bytes,
            other: self.max_body_bytes,
        }
    }

    /// Limits of webhooks of a customer.
    pub(crate) const fn hook_limits(&self) -> HookLimits {
        HookLimits {
            webhooks: self.max_webhooks,
            allows_http: self.webhook_allow_http,
        }
    }

    /// Limits of conversations with people outside.
    pub(crate) const fn conversation_limits(&self) -> ConversationLimits {
        ConversationLimits {
            accounts: self.max_accounts,
            participants: self.max_conversation_participants,
        }
    }

    /// Limits of held messages.
    pub(crate) const fn held_limits(&self) -> HeldLimits {
        HeldLimits {
            per_agent: self.max_held_messages_per_agent,
            per_customer: self.max_held_messages,
        }
    }

    /// How deliveries of webhooks are sent.
    pub(crate) fn dispatch(&self) -> DispatchSettings {
        DispatchSettings {
            parallel: self.webhook_parallel,
            connections: self.webhook_connections,
            retries: Retries {
                schedule: self.webhook_schedule.0.clone(),
                disable_seconds: self.webhook_disable_seconds,
            },
        }
    }

    /// How long messages, deleted chats and events are kept.
    pub(crate) const fn retention(&self) -> Retention {
        Retention {
            message_days: self.message_retention_days,
            deleted_chat_days: self.deleted_chats_days,
            log_days: self.log_retention_days,
            log_events: self.log_retention_events,
        }
    }

    /// Limits of bytes in answers that clients have not read yet.
    pub(crate) const fn unsent_limits(&self) -> UnsentLimits {
        UnsentLimits {
            total: self.max_unsent_bytes,
            per_customer: self.max_unsent_bytes_per_customer,
            per_agent: self.max_unsent_bytes_per_agent,
        }
    }

    /// Limits of files.
    pub(crate) fn file_limits(&self) -> FileLimits {
        FileLimits {
            bytes: self.file_max_bytes,
            temporary: self.files_temp_bytes,
            quota: (self.files_quota_bytes > 0).then_some(self.files_quota_bytes),
            visitor: self.visitor_files_bytes,
            stall: Duration::from_secs(self.file_stall_seconds.into()),
            link_seconds: self.file_link_seconds,
        }
    }

    /// Limits of open sockets.
    pub(crate) const fn socket_limits(&self) -> SocketLimits {
        SocketLimits {
            sockets: self.max_sockets,
            per_customer: self.max_sockets_per_customer,
            per_agent: self.max_sockets_per_agent,
        }
    }

    /// Limits of failed and waiting logins.
    pub(crate) const fn login_limits(&self) -> LoginLimits {
        LoginLimits {
            failures: self.login_failures,
            failures_per_address: self.login_failures_per_address,
            waiting: self.login_queue,
        }
    }

    /// Token buckets of agents, customers and addresses.
    pub(crate) fn rates(&self) -> Rates {
        let rate = |per_second, burst| Rate { per_second, burst };
        Rates {
            agent: rate(self.agent_rate, self.agent_burst),
            customer: rate(self.customer_rate, self.customer_burst),
            address: rate(self.address_rate, self.address_burst),
        }
    }

    /// The commented file with every setting and its default.
    pub(crate) fn template() -> String {
        confique::toml::template::<Self>(confique::toml::FormatOptions::default())
    }

    /// The database in use.
    pub(crate) fn database_url(&self) -> SecretString {
        self.database_url.clone().unwrap_or_else(|| {
            let path = self.data_dir.join("talk.db");
            format!("sqlite:{}", path.display()).into()
        })
    }

    /// Limits of the domain.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            text: self.max_text,
            name: self.max_name,
            detail: self.max_detail,
            medias: self.max_medias,
            participants: self.max_participants,
            reactions: self.max_reactions,
            reactions_per_agent: self.max_reactions_per_agent,
            emoji: self.max_emoji_bytes,
        }
    }

    /// Checks that a bucket that refills can hold at least one token; otherwise it would admit
    /// nothing.
    fn check_rates(&self) -> Result<(), SettingsError> {
        let Rates {
            agent,
            customer,
            address,
        } = self.rates();
        let named = [
            ("agent_burst", agent),
            ("customer_burst", customer),
            ("address_burst", address),
        ];
        let bad = named
            .into_iter()
            .find(|(_, rate)| rate.per_second > 0 && rate.burst < 1);
        bad.map_or(Ok(()), |(name, _)| {
            let reason = "must be at least 1 while the rate is not 0";
            Err(SettingsError::new(name, reason))
        })
    }

    /// Checks that depend on several settings.
    fn check(&self) -> Result<(), SettingsError> {
        if self.broker_url.is_some() {
            return Err(SettingsError::new(
                "broker_url",
                "no broker is supported yet",
            ));
        }
        if self.bootstrap_username.is_some() != self.bootstrap_password.is_some() {
            let reason = "goes together with bootstrap_password";
            return Err(SettingsError::new("bootstrap_username", reason));
        }
        self.check_rates()?;
        if self.files_temp_bytes / 4 < self.file_max_bytes {
            let reason = "must be at least four times file_max_bytes: an agent may use a quarter";
            return Err(SettingsError::new("files_temp_bytes", reason));
        }
        let keys = [
            self.issuer_secret.is_some(),
            self.issuer_key_file.is_some(),
            self.issuer_jwks_file.is_some(),
        ];
        let keys = keys.into_iter().filter(|given| *given).count();
        if keys != usize::from(self.issuer_algorithm.is_some()) {
            let reason = "needs exactly one of issuer_secret, issuer_key_file, issuer_jwks_file \
                          and each of them needs it";
            return Err(SettingsError::new("issuer_algorithm", reason));
        }
        for (name, secret) in [
            ("jwt_secret", &self.jwt_secret),
            ("jwt_secret_previous", &self.jwt_secret_previous),
        ] {
            let bytes = secret.as_ref().map(|secret| secret.expose_secret().len());
            let least = talk_identity::MIN_SECRET_BYTES;
            if let Some(bytes) = bytes.filter(|bytes| *bytes < least) {
                let reason = format!("has {bytes} bytes and needs at least {least}");
                return Err(SettingsError::new(name, reason));
            }
        }
        Ok(())
    }
}
