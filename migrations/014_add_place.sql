-- Where a row stands in the order of the history, if not at its timestamp: rows that came after the clock of the log
-- was set back keep the time of then, and stand after those before them.
ALTER TABLE living_map_history
  ADD COLUMN place timestamptz;

-- Small: almost no row has a place of its own.
CREATE INDEX idx_living_map_history_place
  ON living_map_history (place DESC) WHERE place IS NOT NULL;

CREATE INDEX idx_living_map_history_event_type_place
  ON living_map_history (event_type, place DESC) WHERE place IS NOT NULL;

-- The planner would take the new column for almost always set.
ANALYZE living_map_history (place);
