-- The classes stand in the text of the view because the schedule is the only source of limits.
CREATE VIEW {{.Name}}
(
    `class` String COMMENT 'class of the retention schedule (schemas/retention)',
    `limit_seconds` UInt64 COMMENT 'how old a record may become, seconds',
    `oldest_slot` Nullable(DateTime('UTC')) COMMENT 'start of the oldest slot that holds rows, UTC; NULL where there is none',
    `newest_slot` Nullable(DateTime('UTC')) COMMENT 'start of the newest slot that holds rows, UTC; NULL where there is none',
    `rows` UInt64 COMMENT 'number of rows that are visible',
    `destroy_at` Nullable(DateTime('UTC')) COMMENT 'when the oldest slot is destroyed, UTC; NULL where there is none',
    `complete_from` DateTime('UTC') COMMENT 'start of the oldest slot that is not yet due: nothing from this time on has been destroyed, UTC'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    class,
    limit_seconds,
    if(kept.rows = 0, NULL, kept.oldest) AS oldest_slot,
    if(kept.rows = 0, NULL, kept.newest) AS newest_slot,
    kept.rows AS rows,
    if(kept.rows = 0, NULL, kept.oldest + toIntervalSecond(life_seconds)) AS destroy_at,
    toDateTime((intDiv(toUnixTimestamp(now()) - life_seconds, slot_seconds) + 1) * slot_seconds, 'UTC') AS complete_from
FROM
(
    SELECT row.1 AS class, row.2 AS limit_seconds, row.3 AS life_seconds, row.4 AS slot_seconds
    FROM (SELECT arrayJoin({{classes}}) AS row)
) AS schedule
LEFT JOIN
(
    SELECT retention_class AS class, min(slot) AS oldest, max(slot) AS newest, count() AS rows
    FROM {{table "scans"}} WHERE {{visible "scans"}} GROUP BY retention_class
    {{- if kept "records"}}
    UNION ALL
    SELECT retention_class, min(slot), max(slot), count() FROM {{table "records"}} WHERE {{visible "records"}} GROUP BY retention_class
    {{- end}}
    UNION ALL
    SELECT retention_class, min(slot), max(slot), count() FROM {{table "images"}} WHERE {{visible "images"}} GROUP BY retention_class
    UNION ALL
    SELECT {{own "blocks"}}, min(slot), max(slot), count() FROM {{table "blocks"}} WHERE {{visible "blocks"}}
    UNION ALL
    SELECT {{own "batches"}}, min(slot), max(slot), count() FROM {{table "batches"}} WHERE {{visible "batches"}}
    UNION ALL
    SELECT {{own "replays"}}, min(slot), max(slot), count() FROM {{table "replays"}} WHERE {{visible "replays"}}
    UNION ALL
    SELECT {{own "known_barcodes"}}, min(slot), max(slot), count() FROM {{table "known_barcodes"}} WHERE {{visible "known_barcodes"}}
) AS kept USING class
COMMENT 'The retention schedule against what is kept: oldest and newest slot of each class, and when the oldest is destroyed.'
