"""Who sends the generated requests, and what keeps the run alive.

An admin sends them with a login token. Half of them get the ids of things there are, since hardly
any generated id is one. What would end the run for the admin (logging out, another password,
deleting or disabling itself) is done by, or to, an agent made for it.
"""

import os
import random
import uuid

import requests
import schemathesis

URL = os.environ["TALK_URL"]
PASSWORD = "a long password"
choose = random.Random(1)


def call(method, path, token=None, **body):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.request(method, URL + path, json=body or None, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def login(username):
    return call("POST", "/auth/login", username=username, password=PASSWORD)["token"]


ADMIN = login("root")
ME = call("GET", "/v1.0/service_agents/me", ADMIN)["id"]


def somebody():
    """An agent nothing depends on."""
    return call("POST", "/v1.0/agents", ADMIN, username=f"a-{uuid.uuid4()}", password=PASSWORD)


def chat(kind, agent):
    path = "/v1.0/service_agents/talk_chats"
    owners = [{"owner_type": "agent", "owner_id": agent}]
    return call("POST", path, ADMIN, type=kind, name="Fuzz", participants=owners)["id"]


def message(in_chat):
    path = "/v1.0/service_agents/talk_messages"
    return call("POST", path, ADMIN, chat_id=in_chat, text="Hello")["id"]


AGENTS = [somebody()["id"] for _ in range(3)]
CHATS = [chat(kind, AGENTS[0]) for kind in ("group", "talk", "direct")]
MESSAGES = [message(of) for of in CHATS]


def known(name):
    """The id of something there is."""
    if name == "chat_id":
        return choose.choice(CHATS)
    if name in ("message_id", "parent_id", "root_id"):
        return choose.choice(MESSAGES)
    if name in ("agent_id", "owner_id"):
        return choose.choice(AGENTS)
    if name == "accesskey_id":
        return call("POST", "/v1.0/accesskeys", ADMIN, name="fuzz")["id"]
    if name == "participant_id":
        return participant(choose.choice(CHATS[:2]))
    return None


def participant(in_chat):
    path = f"/v1.0/service_agents/talk_chats/{in_chat}/participants"
    return choose.choice(call("GET", path, ADMIN)["result"])["id"]


def fill(values):
    """Puts ids of things there are in place of ids of things there are not."""
    for name in list(values or {}):
        if is_id(values[name]) and (found := known(name)):
            values[name] = found


def is_id(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def as_somebody(case):
    agent = somebody()
    case.headers["Authorization"] = f"Bearer {login(agent['username'])}"


@schemathesis.auth()
class Admin:
    def get(self, case, context):
        return ADMIN

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


# What would take from the run the chats that other requests are about.
ENDS_CHAT = ("deleteChat", "closeChat", "deleteTalk", "closeTalk")
ENDS_MEMBERSHIP = ("removeParticipant", "removeTalkParticipant")


@schemathesis.hook
def before_call(context, case, kwargs):
    if choose.random() < 0.5:
        fill(case.path_parameters)
        fill(case.query)
        if isinstance(case.body, dict):
            fill(case.body)
    if case.meta and not case.meta.generation.mode.is_positive:
        # An empty parameter counts as none, which no schema says: another wrong value instead.
        for name, value in (case.query or {}).items():
            case.query[name] = value if value != "" else "-"
    if case.meta and case.meta.generation.mode.is_positive and choose.random() < 0.8:
        # A generated key comes again and again, with another body.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    path = case.path_parameters or {}
    name = case.operation.definition.raw.get("operationId")
    is_admin = (case.headers or {}).get("Authorization") == f"Bearer {ADMIN}"
    if name in ENDS_CHAT and path.get("chat_id") in CHATS:
        path["chat_id"] = chat("group", AGENTS[0])
    if name in ENDS_MEMBERSHIP and path.get("chat_id") in CHATS:
        path["chat_id"] = chat("group", AGENTS[0])
        path["participant_id"] = participant(path["chat_id"])
    if name == "deleteMessage" and path.get("message_id") in MESSAGES:
        path["message_id"] = message(chat("group", AGENTS[0]))
    if name == "deleteTalkMessage" and path.get("message_id") in MESSAGES:
        path["chat_id"] = chat("group", AGENTS[0])
        path["message_id"] = message(path["chat_id"])
    if name in ("deleteAgent", "updateAgent") and path.get("agent_id") in (ME, *AGENTS):
        path["agent_id"] = somebody()["id"]
    if name in ("logout", "changePassword") and is_admin:
        as_somebody(case)
        if name == "changePassword" and isinstance(case.body, dict) and choose.random() < 0.5:
            case.body["old_password"] = PASSWORD
    if name == "login" and isinstance(case.body, dict) and choose.random() < 0.3:
        case.body.update(username="root", password=PASSWORD)


# What no schema can say: rules about several fields, about what there is, about what is an emoji.
RULES = {
    # What an account needs depends on its type and provider.
    "ACCOUNT_SECRET_INVALID",
    "ACCOUNT_TOKEN_MISSING",
    # The forms of addresses depend on their type.
    "ADDRESS_INVALID",
    "AGENTS_DIFFER",
    "CHAT_NOT_JOINABLE",
    "DIRECT_CHAT_NEEDS_ONE_OTHER",
    "EMOJI_INVALID",
    "EVENT_PATTERN_INVALID",
    # The names of the parts of a form have an encoding of their own.
    "INVALID_FILE_UPLOAD",
    "MEDIA_AGENT_NOT_FOUND",
    "MEDIA_FILE_NOT_FOUND",
    "MESSAGE_EMPTY",
    "NOTHING_TO_CHANGE",
    "NUL_CHARACTER",
    "OLD_PASSWORD_WRONG",
    "ORIGIN_INVALID",
    "PROVIDER_DATA_INVALID",
    "PROVIDER_INVALID",
    "QUERY_REQUIRED",
    "SEQ_AHEAD_OF_HEAD",
    "REPLAY_INVALID",
    "SINCE_SEQ_NEEDS_CHAT",
    # Two forms of a date that exists.
    "TIME_INVALID",
    # No pattern names the characters that Unicode has not assigned.
    "USERNAME_INVALID",
    # The schemes depend on a setting.
    "WEBHOOK_URI_INVALID",
}


def names_nobody(body, error):
    """Whether a refusal is about an agent that the body does not name."""
    fields = {detail["field"] for detail in error["details"]}
    if not isinstance(body, dict) or not fields <= {"owner_type", "owner_id", "agent_id"}:
        return False
    return not body.get("agent_id") and not (body.get("owner_type") and body.get("owner_id"))


@schemathesis.check
def refused_for_a_rule(context, response, case):
    """A request that fits the schema is refused with 400 only for a rule no schema can say."""
    if response.status_code != 400 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    error = response.json()["error"]
    # To a schema 1.0 is an integer.
    is_float = error["reason"] == "INVALID_FIELD" and "floating point" in error["message"]
    # Two lists count together, each of which may have as many on its own.
    is_sum = error["reason"] == "LIMIT_EXCEEDED" and {"participants", "participant_ids"} <= set(case.body)
    # An agent is named by `owner_type` and `owner_id`, or by `agent_id`: the body names nobody.
    is_nobody = error["reason"] in ("INVALID_ID", "OWNER_TYPE_INVALID") and names_nobody(case.body, error)
    # One type creates an account and changes it, where `type` may be absent.
    is_new = error["reason"] == "ACCOUNT_TYPE_INVALID" and case.method == "POST"
    # What is absent stays, if there is an intercept.
    is_new = is_new or (error["reason"] == "FIELD_REQUIRED" and case.path == "/v1.0/intercepts/{point}")
    is_rule = is_float or is_sum or is_nobody or is_new or error["reason"] in RULES
    assert is_rule, f"{error} although the request fits the schema"
