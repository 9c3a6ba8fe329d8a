// The user's own lists.
import { get } from "./api.js";
import { cards } from "./cards.js";
import { cacheBadge, empty, failure, fill, h, heading, loading } from "./dom.js";
import { session } from "./session.js";

const lists = [
  ["Favourites", "/api/me/favorites?limit=100", "Nothing yet. Open a recipe and add it to your favourites."],
  ["Recently viewed", "/api/me/recent", "You looked at no recipe yet."],
  ["My recipes", "/api/me/recipes?limit=100", "You wrote no recipe yet."],
];

export async function mine(main, { signal }) {
  main.dataset.view = "mine";
  const title = session.me ? `${session.me.name}'s kitchen` : "My kitchen";
  const sections = lists.map(([name]) => h("section", {}, h("h2", {}, name), loading(name.toLowerCase())));
  fill(main, heading(title, h("a", { class: "button primary", href: "#/new" }, "New recipe")), ...sections);
  await Promise.all(lists.map((list, i) => load(sections[i], list, signal)));
  return title;
}

async function load(section, list, signal) {
  const [name, path, nothing] = list;
  try {
    const reply = await get(path, { signal });
    fill(section,
      h("div", { class: "section-head" }, h("h2", {}, name), cacheBadge(reply)),
      reply.data.length ? cards(reply.data) : empty(nothing));
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(section, h("h2", {}, name), failure(error, () => load(section, list, signal)));
  }
}
