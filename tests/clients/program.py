"""A client that openapi-python-client makes of the document: logs in, posts, reacts, lists, and follows
the log. Usage: program.py <base url>"""

import sys
from typing import TypeVar
from uuid import uuid4

from talk_client import AuthenticatedClient, Client
from talk_client.api.chats import create_chat
from talk_client.api.events import list_events
from talk_client.api.messages import list_messages, post_message
from talk_client.api.reactions import add_reaction
from talk_client.api.sessions import login
from talk_client.models import (
    ChatmessageCreatedEvent,
    ChatmessageReactionUpdatedEvent,
    CreateChat,
    CreateChatType,
    ErrorEnvelope,
    Login,
    MediaLink,
    Message,
    PostMessage,
    React,
    Reason,
)

T = TypeVar("T")


def given(answer: T | ErrorEnvelope | None) -> T:
    assert answer is not None, "no answer"
    assert not isinstance(answer, ErrorEnvelope), answer
    return answer


url = sys.argv[1]
anonymous = Client(base_url=url)
token = given(login.sync(client=anonymous, body=Login(username="root", password="a long password")))
client = AuthenticatedClient(base_url=url, token=token.token)

chat = given(create_chat.sync(client=client, body=CreateChat(type_=CreateChatType.GROUP, name="Plans")))
link = MediaLink(type_="link", link_url="https://example.com")
body = PostMessage(chat_id=chat.id, text="Hello!", medias=[link])
key = str(uuid4())
message = post_message.sync(client=client, body=body, idempotency_key=key)
again = post_message.sync(client=client, body=body, idempotency_key=key)
# An intercept of the customer may hold a message.
assert isinstance(message, Message) and isinstance(again, Message), (message, again)
assert message.id == again.id, "it was posted twice"

reacted = given(add_reaction.sync(message.id, client=client, body=React(emoji="👍")))
assert reacted.reaction_counts["👍"] == 1, reacted

listed = given(list_messages.sync(client=client, chat_id=chat.id, page_size=100))
assert "Hello!" in [one.text for one in listed.result], listed

seen: list[object] = []
since, head = 0, 1
while since < head:
    page = given(list_events.sync(client=client, chat_id=chat.id, since=since, limit=2))
    seen.extend(page.result)
    head = page.head
    since = page.result[-1].seq if page.result else head
said = [event.data.text for event in seen if isinstance(event, ChatmessageCreatedEvent)]
assert said == ["Hello!"], seen
assert isinstance(seen[-1], ChatmessageReactionUpdatedEvent), seen

refused = post_message.sync(client=client, body=PostMessage(chat_id=chat.id))
assert isinstance(refused, ErrorEnvelope), refused
assert refused.error.reason is Reason.MESSAGE_EMPTY, refused
