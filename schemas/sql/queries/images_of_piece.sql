-- The images of the pieces in the external table wanted (piece UInt64: event.PieceNumber of the key), newest first. A number
-- may be a hash: who asks compares the keys.
SELECT *
FROM {{table "images"}}
WHERE piece IN (SELECT piece FROM wanted) AND {{visible "images"}}
ORDER BY capturedDatetime DESC, id
