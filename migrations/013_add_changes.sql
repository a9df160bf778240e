-- What a stream needs to go on from an entry that memory no longer has.
-- `previous` is the seq of the entry before it in the log: positions may have holes, a chain of entries may not.
-- `changes` is how the map changed, the JSON array of the stream's event; never searched, so bytes will do.
ALTER TABLE living_map_history
  ADD COLUMN previous BIGINT,
  ADD COLUMN changes BYTEA;
