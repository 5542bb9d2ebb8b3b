"""Checks from outside what nginx, with the shipped file, and the server do together.

Each check is a function whose name says what holds; it comes from an address of its own, so that
limits by address are seen. The environment comes from nginx.sh.
"""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import websockets

WORK = Path(os.environ["WORK"])
TLS, PLAIN, SHORT = (int(os.environ[name]) for name in ("TLS", "PLAIN", "SHORT"))
PASSWORD = os.environ["TALK_BOOTSTRAP_PASSWORD"]
TRUST = ssl.create_default_context(cafile=WORK / "fullchain.pem")
MESSAGES = "/v1.0/service_agents/talk_messages"
CHATS = "/v1.0/service_agents/talk_chats"
FILES = "/v1.0/service_agents/files"
ME = "/v1.0/service_agents/me"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Client:
    """A client of nginx at one address of the loopback network, with one connection per request."""

    def __init__(self, address, token=None, port=TLS):
        self.address, self.token, self.port = f"127.0.0.{address}", token, port

    def connect(self):
        source = (self.address, 0)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, source_address=source, context=TRUST
        )

    def ask(self, method, path, body=None, headers=(), connection=None):
        """Sends a request; the status, the headers in lower case, and the text of the answer."""
        headers = dict(headers)
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body, ensure_ascii=False).encode()
        own = connection is None
        connection = connection or self.connect()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if own:
            connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def ok(self, method, path, body=None, headers=()):
        status, _, text = self.ask(method, path, body, headers)
        assert status == 200, (method, path, status, text)
        return json.loads(text)

    def refused(self, status, reason, *request):
        got, headers, text = self.ask(*request)
        assert got == status, (request[:2], got, text)
        assert json.loads(text)["error"]["reason"] == reason, text
        return headers

    def socket(self, query=True, headers=(), **options):
        path = "/v1.0/ws" + (f"?token={self.token}" if query else "")
        return websockets.connect(
            f"wss://127.0.0.1:{self.port}{path}",
            ssl=TRUST,
            local_addr=(self.address, 0),
            additional_headers=dict(headers),
            ping_interval=None,  # the server's pings alone keep the connection
            **options,
        )


def logged_in(address, port=TLS):
    """A new agent: its socket shows nothing of the others."""
    agent = {"username": f"agent-{address}", "password": PASSWORD}
    ROOT.ok("POST", "/v1.0/agents", agent)
    token = Client(address, port=port).ok("POST", "/auth/login", agent)["token"]
    return Client(address, token, port)


def chat_of(client):
    return client.ok("POST", CHATS, {"type": "group", "name": "behind nginx"})["id"]


async def frame(socket, kind):
    """The next frame of a kind; others may come before it."""
    async with asyncio.timeout(30):
        while True:
            read = json.loads(await socket.recv())
            if read["type"] == kind:
                return read


async def follow(client, socket, **more):
    topics = [f"agent_id:{client.ok('GET', ME)['id']}:chat"]
    await socket.send(json.dumps({"type": "subscribe", "id": "s", "topics": topics} | more))
    return await frame(socket, "subscribed")


async def opens(client, **options):
    """The status of a handshake."""
    try:
        async with client.socket(**options):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


async def closed(socket):
    """The code with which the server closes."""
    async with asyncio.timeout(30):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd and end.rcvd.code


def log():
    return (WORK / "log").read_text()


@check
async def a_socket_that_only_answers_pings_outlives_the_timeout_of_nginx():
    client = logged_in(2, port=SHORT)
    chat = chat_of(client)
    async with client.socket() as socket:
        await follow(client, socket)
        # Twice the 30 s that this nginx waits for a byte.
        await asyncio.sleep(65)
        client.ok("POST", MESSAGES, {"chat_id": chat, "text": "still there"})
        assert (await frame(socket, "chatmessage_created"))["data"]["text"] == "still there"


@check
async def the_shipped_timeouts_leave_the_decision_to_the_server():
    shipped = (WORK / "nginx/talk.conf").read_text()
    location = shipped[shipped.index("location = /v1.0/ws") :]
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        seconds = int(re.search(rf"{name} (\d+)s;", location).group(1))
        assert seconds > 60, f"{name}: the server closes a silent socket after 60 s"
    idle = int(re.search(r"keepalive_timeout (\d+)s;", shipped).group(1))
    assert idle < 75, "keepalive_timeout: the server closes an idle connection after 75 s"


@check
async def rest_is_served_over_tls_and_plain_requests_are_sent_there():
    client = logged_in(3)
    chat = chat_of(client)
    said = client.ok("POST", MESSAGES, {"chat_id": chat, "text": "over TLS"})
    path = f"{MESSAGES}/{said['id']}"
    status, headers, text = client.ask("GET", path, headers={"X-Request-Id": "from-outside"})
    assert (status, json.loads(text)["text"]) == (200, "over TLS")
    assert headers["x-request-id"] == "from-outside"
    assert headers["cache-control"] == "no-store"
    assert "max-age" in headers["strict-transport-security"]
    assert client.ask("GET", "/docs")[0] == 200
    servers = json.loads(client.ask("GET", "/openapi.json")[2])["servers"]
    assert servers[0]["url"] == "/", "requests of the page /docs stay with its scheme"
    plain = http.client.HTTPConnection("127.0.0.1", PLAIN, timeout=30)
    plain.request("GET", ME)
    moved = plain.getresponse()
    assert moved.status == 308
    assert moved.getheader("Location").startswith("https://127.0.0.1")


@check
async def a_socket_follows_and_posts_through_nginx():
    client = logged_in(4)
    chat = chat_of(client)
    async with client.socket() as socket:
        await follow(client, socket)
        for n in range(20):
            message = {"chat_id": chat, "text": f"message {n}"}
            await socket.send(json.dumps({"type": "post", "id": f"key-{n:05}", "message": message}))
        seen = []
        while len(seen) < 20:
            seen.append((await frame(socket, "chatmessage_created"))["data"]["text"])
        assert seen == [f"message {n}" for n in range(20)]
        with_header = {"Authorization": f"Bearer {client.token}"}
        assert await opens(client, query=False, headers=with_header) == 101
        client.ok("POST", "/auth/logout")
        assert await closed(socket) == 4401


@check
async def a_subscribe_of_a_megabyte_passes():
    client = logged_in(5)
    positions = {f"018d1729-a3f0-7cc4-b8d2-{n:012x}": 1 for n in range(23_000)}
    async with client.socket(max_size=None) as socket:
        epoch = (await follow(client, socket))["epoch"]
        assert len(json.dumps(positions)) > 900_000
        await follow(client, socket, epoch=epoch, since=positions)


@check
async def the_limits_of_an_address_are_those_of_the_client():
    guesser, owner = Client(6), Client(7)
    wrong = {"username": "root", "password": "a wrong guess"}
    forged = {"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.8"}
    statuses = [guesser.ask("POST", "/auth/login", wrong, forged)[0] for _ in range(10)]
    assert statuses[0] == 401 and statuses[-1] == 429, statuses
    owner.ok("POST", "/auth/login", {"username": "root", "password": PASSWORD})
    flood, other = Client(8), Client(9)
    connection = flood.connect()
    for _ in range(400):
        status, headers, _ = flood.ask("GET", "/healthz", headers=forged, connection=connection)
        if status == 429:
            break
    assert status == 429 and int(headers["retry-after"]) >= 1
    began = time.monotonic()
    assert other.ask("GET", "/healthz")[0] == 200
    assert time.monotonic() - began < 4, "another client waits for the pace of the one that floods"
    assert "client=127.0.0.6" in log()
    assert "203.0.113." not in log()
    assert "disagree" not in log()


@check
async def a_page_has_the_origin_that_the_browser_sees():
    client = logged_in(10)
    host = f"127.0.0.1:{TLS}"
    for origin, status in [
        (f"https://{host}", 101),
        (f"http://{host}", 403),
        ("https://127.0.0.1", 403),
        ("https://evil.example.com", 403),
        ("null", 403),
    ]:
        assert await opens(client, headers={"Origin": origin}) == status, origin
    forged = {"Origin": f"http://{host}", "X-Forwarded-Proto": "http", "Forwarded": "proto=http"}
    assert await opens(client, headers=forged) == 403


@check
async def a_body_that_is_too_large_is_refused_by_the_server_and_then_by_nginx():
    client = logged_in(11)
    chat = chat_of(client)
    for size, status in [(60_000, 400), (100_000, 413), (900_000, 413)]:
        body = {"chat_id": chat, "text": "x" * size}
        got, headers, text = client.ask("POST", MESSAGES, body)
        assert got == status, (size, got, text)
        assert json.loads(text)["error"]["request_id"] == headers["x-request-id"]
    assert client.ask("POST", MESSAGES, {"chat_id": chat, "text": "x" * 2_000_000})[0] == 413
    client.ok("POST", MESSAGES, {"chat_id": chat, "text": "x" * 16_000})


@check
async def only_the_socket_leaves_http():
    client = logged_in(12)
    client.refused(400, "UPGRADE_REQUIRED", "GET", "/v1.0/ws")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    client.refused(405, "METHOD_NOT_ALLOWED", "POST", "/v1.0/ws", {}, upgrade)
    assert client.ask("GET", ME, headers=upgrade)[0] == 200
    client.refused(404, "ROUTE_NOT_FOUND", "GET", "/metrics")
    assert await opens(Client(12), query=False) == 401


@check
async def an_answer_that_waits_for_its_reader_is_on_no_disk():
    client = logged_in(13)
    chat = chat_of(client)
    for n in range(60):
        client.ok("POST", MESSAGES, {"chat_id": chat, "text": "ö" * 16_000})
    # Next to nothing fits into the buffers of this client, and most of a page waits with nginx.
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect(("127.0.0.1", TLS))
    with TRUST.wrap_socket(narrow, server_hostname="localhost") as stream:
        stream.sendall(
            f"GET {MESSAGES}?chat_id={chat}&page_size=100 HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {client.token}\r\nConnection: close\r\n\r\n".encode()
        )
        assert stream.recv(12) == b"HTTP/1.1 200"
        await nothing_is_written("proxy")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        size = 0
        while part := stream.recv(65_536):
            size += len(part)
    assert size > 1_000_000


@check
async def a_body_that_is_under_way_is_on_no_disk():
    client = logged_in(15)
    body = json.dumps({"chat_id": chat_of(client), "text": "x" * 16_000, "detail": "y" * 40_000})
    connection = client.connect()
    connection.putrequest("POST", MESSAGES)
    connection.putheader("Authorization", f"Bearer {client.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:-1].encode())
    await nothing_is_written("body")
    connection.send(body[-1:].encode())
    assert connection.getresponse().status == 200


@check
async def a_file_of_megabytes_passes_both_ways_and_is_on_no_disk():
    client, content = logged_in(16), os.urandom(3_000_000)
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="plan.bin"\r\n\r\n'
    body = head + content + b"\r\n--edge--\r\n"
    connection = client.connect()
    connection.putrequest("POST", FILES)
    connection.putheader("Authorization", f"Bearer {client.token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=edge")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:2_000_000])
    await nothing_is_written("body")
    connection.send(body[2_000_000:])
    answer = connection.getresponse()
    stored = json.loads(answer.read())
    assert answer.status == 200, stored
    connection = client.connect()
    headers = {"Authorization": f"Bearer {client.token}"}
    connection.request("GET", f"{FILES}/{stored['id']}/file", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, content)


async def nothing_is_written(folder):
    """For a second, no worker of nginx has a temporary file open."""
    for _ in range(20):
        written = [name for name in files_of_nginx() if f"/nginx/{folder}/" in name]
        assert written == [], written
        await asyncio.sleep(0.05)


def files_of_nginx():
    """What the workers of nginx have open, also if it has no name any more."""
    master = (WORK / "nginx/pid").read_text().strip()
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert workers
    return [os.readlink(file) for worker in workers for file in Path(f"/proc/{worker}/fd").iterdir()]


async def a_server_that_stops_says_goodbye_and_the_next_one_is_found():
    """Ends the server, so it runs after all others."""
    client, pid = logged_in(14), os.environ["SERVER_PID"]
    async with client.socket() as socket:
        await follow(client, socket)
        os.kill(int(pid), signal.SIGTERM)
        assert await closed(socket) == 4503
    while Path(f"/proc/{pid}").exists():
        await asyncio.sleep(0.1)
    assert client.ask("GET", f"{ME}?token={client.token}")[0] == 502
    with open(WORK / "log", "a") as out:
        server = subprocess.Popen([os.environ["SERVER"], "serve"], cwd=WORK, stderr=out, stdout=out)
    try:
        async with asyncio.timeout(30):
            while client.ask("GET", "/readyz")[0] != 200:
                assert server.poll() is None, log()
                await asyncio.sleep(0.1)
        assert client.ok("GET", ME)["username"] == "agent-14"
    finally:
        server.terminate()
        server.wait(30)


async def no_log_has_a_token_or_a_message():
    """Reads what all others left in the logs, those of errors included."""
    logs = [path for path in WORK.rglob("*") if path.is_file() and path.name.endswith("log")]
    assert len(logs) >= 5, logs
    access = (WORK / "nginx/talk.access.log").read_text()
    assert '"GET /v1.0/ws" 101' in access and '"GET /v1.0/service_agents/me" 502' in access
    for path in logs:
        text = path.read_text()
        for secret in ("token=", "eyJ", "still there", "over TLS", PASSWORD):
            assert secret not in text, (path, secret)


def root():
    login = {"username": os.environ["TALK_BOOTSTRAP_USERNAME"], "password": PASSWORD}
    return Client(20, Client(20).ok("POST", "/auth/login", login)["token"])


ROOT = root()


async def main():
    async def run(function):
        await function()
        print("nginx:", function.__name__.replace("_", " "), flush=True)

    idle, *others = CHECKS
    waits = asyncio.create_task(run(idle))
    for function in others:
        await run(function)
    await waits
    await run(a_server_that_stops_says_goodbye_and_the_next_one_is_found)
    await run(no_log_has_a_token_or_a_message)


asyncio.run(main())
