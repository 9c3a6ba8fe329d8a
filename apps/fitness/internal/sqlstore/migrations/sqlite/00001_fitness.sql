-- Ids are UUIDs of version 7 as text: their order is that in which they were made.
-- Times are milliseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE users (
    id            TEXT    PRIMARY KEY,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL UNIQUE, -- lower case
    role          TEXT    NOT NULL CHECK (role IN ('user', 'trainer', 'admin')),
    bio           TEXT    NOT NULL,
    weekly_goal   INTEGER NOT NULL CHECK (weekly_goal >= 0),
    password_hash TEXT    NOT NULL,
    last_login    INTEGER,
    login_count   INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE exercises (
    id           TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    muscle       TEXT    NOT NULL,
    equipment    TEXT    NOT NULL,
    level        TEXT    NOT NULL,
    instructions TEXT    NOT NULL CHECK (json_valid(instructions)),
    -- In lower case, written with name and description: see sqldb.Contains.
    name_folded        TEXT    NOT NULL,
    description_folded TEXT    NOT NULL,
    created_by   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX exercises_name ON exercises (name_folded, id);
CREATE INDEX exercises_muscle ON exercises (muscle, name_folded, id);
CREATE INDEX exercises_writer ON exercises (created_by);

CREATE TABLE workouts (
    id            TEXT    PRIMARY KEY,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    exercise_id   TEXT    REFERENCES exercises (id) ON DELETE SET NULL,
    exercise_name TEXT    NOT NULL, -- as it was then
    sets          TEXT    NOT NULL CHECK (json_valid(sets)),
    started_at    INTEGER NOT NULL,
    duration      INTEGER NOT NULL CHECK (duration >= 0), -- seconds
    volume        INTEGER NOT NULL CHECK (volume >= 0), -- kilograms
    points        INTEGER NOT NULL CHECK (points >= 0),
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX workouts_user ON workouts (user_id, started_at DESC, id DESC);
CREATE INDEX workouts_exercise ON workouts (exercise_id, user_id);

CREATE TABLE favorites (
    user_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    exercise_id TEXT    NOT NULL REFERENCES exercises (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, exercise_id)
) STRICT;
CREATE INDEX favorites_exercise ON favorites (exercise_id);

CREATE TABLE follows (
    follower_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followee_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
) STRICT;
CREATE INDEX follows_followee ON follows (followee_id);
