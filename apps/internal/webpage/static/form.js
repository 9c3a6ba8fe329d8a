// Forms of accounts.
import { failure, fill, h, heading } from "./dom.js";

export const email = () => h("input", { id: "email", type: "email", required: true, autocomplete: "username", maxlength: 254 });
export const password = (use) => h("input", { id: "password", type: "password", required: true, autocomplete: use, maxlength: 256, minlength: use === "new-password" ? 8 : null });

// form draws one of the forms: what it asks for, and what happens with it.
export function form(main, title, controls, label, send, ...below) {
  const notice = h("div", { id: "notice" });
  const submit = h("button", { type: "submit", class: "primary", id: "submit" }, label);
  const element = h("form", { class: "editor narrow", submit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    fill(notice);
    try {
      await send(notice);
    } catch (error) {
      fill(notice, failure(error));
    } finally {
      submit.disabled = false;
    }
  } }, controls, notice, h("div", { class: "actions" }, submit, below));
  fill(main, heading(title), element);
  return title;
}

export const done = (notice, ...text) => fill(notice, h("p", { class: "notice", role: "status" }, text));
