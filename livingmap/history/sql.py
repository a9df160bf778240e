"""The history's statements: how entries and gaps are written."""

from typing import Final

TABLE: Final = "living_map_entries"

COLUMNS: Final = (
    "id",
    "timestamp",
    "seq",
    "occurred_at",
    "place",
    "kind",
    "step",
    "epoch",
    "entities",
    "payload",
    "changes",
)

_REACH: Final = """
INSERT INTO living_map_epochs AS stored (epoch, last_seq, until)
SELECT reached.* FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS reached, kinds WHERE kinds.are_known
ON CONFLICT (epoch) DO UPDATE
SET last_seq = greatest(stored.last_seq, excluded.last_seq), until = greatest(stored.until, excluded.until)"""

# Whether the kinds that the rows name are still those of these types: a database that took the place of another
# may lack some. If not, nothing is written.
_KINDS: Final = """
SELECT count(*) = cardinality($4::integer[]) AS are_known
FROM unnest($4::integer[], $5::text[]) AS used (kind, event_type)
JOIN living_map_kinds AS kept ON kept.kind = used.kind AND kept.event_type = used.event_type"""

_COUNT: Final = """
INSERT INTO living_map_days AS stored (day, epoch, first_seq, last_seq, entries, first_place, last_place)
{}
ON CONFLICT (day, epoch) DO UPDATE SET
  first_seq = least(stored.first_seq, excluded.first_seq),
  last_seq = greatest(stored.last_seq, excluded.last_seq),
  entries = stored.entries + excluded.entries,
  first_place = least(stored.first_place, excluded.first_place),
  last_place = greatest(stored.last_place, excluded.last_place)"""

_OF_DAYS: Final = """
SELECT days.* FROM unnest(
  $6::date[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[]
) AS days, kinds WHERE kinds.are_known"""

NOTE: Final = f"""
WITH kinds AS ({_KINDS}), reached AS ({_REACH}), days AS ({_COUNT.format(_OF_DAYS)})
SELECT are_known FROM kinds"""  # noqa: S608
"""After a COPY: how far the log got, and what came to each day."""

_OF_WRITTEN: Final = """
SELECT living_map_day(timestamp), epoch, min(seq), max(seq), count(*), min(place), max(place)
FROM written GROUP BY 1, 2"""

WRITE: Final = f"""
WITH kinds AS ({_KINDS}), reached AS ({_REACH}), written AS (
  INSERT INTO living_map_entries
    (id, timestamp, seq, occurred_at, place, kind, step, epoch, entities, payload, changes)
  SELECT rows.* FROM unnest(
    $6::uuid[], $7::timestamptz[], $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::integer[],
    $12::integer[], $13::text[], $14::text[], $15::json[], $16::bytea[]
  ) AS rows, kinds WHERE kinds.are_known
  ON CONFLICT DO NOTHING RETURNING timestamp, epoch, seq, place
), days AS ({_COUNT.format(_OF_WRITTEN)}) SELECT are_known FROM kinds"""  # noqa: S608
"""The same with the rows themselves; those that are there already stay as they are."""

LAST_SEQ: Final = "SELECT last_seq FROM living_map_epochs WHERE epoch = $1"

RECORD_GAP: Final = """
WITH reached AS (
  INSERT INTO living_map_epochs AS stored (epoch, last_seq, until) VALUES ($1, $3, $5)
  ON CONFLICT (epoch) DO UPDATE
  SET last_seq = greatest(stored.last_seq, excluded.last_seq), until = greatest(stored.until, excluded.until)
)
INSERT INTO living_map_gaps AS stored (epoch, first_seq, last_seq, since, until, reason, events)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (epoch, first_seq) DO UPDATE
SET last_seq = excluded.last_seq, since = excluded.since, until = excluded.until, reason = excluded.reason,
  events = excluded.events
WHERE stored.last_seq < excluded.last_seq"""

GAPS: Final = """
SELECT epoch, first_seq, last_seq, since AS from_time, until, reason, events FROM living_map_gaps
WHERE ($1::timestamptz IS NULL OR until >= $1) AND ($2::timestamptz IS NULL OR since <= $2)
ORDER BY since DESC, epoch DESC, first_seq DESC LIMIT $3"""

PRUNE_GAPS: Final = "DELETE FROM living_map_gaps WHERE until < $1"
