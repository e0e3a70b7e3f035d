-- They get a slot of today: no block that they decided about is of a later one.
INSERT INTO {{table "known_barcodes"}} (slot, hash, content, at)
SELECT toDateTime(intDiv(toUnixTimestamp(now()), {{slotSeconds "known_barcodes"}}) * {{slotSeconds "known_barcodes"}}, 'UTC'), lower(hex(SHA256(content))), content, now64(3)
FROM {{table "epochs"}}
WHERE name = 'known_barcodes' AND content != '' AND NOT match(content, '^[0-9a-f]{64}$')
LIMIT 1 BY content
