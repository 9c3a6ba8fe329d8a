package seed

import "github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"

var americas = []dish{
	{
		name: "Tacos with %s", cuisine: "mexican", course: "main", servings: 4, prep: 20, cook: 10, difficulty: shop.Easy, diet: vegan, tags: "party",
		description: "Warm corn tortillas, %s and a sharp onion salsa.",
		base:        "12 corn tortillas, 1 red onion, 2 tomatoes, 1 jalapeno, 2 limes, 1 bunch coriander, 2 tsp cumin, 1 tsp smoked paprika, 2 tbsp oil",
		steps: `Chop onion, tomatoes, jalapeno and coriander and mix with the juice of a lime.
			Fry the %s in the oil with cumin and paprika over high heat.
			Warm the tortillas in a dry pan.
			Fill with %s and salsa and serve with lime.`,
		variants: "beef pork cod blackbeans jackfruit",
	},
	{
		name: "Enchiladas with %s", cuisine: "mexican", course: "main", servings: 4, prep: 25, cook: 30, difficulty: shop.Medium, diet: vegetarian, tags: "baked spicy comfort",
		description: "Rolled tortillas with %s, baked in red chilli sauce.",
		base:        "8 corn tortillas, 3 dried ancho chillies, 1 can chopped tomatoes, 1 onion, 2 clove garlic, 200 g grated cheddar, 150 ml sour cream, 2 tbsp oil",
		steps: `Soak the chillies, blend them with tomatoes, onion and garlic and fry the sauce for ten minutes.
			Cook the %s in a third of the sauce.
			Dip the tortillas in sauce, fill, roll and pack them into a dish.
			Cover with sauce and cheese and bake at 200 °C for 20 minutes; serve with sour cream.`,
		variants: "chicken blackbeans sweetpotato turkey spinach",
	},
	{
		name: "Burrito Bowl with %s", cuisine: "mexican", course: "main", servings: 3, prep: 20, cook: 20, difficulty: shop.Easy, diet: vegan, tags: "healthy",
		description: "Lime rice, beans, corn and %s: everything but the wrap.",
		base:        "220 g long-grain rice, 1 can black beans, 1 can sweetcorn, 1 avocado, 2 tomatoes, 1 lime, 1 bunch coriander, 1 tsp cumin, 2 tbsp oil",
		steps: `Cook the rice and mix it with lime juice and coriander.
			Fry the %s in the oil with cumin and salt.
			Warm the beans and the corn.
			Arrange in bowls with tomato and avocado.`,
		variants: "chicken beef peppers tofu prawns",
	},
	{
		name: "Chili with %s", cuisine: "american", course: "main", servings: 6, prep: 20, cook: 60, difficulty: shop.Easy, diet: vegan, tags: "one-pot spicy comfort",
		description: "A slow pot of tomatoes, chilli, a little dark cocoa and %s.",
		base:        "2 onions, 3 clove garlic, 2 can chopped tomatoes, 1 red pepper, 2 tbsp chilli powder, 1 tbsp cumin, 1 tsp dried oregano, 1 tbsp cocoa, 400 ml vegetable stock, 3 tbsp oil",
		steps: `Fry onions and pepper for ten minutes, add garlic and spices and let them toast.
			Add the %s and turn it in the spices.
			Add tomatoes, stock and cocoa and simmer half covered for 45 minutes.
			Salt at the end and let it stand for ten minutes.`,
		variants: "mince kidneybeans turkey lentils sweetpotato",
	},
	{
		name: "Burger with %s", cuisine: "american", course: "main", servings: 4, prep: 25, cook: 12, difficulty: shop.Easy, diet: vegetarian, tags: "grill",
		description: "A toasted bun, pickles, a quick sauce and %s.",
		base:        "4 burger buns, 1 lettuce heart, 2 tomatoes, 1 red onion, 4 gherkins, 4 tbsp mayonnaise, 1 tbsp mustard, 2 tbsp ketchup",
		steps: `Stir mayonnaise, mustard and ketchup and toast the buns.
			Form the %s into four portions if need be and grill them over high heat, turning once.
			Spread the buns, and stack lettuce, tomato, %s, gherkins and onion.`,
		variants: "mince halloumi mushrooms salmon chicken",
	},
	{
		name: "Chowder with %s", cuisine: "american", course: "soup", servings: 4, prep: 15, cook: 30, difficulty: shop.Easy, diet: vegetarian, tags: "one-pot comfort",
		description: "A creamy New England soup of potatoes and %s.",
		base:        "600 g floury potatoes, 1 onion, 2 stalks celery, 500 ml vegetable stock, 400 ml milk, 100 ml cream, 40 g butter, 2 tbsp flour, 1 bay leaf",
		steps: `Soften onion and celery in the butter, dust with flour and stir for a minute.
			Add stock, milk, bay leaf and diced potatoes and simmer for 12 minutes.
			Add the %s and cook for eight minutes more.
			Crush some of the potatoes, stir in the cream and warm through.`,
		variants: "sweetcorn cod mussels salmon leek",
	},
	{
		name: "Tagine with %s", cuisine: "moroccan", course: "main", servings: 5, prep: 20, cook: 70, difficulty: shop.Medium, diet: vegan, tags: "one-pot",
		description: "A slow stew of %s with apricots, olives and preserved lemon.",
		base:        "2 onions, 3 clove garlic, 1 can chopped tomatoes, 100 g dried apricots, 80 g green olives, 1 preserved lemon, 2 tsp ras el hanout, 1 cinnamon stick, 500 ml vegetable stock, 3 tbsp olive oil",
		steps: `Brown the %s in the oil and take it out.
			Cook onions and garlic with the spices until soft.
			Return the %s, add tomatoes, apricots and stock and simmer covered until tender.
			Stir in olives and slivers of preserved lemon ten minutes before the end.`,
		variants: "lamb chicken chickpeas pumpkin cod",
	},
	{
		name: "Shakshuka with %s", cuisine: "moroccan", course: "breakfast", servings: 3, prep: 10, cook: 20, difficulty: shop.Easy, diet: vegetarian, tags: "one-pot healthy",
		description: "Eggs poached in a pan of spiced tomatoes, with %s.",
		base:        "6 eggs, 2 can chopped tomatoes, 1 onion, 1 red pepper, 3 clove garlic, 2 tsp cumin, 1 tsp paprika, 0.5 bunch parsley, 3 tbsp olive oil",
		steps: `Fry onion and pepper until sweet, add garlic and spices.
			Add the %s and the tomatoes and simmer until thick.
			Make six hollows, break an egg into each, cover, and cook until the whites are set.
			Scatter with parsley and eat from the pan.`,
		variants: "feta spinach chorizo mushrooms whitebeans",
	},
}

var sweets = []dish{
	{
		name: "%s Pancakes", cuisine: "american", course: "breakfast", servings: 4, prep: 10, cook: 15, difficulty: shop.Easy, diet: vegetarian, tags: "sweet",
		description: "Thick buttermilk pancakes with %s in the batter.",
		base:        "250 g flour, 2 tsp baking powder, 1 tbsp sugar, 350 ml buttermilk, 2 eggs, 40 g butter, 60 ml maple syrup",
		steps: `Whisk flour, baking powder, sugar and a pinch of salt.
			Stir in buttermilk, eggs and melted butter until just mixed; lumps are fine. Fold in the %s.
			Fry small ladles of batter in a little butter, turning when bubbles open.
			Serve in stacks with maple syrup.`,
		variants: "blueberry banana apple chocolate raspberry",
	},
	{
		name: "%s Muffins", cuisine: "american", course: "dessert", servings: 12, prep: 15, cook: 22, difficulty: shop.Easy, diet: vegetarian, tags: "sweet baking",
		description: "A dozen tall muffins with %s, soft for three days.",
		base:        "300 g flour, 150 g sugar, 1 tbsp baking powder, 2 eggs, 200 ml milk, 100 ml oil, 1 tsp vanilla extract",
		steps: `Heat the oven to 200 °C and line a tin for twelve.
			Mix the dry ingredients in one bowl and the liquid ones in another.
			Bring them together with few strokes, fold in the %s and fill the cases to the rim.
			Bake for 20 to 22 minutes.`,
		variants: "blueberry lemon chocolate raspberry walnut",
	},
	{
		name: "%s Crumble", cuisine: "british", course: "dessert", servings: 6, prep: 15, cook: 35, difficulty: shop.Easy, diet: vegetarian, tags: "sweet baking comfort",
		description: "Hot %s under a crisp roof of butter, oats and brown sugar.",
		base:        "150 g flour, 80 g rolled oats, 110 g cold butter, 100 g brown sugar, 1 tsp cinnamon, 1 pinch salt",
		steps: `Spread the %s in a dish and mix it with a third of the sugar.
			Rub butter into flour and oats, add the rest of the sugar, cinnamon and salt.
			Scatter the crumbs over without pressing.
			Bake at 190 °C for 35 minutes until the juice bubbles up at the edge.`,
		variants: "apple pear plum rhubarb cherry",
	},
	{
		name: "Overnight Oats with %s", cuisine: "british", course: "breakfast", servings: 2, prep: 10, cook: 0, difficulty: shop.Easy, diet: vegan, tags: "sweet healthy",
		description: "Breakfast that makes itself while you sleep, with %s.",
		base:        "120 g rolled oats, 300 ml oat milk, 2 tbsp chia seeds, 1 tbsp maple syrup, 1 pinch salt",
		steps: `Stir oats, oat milk, chia seeds, syrup and salt in a jar.
			Fold in half of the %s, close the jar and leave it in the fridge overnight.
			Loosen with a splash of oat milk and top with the rest.`,
		variants: "blueberry banana pear cherry walnut",
	},
}
