// The page's frame: which view the address names, who the user is.
import { get } from "./api.js";
import { announce } from "./dom.js";
import { editor } from "./editor.js";
import { showFigures } from "./figures.js";
import { inventory } from "./inventory.js";
import { mine } from "./mine.js";
import { plan } from "./plan.js";
import { popular } from "./popular.js";
import { recipe } from "./recipe.js";
import { recipes } from "./recipes.js";
import { choose, session } from "./session.js";

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
const whoName = document.getElementById("user-name");

// identify asks who the chosen user is, and what is among the favourites.
async function identify() {
  who.user.value = session.id || "";
  whoName.className = "who-name";
  if (!session.id) {
    whoName.textContent = "reading only";
    return;
  }
  try {
    const { data } = await get("/api/me");
    const favorites = await get("/api/me/favorites?limit=100");
    session.me = data;
    session.favorites = new Set(favorites.data.map((recipe) => recipe.id));
    whoName.textContent = data.role === "admin" ? `${data.name} (admin)` : data.name;
  } catch (error) {
    whoName.className = "who-name bad";
    whoName.textContent = error.status === 401 ? "401: not taken, start with -insecure-dev-auth" : `${error.status || ""} ${error.message}`;
  }
}

who.addEventListener("submit", async (event) => {
  event.preventDefault();
  choose(who.user.valueAsNumber || 0);
  await identify();
  show();
});

addEventListener("hashchange", show);
showFigures();
await identify();
show();
