// The list of exercises, and the own favourites among them.
import { ask, get } from "./api.js";
import { cacheBadge, empty, failure, fill, h, heading, loading, options } from "./dom.js";
import { base, session } from "./session.js";

const muscles = ["any", "chest", "back", "shoulders", "biceps", "triceps", "forearms", "core", "quads", "hamstrings", "glutes", "calves", "full-body"];
const tones = ["tone-0", "tone-1", "tone-2", "tone-3", "tone-4", "tone-5"];

export async function exercises(main, { query, signal }) {
  const chosen = { muscle: query.get("muscle") || "any", q: query.get("q") || "", page: Math.max(1, Number(query.get("page")) || 1) };
  const muscle = h("select", { id: "muscle" }, options(muscles, chosen.muscle));
  const search = h("input", { id: "search", type: "search", value: chosen.q, autocomplete: "off" });
  const list = h("div", { id: "list" }, loading("exercises"));
  const go = (event) => {
    event?.preventDefault();
    location.hash = address({ muscle: muscle.value, q: search.value.trim(), page: 1 });
  };
  muscle.addEventListener("change", go);
  fill(main, heading("Exercises"),
    h("form", { class: "filters", role: "search", submit: go },
      h("div", { class: "field grow" }, h("label", { for: "search" }, "Search"), search),
      h("div", { class: "field" }, h("label", { for: "muscle" }, "Muscle"), muscle),
      h("button", { type: "submit", id: "find" }, "Find")),
    list);
  const asked = new URLSearchParams({ page: chosen.page, limit: 12 });
  if (chosen.muscle !== "any") asked.set("muscle", chosen.muscle);
  if (chosen.q) asked.set("q", chosen.q);
  await show(list, `${base}/exercises?${asked}`, signal, (reply) => pages(chosen, Math.ceil(reply.total / reply.limit)));
  return "Exercises";
}

export async function favorites(main, { signal }) {
  const list = h("div", { id: "list" }, loading("your favourites"));
  fill(main, heading("Favourites"), list);
  await show(list, `${base}/exercises/favorites?limit=100`, signal, () => null);
  return "Favourites";
}

function address({ muscle, q, page }) {
  const query = new URLSearchParams();
  if (muscle !== "any") query.set("muscle", muscle);
  if (q) query.set("q", q);
  if (page > 1) query.set("page", page);
  return `/${query.size ? `?${query}` : ""}`;
}

async function show(list, path, signal, below) {
  const again = () => show(list, path, signal, below);
  try {
    const reply = await get(path, { signal });
    fill(list,
      h("div", { id: "count", class: "count" }, h("span", {}, `${reply.total} exercises`), cacheBadge(reply),
        h("button", { type: "button", class: "quiet", id: "again", click: again }, "Ask again")),
      reply.data.length ? h("ul", { class: "cards" }, reply.data.map((exercise) => card(exercise, again))) : empty("No exercise is here."),
      below(reply));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(list, failure(error, again));
  }
}

function card(exercise, again) {
  const { id, name, description, muscle, equipment, level } = exercise;
  return h("li", { class: `card ${tones[muscles.indexOf(muscle) % tones.length]}`, "data-exercise": id },
    h("p", { class: "eyebrow" }, muscle), h("h2", {}, name), h("p", { class: "about" }, description),
    h("p", { class: "facts" }, h("span", {}, equipment === "none" ? "no equipment" : equipment), h("span", {}, level)),
    session.me ? h("p", { class: "actions" }, heart(exercise, again), h("a", { class: "button", href: `#/workouts?exercise=${id}` }, "Log a workout")) : null);
}

// heart sets and takes away a favourite.
function heart({ id, name }, again) {
  const on = session.favorites.has(id);
  const button = h("button", { type: "button", class: "favorite", "aria-pressed": String(on), "aria-label": `Favourite ${name}`, click: async () => {
    button.disabled = true;
    try {
      await ask(on ? "DELETE" : "PUT", `${base}/exercises/${id}/favorite`);
      if (on) session.favorites.delete(id);
      else session.favorites.add(id);
      await again();
    } catch (error) {
      button.replaceWith(failure(error));
    }
  } }, on ? "♥" : "♡");
  return button;
}

function pages(chosen, last) {
  if (last < 2) return null;
  const step = (page, text, label) => h("a", { href: `#${address({ ...chosen, page })}`, "aria-label": label }, text);
  const { page } = chosen;
  return h("nav", { class: "pages", "aria-label": "Pages" },
    page > 1 ? step(page - 1, "←", "Previous page") : null, h("span", {}, `${page} of ${last}`), page < last ? step(page + 1, "→", "Next page") : null);
}

// popular shows what is done most, beside every view.
export async function popular(element) {
  try {
    const reply = await get(`${base}/workouts/popular`);
    fill(element, cacheBadge(reply), reply.data.length ? h("ol", { class: "ranking" }, reply.data.map((exercise) =>
      h("li", {}, h("span", {}, exercise.name), h("span", { class: "score" }, `${exercise.workouts} times`)))) : empty("Nobody has trained yet."));
  } catch (error) {
    fill(element, failure(error, () => popular(element)));
  }
}
