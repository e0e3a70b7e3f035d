-- Who may do what. Empty database or table: all of them.
SELECT if(user_name IS NULL, concat('role ', ifNull(role_name, '')), concat('user ', ifNull(user_name, ''))) AS grantee, toString(access_type) AS access,
    ifNull(database, '') AS of_database, ifNull(table, '') AS of_table
FROM system.grants
WHERE NOT is_partial_revoke
