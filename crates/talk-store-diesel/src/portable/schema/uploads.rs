//! The tables of files.

diesel::table! {
    #[sql_name = "talk_files"]
    files (id) {
        id -> Binary,
        customer_id -> Binary,
        owner_id -> Binary,
        kind -> Text,
        name -> Text,
        detail -> Text,
        filename -> Text,
        size -> BigInt,
        mime -> Text,
        sha256 -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_file_carriers"]
    file_carriers (message_id, file_id) {
        message_id -> Binary,
        file_id -> Binary,
        customer_id -> Binary,
        chat_id -> Binary,
    }
}

diesel::table! {
    #[sql_name = "talk_file_usage"]
    file_usage (customer_id) {
        customer_id -> Binary,
        bytes -> BigInt,
    }
}

diesel::table! {
    #[sql_name = "talk_files_to_remove"]
    files_to_remove (id) {
        id -> Binary,
        customer_id -> Binary,
    }
}
