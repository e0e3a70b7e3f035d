ALTER TABLE {{table "epochs"}} UPDATE content = lower(hex(SHA256(content)))
WHERE name = 'known_barcodes' AND content != '' AND NOT match(content, '^[0-9a-f]{64}$')
SETTINGS mutations_sync = 2
