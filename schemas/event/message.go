package event

import (
	"fmt"
	"strconv"
	"strings"
)

// Topics. Their formats are public and versioned: see README.md beside this file.
const (
	ScansTopic   = "mail.scans"
	RejectsTopic = "mail.rejects"
)

// Content types of a message; JSON where there is none.
const (
	JSONType  = "application/json"
	ProtoType = "application/x-protobuf"
)

// Headers of a message in mail.scans.
const (
	// ContentTypeHeader tells how the value is encoded.
	ContentTypeHeader = "content-type"
	// BatchIDHeader makes repeats of a request count once: events of equal id
	// and index are stored once. It is also the message's key.
	BatchIDHeader = "batch-id"
	// BatchPartHeader is "k/n": this message is the k-th of the n of its request.
	BatchPartHeader = "batch-part"
	// BatchIndexHeader lists the places in the request of the message's
	// events, as Ranges. Without it they are 0, 1, 2 ...
	BatchIndexHeader = "batch-index"
	// ReceivedHeader is the gateway's clock when the request came, Unix milliseconds.
	ReceivedHeader = "received"
	// DeviceHeader names the device that sent the request.
	DeviceHeader = "device"
	// ZoneHeader is the device's configured time zone (IANA name), for local
	// times at facilities whose zone is not known.
	ZoneHeader = "zone"
	// PushGroupHeader and PushPartHeader carry the numbering of an IV-MTR push
	// envelope: msgGrpId, and "msgSerNbr/totMsgCnt".
	PushGroupHeader = "push-group"
	PushPartHeader  = "push-part"
	// OriginHeader is the Identity under which a replayed reject first came.
	OriginHeader = "origin"
	// RepairHeader tells of a replayed reject how its damaged bars were repaired:
	// a Repair. It counts for messages with an origin alone.
	RepairHeader = "repair"
)

// Headers of a message in mail.rejects, besides those above that are kept from
// the message that was rejected. The value is the raw payload: the event, or
// the whole message where it could not be split.
const (
	// ReasonHeader is the Reason, StageHeader where it was found.
	ReasonHeader = "reason"
	StageHeader  = "stage"
	// FieldHeader is the JSON name of the field that is wrong, if it is one.
	FieldHeader = "field"
	// RejectedAtHeader is the clock that decided, Unix milliseconds.
	RejectedAtHeader = "rejected-at"
	// ClockHeader is the earliest clock that the event can have, Unix
	// milliseconds: its slot follows from it.
	ClockHeader = "clock"
	// ClassHeader is the retention class of the event, empty where it was not told.
	ClassHeader = "class"
	// SealHeader tells how the payload is sealed: "none", or a Seal. A replay in
	// mail.scans has it too.
	SealHeader = "seal"
	// EventsHeader is how many events a sealed payload can be sent as, where they are more than one.
	EventsHeader = "events"
	// NoSeal is the SealHeader of a payload in clear.
	NoSeal = "none"
)

// Identity is where an event first stood in Kafka: what makes it the same
// event wherever it is seen again.
type Identity struct {
	Topic     string
	Partition int32
	Offset    int64
	// Index is the event's place within the message, from 0.
	Index uint32
}

// String gives the identity as TOPIC/PARTITION/OFFSET/INDEX, as ParseIdentity reads it.
func (i Identity) String() string {
	return i.Topic + "/" + strconv.Itoa(int(i.Partition)) + "/" + strconv.FormatInt(i.Offset, 10) + "/" + strconv.FormatUint(uint64(i.Index), 10)
}

// ParseIdentity reads TOPIC/PARTITION/OFFSET/INDEX.
func ParseIdentity(text string) (Identity, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 || parts[0] == "" {
		return Identity{}, fmt.Errorf("identity: expected TOPIC/PARTITION/OFFSET/INDEX")
	}
	partition, err1 := strconv.ParseInt(parts[1], 10, 32)
	offset, err2 := strconv.ParseInt(parts[2], 10, 64)
	index, err3 := strconv.ParseUint(parts[3], 10, 32)
	if err1 != nil || err2 != nil || err3 != nil || partition < 0 || offset < 0 {
		return Identity{}, fmt.Errorf("identity: partition, offset and index must be whole numbers from 0")
	}
	return Identity{Topic: parts[0], Partition: int32(partition), Offset: offset, Index: uint32(index)}, nil
}

// Part is one of several numbered parts, as "k/n" with 1 <= k <= n.
type Part struct{ Number, Of int }

// String gives the part as "k/n".
func (p Part) String() string { return itoa(p.Number) + "/" + itoa(p.Of) }

// ParsePart reads "k/n".
func ParsePart(text string) (Part, error) {
	k, n, found := strings.Cut(text, "/")
	number, err1 := strconv.Atoi(k)
	of, err2 := strconv.Atoi(n)
	if !found || err1 != nil || err2 != nil || number < 1 || number > of {
		return Part{}, fmt.Errorf("part: expected k/n with 1 <= k <= n")
	}
	return Part{Number: number, Of: of}, nil
}
