-- What is told of the scans of the pieces in the external table wanted (piece UInt64: event.PieceNumber of the key), newest
-- first. A number may be a hash: who asks compares the keys.
SELECT *
FROM {{view "histories"}}
WHERE piece IN (SELECT piece FROM wanted)
ORDER BY scanDatetime DESC, topic, partition, offset DESC, index DESC
