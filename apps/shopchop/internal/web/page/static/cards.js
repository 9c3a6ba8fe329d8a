// Recipes in short, as cards.
import { h, minutes } from "./dom.js";

const tones = 6;

// tone gives a word one of a few colours, always the same.
function tone(word) {
  let sum = 0;
  for (const letter of word) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return `tone-${sum % tones}`;
}

export function cards(recipes, extra = () => null) {
  return h("ul", { class: "cards" }, recipes.map((recipe) => {
    const [first = "recipe", ...more] = recipe.tags;
    return h("li", { class: `card ${tone(first)}`, "data-recipe": recipe.id },
      h("p", { class: "eyebrow" }, first, extra(recipe)),
      h("h2", {}, h("a", { href: `#/recipes/${recipe.id}` }, recipe.name)),
      h("p", { class: "about" }, recipe.description),
      h("p", { class: "facts" },
        h("span", {}, minutes(recipe.prepTime + recipe.cookTime)), h("span", {}, `serves ${recipe.servings}`), h("span", {}, recipe.difficulty)),
      more.length ? h("p", { class: "more" }, more.slice(0, 3).map((tag) => h("span", {}, tag))) : null);
  }));
}
