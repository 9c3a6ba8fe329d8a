-- Times are milliseconds since 1970 in UTC.
-- AUTOINCREMENT: the id of a deleted row is never given again, for copies of
-- the row may still lie in caches under that id.

-- +goose Up
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL UNIQUE, -- lower case
    role          TEXT    NOT NULL CHECK (role IN ('user', 'admin')),
    preferences   TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(preferences)),
    password_hash TEXT    NOT NULL,
    last_login    INTEGER,
    login_count   INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE recipes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    servings     INTEGER NOT NULL CHECK (servings > 0),
    prep_time    INTEGER NOT NULL CHECK (prep_time >= 0), -- minutes
    cook_time    INTEGER NOT NULL CHECK (cook_time >= 0), -- minutes
    difficulty   TEXT    NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
    ingredients  TEXT    NOT NULL CHECK (json_valid(ingredients)),
    instructions TEXT    NOT NULL CHECK (json_valid(instructions)),
    image_url    TEXT    NOT NULL,
    -- Name and description in lower case, written with them: SQL's lower()
    -- knows only ASCII here, and depends on the locale on PostgreSQL.
    name_folded        TEXT NOT NULL,
    description_folded TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX recipes_user ON recipes (user_id, id);

CREATE TABLE recipe_tags (
    recipe_id INTEGER NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    tag       TEXT    NOT NULL,
    PRIMARY KEY (recipe_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipe_tags_tag ON recipe_tags (tag, recipe_id);

-- Likes and ratings are counted from their tables.
CREATE TABLE recipe_stats (
    recipe_id INTEGER PRIMARY KEY REFERENCES recipes (id) ON DELETE CASCADE,
    views     INTEGER NOT NULL DEFAULT 0,
    shares    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE favorites (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    recipe_id  INTEGER NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, recipe_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX favorites_recipe ON favorites (recipe_id);

CREATE TABLE ratings (
    recipe_id  INTEGER NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    stars      INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (recipe_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ratings_user ON ratings (user_id);

CREATE TABLE inventory (
    item       TEXT    PRIMARY KEY,
    stock      INTEGER NOT NULL CHECK (stock >= 0),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE planned_meals (
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    week      TEXT    NOT NULL, -- ISO week: 2026-W47
    day       TEXT    NOT NULL,
    meal      TEXT    NOT NULL,
    recipe_id INTEGER NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    servings  INTEGER NOT NULL CHECK (servings >= 0), -- 0: as many as the recipe serves
    PRIMARY KEY (user_id, week, day, meal)
) STRICT, WITHOUT ROWID;
CREATE INDEX planned_meals_recipe ON planned_meals (recipe_id);
