// What this page saw of the cache: hits, misses, times, the last requests.
import { onRequest } from "./api.js";
import { fill, h, milliseconds } from "./dom.js";

const logLength = 8;
const served = ["HIT", "STALE", "REVALIDATED"]; // answered without a load

let log, count, hits, misses;

function reset() {
  log = [];
  count = 0;
  hits = { n: 0, ms: 0 };
  misses = { n: 0, ms: 0 };
}

function record(request) {
  count++;
  const sum = served.includes(request.cache) ? hits : request.cache === "MISS" ? misses : null;
  if (sum) {
    sum.n++;
    sum.ms += request.ms;
  }
  log.unshift(request);
  log.length = Math.min(log.length, logLength);
  draw();
}

export function showFigures() {
  reset();
  onRequest(record);
  const live = document.getElementById("live");
  // On a phone the figures come after the content and begin closed.
  live.open = matchMedia("(min-width: 60rem)").matches;
  draw();
}

const mean = (sum) => (sum.n ? milliseconds(sum.ms / sum.n) : "–");

function draw() {
  const asked = hits.n + misses.n;
  const ratio = asked ? Math.round((100 * hits.n) / asked) : 0;
  document.getElementById("live-short").textContent = asked ? `${ratio} % hits` : "";
  fill(document.getElementById("figures"),
    h("meter", { class: "ratio", min: 0, max: 100, value: ratio, "aria-label": "Share of hits" }),
    h("p", { class: "ratio-text" }, asked ? `${ratio} % of ${asked} cached replies were hits` : "No cached reply yet"),
    h("dl", { class: "figures" },
      figure("Hits", hits.n, "hits"), figure("Misses", misses.n, "misses"), figure("Requests", count, "requests"),
      figure("Mean hit", mean(hits), "mean-hit"), figure("Mean miss", mean(misses), "mean-miss"),
      h("div", {}, h("button", { type: "button", class: "quiet", click: () => { reset(); draw(); } }, "Reset"))));
  fill(document.getElementById("log"),
    h("h3", {}, "Last requests"),
    log.length === 0 ? h("p", { class: "muted" }, "None yet.") : h("ol", { class: "log" }, log.map(entry)));
}

function figure(name, value, key) {
  return h("div", {}, h("dt", {}, name), h("dd", { "data-figure": key }, String(value)));
}

function entry({ method, path, status, cache, ms }) {
  const good = status >= 200 && status < 400;
  return h("li", { class: good ? "" : "bad" },
    h("span", { class: "verb" }, method),
    h("span", { class: "path", title: path }, decodeURI(path)),
    h("span", { class: "outcome" },
      h("span", { class: "status" }, status ? String(status) : "no reply"),
      cache ? h("span", { class: `badge small ${cache.toLowerCase()}` }, cache) : null,
      h("span", { class: "ms" }, milliseconds(ms))));
}
