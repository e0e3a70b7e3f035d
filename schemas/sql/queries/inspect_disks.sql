-- Where the server keeps its tables.
SELECT name, path, is_remote = 1 AS remote
FROM system.disks
