// A message centre made of the npm package `smpp`, whose behaviour the parts of the suite set.
const smpp = require("smpp");

const PASSWORD = "pass1234";
smpp.PDU.maxLength = 70_000;

class Centre {
  constructor(port, options = {}) {
    this.port = port;
    this.options = options; // key and cert of an encrypted one
    this.password = PASSWORD;
    this.sessions = [];
    this.submitted = []; // what was accepted
    this.binds = 0;
    this.unbinds = 0;
    this.onSubmit = null; // returns a status, "silent" or "die" in place of accepting
    this.nextId = 1;
  }

  async start() {
    this.server = smpp.createServer(this.options, (session) => this.serve(session));
    await new Promise((done) => this.server.listen(this.port, "localhost", done));
  }

  async stop() {
    for (const session of [...this.sessions]) session.destroy();
    await new Promise((done) => this.server.close(done));
  }

  serve(session) {
    session.on("error", () => session.destroy());
    session.on("close", () => {
      this.sessions = this.sessions.filter((known) => known !== session);
    });
    session.on("bind_transceiver", (pdu) => {
      this.binds += 1;
      if (pdu.system_id !== "talk" || pdu.password !== this.password) {
        session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
        return;
      }
      session.send(pdu.response());
      this.sessions.push(session);
    });
    session.on("enquire_link", (pdu) => session.send(pdu.response()));
    session.on("unbind", (pdu) => {
      this.unbinds += 1;
      session.send(pdu.response(), () => session.close());
    });
    session.on("submit_sm", (pdu) => {
      const verdict = this.onSubmit ? this.onSubmit(pdu) : 0;
      if (verdict === "silent") return;
      if (verdict === "die") {
        session.destroy();
        return;
      }
      if (verdict !== 0) {
        session.send(pdu.response({ command_status: verdict }));
        return;
      }
      pdu.id = `A${(this.nextId++).toString(16)}`;
      this.submitted.push(pdu);
      if (this.receiptFirst) this.receipt(pdu, "DELIVRD");
      session.send(pdu.response({ message_id: pdu.id }));
    });
  }

  get session() {
    return this.sessions[this.sessions.length - 1];
  }

  // Delivers a unit, and returns the status of its answer.
  deliver(options, sequence) {
    return new Promise((done, fail) => {
      const pdu = new smpp.PDU("deliver_sm", {
        source_addr_ton: 1,
        source_addr_npi: 1,
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: "15550100",
        ...options,
      });
      if (sequence) pdu.sequence_number = sequence;
      if (!this.session) return fail(new Error("no session is bound"));
      this.session.send(pdu, (answer) => done(answer.command_status));
    });
  }

  receipt(pdu, state, parameters) {
    const text = `id:${pdu.id} sub:001 dlvrd:001 submit date:2611302000 done date:2611302001 stat:${state} err:011 text:Hi`;
    const sent = { source_addr: pdu.destination_addr, esm_class: 4, short_message: parameters ? "" : text };
    if (parameters) Object.assign(sent, { receipted_message_id: pdu.id, message_state: parameters });
    return this.deliver(sent);
  }
}

// The text of accepted units, put together by their headers.
function joined(units) {
  return units
    .map((pdu) => {
      const { udh, message } = pdu.short_message;
      return { number: udh ? udh[0][4] : 1, total: udh ? udh[0][3] : 1, message };
    })
    .sort((one, other) => one.number - other.number)
    .map(({ message }) => message)
    .join("");
}

module.exports = { Centre, PASSWORD, joined, smpp };
