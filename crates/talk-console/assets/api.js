// Requests to the API: the token, errors, retries of reads.

import { endSession, session } from "./session.js";

const SERVICE = "/v1.0/service_agents";

/** Seconds after which a request without an answer has failed. */
const TIMEOUT_MS = 20_000;

/** Number of times that a read is sent again. */
const RETRIES = 3;

/** A refusal by the server. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} reason
   * @param {string} message
   * @param {{field: string, limit?: number}[]} details
   */
  constructor(status, reason, message, details) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

/** The server could not be reached. */
export class Unreachable extends Error {}

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {unknown} [body]
 * @property {Record<string, string | number | undefined>} [query]
 * @property {string} [key] the idempotency key
 * @property {AbortSignal} [signal]
 */

/**
 * Sends a request; a read is repeated when the server is busy.
 * @template T
 * @param {string} path relative to the service, unless it begins with `/v1.0` or `/auth`
 * @param {Options} [options]
 * @returns {Promise<{data: T, position: number}>} `position` is the `seq` that the answer is of
 */
export async function request(path, options = {}) {
  const method = options.method ?? "GET";
  for (let attempt = 0; ; attempt += 1) {
    const response = await send(path, method, options);
    if (response.ok) {
      const data = /** @type {T} */ (await response.json());
      return { data, position: positionIn(response.headers.get("Talk-Position")) };
    }
    const isBusy = response.status === 429 || response.status === 503;
    if (!isBusy || method !== "GET" || attempt >= RETRIES) throw await refusal(response);
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, 10) * 1000));
  }
}

/**
 * The data of an answer to a read.
 * @template T
 * @param {string} path
 * @param {Options["query"]} [query]
 * @returns {Promise<T>}
 */
export async function get(path, query) {
  const { data } = /** @type {{data: T}} */ (await request(path, { query }));
  return data;
}

/**
 * Every row of a list, at most `limit`.
 * @template T
 * @param {string} path
 * @param {Options["query"]} [query]
 * @param {number} [limit]
 * @returns {Promise<T[]>}
 */
export async function all(path, query = {}, limit = 1000) {
  /** @type {T[]} */
  const rows = [];
  let token = "";
  do {
    const page = { ...query, page_size: 100, page_token: token || undefined };
    /** @type {{result: T[], next_page_token: string}} */
    const { result, next_page_token } = await get(path, page);
    rows.push(...result);
    token = next_page_token;
  } while (token && rows.length < limit);
  return rows;
}

/**
 * Makes a change.
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Partial<Options>} [options]
 * @returns {Promise<T>}
 */
export async function change(method, path, body, options) {
  const { data } = /** @type {{data: T}} */ (await request(path, { ...options, method, body }));
  return data;
}

/**
 * @param {string} path
 * @param {string} method
 * @param {Options} options
 */
async function send(path, method, options) {
  const isAbsolute = path.startsWith("/v1.0") || path.startsWith("/auth");
  const url = new URL(isAbsolute ? path : SERVICE + path, location.origin);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  /** @type {Record<string, string>} */
  const headers = {};
  const token = session.peek()?.token;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.key) headers["Idempotency-Key"] = options.key;
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let response;
  try {
    response = await fetch(url, { method, headers, body, signal, credentials: "omit" });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  // A wrong password is a 401 too, but it is the answer to a request without a token.
  if (response.status === 401 && token && token === session.peek()?.token) endSession(true);
  return response;
}

/** @param {Response} response */
async function refusal(response) {
  return refusalIn(response.status, await response.json().catch(() => null));
}

/**
 * The refusal in the body of an answer.
 * @param {number} status
 * @param {any} body
 */
export function refusalIn(status, body) {
  const { reason = "UNKNOWN", message = String(status), details = [] } = body?.error ?? {};
  return new Refusal(status, reason, message, details);
}

/**
 * The `seq` in a header `<epoch>;<chat>=<seq>`, 0 without one.
 * @param {string | null} header
 */
export function positionIn(header) {
  return Number(/=(\d+)$/.exec(header ?? "")?.[1] ?? 0);
}
