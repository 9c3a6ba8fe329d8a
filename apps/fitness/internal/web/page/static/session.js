// Who uses the page. The session is a cookie that no script sees; here is only what
// the service said about it. The tokens of a login are for programs: the page keeps none.

export const base = "/api/v1";

// accounts is where the routes of accounts begin.
export const accounts = `${base}/auth`;

// forbidden explains a 403.
export function forbidden() {
  return "Trainers and admins may do this.";
}

export const session = {
  me: null, // the profile, null for a visitor
  favorites: new Set(), // ids of exercises
};

const note = "logged-in";

// mayBeLoggedIn saves visitors who were never logged in the question.
export function mayBeLoggedIn() {
  return localStorage.getItem(note) === "yes";
}

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
