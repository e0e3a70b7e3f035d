-- A group's number of parts is the sender's word, so the list of what is missing looks at the first 10,000 only.
CREATE VIEW {{.Name}}
(
    `device` LowCardinality(String) COMMENT 'device that sent the group',
    `msgGrpId` String COMMENT 'message group of the push envelope (IV-MTR)',
    `totMsgCnt` UInt32 COMMENT 'number of parts that the group has by its own word (IV-MTR)',
    `arrived` UInt64 COMMENT 'number of parts that came',
    `missing` Array(UInt32) COMMENT 'msgSerNbr of the parts that never came, of the first 10,000 parts',
    `firstAt` DateTime64(3, 'UTC') COMMENT 'when the first part was taken in, UTC, milliseconds',
    `lastAt` DateTime64(3, 'UTC') COMMENT 'when the last part was taken in, UTC, milliseconds'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    device,
    msgGrpId,
    total AS totMsgCnt,
    length(came) AS arrived,
    arrayFilter(part -> NOT has(came, part), range(1, least(total, 10000) + 1)) AS missing,
    firstAt,
    lastAt
FROM
(
    SELECT device, msgGrpId, max(totMsgCnt) AS total, groupUniqArray(msgSerNbr) AS came, min(at) AS firstAt, max(at) AS lastAt
    FROM {{table "batches"}}
    WHERE {{visible "batches"}} AND msgGrpId != ''
    GROUP BY device, msgGrpId
)
COMMENT 'Push envelopes of IV-MTR by group: how many parts there should be and which never came.'
