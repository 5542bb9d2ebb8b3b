// The server as its clients and its operator see it.
const { spawn } = require("node:child_process");
const { openSync } = require("node:fs");

const URL = process.env.TALK_URL;
const DEADLINE = 30_000;

class Talk {
  constructor(binary, server) {
    this.binary = binary;
    this.pid = server; // started by the script
  }

  async login() {
    const body = { username: "root", password: process.env.TALK_BOOTSTRAP_PASSWORD };
    this.token = (await this.call("POST", "/auth/login", body)).token;
  }

  async call(method, path, body, expected = 200) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await fetch(URL + path, { method, headers, body: sent });
    const text = await answer.text();
    if (answer.status !== expected) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // Sends a text to a person; returns the id of the conversation and the message.
  async send(account, peer, text) {
    const body = { account_id: account.id, peer: { type: "tel", target: peer } };
    const opened = await this.call("POST", "/v1.0/conversations", body);
    const path = `/v1.0/conversations/${opened.id}/messages`;
    return this.call("POST", path, { text });
  }

  async message(sent) {
    return this.call("GET", `/v1.0/conversations/${sent.conversation_id}/messages/${sent.id}`);
  }

  // Waits until a message has got so far.
  async reaches(sent, delivery) {
    return until(`a message that is ${delivery}`, async () => {
      const message = await this.message(sent);
      return message.delivery === delivery && message;
    });
  }

  // The texts of a person, the oldest first.
  async texts(account, peer) {
    const query = `account_id=${account.id}&peer=${encodeURIComponent(peer)}`;
    const { result } = await this.call("GET", `/v1.0/conversations?${query}`);
    if (result.length === 0) return [];
    const messages = await this.call("GET", `/v1.0/conversations/${result[0].id}/messages?page_size=100`);
    const incoming = messages.result.filter((message) => message.direction === "incoming");
    return incoming.map((message) => message.text).reverse();
  }

  async receipts(account, state) {
    const path = `/v1.0/conversation_accounts/${account.id}/receipts?state=${state}&page_size=100`;
    return (await this.call("GET", path)).result;
  }

  async kill() {
    process.kill(this.pid, "SIGKILL");
    await until("the end of the server", async () => !(await this.answers()));
  }

  async start() {
    const log = openSync("log", "a");
    const { TALK_URL, ...env } = process.env; // no setting
    let server = null;
    await until("the server", () => {
      // The one before may still have the database.
      if (server === null || server.exitCode !== null) {
        server = spawn(this.binary, ["serve"], { env, stdio: ["ignore", log, log] });
        this.pid = server.pid;
      }
      return this.answers();
    });
  }

  // Stops the server that this suite started, in order.
  async stop() {
    process.kill(this.pid, "SIGTERM");
    await until("the end of the server", async () => !(await this.answers()));
  }

  async answers() {
    return fetch(`${URL}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  }
}

// Waits until `look` returns something.
async function until(name, look) {
  const end = Date.now() + DEADLINE;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`no ${name} within ${DEADLINE} ms`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

module.exports = { Talk, until };
