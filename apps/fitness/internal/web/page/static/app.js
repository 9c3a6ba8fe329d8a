// The page's frame: which view the address names, who the user is.
import { identify, login, logOut, register } from "./account.js";
import { devices } from "./devices.js";
import { announce, failure, fill, h } from "./dom.js";
import { exercises, favorites, popular } from "./exercises.js";
import { session } from "./session.js";
import { workouts } from "./workouts.js";

// A view is called with (element, {query, signal}), fills the element, and returns a
// title. The signal is aborted when another view takes over.
const views = { "/": exercises, "/favorites": favorites, "/workouts": workouts, "/devices": devices, "/login": login, "/register": register };

const main = document.getElementById("main");
let shown = { path: null, abort: new AbortController() };

async function show() {
  const [path, search = ""] = (location.hash.slice(1) || "/").split("?");
  if (!path.startsWith("/")) return; // the skip link
  shown.abort.abort();
  const moved = shown.path !== null && shown.path !== path;
  shown = { path, abort: new AbortController() };
  const { signal } = shown.abort;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.getAttribute("href") === `#${path}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const title = await (views[path] || exercises)(main, { query: new URLSearchParams(search), signal });
    if (signal.aborted) return;
    document.title = `${title} · Fitness`;
    if (moved) {
      main.querySelector("h1")?.focus({ preventScroll: true });
      announce(title);
    }
  } catch (error) {
    if (error.name !== "AbortError" && !signal.aborted) fill(main, failure(error, show));
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
      await show();
    } catch (error) {
      out.disabled = false;
      out.textContent = `${error.status || ""} ${error.message}`;
    }
  } }, "Log out");
  fill(who, h("a", { id: "user-name", class: "who-name", href: "#/devices", title: "Your devices" }, me.role === "user" ? me.name : `${me.name} (${me.role})`), out);
}

addEventListener("who", drawWho);
addEventListener("hashchange", show);
drawWho();
popular(document.getElementById("popular"));
try {
  await identify();
} catch (error) {
  announce(error.message); // the views will say it
}
show();
