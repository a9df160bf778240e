-- The history moves into a table with a partition for each day, whose rows take less than half.
-- `living_map_history` becomes a view with the columns that it had. Its former rows are moved in the background by
-- the map that leads; until then the view shows them, too.

-- What many entries have in common: their type, source, and the names of the fields of their payload.
-- `fields` NULL: the payload of the entry is a whole object, else the array of the values of these fields.
CREATE TABLE living_map_kinds (
  kind INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_type TEXT NOT NULL,
  source TEXT,
  fields TEXT[]
);

CREATE UNIQUE INDEX idx_living_map_kinds
  ON living_map_kinds (event_type, (source IS NULL), coalesce(source, ''), (fields IS NULL), coalesce(fields, '{}'));

-- By which the changes of entries are compressed; a frame names the one that it needs.
CREATE TABLE living_map_dictionaries (
  dictionary BIGINT PRIMARY KEY,
  made_at timestamptz NOT NULL DEFAULT now(),
  content BYTEA NOT NULL
);

-- What each day (UTC, of `timestamp`) holds of each epoch, so that only the partitions in question are read.
-- Times before 1970 count as its eve, those after 2199 as the day that follows.
CREATE TABLE living_map_days (
  day DATE NOT NULL,
  epoch TEXT COLLATE "C" NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  first_place timestamptz,
  last_place timestamptz,
  PRIMARY KEY (day, epoch)
);

-- `step` is seq less that of the entry before it in the log. `entities` is joined by U+001F.
-- `changes` is a frame of zstd, or JSON where that is shorter. The columns are in the order that wastes no bytes.
CREATE TABLE living_map_entries (
  id UUID NOT NULL,
  timestamp timestamptz NOT NULL,
  seq BIGINT NOT NULL,
  occurred_at timestamptz,
  place timestamptz,
  kind INTEGER NOT NULL,
  step INTEGER,
  epoch TEXT COLLATE "C" NOT NULL,
  entities TEXT NOT NULL,
  payload JSON NOT NULL,
  changes BYTEA
) PARTITION BY RANGE (timestamp);

-- Ascending, because rows come in this order: so pages become full.
CREATE INDEX idx_living_map_entries_timestamp
  ON living_map_entries (timestamp);

CREATE INDEX idx_living_map_entries_kind
  ON living_map_entries (kind, timestamp);

CREATE INDEX idx_living_map_entries_entities
  ON living_map_entries USING GIN (string_to_array(entities, E'\x1f'));

CREATE INDEX idx_living_map_entries_place
  ON living_map_entries (place) WHERE place IS NOT NULL;

-- What no day of its own has a partition for. Each partition has such a unique index: no position twice.
CREATE TABLE living_map_entries_odd PARTITION OF living_map_entries DEFAULT;

CREATE UNIQUE INDEX idx_living_map_entries_odd_position
  ON living_map_entries_odd (epoch, seq);

CREATE FUNCTION living_map_payload(fields TEXT[], payload JSON) RETURNS JSONB
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN fields IS NULL THEN payload::jsonb
    ELSE (
      SELECT coalesce(jsonb_object_agg(field.name, field.value::jsonb), '{}')
      FROM ROWS FROM (unnest(fields), json_array_elements(payload)) AS field (name, value)
    )
  END
$$;

CREATE FUNCTION living_map_day(moment timestamptz) RETURNS DATE
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT greatest(least((moment AT TIME ZONE 'UTC')::date, DATE '2200-01-01'), DATE '1969-12-31')
$$;

ALTER TABLE living_map_history RENAME TO living_map_history_before;

-- Positions of rows that somebody else inserts go on where they were.
CREATE SEQUENCE living_map_positions;

SELECT setval(
  'living_map_positions', nextval(pg_get_serial_sequence('living_map_history_before', 'seq')), false
);

-- `changes` as an earlier version of the map reads them: not at all, where they are compressed.
CREATE VIEW living_map_rows AS
SELECT
  entry.id,
  entry.timestamp,
  kind.event_type,
  living_map_payload(kind.fields, entry.payload) AS payload,
  entry.epoch,
  entry.seq,
  kind.source,
  string_to_array(entry.entities, E'\x1f') AS entity_ids,
  entry.occurred_at,
  entry.seq - entry.step AS previous,
  CASE WHEN substr(entry.changes, 1, 1) = '['::bytea THEN entry.changes END AS changes,
  entry.place
FROM living_map_entries AS entry JOIN living_map_kinds AS kind ON kind.kind = entry.kind;

CREATE VIEW living_map_history AS
SELECT * FROM living_map_rows
UNION ALL
SELECT
  id, timestamp, event_type, payload, epoch, seq, source, entity_ids, occurred_at, previous, changes, place
FROM living_map_history_before;

-- Keeps a row that is inserted by the columns of 010, or by those of an earlier version of the map.
CREATE FUNCTION living_map_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  kind_of INTEGER;
BEGIN
  NEW.seq := coalesce(NEW.seq, nextval('living_map_positions'));
  FOR attempt IN 1..2 LOOP
    SELECT kind INTO kind_of FROM living_map_kinds
    WHERE event_type = NEW.event_type AND source IS NOT DISTINCT FROM NEW.source AND fields IS NULL;
    EXIT WHEN FOUND;
    INSERT INTO living_map_kinds (event_type, source) VALUES (NEW.event_type, NEW.source) ON CONFLICT DO NOTHING;
  END LOOP;
  INSERT INTO living_map_entries
    (id, timestamp, seq, occurred_at, place, kind, step, epoch, entities, payload, changes)
  VALUES (
    NEW.id, NEW.timestamp, NEW.seq, NEW.occurred_at, NEW.place, kind_of,
    CASE WHEN abs(NEW.seq - NEW.previous) < 2147483648 THEN NEW.seq - NEW.previous END, NEW.epoch,
    array_to_string(NEW.entity_ids, E'\x1f'), NEW.payload::json, NEW.changes
  ) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO living_map_days AS stored
    VALUES (living_map_day(NEW.timestamp), NEW.epoch, NEW.seq, NEW.seq, 1, NEW.place, NEW.place)
    ON CONFLICT (day, epoch) DO UPDATE SET
      first_seq = least(stored.first_seq, excluded.first_seq),
      last_seq = greatest(stored.last_seq, excluded.last_seq),
      entries = stored.entries + 1,
      first_place = least(stored.first_place, excluded.first_place),
      last_place = greatest(stored.last_place, excluded.last_place);
  END IF;
  RETURN NEW;
END
$$;

ALTER VIEW living_map_history ALTER COLUMN id SET DEFAULT gen_random_uuid();
ALTER VIEW living_map_history ALTER COLUMN timestamp SET DEFAULT now();
ALTER VIEW living_map_history ALTER COLUMN epoch SET DEFAULT '';
ALTER VIEW living_map_history ALTER COLUMN entity_ids SET DEFAULT '{}';

CREATE TRIGGER living_map_insert INSTEAD OF INSERT ON living_map_history
FOR EACH ROW EXECUTE FUNCTION living_map_insert();

-- Other accounts may do with the view what they might do with the table.
DO $$
DECLARE
  granted RECORD;
BEGIN
  FOR granted IN
    SELECT grantee, privilege_type FROM pg_class, aclexplode(relacl)
    WHERE oid = 'living_map_history_before'::regclass AND grantee <> relowner
      AND privilege_type IN ('SELECT', 'INSERT')
  LOOP
    EXECUTE format(
      'GRANT %s ON living_map_history TO %s', granted.privilege_type,
      CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END
    );
  END LOOP;
END
$$;

-- Ends the move, when all rows are moved.
CREATE FUNCTION living_map_end_move() RETURNS BOOLEAN
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  LOCK TABLE living_map_history_before IN ACCESS EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM living_map_history_before) THEN
    RETURN false;
  END IF;
  CREATE OR REPLACE VIEW living_map_history AS SELECT * FROM living_map_rows;
  DROP TABLE living_map_history_before;
  RETURN true;
END
$$;

SELECT living_map_end_move();
