// What is in store: set a stock, take from it.
import { ask, get } from "./api.js";
import { announce, cacheBadge, empty, failure, field, fill, h, heading, loading } from "./dom.js";

export async function inventory(main, { signal }) {
  main.dataset.view = "inventory";
  const view = { list: h("div", {}, loading("the store")), count: h("div", { class: "count" }), notice: h("div", { id: "notice" }), signal };
  const item = h("input", { id: "item", required: true, maxlength: 100, autocomplete: "off" });
  const stock = h("input", { id: "stock", type: "number", min: 0, step: 1, required: true });
  fill(main, heading("Inventory"),
    h("form", { class: "filters", submit: (event) => {
      event.preventDefault();
      change(view, item.value.trim(), "PUT", "", { stock: stock.valueAsNumber }, `${item.value} set`);
    } }, field("Item", item), field("Stock", stock), h("button", { type: "submit" }, "Set the stock")),
    view.notice, view.count, view.list);
  await load(view);
  return "Inventory";
}

async function load(view) {
  try {
    const reply = await get("/api/inventory?limit=100", { signal: view.signal });
    fill(view.count, cacheBadge(reply));
    fill(view.list, reply.data.length ? h("table", { class: "stock" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Item"), h("th", { scope: "col", class: "number" }, "In store"), h("th", { scope: "col", class: "number" }, "Take"))),
      h("tbody", {}, reply.data.map((entry) => row(view, entry)))) : empty("The store is empty. Set the stock of an item above."));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(view.list, failure(error, () => load(view)));
  }
}

function row(view, { item, stock }) {
  const take = (n) => h("button", { type: "button", class: "quiet", disabled: stock === 0, "aria-label": `Take ${n} of ${item}`,
    click: () => change(view, item, "POST", "/take", { n }, `${n} of ${item} taken`) }, String(n));
  return h("tr", { class: stock === 0 ? "out" : "" }, h("th", { scope: "row" }, item),
    h("td", { class: "number" }, stock === 0 ? "none left" : stock.toLocaleString()), h("td", { class: "number" }, take(1), take(10)));
}

async function change(view, item, method, path, body, done) {
  try {
    await ask(method, `/api/inventory/${encodeURIComponent(item)}${path}`, { body });
    fill(view.notice);
    announce(done);
    await load(view);
  } catch (error) {
    if (error.name !== "AbortError") fill(view.notice, failure(error));
  }
}
