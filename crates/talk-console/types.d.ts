// The types of the API, under short names. `talk-api` is generated from the OpenAPI document.

import type { components } from "talk-api";

type Schemas = components["schemas"];
export type Agent = Schemas["Agent"];
export type Chat = Schemas["Chat"];
export type OwnChat = Schemas["OwnChat"];
export type Message = Schemas["Message"];
export type Media = Schemas["Media"];
export type Reaction = Schemas["Reaction"];
export type Participant = Schemas["Participant"];
export type ReadMark = Schemas["ReadMark"];
export type Revision = Schemas["Revision"];
export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["Delivery"];
export type Conversation = Schemas["OwnConversation"];
export type ConversationParticipant = Schemas["ConversationParticipant"];
export type ConversationMessage = Schemas["ConversationMessage"];
export type ConversationAccount = Schemas["ConversationAccount"];
export type AccessKey = Schemas["AccessKey"];
export type Customer = Schemas["Customer"];

/** A page of a list. */
export interface Page<T> {
  result: T[];
  next_page_token: string;
}

/** An event of a chat, as the socket sends it. */
export interface Frame {
  type: string;
  chat_id: string;
  seq: number;
  data: unknown;
  replay?: boolean;
}
