//! Files in a bucket of an S3-compatible service, which verifies signatures.

use std::time::{Duration, SystemTime};

use talk_testkit::harness::server::command;
use talk_testkit::harness::{Program, Server, refused};
use talk_testkit::s3::S3Server;

use super::{FILES, PNG, attach, fetch, file, header, one, stored, until};

/// A server whose files are in this service, with more settings.
async fn on(service: &S3Server, more: &[(&'static str, &str)]) -> Server {
    let settings = service.settings();
    let settings = settings.iter().map(|(name, value)| (*name, &**value));
    let settings: Vec<_> = settings.chain(more.iter().copied()).collect();
    Server::start_with(&settings).await
}

/// FILE-12.
#[tokio::test(flavor = "multi_thread")]
async fn files_in_a_bucket_are_downloaded_in_part_deleted_and_swept() {
    let service = S3Server::start().await;
    let server = on(&service, &[("TALK_FILES_SWEEP_AFTER", "2")]).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let bytes: Vec<u8> = (0..1_800_000_u32).flat_map(u32::to_le_bytes).collect();
    let sent = file(&alice, "numbers", &bytes).await;
    attach(&alice, &chat, &sent).await.ok();
    let path = one(&sent, "/file");
    let part = fetch(&bob, &path, &[("range", "bytes=5242870-5242900")]).await;
    assert_eq!(
        (part.status().as_u16(), header(&part, "content-range")),
        (206, "bytes 5242870-5242900/7200000")
    );
    assert_eq!(
        part.bytes().await.expect("bytes"),
        bytes[5_242_870..=5_242_900]
    );
    let whole = fetch(&bob, &path, &[]).await;
    assert!(whole.bytes().await.expect("bytes") == bytes);
    assert!(
        stored(&server).is_empty(),
        "nothing is in the data directory"
    );
    assert_eq!(service.objects().len(), 1);

    let stray = service.objects()[0].with_file_name("019aaaaa-0000-7000-8000-000000000001");
    std::fs::write(&stray, "of no row").expect("written");
    let long_ago = SystemTime::now() - Duration::from_secs(60);
    let stray_file = std::fs::File::options().append(true).open(&stray);
    stray_file
        .and_then(|file| file.set_modified(long_ago))
        .expect("an old object");
    until(async || !stray.exists()).await;
    assert_eq!(service.objects().len(), 1);

    alice.delete(&one(&sent, "")).await.ok();
    bob.get(&path).await.refused(404, "FILE_NOT_FOUND");
    until(async || service.objects().is_empty()).await;
}

/// FILE-12: nothing is taken for lost, and nothing is half done.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_service_is_down_files_are_unavailable_and_chats_are_not() {
    let mut service = S3Server::start().await;
    let server = on(&service, &[]).await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let [kept, deleted] = [
        file(&alice, "a.png", PNG).await,
        file(&alice, "b.png", PNG).await,
    ];
    service.stop().await;
    let form = super::Form::new().file("c.png", "image/png", PNG);
    let unavailable = super::upload(&alice, &form).await;
    unavailable.refused(503, "STORAGE_UNAVAILABLE");
    let path = one(&kept, "/file");
    alice.get(&path).await.refused(503, "STORAGE_UNAVAILABLE");
    alice.delete(&one(&deleted, "")).await.ok();
    attach(&alice, &chat, &kept).await.ok();
    assert_eq!(alice.get(FILES).await.rows(), [kept]);
    assert_eq!(service.objects().len(), 2);
    service.start_again().await;
    assert_eq!(
        fetch(&alice, &path, &[])
            .await
            .bytes()
            .await
            .expect("bytes"),
        PNG
    );
    until(async || service.objects().len() == 1).await;
    super::upload(&alice, &form).await.ok();
}

/// FILE-12: settings that the service refuses end the start, and so does a service that is down.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_refuses_or_does_not_answer_ends_the_start() {
    let mut service = S3Server::start().await;
    let given = service.settings();
    let start = |changed: &str, value: &str| {
        let program = Program::default();
        let mut settings = given.clone().map(|(name, value)| (name.to_owned(), value));
        for (name, old) in &mut settings {
            if name == changed {
                value.clone_into(old);
            }
        }
        let mut command = command(program.path(), &settings);
        command.arg("serve").env("TALK_BIND", "127.0.0.1:0");
        refused(
            &command
                .env("TALK_ADMIN_BIND", "")
                .output()
                .expect("it runs"),
        )
    };
    for (changed, value, expected) in [
        (
            "TALK_FILES_S3_SECRET_KEY",
            "another",
            "SignatureDoesNotMatch",
        ),
        ("TALK_FILES_S3_ACCESS_KEY", "AKIAUNKNOWN", "403 Forbidden"),
        ("TALK_FILES_URL", "s3://elsewhere/talk", "NoSuchBucket"),
    ] {
        let (line, code) = start(changed, value);
        let refuses = "files_url: the storage refuses the settings: ";
        assert!(line.contains(refuses) && line.contains(expected), "{line}");
        assert!(!line.contains("the-secret-of"), "{line}");
        assert_eq!(code, 2);
    }
    service.stop().await;
    let (line, code) = start("", "");
    assert!(
        line.contains("files_url: the storage cannot be reached: "),
        "{line}"
    );
    assert_eq!(code, 1);
}
