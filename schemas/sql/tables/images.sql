-- The index of packs: one row an image, where it lies and what is known of it. Ids sort by the time of capture, so what is
-- looked up by ids of the same minutes lies together. A piece is found by the projection, which goes with its part.
CREATE TABLE {{.Name}}
(
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)',
    `slot` DateTime('UTC') COMMENT 'start of the slot in which the row is destroyed, UTC; with retention_class the partition',
    `id` FixedString(20) COMMENT 'id of the image: 6 bytes Unix milliseconds of its capture, 14 bytes of a keyed hash of device, capture and bytes',
    `pack` String COMMENT 'pack that holds the image, SLOT/NAME: its object is CLASS/SLOT/NAME in the bucket',
    `packOffset` UInt32 COMMENT 'where the sealed image begins within the pack, bytes',
    `packLength` UInt32 COMMENT 'length of the sealed image, bytes',
    `sha256` FixedString(32) COMMENT 'SHA-256 of the sealed image',
    `capturedDatetime` DateTime64(3, 'UTC') COMMENT 'when the image was taken, UTC, milliseconds; the local wall time is capturedOffsetMinutes later',
    `capturedOffsetMinutes` Int16 COMMENT 'distance of the local clock from UTC at the capture, minutes east',
    `received` DateTime64(3, 'UTC') COMMENT 'time of receipt, UTC, milliseconds: the clock of the door',
    `device` LowCardinality(String) COMMENT 'device that sent the image',
    `machineId` LowCardinality(String) COMMENT 'mail processing equipment that took the image',
    `scanLocaleKey` LowCardinality(String) COMMENT 'locale key of the facility (USPS facility file)',
    `side` LowCardinality(String) COMMENT 'side of the piece: front, back, top, bottom, left or right; empty where it was not told',
    `object` LowCardinality(String) COMMENT 'symbology of the barcode that names the piece; empty where none was read',
    `piece` UInt64 COMMENT 'number of the piece as in the view scans; 0 where no barcode was read',
    `pieceKey` String COMMENT 'what stays the same of a piece, as in the view scans; empty where no barcode was read',
    `code` String COMMENT 'barcode that was read; of bars the digits that they are',
    `mid` LowCardinality(String) COMMENT 'mailer identifier in the barcode; empty where it has none',
    `bars` String COMMENT 'the bars of an Intelligent Mail barcode as the camera read them: letters A D F T, ? for one that it could not read (USPS-B-3200)',
    `mediaType` LowCardinality(String) COMMENT 'image/tiff, image/png or image/jpeg, told from the bytes',
    `width` UInt32 COMMENT 'width, pixels',
    `height` UInt32 COMMENT 'height, pixels',
    `pages` UInt16 COMMENT 'pictures in the file; of width and height the first',
    `bytes` UInt32 COMMENT 'length of the image itself, bytes',
    `topic` LowCardinality(String) COMMENT 'Kafka topic from which the entry was read',
    `partition` Int32 COMMENT 'Kafka partition of the entry',
    `offset` Int64 COMMENT 'Kafka offset of the entry',
    `index` UInt32 COMMENT 'place of the entry within the message, 0',
    `origin` String COMMENT 'of a replayed reject where it first stood, TOPIC/PARTITION/OFFSET/INDEX; else empty',
    PROJECTION by_piece (SELECT * ORDER BY piece)
)
ENGINE = MergeTree
PARTITION BY (retention_class, slot)
ORDER BY id
TTL {{ttl "images"}}
SETTINGS {{settings "images"}}
COMMENT 'Index of packs: one row an image, without the image. Base table: mailtrail only.'
