-- Ranges of positions that were lost, and why.
CREATE TABLE living_map_gaps (
  epoch TEXT COLLATE "C" NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (epoch, first_seq)
);

CREATE INDEX idx_living_map_gaps_until
  ON living_map_gaps (until DESC);

-- How far each epoch of the log got. Outlives the rows, so that no position is ever given twice.
CREATE TABLE living_map_epochs (
  epoch TEXT COLLATE "C" PRIMARY KEY,
  last_seq BIGINT NOT NULL,
  until timestamptz NOT NULL
);
