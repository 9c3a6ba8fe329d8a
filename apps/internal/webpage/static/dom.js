// Building blocks. Text enters the document as text nodes only, never as HTML:
// what a recipe says can not become markup.

// h makes an element. Attributes whose value is a function are listeners, true
// and false set and leave out, null and undefined leave out. Children are nodes,
// texts, lists of them, or null.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...present(children));
  return element;
}

// fill replaces what an element holds; children are as for h.
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false);
}

// announce tells a screen reader what happened.
export function announce(text) {
  document.getElementById("announce").textContent = text;
}

export function heading(title, ...beside) {
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, title), ...beside);
}

export function loading(what) {
  return h("div", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), `Loading ${what}`);
}

export function empty(text, ...more) {
  return h("div", { class: "empty" }, h("p", {}, text), ...more);
}

// failure shows an error plainly, with what helps against it.
export function failure(error, retry) {
  return h("div", { class: "failure", role: "alert" },
    h("strong", {}, error.status ? `${error.status} ${error.message}` : error.message),
    error.fields?.length ? h("ul", { class: "faults" }, error.fields.map(({ field, message }) => h("li", {}, h("code", {}, field), ` ${message}`))) : null,
    error.hint ? h("p", {}, error.hint) : null,
    retry ? h("button", { type: "button", click: retry }, "Try again") : null);
}

// cacheBadge is what the cache said about a reply, and how long the reply took.
export function cacheBadge(reply) {
  const word = reply.cache || "no cache";
  return h("span", { class: `badge ${word.toLowerCase().replace(/[^a-z]/g, "-")}`, "data-cache": reply.cache || "" },
    word, h("span", { class: "ms" }, milliseconds(reply.ms)));
}

export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function minutes(n) {
  if (n < 60) return `${n} min`;
  const rest = n % 60;
  return rest ? `${Math.floor(n / 60)} h ${rest} min` : `${n / 60} h`;
}

// amount writes a quantity without a tail of digits: 1.5, 400, 0.333.
export function amount(quantity, unit) {
  const number = String(Math.round(quantity * 1000) / 1000);
  return unit ? `${number} ${unit}` : number;
}

// field is a labelled control. The control needs an id.
export function field(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control,
    hint ? h("small", { id: `${control.id}-hint` }, hint) : null);
}

export function options(values, chosen) {
  return values.map((value) => h("option", { value, selected: value === chosen }, value[0].toUpperCase() + value.slice(1)));
}
