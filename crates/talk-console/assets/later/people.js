// The agents of the customer; admins add, change and delete them.

import { change } from "../api.js";
import { setPlace } from "../badge.js";
import { open } from "../dialog-state.js";
import { keep, people } from "../people.js";
import { isAdmin, session } from "../session.js";
import { t } from "../text.js";
import { html, useEffect, useMemo, useState } from "../ui.js";
import { Avatar, Presence } from "../views/avatar.js";
import { useChange } from "../views/dialogs.js";
import { openDirect } from "./jump.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").Agent} Agent */

const ROLES = /** @type {const} */ ([
  [16, "people.agent"],
  [32, "people.admin"],
  [64, "people.manager"],
]);

/** Number of rows that are shown at first. */
const SHOWN = 100;

/** @param {number} permission */
function roleName(permission) {
  return t(ROLES.find(([number]) => number === permission)?.[1] ?? "people.agent");
}

/** The view. */
export default function People() {
  const [text, setText] = useState("");
  const [editing, setEditing] = useState("");
  const [limit, setLimit] = useState(SHOWN);
  useEffect(() => setPlace(t("people.title")), []);
  const wanted = text.trim().toLocaleLowerCase();
  const found = [...people.value.values()]
    .filter(({ name, username, tm_delete }) => !tm_delete && `${name} ${username}`.toLocaleLowerCase().includes(wanted))
    .sort((one, two) => (one.name || one.username).localeCompare(two.name || two.username));
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("people.title")}>
      ${isAdmin() && html`<button type="button" class="primary" aria-expanded=${editing === "new"} onClick=${() => setEditing(editing === "new" ? "" : "new")}>${t("people.add")}</button>`}
    <//>
    ${editing === "new" && html`<${AgentForm} onDone=${() => setEditing("")} />`}
    <input type="search" aria-label=${t("people.filter")} placeholder=${t("people.filter")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    <ul class="card-list">
      ${found.slice(0, limit).map((agent) => html`<li key=${agent.id}>
        <${Person} agent=${agent} isEditing=${editing === agent.id} setEditing=${setEditing} />
      </li>`)}
    </ul>
    ${found.length > limit && html`<p><button type="button" class="button" onClick=${() => setLimit(limit + SHOWN)}>${t("list.more")}</button></p>`}
  </div></div>`;
}

/** @param {{agent: Agent, isEditing: boolean, setEditing: (id: string) => void}} props */
function Person({ agent, isEditing, setEditing }) {
  const name = agent.name || agent.username;
  const isOwn = agent.id === session.value?.agent.id;
  const { error, run } = useChange();
  const remove = async () => {
    keep([await change("DELETE", `/v1.0/agents/${agent.id}`)]);
  };
  const confirm = () =>
    open({ kind: "confirm", title: t("people.delete"), text: t("people.deleteText", { name }), action: t("people.delete"), run: remove });
  return html`<div class="card-row">
      <${Avatar} id=${agent.id} name=${name} />
      <div class="grow"><strong dir="auto">${name}</strong> <${Presence} id=${agent.id} />
        <p class="hint"><bdi>@${agent.username}</bdi> · ${roleName(agent.permission)}${agent.status === "disabled" && ` · ${t("people.disabled")}`}</p></div>
      ${!isOwn && agent.status === "active" && html`<button type="button" class="button" onClick=${() => run(() => openDirect(agent.id))}>${t("people.write", { name })}</button>`}
      ${isAdmin() && html`<button type="button" class="button" aria-expanded=${isEditing} aria-label=${`${t("people.edit")}: ${name}`} onClick=${() => setEditing(isEditing ? "" : agent.id)}>${t("people.edit")}</button>`}
      ${isAdmin() && !isOwn && html`<button type="button" class="button" aria-label=${`${t("people.delete")}: ${name}`} onClick=${confirm}>${t("people.delete")}</button>`}
    </div>
    <p class="error" role="alert">${error}</p>
    ${isEditing && html`<${AgentForm} agent=${agent} onDone=${() => setEditing("")} />`}`;
}

/** @param {{agent?: Agent, onDone: () => void}} props */
function AgentForm({ agent, onDone }) {
  const { error, isBusy, run } = useChange();
  const key = useMemo(() => crypto.randomUUID(), []);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const fields = Object.fromEntries(form);
    const body = { ...fields, permission: Number(fields.permission) };
    const isDone = await run(async () => {
      keep([await (agent ? change("PUT", `/v1.0/agents/${agent.id}`, body) : change("POST", "/v1.0/agents", body, { key }))]);
    });
    if (isDone) onDone();
  };
  return html`<form class="card" onSubmit=${submit}>
    <div class="filters">
      ${!agent && html`<label class="field">${t("people.username")} <input name="username" required maxlength="255" autocapitalize="none" autocomplete="off" /></label>`}
      ${!agent && html`<label class="field">${t("people.password")} <input name="password" type="password" required minlength="8" maxlength="128" autocomplete="new-password" /></label>`}
      <label class="field">${t("people.name")} <input name="name" dir="auto" maxlength="255" defaultValue=${agent?.name ?? ""} /></label>
      <label class="field">${t("people.role")} <select name="permission" defaultValue=${agent?.permission ?? 16}>
        ${ROLES.map(([number, name]) => html`<option key=${number} value=${number} selected=${number === (agent?.permission ?? 16)}>${t(name)}</option>`)}
      </select></label>
      ${agent && html`<label class="field">${t("people.state")} <select name="status">
        <option value="active" selected=${agent.status === "active"}>${t("people.active")}</option>
        <option value="disabled" selected=${agent.status === "disabled"}>${t("people.disabled")}</option>
      </select></label>`}
    </div>
    <p class="error" role="alert">${error}</p>
    <p class="modal-buttons"><button type="button" class="button" onClick=${onDone}>${t("cancel")}</button>
      <button class="primary" disabled=${isBusy}>${t("save")}</button></p>
  </form>`;
}
