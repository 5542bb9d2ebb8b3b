// A client whose types come from the OpenAPI document: logs in, posts, and lists.
import createClient from "openapi-fetch";
import type { components, paths } from "./talk";

type Message = components["schemas"]["Message"];

export async function talk(baseUrl: string, chatId: string): Promise<Message[]> {
  const client = createClient<paths>({ baseUrl });
  const login = await client.POST("/auth/login", {
    body: { username: "alice", password: "talk-demo" },
  });
  if (!login.data) throw new Error(login.error.error.reason);
  const headers = { Authorization: `Bearer ${login.data.token}` };

  const posted = await client.POST("/v1.0/service_agents/talk_messages", {
    headers,
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { chat_id: chatId, text: "Hello!", medias: [{ type: "link", link_url: "https://example.com" }] },
  });
  if (!posted.data) {
    // Reasons are a union: a misspelt one does not compile.
    if (posted.error.error.reason === "CHAT_CLOSED") return [];
    throw new Error(posted.error.error.message);
  }
  const said: string = posted.data.text;

  const listed = await client.GET("/v1.0/service_agents/talk_messages", {
    headers,
    params: { query: { chat_id: chatId, order: "asc", page_size: 100 } },
  });
  return listed.data?.result.filter((message) => message.text === said) ?? [];
}
