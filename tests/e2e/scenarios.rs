//! The scenarios of the documentation from end to end, in both generations of the API: what is
//! answered, what the others list, and what their sockets get.

mod team;

use rstest::rstest;
use serde_json::{Value, json};

use talk_testkit::harness::Dialect;
use talk_testkit::harness::dialect::{DELETED, JOINED, LEFT, REACTED, UNREACTED};
use team::{Team, counts, texts};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_project_group_has_threads_and_reactions(
    #[values(Dialect::Talks, Dialect::Chats)] dialect: Dialect,
) {
    let mut team = Team::gather(dialect, ["b", "c"]).await;
    let chat = team.create("Q1 Project").await;
    assert_eq!(
        (&chat["name"], &chat["type"], &chat["member_count"]),
        (&json!("Q1 Project"), &json!("group"), &json!(3))
    );
    for (name, is_in) in [("a", true), ("b", true), ("c", true), ("d", false)] {
        let rows = team.agent(name).get(dialect.chats()).await.rows();
        assert_eq!(rows.iter().any(|row| row["id"] == chat["id"]), is_in);
    }

    let update = team.say("a", "Sprint 1 completed!", None).await;
    for (by, emoji) in [("b", "🎉"), ("c", "👍"), ("b", "👍")] {
        let reacted = team.react(by, &update, emoji).await;
        team.heard(&REACTED, &reacted).await;
    }
    let next = team
        .say("b", "Great work! What's next?", Some(&update))
        .await;
    team.say("c", "Sprint 2", Some(&next)).await;
    team.say("a", "Planning is on Monday", Some(&update)).await;
    team.say("a", "Lunch?", None).await;
    for reader in ["a", "b", "c"] {
        let said = team.list(reader, "").await;
        assert_eq!(counts(&said[0]), json!({"🎉": 1, "👍": 2}));
        assert_eq!(said[0]["reply_count"], 2);
        let thread = [
            "Sprint 1 completed!",
            "Great work! What's next?",
            "Sprint 2",
        ];
        let thread = [&thread[..], &["Planning is on Monday"]].concat();
        assert_eq!(
            texts(&team.list(reader, &of("root_id", &update)).await),
            thread
        );
        let replies = team.list(reader, &of("parent_id", &update)).await;
        assert_eq!(texts(&replies), [thread[1], thread[3]]);
        assert_eq!(texts(&said), [&thread[..], &["Lunch?"]].concat());
    }

    // Who comes later reads everything; who leaves reads nothing more.
    let added = dialect.add(team.agent("a"), &chat, team.agent("d")).await;
    team.heard(&JOINED, &added).await;
    team.heard_note("agent-d joined the conversation.").await;
    assert_eq!(team.list("d", "").await, team.list("a", "").await);
    let left = dialect
        .remove(team.agent("c"), &chat, team.agent("c"))
        .await;
    team.heard(&LEFT, &left).await;
    team.leaves("c").await;
    team.heard_note("agent-c left the conversation.").await;
    let refused = team.agent("c").get(&dialect.messages(&chat, "")).await;
    refused.refused(403, "PERMISSION_DENIED");
    team.say("d", "Hello", None).await;
    team.nothing_else().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_poll_counts_every_vote_once(#[values(Dialect::Talks, Dialect::Chats)] dialect: Dialect) {
    let mut team = Team::gather(dialect, ["b", "c", "d", "e"]).await;
    team.create("Decisions").await;
    let question = "Should we deploy today? 👍 for yes, 👎 for no";
    let question = team.say("a", question, None).await;
    let mut votes = tokio::task::JoinSet::new();
    for (name, emoji) in [("b", "👍"), ("c", "👍"), ("d", "👍"), ("e", "👎")] {
        // Everybody at once, and everybody twice.
        for _ in 0..2 {
            let (voter, question) = (team.agent(name).on_its_own(), question.clone());
            votes.spawn(async move { dialect.react(&voter, &question, emoji).await.status });
        }
    }
    assert_eq!(votes.join_all().await, [200; 8]);
    let voted = team.list("a", "").await.remove(0);
    assert_eq!(counts(&voted), json!({"👍": 3, "👎": 1}), "deploy approved");
    team.heard_in_total(&REACTED, 4, &voted).await;

    // A change of mind is two more changes; taking back what is not there is none.
    let path = format!("{}?emoji=%F0%9F%91%8E", dialect.reactions(&question));
    let taken = team.agent("e").delete(&path).await.ok();
    assert_eq!(counts(&taken), json!({"👍": 3}));
    team.heard(&UNREACTED, &taken).await;
    assert_eq!(team.agent("e").delete(&path).await.ok(), taken);
    let voted = team.react("e", &question, "thumbsup").await;
    assert_eq!(counts(&voted), json!({"👍": 4}));
    team.heard(&REACTED, &voted).await;
    for reader in ["a", "b", "c", "d", "e"] {
        assert_eq!(team.list(reader, "").await, std::slice::from_ref(&voted));
    }
    team.nothing_else().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_nests_its_replies_and_keeps_them_in_place(
    #[values(Dialect::Talks, Dialect::Chats)] dialect: Dialect,
) {
    let mut team = Team::gather(dialect, ["b", "c"]).await;
    let chat = team.create("Customer Issue #12345").await;
    team.say("a", "Customer reporting payment failure", None)
        .await;
    let check = team.say("b", "Let me check the logs", None).await;
    let found = team
        .say("b", "Found it - gateway timeout", Some(&check))
        .await;
    let retry = team
        .say("c", "Retrying the transaction", Some(&found))
        .await;
    let done = team.say("c", "It went through", Some(&retry)).await;
    let confirmed = team.say("a", "Customer confirmed it works now", None).await;
    let reacted = team.react("b", &confirmed, "👍").await;
    team.heard(&REACTED, &reacted).await;
    for (reply, parent, depth) in [(&found, &check, 1), (&retry, &found, 2), (&done, &retry, 3)] {
        assert_eq!(
            (&reply["parent_id"], &reply["depth"]),
            (&parent["id"], &json!(depth))
        );
        assert_eq!(reply["root_id"], check["id"]);
    }

    // A reply in the middle is deleted: those below it stay where they are.
    let deleted = team.agent("b").delete(&dialect.message(&found)).await.ok();
    assert_eq!(
        (&deleted["text"], &deleted["id"]),
        (&json!(""), &found["id"])
    );
    team.heard(&DELETED, &deleted).await;
    for reader in ["a", "b", "c"] {
        let thread = team.list(reader, &of("root_id", &check)).await;
        let below = [
            "Let me check the logs",
            "",
            "Retrying the transaction",
            "It went through",
        ];
        assert_eq!(texts(&thread), below);
        let replies: Vec<_> = thread.iter().map(|row| &row["reply_count"]).collect();
        assert_eq!(replies, [0, 1, 1, 0]);
        assert_eq!(thread[1], deleted);
        assert_eq!(thread[2]["parent_id"], found["id"]);
        let all = team.list(reader, "").await;
        assert_eq!(all.last(), Some(&reacted));
        assert_eq!(counts(&reacted), json!({"👍": 1}));
    }

    // Solved: the talk is closed and stays readable.
    let closed = team
        .agent("a")
        .post(&dialect.chat(&chat, "/close"), json!({}))
        .await;
    assert_eq!(closed.ok()["status"], "closed");
    team.heard_close("agent-a closed the conversation.").await;
    let body = json!({"chat_id": chat["id"], "text": "Thanks"});
    let refused = team
        .agent("c")
        .post(&dialect.messages(&chat, ""), body)
        .await;
    refused.refused(409, "CHAT_CLOSED");
    assert_eq!(team.list("c", "").await.len(), 6);
    team.nothing_else().await;
}

/// The query for what belongs to a message.
fn of(field: &str, message: &Value) -> String {
    format!("&{field}={}", message["id"].as_str().expect("an id"))
}
