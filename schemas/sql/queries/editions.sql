-- The editions of the facility table, the newest first.
SELECT edition FROM {{table "facilities"}} GROUP BY edition ORDER BY max(loaded) DESC
