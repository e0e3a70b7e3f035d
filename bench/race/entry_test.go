package race

// entry is a program in the race. A new one is made for each run, so it may keep what it has started.
type entry interface {
	// prepare makes the tables and whatever else must stand before the clock starts.
	prepare(r *run)
	// start starts the program, and returns its process id or 0 where the ClickHouse server is the consumer itself.
	start(r *run) (pid int)
	// ended is closed when the program has ended by itself; nil where it cannot.
	ended() <-chan struct{}
	// stop ends the program.
	stop(r *run)
	// goods says where the rows are.
	goods() goods
}

// goods are an entry's rows.
type goods struct {
	// stored is the table, as database.table, that gets the rows: its parts are measured.
	stored string
	// public is what is read to see whether every field is there: stored itself where empty.
	public string
	// columns are expressions for those fields that do not stand in public as text under their own name.
	columns map[string]string
	// all are the tables that the program keeps besides, database.table or database.*.
	all []string
}

// named is an entry of the list.
type named struct {
	name string
	make func() entry
}
