-- The scans of the pieces in the external table wanted (key String, piece UInt64: event.PieceNumber of the key), newest first.
SELECT *
FROM {{view "scans"}}
WHERE piece IN (SELECT piece FROM wanted) AND pieceKey IN (SELECT key FROM wanted)
ORDER BY scanDatetime DESC, topic, partition, offset DESC, index DESC
