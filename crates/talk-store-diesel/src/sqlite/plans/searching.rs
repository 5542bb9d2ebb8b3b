//! The plans of searches.

use diesel::connection::TransactionManager;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::PageRequest;
use talk_domain::talk::model::message::{Message, MessageQueries};
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::testing::{agent_id, at};

use super::explained::plan;
use super::play;
use crate::connection::AnyConnection;
use crate::sqlite::connection;
use crate::sqlite::search::index;
use crate::sqlite::search::messages::unindexed::OF_CHATS;

/// Indexes what was said so far.
pub(super) fn index(conn: &mut AnyConnection) {
    let AnyConnection::Sqlite(sqlite) = conn;
    index::prepare(sqlite).unwrap();
    connection::begin(conn).unwrap();
    index::advance(conn).unwrap();
    AnyConnection::commit_transaction(conn).unwrap();
}

/// Searches in every way.
pub(super) fn look(messages: &mut dyn MessageQueries, message: &Message, request: PageRequest) {
    for (chat, author, after) in [
        (None, None, None),
        (Some(message.chat), None, Some(at(1))),
        (None, Some(agent_id(1)), None),
    ] {
        let search = MessageSearch {
            needle: Needle::parse("q", "ell").unwrap(),
            chat,
            author,
            after,
            before: None,
        };
        messages.search(agent_id(1), &search, request).unwrap();
    }
}

#[test]
fn a_search_reads_the_named_messages_and_those_behind_the_index() {
    let (_directory, mut conn, heard) = play();
    for (part, step) in [
        (" MATCH ?", "SCAN talk_search VIRTUAL TABLE INDEX"),
        (
            "`talk_search_entries`.`entry` IN (",
            "talk_search_entries USING INTEGER PRIMARY KEY (rowid=?)",
        ),
        (
            "`talk_messages`.`serial` > ?",
            "talk_messages USING INTEGER PRIMARY KEY (rowid>?)",
        ),
        (
            "`talk_messages`.`serial` > ?) AND (`talk_messages`.`customer_id` = ?)",
            "talk_messages USING INTEGER PRIMARY KEY (rowid>?)",
        ),
        (
            "`talk_messages`.`serial` <= ?",
            "talk_messages USING INTEGER PRIMARY KEY (rowid<?)",
        ),
        (
            "`talk_messages`.`serial` >= ?",
            "talk_messages USING INTEGER PRIMARY KEY (rowid>?)",
        ),
        (
            "AND EXISTS (SELECT `talk_participants`",
            "talk_participants EXISTS USING PRIMARY KEY (chat_id=? AND agent_id=?)",
        ),
        (
            "`talk_messages`.`serial` IN (",
            "talk_messages USING INTEGER PRIMARY KEY (rowid=?)",
        ),
        (
            "FROM `talk_search_again`",
            "talk_search_again USING INTEGER PRIMARY KEY (rowid>?)",
        ),
    ] {
        let run = heard.run.iter();
        let using: Vec<&String> = run.filter(|sql| sql.contains(part)).collect();
        assert!(!using.is_empty(), "{part}");
        for sql in using {
            let steps = plan(&mut conn, sql).join("\n");
            assert!(steps.contains(step), "{sql}\n{steps}");
        }
    }
}

#[test]
fn a_long_backlog_is_read_by_the_index_on_chat_and_time_alone() {
    let (_directory, mut conn, _) = play();
    for direction in ["ASC", "DESC"] {
        let steps = plan(&mut conn, &format!("{OF_CHATS} {direction} LIMIT ?"));
        let expected = [
            "SEARCH p USING INDEX talk_participants_agent (agent_id=?)",
            "SEARCH m USING COVERING INDEX talk_messages_chat (chat_id=? AND created_at>? AND \
             created_at<?)",
            "USING ROWID SEARCH ON TABLE talk_search_again FOR IN-OPERATOR",
            "USE TEMP B-TREE FOR ORDER BY",
        ];
        assert_eq!(steps, expected);
    }
}
