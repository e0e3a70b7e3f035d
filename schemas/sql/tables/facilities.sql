-- Reference data. An edition is added whole, then the others are dropped; the newest is what readers see.
CREATE TABLE {{.Name}}
(
    `edition` String COMMENT 'hash of the facility table from which the row is',
    `loaded` DateTime64(3, 'UTC') COMMENT 'when the edition was loaded, UTC, milliseconds',
    `localeKey` String COMMENT 'locale key of the facility (USPS facility file)',
    `name` String COMMENT 'name of the facility (USPS facility file)',
    `type` LowCardinality(String) COMMENT 'plant, network, post_office, non_postal or other (USPS facility file)',
    `city` LowCardinality(String) COMMENT 'city (USPS facility file)',
    `state` LowCardinality(String) COMMENT 'state or territory, two letters (USPS facility file)',
    `zip` String COMMENT 'ZIP Code, 5 digits (USPS facility file)',
    `zone` LowCardinality(String) COMMENT 'IANA time zone of the ZIP Code; empty where none is known'
)
ENGINE = MergeTree
PARTITION BY edition
ORDER BY localeKey
SETTINGS non_replicated_deduplication_window = {{window}}
COMMENT 'Postal facilities and their time zones. Base table: mailtrail only.'
