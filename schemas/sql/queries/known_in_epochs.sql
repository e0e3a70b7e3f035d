-- How many epochs hold known barcodes in full, as a version before wrote them.
SELECT count() FROM {{table "epochs"}} WHERE name = 'known_barcodes' AND content != '' AND NOT match(content, '^[0-9a-f]{64}$')
