//! The tables of intercepts.

diesel::table! {
    #[sql_name = "talk_intercepts"]
    intercepts (customer_id, point) {
        customer_id -> Binary,
        point -> Text,
        uri -> Text,
        secret -> Binary,
        previous_secret -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
        timeout_ms -> BigInt,
        on_error -> Text,
        is_enabled -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_intercept_decisions"]
    decisions (id) {
        id -> Binary,
        customer_id -> Binary,
        point -> Text,
        actor_id -> Binary,
        stream_id -> Binary,
        idempotency_key -> Nullable<Text>,
        fingerprint -> Nullable<Binary>,
        verdict -> Text,
        reason -> Text,
        digest_before -> Text,
        digest_after -> Text,
        latency_ms -> BigInt,
        created_at -> BigInt,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    #[sql_name = "talk_held_messages"]
    held_messages (id) {
        id -> Binary,
        customer_id -> Binary,
        author_id -> Binary,
        chat_id -> Binary,
        message_id -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        text -> Nullable<Text>,
        medias -> Nullable<Text>,
        reason -> Text,
        created_at -> BigInt,
    }
}
