-- Every table, view and dictionary of every database, but for those of the server's own that hold nothing.
SELECT database, name, engine, partition_key, engine_full, create_table_query, as_select
FROM system.tables
WHERE NOT is_temporary AND NOT (lower(database) IN ('system', 'information_schema') AND (engine LIKE 'System%' OR engine = 'View'))
UNION ALL
SELECT 'dictionaries', name, 'Dictionary', '', '', '', ''
FROM system.dictionaries
WHERE database = ''
