// The own workouts, and a form for a new one.
import { ask, get } from "./api.js";
import { cacheBadge, empty, failure, field, fill, h, heading, loading } from "./dom.js";
import { base } from "./session.js";

export async function workouts(main, { query, signal }) {
  const list = h("div", { id: "list" }, loading("your workouts")), notice = h("div", { id: "notice" });
  const exercise = query.get("exercise");
  fill(main, heading("My workouts"), notice, exercise ? await logger(exercise, list, notice, signal) : null, list);
  await load(list, signal);
  return "My workouts";
}

async function load(list, signal) {
  try {
    const reply = await get(`${base}/workouts`, { signal });
    fill(list, h("div", { id: "count", class: "count" }, h("span", {}, `${reply.total} workouts`), cacheBadge(reply)),
      reply.data.length ? h("ul", { class: "cards" }, reply.data.map(card))
        : empty("Nothing is logged yet.", h("a", { class: "button", href: "#/" }, "Choose an exercise")));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(list, failure(error, () => load(list, signal)));
  }
}

function card(workout) {
  return h("li", { class: "card", "data-workout": workout.id },
    h("h2", {}, workout.exerciseName),
    h("p", { class: "about" }, workout.sets.map((set) => (set.weightKg ? `${set.reps} × ${set.weightKg} kg` : `${set.reps} ×`)).join(", ")),
    h("p", { class: "facts" }, h("span", {}, new Date(workout.startedAt).toLocaleString()), h("span", {}, `${workout.points} points`)));
}

async function logger(id, list, notice, signal) {
  const { data } = await get(`${base}/exercises/${encodeURIComponent(id)}`, { signal });
  const number = (id, value, step) => h("input", { id, type: "number", min: 0, step, value, required: true });
  const sets = number("sets", 3, 1), reps = number("reps", 10, 1), weight = number("weight", 0, 0.5);
  return h("form", { class: "filters", submit: async (event) => {
    event.preventDefault();
    const one = { reps: reps.valueAsNumber, weightKg: weight.valueAsNumber };
    try {
      const reply = await ask("POST", `${base}/workouts`, { body: { exerciseId: id, sets: Array(sets.valueAsNumber).fill(one), durationSec: 60 * sets.valueAsNumber } });
      fill(notice, h("p", { class: "notice", role: "status" }, `${reply.message}: ${reply.data.points} points.`));
      await load(list, signal);
    } catch (error) {
      if (error.name !== "AbortError") fill(notice, failure(error));
    }
  } }, h("h2", {}, data.name), field("Sets", sets), field("Repetitions", reps), field("Kilograms", weight),
  h("button", { type: "submit", class: "primary", id: "log" }, "Log it"));
}
