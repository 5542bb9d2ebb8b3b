// Paints the page before the modules of the console are loaded: loading them together delays the first
// paint more than it gains.

const modules = /** @type {HTMLTemplateElement} */ (document.getElementById("modules"));

function load() {
  document.head.append(modules.content);
  import("./main.js");
}

// A hidden tab paints no frame. Elsewhere the task runs after the first one.
if (document.hidden) load();
else requestAnimationFrame(() => setTimeout(load));
