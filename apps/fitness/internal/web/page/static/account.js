// Getting in: log in, a new account.
import { ask, get } from "./api.js";
import { announce, field, h } from "./dom.js";
import { email, form, password } from "./form.js";
import { accounts, base, forget, known, mayBeLoggedIn } from "./session.js";

// identify asks who is logged in in this browser.
export async function identify() {
  if (!mayBeLoggedIn()) return;
  try {
    await learn((await get(`${base}/users/profile`)).data);
  } catch (error) {
    if (error.status !== 401) throw error;
    forget();
  }
}

async function learn(me) {
  const favorites = await get(`${base}/exercises/favorites?limit=100`);
  known(me, favorites.data.map((exercise) => exercise.id));
}

export async function logOut() {
  await ask("POST", `${accounts}/logout`);
  forget();
  announce("Logged out");
}

export function login(main) {
  main.dataset.view = "login";
  const address = email(), secret = password("current-password");
  const remember = h("input", { id: "remember", type: "checkbox" });
  return form(main, "Log in", [
    field("Email", address), field("Password", secret),
    h("label", { class: "check" }, remember, "Remember me on this device for 30 days"),
  ], "Log in", async () => {
    const { data } = await ask("POST", `${accounts}/login`, { body: { email: address.value, password: secret.value, rememberMe: remember.checked } });
    await learn(data.user);
    announce(`Logged in as ${data.user.name}`);
    location.hash = "/";
  }, h("a", { href: "#/register" }, "Make an account"));
}

export function register(main) {
  main.dataset.view = "register";
  const name = h("input", { id: "name", required: true, autocomplete: "name", maxlength: 100 });
  const address = email(), secret = password("new-password");
  return form(main, "Make an account", [
    field("Name", name), field("Email", address), field("Password", secret, "At least 8 characters. Long beats complicated."),
  ], "Make the account", async () => {
    const { data } = await ask("POST", `${accounts}/register`, { body: { name: name.value, email: address.value, password: secret.value } });
    await learn(data);
    location.hash = "/";
  }, h("a", { href: "#/login" }, "I have one"));
}
