-- The settings of tables that the server knows.
SELECT name FROM system.merge_tree_settings
