-- What the index says of the packs of one slot: up to where each must reach, bytes, and how many images it holds.
SELECT pack, toInt64(max(packOffset + packLength)) AS end, count() AS images
FROM {{table "images"}}
WHERE startsWith(pack, {prefix:String}) AND {{visible "images"}}
GROUP BY pack
ORDER BY pack
