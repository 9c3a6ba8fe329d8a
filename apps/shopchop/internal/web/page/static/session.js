// Who uses the page. The session is a cookie that no script sees; here is only what
// the service said about it. A note in this browser saves the question of visitors who
// were never logged in.

// accounts is where the routes of accounts begin.
export const accounts = "/api/auth";

// forbidden explains a 403.
export function forbidden(reply) {
  return reply.error?.includes("another user") ? "Only who wrote a recipe, or an admin, may change it." : "";
}

export const session = {
  me: null, // the profile, null for a visitor
  favorites: new Set(), // ids of recipes
};

const note = "logged-in";

export function mayBeLoggedIn() {
  return localStorage.getItem(note) === "yes";
}

// known keeps what the service said.
export function known(me, favorites) {
  session.me = me;
  session.favorites = new Set(favorites);
  localStorage.setItem(note, "yes");
  dispatchEvent(new Event("who"));
}

// forget is for the end of the session, wherever it was ended.
export function forget() {
  const was = session.me !== null;
  session.me = null;
  session.favorites = new Set();
  localStorage.removeItem(note);
  if (was) dispatchEvent(new Event("who"));
}

// mayChange tells whether the service will let the user change a recipe. It
// decides on its own; this only keeps buttons away that would answer 403.
export function mayChange(recipe) {
  return session.me !== null && (session.me.role === "admin" || session.me.id === recipe.userId);
}
