// The page's frame: which view the address names, who the user is.
import { forgot, identify, login, logOut, register, reset } from "./account.js";
import { devices } from "./devices.js";
import { announce, fill, h } from "./dom.js";
import { editor } from "./editor.js";
import { showFigures } from "./figures.js";
import { inventory } from "./inventory.js";
import { mine } from "./mine.js";
import { plan } from "./plan.js";
import { popular } from "./popular.js";
import { recipe } from "./recipe.js";
import { recipes } from "./recipes.js";
import { session } from "./session.js";

// A view is called with (element, {id, query, signal}), fills the element, and
// may return a title. The signal is aborted when another view takes over.
const routes = [
  [/^\/$/, recipes],
  [/^\/new$/, editor],
  [/^\/recipes\/(\d+)$/, recipe],
  [/^\/recipes\/(\d+)\/edit$/, editor],
  [/^\/popular$/, popular],
  [/^\/mine$/, mine],
  [/^\/plan$/, plan],
  [/^\/inventory$/, inventory],
  [/^\/login$/, login],
  [/^\/register$/, register],
  [/^\/forgot$/, forgot],
  [/^\/reset$/, reset],
  [/^\/devices$/, devices],
];

const main = document.getElementById("main");
let shown = { path: null, abort: new AbortController() };

async function show() {
  const [path, search = ""] = (location.hash.slice(1) || "/").split("?");
  if (!path.startsWith("/")) return; // the skip link
  const [pattern, view] = routes.find(([pattern]) => pattern.test(path)) || [/^/, recipes];
  shown.abort.abort();
  const moved = shown.path !== null && shown.path !== path;
  shown = { path, abort: new AbortController() };
  const { signal } = shown.abort;

  for (const link of document.querySelectorAll(".tabs a")) {
    const own = link.getAttribute("href").slice(1);
    const current = own === path || (own === "/" && (path === "/new" || path.startsWith("/recipes/")));
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (moved) scrollTo(0, 0);
  try {
    const title = await view(main, { id: Number(path.match(pattern)[1]) || 0, query: new URLSearchParams(search), signal });
    if (signal.aborted) return;
    document.title = title ? `${title} · Shop & Chop` : "Shop & Chop";
    if (moved) {
      main.querySelector("h1")?.focus({ preventScroll: true });
      announce(title || "");
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

const who = document.getElementById("who");

// drawWho shows who is logged in, and the ways in and out.
function drawWho() {
  const { me } = session;
  if (!me) {
    fill(who, h("a", { class: "button", id: "login", href: "#/login" }, "Log in"));
    return;
  }
  const out = h("button", { type: "button", id: "logout", click: async () => {
    out.disabled = true;
    try {
      await logOut();
      if (location.hash === "" || location.hash === "#/") show();
      else location.hash = "/";
    } catch (error) {
      out.disabled = false;
      announce(error.message);
      out.textContent = `${error.status || ""} ${error.message}`;
    }
  } }, "Log out");
  fill(who,
    h("a", { id: "user-name", class: "who-name", href: "#/devices", title: "Your devices" }, me.role === "admin" ? `${me.name} (admin)` : me.name),
    out);
}

addEventListener("who", drawWho);
addEventListener("hashchange", show);
showFigures();
drawWho();
try {
  await identify();
} catch (error) {
  announce(error.message); // the views will say it
}
show();
