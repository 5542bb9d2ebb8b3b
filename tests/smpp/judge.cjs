// Judges SMPP with the message centre of the npm package `smpp`.
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { Centre, PASSWORD, joined, smpp } = require("./centre.cjs");
const { Talk, until } = require("./talk.cjs");

const [binary, server, port] = process.argv.slice(2);
const LONG = "0123456789 abcdefghi {€} ".repeat(16); // 400 characters
const EMOJI = `Grüße 😀 ${"👩‍👩‍👧 世界 ".repeat(40)}`;

const KILLED_AT = 30; // answers

let number = 100;
const person = () => `+1555777${number++}`;

const PARTS = {
  async "a bad setting names its field"({ talk, settings }) {
    for (const [field, value] of [
      ["host", "a b"],
      ["system_id", ""],
      ["window", 101],
      ["bind", "receiver"],
      ["password", "longer than 8"],
      ["port", 70_000],
    ]) {
      const provider_data = { ...settings.provider_data, [field]: value };
      const refused = await talk.call("POST", "/v1.0/conversation_accounts", { ...settings, provider_data }, 400);
      assert.match(JSON.stringify(refused), new RegExp(field), field);
    }
  },

  async "the account is bound and shows no password"({ talk, account, centre }) {
    await until("session", () => centre.session);
    const checked = await talk.call("POST", `/v1.0/conversation_accounts/${account.id}/check`);
    assert.deepEqual(checked, { ok: true, detail: "" });
    assert.ok(!JSON.stringify(account).includes(PASSWORD));
    assert.equal(account.hook_url, "");
  },

  async "a short text goes out and is accepted"({ talk, account, centre }) {
    const peer = person();
    const sent = await talk.send(account, peer, "Hello [1] €");
    await talk.reaches(sent, "accepted");
    const [unit] = centre.submitted.splice(0);
    assert.equal(unit.short_message.message, "Hello [1] €");
    assert.equal(unit.data_coding, 0);
    assert.equal(unit.registered_delivery, 1);
    assert.deepEqual([unit.dest_addr_ton, unit.dest_addr_npi], [1, 1]);
    assert.equal(`+${unit.destination_addr}`, peer);
    assert.equal(unit.source_addr, "15550100");
  },

  async "a long text and emoji go out whole"({ talk, account, centre }) {
    for (const [text, coding, most] of [
      [LONG, 0, 153],
      [EMOJI, 8, 67],
    ]) {
      const sent = await talk.send(account, person(), text);
      await talk.reaches(sent, "accepted");
      const units = centre.submitted.splice(0);
      assert.ok(units.length > 2);
      assert.equal(joined(units), text);
      for (const unit of units) {
        assert.equal(unit.data_coding, coding);
        assert.ok([...unit.short_message.message].length <= most);
        assert.equal(unit.short_message.udh[0][2], units[0].short_message.udh[0][2]);
      }
    }
  },

  async "a text that is too long is refused with the limit"({ talk, account }) {
    const sent = await talk.send(account, person(), "x".repeat(153 * 20 + 1));
    const { failure } = await talk.reaches(sent, "failed");
    assert.equal(failure.code, "text_too_long");
    assert.match(failure.reason, /20/);
  },

  async "texts come in whole"({ talk, account, centre }) {
    const [one, two] = [person(), person()];
    const from = (peer) => ({ source_addr: peer.slice(1) });
    assert.equal(await centre.deliver({ ...from(one), short_message: "Hi [1] €", data_coding: 0 }), 0);
    assert.equal(await centre.deliver({ ...from(one), short_message: { message: "Grüße 😀" }, data_coding: 8 }), 0);
    assert.equal(await centre.deliver({ ...from(one), short_message: "", message_payload: { message: EMOJI }, data_coding: 8 }), 0);
    assert.equal(await centre.deliver({ ...from(two), source_addr_ton: 0, dest_addr_ton: 0, short_message: "national" }), 0);
    await until("three texts", async () => (await talk.texts(account, one)).length === 3);
    assert.deepEqual(await talk.texts(account, one), ["Hi [1] €", "Grüße 😀", EMOJI]);
    await until("a text", async () => (await talk.texts(account, two)).length === 1);
  },

  async "an answer of a person is in the same conversation"({ talk, account, centre }) {
    const peer = person();
    const sent = await talk.send(account, peer, "Are you there?");
    await talk.reaches(sent, "accepted");
    centre.submitted.splice(0);
    await centre.deliver({ source_addr: peer.slice(1), short_message: "Yes" });
    await until("the answer", async () => (await talk.texts(account, peer))[0] === "Yes");
    const { result } = await talk.call("GET", `/v1.0/conversations?account_id=${account.id}&peer=${encodeURIComponent(peer)}`);
    assert.deepEqual(result.map((one) => one.id), [sent.conversation_id]);
  },

  async "segments come in in any order, twice, and by each kind of header"({ talk, account, centre }) {
    const wide = Buffer.from(EMOJI, "utf16le").swap16();
    for (const kind of ["8 bit", "16 bit", "parameters"]) {
      const peer = person();
      // Pieces of 131 octets cut characters in two.
      const pieces = [];
      for (let at = 0; at < wide.length; at += 131) pieces.push(wide.subarray(at, at + 131));
      const segments = pieces.map((piece, index) => {
        const [total, place] = [pieces.length, index + 1];
        const sent = { source_addr: peer.slice(1), data_coding: 8 };
        if (kind === "parameters") {
          return { ...sent, short_message: piece, sar_msg_ref_num: 300, sar_total_segments: total, sar_segment_seqnum: place };
        }
        const header = kind === "8 bit" ? [5, 0, 3, 7, total, place] : [6, 8, 4, 1, 7, total, place];
        return { ...sent, esm_class: 0x40, short_message: Buffer.concat([Buffer.from(header), piece]) };
      });
      const order = segments.map((_, index) => index).reverse();
      [order[0], order[1]] = [order[1], order[0]];
      for (const index of order) {
        assert.equal(await centre.deliver(segments[index]), 0);
        if (index === 2) assert.equal(await centre.deliver(segments[index]), 0);
      }
      await until("the whole text", async () => (await talk.texts(account, peer)).length > 0);
      assert.deepEqual(await talk.texts(account, peer), [EMOJI], kind);
    }
    await until("no waiting segment", async () => (await talk.receipts(account, "stored")).length === 0);
  },

  async "receipts move a message forward, in any order and form"({ talk, account, centre }) {
    const send = async (text) => {
      const sent = await talk.send(account, person(), text);
      await talk.reaches(sent, "accepted");
      return [sent, centre.submitted.splice(0)];
    };
    const [short, [unit]] = await send("short");
    await centre.receipt(unit, "DELIVRD");
    await talk.reaches(short, "delivered");
    await centre.receipt(unit, "ENROUTE");
    await centre.receipt(unit, "UNDELIV");
    await centre.receipt(unit, "DELIVRD");
    await until("no waiting receipt", async () => (await talk.receipts(account, "stored")).length === 0);
    assert.equal((await talk.message(short)).delivery, "delivered");
    assert.equal((await talk.message(short)).status, "done");

    const [long, units] = await send(LONG);
    await centre.receipt(units[2], "", 2);
    await centre.receipt(units[0], "DELIVRD");
    await until("no waiting receipt", async () => (await talk.receipts(account, "stored")).length === 0);
    assert.equal((await talk.message(long)).delivery, "accepted");
    await centre.receipt(units[1], "", 2);
    await talk.reaches(long, "delivered");

    const [failed, [lost]] = await send("lost");
    await centre.receipt(lost, "UNDELIV");
    const { failure } = await talk.reaches(failed, "failed");
    assert.deepEqual(failure, { code: "UNDELIV", reason: "the message centre reports UNDELIV, error 011", permanent: true });

    centre.receiptFirst = true;
    const early = await talk.send(account, person(), "early");
    await talk.reaches(early, "delivered");
    centre.receiptFirst = false;
    centre.submitted.splice(0);
  },

  async "a unit that comes twice is one message, and two equal texts are two"({ talk, account, centre }) {
    const peer = person();
    const text = { source_addr: peer.slice(1), short_message: "ok" };
    centre.session.socket.cork();
    const both = [centre.deliver(text, 500_001), centre.deliver(text, 500_002)];
    centre.session.socket.uncork();
    assert.deepEqual(await Promise.all(both), [0, 0]);
    await centre.deliver(text, 500_002);
    await until("a text", async () => (await talk.texts(account, peer)).length > 0);
    assert.deepEqual(await talk.texts(account, peer), ["ok"]);
    await centre.deliver(text, 500_003);
    await until("two texts", async () => (await talk.texts(account, peer)).length === 2);
  },

  async "a throttled text is sent again, and a refused one is not"({ talk, account, centre }) {
    let tries = 0;
    centre.onSubmit = () => (++tries < 3 ? [smpp.ESME_RTHROTTLED, smpp.ESME_RMSGQFUL][tries % 2] : 0);
    await talk.reaches(await talk.send(account, person(), "busy"), "accepted");
    assert.equal(tries, 3);
    centre.onSubmit = () => (tries++, smpp.ESME_RINVDSTADR);
    const { failure } = await talk.reaches(await talk.send(account, person(), "nowhere"), "failed");
    assert.deepEqual([failure.code, failure.permanent, tries], ["ESME_RINVDSTADR", true, 4]);
    centre.onSubmit = null;
    assert.equal(centre.submitted.splice(0).length, 1);
  },

  async "a long text whose later part is refused is not sent again"({ talk, account, centre }) {
    let parts = 0;
    centre.onSubmit = () => (++parts === 2 ? smpp.ESME_RSUBMITFAIL : 0);
    const { failure } = await talk.reaches(await talk.send(account, person(), LONG), "unknown");
    assert.match(failure.reason, /1 of 3 parts were taken/);
    assert.equal(parts, 2);
    centre.onSubmit = (unit) => (unit.short_message.udh[0][4] === 2 && ++parts < 5 ? smpp.ESME_RTHROTTLED : 0);
    const sent = await talk.send(account, person(), LONG);
    await talk.reaches(sent, "accepted");
    centre.onSubmit = null;
    assert.equal(joined(centre.submitted.splice(0).slice(1)), LONG);
  },

  async "a text without an answer is unknown and not sent again"({ talk, account, centre }) {
    for (const end of ["die", "silent"]) {
      let tries = 0;
      centre.onSubmit = () => (tries++, end);
      const sent = await talk.send(account, person(), `the end: ${end}`);
      const { failure } = await talk.reaches(sent, "unknown");
      assert.equal(failure.code, "no_answer");
      centre.onSubmit = null;
      await until("session", () => centre.session);
      assert.equal(tries, 1);
    }
    assert.deepEqual(centre.submitted, []);
  },

  async "a message centre that was away gets what waits"({ talk, account, centre }) {
    await centre.stop();
    const sent = await talk.send(account, person(), "later");
    await until("a try", async () => (await talk.message(sent)).failure?.code === "not_connected");
    await centre.start();
    await talk.reaches(sent, "accepted");
    assert.equal(centre.submitted.splice(0).length, 1);
  },

  async "garbage and lengths without bounds end the session and nothing else"({ talk, account, centre }) {
    const head = (length, id) => {
      const unit = Buffer.alloc(16);
      unit.writeUInt32BE(length, 0);
      unit.writeUInt32BE(id, 4);
      unit.writeUInt32BE(77, 12);
      return unit;
    };
    const nacked = new Promise((done) => centre.session.once("generic_nack", done));
    centre.session.socket.write(head(16, 0x7777));
    assert.equal((await nacked).command_status, smpp.ESME_RINVCMDID);
    for (const garbage of [head(0xffffffff, 5), head(3, 5), Buffer.alloc(40), Buffer.from("GET / HTTP/1.1\r\n\r\n")]) {
      const { binds, session } = centre;
      session.socket.write(garbage);
      await until("another session", () => centre.binds > binds && centre.session && centre.session !== session);
    }
    // A malformed deliver_sm within its bounds is kept, and shown.
    const unit = Buffer.concat([head(19, 5), Buffer.from([1, 2, 3])]);
    const answered = new Promise((done) => centre.session.once("deliver_sm_resp", done));
    centre.session.socket.write(unit);
    assert.equal((await answered).command_status, 0);
    await until("a failed receipt", async () => (await talk.receipts(account, "failed")).length === 1);
    await talk.reaches(await talk.send(account, person(), "still there"), "accepted");
    assert.equal(centre.submitted.splice(0).length, 1);
  },

  async "a killed server loses and doubles nothing"({ talk, account, centre }) {
    await until("session", () => centre.session);
    const peer = person();
    const sent = { source_addr: peer.slice(1) };
    const texts = Array.from({ length: 90 }, (_, index) => `text ${index}`);
    const answered = new Set();
    let killed = false;
    const deliver = async (text) => {
      const status = await centre.deliver({ ...sent, short_message: text });
      if (status === 0) answered.add(text);
      if (answered.size === KILLED_AT && !killed) {
        killed = true;
        process.kill(talk.pid, "SIGKILL");
      }
    };
    const segments = [1, 2].map((place) => ({
      ...sent,
      esm_class: 0x40,
      short_message: Buffer.concat([Buffer.from([5, 0, 3, 9, 2, place]), Buffer.from(`part ${place} `)]),
    }));
    await centre.deliver(segments[1]);
    texts.forEach((text) => void deliver(text));
    await until("the end of the server", async () => killed && !(await talk.answers()));
    assert.ok(answered.size < texts.length, "all were answered before the end");
    await talk.start();
    await until("session", () => centre.session);
    // The message centre delivers again what was not answered, and some that was stored in spite of it.
    const again = texts.filter((text) => !answered.has(text));
    for (const text of again) await deliver(text);
    // The answer to this one was lost, as far as the message centre is concerned.
    await deliver(texts[0]);
    await centre.deliver(segments[1]);
    await centre.deliver(segments[0]);
    await until("all texts", async () => (await talk.texts(account, peer)).length > texts.length);
    const found = await talk.texts(account, peer);
    assert.deepEqual([...found].sort(), [...texts, "part 1 part 2 "].sort());
    console.log(`  ${again.length} of ${texts.length} texts were delivered again`);
  },

  async "a text that was being sent when the server was killed is unknown"({ talk, account, centre }) {
    centre.onSubmit = () => "silent";
    const sent = await talk.send(account, person(), "interrupted");
    await until("the text", async () => (await talk.message(sent)).delivery === "submitting");
    await talk.kill();
    centre.onSubmit = null;
    await talk.start();
    const { failure } = await talk.reaches(sent, "unknown");
    assert.equal(failure.code, "interrupted");
    assert.deepEqual(centre.submitted, []);
  },

  async "a wrong password fails texts for good until it is changed"({ talk, account, centre }) {
    const path = `/v1.0/conversation_accounts/${account.id}`;
    const { unbinds } = centre;
    await talk.call("PUT", path, { token: "wrong" });
    await until("the end of the session", () => centre.unbinds > unbinds);
    const checked = await until("a refusal", async () => {
      const checked = await talk.call("POST", `${path}/check`);
      return !checked.ok && checked;
    });
    assert.match(checked.detail, /ESME_RINVPASWD/);
    const { failure } = await talk.reaches(await talk.send(account, person(), "refused"), "failed");
    assert.deepEqual([failure.code, failure.permanent], ["ESME_RINVPASWD", true]);
    assert.equal((await talk.call("GET", path)).problem.code, "ESME_RINVPASWD");
    await talk.call("PUT", path, { token: PASSWORD });
    assert.equal((await talk.call("GET", path)).problem, null);
    await until("session", () => centre.session);
    const again = await talk.call("POST", `${path}/check`);
    assert.deepEqual(again, { ok: true, detail: "" });
  },

  async "a dead message centre delays no other account"({ talk, account, settings, centre }) {
    const provider_data = { ...settings.provider_data, system_id: "nobody" };
    const dead = await talk.call("POST", "/v1.0/conversation_accounts", { ...settings, provider_data });
    const waiting = [];
    for (let n = 0; n < 20; n++) waiting.push(await talk.send(dead, person(), "nobody"));
    const start = Date.now();
    await talk.reaches(await talk.send(account, person(), "alive"), "accepted");
    assert.ok(Date.now() - start < 2_000, `${Date.now() - start} ms`);
    centre.submitted.splice(0);
    await talk.call("DELETE", `/v1.0/conversation_accounts/${dead.id}`);
  },

  async "an encrypted session needs a certificate that is trusted"({ talk, settings }) {
    const read = (name) => readFileSync(`${name}.pem`);
    for (const [name, works] of [
      ["centre", true],
      ["stranger", false],
    ]) {
      const encrypted = new Centre(Number(port) + 1, { key: read(`${name}-key`), cert: read(name) });
      await encrypted.start();
      const provider_data = { ...settings.provider_data, host: "localhost", port: Number(port) + 1, tls: true };
      const account = await talk.call("POST", "/v1.0/conversation_accounts", { ...settings, provider_data });
      const path = `/v1.0/conversation_accounts/${account.id}`;
      const checked = await talk.call("POST", `${path}/check`);
      assert.equal(checked.ok, works, checked.detail);
      if (works) {
        const sent = await talk.send(account, person(), "encrypted");
        await talk.reaches(sent, "accepted");
        assert.equal(encrypted.submitted.length, 1);
      } else {
        assert.match(checked.detail, /certificate/);
        assert.equal(encrypted.binds, 0);
      }
      await talk.call("DELETE", path);
      await until("no session", () => !encrypted.session);
      await encrypted.stop();
    }
  },

  async "the end of the server and of the account end the session in order"({ talk, account, centre }) {
    let { unbinds } = centre;
    await talk.stop();
    await until("the end of the session", () => centre.unbinds === unbinds + 1);
    await talk.start();
    await until("session", () => centre.session);
    unbinds = centre.unbinds;
    await talk.call("DELETE", `/v1.0/conversation_accounts/${account.id}`);
    await until("the end of the session", () => centre.unbinds > unbinds);
    await until("no session", () => !centre.session);
  },
};

async function main() {
  const centre = new Centre(Number(port));
  await centre.start();
  const talk = new Talk(binary, Number(server));
  await talk.login();
  const settings = {
    type: "sms",
    name: "Centre",
    provider_data: {
      provider: "smpp",
      host: "127.0.0.1",
      port: Number(port),
      system_id: "talk",
      password: PASSWORD,
      bind: "transceiver",
      enquire_link_seconds: 1,
      numbers: ["+15550100"],
    },
  };
  const account = await talk.call("POST", "/v1.0/conversation_accounts", settings);
  const world = { talk, centre, account, settings };
  let ran = 0;
  for (const [name, part] of Object.entries(PARTS)) {
    if (process.env.PART && !name.includes(process.env.PART)) continue;
    await part(world);
    ran += 1;
    console.log(`- ${name}`);
  }
  await talk.stop();
  await centre.stop();
  // A run of chosen parts is no run of the suite.
  console.log(`${ran} of ${Object.keys(PARTS).length} parts of SMPP passed with the message centre of npm`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
