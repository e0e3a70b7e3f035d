-- Whether the server is too old to know the setting of NoStatistics.
SELECT count() = 0 FROM system.merge_tree_settings WHERE name = 'auto_statistics_types'
