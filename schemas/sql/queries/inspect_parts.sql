-- Every part of every table: those that queries read, those that they do not read any more, those that were taken out, and
-- those of tables that are dropped and still lie on the disk.
SELECT database, table, partition, name, if(active, 'active', 'inactive') AS state, rows, bytes_on_disk
FROM system.parts
UNION ALL
SELECT database, table, '', name, 'detached', 0, bytes_on_disk
FROM system.detached_parts
UNION ALL
SELECT database, table, partition, name, 'dropped', rows, bytes_on_disk
FROM system.dropped_tables_parts
