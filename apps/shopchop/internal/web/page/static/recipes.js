// The list of recipes: search, tags, pages. The address holds what is chosen,
// so that the back button and links work.
import { get } from "./api.js";
import { cards } from "./cards.js";
import { announce, cacheBadge, empty, failure, fill, h, heading, loading, options } from "./dom.js";

const limits = ["12", "24", "48", "96"];
const offered = 16; // tags shown as buttons

// tags knows which of the recipes seen carry a tag, to offer the usual ones.
const tags = new Map();

function learn(recipe) {
  for (const tag of recipe.tags) {
    if (!tags.has(tag)) tags.set(tag, new Set());
    tags.get(tag).add(recipe.id);
  }
}

export async function recipes(main, { query, signal }) {
  const chosen = {
    q: query.get("q") || "",
    tags: query.getAll("tag"),
    page: Math.max(1, Number(query.get("page")) || 1),
    limit: limits.includes(query.get("limit")) ? query.get("limit") : limits[0],
  };
  const list = main.querySelector("#list");
  // While one types only the results change: the search field keeps its cursor.
  if (list && main.dataset.view === "recipes") update(main, chosen);
  else build(main, chosen);
  await load(main, chosen, signal);
  return "Recipes";
}

function address({ q, tags, page, limit }, path = "/") {
  const query = new URLSearchParams();
  for (const tag of tags) query.append("tag", tag);
  if (q) query.set("q", q);
  if (page > 1) query.set("page", page);
  if (limit !== limits[0]) query.set("limit", limit);
  return path + (query.size ? `?${query}` : "");
}

const go = (chosen) => { location.hash = address(chosen); };

let current; // what is chosen, for the listeners of the controls

function build(main, chosen) {
  current = chosen;
  let typing;
  const search = h("input", { id: "search", type: "search", value: chosen.q, placeholder: "Name or description", autocomplete: "off",
    input: () => {
      clearTimeout(typing);
      typing = setTimeout(() => go({ ...current, q: search.value.trim(), page: 1 }), 250);
    } });
  const limit = h("select", { id: "limit", change: () => go({ ...current, limit: limit.value, page: 1 }) }, options(limits, chosen.limit));
  main.dataset.view = "recipes";
  fill(main,
    heading("Recipes", h("a", { class: "button primary", href: "#/new" }, "New recipe")),
    h("form", { class: "filters", role: "search", submit: (event) => event.preventDefault() },
      h("div", { class: "field grow" }, h("label", { for: "search" }, "Search"), search),
      h("div", { class: "field" }, h("label", { for: "limit" }, "Per page"), limit)),
    h("div", { id: "tags", class: "tags", role: "group", "aria-label": "Filter by tags" }),
    h("div", { id: "count", class: "count" }),
    h("div", { id: "list" }, loading("recipes")),
    h("nav", { id: "pages", class: "pages", "aria-label": "Pages" }));
  drawTags(main, chosen);
}

function update(main, chosen) {
  current = chosen;
  const search = main.querySelector("#search");
  if (document.activeElement !== search) search.value = chosen.q;
  main.querySelector("#limit").value = chosen.limit;
  main.querySelector("#list").setAttribute("aria-busy", "true");
  drawTags(main, chosen);
}

async function load(main, chosen, signal) {
  const list = main.querySelector("#list"), count = main.querySelector("#count"), pages = main.querySelector("#pages");
  const query = new URLSearchParams();
  for (const tag of chosen.tags) query.append("tag", tag);
  if (chosen.q) query.set("q", chosen.q);
  query.set("page", chosen.page);
  query.set("limit", chosen.limit);
  const again = () => load(main, chosen, signal);
  try {
    const reply = await get(`/api/recipes?${query}`, { signal });
    reply.data.forEach(learn);
    drawTags(main, chosen);
    fill(list, reply.data.length ? cards(reply.data) : empty("No recipe matches.",
      chosen.q || chosen.tags.length ? h("a", { class: "button", href: "#/" }, "Show all recipes") : null));
    fill(count,
      h("span", {}, reply.total === 1 ? "1 recipe" : `${reply.total} recipes`), cacheBadge(reply),
      h("button", { type: "button", class: "quiet", id: "again", click: again }, "Ask again"));
    fill(pages, ...pager(chosen, Math.ceil(reply.total / reply.limit)));
    announce(`${reply.total} recipes, page ${chosen.page}`);
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(count);
    fill(pages);
    fill(list, failure(error, again));
  } finally {
    if (!signal.aborted) list.removeAttribute("aria-busy");
  }
}

function drawTags(main, chosen) {
  const group = main.querySelector("#tags");
  const held = group.contains(document.activeElement) ? document.activeElement.dataset.tag : null;
  const usual = [...tags].sort((a, b) => b[1].size - a[1].size || a[0].localeCompare(b[0])).map(([tag]) => tag);
  const shown = [...new Set([...chosen.tags, ...usual])].slice(0, Math.max(offered, chosen.tags.length));
  fill(group, ...shown.map((tag) => {
    const on = chosen.tags.includes(tag);
    const next = on ? chosen.tags.filter((t) => t !== tag) : [...chosen.tags, tag];
    return h("button", { type: "button", class: "tag", "data-tag": tag, "aria-pressed": String(on), click: () => go({ ...current, tags: next, page: 1 }) }, tag);
  }));
  if (held !== null) [...group.children].find((button) => button.dataset.tag === held)?.focus();
}

function pager(chosen, last) {
  if (last < 2) return [];
  const step = (page, text, current) => h("a", {
    href: `#${address({ ...chosen, page })}`, "aria-current": current ? "page" : null, "aria-label": `Page ${page}`,
  }, text);
  const { page } = chosen;
  const near = [1, page - 1, page, page + 1, last].filter((n, i, all) => n >= 1 && n <= last && all.indexOf(n) === i).sort((a, b) => a - b);
  const numbers = near.flatMap((n, i) => [
    i > 0 && n - near[i - 1] > 1 ? h("span", { "aria-hidden": "true" }, "…") : null, step(n, String(n), n === page)]);
  return [page > 1 ? step(page - 1, "←", false) : null, ...numbers, page < last ? step(page + 1, "→", false) : null].filter(Boolean);
}
