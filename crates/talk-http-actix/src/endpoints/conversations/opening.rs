//! Begins and deletes conversations.

use actix_web::http::Method;
use conversation_domain::conversation::delete::{DeleteConversationError, delete_conversation};
use conversation_domain::conversation::open::{OpenError, open_conversation};
use conversation_domain::read::state::own_in_unit;
use talk_domain::kernel::id::ConversationId;
use talk_wire::request::{NamedPeer, OpenConversation};
use talk_wire::resource::{Conversation, OpenedConversation};

use super::Paths;
use crate::body::{Body, MessageSize};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept};
use crate::endpoints::webchat::visitor::key_of;
use crate::openapi::example;
use crate::service::once::PostResult;

pub(super) fn rows(paths: &Paths) -> Vec<Endpoint> {
    let [opened, deleted] = paths.opened;
    let jo = OpenConversation {
        medias: None,
        account_id: Some(example::id("account_id").to_owned()),
        peer: NamedPeer {
            kind: "tel".to_owned(),
            target: "+15551234567".to_owned(),
            target_name: "Jo".to_owned(),
        },
        name: None,
        text: "Hello Jo".to_owned(),
    };
    vec![
        Endpoint::new(Method::POST, paths.all, open)
            .named(opened, "Finds the conversation with a person outside, or begins it")
            .about(
                "Whoever begins a conversation owns it; `created` tells whether it is new. One in \
                 which the caller does not take part is refused, unless it has no owner and there is \
                 no text.",
            )
            .sends("a first message", &jo),
        Endpoint::new(Method::DELETE, paths.one, remove)
            .named(deleted, "Deletes a conversation")
            .about(
                "By admins and managers. The next message of the person outside begins another \
                 conversation.",
            ),
    ]
}

async fn open(
    caller: Caller,
    body: Body<OpenConversation, MessageSize>,
) -> Answer<Kept<OpenedConversation>, OpenError> {
    let command = body.value.command()?;
    let peer = key_of(&command.peer);
    let posted = caller.change_once("open_conversation", &body.sent, move |uow, cx| {
        let opened = open_conversation(uow, cx, &command)?;
        let own = own_in_unit(uow, cx.actor, opened.conversation)?;
        Ok(PostResult::value(&OpenedConversation::new(
            &own,
            opened.is_new,
        )))
    });
    let posted = posted.await?;
    caller.shared.api.channels.wake_senders();
    caller.shared.visitors.wake(peer);
    Ok(posted.respond())
}

async fn remove(
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Answer<Conversation, DeleteConversationError> {
    let write = caller.change("delete_conversation", move |uow, cx| {
        delete_conversation(uow, cx, id)
    });
    Ok(ok(&Conversation::from(&write.await?)))
}
