// The most popular recipes: score = views + 2 x likes.
import { get } from "./api.js";
import { cacheBadge, empty, failure, fill, h, heading, loading } from "./dom.js";

export async function popular(main, { signal }) {
  const list = h("div", {}, loading("the ranking"));
  const beside = h("div", { class: "count" });
  main.dataset.view = "popular";
  fill(main, heading("Popular"), h("p", { class: "lead" }, "Ranked by views and twice the likes. The list is cached for half an hour, so a click today shows a little later."), beside, list);
  await load(list, beside, signal);
  return "Popular";
}

async function load(list, beside, signal) {
  const again = () => load(list, beside, signal);
  try {
    const reply = await get("/api/recipes/popular?limit=20", { signal });
    fill(beside, cacheBadge(reply), h("button", { type: "button", class: "quiet", click: again }, "Ask again"));
    fill(list, reply.data.length ? h("ol", { class: "ranking" }, reply.data.map(place)) : empty("Nobody looked at a recipe yet."));
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(beside);
    fill(list, failure(error, again));
  }
}

function place(recipe) {
  return h("li", {},
    h("a", { href: `#/recipes/${recipe.id}` }, recipe.name),
    recipe.score === undefined ? null : h("span", { class: "score" }, `${recipe.score} points`));
}
