//! Reasons of valid requests that are refused for the caller or the current state.

use super::{Reason, catalogue};

pub(super) const REASONS: &[Reason] = catalogue! {
    UNAUTHENTICATED {
        AUTHENTICATION_REQUIRED "The request shows neither a token nor an access key."
            "Log in and send `Authorization: Bearer <token>`.";
        INVALID_CREDENTIALS "The username or the password is wrong, or the agent is disabled."
            "Ask the person again.";
        SIGNATURE_INVALID "The request has no valid signature of the provider of the account."
            "Check the secret of the account, and the address that the provider sends to.";
        TOKEN_EXPIRED "The token has expired."
            "Log in again.";
        TOKEN_INVALID "The token is none of this installation."
            "Log in again, or check what puts the token together.";
        TOKEN_REVOKED "The token or key is revoked, expired or unknown: after a logout, a changed password, or when the agent was disabled or deleted."
            "Log in again, or create a new key.";
    }
    PERMISSION_DENIED {
        ORIGIN_NOT_ALLOWED "Web pages of this origin may not open a socket, or not embed this web chat."
            "Ask the operator to add the origin to `allowed_origins`, or an admin to those of the account.";
        PERMISSION_DENIED "The caller may not do this; `message` says who may."
            "Become a participant, or ask somebody who may.";
        SYSTEM_MESSAGE_READ_ONLY "Messages the chat itself wrote are not edited, deleted or answered."
            "Post a message of your own.";
        SYSTEM_TYPE_RESERVED "Only the service writes messages of the type `system`."
            "Leave `type` out.";
    }
    NOT_FOUND {
        ACCESS_KEY_NOT_FOUND "There is no such key of the caller."
            "Read the list of keys anew.";
        ACCOUNT_NOT_FOUND "There is no such account in the customer."
            "Read the list of accounts anew.";
        AGENT_NOT_FOUND "There is no such agent in the customer."
            "Read the list of agents anew.";
        CHAT_NOT_FOUND "There is no such chat in the customer, or it is deleted."
            "Read the list of chats anew.";
        CONVERSATION_NOT_FOUND "There is no such conversation in the customer."
            "Read the list of conversations anew.";
        CUSTOMER_NOT_FOUND "The caller's customer is gone."
            "Ask the operator.";
        FILE_NOT_FOUND "There is no such file in the customer, it is deleted, or a link to it is wrong or too old."
            "Read the list of files anew, or read the file for a new link.";
        DELIVERY_NOT_FOUND "The webhook has no such delivery."
            "Read the deliveries anew.";
        HELD_NOT_FOUND "There is no such held message: it was released, dropped or has expired."
            "Read the held messages anew.";
        INTERCEPT_NOT_FOUND "The customer has no intercept at this point."
            "Set one with PUT.";
        INTERCEPT_POINT_NOT_FOUND "There is no such point for intercepts."
            "Use `talk_message`.";
        MESSAGE_NOT_FOUND "There is no such message in the customer."
            "Read the messages anew.";
        PARENT_NOT_FOUND "The chat has no such message to answer, or to list answers of."
            "Name a message of the same chat.";
        PARTICIPANT_NOT_FOUND "The chat or conversation has no such participant."
            "Read the list of participants anew; a participant who comes back has a new id.";
        ROUTE_NOT_FOUND "There is no such path."
            "Compare the path with this description.";
        WEBHOOK_NOT_FOUND "There is no such webhook in the customer."
            "Read the list of webhooks anew.";
    }
    METHOD_NOT_ALLOWED {
        METHOD_NOT_ALLOWED "The path has no such method; the header `Allow` names those it has."
            "Use one of them.";
    }
    ALREADY_EXISTS {
        CUSTOMER_ALREADY_EXISTS "A customer with this id exists."
            "Use it. Only the command line can cause this.";
        PARTICIPANT_ALREADY_EXISTS "The agent is a participant already."
            "Go on: what was wanted is so.";
        USERNAME_TAKEN "Somebody in the installation has this username, perhaps in another case, or had it."
            "Choose another username.";
    }
    FAILED_PRECONDITION {
        ACCOUNT_DISABLED "The account of the conversation was deleted, so that nothing can be sent in it."
            "Write to the person by another account.";
        ACCOUNT_LIMIT "The customer has as many accounts as it may have."
            "Delete one, or ask the operator for a higher `max_accounts`.";
        CHAT_CLOSED "The chat is closed: it can be read, not written."
            "Reopen it first.";
        DIRECT_CHAT_FULL "A direct chat has exactly two participants."
            "Create a `group`.";
        FILE_QUOTA_EXCEEDED "The files of the customer would have more bytes than it may store."
            "Delete files, or ask the operator for more.";
        GROUPS_NOT_SUPPORTED "The method of the conversation has no groups, so that no further person outside takes part."
            "Begin another conversation with that person.";
        LAST_ADMIN "The agent is the last active admin or manager of its customer."
            "Make another agent an admin first. An operator may do it all the same on the command line.";
        MESSAGE_DELETED "The message is deleted."
            "Show it as deleted; nothing can be done with it.";
        MESSAGE_NOT_FAILED "Only a message that has failed, or whose delivery is unknown, is sent again."
            "Wait until it has got further.";
        NOT_A_LOGIN_TOKEN "An access key cannot log out."
            "Delete the key instead.";
        PARTICIPANT_LIMIT "The conversation has as many participants as it may have."
            "Remove one, or ask the operator for a higher `max_conversation_participants`.";
        PASSWORD_CHANGED "The password was changed by another request meanwhile."
            "Log in with the new password.";
        PEER_OPTED_OUT "The person outside wants no messages, so that nothing is sent."
            "Wait until the person writes `START`, or use another method.";
        SECRETS_KEY_MISSING "The server has no key to seal secrets with."
            "Ask the operator to set `secrets_key`.";
        WEBHOOK_IS_DISABLED "A disabled webhook gets nothing."
            "Enable it first.";
        OWNER_CHANGED "The conversation has another owner than the request names, or than the claim of an agent allows."
            "Read the conversation anew.";
        WEBHOOK_LIMIT "The customer has as many webhooks as it may have."
            "Delete one, or ask the operator for a higher limit.";
        WEBHOOK_URI_MISSING "The customer has no `webhook_uri` whose method could change."
            "Send both.";
    }
    PAYLOAD_TOO_LARGE {
        PAYLOAD_TOO_LARGE "The body is over its limit, which `details` name."
            "Send less; put large content into files.";
    }
    RANGE_NOT_SATISFIABLE {
        RANGE_NOT_SATISFIABLE "The range begins behind the end of the file; the header `Content-Range` names its size."
            "Ask for a range within the file.";
    }
    UNSUPPORTED_MEDIA_TYPE {
        UNSUPPORTED_CONTENT_ENCODING "The body is compressed."
            "Send it as it is.";
        UNSUPPORTED_MEDIA_TYPE "The body is not declared as what the operation reads: JSON, or a form with a file."
            "Send `Content-Type: application/json`, or `multipart/form-data` for an upload.";
    }
    UNPROCESSABLE {
        IDEMPOTENCY_KEY_REUSED "The idempotency key was used for another request within 24 hours."
            "Use a new key for a new request; repeat a request without any change.";
        INTERCEPT_BLOCKED "The intercept of the customer refused the message, or would hold it and too many are held; `message` has the reason."
            "Show the reason to the person. The same request is refused again.";
        MESSAGE_ID_REUSED "The id was used for another message to the same account."
            "Make a new id for each message, for example a UUID.";
    }
    RESOURCE_EXHAUSTED {
        RATE_LIMITED "The agent, its customer or the address asked for more work than it may for now."
            "Wait as long as `Retry-After` says; a connection that goes on is answered late.";
        TOO_MANY_LOGIN_ATTEMPTS "Too many passwords were wrong: of this account from this address, or from this address."
            "Wait as long as `Retry-After` says.";
        TOO_MANY_SOCKETS "The agent, the customer or the server has as many sockets as it may."
            "Close one, or wait as long as `Retry-After` says.";
    }
    UNAVAILABLE {
        BUSY "More is waiting than the server can keep up with; nothing was kept."
            "Send the same again after `Retry-After`, a POST with the same `Idempotency-Key`.";
        INTERCEPT_UNAVAILABLE "The intercept of the customer gave no valid answer, and no message passes without one."
            "Send the same again after `Retry-After`, a POST with the same `Idempotency-Key`.";
        QUERY_TIMEOUT "The read took longer than a read may."
            "Send the same again after `Retry-After`, or ask for less: a smaller page, one chat.";
        STOPPING "The server is stopping."
            "Connect again after the time that close code 4503 names.";
        STORAGE_FULL "There is no space for changes; nothing was kept. Reading goes on."
            "Ask the operator to make space; the server recovers by itself. Send the same again then.";
        STORAGE_UNAVAILABLE "The database or the storage of files is away. A POST may or may not have taken effect."
            "Send the same again after `Retry-After`, a POST with the same `Idempotency-Key`.";
    }
    INTERNAL {
        INTERNAL "Something went wrong in the service; its log tells more under the request id."
            "Send the request id to the operator.";
    }
};
