package sql

import "strings"

// Query names a query: the name of its file.
type Query string

// The queries. What each asks, and its parameters, is described in its file.
// wanted is an external table with one column key of type String: keys go
// beside the text, so that no log of queries holds them.
const (
	Batches           Query = "batches"
	Replays           Query = "replays"
	Epoch             Query = "epoch"
	TopicLabel        Query = "topic_label"
	LastReceipts      Query = "last_receipts"
	Receipts          Query = "receipts"
	RowCounts         Query = "row_counts"
	BlockDifferences  Query = "block_differences"
	Duplicates        Query = "duplicates"
	Identities        Query = "identities"
	ReceiptPartitions Query = "receipt_partitions"
	Piece             Query = "piece"
	SlotStatus        Query = "slot_status"
	TableStatus       Query = "table_status"
	DiskStatus        Query = "disk_status"
	MostParts         Query = "most_parts"
	Database          Query = "database"
	Definition        Query = "definition"
	Columns           Query = "columns"
	Indices           Query = "indices"
	Editions          Query = "editions"
	KnownSettings     Query = "known_settings"
	HeldSlots         Query = "held_slots"
	AppliedSchedule   Query = "applied_schedule"
	Now               Query = "now"
	Known             Query = "known_barcodes"
	KnownInEpochs     Query = "known_in_epochs"
	MoveKnown         Query = "move_known"
	KnownToHash       Query = "known_to_hash"
	Image             Query = "image"
	ImagesOfPiece     Query = "images_of_piece"
	KnownImages       Query = "known_images"
	PackEnds          Query = "pack_ends"
	InspectTables     Query = "inspect_tables"
	InspectParts      Query = "inspect_parts"
	InspectMutations  Query = "inspect_mutations"
	InspectGrants     Query = "inspect_grants"
	InspectDisks      Query = "inspect_disks"
)

// Insert is the head of an INSERT of whole columns into a base table.
func (s *SQL) Insert(table string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = quote(name)
	}
	return "INSERT INTO " + s.names.Data() + "." + table + " (" + strings.Join(quoted, ", ") + ")"
}

func quote(name string) string { return "`" + name + "`" }
