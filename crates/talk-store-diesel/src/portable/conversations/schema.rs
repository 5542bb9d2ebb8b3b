//! The tables of conversations with people outside.

use crate::portable::schema::files;

diesel::table! {
    #[sql_name = "talk_accounts"]
    accounts (id) {
        id -> Binary,
        customer_id -> Binary,
        method -> Text,
        name -> Text,
        detail -> Text,
        origins -> Text,
        provider -> Text,
        settings -> Text,
        numbers -> Text,
        token -> Nullable<Binary>,
        secret -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
        problem_code -> Nullable<Text>,
        problem_reason -> Nullable<Text>,
        problem_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_conversations"]
    conversations (id) {
        id -> Binary,
        customer_id -> Binary,
        room_id -> Binary,
        owner_id -> Nullable<Binary>,
        name -> Text,
        detail -> Text,
        state -> Text,
        participants -> BigInt,
        last_seq -> BigInt,
        last_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_rooms"]
    rooms (id) {
        id -> Binary,
        customer_id -> Binary,
        conversation_id -> Binary,
        account_id -> Binary,
        method -> Text,
        own_kind -> Text,
        own_target -> Text,
        own_name -> Text,
        peer_kind -> Text,
        peer_target -> Text,
        peer_name -> Text,
        room_key -> Nullable<Binary>,
        created_at -> BigInt,
        opted_out_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_conversation_messages"]
    conversation_messages (id) {
        id -> Binary,
        customer_id -> Binary,
        conversation_id -> Binary,
        room_id -> Binary,
        direction -> Text,
        author_id -> Nullable<Binary>,
        reference -> Text,
        body -> Text,
        medias -> Text,
        delivery -> Text,
        failure_code -> Nullable<Text>,
        failure_reason -> Nullable<Text>,
        is_permanent -> BigInt,
        seq -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_inbox"]
    inbox (account_id, event) {
        account_id -> Binary,
        event -> Text,
        customer_id -> Binary,
        message_id -> Binary,
        received_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_conversation_participants"]
    conversation_participants (conversation_id, agent_id) {
        conversation_id -> Binary,
        agent_id -> Binary,
        customer_id -> Binary,
        added_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_conversation_marks"]
    conversation_marks (conversation_id, agent_id) {
        conversation_id -> Binary,
        agent_id -> Binary,
        customer_id -> Binary,
        seq -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_send_jobs"]
    send_jobs (message_id) {
        message_id -> Binary,
        customer_id -> Binary,
        account_id -> Binary,
        conversation_id -> Binary,
        room_id -> Binary,
        seq -> BigInt,
        tries -> BigInt,
        is_leased -> BigInt,
        due_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_message_parts"]
    message_parts (account_id, provider_id) {
        account_id -> Binary,
        provider_id -> Text,
        customer_id -> Binary,
        message_id -> Nullable<Binary>,
        delivery -> Text,
        failure_code -> Nullable<Text>,
        failure_reason -> Nullable<Text>,
        is_permanent -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_receipts"]
    receipts (id) {
        id -> Binary,
        customer_id -> Binary,
        account_id -> Binary,
        event -> Text,
        body -> Binary,
        state -> Text,
        error -> Text,
        waiting_since -> Nullable<BigInt>,
        created_at -> BigInt,
        segment_of -> Nullable<Text>,
    }
}

diesel::table! {
    #[sql_name = "talk_conversation_files"]
    conversation_files (message_id, file_id) {
        message_id -> Binary,
        file_id -> Binary,
        customer_id -> Binary,
        conversation_id -> Binary,
    }
}

diesel::table! {
    #[sql_name = "talk_media_fetches"]
    media_fetches (file_id) {
        file_id -> Binary,
        customer_id -> Binary,
        account_id -> Binary,
        conversation_id -> Binary,
        message_id -> Binary,
        url -> Text,
        tries -> BigInt,
        due_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::joinable!(conversations
    -> rooms (room_id));
diesel::allow_tables_to_appear_in_same_query!(
    conversations,
    rooms,
    conversation_participants,
    conversation_files
);
diesel::allow_tables_to_appear_in_same_query!(conversation_files, files);
