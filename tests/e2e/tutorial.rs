//! The tutorial of VoIPBIN's documentation, run as printed: `tests/examples/tutorial/` holds each
//! command with the answer it promises. Only the host, the token and the ids are put in.

mod curl;
mod promise;

use std::path::Path;

use serde_json::Value;

use crate::support::{Answer, Client, Server};
use curl::Curl;
use promise::Promise;

/// The caller in the documentation, who writes the first message and reacts.
const CALLER: &str = "eb1ac5c0-ff63-47e2-bcdb-5da9c336eb4b";
/// The agent who is added, and who replies.
const ADDED: &str = "47fe0b7c-7333-46cf-8b23-61e14e62490a";

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_tutorial_answers_as_documented() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let mut promise = Promise::default();
    promise.bind(CALLER, &alice.id);
    promise.bind(ADDED, &bob.id);
    let examples = examples();
    assert_eq!(examples.len(), 8, "the tutorial has eight commands");
    for (name, text) in examples {
        let (command, documented) = text.split_once("\n\n").expect("a command and its answer");
        let documented: Value = serde_json::from_str(documented).expect("the documented answer");
        let caller = if name.contains("reply") { &bob } else { &alice };
        let answer = run(&promise.substitute(command), &server, caller)
            .await
            .ok();
        promise.check(&name, &documented, &answer);
    }
}

async fn run(command: &str, server: &Server, caller: &Client) -> Answer {
    let command = command
        .replace("https://api.voipbin.net", &server.url)
        .replace("<YOUR_AUTH_TOKEN>", caller.token());
    let Curl {
        method,
        url,
        headers,
        data,
    } = Curl::parse(&command);
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Answer::to(request.body(data)).await
}

/// The files in their order: name and text.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/examples/tutorial");
    let mut examples: Vec<_> = std::fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| {
            let path = entry.expect("an example").path();
            let name = path
                .file_name()
                .expect("its name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(path).expect("its text"))
        })
        .collect();
    examples.sort();
    examples
}
