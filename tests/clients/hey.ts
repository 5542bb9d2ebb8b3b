// A client that hey-api makes of the document: logs in, posts, reacts, lists, and follows the log.
// Usage: hey.ts <base url>
import { client } from "./hey/client.gen.js";
import { addReaction, createChat, listEvents, listMessages, login, postMessage } from "./hey/index.js";
import type { EventPage } from "./hey/index.js";

client.setConfig({ baseUrl: process.argv[2] ?? "" });
const token = await login({
  body: { username: "root", password: "a long password" },
  throwOnError: true,
});
let shown = 0;
client.setConfig({ auth: () => token.data.token });
client.interceptors.request.use((request) => {
  // The token is sent once, and never in an address.
  if (request.url.includes(token.data.token)) throw new Error("the token is in the address");
  shown += request.headers.get("authorization") === `Bearer ${token.data.token}` ? 1 : 0;
  return request;
});

const chat = await createChat({ body: { type: "group", name: "Plans" }, throwOnError: true });
const chat_id = chat.data.id;
const posted = await postMessage({
  body: { chat_id, text: "Hello!", medias: [{ type: "link", link_url: "https://example.com" }] },
  headers: { "Idempotency-Key": crypto.randomUUID() },
  throwOnError: true,
});
const reacted = await addReaction({
  path: { message_id: posted.data.id },
  body: { emoji: "👍" },
  throwOnError: true,
});
if (reacted.data.reaction_counts["👍"] !== 1) throw new Error("no reaction");

const listed = await listMessages({ query: { chat_id, page_size: 100 }, throwOnError: true });
if (!listed.data.result.some((message) => message.text === "Hello!")) throw new Error("no message");

const seen: EventPage["result"] = [];
for (let head = 1, since = 0; since < head; ) {
  const page = await listEvents({ query: { chat_id, since, limit: 2 }, throwOnError: true });
  seen.push(...page.data.result);
  head = page.data.head;
  since = page.data.result.at(-1)?.seq ?? head;
}
const texts = seen.map((event) => (event.type === "chatmessage_created" ? event.data.text : ""));
if (!texts.includes("Hello!")) throw new Error("no event of the post");

const refused = await postMessage({ body: { chat_id } });
if (refused.error?.error.reason !== "MESSAGE_EMPTY") throw new Error("it was not refused");
if (shown < 6) throw new Error("the token was not sent");
