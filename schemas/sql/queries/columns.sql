SELECT name, type, default_kind, default_expression, compression_codec, comment
FROM system.columns
WHERE database = {database:String} AND table = {name:String}
ORDER BY position
