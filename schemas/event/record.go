package event

// Message is one Kafka record, to be written or as it was read.
type Message struct {
	Topic     string
	Partition int32
	Offset    int64
	// Time is the record's timestamp, Unix milliseconds.
	Time    int64
	Key     []byte
	Value   []byte // nil for a tombstone
	Headers []Header
}

// Header is a header of a Message.
type Header struct {
	Key   string
	Value []byte
}

// Header returns the last header of that key, nil where there is none.
func (m *Message) Header(key string) []byte {
	for i := len(m.Headers) - 1; i >= 0; i-- {
		if m.Headers[i].Key == key {
			return m.Headers[i].Value
		}
	}
	return nil
}

// Receipt says what became of a block of offsets: a row of the table blocks.
// It holds no personal data.
type Receipt struct {
	Topic       string
	Partition   int32
	First, Last int64 // the offsets of the block, both within
	At          int64 // the clock that decided, Unix milliseconds
	Epoch       string
	Events      uint64
	// Control and Aborted count offsets without an event: transaction markers,
	// and records of transactions that were taken back.
	Control, Aborted uint64
	Outcomes         []OutcomeCount
	Slots            []SlotCount
}

// OutcomeCount is how many events of a block had one outcome.
type OutcomeCount struct {
	Class   string // empty where the class was not told
	Outcome Outcome
	Reason  string // of a reject, else empty
	Events  uint64
}

// SlotCount is how many rows of a block lie in one slot.
type SlotCount struct {
	Class string
	Slot  int64 // Unix seconds
	Rows  uint64
}

// BatchRow is what became of one message of a request: a row of the table batches.
type BatchRow struct {
	ID        string
	Part      Part
	Places    string // the places in the request of the message's events, as Ranges
	Topic     string
	Partition int32
	Offset    int64
	At        int64 // the clock that decided, Unix milliseconds
	Device    string
	Outcomes  [NumOutcomes]uint64
	Reasons   map[string]uint64 // rejected events by reason
	// PushGroup and PushPart are the numbering of an IV-MTR push envelope, empty and zero without one.
	PushGroup string
	PushPart  Part
}

// ReplayRow says where a replayed reject was stored: a row of the table replays.
type ReplayRow struct {
	Origin    string // Identity under which the event first came
	Topic     string
	Partition int32
	Offset    int64
	At        int64 // the clock that decided, Unix milliseconds
}

// EpochPart is one of the tables that decided about the blocks of an epoch: a
// row of the table epochs.
type EpochPart struct {
	Epoch   string
	Name    string
	Content []byte
}
