// The lint of the console. It refuses every way to turn a string into markup or code.

import js from "@eslint/js";
export default [
  { ignores: ["assets/vendor/**", "assets/later/emoji.js", "**/*.d.ts"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: Object.fromEntries(["window","document","location","localStorage","sessionStorage","navigator","fetch","URL","URLSearchParams","WebSocket","AbortSignal","crypto","setTimeout","clearTimeout","setInterval","clearInterval","addEventListener","removeEventListener","HTMLElement","HTMLInputElement","HTMLTextAreaElement","HTMLSelectElement","HTMLFormElement","HTMLDialogElement","FormData","Image","Notification","ResizeObserver","CSS","Response","requestAnimationFrame","matchMedia","innerWidth","innerHeight","KeyboardEvent","XMLHttpRequest","AbortController","IntersectionObserver","Blob","File","console"].map(n=>[n,"readonly"])) },
    rules: { eqeqeq: "error", "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-var": "error", "prefer-const": "error", "no-empty": ["error",{allowEmptyCatch:false}], "no-console": "error", "max-lines": ["error", {max: 300, skipBlankLines: true, skipComments: true}], "max-depth": ["error", 4],
      "no-restricted-properties": ["error", {property:"innerHTML"},{property:"outerHTML"},{property:"insertAdjacentHTML"},{property:"dangerouslySetInnerHTML"}] },
  },
];
