SELECT now64(6, 'UTC') AS now
