SELECT create_table_query, engine_full, comment
FROM system.tables
WHERE database = {database:String} AND name = {name:String}
