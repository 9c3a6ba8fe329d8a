// A week's meals and what to buy for them.
import { get } from "./api.js";
import { amount, cacheBadge, empty, failure, fill, h, heading, loading } from "./dom.js";
import { addDays, days, meals, monday, readPlan, weekOf, writePlan } from "./planner.js";

// names remembers what recipes are called, since a plan holds their ids.
const names = new Map();

export async function plan(main, { query, signal }) {
  main.dataset.view = "plan";
  const offset = Math.trunc(Number(query.get("week"))) || 0; // weeks from now
  const first = addDays(monday(new Date()), 7 * offset);
  const week = weekOf(first);
  const step = (n, label, text) => h("a", { class: "button", href: n ? `#/plan?week=${n}` : "#/plan", "aria-label": label }, text);
  const table = h("div", {}, loading("the plan"));
  const shopping = h("section", {}, h("h2", {}, "Shopping list"), loading("the list"));
  fill(main,
    heading("Meal plan", h("div", { class: "actions" }, step(offset - 1, "The week before", "←"),
      h("span", { class: "week" }, week), step(offset + 1, "The week after", "→"))),
    table, shopping);
  await load({ week, first, table, shopping, signal });
  return `Meal plan ${week}`;
}

async function load(view) {
  const { week, first, table, shopping, signal } = view;
  try {
    const reply = await readPlan(week, signal);
    await learn(reply.days, signal);
    fill(table, h("div", { class: "week-grid" }, days.map((day, i) => dayOf(view, reply.days, day, addDays(first, i)))));
    const list = await get(`/api/shopping-list?${new URLSearchParams({ week })}`, { signal });
    fill(shopping,
      h("div", { class: "section-head" }, h("h2", {}, "Shopping list"), cacheBadge(list)),
      list.data.items.length ? h("ul", { class: "ingredients wide" }, list.data.items.map((item) =>
        h("li", {}, h("span", { class: "amount" }, amount(item.quantity, item.unit)), h("span", {}, item.name))))
        : empty("Nothing to buy: no meal is planned this week.", h("a", { class: "button", href: "#/" }, "Choose a recipe")));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(table, failure(error, () => load(view)));
    fill(shopping);
  }
}

// learn looks up the names of planned recipes; one that was deleted has none.
async function learn(planned, signal) {
  const ids = new Set(Object.values(planned).flatMap((meals) => Object.values(meals).map(({ recipeId }) => recipeId)));
  await Promise.all([...ids].filter((id) => !names.has(id)).map(async (id) => {
    try {
      names.set(id, (await get(`/api/recipes/${id}`, { signal })).data.name);
    } catch (error) {
      if (error.status !== 404) throw error;
      names.set(id, "a deleted recipe");
    }
  }));
}

function dayOf(view, planned, day, date) {
  const now = new Date();
  const today = date.getTime() === Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const eaten = meals.filter((meal) => planned[day]?.[meal]);
  return h("section", { class: today ? "day today" : "day" },
    h("h2", {}, day, h("span", { class: "muted" }, date.toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" }))),
    eaten.length === 0 ? h("p", { class: "muted" }, "nothing planned") : h("ul", {}, eaten.map((meal) => {
      const { recipeId, servings } = planned[day][meal];
      return h("li", {}, h("span", { class: "eyebrow" }, meal, servings ? ` for ${servings}` : ""),
        h("a", { href: `#/recipes/${recipeId}` }, names.get(recipeId)),
        h("button", { type: "button", class: "quiet", "aria-label": `Take ${names.get(recipeId)} out of ${day}`, click: async () => {
          const { [meal]: gone, ...rest } = planned[day];
          try {
            await writePlan(view.week, { ...planned, [day]: rest });
            await load(view);
          } catch (error) {
            view.table.prepend(failure(error));
          }
        } }, "Remove"));
    })));
}
