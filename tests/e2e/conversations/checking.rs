//! `doctor` and the secrets and receipts of accounts.

use diesel::RunQueryDsl as _;
use serde_json::Value;
use talk_testkit::harness::Server;
use talk_testkit::harness::server::command;

use super::sms::{KEY, server_for, twilio};
use super::text;
use crate::retention::open;
use crate::webhooks::receiver::Receiver;

/// The report of `doctor` with these settings.
fn doctor(server: &Server, settings: &[(&str, &str)]) -> Value {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let settings: Vec<_> = settings.iter().map(owned).collect();
    let mut command = command(server.data(), &settings);
    let output = command.args(["doctor", "--json"]).output();
    let report = output.expect("it runs").stdout;
    serde_json::from_slice(&report).expect("JSON")
}

/// CONV-61: a secret that another key has sealed is a problem. Without a key it cannot be checked, and a
/// request of a provider that has waited for long is worth a note.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_opens_every_secret_and_sees_receipts_that_wait() {
    let provider = Receiver::start();
    let mut server = server_for(&provider).await;
    let account = twilio(&server.admin().await, &provider).await;
    let report = doctor(&server, &[("TALK_SECRETS_KEY", KEY)]);
    assert_eq!(report["problems"], Value::Array(vec![]));
    let other = [(
        "TALK_SECRETS_KEY",
        "another-key-of-the-tests-0123456789abcdef",
    )];
    let report = doctor(&server, &other);
    let problem = "1 × secrets of accounts that `secrets_key` does not open";
    assert_eq!(report["problems"], serde_json::json!([problem]));
    let report = doctor(&server, &[]);
    assert_eq!(report["problems"], Value::Array(vec![]));
    let note = "1 secrets were not opened, since `secrets_key` is not set";
    assert_eq!(report["notes"], serde_json::json!([note]));
    server.terminate();
    assert!(server.ended().await.success());
    let mut conn = open(&server.data().join("talk.db"));
    let waits = format!(
        "INSERT INTO talk_receipts (id, customer_id, account_id, event, body, state, error, \
         waiting_since, created_at) SELECT id, customer_id, id, 'one', x'61', 'stored', '', 1, 1 FROM \
         talk_accounts WHERE lower(hex(id)) = '{}'",
        text(&account, "id").replace('-', "")
    );
    diesel::sql_query(waits).execute(&mut conn).expect("stored");
    let report = doctor(&server, &[("TALK_SECRETS_KEY", KEY)]);
    let note = "1 requests of providers have waited for more than an hour";
    assert_eq!(report["notes"], serde_json::json!([note]));
}
