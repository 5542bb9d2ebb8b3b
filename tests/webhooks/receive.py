"""Receives webhooks of a server, verifies them, and writes them to a file for other libraries."""

import hashlib
import hmac
import json
import os
import queue
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PORT, FILE = int(sys.argv[1]), sys.argv[2]
URL = os.environ["TALK_URL"]
RECEIVED = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        RECEIVED.put(({k.lower(): v for k, v in self.headers.items()}, body.decode()))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def call(path, body, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def verified(delivery, *secrets):
    headers, body = delivery
    for secret in secrets:
        assert Webhook(secret).verify(body, headers) == json.loads(body)
        try:
            Webhook(secret).verify(body + " ", headers)
        except WebhookVerificationError:
            continue
        raise AssertionError("a changed body was accepted")
    tag = hmac.new(secrets[0].encode(), body.encode(), hashlib.sha256).hexdigest()
    assert headers["x-voipbin-signature"] == f"sha256={tag}"
    return {"headers": headers, "body": body, "secrets": secrets}


server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
login = {"username": "root", "password": os.environ["TALK_BOOTSTRAP_PASSWORD"]}
token = call("/auth/login", login)["token"]
webhook = call("/v1.0/webhooks", {"uri": f"http://127.0.0.1:{PORT}/"}, token)
chat = call("/v1.0/service_agents/talk_chats", {"type": "group"}, token)
text = "Grüße, 世界 <b>\u2028\\ \" '"
call("/v1.0/service_agents/talk_messages", {"chat_id": chat["id"], "text": text}, token)
deliveries = [verified(RECEIVED.get(timeout=30), webhook["secret"]) for _ in range(3)]
assert json.loads(deliveries[2]["body"])["data"]["text"] == text
rotated = call(f"/v1.0/webhooks/{webhook['id']}/rotate", {}, token)
call(f"/v1.0/webhooks/{webhook['id']}/test", {}, token)
deliveries.append(verified(RECEIVED.get(timeout=30), rotated["secret"], webhook["secret"]))
with open(FILE, "w", encoding="utf-8") as file:
    json.dump(deliveries, file)
print(f"Python standardwebhooks accepts {len(deliveries)} deliveries")
