-- How many active parts the fullest partition of the base tables has.
SELECT max(parts)
FROM
(
    SELECT count() AS parts
    FROM system.parts
    WHERE database = {{text .Data}} AND active
    GROUP BY table, partition_id
)
