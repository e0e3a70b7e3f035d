SELECT label
FROM {{table "topics"}}
WHERE topic = {topic:String}
ORDER BY since DESC, label DESC
LIMIT 1
