SELECT name, expr, type_full, granularity
FROM system.data_skipping_indices
WHERE database = {database:String} AND table = {name:String}
