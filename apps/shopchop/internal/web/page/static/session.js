// Who uses the page. Without sessions the user is a number sent as X-Debug-User,
// which the service heeds only when it was started with -insecure-dev-auth.

const stored = Number(localStorage.getItem("user"));

export const session = {
  id: Number.isSafeInteger(stored) && stored > 0 ? stored : 0, // 0: nobody
  me: null, // the profile, null while unknown
  favorites: new Set(), // ids of recipes
};

export function choose(id) {
  session.id = id;
  session.me = null;
  session.favorites = new Set();
  if (id) localStorage.setItem("user", String(id));
  else localStorage.removeItem("user");
}

// mayChange tells whether the service will let the user change a recipe. It
// decides on its own; this only keeps buttons away that would answer 403.
export function mayChange(recipe) {
  return session.me !== null && (session.me.role === "admin" || session.me.id === recipe.userId);
}
