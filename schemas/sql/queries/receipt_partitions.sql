-- Every topic and partition that has a receipt.
SELECT topic, partition FROM {{table "blocks"}} GROUP BY topic, partition ORDER BY topic, partition
