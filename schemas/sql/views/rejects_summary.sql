CREATE VIEW {{.Name}}
(
    `day` Date COMMENT 'day on which the events were rejected, UTC',
    `topic` LowCardinality(String) COMMENT 'Kafka topic from which they were read',
    `reason` LowCardinality(String) COMMENT 'reason of the reject (schemas/event)',
    `class` LowCardinality(String) COMMENT 'retention class; empty where it could not be told',
    `events` UInt64 COMMENT 'number of events rejected'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT toDate(at) AS day, topic, outcome.reason AS reason, outcome.class AS class, sum(outcome.events) AS events
FROM {{table "blocks"}}
ARRAY JOIN outcomes AS outcome
WHERE {{visible "blocks"}} AND outcome.outcome = 'rejected'
GROUP BY day, topic, reason, class
COMMENT 'Rejected events by day, topic and reason, from the receipts.'
