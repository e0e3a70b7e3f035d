-- Changes of rows that the server remembers. The texts themselves, with the values in them, are not asked for.
SELECT database, table, mutation_id, match(command, '(?i)^[( ]*(DELETE|UPDATE)') AS changes, is_done = 1 AS done, toString(latest_fail_error_code_name) AS failure
FROM system.mutations
