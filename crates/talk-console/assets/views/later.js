// A view whose module is loaded when it is shown first.

import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";

/**
 * @param {{load: () => Promise<{default: any}>, [property: string]: unknown}} props
 */
export function Later({ load, ...rest }) {
  const [view, setView] = useState(/** @type {any} */ (null));
  const [hasFailed, setFailed] = useState(false);
  const start = () => {
    setFailed(false);
    load().then(
      (module) => setView(() => module.default),
      () => setFailed(true),
    );
  };
  useEffect(start, [load]);
  // After an upgrade of the server the module may be gone: the page has to be loaded again.
  if (hasFailed) {
    return html`<div class="welcome" role="alert">
      <p>${t("error.module")}</p>
      <button type="button" class="button" onClick=${() => location.reload()}>${t("error.reload")}</button>
    </div>`;
  }
  return view ? html`<${view} ...${rest} />` : html`<div class="loading" role="status">${t("loading")}</div>`;
}
