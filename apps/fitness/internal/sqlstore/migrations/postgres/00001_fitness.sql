-- Ids are UUIDs of version 7 as text, in bytewise order as Go and SQLite have it:
-- that is the order in which they were made.

-- +goose Up
CREATE TABLE users (
    id            TEXT        COLLATE "C" PRIMARY KEY,
    name          TEXT        NOT NULL,
    email         TEXT        NOT NULL UNIQUE, -- lower case
    role          TEXT        NOT NULL CHECK (role IN ('user', 'trainer', 'admin')),
    bio           TEXT        NOT NULL,
    weekly_goal   INTEGER     NOT NULL CHECK (weekly_goal >= 0),
    password_hash TEXT        NOT NULL,
    last_login    TIMESTAMPTZ,
    login_count   BIGINT      NOT NULL DEFAULT 0,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE exercises (
    id           TEXT        COLLATE "C" PRIMARY KEY,
    name         TEXT        NOT NULL,
    description  TEXT        NOT NULL,
    muscle       TEXT        NOT NULL,
    equipment    TEXT        NOT NULL,
    level        TEXT        NOT NULL,
    instructions JSONB       NOT NULL,
    -- In lower case, written with name and description: see sqldb.Contains.
    name_folded        TEXT  COLLATE "C" NOT NULL,
    description_folded TEXT  NOT NULL,
    created_by   TEXT        COLLATE "C" REFERENCES users (id) ON DELETE SET NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX exercises_name ON exercises (name_folded, id);
CREATE INDEX exercises_muscle ON exercises (muscle, name_folded, id);
CREATE INDEX exercises_writer ON exercises (created_by);

CREATE TABLE workouts (
    id            TEXT        COLLATE "C" PRIMARY KEY,
    user_id       TEXT        COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    exercise_id   TEXT        COLLATE "C" REFERENCES exercises (id) ON DELETE SET NULL,
    exercise_name TEXT        NOT NULL, -- as it was then
    sets          JSONB       NOT NULL,
    started_at    TIMESTAMPTZ NOT NULL,
    duration      INTEGER     NOT NULL CHECK (duration >= 0), -- seconds
    volume        BIGINT      NOT NULL CHECK (volume >= 0), -- kilograms
    points        BIGINT      NOT NULL CHECK (points >= 0),
    created_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX workouts_user ON workouts (user_id, started_at DESC, id DESC);
CREATE INDEX workouts_exercise ON workouts (exercise_id, user_id);

CREATE TABLE favorites (
    user_id     TEXT        COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    exercise_id TEXT        COLLATE "C" NOT NULL REFERENCES exercises (id) ON DELETE CASCADE,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, exercise_id)
);
CREATE INDEX favorites_exercise ON favorites (exercise_id);

CREATE TABLE follows (
    follower_id TEXT        COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followee_id TEXT        COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
);
CREATE INDEX follows_followee ON follows (followee_id);
