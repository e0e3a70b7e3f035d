package ledger

import (
	"fmt"
	"time"
)

// Appended is where an entry stands in the log.
type Appended struct {
	Index int64
	// Repeated: an earlier entry told the same already, and Index is that one's.
	Repeated bool
}

// Append adds entries and returns once they and a checkpoint over them are on disk. Time, Nth and ClockBehind are set
// here. An entry of a kind of which there is one a store, object, class and slot is added once, however often it comes, so
// a caller that was killed says all of it again. Either all of the entries are added or, with an error that
// wraps [ErrEntry], none; after any other error some may be, and the next Append finds out.
func (l *Log) Append(entries ...Entry) ([]Appended, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unsure {
		if err := l.load(); err != nil {
			return nil, err
		}
	}
	return l.append(entries)
}

// append is Append under the mutex.
func (l *Log) append(entries []Entry) ([]Appended, error) {
	block, positions, err := l.prepare(entries)
	if err != nil || len(block) == 0 {
		return positions, err
	}
	l.unsure = true
	if err := l.write(block); err != nil {
		return nil, fmt.Errorf("writing the ledger's entries: %w", err)
	}
	for i := range block {
		if err := l.index.add(&block[i].entry, block[i].leaf); err != nil {
			return nil, err
		}
	}
	if err := l.sign(); err != nil {
		return nil, err
	}
	l.deps.Reached(AfterCheckpoint)
	l.unsure = false
	return positions, nil
}

// prepared is an entry about to be written.
type prepared struct {
	entry Entry
	leaf  []byte
}

// prepare stamps the entries that are new, and finds the others.
func (l *Log) prepare(entries []Entry) (block []prepared, positions []Appended, err error) {
	now := l.deps.Clock().UTC().Truncate(time.Millisecond)
	behind := max(l.index.last.Sub(now), 0)
	added := map[slotName]int64{}
	fresh := map[[16]byte]int64{}
	for _, e := range entries {
		at, repeated := l.index.find(&e)
		if shape, _ := shapeOf(e.Kind); shape.once && !repeated {
			at, repeated = fresh[onceKey(&e)]
		}
		if repeated {
			positions = append(positions, Appended{at, true})
			continue
		}
		e.Time, e.ClockBehind = now.Add(behind), behind.Milliseconds()
		if e.Nth = l.index.nth(&e); e.Nth > 0 {
			e.Nth += added[nameOf(&e)]
			added[nameOf(&e)]++
		}
		leaf, err := e.Encode()
		if err != nil {
			return nil, nil, err
		}
		at = l.index.entries() + int64(len(block))
		if shape, _ := shapeOf(e.Kind); shape.once {
			fresh[onceKey(&e)] = at
		}
		block = append(block, prepared{e, leaf})
		positions = append(positions, Appended{Index: at})
	}
	return block, positions, nil
}

// write brings the leaves to the disk, each on a line.
func (l *Log) write(block []prepared) error {
	var lines []byte
	for i := range block {
		lines = append(append(lines, block[i].leaf...), '\n')
	}
	l.deps.Reached(BeforeEntries)
	half := len(lines) / 2
	if _, err := l.entries.WriteAt(lines[:half], l.index.size); err != nil {
		return err
	}
	l.deps.Reached(AfterHalf)
	if _, err := l.entries.WriteAt(lines[half:], l.index.size+int64(half)); err != nil {
		return err
	}
	l.deps.Reached(AfterEntries)
	if err := l.entries.Sync(); err != nil {
		return err
	}
	l.deps.Reached(AfterSync)
	return nil
}
