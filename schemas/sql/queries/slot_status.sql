SELECT class, limit_seconds, oldest_slot, newest_slot, rows, destroy_at, complete_from
FROM {{view "retention_status"}}
ORDER BY class
