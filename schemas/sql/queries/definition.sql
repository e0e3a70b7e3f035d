SELECT create_table_query, engine_full, as_select, comment
FROM system.tables
WHERE database = {database:String} AND name = {name:String}
