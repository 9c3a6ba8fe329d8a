-- Identities are never given again, for copies of a deleted row may still lie
-- in caches under its id.

-- +goose Up
CREATE TABLE users (
    id            BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT        NOT NULL,
    email         TEXT        NOT NULL UNIQUE, -- lower case
    role          TEXT        NOT NULL CHECK (role IN ('user', 'admin')),
    preferences   JSONB       NOT NULL DEFAULT '[]',
    password_hash TEXT        NOT NULL,
    last_login    TIMESTAMPTZ,
    login_count   BIGINT      NOT NULL DEFAULT 0,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE recipes (
    id           BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      BIGINT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT        NOT NULL,
    description  TEXT        NOT NULL,
    servings     INTEGER     NOT NULL CHECK (servings > 0),
    prep_time    INTEGER     NOT NULL CHECK (prep_time >= 0), -- minutes
    cook_time    INTEGER     NOT NULL CHECK (cook_time >= 0), -- minutes
    difficulty   TEXT        NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
    ingredients  JSONB       NOT NULL,
    instructions JSONB       NOT NULL,
    image_url    TEXT        NOT NULL,
    -- Name and description in lower case, written with them: SQL's lower()
    -- depends on the locale here, and knows only ASCII on SQLite.
    name_folded        TEXT  NOT NULL,
    description_folded TEXT  NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX recipes_user ON recipes (user_id, id);

CREATE TABLE recipe_tags (
    recipe_id BIGINT  NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    tag       TEXT    NOT NULL,
    PRIMARY KEY (recipe_id, tag)
);
CREATE INDEX recipe_tags_tag ON recipe_tags (tag, recipe_id);

-- Likes and ratings are counted from their tables.
CREATE TABLE recipe_stats (
    recipe_id BIGINT PRIMARY KEY REFERENCES recipes (id) ON DELETE CASCADE,
    views     BIGINT NOT NULL DEFAULT 0,
    shares    BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE favorites (
    user_id    BIGINT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    recipe_id  BIGINT      NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, recipe_id)
);
CREATE INDEX favorites_recipe ON favorites (recipe_id);

CREATE TABLE ratings (
    recipe_id  BIGINT      NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    user_id    BIGINT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    stars      INTEGER     NOT NULL CHECK (stars BETWEEN 1 AND 5),
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (recipe_id, user_id)
);
CREATE INDEX ratings_user ON ratings (user_id);

CREATE TABLE inventory (
    -- Bytewise order, as Go and SQLite have it: the table is walked by name.
    item       TEXT        COLLATE "C" PRIMARY KEY,
    stock      BIGINT      NOT NULL CHECK (stock >= 0),
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE planned_meals (
    user_id   BIGINT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    week      TEXT    NOT NULL, -- ISO week: 2026-W47
    day       TEXT    NOT NULL,
    meal      TEXT    NOT NULL,
    recipe_id BIGINT  NOT NULL REFERENCES recipes (id) ON DELETE CASCADE,
    servings  INTEGER NOT NULL CHECK (servings >= 0), -- 0: as many as the recipe serves
    PRIMARY KEY (user_id, week, day, meal)
);
CREATE INDEX planned_meals_recipe ON planned_meals (recipe_id);
