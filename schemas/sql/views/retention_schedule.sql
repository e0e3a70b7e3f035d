-- The rows stand in the text of the view because the schedule is the only source of limits.
CREATE VIEW {{.Name}}
(
    `class` String COMMENT 'class of the retention schedule (schemas/retention)',
    `kind` String COMMENT 'record (comes from outside) or own (what mailtrail itself keeps)',
    `rule` String COMMENT 'name of the rule of the source: system and paragraph; empty for own',
    `system` String COMMENT 'system of records; empty for own',
    `record` String COMMENT 'kind of record, in the words of the source',
    `limit` String COMMENT 'how old a record may become, as the schedule writes it: a number with s, m, h, d (24 hours), mo or y (of the calendar); empty without a limit',
    `limit_seconds` Nullable(UInt64) COMMENT 'the most that the limit can be, seconds; NULL without a limit',
    `bound` String COMMENT 'ceiling (up to), term (a stated period, kept as a ceiling too) or none',
    `clock` String COMMENT 'what starts the limit: capture (the earlier of capture and receipt), receipt, or an event that comes later',
    `idle` String COMMENT 'after how long without a record a relationship counts as ended; empty where it does not',
    `slot_seconds` Nullable(UInt64) COMMENT 'length of a slot, whose records are destroyed together, seconds; NULL where the class has no slots',
    `margin_seconds` Nullable(UInt64) COMMENT 'how long before the limit of its oldest possible record a slot is destroyed, seconds; NULL where the class has no slots',
    `life_seconds` Nullable(Int64) COMMENT 'from the start of a slot to its destruction, seconds; of a term of months or years the shortest; NULL where the class has no slots',
    `behind_seconds` Nullable(UInt64) COMMENT 'how old a record may be when it comes in, seconds; NULL where the schedule does not say',
    `stores` Array(String) COMMENT 'where the records lie: the store and the topic, table, folder or file; empty where the records do not flow yet',
    `sealed` Bool COMMENT 'whether the records are written as ciphertext only',
    `flows` Bool COMMENT 'whether records of the class are taken in by now',
    `citation` String COMMENT 'the rule: document, section and words; empty for own',
    `reason` String COMMENT 'why so long, where mailtrail decides; empty where a rule does',
    `decision` String COMMENT 'how the rule is read where it is silent; empty where nothing had to be decided',
    `schedule` String COMMENT 'hash of the schedule that the row is from, SHA-256'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    row.1 AS class, row.2 AS kind, row.3 AS rule, row.4 AS system, row.5 AS record, row.6 AS limit, row.7 AS limit_seconds,
    row.8 AS bound, row.9 AS clock, row.10 AS idle, row.11 AS slot_seconds, row.12 AS margin_seconds, row.13 AS life_seconds,
    row.14 AS behind_seconds, row.15 AS stores, row.16 AS sealed, row.17 AS flows, row.18 AS citation, row.19 AS reason,
    row.20 AS decision, {{text scheduleHash}} AS schedule
FROM
(
    SELECT arrayJoin({{scheduleRows}}) AS row
)
COMMENT 'The retention schedule that is in force on this server, one row a kind of record, with the rule that it keeps.'
