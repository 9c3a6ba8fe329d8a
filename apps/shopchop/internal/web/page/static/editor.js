// Writing a recipe: a new one by POST, a change by PUT with the changed fields alone.
import { ask, get } from "./api.js";
import { announce, failure, field, fill, h, heading, loading, options } from "./dom.js";

const blank = { name: "", description: "", servings: 4, prepTime: 10, cookTime: 20, difficulty: "easy", tags: [], ingredients: [], instructions: [], imageUrl: "" };

export async function editor(main, { id, signal }) {
  main.dataset.view = "editor";
  const title = id ? "Edit recipe" : "New recipe";
  fill(main, heading(title), id ? loading("the recipe") : "");
  try {
    const before = id ? (await get(`/api/recipes/${id}`, { signal })).data : blank;
    fill(main, heading(title), form(id, before));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(main, heading(title), failure(error, () => editor(main, { id, signal })));
  }
  return title;
}

function form(id, before) {
  const number = (key, least) => h("input", { id: key, type: "number", min: least, step: 1, value: before[key], required: true });
  const text = (key, more) => h("input", { id: key, value: before[key], autocomplete: "off", ...more });
  const controls = {
    name: text("name", { required: true, maxlength: 200 }),
    description: h("textarea", { id: "description", rows: 3, maxlength: 5000, value: before.description }),
    servings: number("servings", 1), prepTime: number("prepTime", 0), cookTime: number("cookTime", 0),
    difficulty: h("select", { id: "difficulty" }, options(["easy", "medium", "hard"], before.difficulty)),
    tags: h("input", { id: "tags", value: before.tags.join(", "), autocomplete: "off" }),
    imageUrl: text("imageUrl", { maxlength: 2000 }),
  };
  const ingredients = rows("ingredients", "Add an ingredient", before.ingredients, ingredientRow);
  const instructions = rows("instructions", "Add a step", before.instructions, stepRow);
  const read = () => ({
    name: controls.name.value.trim(), description: controls.description.value.trim(),
    servings: controls.servings.valueAsNumber, prepTime: controls.prepTime.valueAsNumber, cookTime: controls.cookTime.valueAsNumber,
    difficulty: controls.difficulty.value,
    tags: controls.tags.value.split(",").map((tag) => tag.trim().toLowerCase()).filter(Boolean),
    ingredients: ingredients.read(), instructions: instructions.read(), imageUrl: controls.imageUrl.value.trim(),
  });
  const notice = h("div", {});
  const save = h("button", { type: "submit", class: "primary", id: "save" }, id ? "Save changes" : "Create recipe");
  const sent = h("p", { class: "muted small", id: "sent" });
  const tellSent = () => {
    if (id) sent.textContent = fieldsOf(changes(before, read()));
  };
  const element = h("form", { class: "editor", input: tellSent, click: tellSent, submit: async (event) => {
    event.preventDefault();
    const now = read();
    const body = id ? changes(before, now) : now;
    save.disabled = true;
    try {
      const reply = id && Object.keys(body).length === 0 ? null : await ask(id ? "PUT" : "POST", id ? `/api/recipes/${id}` : "/api/recipes", { body });
      announce("Saved");
      location.hash = `/recipes/${id || reply.data.id}`;
    } catch (error) {
      fill(notice, failure(error));
      notice.scrollIntoView({ block: "center" });
    } finally {
      save.disabled = false;
    }
  } },
  field("Name", controls.name), field("Description", controls.description),
  h("div", { class: "row" }, field("Servings", controls.servings), field("Prepare, min", controls.prepTime),
    field("Cook, min", controls.cookTime), field("Difficulty", controls.difficulty)),
  field("Tags", controls.tags, "Separated by commas: italian, quick"),
  h("fieldset", {}, h("legend", {}, "Ingredients"), ingredients.element),
  h("fieldset", {}, h("legend", {}, "Method"), instructions.element),
  field("Picture", controls.imageUrl, "An https address, or nothing"),
  notice,
  h("div", { class: "actions" }, save, h("a", { class: "button", href: id ? `#/recipes/${id}` : "#/" }, "Cancel")), sent);
  tellSent();
  return element;
}

// changes gives the fields of now that differ: a partial PUT changes only what
// it names, so two people who change different fields lose nothing.
function changes(before, now) {
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])));
}

function fieldsOf(body) {
  const names = Object.keys(body);
  return names.length ? `Only what you changed is sent: ${names.join(", ")}.` : "Nothing is changed yet.";
}

// rows is a list of lines that grows and shrinks. make(value, position) gives
// {element, read}; read returns undefined for a line left blank.
function rows(name, label, values, make) {
  const list = h("ol", { class: "lines" });
  const lines = new Map();
  const add = (value) => {
    const line = make(value, name);
    const remove = h("button", { type: "button", class: "quiet", "aria-label": "Remove this line", click: () => {
      const beside = element.nextElementSibling || element.previousElementSibling;
      lines.delete(element);
      element.remove();
      (beside?.querySelector("input, textarea") || more).focus();
    } }, "Remove");
    const element = h("li", {}, line.element, remove);
    lines.set(element, line.read);
    list.append(element);
    return element;
  };
  const more = h("button", { type: "button", class: "quiet", id: `add-${name}`, click: () => add().querySelector("input, textarea").focus() }, label);
  values.forEach((value) => add(value));
  return { element: h("div", {}, list, more), read: () => [...list.children].map((element) => lines.get(element)()).filter((value) => value !== undefined) };
}

function ingredientRow(value = { name: "", quantity: "", unit: "" }) {
  const quantity = h("input", { type: "number", min: 0, step: "any", value: value.quantity, "aria-label": "Quantity", placeholder: "400" });
  const unit = h("input", { value: value.unit, maxlength: 40, "aria-label": "Unit", placeholder: "g" });
  const name = h("input", { value: value.name, maxlength: 200, "aria-label": "Ingredient", placeholder: "spaghetti" });
  const read = () => name.value.trim() === "" ? undefined : { name: name.value.trim(), quantity: quantity.valueAsNumber || 0, unit: unit.value.trim() };
  return { element: h("div", { class: "ingredient" }, quantity, unit, name), read };
}

function stepRow(value = "") {
  const step = h("textarea", { rows: 2, maxlength: 2000, value, "aria-label": "Step" });
  return { element: step, read: () => step.value.trim() || undefined };
}
