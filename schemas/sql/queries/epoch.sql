SELECT epoch, name, content
FROM {{table "epochs"}}
WHERE epoch IN (SELECT key FROM wanted)
ORDER BY name
LIMIT 1 BY epoch, name
