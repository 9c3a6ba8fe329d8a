// The devices on which the user is logged in.
import { ask, get } from "./api.js";
import { announce, failure, fill, h, heading, loading } from "./dom.js";
import { accounts, forget } from "./session.js";

export async function devices(main, { signal }) {
  main.dataset.view = "devices";
  const list = h("div", { id: "devices" }, loading("your devices")), notice = h("div", { id: "notice" });
  fill(main, heading("Your devices"), h("p", { class: "lead" }, "Where you are logged in. End what you do not know, and change your password."), notice, list);
  await load(list, notice, signal);
  return "Your devices";
}

async function load(list, notice, signal) {
  try {
    const { data } = await get(`${accounts}/sessions`, { signal });
    fill(list, h("ul", { class: "devices" }, data.sessions.map((device) => row(device, list, notice, signal))));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(list, failure(error, () => load(list, notice, signal)));
  }
}

function row(device, list, notice, signal) {
  const name = describe(device.userAgent);
  const end = h("button", { type: "button", class: device.current ? "" : "danger", "data-end": device.id, "aria-label": `Log out ${name}`, click: async () => {
    end.disabled = true;
    try {
      await ask("DELETE", `${accounts}/sessions/${encodeURIComponent(device.id)}`);
      announce(`${name} is logged out`);
      if (device.current) {
        forget();
        location.hash = "/";
        return;
      }
      fill(notice, h("p", { class: "notice", role: "status" }, `${name} is logged out.`));
      await load(list, notice, signal);
    } catch (error) {
      if (error.name !== "AbortError") fill(notice, failure(error));
      end.disabled = false;
    }
  } }, "Log out");
  return h("li", { class: "device", "data-current": String(device.current) },
    h("div", {},
      h("strong", {}, name), device.current ? h("span", { class: "badge hit small" }, "this device") : null,
      h("p", { class: "muted small" }, `${device.ipAddress || "no address"} · last seen ${time(device.lastActivity)} · since ${time(device.loginTime)}`)),
    end);
}

const time = (text) => new Date(text).toLocaleString();

// describe makes a name of what browsers say of themselves. The order matters: most
// claim to be others too.
function describe(agent) {
  const first = (table) => table.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = first([[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"], [/curl\//, "curl"]]);
  const system = first([[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]]);
  return [browser || "A program", system].filter(Boolean).join(" on ");
}
