// Weeks, and putting a recipe into one.
import { ask, get } from "./api.js";
import { announce, failure, field, fill, h, options } from "./dom.js";

export const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
export const meals = ["breakfast", "lunch", "dinner", "snack"];

const dayLength = 24 * 60 * 60 * 1000;

// monday gives the first day of a date's ISO week, at midnight UTC.
export function monday(date) {
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  const weekday = (new Date(midnight).getUTCDay() + 6) % 7;
  return new Date(midnight - weekday * dayLength);
}

// weekOf names the ISO week that begins on a Monday: the year is that of its Thursday.
export function weekOf(monday) {
  const thursday = new Date(monday.getTime() + 3 * dayLength);
  const year = thursday.getUTCFullYear();
  const number = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * dayLength));
  return `${String(year).padStart(4, "0")}-W${String(number).padStart(2, "0")}`;
}

export function addDays(date, n) {
  return new Date(date.getTime() + n * dayLength);
}

// readPlan gives the plan of a week; a week that was never planned is empty.
export async function readPlan(week, signal) {
  try {
    const reply = await get(`/api/meal-plan?${new URLSearchParams({ week })}`, { signal });
    return { ...reply, days: reply.data?.days || {} };
  } catch (error) {
    if (error.status === 404) return { days: {}, cache: "", ms: 0 };
    throw error;
  }
}

export function writePlan(week, days) {
  return ask("POST", "/api/meal-plan", { body: { week, days } });
}

// addToPlan is the form beside a recipe. Outcomes go into the element notice.
export function addToPlan(recipe, notice) {
  const today = days[(new Date().getDay() + 6) % 7];
  const day = h("select", { id: "plan-day" }, options(days, today));
  const meal = h("select", { id: "plan-meal" }, options(meals, "dinner"));
  const servings = h("input", { id: "plan-servings", type: "number", min: 1, max: 1000, value: recipe.servings, required: true });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const week = weekOf(monday(new Date()));
      const planned = (await readPlan(week)).days;
      planned[day.value] = { ...planned[day.value], [meal.value]: { recipeId: recipe.id, servings: servings.valueAsNumber } };
      await writePlan(week, planned);
      fill(notice, h("p", { class: "notice", role: "status" }, "It is in this week's plan. ", h("a", { href: "#/plan" }, "See the plan")));
      announce("Added to the meal plan");
    } catch (error) {
      fill(notice, failure(error));
      notice.scrollIntoView({ block: "nearest" });
    }
  };
  return h("section", {}, h("h2", {}, "Cook it this week"),
    h("form", { class: "filters", submit }, field("Day", day), field("Meal", meal), field("Servings", servings),
      h("button", { type: "submit" }, "Add to the plan")));
}
