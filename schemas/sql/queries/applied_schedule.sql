-- The schedule from which this server's tables and views were made last.
SELECT class, kind, rule, system, record, limit, bound, clock, idle, ifNull(slot_seconds, 0) AS slot, ifNull(margin_seconds, 0) AS margin,
    ifNull(behind_seconds, 0) AS behind, stores, sealed, flows, citation, reason, decision
FROM {{view "retention_schedule"}}
