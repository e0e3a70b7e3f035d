-- Where the rows of images stand whose ids (40 hexadecimal digits) are in the external table wanted.
SELECT lower(hex(id)) AS digits, topic, partition, offset, toUnixTimestamp64Milli(received) AS received_at
FROM {{table "images"}}
WHERE id IN (SELECT toFixedString(unhex(key), 20) FROM wanted) AND slot BETWEEN toDateTime({from:Int64}, 'UTC') AND toDateTime({until:Int64}, 'UTC')
