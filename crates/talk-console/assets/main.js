// The start of the console.

import { followSession } from "./live.js";
import { setFirstLanguage } from "./text.js";
import { setFirstTheme } from "./theme.js";
import { html, render } from "./ui.js";
import { App } from "./views/app.js";

setFirstTheme();
await setFirstLanguage();
followSession();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${App} />`, root);
