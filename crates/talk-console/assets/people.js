// The agents of the customer, and their presence.

import { all, get } from "./api.js";
import { signal } from "./ui.js";

/** @typedef {import("../types.d.ts").Agent} Agent */

/** Number of agents that are loaded at the start; others are loaded when they are needed. */
const LOADED = 2000;

/** @type {import("./vendor/signals.js").Signal<Map<string, Agent>>} */
export const people = signal(new Map());

/** Presence by agent: `online`, `away` or `offline`. */
export const presence = signal(/** @type {Map<string, string>} */ (new Map()));

/** Agents that are being loaded. */
const wanted = new Set();

/** Loads the agents. */
export async function loadPeople() {
  /** @type {Agent[]} */
  const agents = await all("/v1.0/agents", {}, LOADED);
  keep(agents);
}

/** @param {Agent[]} agents */
export function keep(agents) {
  const next = new Map(people.peek());
  for (const agent of agents) next.set(agent.id, agent);
  people.value = next;
}

/** Forgets everything, at the end of a session. */
export function forgetPeople() {
  people.value = new Map();
  presence.value = new Map();
  wanted.clear();
}

/**
 * The agent, which is loaded if it is not known.
 * @param {string} id
 * @returns {Agent | undefined}
 */
export function person(id) {
  const known = people.value.get(id);
  if (!known && id && !wanted.has(id)) {
    wanted.add(id);
    get(`/v1.0/agents/${id}`).then(
      (agent) => keep([/** @type {Agent} */ (agent)]),
      () => {}, // A deleted agent has no name any more.
    );
  }
  return known;
}

/**
 * The name of an agent, or its login name.
 * @param {string} id
 * @param {string} [unknown] the name of an agent that is not known
 */
export function nameOf(id, unknown = "…") {
  const agent = person(id);
  return agent ? agent.name || agent.username : unknown;
}

/**
 * Loads the presence of agents.
 * @param {string[]} ids
 */
export async function loadPresence(ids) {
  const next = new Map(presence.peek());
  for (let from = 0; from < ids.length; from += 100) {
    const agent_ids = ids.slice(from, from + 100).join(",");
    /** @type {{result: {agent_id: string, status: string}[]}} */
    const { result } = await get("/talk_presence", { agent_ids });
    for (const { agent_id, status } of result) next.set(agent_id, status);
  }
  presence.value = next;
}

/**
 * Takes a frame `agent_presence`.
 * @param {{agent_id: string, status: string}} data
 */
export function presenceChanged({ agent_id, status }) {
  presence.value = new Map(presence.peek()).set(agent_id, status);
}
