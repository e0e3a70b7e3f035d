CREATE VIEW {{.Name}}
(
    `localeKey` String COMMENT 'locale key of the facility (USPS facility file)',
    `name` String COMMENT 'name of the facility (USPS facility file)',
    `type` LowCardinality(String) COMMENT 'plant, network, post_office, non_postal or other (USPS facility file)',
    `city` LowCardinality(String) COMMENT 'city (USPS facility file)',
    `state` LowCardinality(String) COMMENT 'state or territory, two letters (USPS facility file)',
    `zip` String COMMENT 'ZIP Code, 5 digits (USPS facility file)',
    `zone` LowCardinality(String) COMMENT 'IANA time zone of the ZIP Code; empty where none is known'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT localeKey, name, type, city, state, zip, zone
FROM {{table "facilities"}}
WHERE loaded = (SELECT max(loaded) FROM {{table "facilities"}})
COMMENT 'Postal facilities and their time zones.'
