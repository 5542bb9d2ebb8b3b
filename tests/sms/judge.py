"""Compares the server with the libraries of Twilio and Telnyx: which requests it accepts, and what it sends."""

import base64
import http.client
import json
import os
import queue
import random
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import telnyx
from nacl.signing import SigningKey
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

PORT = int(sys.argv[1])
URL, PUBLIC = os.environ["TALK_URL"], os.environ["TALK_PUBLIC_URL"]
BASE = f"http://127.0.0.1:{PORT}"
TOKEN, SID, KEY = "planted-token-6f1d", "AC1", "KEY-planted-6f1d"
VECTORS = 4_000
SENT = queue.Queue()
random.seed(20_261_130)


class Provider(BaseHTTPRequestHandler):
    """Takes every message."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        key = self.headers["idempotency-key"]
        SENT.put((self.path, self.headers["authorization"], body, key))
        is_twilio = self.path.startswith("/2010")
        answer = {"sid": "SM1"} if is_twilio else {"data": {"id": "m1"}}
        answer = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def call(path, body=None, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Hook:
    """Posts to the hook of an account over one connection."""

    def __init__(self, account):
        self.path = account["hook_url"].removeprefix(PUBLIC)
        self.connection = http.client.HTTPConnection(URL.removeprefix("http://"), timeout=30)

    def accepts(self, path, headers, body):
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status in (200, 401), answer.status
        return answer.status == 200


def flipped(data):
    """The bytes with one bit changed."""
    data, place = bytearray(data), random.randrange(len(data) * 8)
    data[place // 8] ^= 1 << (place % 8)
    return bytes(data)


def words():
    pieces = ["a", "Z", "0", " ", "+", "&", "=", "%", "é", "世", "\U0001F600", "\n", "'", '"', "~", ";"]
    return "".join(random.choice(pieces) for _ in range(random.randrange(1, 30)))


def judge_twilio(account):
    hook, accepted, stored = Hook(account), 0, set()
    for n in range(VECTORS):
        fields = {"MessageSid": f"SM{n}", "SmsStatus": "received", "To": "+15550100"}
        fields |= {"From": f"+1555{n % 50:04}", "Body": words(), words(): words()}
        token, path = TOKEN, hook.path + random.choice(["", "?a=1", "?message=x&b=%20"])
        change = n % 8
        if change == 1:
            token = random.choice(["", "planted-token-6f1e", TOKEN + " "])
        signature = RequestValidator(token or " ").compute_signature(PUBLIC + path, fields)
        if change == 2:
            signature = base64.b64encode(flipped(base64.b64decode(signature))).decode()
        if change == 3:
            fields["Body"] = flipped(fields["Body"].encode()).decode("utf-8", "replace")
        if change == 4:
            fields[words()] = "added"
        if change == 5:
            path += "&c" if "?" in path else "?c"
        if change == 6:
            signature = random.choice(["", "x", signature[:-1], signature + "A"])
        verdict = RequestValidator(TOKEN).validate(PUBLIC + path, fields, signature)
        headers = {"x-twilio-signature": signature}
        headers["content-type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        is_accepted = hook.accepts(path, headers, urllib.parse.urlencode(fields))
        assert is_accepted == verdict, (n, change, path, fields, signature)
        if is_accepted:
            accepted += 1
            stored.add(fields["MessageSid"])
    assert 0 < accepted < VECTORS / 2
    return accepted, stored


def judge_telnyx(account, signing):
    hook, accepted, stored, client = Hook(account), 0, set(), telnyx.Telnyx(api_key="x")
    key = base64.b64encode(bytes(signing.verify_key)).decode()
    for n in range(VECTORS):
        payload = {"id": f"m{n}", "from": {"phone_number": f"+1555{n % 50:04}"}, "text": words()}
        payload["to"] = [{"phone_number": "+15550100"}]
        body = {"data": {"id": f"e{n}", "event_type": "message.received", "payload": payload}}
        body, change, signer = json.dumps(body, ensure_ascii=n % 2 == 0).encode(), n % 8, signing
        stamp = str(int(time.time()) + random.choice([0, -200, 200]))
        if change == 1:
            stamp = str(int(time.time()) + random.choice([-400, 400, -10**9]))
        if change == 2:
            signer = SigningKey(bytes([n % 250]) * 32)
        signature = signer.sign(stamp.encode() + b"|" + body).signature
        if change == 3:
            signature = flipped(signature)
        if change == 4:
            body = body.replace(b"message.received", b"message.receiveD")
        if change == 5:
            stamp = random.choice(["", "soon", str(int(stamp) + 1)])
        signature = base64.b64encode(signature).decode()
        if change == 6:
            signature = random.choice(["", "x", signature[:-4]])
        headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": stamp}
        try:
            client.webhooks.unwrap(body.decode(), headers=headers, key=key)
            verdict = True
        except ValueError:
            verdict = False
        headers["content-type"] = "application/json"
        is_accepted = hook.accepts(hook.path, headers, body)
        assert is_accepted == verdict, (n, change, headers, body)
        if is_accepted:
            accepted += 1
            stored.add(f"e{n}")
    assert 0 < accepted < VECTORS / 2
    return accepted, stored


def receipts(account, token):
    """The events that the account has stored, each of which must have had its effect."""
    found, page = set(), ""
    while True:
        path = f"/v1.0/conversation_accounts/{account['id']}/receipts?page_size=100{page}"
        answer = call(path, token=token)
        for row in answer["result"]:
            assert row["state"] in ("done", "stored"), row
            found.add(row["event_id"])
        if not answer["next_page_token"]:
            return found
        page = "&page_token=" + urllib.parse.quote(answer["next_page_token"], safe="")


class Recorder(TwilioHttpClient):
    """Keeps the request of Twilio's library instead of sending it."""

    def request(self, method, url, params=None, data=None, headers=None, auth=None, **_):
        basic = base64.b64encode(":".join(auth).encode()).decode()
        self.kept = (urllib.parse.urlsplit(url).path, f"Basic {basic}", data)
        return Response(201, json.dumps({"sid": "SM1"}))


def answer_in(account, token):
    """Answers the first conversation of the account; returns the message and the request that sent it."""
    path = f"/v1.0/conversations?account_id={account['id']}"
    conversation = call(path, token=token)["result"][0]
    message = call(f"/v1.0/conversations/{conversation['id']}/messages", {"text": "Grüße & 世界+"}, token)
    return message, SENT.get(timeout=30)


def judge_sends(twilio, telnyx_account, token):
    message, (path, authorization, body, _) = answer_in(twilio, token)
    recorder = Recorder()
    callback = f"{twilio['hook_url']}?message={message['id']}"
    Client(SID, TOKEN, http_client=recorder).messages.create(
        to=message["destination"]["target"], from_="+15550100", body=message["text"], status_callback=callback
    )
    expected = {name: value for name, value in recorder.kept[2].items() if isinstance(value, str)}
    assert (path, authorization) == recorder.kept[:2], (path, recorder.kept)
    assert dict(urllib.parse.parse_qsl(body)) == expected, (body, expected)
    message, ours = answer_in(telnyx_account, token)
    telnyx.Telnyx(api_key=KEY, base_url=f"{BASE}/v2").messages.send(
        to=message["destination"]["target"],
        from_="+15550100",
        text=message["text"],
        webhook_url=telnyx_account["hook_url"],
        idempotency_key=ours[3],
    )
    theirs = SENT.get(timeout=30)
    assert (ours[:2], ours[3]) == (theirs[:2], theirs[3]), (ours, theirs)
    assert message["id"] in ours[3]
    assert json.loads(ours[2]) == json.loads(theirs[2]), (ours, theirs)


server = ThreadingHTTPServer(("127.0.0.1", PORT), Provider)
threading.Thread(target=server.serve_forever, daemon=True).start()
login = {"username": "root", "password": os.environ["TALK_BOOTSTRAP_PASSWORD"]}
token = call("/auth/login", login)["token"]
data = {"provider": "twilio", "account_sid": SID, "numbers": ["+15550100"], "base_url": BASE}
settings = {"type": "sms", "name": "Twilio", "token": TOKEN, "provider_data": data}
twilio = call("/v1.0/conversation_accounts", settings, token)
signing = SigningKey(bytes(range(32)))
public_key = base64.b64encode(bytes(signing.verify_key)).decode()
data = {"provider": "telnyx", "public_key": public_key, "numbers": ["+15550100"], "base_url": BASE}
settings = {"type": "sms", "name": "Telnyx", "token": KEY, "provider_data": data}
of_telnyx = call("/v1.0/conversation_accounts", settings, token)
for account, (accepted, stored) in (
    (twilio, judge_twilio(twilio)),
    (of_telnyx, judge_telnyx(of_telnyx, signing)),
):
    assert receipts(account, token) == stored
    print(f"{account['name']}: {VECTORS} requests, of which the library and the server accept the same {accepted}")
judge_sends(twilio, of_telnyx, token)
print("the requests that send are those of the libraries")
