CREATE TABLE {{.Name}}
(
    `slot` DateTime('UTC') COMMENT 'start of the slot of a block that they decided about, in which the row is destroyed, UTC; the partition',
    `hash` String COMMENT 'SHA-256 of the content, 64 hexadecimal digits, as epochs names it',
    `content` String COMMENT 'the known barcodes, a line each (reference.known_barcodes)' CODEC(ZSTD),
    `at` DateTime64(3, 'UTC') COMMENT 'clock of the block before whose intent they were stored, UTC, milliseconds'
)
ENGINE = MergeTree
PARTITION BY slot
ORDER BY hash
TTL {{ttl "known_barcodes"}}
SETTINGS {{settings "known_barcodes"}}
COMMENT 'The known barcodes that decided about blocks, once a slot while they are in use, for as long as a block can be open. Base table: mailtrail only.'
