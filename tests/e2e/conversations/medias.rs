//! Medias of messages, from and to a provider.

use reqwest::Method;
use serde_json::{Value, json};
use talk_testkit::harness::{Answer, Client, Server};

use super::sms::{answer, conversations, delivered, hook, server_for, server_with, twilio};
use super::{CONVERSATIONS, of, text, visitor, web_chat, write};
use crate::files::form::Form;
use crate::files::{FILES, stored, until};
use crate::webhooks::receiver::{Received, Receiver, status};

/// The beginning of an image, which is plain ASCII.
const IMAGE: &str = "GIF89a 1 pixel";

const DISPOSITION: &str = "content-disposition: inline; filename=\"../cat.gif\"\r\n";

fn image() -> String {
    let length = IMAGE.len();
    format!("HTTP/1.1 200 OK\r\n{DISPOSITION}content-length: {length}\r\n\r\n{IMAGE}")
}

/// An MMS of two medias, the second of which is at another host.
pub(super) async fn mms(server: &Server, account: &Value, (provider, id): (&Receiver, &str)) {
    let own = format!("http://127.0.0.1:{}/media/1", provider.port);
    let other = format!("http://localhost:{}/media/2", provider.port);
    let fields = [
        ("MessageSid", id),
        ("From", "+15550199"),
        ("To", "+15550100"),
        ("Body", ""),
        ("NumMedia", "2"),
        ("MediaUrl0", &own),
        ("MediaContentType0", "image/gif"),
        ("MediaUrl1", &other),
        ("MediaContentType1", "image/gif"),
    ];
    let answered = hook(server, text(account, "hook_url"), &fields).await;
    assert_eq!(answered.status, 200);
}

/// The newest message of the only conversation.
pub(super) async fn message(admin: &Client) -> Value {
    let conversation = conversations(admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    admin.get(&messages).await.rows().remove(0)
}

/// Waits until no media of the message is pending.
async fn settled(admin: &Client) -> Value {
    until(async || {
        let message = message(admin).await;
        let medias = message["medias"].as_array().expect("medias").clone();
        medias.iter().all(|media| media["status"] != "pending")
    })
    .await;
    message(admin).await
}

/// Redirects a request with the secret of the account to another host, which needs none.
fn own_then_other(request: &Received) -> String {
    let host = request.header("host");
    let is_own = !request.header("authorization").is_empty();
    assert!(
        !is_own || host.starts_with("127."),
        "the secret went elsewhere"
    );
    if !is_own {
        return image();
    }
    let (_, port) = host.split_once(':').expect("a port");
    let to = format!("http://localhost:{port}/cdn");
    format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
}

/// CONV-70: the message is visible at once, and has its files when they have arrived. The secret of the
/// account goes to no other host.
#[tokio::test(flavor = "multi_thread")]
async fn medias_of_a_person_outside_become_files() {
    let provider = Receiver::start();
    provider.answers(|_| status(503));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    mms(&server, &account, (&provider, "MM1")).await;
    let pending = message(&admin).await;
    let is_pending = |media: &Value| media["status"] == "pending" && media["mime"] == "image/gif";
    assert!(
        pending["medias"]
            .as_array()
            .expect("medias")
            .iter()
            .all(is_pending)
    );
    provider.answers(own_then_other);
    let ready = settled(&admin).await;
    let [agent] = server.agents(["alice"]).await;
    for media in ready["medias"].as_array().expect("medias") {
        assert_eq!(
            (
                &media["status"],
                &media["filename"],
                &media["mime"],
                &media["size"]
            ),
            (
                &json!("ready"),
                &json!("cat.gif"),
                &json!("image/gif"),
                &json!(IMAGE.len())
            )
        );
        assert_eq!(download(&admin, media).await.body, IMAGE);
        download(&agent, media)
            .await
            .refused(403, "PERMISSION_DENIED");
        let conversation = text(&ready, "conversation_id");
        agent
            .post(&format!("{CONVERSATIONS}/{conversation}/claim"), json!({}))
            .await
            .ok();
        assert_eq!(download(&agent, media).await.body, IMAGE);
        admin
            .post(
                &format!("{CONVERSATIONS}/{conversation}/unassign"),
                json!({}),
            )
            .await
            .ok();
    }
    let conversation = format!("{CONVERSATIONS}/{}", text(&ready, "conversation_id"));
    admin.delete(&conversation).await.ok();
    until(async || stored(&server).is_empty()).await;
}

async fn download(client: &Client, media: &Value) -> Answer {
    let path = format!("{FILES}/{}/file", text(media, "file_id"));
    client.get(&path).await
}

/// CONV-70: a media that is refused or too large fails, and leaves no bytes.
#[tokio::test(flavor = "multi_thread")]
async fn medias_that_cannot_be_had_fail() {
    let provider = Receiver::start();
    provider.answers(|request: &Received| {
        if request.header("host").starts_with("localhost") {
            return status(403);
        }
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1_u64 << 40)
    });
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    mms(&server, &account, (&provider, "MM1")).await;
    let failed = settled(&admin).await;
    for media in failed["medias"].as_array().expect("medias") {
        assert_eq!(media["status"], "failed");
        download(&admin, media).await.refused(404, "FILE_NOT_FOUND");
    }
    assert!(stored(&server).is_empty());
}

/// CONV-70: a provider that does not answer holds up four fetches of its customer, and no other customer.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_answers_holds_up_no_other_customer() {
    let (dead, provider) = (Receiver::start(), Receiver::start());
    dead.hold(true);
    provider.answers(|_| image());
    let ports = format!("{},{}", dead.port, provider.port);
    let server = server_with(&[("TALK_PROVIDER_ALLOW_PORTS", &ports)]).await;
    let (admin, (other, [])) = (server.admin().await, server.customer("other", []).await);
    let stuck = twilio(&admin, &dead).await;
    let account = twilio(&other, &provider).await;
    for n in 0..10 {
        mms(&server, &stuck, (&dead, &format!("MM{n}"))).await;
    }
    for n in 0..5 {
        mms(&server, &account, (&provider, &format!("MM{n}"))).await;
        let path = format!("MM{n}");
        until(async || message(&other).await["reference_id"] == *path).await;
        settled(&other).await;
    }
    assert_eq!(dead.received(4).await.len(), 4);
}

pub(super) async fn upload(client: &Client) -> Value {
    let form = Form::new().file("cat.gif", "image/gif", IMAGE.as_bytes());
    Answer::to(form.on(client.request(Method::POST, FILES)))
        .await
        .ok()
}

/// CONV-71: the provider gets signed links to the files of a message.
#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_the_provider_as_links() {
    let provider = Receiver::start();
    provider.answers(|_| answer(201, &json!({"sid": "MM1"})));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let file = upload(&admin).await;
    let medias = json!([{"type": "file", "file_id": file["id"]}]);
    let peer = json!({"type": "tel", "target": "+15550199"});
    let body = json!({"account_id": account["id"], "peer": peer, "medias": medias});
    let opened = admin.post(CONVERSATIONS, body).await.ok();
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&opened, "id"));
    let sent = admin.get(&messages).await.rows().remove(0);
    assert_eq!(sent["medias"][0]["filename"], "cat.gif");
    delivered(&admin, &sent, "accepted").await;
    let request = provider.received(1).await.remove(0);
    let mut fields = url::form_urlencoded::parse(request.body.as_bytes());
    let (_, link) = fields.find(|(name, _)| name == "MediaUrl").expect("a link");
    let path = link.strip_prefix("https://talk.test").expect("our address");
    let read = server.anonymous().get(path).await;
    assert_eq!((read.status, &*read.body), (200, IMAGE));
    for (medias, field) in [
        (
            json!([{"type": "file", "file_id": uuid::Uuid::nil()}]),
            "medias[0].file_id",
        ),
        (json!([{"type": "link"}]), "medias[0].type"),
        (
            json!(vec![json!({"type": "file", "file_id": file["id"]}); 21]),
            "medias",
        ),
    ] {
        let refused = admin.post(&messages, json!({"medias": medias})).await;
        let details = &refused.json()["error"]["details"];
        assert_eq!((refused.status, &details[0]["field"]), (400, &json!(field)));
    }
}

/// CONV-71: also from a server that does not know its own address.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_gets_links_to_files() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let file = upload(&admin).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Hello")).await.ok();
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let medias = json!([{"type": "file", "file_id": file["id"]}]);
    admin.post(&messages, json!({"medias": medias})).await.ok();
    let seen = jo.get(&of(&account, "messages")).await.ok();
    let media = &seen["result"][1]["medias"][0];
    assert_eq!(server.anonymous().get(text(media, "url")).await.body, IMAGE);
}
