"""Lets Prism judge what the server sends, by Twilio's published description: each of its requests is valid."""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from twilio.request_validator import RequestValidator

URL, PUBLIC = os.environ["TALK_URL"], os.environ["TALK_PUBLIC_URL"]
BASE = f"http://127.0.0.1:{sys.argv[1]}"
TOKEN, SID = "planted-token-6f1d", "AC" + "0123456789abcdef" * 2
# Of each kind that may need an encoding of its own, and as long as a message can be there.
TEXTS = ["Hi", "a & b = c + d % 20", "Grüße, 世界 \U0001F600", "line\nline\ttab \"quoted\" ;~'", " ", "x" * 1_600]


def call(path, body=None, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def status_of(path, fields):
    """The status with which Prism answers a form of ours, with a user and a password."""
    request = urllib.request.Request(BASE + path, urllib.parse.urlencode(fields).encode())
    request.add_header("authorization", "Basic QUMxOng=")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def wait_for_prism():
    """Waits up to a minute until Prism answers."""
    for _ in range(600):
        try:
            return status_of("/", {})
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("Prism does not answer")


def account(token, sid):
    data = {"provider": "twilio", "account_sid": sid, "numbers": ["+15550100"], "base_url": BASE}
    settings = {"type": "sms", "name": "Twilio", "token": TOKEN, "provider_data": data}
    return call("/v1.0/conversation_accounts", settings, token)


def conversation_of(account, token):
    """The conversation with a person who has written to the account."""
    fields = {"MessageSid": "SM1", "From": "+15550199", "To": "+15550100", "Body": "Hello"}
    signature = RequestValidator(TOKEN).compute_signature(account["hook_url"], fields)
    hook = URL + account["hook_url"].removeprefix(PUBLIC)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    data = urllib.parse.urlencode(fields).encode()
    urllib.request.urlopen(urllib.request.Request(hook, data, headers), timeout=30).close()
    for _ in range(600):
        found = call(f"/v1.0/conversations?account_id={account['id']}", token=token)["result"]
        if found:
            return found[0]["id"]
        time.sleep(0.05)
    raise SystemExit("the message of the person did not come in")


def sent(conversation, text, token):
    """A message to the person, as soon as Prism has judged it."""
    path = f"/v1.0/conversations/{conversation}/messages"
    message = call(path, {"text": text}, token)
    for _ in range(600):
        message = call(f"{path}/{message['id']}", token=token)
        if message["delivery"] not in ("queued", "submitting"):
            return message
        time.sleep(0.05)
    raise SystemExit(f"the message was not sent: {message}")


def check(account, token):
    return call(f"/v1.0/conversation_accounts/{account['id']}/check", {}, token)


wait_for_prism()
messages = f"/2010-04-01/Accounts/{SID}/Messages.json"
valid = {"To": "+15550199", "From": "+15550100", "Body": "Hi"}
assert status_of(messages, valid) == 201
assert status_of(messages, {"From": "+15550100", "Body": "Hi"}) == 422, "a message needs a receiver"
login = {"username": "root", "password": os.environ["TALK_BOOTSTRAP_PASSWORD"]}
token = call("/auth/login", login)["token"]
described = account(token, SID)
assert check(described, token)["ok"], check(described, token)
conversation = conversation_of(described, token)
for text in TEXTS:
    message = sent(conversation, text, token)
    assert message["delivery"] == "accepted", message
    assert message["reference_id"].startswith("SM"), message
# The same server with an account that the description does not allow: Prism refuses what it sends.
other = account(token, "AC1")
assert not check(other, token)["ok"]
refused = sent(conversation_of(other, token), "Hi", token)
assert (refused["delivery"], refused["failure"]["code"]) == ("failed", "422"), refused
print(f"Prism finds {len(TEXTS)} messages valid by the description of Twilio, and one of another account not")
