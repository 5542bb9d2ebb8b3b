use crate::talk::resolve_mentions::resolve;
use crate::talk::steps::mention::mention;
use crate::talk::steps::mention::mention_anew;
use proptest::prelude::*;

use super::*;
use crate::kernel::username_key::username_key;
use crate::testing::{MockUnitOfWork, Scene, a_chat, a_message, agent_id, chat_id, message_id};

/// The usernames of a chat, and which of them `text` mentions.
fn mentions<'a>(text: &str, usernames: &[&'a str]) -> Vec<&'a str> {
    let known: Vec<_> = (0..).map(agent_id).zip(usernames).collect();
    let names = known.iter();
    let found: Vec<_> = names
        .map(|(agent, name)| (username_key(name), *agent))
        .collect();
    let agents: BTreeSet<_> = names_in(text)
        .iter()
        .flat_map(|place| place.longest_of(&found))
        .collect();
    known
        .iter()
        .filter(|(agent, _)| agents.contains(agent))
        .map(|(_, name)| **name)
        .collect()
}

/// Case 71.
#[test]
fn a_name_behind_a_sign_is_a_mention_in_every_script() {
    for text in [
        "@bob",
        "@Bob",
        "@BOB!",
        "＠bob",
        "﹫bob",
        "＠ｂｏｂ",
        "__@bob__ _@bob_",
        "*@bob*",
        "**@bob**, look",
        "~~@bob~~",
        "@bob님께 물어봐",
        "안녕@bob",
        "你好@bob你好",
        "こんにちは@bobさん",
        "สวัสดี@bobครับ",
        "(@bob)",
        "\"@bob\"",
        "hello @bob.",
        "@bob... see",
        "@bob - see",
        "@bob's",
        "@bob: yes",
        "@bob/@carol",
        "and/or @bob",
        "@@bob",
        "@bobby @bob",
        "see https://e.test/x @bob",
        "<https://e.test/x>@bob",
        "https://e.test/é，@bob",
        "`code` @bob",
        "`not closed @bob",
        "``two` @bob",
        "`one\n\nparagraph @bob",
        "```\ncode\n```\n@bob",
        "    ```\n@bob",
        "``` not ` a fence\n@bob",
        "@bob\u{301}x @bob",
        "@bob👍",
        "👍@bob",
        "or/@bob",
        "ok./@bob",
        "a-b/@bob",
        "cc:@bob",
        "see e.test,@bob",
        "see e.test,x/@bob",
        "`one\n\n@bob`",
        "`one\n```\ncode\n```\n@bob`",
        "`@bob``",
        "``@bob```",
        "`a` @bob `c`",
        "``abc`` @bob",
    ] {
        assert_eq!(mentions(text, &["bob"]), ["bob"], "{text:?}");
    }
}

/// Case 71.
#[test]
fn code_addresses_and_other_names_are_no_mention() {
    for text in [
        "",
        "bob",
        "@",
        "@ bob",
        "@bobby",
        "@bob1",
        "@bob__x",
        "@bob.lee",
        "@bob-lee",
        "@bob@corp.example",
        "@bob\u{301}",
        "me@bob.example",
        "first.last@bob",
        "é@bob",
        "e\u{301}@bob",
        "x_@bob",
        "mailto:me@bob.example",
        "https://e.test/@bob",
        "https://e.test/@bob님",
        "HTTP://u:p@bob/",
        "ftp://@bob",
        "www.e.test/@bob",
        "e.test/@bob",
        "e.test:80/a/@bob",
        "(https://e.test/@bob)",
        "[x](https://e.test/@bob)",
        "`@bob`",
        "``a ` @bob``",
        "`a\n@bob`",
        "```\n@bob\n```",
        "```rust\n@bob",
        "~~~\n@bob\n~~~",
        "  ```\n@bob\n``\n@bob",
        "~~~\n@bob\n```\n@bob",
        "@b`x`ob",
        "`` @bob ` ``",
        "x ````@bob````",
    ] {
        assert!(mentions(text, &["bob"]).is_empty(), "{text:?}");
    }
}

/// Case 71: the longest name of a participant counts.
#[test]
fn names_inside_scripts_without_spaces_end_where_a_participants_does() {
    let members = [
        "김철수",
        "김철",
        "張偉",
        "たなか",
        "สมชาย",
        "ก",
        "bob",
        "bob님",
    ];
    for (text, expected) in [
        ("@김철수님 안녕하세요", vec!["김철수"]),
        ("@김철이", vec!["김철"]),
        ("@김", vec![]),
        ("你好@張偉今天開會", vec!["張偉"]),
        ("@たなかさん、@bob님", vec!["たなか", "bob님"]),
        ("@สมชายครับ", vec!["สมชาย"]),
        ("@bobさん", vec!["bob"]),
        ("@張偉bob", vec!["張偉"]),
        // A mark belongs to the letter before it.
        ("@ก\u{e34}", vec![]),
    ] {
        assert_eq!(mentions(text, &members), expected, "{text:?}");
    }
}

/// After a punctuation mark a name continues only with characters that may be part of it.
#[test]
fn neither_code_nor_a_control_character_is_part_of_a_name() {
    let members = ["b`", "b`x", "b`x`ob", "a\u{7}b", "carol"];
    for text in ["@b`x`ob", "hi @b`x`ob", "@a\u{7}b", "@carol.l"] {
        assert!(mentions(text, &members).is_empty(), "{text:?}");
    }
}

#[test]
fn usernames_with_signs_of_their_own_are_whole_names() {
    let members = [
        "ann",
        "ann.lee",
        "ann-lee",
        "ann@corp.example",
        "ann_1",
        "ann.",
    ];
    for (text, expected) in [
        ("@ann", "ann"),
        ("@ann,", "ann"),
        ("@ann.lee.", "ann.lee"),
        ("@ann-lee!", "ann-lee"),
        ("@Ann@Corp.example", "ann@corp.example"),
        ("@ann_1", "ann_1"),
        ("@ann.", "ann."),
    ] {
        assert_eq!(mentions(text, &members), [expected], "{text:?}");
    }
    for name in ["Dave", "ÄNNE", "İpek", "ǰan", "straße", "ΟΔΟΣ", "ｗｉｄｅ"] {
        for text in [format!("@{name}"), format!("@{}", name.to_lowercase())] {
            assert_eq!(mentions(&text, &[name]), [name], "{text:?}");
        }
    }
}

#[test]
fn a_text_names_so_many_and_a_place_stands_for_so_many() {
    let many = "@bob ".repeat(PLACES) + "@carol";
    assert_eq!(mentions(&many, &["bob", "carol"]), ["bob"]);
    let places = names_in(&format!("@{}", "張".repeat(400)));
    assert_eq!(places[0].iter().count(), NAMES_AT_A_PLACE);
    let longest = "a".repeat(255);
    assert_eq!(mentions(&format!("@{longest}"), &[&longest]), [&longest]);
    assert!(mentions(&format!("@{longest}a"), &[&longest]).is_empty());
}

/// With quadratic time each of them would take hours.
#[test]
fn hostile_texts_take_linear_time() {
    const BYTES: usize = 4 << 20;
    let growing: String = (1..2_000).map(|n| "`".repeat(n) + " ").collect();
    for text in [
        growing,
        "`".repeat(BYTES),
        "` ``".repeat(BYTES / 4),
        "@".repeat(BYTES),
        "x@".repeat(BYTES / 2),
        "`@`".repeat(BYTES / 3),
        "_".repeat(BYTES) + "@",
        "a.".repeat(BYTES / 2) + "@",
        "a://".repeat(BYTES / 4) + "@",
        "```\n".repeat(BYTES / 4) + "@",
        "@".to_owned() + &"\u{fdfa}".repeat(BYTES / 3),
        "@".to_owned() + &"a\u{301}".repeat(BYTES / 3),
    ] {
        assert!(names_in(&text).len() <= PLACES);
    }
}

/// A unit in which agents 1, the author, to 3 participate.
fn unit() -> MockUnitOfWork {
    let mut uow = Scene::new(a_chat()).unit();
    uow.mentions
        .expect_participants_named()
        .returning(|chat, names| {
            assert_eq!(chat, chat_id(1));
            let participants = (1..=3).map(|n| (format!("Agent-{n}"), agent_id(n)));
            let is_named = |name: &str| names.contains(&name.to_lowercase());
            Ok(participants.filter(|(name, _)| is_named(name)).collect())
        });
    uow
}

fn says(text: &str) -> Message {
    Message {
        text: text.into(),
        ..a_message(1)
    }
}

fn stores(uow: &mut MockUnitOfWork, agents: &[u128]) {
    let expected: BTreeSet<_> = agents.iter().copied().map(agent_id).collect();
    uow.mentions
        .expect_replace()
        .withf(move |message, agents| message.id == message_id(1) && *agents == expected)
        .times(1)
        .returning(|_, _| Ok(()));
}

/// Case 41.
#[test]
fn a_message_mentions_participants_but_not_its_author() {
    let mut uow = unit();
    stores(&mut uow, &[2, 3]);
    let message = says("@agent-1, @Agent-2 and @AGENT-3: ask @agent-4");
    mention(&mut uow, &message).unwrap();
}

/// Case 41: an unexpected call fails the test.
#[test]
fn a_text_that_mentions_nobody_stores_nothing() {
    let mut nothing_is_asked = Scene::new(a_chat()).unit();
    mention(&mut nothing_is_asked, &says("hello")).unwrap();
    mention_anew(&mut nothing_is_asked, &says("hello"), "hallo").unwrap();
    mention(&mut unit(), &says("@agent-1 @agent-4")).unwrap();
}

/// Case 41.
#[test]
fn an_edit_mentions_anew() {
    for (earlier, now, mentioned) in [
        ("@agent-2", "hello", &[][..]),
        ("@agent-4", "hello", &[]),
        ("hello", "@agent-2", &[2]),
        ("@agent-2", "@agent-3", &[3]),
    ] {
        let mut uow = unit();
        stores(&mut uow, mentioned);
        mention_anew(&mut uow, &says(now), earlier).unwrap();
    }
}

/// Case 41.
#[test]
fn messages_of_before_are_resolved_as_they_are_now() {
    let deleted = Message {
        deleted: Some(a_chat().created),
        id: message_id(2),
        ..says("@agent-2")
    };
    let mut uow = Scene::new(a_chat())
        .messages(&[says("@agent-2"), deleted])
        .unit();
    let participants = uow.mentions.expect_participants_named();
    participants.returning(|_, _| Ok(vec![("agent-2".into(), agent_id(2))]));
    stores(&mut uow, &[2]);
    resolve(&mut uow, &[1, 2, 3].map(message_id)).unwrap();
}

proptest! {
    #[test]
    fn any_text_has_few_names_that_stand_in_it(text in "[@＠`~_.:/a-c박님\u{301}ﷺİ \n-]{0,300}|\\PC{0,100}") {
        let places = names_in(&text);
        prop_assert!(places.len() <= PLACES);
        for place in &places {
            let names: Vec<_> = place.iter().collect();
            prop_assert!((1..=NAMES_AT_A_PLACE).contains(&names.len()));
            let folded = username_key(&text);
            for name in names {
                prop_assert!(!name.is_empty() && !name.contains(char::is_whitespace));
                prop_assert!(folded.contains(name) || !text.is_ascii());
            }
        }
    }

    #[test]
    fn whatever_stands_around_a_name_between_spaces_it_is_a_mention(
        before in "[^`~]{0,60}", after in "[^`~]{0,60}",
    ) {
        let text = format!("{before} @bob {after}");
        let is_late = before.matches(['@', '＠', '﹫']).count() >= PLACES;
        prop_assert!(is_late || mentions(&text, &["bob"]) == ["bob"], "{text:?}");
    }
}
