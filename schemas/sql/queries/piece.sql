-- The scans of the piece keys in the external table wanted, newest first.
SELECT *
FROM {{view "scans"}}
WHERE pieceKey IN (SELECT key FROM wanted)
ORDER BY scanDatetime DESC, topic, partition, offset DESC, index DESC
