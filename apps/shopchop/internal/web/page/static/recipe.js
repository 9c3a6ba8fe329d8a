// One recipe: what it is made of, what the public did with it, what the user can do.
import { ask, get } from "./api.js";
import { addToPlan } from "./planner.js";
import { amount, announce, cacheBadge, failure, fill, h, heading, loading, minutes } from "./dom.js";
import { mayChange, session } from "./session.js";

export async function recipe(main, { id, signal }) {
  main.dataset.view = "recipe";
  fill(main, heading("Recipe"), loading("the recipe"));
  try {
    const reply = await get(`/api/recipes/${id}`, { signal });
    // The view keeps its own places: an answer that comes late, when another
    // view is shown, changes what nobody sees.
    const view = {
      recipe: reply.data, signal,
      cache: h("span", { id: "cache" }, cacheBadge(reply)), notice: h("div", { id: "notice" }), stats: h("div", { id: "stats" }, loading("the figures")),
    };
    draw(main, view);
    await stats(view);
    return reply.data.name;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(main, heading("Recipe"), failure(error, () => recipe(main, { id, signal })), h("p", {}, h("a", { href: "#/" }, "All recipes")));
    return "Recipe";
  }
}

function draw(main, view) {
  const { recipe, notice } = view;
  fill(main,
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "← All recipes")),
    heading(recipe.name),
    h("div", { class: "count" }, view.cache,
      h("button", { type: "button", class: "quiet", id: "again", click: () => again(view) }, "Ask again"),
      h("span", { class: "muted" }, h("code", {}, `recipe:${recipe.id}`))),
    recipe.description ? h("p", { class: "lead" }, recipe.description) : null,
    picture(recipe),
    h("dl", { class: "strip" },
      fact("Prepare", minutes(recipe.prepTime)), fact("Cook", minutes(recipe.cookTime)),
      fact("Serves", recipe.servings), fact("Difficulty", recipe.difficulty)),
    h("p", { class: "tags" }, recipe.tags.map((tag) => h("a", { class: "tag", href: `#/?${new URLSearchParams({ tag })}` }, tag))),
    actions(view), notice,
    h("div", { class: "columns" },
      h("section", {}, h("h2", {}, "Ingredients"), recipe.ingredients.length ? h("ul", { class: "ingredients" }, recipe.ingredients.map((line) =>
        h("li", {}, h("span", { class: "amount" }, amount(line.quantity, line.unit)), h("span", {}, line.name)))) : h("p", { class: "muted" }, "None are given.")),
      h("section", {}, h("h2", {}, "Method"), recipe.instructions.length ? h("ol", { class: "steps" }, recipe.instructions.map((step) =>
        h("li", {}, step))) : h("p", { class: "muted" }, "No steps are given."))),
    h("section", { class: "public" }, h("h2", {}, "What others did"), view.stats, rating(view)),
    addToPlan(recipe, notice),
    h("p", { class: "muted small" }, `Written by user ${recipe.userId}, changed ${new Date(recipe.updatedAt).toLocaleString()}.`));
}

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, String(value)));
}

// picture shows images of this host or with TLS; the policy of the page refuses others.
function picture({ imageUrl, name }) {
  if (!imageUrl.startsWith("https://") && !imageUrl.startsWith("/")) return null;
  const image = h("img", { class: "picture", src: imageUrl, alt: name, loading: "lazy", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.remove());
  return image;
}

// again asks for the recipe once more and shows what the cache says now.
async function again(view) {
  try {
    fill(view.cache, cacheBadge(await get(`/api/recipes/${view.recipe.id}`, { signal: view.signal })));
    await stats(view);
  } catch (error) {
    tell(view, error);
  }
}

async function stats({ recipe, signal, stats: place }) {
  try {
    const { data } = await get(`/api/recipes/${recipe.id}/stats`, { signal });
    fill(place, h("dl", { class: "strip" },
      fact("Views", data.views), fact("Likes", data.likes), fact("Shares", data.shares),
      fact("Rating", data.ratingCount ? `${data.ratingAverage.toFixed(1)} of 5 (${data.ratingCount})` : "none yet")));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(place, failure(error));
  }
}

// tell puts the outcome of an action where the actions are.
function tell({ notice }, error) {
  if (error.name !== "AbortError") fill(notice, failure(error));
}

function actions(view) {
  const { recipe } = view;
  const favorite = h("button", { type: "button", id: "favorite", class: "favorite", click: () => toggle(view, favorite) });
  drawFavorite(favorite, recipe);
  return h("div", { class: "actions" }, favorite,
    mayChange(recipe) ? [h("a", { class: "button", id: "edit", href: `#/recipes/${recipe.id}/edit` }, "Edit"), remove(view)] : null);
}

function drawFavorite(button, { id }) {
  const on = session.favorites.has(id);
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "♥ Favourite" : "♡ Add to favourites";
}

async function toggle(view, button) {
  const { recipe } = view;
  const on = session.favorites.has(recipe.id);
  button.disabled = true;
  try {
    await ask(on ? "DELETE" : "PUT", `/api/recipes/${recipe.id}/favorite`);
    if (on) session.favorites.delete(recipe.id);
    else session.favorites.add(recipe.id);
    fill(view.notice);
    announce(on ? "Removed from favourites" : "Added to favourites");
    await stats(view);
  } catch (error) {
    tell(view, error);
  } finally {
    button.disabled = false;
    drawFavorite(button, recipe);
  }
}

// remove is a button that asks once more before it deletes.
function remove(view) {
  const { recipe } = view;
  const button = h("button", { type: "button", class: "danger", click: async () => {
    if (button.dataset.sure !== "yes") {
      button.dataset.sure = "yes";
      button.textContent = "Delete for good?";
      return;
    }
    try {
      await ask("DELETE", `/api/recipes/${recipe.id}`);
      session.favorites.delete(recipe.id);
      announce("Deleted");
      location.hash = "/";
    } catch (error) {
      tell(view, error);
    }
  }, blur: () => {
    button.dataset.sure = "";
    button.textContent = "Delete";
  } }, "Delete");
  return button;
}

function rating(view) {
  const group = h("div", { class: "stars", role: "group", "aria-label": "Your rating" });
  const draw = (given) => fill(group, ...[1, 2, 3, 4, 5].map((stars) => h("button", {
    type: "button", class: "star", "data-stars": stars, "aria-label": `${stars} of 5 stars`, "aria-pressed": String(stars <= given),
    click: async () => {
      try {
        await ask("PUT", `/api/recipes/${view.recipe.id}/rating`, { body: { stars } });
        draw(stars);
        group.children[stars - 1].focus();
        announce(`Rated ${stars} of 5`);
        await stats(view);
      } catch (error) {
        tell(view, error);
      }
    } }, stars <= given ? "★" : "☆")));
  draw(0);
  return h("div", { class: "rate" }, h("span", {}, "Your rating"), group);
}
