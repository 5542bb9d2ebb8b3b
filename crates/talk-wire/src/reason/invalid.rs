//! Reasons of requests that are invalid in every state.

use super::{Reason, catalogue};

pub(super) const REASONS: &[Reason] = catalogue! {
    INVALID_ARGUMENT {
        ACCOUNT_SECRET_INVALID "A secret of the account has characters that cannot be seen; `details` names it."
            "Give it as the provider shows it.";
        ACCOUNT_TOKEN_MISSING "An account of this provider needs a `token`."
            "Give the secret that the provider accepts requests with.";
        ACCOUNT_TYPE_INVALID "The type of the account is none that there is, or another than the account has."
            "Give `sms` or `webchat`; create another account for another type.";
        ADDRESS_INVALID "The address of a person outside has no known type, or nothing that its type allows."
            "Give `type` and `target`.";
        AGENTS_DIFFER "`agent_id` and `owner_id` name different agents."
            "Send one of them.";
        AGENT_IDS_REQUIRED "The query names no agent."
            "Give `agent_ids` with one to 100 ids, separated by commas.";
        BODY_INCOMPLETE "The connection ended or broke the protocol before the body was complete."
            "Send the request again.";
        BODY_TIMEOUT "The body was not complete within 15 seconds, or an upload stalled."
            "Send the body at once, over a faster connection.";
        CHAT_NOT_JOINABLE "Only channels (chats of the type `talk`) can be joined."
            "Ask a participant to add you.";
        CHAT_TYPE_INVALID "The type of the chat is none there is."
            "Give `direct`, `group` or `talk`.";
        CONVERSATION_TYPE_INVALID "The type of the conversation is none that there is."
            "Give `message` or `webchat`.";
        DIALECT_INVALID "The event log has no such vocabulary."
            "Leave `dialect` out, or give one the description of the operation names.";
        DIRECT_CHAT_NEEDS_ONE_OTHER "A direct chat is between the caller and exactly one other agent."
            "Name exactly one other agent, or create a `group`.";
        EMOJI_INVALID "The emoji is neither one emoji nor a short name of at most 64 bytes."
            "Send one emoji, or a name of `a-z`, `0-9`, `_`, `+` and `-`.";
        EPOCH_REQUIRED "Positions were given without the log they belong to."
            "Send the `epoch` of the answer the positions came with.";
        EVENT_PATTERN_INVALID "A pattern of event types has other characters than `a-z`, `0-9`, `_` and `*`."
            "Give names of events, such as `chatmessage_*`.";
        EXPIRE_INVALID "The lifetime of the key is zero or over 100 years."
            "Give seconds from 1, or leave `expire` out for a key without end.";
        FIELD_REQUIRED "A frame lacks a field; `message` names it."
            "Send the frame with this field.";
        FRAME_TYPE_INVALID "The service knows no frame of this type."
            "Send `subscribe`, `unsubscribe`, `post` or `typing`.";
        IDEMPOTENCY_KEY_INVALID "The idempotency key is not 8 to 255 visible ASCII characters, or there are several."
            "Send one key, for example a UUID.";
        INTERCEPT_ON_ERROR_INVALID "The decision without an answer is none there is."
            "Use allow, reject or hold.";
        INTERCEPT_SECRET_INVALID "The secret is too short, too long, or has characters that cannot be seen."
            "Use 16 to 255 visible ASCII characters, best `whsec_` and 32 random bytes in base64.";
        INVALID_FIELD "A field has the wrong JSON type; `details` names it."
            "Send the type that the description of the operation names.";
        INVALID_FILE_TYPE "The part `type` of an upload is neither `talk` nor `conversation`."
            "Leave it out, or give one of them.";
        INVALID_FILE_UPLOAD "The body is no form with exactly one part `file`; `message` says what is wrong."
            "Send `multipart/form-data` with a part `file`, as `curl -F file=@name` does.";
        INVALID_ID "An id is not a hyphenated UUID, or is missing; `details` names it."
            "Send the id as the service gave it.";
        INVALID_JSON_BODY "The body is not one JSON object in UTF-8."
            "Send a JSON object and nothing after it.";
        INVALID_QUERY "The query cannot be read, or has a parameter twice."
            "Send each parameter once, percent-encoded UTF-8.";
        INVALID_REQUEST "The request cannot be read."
            "Check method, path and headers.";
        LIMIT_EXCEEDED "A text or list is longer than its limit; `details` names both."
            "Send less, or ask the operator for a higher limit.";
        LIMIT_INVALID "`limit` is not 1 to 1,000."
            "Give a number within the range.";
        MEDIA_ADDRESS_INVALID "An address has no type or no target; `details` names the field."
            "Give both.";
        MEDIA_AGENT_NOT_FOUND "A media names an agent there is not."
            "Take the id from the list of agents.";
        MEDIA_FILE_NOT_FOUND "A media names a file that does not exist or that the caller may not read."
            "Upload the file first, and send the `id` of the answer.";
        MEDIA_TYPE_INVALID "A media has a type that is neither a kind nor a MIME type."
            "Give `file`, `link`, `agent`, `address` or a MIME type.";
        MESSAGE_EMPTY "A message needs a text or a media."
            "Send one of them; to take a message back, delete it.";
        MESSAGE_TYPE_INVALID "Messages of clients have the type `normal`."
            "Leave `type` out.";
        NAME_REQUIRED "The name is empty."
            "Give a name. Only the command line can cause this.";
        NOTHING_TO_CHANGE "The request names nothing that can be changed."
            "Send at least one of the fields the operation takes.";
        NUL_CHARACTER "A string has the character U+0000; `details` names it."
            "Remove the character.";
        OLD_PASSWORD_WRONG "The old password is not the current one."
            "Ask the person again; ten failures in ten minutes close the account for a while.";
        ORDER_INVALID "`order` is neither `asc` nor `desc`."
            "Give one of them, or leave it out.";
        ORIGIN_INVALID "An origin is not a scheme (`http` or `https`), a host and possibly a port; `details` names it."
            "Give it as browsers send it, without a path.";
        OWNER_INVALID "The owner is no agent of the customer."
            "Take the id from the list of agents.";
        OWNER_TYPE_INVALID "An owner is not of the type `agent`."
            "Send `\"owner_type\": \"agent\"`.";
        PAGE_SIZE_INVALID "`page_size` is not 1 to 100."
            "Give a number within the range.";
        PAGE_TOKEN_INVALID "`page_token` is not one the service gave."
            "Send the `next_page_token` of the page before, percent-encoded, or start from the first page.";
        PASSWORD_INVALID "The new password has less than 8 or more than 128 characters, or U+0000."
            "Choose another password.";
        PERMISSION_INVALID "`permission` is none of 16, 32 and 64."
            "Give one of them.";
        PROVIDER_DATA_INVALID "A setting of the account is missing or malformed; `details` names it."
            "Give it as the description of the operation says.";
        PROVIDER_INVALID "The provider of the account is none that there is."
            "Give `twilio` or `telnyx`.";
        QUERY_REQUIRED "The search has nothing to search for, or only accents and characters nobody sees."
            "Give `q` with at least one character.";
        REPLAY_INVALID "`only` selects no deliveries."
            "Give `failed`, `dead` or a list of ids of deliveries.";
        SEQ_AHEAD_OF_HEAD "`seq` is behind the last event of the chat or conversation, which `details` name."
            "Send the `seq` of an event you have seen.";
        SEQ_REQUIRED "`seq` is missing."
            "Send the `seq` of the last event seen.";
        SINCE_INVALID "`since` is not a number from 0."
            "Send the `seq` of the last event seen, or 0.";
        SINCE_SEQ_INVALID "`since_seq` is not a number from 0."
            "Send the `seq` of the last event seen, or 0.";
        SINCE_SEQ_NEEDS_CHAT "`since_seq` counts inside one chat, and the query names none."
            "Give `chat_id` too.";
        STATUS_INVALID "The status is none there is; chats and conversations are `active` or `closed`, agents `active` or `disabled`, participants of talks `active` or `left`, receipts `stored`, `done`, `ignored` or `failed`."
            "Give one of them.";
        TIME_INVALID "A time is in neither of the two forms; `details` names it."
            "Send `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, or RFC 3339, percent-encoded.";
        TOPICS_REQUIRED "The frame names no topic."
            "Send one to 1,000 topics.";
        TOPIC_INVALID "A topic is not written like one."
            "Send `agent_id:<agent>:chat[:<chat_id>]` or `customer_id:<customer>:chat[:<chat_id>]`, with `talk` in place of `chat` for the names of the first generations, where they are served.";
        TYPE_REQUIRED "The chat has no type."
            "Send `type`: `direct`, `group` or `talk`.";
        UPGRADE_REQUIRED "The request is no WebSocket handshake."
            "Connect with a WebSocket client.";
        URL_INVALID "A URL is not http or https, or has no host; `details` names it."
            "Send an absolute URL.";
        USERNAME_INVALID "The username has white space or a control character."
            "Choose a username without.";
        USERNAME_REQUIRED "The username is empty."
            "Send a username.";
        WEBHOOK_METHOD_INVALID "The method of the webhook is none there is."
            "Give `POST`, `PUT`, `GET` or `DELETE`.";
        WEBHOOK_ORDER_INVALID "The order of the webhook is none there is."
            "Give `chat` or `none`.";
        WEBHOOK_URI_INVALID "The address of the webhook is not an `https` URL, or has a username or a fragment."
            "Give an address with `https`, a host and a path.";
    }
};
