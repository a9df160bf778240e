-- How many events a gap lacks, if its positions do not say: what the log never had has none.
ALTER TABLE living_map_gaps
  ADD COLUMN events BIGINT;
