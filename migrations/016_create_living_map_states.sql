-- The merged map at single positions: with the changes of the entries after one, every later moment can be made.
CREATE TABLE living_map_states (
  epoch TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  received_at timestamptz NOT NULL,
  mark_time timestamptz NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (epoch, seq)
);

-- It is compressed already.
ALTER TABLE living_map_states ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX idx_living_map_states_mark
  ON living_map_states (mark_time, epoch, seq);
