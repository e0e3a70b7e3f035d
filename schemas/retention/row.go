package retention

import "slices"

// Bound is what kind of limit a rule sets.
type Bound string

// The bounds.
const (
	// Ceiling: the rule says "up to".
	Ceiling Bound = "ceiling"
	// Term: the rule gives a period without "up to". It is kept as a ceiling
	// too: see README.md, decision 1.
	Term Bound = "term"
	// NoLimit: kept as long as the installation runs; only for what the pipeline itself keeps.
	NoLimit Bound = "none"
)

// Clock is what starts a limit.
type Clock string

// The clocks. The first two are known of every record when it comes in; the
// others start with an event that comes later, or never.
const (
	// Capture is the earlier of capture and receipt.
	Capture Clock = "capture"
	Receipt Clock = "receipt"

	RelationshipEnd         Clock = "relationship_end"
	ParticipationEnd        Clock = "participation_end"
	AccessTerminated        Clock = "access_terminated"
	AccountabilityEnded     Clock = "accountability_terminated"
	AuthorizationsCancelled Clock = "authorizations_cancelled" // the last of them
	LastVisit               Clock = "last_visit"
	LastActivity            Clock = "last_activity"
	BrowserClosed           Clock = "browser_closed"
	CookieSet               Clock = "cookie_set"
	Reply                   Clock = "reply"
)

var eventClocks = []Clock{
	RelationshipEnd, ParticipationEnd, AccessTerminated, AccountabilityEnded, AuthorizationsCancelled, LastVisit, LastActivity, BrowserClosed, CookieSet, Reply,
}

// Row is one line of the schedule.
type Row struct {
	// Class is the name under which records lie in the stores.
	Class string `yaml:"class"`
	// Rule is the name of the rule of the source that the row keeps: system and
	// paragraph, as 820.200-7a.
	Rule string `yaml:"rule"`
	// System is the system of records, Record the kind of record in its words.
	System string `yaml:"system"`
	Record string `yaml:"record"`
	// Limit is how old a record may become.
	Limit Limit `yaml:"limit"`
	// Bound is empty for what the pipeline itself keeps up to a limit.
	Bound Bound `yaml:"bound"`
	// Clock is what starts the limit.
	Clock Clock `yaml:"clock"`
	// Idle is how long nothing may be recorded of a relationship until it
	// counts as ended; 0 where only a recorded end counts.
	Idle Limit `yaml:"idle"`
	// Citation is the rule; Reason stands instead of it where the pipeline
	// decides. Decision is how the rule is read where it is silent.
	Citation string `yaml:"citation"`
	Reason   string `yaml:"reason"`
	Decision string `yaml:"decision"`
	// Planned rows name stores that are not there yet.
	Planned bool `yaml:"planned"`
	// Sealed records are written only as ciphertext under their slot's key, so
	// that copies that a store still holds at the limit cannot be read.
	Sealed bool `yaml:"sealed"`
	// Topic is where the records come in; Tables are the base tables that hold
	// them, SystemTables those of ClickHouse's own database, Buckets where
	// objects of the class lie, Folders the folders and files below the data folder.
	Topic        string   `yaml:"topic"`
	Tables       []string `yaml:"tables"`
	SystemTables []string `yaml:"system_tables"`
	Buckets      []string `yaml:"buckets"`
	Folders      []string `yaml:"folders"`
	// Slot is the length of the slots, Margin how long before the limit
	// destruction begins, Behind how old a record may be when it comes in.
	Slot   Duration `yaml:"slot"`
	Margin Duration `yaml:"margin"`
	Behind Duration `yaml:"behind"`
}

// Store is a kind of store.
type Store string

// The stores.
const (
	Kafka      Store = "kafka"
	ClickHouse Store = "clickhouse"
	Objects    Store = "objects"
	Files      Store = "files"
)

// ImagesBucket is how the schedule names the one bucket, whatever a site calls it (objects.bucket).
const ImagesBucket = "images"

// Place is one thing in which a store keeps records of a class: a topic, a
// table (of the database system with its name in front), a bucket, a folder or
// file.
type Place struct {
	Store Store
	Name  string
}

// Places returns where the class's records lie, or will lie if it is planned.
func (r *Row) Places() (places []Place) {
	if r.Topic != "" {
		places = append(places, Place{Kafka, r.Topic})
	}
	for _, table := range r.Tables {
		places = append(places, Place{ClickHouse, table})
	}
	for _, table := range r.SystemTables {
		places = append(places, Place{ClickHouse, "system." + table})
	}
	for _, bucket := range r.Buckets {
		places = append(places, Place{Objects, bucket})
	}
	for _, folder := range r.Folders {
		places = append(places, Place{Files, folder})
	}
	return places
}

// Flows tells whether records of the class are taken in: it has a place, and
// the place is there. Of others there is nothing to look for.
func (r *Row) Flows() bool { return !r.Planned && len(r.Places()) > 0 }

// EventBound tells whether the clock starts with an event after receipt, so
// that a record's slot does not tell when it is destroyed. See [Row.EndOf].
func (r *Row) EventBound() bool { return slices.Contains(eventClocks, r.Clock) }

// Sliced tells whether the class has slots with a time of destruction each.
func (r *Row) Sliced() bool { return (r.Clock == Capture || r.Clock == Receipt) && r.Slot > 0 }
