-- What is kept of each minute for longer than its entries, by `livingmap.past.rollups`.

-- The place of the last entry that is rolled up; at most one row.
CREATE TABLE living_map_rolled_up (
  is_only BOOLEAN PRIMARY KEY DEFAULT true CHECK (is_only),
  time timestamptz NOT NULL,
  epoch TEXT NOT NULL,
  seq BIGINT NOT NULL
);

-- How much happened; `layers` has by layer how many entries concern it, and how many changes.
CREATE TABLE living_map_minutes (
  minute timestamptz PRIMARY KEY,
  entries BIGINT NOT NULL,
  changes BIGINT NOT NULL,
  layers jsonb NOT NULL
);

-- Spans in which nothing was recorded: a log ended, and another began later.
CREATE TABLE living_map_silences (
  since timestamptz PRIMARY KEY,
  until timestamptz NOT NULL
);

-- For how long things were in trouble; `ended` is null while they are.
CREATE TABLE living_map_troubles (
  entity_id TEXT NOT NULL,
  began timestamptz NOT NULL,
  ended timestamptz,
  type TEXT NOT NULL,
  layer TEXT NOT NULL,
  label TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  severity TEXT NOT NULL,
  PRIMARY KEY (entity_id, began)
);
CREATE INDEX living_map_troubles_began ON living_map_troubles (began);
CREATE INDEX living_map_troubles_ended ON living_map_troubles (ended);

-- What numbers were, an hour in a row: `readings` has its minutes (`livingmap.history.rollups.packed`), the others
-- what came out in the hour. `last` is null if the thing, or its number, was gone then.
CREATE TABLE living_map_numbers (
  entity_id TEXT NOT NULL,
  field TEXT NOT NULL,
  hour timestamptz NOT NULL,
  readings BYTEA NOT NULL,
  minutes INTEGER NOT NULL,
  low DOUBLE PRECISION NOT NULL,
  mean DOUBLE PRECISION NOT NULL,
  high DOUBLE PRECISION NOT NULL,
  last DOUBLE PRECISION,
  PRIMARY KEY (entity_id, field, hour)
) WITH (fillfactor = 70);
CREATE INDEX living_map_numbers_hour ON living_map_numbers USING brin (hour);
