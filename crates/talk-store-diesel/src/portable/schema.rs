//! The tables, with the columns that every database has: ids are 16 bytes, times are microseconds.

mod hooks;
mod uploads;

pub(crate) use hooks::{decisions, held_messages, intercepts};
pub(crate) use uploads::{file_carriers, file_usage, files, files_to_remove};

diesel::table! {
    #[sql_name = "talk_meta"]
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    #[sql_name = "talk_customers"]
    customers (id) {
        id -> Binary,
        name -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_agents"]
    agents (id) {
        id -> Binary,
        customer_id -> Binary,
        username -> Text,
        password_hash -> Text,
        name -> Text,
        detail -> Text,
        permission -> BigInt,
        status -> Text,
        token_generation -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        username_key -> Nullable<Text>,
    }
}

diesel::table! {
    #[sql_name = "talk_access_keys"]
    access_keys (id) {
        id -> Binary,
        customer_id -> Binary,
        agent_id -> Binary,
        name -> Text,
        detail -> Text,
        hash -> Binary,
        prefix -> Text,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        is_derived -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_revoked_tokens"]
    revoked_tokens (id) {
        id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_chats"]
    chats (id) {
        id -> Binary,
        customer_id -> Binary,
        kind -> Text,
        name -> Text,
        detail -> Text,
        status -> Text,
        creator_id -> Binary,
        direct_key -> Nullable<Binary>,
        channel_of -> Nullable<Binary>,
        search_key -> Nullable<Text>,
        member_count -> BigInt,
        last_seq -> BigInt,
        last_at -> BigInt,
        log_start -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        expired_upto -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_participants"]
    participants (chat_id, agent_id) {
        id -> Binary,
        customer_id -> Binary,
        chat_id -> Binary,
        agent_id -> Binary,
        chat_created_at -> BigInt,
        joined_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_former_participants"]
    former_participants (chat_id, agent_id) {
        chat_id -> Binary,
        agent_id -> Binary,
        customer_id -> Binary,
        participant_id -> Binary,
        joined_at -> BigInt,
        left_at -> BigInt,
        left_seq -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_session_ends"]
    session_ends (agent_id, ended_at) {
        agent_id -> Binary,
        ended_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_read_marks"]
    read_marks (chat_id, agent_id) {
        chat_id -> Binary,
        agent_id -> Binary,
        customer_id -> Binary,
        seq -> BigInt,
        seq_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_messages"]
    messages (id) {
        id -> Binary,
        customer_id -> Binary,
        chat_id -> Binary,
        seq -> BigInt,
        author_id -> Binary,
        system_kind -> Nullable<Text>,
        system_subject -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        root_id -> Nullable<Binary>,
        depth -> BigInt,
        text -> Text,
        medias -> Text,
        reply_count -> BigInt,
        reaction_count -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    #[sql_name = "talk_mentions"]
    mentions (chat_id, created_at, agent_id) {
        chat_id -> Binary,
        created_at -> BigInt,
        agent_id -> Binary,
    }
}

diesel::table! {
    #[sql_name = "talk_cleanups"]
    cleanups (kind, subject) {
        kind -> Text,
        subject -> Binary,
        customer_id -> Binary,
        chat_id -> Nullable<Binary>,
        actor -> Nullable<Binary>,
        position -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_reactions"]
    reactions (message_id, agent_id, emoji_key) {
        message_id -> Binary,
        agent_id -> Binary,
        emoji_key -> Text,
        emoji -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_revisions"]
    revisions (message_id, written_at) {
        message_id -> Binary,
        written_at -> BigInt,
        text -> Text,
        medias -> Text,
    }
}

diesel::table! {
    #[sql_name = "talk_events"]
    events (stream_id, seq) {
        stream_id -> Binary,
        seq -> BigInt,
        customer_id -> Binary,
        realm -> Text,
        kind -> Text,
        actor -> Binary,
        subject -> Binary,
        changes -> Nullable<Text>,
        tm -> BigInt,
        payload -> Text,
    }
}

diesel::table! {
    #[sql_name = "talk_message_events"]
    message_events (message_id, seq) {
        message_id -> Binary,
        seq -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_consumers"]
    consumers (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_idempotency"]
    idempotency (agent_id, key) {
        agent_id -> Binary,
        key -> Text,
        customer_id -> Binary,
        fingerprint -> Binary,
        body -> Nullable<Text>,
        chat_id -> Nullable<Binary>,
        seq -> Nullable<BigInt>,
        message_id -> Nullable<Binary>,
        answered_at -> BigInt,
        decision_id -> Nullable<Binary>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    agents,
    chats,
    cleanups,
    events,
    file_carriers,
    former_participants,
    messages,
    participants,
    reactions,
    read_marks,
    revisions,
);

diesel::table! {
    #[sql_name = "talk_webhooks"]
    webhooks (id) {
        id -> Binary,
        customer_id -> Binary,
        is_own -> BigInt,
        uri -> Text,
        method -> Text,
        events -> Text,
        stream_id -> Nullable<Binary>,
        disabled -> Nullable<Text>,
        delivery_order -> Text,
        secret -> Binary,
        previous_secret -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
        since -> BigInt,
        missed -> Nullable<BigInt>,
        has_gap -> BigInt,
        failing_since -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_webhook_deliveries"]
    deliveries (id) {
        id -> Binary,
        customer_id -> Binary,
        webhook_id -> Binary,
        realm -> Text,
        stream_id -> Binary,
        seq -> BigInt,
        event -> Text,
        kind -> Text,
        status -> Text,
        is_open -> BigInt,
        tries -> BigInt,
        due_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_webhook_attempts"]
    attempts (delivery_id, number) {
        delivery_id -> Binary,
        number -> BigInt,
        tried_at -> BigInt,
        http_status -> Nullable<BigInt>,
        latency_ms -> BigInt,
        error -> Text,
        answer -> Text,
    }
}
