SELECT content
FROM {{table "known_barcodes"}}
WHERE hash IN (SELECT key FROM wanted) AND {{visible "known_barcodes"}}
ORDER BY slot DESC
LIMIT 1
