"""The statements of roll-ups."""

from typing import Final

ROLLED_UP_TO: Final = "SELECT time, epoch, seq FROM living_map_rolled_up"

BEGIN: Final = """
INSERT INTO living_map_rolled_up (time, epoch, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

ADVANCE: Final = """
UPDATE living_map_rolled_up SET time = $1, epoch = $2, seq = $3 WHERE (time, epoch, seq) = ($4, $5, $6)"""

ADD_MINUTES: Final = """
INSERT INTO living_map_minutes AS stored (minute, entries, changes, layers)
SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::jsonb[])
ON CONFLICT (minute) DO UPDATE
SET entries = stored.entries + excluded.entries, changes = stored.changes + excluded.changes"""

ADD_SILENCES: Final = """
INSERT INTO living_map_silences (since, until) SELECT * FROM unnest($1::timestamptz[], $2::timestamptz[])
ON CONFLICT DO NOTHING"""

ADD_EPISODES: Final = """
INSERT INTO living_map_troubles (entity_id, type, layer, label, kind, status, severity, began, ended)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
  $9::timestamptz[]
)
ON CONFLICT (entity_id, began) DO UPDATE SET ended = excluded.ended"""

ADD_NUMBERS: Final = """
INSERT INTO living_map_numbers AS stored (entity_id, field, hour, readings, minutes, low, mean, high, last)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::timestamptz[], $4::bytea[], $5::int[], $6::float8[], $7::float8[], $8::float8[],
  $9::float8[]
)
ON CONFLICT (entity_id, field, hour) DO UPDATE SET
  readings = stored.readings || excluded.readings,
  minutes = stored.minutes + excluded.minutes,
  low = CASE WHEN stored.minutes = 0 THEN excluded.low WHEN excluded.minutes = 0 THEN stored.low
    ELSE least(stored.low, excluded.low) END,
  mean = CASE WHEN stored.minutes + excluded.minutes = 0 THEN 0 ELSE
    stored.mean * (stored.minutes::float8 / (stored.minutes + excluded.minutes))
    + excluded.mean * (excluded.minutes::float8 / (stored.minutes + excluded.minutes)) END,
  high = CASE WHEN stored.minutes = 0 THEN excluded.high WHEN excluded.minutes = 0 THEN stored.high
    ELSE greatest(stored.high, excluded.high) END,
  last = excluded.last"""

_EPISODE: Final = "entity_id, type, layer, label, kind, status, severity, began, ended"

OPEN_EPISODES: Final = f"SELECT {_EPISODE} FROM living_map_troubles WHERE ended IS NULL"  # noqa: S608

# Each scan by its index: of those that began within the span, and of those that reach into it.
EPISODES: Final = f"""
SELECT {_EPISODE} FROM (
  (SELECT * FROM living_map_troubles WHERE began >= $1 AND began < $2 ORDER BY began DESC LIMIT $3)
  UNION ALL
  (SELECT * FROM living_map_troubles WHERE began < $1 AND ended > $1 ORDER BY began DESC LIMIT $3)
  UNION ALL
  (SELECT * FROM living_map_troubles WHERE began < $1 AND ended IS NULL ORDER BY began DESC LIMIT $3)
) AS overlapping ORDER BY began DESC, entity_id DESC LIMIT $3"""  # noqa: S608

_STEP: Final = "greatest(0, floor(extract(epoch FROM minute - $1::timestamptz) / $3::float8))::bigint AS step"
_WITHIN: Final = "minute >= date_trunc('minute', $1::timestamptz) AND minute < $2"

ACTIVITY: Final = f"""
SELECT {_STEP}, sum(entries)::bigint AS entries, sum(changes)::bigint AS changes
FROM living_map_minutes WHERE {_WITHIN} GROUP BY 1 ORDER BY 1"""  # noqa: S608

ACTIVITY_OF_LAYERS: Final = f"""
SELECT {_STEP}, sum((counts->>0)::bigint)::bigint AS entries, sum((counts->>1)::bigint)::bigint AS changes
FROM living_map_minutes, jsonb_each(layers) AS of_layer (layer, counts)
WHERE {_WITHIN} AND layer = ANY($4::text[]) GROUP BY 1 ORDER BY 1"""  # noqa: S608

SILENCES: Final = "SELECT since, until FROM living_map_silences WHERE since < $2 AND until > $1 ORDER BY since"

# The last hour before the span has the value with which it begins.
READINGS: Final = """
SELECT hour, readings, low, mean, high, last FROM living_map_numbers
WHERE entity_id = $1 AND field = $2 AND hour < $4 AND hour >= coalesce((
  SELECT hour FROM living_map_numbers
  WHERE entity_id = $1 AND field = $2 AND hour < $3 ORDER BY hour DESC LIMIT 1
), $3)
ORDER BY hour"""

READINGS_OF: Final = f"""
SELECT wanted.number, read.* FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, number)
CROSS JOIN LATERAL ({READINGS.replace("$1", "wanted.id")}) AS read
ORDER BY wanted.number, read.hour"""  # noqa: S608

OLDEST: Final = "SELECT minute FROM living_map_minutes ORDER BY minute LIMIT 1"

PRUNE: Final = (
    "DELETE FROM living_map_minutes WHERE minute < $1",
    "DELETE FROM living_map_silences WHERE until < $1",
    "DELETE FROM living_map_troubles WHERE ended < $1",
    """DELETE FROM living_map_numbers WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM living_map_numbers AS old WHERE hour < $1 AND EXISTS (
    SELECT FROM living_map_numbers AS newer
    WHERE newer.entity_id = old.entity_id AND newer.field = old.field AND newer.hour > old.hour
  ) LIMIT 20000
))""",
)
"""A number that has not changed since keeps its last hour: it has the value of today."""
