// A client whose types openapi-typescript makes of the document: logs in, posts, reacts, lists, and
// follows the log. Usage: fetch.ts <base url>
import createClient from "openapi-fetch";
import type { components, paths } from "./talk.js";

type Message = components["schemas"]["Message"];
type Event = components["schemas"]["EventPage"]["result"][number];

const baseUrl = process.argv[2] ?? "";
const client = createClient<paths>({ baseUrl });

function fail(error: components["schemas"]["ErrorEnvelope"] | undefined): never {
  // Reasons are a union: a misspelt one does not compile.
  if (error?.error.reason === "CHAT_CLOSED") throw new Error("the chat is closed");
  throw new Error(error ? `${error.error.reason}: ${error.error.message}` : "no answer");
}

// Which fields an event has follows from its type.
function text(event: Event): string | undefined {
  return event.type === "chatmessage_created" ? event.data.text : undefined;
}

const login = await client.POST("/auth/login", {
  body: { username: "root", password: "a long password" },
});
if (!login.data) fail(login.error);
const headers = { Authorization: `Bearer ${login.data.token}` };

const created = await client.POST("/v1.0/service_agents/talk_chats", {
  headers,
  body: { type: "group", name: "Plans" },
});
if (!created.data) fail(created.error);
const chat_id = created.data.id;

const key = crypto.randomUUID();
const posts: Message[] = [];
for (const _ of ["first", "repeated"]) {
  const posted = await client.POST("/v1.0/service_agents/talk_messages", {
    headers,
    params: { header: { "Idempotency-Key": key } },
    body: { chat_id, text: "Hello!", medias: [{ type: "link", link_url: "https://example.com" }] },
  });
  if (!posted.data) fail(posted.error);
  if (!("text" in posted.data)) throw new Error("an intercept holds the message");
  posts.push(posted.data);
}
const [message, repeated] = posts;
if (!message || message.id !== repeated?.id) throw new Error("it was posted twice");

const reacted = await client.POST("/v1.0/service_agents/talk_messages/{message_id}/reactions", {
  headers,
  params: { path: { message_id: message.id } },
  body: { emoji: "👍" },
});
if (reacted.data?.reaction_counts["👍"] !== 1) fail(reacted.error);

const listed = await client.GET("/v1.0/service_agents/talk_messages", {
  headers,
  params: { query: { chat_id, order: "asc", page_size: 100 } },
});
if (!listed.data?.result.some((one) => one.text === "Hello!")) fail(listed.error);

const seen: Event[] = [];
for (let head = 1, since = 0; since < head; ) {
  const page = await client.GET("/v1.0/service_agents/talk_events", {
    headers,
    params: { query: { chat_id, since, limit: 2 } },
  });
  if (!page.data) fail(page.error);
  seen.push(...page.data.result);
  head = page.data.head;
  since = page.data.result.at(-1)?.seq ?? head;
}
if (!seen.some((event) => text(event) === "Hello!")) throw new Error("no event of the post");
if (seen.at(-1)?.type !== "chatmessage_reaction_updated") throw new Error("no event of the reaction");

const refused = await client.POST("/v1.0/service_agents/talk_messages", { headers, body: { chat_id } });
if (refused.error?.error.reason !== "MESSAGE_EMPTY") fail(refused.error);
