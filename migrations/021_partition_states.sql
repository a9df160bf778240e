-- States get a partition for each day (UTC, of `mark_time`), to be dropped as a whole: row by row, the bodies of a
-- day take seconds. Those that are there already stay where they are, which becomes the odd partition.
ALTER TABLE living_map_states RENAME TO living_map_states_odd;
ALTER INDEX living_map_states_pkey RENAME TO living_map_states_odd_pkey;
ALTER INDEX idx_living_map_states_mark RENAME TO idx_living_map_states_odd_mark;

CREATE TABLE living_map_states (
  epoch TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  received_at timestamptz NOT NULL,
  mark_time timestamptz NOT NULL,
  body BYTEA NOT NULL
) PARTITION BY RANGE (mark_time);

ALTER TABLE living_map_states ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX idx_living_map_states_mark
  ON living_map_states (mark_time, epoch, seq);

-- Each other partition has a unique index of positions, as this one has its key.
ALTER TABLE living_map_states ATTACH PARTITION living_map_states_odd DEFAULT;

-- Other accounts may do with all of it what they might do with the table.
DO $$
DECLARE
  granted RECORD;
BEGIN
  FOR granted IN
    SELECT grantee, privilege_type FROM pg_class, aclexplode(relacl)
    WHERE oid = 'living_map_states_odd'::regclass AND grantee <> relowner
      AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  LOOP
    EXECUTE format(
      'GRANT %s ON living_map_states TO %s', granted.privilege_type,
      CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END
    );
  END LOOP;
END
$$;
