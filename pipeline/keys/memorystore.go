package keys

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// MemoryStore keeps keys in memory alone, so that no disk ever has one. The price: whatever ends the process ends every
// slot that had begun. What was sealed in it can never be opened again, and nothing more can be sealed in it, since the
// ledger knows that it had a key.
type MemoryStore struct {
	mu   sync.Mutex
	keys map[ID]kept
}

type kept struct {
	record Record
	key    Secret
}

// NewMemoryStore makes an empty one.
func NewMemoryStore() *MemoryStore { return &MemoryStore{keys: map[ID]kept{}} }

// List names the keys.
func (s *MemoryStore) List(context.Context) (ids []ID, strangers []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.keys {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, ID.compare)
	return ids, nil, nil
}

// Put keeps a copy of a key.
func (s *MemoryStore) Put(_ context.Context, record Record, key Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.keys[record.ID]; taken {
		return fmt.Errorf("key %s: there is one of this name already", record.ID)
	}
	s.keys[record.ID] = kept{record, key.clone()}
	return nil
}

// Get returns a copy of a key.
func (s *MemoryStore) Get(_ context.Context, id ID) (Record, Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.keys[id]
	if !ok {
		return Record{}, Secret{}, fmt.Errorf("key %s: %w", id, ErrUnknown)
	}
	return found.record, found.key.clone(), nil
}

// Destroy wipes a key.
func (s *MemoryStore) Destroy(_ context.Context, id ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.keys[id]; ok {
		found.key.wipe()
		delete(s.keys, id)
	}
	return nil
}
