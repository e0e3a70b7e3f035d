package config

import (
	"path/filepath"
	"time"
)

// Config is the whole configuration of one mailtrail process.
type Config struct {
	// Mode says whether the stores run inside this process's own stack or are reached over the network.
	Mode Mode `key:"mode" default:"embedded" oneof:"embedded external"`
	// Data is the folder of everything that mailtrail itself keeps on disk.
	Data string `key:"data" default:"./data" required:"true"`

	Gateway    Gateway    `key:"gateway"`
	API        API        `key:"api"`
	Metrics    Metrics    `key:"metrics"`
	Kafka      Kafka      `key:"kafka"`
	ClickHouse ClickHouse `key:"clickhouse"`
	Objects    Objects    `key:"objects"`
	Ingest     Ingest     `key:"ingest"`
	Images     Images     `key:"images"`
	Records    Records    `key:"records"`
	Keys       Keys       `key:"keys"`
	Verify     Verify     `key:"verify"`
	Retention  Retention  `key:"retention"`
	Reference  Reference  `key:"reference"`
	Access     Access     `key:"access"`
	Log        Log        `key:"log"`
}

// Mode is where Kafka, ClickHouse and the object store run.
type Mode string

// The two modes.
const (
	Embedded Mode = "embedded"
	External Mode = "external"
)

// Gateway is the door for equipment.
type Gateway struct {
	Listen Listen     `key:"listen" default:"127.0.0.1:8441" required:"true"`
	TLS    GatewayTLS `key:"tls"`
	// MaxBody bounds one request's body, as sent and as decompressed, in bytes.
	MaxBody ByteSize `key:"max_body" default:"16MiB" min:"64KiB" max:"1GiB"`
}

// ServerTLS is what a listener shows: PEM files; both or neither.
type ServerTLS struct {
	Cert string `key:"cert" file:"true"`
	Key  string `key:"key" file:"true"`
}

// GatewayTLS is a ServerTLS that may also ask for certificates of devices.
type GatewayTLS struct {
	Cert string `key:"cert" file:"true"`
	Key  string `key:"key" file:"true"`
	// ClientCA is a PEM file of the authorities whose client certificates name a device by their common name.
	ClientCA string `key:"client_ca" file:"true"`
}

// API is the door for mailers and the web page.
type API struct {
	Listen Listen    `key:"listen" default:"127.0.0.1:8080" required:"true"`
	TLS    ServerTLS `key:"tls"`
}

// Metrics serves /metrics, /healthz and /readyz.
type Metrics struct {
	Listen Listen `key:"listen" default:"127.0.0.1:9464" required:"true"`
}

// ClientTLS is how a store is reached over TLS.
type ClientTLS struct {
	Enabled bool `key:"enabled" default:"false"`
	// CA is a PEM file of authorities; empty means those of the system.
	CA string `key:"ca" file:"true"`
	// Cert and Key are the PEM files of our own certificate, where the store asks for one.
	Cert string `key:"cert" file:"true"`
	Key  string `key:"key" file:"true"`
	// InsecureSkipVerify takes any certificate. For tests: whoever is in between can read everything.
	InsecureSkipVerify bool `key:"insecure_skip_verify" default:"false"`
}

// SASL is how a Kafka client proves who it is. An empty mechanism means not at all.
type SASL struct {
	Mechanism    string     `key:"mechanism" oneof:"PLAIN SCRAM-SHA-256 SCRAM-SHA-512"`
	User         string     `key:"user"`
	PasswordFile SecretFile `key:"password_file"`
}

// Kafka is the broker and the topics' shape.
type Kafka struct {
	// Brokers are the addresses asked first; in embedded mode the one where the embedded broker listens.
	Brokers []Address `key:"brokers" default:"127.0.0.1:9092" required:"true"`
	TLS     ClientTLS `key:"tls"`
	SASL    SASL      `key:"sasl"`
	// Partitions and Replication are those of topics that `migrate` creates.
	Partitions  int `key:"partitions" default:"4" min:"1" max:"1024"`
	Replication int `key:"replication" default:"1" min:"1" max:"15"`
	// MaxMessage bounds one event message, in bytes; topics, writer and fetch allow 64 KiB more for a reject's envelope.
	MaxMessage ByteSize `key:"max_message" default:"16MiB" min:"64KiB" max:"256MiB"`
}

// ClickHouse is where rows are stored.
type ClickHouse struct {
	// Addr are the addresses of the native protocol; in embedded mode the one where the embedded server listens.
	Addr []Address `key:"addr" default:"127.0.0.1:9000" required:"true"`
	HTTP Address   `key:"http" default:"127.0.0.1:8123" required:"true"`
	// Database holds the public views; base tables stand in the database of this name with `_data` behind it.
	Database     string     `key:"database" default:"mailtrail" required:"true" pattern:"[A-Za-z_][A-Za-z0-9_]{0,59}" expect:"a name of letters, digits and _, not beginning with a digit"`
	User         string     `key:"user"`
	PasswordFile SecretFile `key:"password_file"`
	TLS          ClientTLS  `key:"tls"`
	// Cluster is the name of the cluster that tables are replicated and distributed over; empty means one server.
	Cluster string `key:"cluster" pattern:"[A-Za-z0-9_.{}-]{1,128}" expect:"a cluster's name as ClickHouse knows it"`
}

// Objects is the S3 store of images.
type Objects struct {
	Endpoint      Address    `key:"endpoint" default:"127.0.0.1:9100" required:"true"`
	Bucket        string     `key:"bucket" default:"mailtrail-images" required:"true" pattern:"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]" expect:"a bucket's name: 3 to 63 of a-z, 0-9, - and ."`
	AccessKey     string     `key:"access_key" secret:"true"`
	SecretKeyFile SecretFile `key:"secret_key_file"`
	TLS           bool       `key:"tls" default:"false"`
}

// Ingest is the way from Kafka to ClickHouse.
type Ingest struct {
	// Group is the consumer group. A new name is a new reader: partitions stop rather than store twice.
	Group string `key:"group" default:"mailtrail" required:"true"`
	// BlockRows, BlockBytes (columns in memory, in bytes) and BlockAge cut a block; BlockAge only once the partition has caught up.
	BlockRows  int           `key:"block_rows" default:"250000" min:"1" max:"1000000"`
	BlockBytes ByteSize      `key:"block_bytes" default:"64MiB" min:"1MiB" max:"4GiB"`
	BlockAge   time.Duration `key:"block_age" default:"1s" min:"10ms" max:"1m"`
	// Memory bounds the whole process, in bytes.
	Memory ByteSize `key:"memory" default:"768MiB" min:"128MiB" max:"1TiB"`
	// Ahead is how far in the future a capture time may lie.
	Ahead time.Duration `key:"ahead" default:"10m" min:"0s" max:"24h"`
}

// Images is the door for pictures, and how packs are cut.
type Images struct {
	Listen Listen `key:"listen" default:"127.0.0.1:8442" required:"true"`
	// PackBytes (in bytes) and PackAge end a pack.
	PackBytes ByteSize      `key:"pack_bytes" default:"8MiB" min:"64KiB" max:"256MiB"`
	PackAge   time.Duration `key:"pack_age" default:"250ms" min:"1ms" max:"1m"`
	// IDKeyFile holds the key of image ids; empty means image-ids.key under data. All doors of an installation need the same: see [Config.ImageIDKeyFile].
	IDKeyFile string `key:"id_key_file"`
}

// Keys is the authority over slot keys, and the way to it.
type Keys struct {
	// Dir is the file store; empty means keys under data. See [Config.KeysDir].
	Dir string `key:"dir"`
	// Memory keeps keys in memory alone. The price: whatever ends the process ends every slot that had begun; what was
	// sealed in it can never be read again.
	Memory bool `key:"memory" default:"false"`
	// Listen is where `retention run` serves keys to other roles, and `up` besides its socket in the data folder; Connect is
	// the others' side. See [Config.KeysConnect].
	Listen  Endpoint `key:"listen"`
	Connect Endpoint `key:"connect"`
	TLS     KeysTLS  `key:"tls"`
}

// KeysTLS is mutual TLS between the key authority and the other roles: PEM files.
type KeysTLS struct {
	Cert string `key:"cert" file:"true"`
	Key  string `key:"key" file:"true"`
	CA   string `key:"ca" file:"true"`
}

// Verify is what the auditor uses: its own credentials, never those of the writers.
type Verify struct {
	// Directories are data directories of the stores that the auditor may list.
	Directories []string `key:"directories"`
	// Waive are objects that verify may leave uninspected, each with the reason in writing.
	Waive      []Waiver         `key:"waive"`
	ClickHouse VerifyClickHouse `key:"clickhouse"`
	Kafka      VerifyKafka      `key:"kafka"`
	Objects    VerifyObjects    `key:"objects"`
}

// Waiver excuses one object from inspection. Both fields are needed.
type Waiver struct {
	Object string `yaml:"object"`
	Reason string `yaml:"reason"`
}

// VerifyClickHouse is the auditor's ClickHouse user.
type VerifyClickHouse struct {
	User         string     `key:"user"`
	PasswordFile SecretFile `key:"password_file"`
}

// VerifyKafka is the auditor's Kafka user.
type VerifyKafka struct {
	SASL SASL `key:"sasl"`
}

// VerifyObjects is the auditor's S3 user.
type VerifyObjects struct {
	AccessKey     string     `key:"access_key" secret:"true"`
	SecretKeyFile SecretFile `key:"secret_key_file"`
}

// Retention is the schedule and how often the sweeper looks without being woken.
type Retention struct {
	// Schedule is a file that replaces the built-in schedule.
	Schedule string `key:"schedule" file:"true"`
	// SweepEvery is the sweeper's backstop; it wakes by itself at every destroy_at.
	SweepEvery time.Duration `key:"sweep_every" default:"1m" min:"1s" max:"1h"`
}

// Reference names files that replace the built-in reference tables, or stand beside them.
type Reference struct {
	// Facilities holds facilities with their time zones.
	Facilities string `key:"facilities" file:"true"`
	// ServiceTypes holds STIDs with their classes.
	ServiceTypes string `key:"service_types" file:"true"`
	// KnownBarcodes holds serial numbers that are expected in the mail, by which damaged bars are told apart.
	KnownBarcodes string `key:"known_barcodes" file:"true"`
	// Operations holds what the codes of scans mean.
	Operations string `key:"operations" file:"true"`
	// Calendar holds holidays and critical entry times.
	Calendar string `key:"calendar" file:"true"`
	// Standards holds service standards.
	Standards string `key:"standards" file:"true"`
}

// Records are those of all kinds besides scans and images.
type Records struct {
	// KeyFile holds the key of the hashes by which records of persons are found; empty means secrets/records.key under
	// data, which the first ingest makes. Every ingest needs the same. See [Config.RecordKeyFile].
	KeyFile string `key:"key_file"`
}

// Access is who may come in.
type Access struct {
	// File is written by `mailtrail access`; empty means access.yaml under data. See [Config.AccessFile].
	File string `key:"file"`
}

// Log is what is written to standard error.
type Log struct {
	Level string `key:"level" default:"info" required:"true" oneof:"trace debug info warn error"`
	// Format auto is console on a terminal and JSON otherwise.
	Format string `key:"format" default:"auto" required:"true" oneof:"auto console json"`
}

// AccessFile is the path of the access file: access.file, or access.yaml under data.
func (c *Config) AccessFile() string {
	if c.Access.File != "" {
		return c.Access.File
	}
	return filepath.Join(c.Data, "access.yaml")
}

// RecordKeyFile is the file of the key of hashes: records.key_file, or secrets/records.key under data.
func (c *Config) RecordKeyFile() string {
	if c.Records.KeyFile != "" {
		return c.Records.KeyFile
	}
	return filepath.Join(c.Data, "secrets", "records.key")
}

// Tombstones is the file that remembers destroyed slot keys. It lies apart from them, so that putting the folder of keys
// back from a copy does not put it back too.
func (c *Config) Tombstones() string { return filepath.Join(c.Data, "tombstones") }

// ImageIDKeyFile is the file of the key of image ids: images.id_key_file, or image-ids.key under data.
func (c *Config) ImageIDKeyFile() string {
	if c.Images.IDKeyFile != "" {
		return c.Images.IDKeyFile
	}
	return filepath.Join(c.Data, "image-ids.key")
}

// LedgerDir is the folder of the ledger.
func (c *Config) LedgerDir() string { return filepath.Join(c.Data, "ledger") }

// KeysSocket is the socket in the data folder at which `mailtrail up` serves keys to commands beside it.
func (c *Config) KeysSocket() string { return filepath.Join(c.Data, "keys.sock") }

// KeysConnect is where a role that is not the authority gets keys: keys.connect, or in embedded mode the socket of `up`;
// empty where none is configured.
func (c *Config) KeysConnect() Endpoint {
	if c.Keys.Connect == "" && c.Mode == Embedded {
		return Endpoint("unix:" + c.KeysSocket())
	}
	return c.Keys.Connect
}

// KeysDir is the folder of slot keys: keys.dir, or keys under data.
func (c *Config) KeysDir() string {
	if c.Keys.Dir != "" {
		return c.Keys.Dir
	}
	return filepath.Join(c.Data, "keys")
}
