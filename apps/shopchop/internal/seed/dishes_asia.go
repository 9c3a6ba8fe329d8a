package seed

import "github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"

var asia = []dish{
	{
		name: "Tikka Masala with %s", cuisine: "indian", course: "main", servings: 4, prep: 25, cook: 35, difficulty: shop.Medium, diet: vegetarian, tags: "spicy comfort",
		description: "Charred %s in a creamy, gently hot tomato sauce.",
		base:        "200 g yoghurt, 1 onion, 4 clove garlic, 20 g ginger, 1 can chopped tomatoes, 150 ml cream, 2 tbsp garam masala, 1 tsp turmeric, 1 tsp chilli powder, 2 tbsp ghee",
		steps: `Mix the %s with yoghurt and half of the spices and leave for 20 minutes.
			Grill it under high heat until the edges blacken.
			Fry onion, garlic and ginger in the ghee, add the other spices and the tomatoes and simmer for 15 minutes.
			Blend the sauce, stir in the cream and the %s and simmer for five minutes.`,
		variants: "chicken paneer cauliflower chickpeas prawns",
	},
	{
		name: "Biryani with %s", cuisine: "indian", course: "main", servings: 6, prep: 40, cook: 50, difficulty: shop.Hard, diet: vegetarian, tags: "spicy",
		description: "Rice and spiced %s, steamed in layers under a sealed lid.",
		base:        "400 g basmati rice, 3 onions, 250 g yoghurt, 4 clove garlic, 20 g ginger, 1 pinch saffron, 6 green cardamom pods, 1 cinnamon stick, 1 bunch coriander, 4 tbsp ghee",
		steps: `Fry the sliced onions in the ghee until deep brown and set half aside.
			Add garlic, ginger, whole spices, the %s and the yoghurt to the rest and cook until almost done.
			Boil the rice for six minutes and drain it.
			Layer %s and rice, pour saffron milk over, scatter fried onions and coriander, seal the lid.
			Steam over the lowest heat for 25 minutes.`,
		variants: "lamb chicken prawns eggs potatoes",
	},
	{
		name: "Saag with %s", cuisine: "indian", course: "main", servings: 4, prep: 15, cook: 25, difficulty: shop.Easy, diet: vegan, tags: "healthy",
		description: "Spiced greens cooked down to a silky sauce around %s.",
		base:        "600 g leaf spinach, 1 onion, 3 clove garlic, 15 g ginger, 1 green chilli, 1 tsp cumin seeds, 1 tsp garam masala, 3 tbsp oil",
		steps: `Blanch the spinach, cool it and purée it with the chilli.
			Let the cumin crackle in the oil, add onion, garlic and ginger and fry until golden.
			Add the %s and cook until it has colour.
			Stir in spinach and garam masala and simmer for eight minutes.`,
		variants: "paneer tofu chicken chickpeas potatoes",
	},
	{
		name: "Coconut Dal with %s", cuisine: "indian", course: "soup", servings: 4, prep: 10, cook: 30, difficulty: shop.Easy, diet: vegan, tags: "one-pot healthy",
		description: "Red lentils in coconut milk with %s, ready from the store cupboard.",
		base:        "250 g red lentils, 1 can coconut milk, 700 ml vegetable stock, 1 onion, 3 clove garlic, 1 tsp turmeric, 1 tsp mustard seeds, 2 tbsp coconut oil, 1 lime",
		steps: `Fry the mustard seeds in the oil until they pop, add onion and garlic.
			Add lentils, turmeric, coconut milk and stock and simmer for 15 minutes.
			Add the %s and cook until both are soft.
			Sharpen with lime juice.`,
		variants: "spinach sweetpotato kale cauliflower pumpkin",
	},
	{
		name: "Samosas with %s", cuisine: "indian", course: "snack", servings: 6, prep: 50, cook: 20, difficulty: shop.Hard, diet: vegan, tags: "spicy party",
		description: "Crisp triangles filled with spiced peas and %s.",
		base:        "300 g flour, 80 ml oil, 150 g peas, 1 onion, 15 g ginger, 1 green chilli, 1 tsp cumin seeds, 1 tsp amchur, 1 l frying oil",
		steps: `Rub oil and salt into the flour, add water for a firm dough and rest it for 30 minutes.
			Fry cumin, onion, ginger and chilli, add %s and peas and cook until dry; season with amchur.
			Roll thin rounds, halve them, form cones, fill and seal with water.
			Fry in oil of 160 °C until evenly brown, about eight minutes.`,
		variants: "potatoes lamb paneer lentils sweetpotato",
	},
	{
		name: "Red Curry with %s", cuisine: "thai", course: "main", servings: 4, prep: 15, cook: 20, difficulty: shop.Medium, diet: meat, tags: "spicy",
		description: "Coconut, lime leaf and red paste with %s, on the table in little more than half an hour.",
		base:        "3 tbsp red curry paste, 2 can coconut milk, 150 g green beans, 1 red pepper, 2 tbsp fish sauce, 1 tbsp palm sugar, 4 lime leaves, 1 bunch thai basil",
		steps: `Fry the paste in the thick cream of one can until the oil parts.
			Add the %s and turn it in the paste for two minutes.
			Pour in the rest of the coconut milk, add beans, pepper and lime leaves and simmer until done.
			Season with fish sauce and sugar and tear in the basil.`,
		variants: "chicken duck prawns tofu pumpkin",
	},
	{
		name: "Pad Thai with %s", cuisine: "thai", course: "main", servings: 2, prep: 20, cook: 10, difficulty: shop.Medium, diet: meat, tags: "noodles",
		description: "Rice noodles, sour and sweet and salty, with %s and crushed peanuts.",
		base:        "200 g flat rice noodles, 2 eggs, 3 tbsp tamarind paste, 2 tbsp fish sauce, 2 tbsp palm sugar, 100 g bean sprouts, 3 spring onions, 50 g peanuts, 1 lime",
		steps: `Soak the noodles in warm water until they bend.
			Stir tamarind, fish sauce and sugar over low heat until smooth.
			Fry the %s very hot, push it aside and scramble the eggs.
			Add noodles and sauce and toss until soft, then sprouts and spring onion; serve with peanuts and lime.`,
		variants: "prawns chicken tofu pork mushrooms",
	},
	{
		name: "Thai Basil Stir-Fry with %s", cuisine: "thai", course: "main", servings: 3, prep: 10, cook: 8, difficulty: shop.Easy, diet: meat, tags: "spicy",
		description: "Street food in ten minutes: %s, chilli, garlic and a handful of holy basil.",
		base:        "5 clove garlic, 4 bird's eye chillies, 2 tbsp oyster sauce, 1 tbsp fish sauce, 1 tsp sugar, 1 bunch holy basil, 300 g jasmine rice, 3 tbsp oil",
		steps: `Start the rice, and pound garlic and chillies to a coarse paste.
			Fry the paste in very hot oil for ten seconds, add the %s and spread it out.
			Stir-fry until just done, season with the sauces and sugar.
			Throw in the basil, turn once and serve over rice.`,
		variants: "chicken mince pork tofu aubergine",
	},
	{
		name: "Kung Pao %s", cuisine: "chinese", course: "main", servings: 4, prep: 20, cook: 10, difficulty: shop.Medium, diet: vegan, tags: "spicy",
		description: "Sichuan pepper, dried chillies and peanuts with %s in a glossy sauce.",
		base:        "10 dried chillies, 1 tsp sichuan peppercorns, 80 g peanuts, 3 clove garlic, 4 spring onions, 3 tbsp soy sauce, 2 tbsp black vinegar, 1 tbsp sugar, 2 tsp cornflour, 3 tbsp oil",
		steps: `Turn the %s in a spoon of soy sauce and half of the cornflour.
			Stir vinegar, sugar, the rest of soy sauce and cornflour with a little water.
			Let chillies and pepper darken in hot oil for 20 seconds, add the %s and stir-fry until done.
			Add garlic, spring onions and sauce; when it shines, fold in the peanuts.`,
		variants: "chicken prawns tofu cauliflower tempeh",
	},
	{
		name: "Fried Rice with %s", cuisine: "chinese", course: "main", servings: 3, prep: 10, cook: 10, difficulty: shop.Easy, diet: vegetarian, tags: "one-pot",
		description: "Yesterday's rice in a hot wok with egg, spring onion and %s.",
		base:        "600 g cold cooked rice, 3 eggs, 4 spring onions, 150 g peas, 2 tbsp soy sauce, 1 tsp sesame oil, 3 tbsp oil",
		steps: `Loosen the rice with wet hands.
			Scramble the eggs in hot oil and take them out.
			Fry the %s over the highest heat, add the rice and toss until it hops.
			Add peas, soy sauce, eggs and spring onions; finish with sesame oil.`,
		variants: "prawns ham chicken kale tempeh",
	},
	{
		name: "Sweet and Sour %s", cuisine: "chinese", course: "main", servings: 4, prep: 20, cook: 15, difficulty: shop.Medium, diet: vegan,
		description: "Crisp %s with pineapple and peppers in a sauce that is more sour than sweet.",
		base:        "1 can pineapple, 1 red pepper, 1 onion, 4 tbsp rice vinegar, 3 tbsp ketchup, 2 tbsp sugar, 1 tbsp soy sauce, 60 g cornflour, 200 ml oil",
		steps: `Toss the %s in cornflour and fry in batches until crisp.
			Stir vinegar, ketchup, sugar, soy sauce and some pineapple juice.
			Stir-fry onion and pepper for two minutes, add pineapple and sauce and let it thicken.
			Fold in the %s at the last moment.`,
		variants: "pork chicken tofu cod cauliflower",
	},
	{
		name: "Miso Ramen with %s", cuisine: "japanese", course: "soup", servings: 2, prep: 20, cook: 25, difficulty: shop.Medium, diet: vegan, tags: "noodles comfort",
		description: "A deep bowl of miso broth and springy noodles with %s.",
		base:        "200 g ramen noodles, 1 l vegetable stock, 3 tbsp red miso, 1 tbsp sesame paste, 2 clove garlic, 15 g ginger, 2 spring onions, 100 g bean sprouts, 1 sheet nori",
		steps: `Fry garlic and ginger, add miso and sesame paste, and whisk in the hot stock; do not boil it again.
			Brown the %s in a hot pan.
			Cook the noodles, drain them well and divide them between two bowls.
			Pour the broth over and top with %s, sprouts, spring onion and nori.`,
		variants: "pork eggs tofu mushrooms sweetcorn",
	},
	{
		name: "Katsu Curry with %s", cuisine: "japanese", course: "main", servings: 4, prep: 25, cook: 30, difficulty: shop.Medium, diet: vegetarian, tags: "comfort",
		description: "Crumbed and fried %s with a mild, smooth curry sauce.",
		base:        "150 g panko crumbs, 2 eggs, 80 g flour, 2 carrots, 1 onion, 1 apple, 2 tbsp curry powder, 600 ml vegetable stock, 320 g japanese rice, 200 ml oil",
		steps: `Cook onion, carrots and apple until soft, add curry powder and stock, simmer for 15 minutes and blend.
			Turn the %s in flour, beaten egg and panko.
			Fry in a finger's depth of oil until golden, and drain.
			Slice, lay on the rice and pour the sauce beside it.`,
		variants: "chicken pork aubergine sweetpotato salmon",
	},
	{
		name: "Teriyaki Bowl with %s", cuisine: "japanese", course: "main", servings: 2, prep: 15, cook: 15, difficulty: shop.Easy, diet: vegan, tags: "healthy",
		description: "Glazed %s over rice with crunchy vegetables.",
		base:        "160 g japanese rice, 4 tbsp soy sauce, 3 tbsp mirin, 1 tbsp sugar, 1 carrot, 0.5 cucumber, 100 g edamame, 1 tbsp sesame seeds, 1 tbsp oil",
		steps: `Start the rice; cut carrot and cucumber into thin sticks.
			Fry the %s in the oil until browned all round.
			Add soy sauce, mirin and sugar and boil down to a glaze.
			Serve over rice with the vegetables and sesame seeds.`,
		variants: "salmon chicken tofu beef mushrooms",
	},
	{
		name: "Bibimbap with %s", cuisine: "korean", course: "main", servings: 4, prep: 30, cook: 20, difficulty: shop.Medium, diet: vegetarian, tags: "spicy healthy",
		description: "Rice, five vegetables, a fried egg and %s, mixed at the table with chilli paste.",
		base:        "320 g short-grain rice, 4 eggs, 200 g spinach, 2 carrots, 150 g bean sprouts, 1 courgette, 3 tbsp gochujang, 2 tbsp soy sauce, 2 tbsp sesame oil",
		steps: `Cook the rice.
			Fry the %s with soy sauce until brown.
			Cook each vegetable by itself for a minute or two with a drop of sesame oil.
			Fry the eggs, arrange everything on the rice in sectors and serve with gochujang.`,
		variants: "beef tofu mushrooms pork tempeh",
	},
}
