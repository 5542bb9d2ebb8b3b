//! Tables and columns that SQLite alone has: the search index, and the numbers of rows, which rise in
//! the order in which the rows were stored.

use crate::portable::schema::{cleanups, participants};

diesel::table! {
    #[sql_name = "talk_messages"]
    messages (serial) {
        serial -> BigInt,
        id -> Binary,
        customer_id -> Binary,
        chat_id -> Binary,
        author_id -> Binary,
        system_kind -> Nullable<Text>,
        system_subject -> Nullable<Binary>,
        text -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_events"]
    events (serial) {
        serial -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_session_ends"]
    session_ends (seq) {
        seq -> BigInt,
        agent_id -> Binary,
    }
}

diesel::table! {
    #[sql_name = "talk_idempotency"]
    idempotency (serial) {
        serial -> BigInt,
        customer_id -> Binary,
        answered_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_search_entries"]
    search_entries (entry) {
        entry -> BigInt,
        serial -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_search_again"]
    search_again (serial) {
        serial -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_search_gone"]
    search_gone (id) {
        id -> BigInt,
        entry -> BigInt,
        terms -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(messages, search_again, search_entries);
diesel::allow_tables_to_appear_in_same_query!(messages, cleanups);
diesel::allow_tables_to_appear_in_same_query!(messages, participants);
diesel::allow_tables_to_appear_in_same_query!(search_entries, cleanups);
diesel::allow_tables_to_appear_in_same_query!(search_entries, participants);
