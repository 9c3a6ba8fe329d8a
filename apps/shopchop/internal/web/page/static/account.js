// Getting in: log in, a new account, a forgotten password.
import { ask, get } from "./api.js";
import { announce, field, h } from "./dom.js";
import { done, email, form, password } from "./form.js";
import { forget, known, mayBeLoggedIn } from "./session.js";

// identify asks who is logged in in this browser.
export async function identify() {
  if (!mayBeLoggedIn()) return;
  try {
    await learn((await get("/api/me")).data);
  } catch (error) {
    if (error.status !== 401) throw error;
    forget();
  }
}

async function learn(me) {
  const favorites = await get("/api/me/favorites?limit=100");
  known(me, favorites.data.map((recipe) => recipe.id));
}

export async function logOut() {
  await ask("POST", "/api/auth/logout");
  forget();
  announce("Logged out");
}

async function enter(address, secret, rememberMe) {
  const { data } = await ask("POST", "/api/auth/login", { body: { email: address, password: secret, rememberMe } });
  await learn(data);
  announce(`Logged in as ${data.name}`);
  location.hash = "/";
}

export function login(main) {
  main.dataset.view = "login";
  const address = email(), secret = password("current-password");
  const remember = h("input", { id: "remember", type: "checkbox" });
  return form(main, "Log in", [
    field("Email", address), field("Password", secret),
    h("label", { class: "check" }, remember, "Remember me on this device for 30 days"),
  ], "Log in", () => enter(address.value, secret.value, remember.checked),
  h("a", { href: "#/register" }, "Make an account"), h("a", { href: "#/forgot" }, "Forgot the password?"));
}

export function register(main) {
  main.dataset.view = "register";
  const name = h("input", { id: "name", required: true, autocomplete: "name", maxlength: 100 });
  const address = email(), secret = password("new-password");
  return form(main, "Make an account", [
    field("Name", name), field("Email", address), field("Password", secret, "At least 8 characters. Long beats complicated."),
  ], "Make the account", async () => {
    await ask("POST", "/api/auth/register", { body: { name: name.value, email: address.value, password: secret.value } });
    await enter(address.value, secret.value, false);
  }, h("a", { href: "#/login" }, "I have one"));
}

export function forgot(main) {
  main.dataset.view = "forgot";
  const address = email();
  return form(main, "Forgot the password", [field("Email", address)], "Send me a link", async (notice) => {
    const reply = await ask("POST", "/api/auth/password/forgot", { body: { email: address.value } });
    done(notice, reply.message);
  }, h("a", { href: "#/login" }, "Back"));
}

// reset is where the link of the mail leads. The token stands behind the #, so it is in no
// server's log, and it leaves the address at once.
export function reset(main, { query }) {
  main.dataset.view = "reset";
  const token = query.get("token") || "";
  if (token) history.replaceState(null, "", "#/reset");
  const secret = password("new-password");
  return form(main, "Choose a new password", [field("New password", secret, "At least 8 characters. You are logged out everywhere.")], "Change it", async (notice) => {
    await ask("POST", "/api/auth/password/reset", { body: { token, password: secret.value } });
    forget();
    done(notice, "The password is changed. ", h("a", { href: "#/login" }, "Log in"));
  });
}
