// Files of messages: sending them with their progress, and getting their bytes.

import { Refusal, Unreachable, get, refusalIn } from "./api.js";
import { session } from "./session.js";
import { signal } from "./ui.js";

const PATH = "/v1.0/service_agents/files";

/** Whether the server takes files; a server of an older version does not. */
export const areFilesOn = signal(false);

/** Asks the server once for each session. */
export async function findFiles() {
  try {
    await get("/files", { page_size: 1 });
    areFilesOn.value = true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) areFilesOn.value = false;
  }
}

/**
 * Sends a file. Unlike `fetch`, the older interface reports how much has been sent.
 * @param {File} file
 * @param {string} key the idempotency key
 * @param {(part: number) => void} onProgress from 0 to 1
 * @param {AbortSignal} signal
 * @returns {Promise<{id: string}>}
 */
export function upload(file, key, onProgress, signal) {
  const form = new FormData();
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", PATH);
    request.responseType = "json";
    request.setRequestHeader("Authorization", `Bearer ${session.peek()?.token}`);
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { status, response } = request;
      if (status === 200) resolve(response);
      else reject(refusalIn(status, response));
    };
    request.onerror = () => reject(new Unreachable(file.name));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/**
 * The bytes of a file.
 * @param {string} id
 * @returns {Promise<Blob>}
 */
export async function bytes(id) {
  const headers = { Authorization: `Bearer ${session.peek()?.token}` };
  const response = await fetch(`${PATH}/${id}/file`, { headers, credentials: "omit" });
  if (!response.ok) throw new Unreachable(id);
  return response.blob();
}

/**
 * Saves a file on the reader's computer.
 * @param {string} id
 * @param {string} name
 */
export async function download(id, name) {
  const address = URL.createObjectURL(await bytes(id));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
