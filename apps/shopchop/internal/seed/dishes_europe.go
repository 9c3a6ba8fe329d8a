package seed

import (
	"slices"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// dishes are all forty.
var dishes = slices.Concat(europe, asia, americas, sweets)

var europe = []dish{
	{
		name: "Spaghetti Aglio e Olio with %s", cuisine: "italian", course: "pasta", servings: 4, prep: 10, cook: 15, difficulty: shop.Easy, diet: vegan,
		description: "The Roman midnight dish, garlic softened slowly in good oil, made a full meal with %s.",
		base:        "400 g spaghetti, 6 clove garlic, 1 red chilli, 90 ml olive oil, 0.5 bunch parsley, 1 lemon",
		steps: `Boil the spaghetti in well-salted water until almost done; keep a cup of the water.
			Warm the sliced garlic and the chilli in the oil over low heat until the garlic is pale gold.
			Add the %s and cook through.
			Toss in the spaghetti with a splash of its water until the sauce clings, then add parsley and lemon juice.`,
		variants: "prawns broccoli mushrooms chickpeas chorizo",
	},
	{
		name: "Risotto with %s", cuisine: "italian", course: "main", servings: 4, prep: 10, cook: 30, difficulty: shop.Medium, diet: vegetarian, tags: "comfort",
		description: "Slowly stirred risotto, loose enough to spread on the plate, with %s.",
		base:        "320 g risotto rice, 1 onion, 120 ml white wine, 1.2 l hot vegetable stock, 50 g butter, 60 g parmesan",
		steps: `Cook the chopped onion in half of the butter until soft, add the rice and stir until it is hot.
			Pour in the wine and let it boil away.
			Add the stock a ladle at a time, stirring, for 16 to 18 minutes; fold in the %s halfway.
			Take the pan off the heat, beat in the rest of the butter and the parmesan, and rest for two minutes.`,
		variants: "mushrooms prawns pumpkin asparagus chicken",
	},
	{
		name: "Lasagne with %s", cuisine: "italian", course: "pasta", servings: 6, prep: 35, cook: 50, difficulty: shop.Medium, diet: vegetarian, tags: "comfort baked",
		description: "Layers of pasta, white sauce and tomato with %s, better still on the second day.",
		base:        "12 sheet lasagne, 2 can chopped tomatoes, 1 onion, 2 clove garlic, 60 g butter, 60 g flour, 800 ml milk, 120 g parmesan, 1 pinch nutmeg",
		steps: `Fry onion and garlic, add the %s and the tomatoes and simmer for 20 minutes.
			Melt the butter, stir in the flour, whisk in the milk and cook to a smooth sauce; season with nutmeg.
			Layer tomato, pasta and white sauce in a dish four times, white sauce and parmesan on top.
			Bake at 190 °C for 35 minutes and let it stand for ten before cutting.`,
		variants: "mince spinach lentils aubergine sausage",
	},
	{
		name: "Pizza with %s", cuisine: "italian", course: "main", servings: 4, prep: 90, cook: 12, difficulty: shop.Medium, diet: vegetarian, tags: "baked",
		description: "Thin, blistered and quickly baked, topped with %s.",
		base:        "500 g flour, 7 g dried yeast, 320 ml water, 2 tsp salt, 400 g tomato passata, 250 g fior di latte, 2 tbsp olive oil",
		steps: `Knead flour, yeast, water and salt for ten minutes and let the dough rise for an hour.
			Heat the oven as hot as it goes, with a tray or stone inside.
			Divide the dough in four, stretch each piece thin and spread with passata, cheese and %s.
			Bake for 6 to 8 minutes until the rim is spotted brown; finish with a thread of oil.`,
		variants: "mushrooms ham peppers tuna goatcheese",
	},
	{
		name: "Minestrone with %s", cuisine: "italian", course: "soup", servings: 6, prep: 20, cook: 40, difficulty: shop.Easy, diet: vegan, tags: "one-pot healthy",
		description: "A thick vegetable soup of the season with %s, a meal with a slice of bread.",
		base:        "2 carrots, 2 stalks celery, 1 onion, 2 clove garlic, 1 can chopped tomatoes, 1.5 l vegetable stock, 120 g small pasta, 3 tbsp olive oil",
		steps: `Sweat the diced onion, carrot and celery in the oil for ten minutes.
			Add garlic, tomatoes and stock and simmer for 15 minutes.
			Add the %s and the pasta and cook until both are tender.
			Let the soup rest for five minutes; it should be thick.`,
		variants: "kale whitebeans courgette sausage cauliflower",
	},
	{
		name: "Baked Penne with %s", cuisine: "italian", course: "pasta", servings: 5, prep: 15, cook: 35, difficulty: shop.Easy, diet: vegetarian, tags: "baked comfort",
		description: "Penne under a crust of cheese with %s: dinner in one dish.",
		base:        "450 g penne, 700 g tomato passata, 200 ml cream, 150 g grated gruyere, 1 onion, 2 clove garlic, 1 tsp dried oregano",
		steps: `Boil the penne two minutes less than the packet says.
			Fry onion and garlic, add the %s, passata, cream and oregano and simmer for ten minutes.
			Mix with the pasta in an oven dish and cover with the cheese.
			Bake at 200 °C for 20 minutes until it bubbles and browns.`,
		variants: "chicken bacon broccoli mozzarella salmon",
	},
	{
		name: "Quiche with %s", cuisine: "french", course: "main", servings: 6, prep: 30, cook: 40, difficulty: shop.Medium, diet: vegetarian, tags: "baked",
		description: "Short pastry and a custard that just holds, filled with %s.",
		base:        "250 g flour, 125 g butter, 4 eggs, 300 ml cream, 120 g gruyere, 1 pinch nutmeg, 1 tsp salt",
		steps: `Rub butter and flour together, add a little cold water, press into a tart tin and chill for 30 minutes.
			Bake the case blind at 180 °C for 15 minutes.
			Whisk eggs, cream, salt and nutmeg; spread the %s and the cheese in the case and pour the custard over.
			Bake for 25 minutes until the middle only trembles.`,
		variants: "leek bacon spinach salmon feta",
	},
	{
		name: "Cassoulet with %s", cuisine: "french", course: "main", servings: 6, prep: 25, cook: 120, difficulty: shop.Hard, diet: vegan, tags: "one-pot comfort",
		description: "White beans baked for a long time under a crust of crumbs, with %s.",
		base:        "500 g dried white beans, 2 onions, 4 clove garlic, 2 carrots, 1 can chopped tomatoes, 1 l vegetable stock, 80 g breadcrumbs, 2 bay leaves, 3 tbsp olive oil",
		steps: `Soak the beans overnight and boil them for 40 minutes.
			Brown the %s in the oil, add onions, carrots and garlic and cook until soft.
			Add tomatoes, beans, bay leaves and stock and bake uncovered at 160 °C for an hour.
			Scatter the crumbs over and bake for 20 minutes more, pushing the crust under once.`,
		variants: "duck sausage pork mushrooms pumpkin",
	},
	{
		name: "Tortilla Española with %s", cuisine: "spanish", course: "main", servings: 4, prep: 15, cook: 30, difficulty: shop.Medium, diet: vegetarian,
		description: "A thick potato omelette, still soft inside, with %s.",
		base:        "700 g floury potatoes, 1 large onion, 7 eggs, 200 ml olive oil, 1 tsp salt",
		steps: `Cook sliced potatoes and onion gently in the oil for 20 minutes without browning, then drain them.
			Beat the eggs with salt, fold in potatoes, onion and %s and leave for ten minutes.
			Set the mixture in a hot pan for four minutes, turn it out onto a plate and slide it back.
			Cook for two minutes more and serve warm, not hot.`,
		variants: "chorizo peppers spinach tuna asparagus",
	},
	{
		name: "Paella with %s", cuisine: "spanish", course: "main", servings: 4, prep: 20, cook: 40, difficulty: shop.Medium, diet: vegan, tags: "one-pot",
		description: "Saffron rice with a crisp bottom, and %s.",
		base:        "320 g paella rice, 1 onion, 1 red pepper, 2 ripe tomatoes, 1 pinch saffron, 1 tsp smoked paprika, 1 l vegetable stock, 4 tbsp olive oil, 1 lemon",
		steps: `Fry the %s in the oil in a wide pan and set it aside.
			Cook onion, pepper and grated tomato to a dark paste, then stir in paprika and rice.
			Pour in hot stock with the saffron, shake once, and do not stir again.
			After ten minutes lay the %s on top, cook ten more, then turn up the heat for a minute to crisp the bottom.
			Rest under a cloth for five minutes and serve with lemon.`,
		variants: "chicken prawns mussels chorizo aubergine",
	},
	{
		name: "Greek Salad with %s", cuisine: "greek", course: "salad", servings: 4, prep: 20, cook: 0, difficulty: shop.Easy, diet: vegan, tags: "healthy summer",
		description: "Ripe tomatoes, cucumber and olives in large pieces, with %s on top.",
		base:        "5 ripe tomatoes, 1 cucumber, 1 green pepper, 1 red onion, 100 g kalamata olives, 1 tsp dried oregano, 4 tbsp olive oil, 1 tbsp red wine vinegar",
		steps: `Cut tomatoes, cucumber and pepper into large pieces, the onion into thin rings.
			Mix with olives, vinegar and half of the oil and leave for ten minutes.
			Lay the %s on top, sprinkle with oregano and pour the rest of the oil over.`,
		variants: "feta halloumi chickpeas tuna avocado",
	},
	{
		name: "Souvlaki with %s and Tzatziki", cuisine: "greek", course: "main", servings: 4, prep: 25, cook: 12, difficulty: shop.Easy, diet: vegetarian, tags: "grill summer",
		description: "Skewers of %s from the grill, with cold cucumber yoghurt.",
		base:        "400 g greek yoghurt, 1 cucumber, 2 clove garlic, 1 lemon, 2 tsp dried oregano, 4 tbsp olive oil, 4 pita breads",
		steps: `Marinate the %s in oil, lemon juice and oregano for at least 15 minutes.
			Grate and squeeze the cucumber and mix it with yoghurt and garlic.
			Thread the %s onto skewers and grill for 8 to 10 minutes, turning often.
			Warm the pita at the edge of the grill and serve with the tzatziki.`,
		variants: "chicken pork lamb halloumi mushrooms",
	},
	{
		name: "Moussaka with %s", cuisine: "greek", course: "main", servings: 6, prep: 40, cook: 60, difficulty: shop.Hard, diet: vegetarian, tags: "baked comfort",
		description: "Potatoes, a spiced tomato sauce with %s, and a high white crust.",
		base:        "600 g potatoes, 1 onion, 1 can chopped tomatoes, 1 tsp cinnamon, 70 g butter, 70 g flour, 700 ml milk, 2 egg yolks, 100 g kefalotyri cheese",
		steps: `Fry slices of potato until golden and line a deep dish with them.
			Fry the onion, add the %s, tomatoes and cinnamon and simmer for 20 minutes; spread over the potatoes.
			Cook butter, flour and milk to a thick sauce, beat in yolks and cheese, and pour it on.
			Bake at 180 °C for 40 minutes and wait half an hour before cutting.`,
		variants: "lamb mince aubergine lentils courgette",
	},
}
