package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/ingest"
	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// sealer seals and opens payloads for the stages that do so.
type sealer struct {
	holder *keys.Holder
	packer *event.Packer
	// remedy says what to do where the authority cannot be asked.
	remedy string
}

// newSealer makes one that gets its keys from this process, where it is the keeper, and from the authority at
// keys.connect otherwise. Close its holder.
func (r *role) newSealer(metrics prometheus.Registerer) (*sealer, error) {
	deps := keys.HolderDeps{Metrics: metrics, Clock: keys.WallClock{}}
	s := &sealer{remedy: "it is this process's own"}
	if r.keeper != nil {
		deps.Source, deps.Clock = r.keeper.authority, keeperClock{r.keeper.clock}
	} else {
		var err error
		if deps.Source, s.remedy, err = keySource(r.config); err != nil {
			return nil, err
		}
	}
	var err error
	if s.packer, err = event.NewPacker(); err != nil {
		return nil, err
	}
	s.holder, err = keys.NewHolder(deps)
	return s, err
}

// keySource is the way to the authority in another process, and what to do where it does not answer.
func keySource(c *config.Loaded) (keys.Source, string, error) {
	connect := c.KeysConnect()
	if connect == "" {
		return noKeys{}, "set it", nil
	}
	tls, err := keysTLS(c, connect)
	if err != nil {
		return nil, "", err
	}
	network, address := connect.Dial()
	client, err := keys.NewClient(keys.ClientConfig{Network: network, Address: address, TLS: tls})
	if c.Mode == config.Embedded && c.Keys.Connect == "" {
		return client, "does `mailtrail up` run with this data folder? It serves keys at " + address, err
	}
	return client, fmt.Sprintf("does `mailtrail retention run` serve keys at %s (keys.listen there, keys.connect here)?", connect), err
}

// errNoKeys says how a role comes by keys in external mode.
var errNoKeys = errors.New("keys.connect is not set: dead letters are written and read under slot keys alone, which `mailtrail retention run` serves; " +
	"set keys.listen for it and keys.connect here, both to unix:PATH, or to host:port with keys.tls")

// noKeys is where no authority is configured.
type noKeys struct{}

func (noKeys) Key(context.Context, string, time.Time, keys.Use) (keys.Grant, error) {
	return keys.Grant{}, fmt.Errorf("%w: %w", keys.ErrUnavailable, errNoKeys)
}

// keysTLS is the TLS for an endpoint; none for a socket.
func keysTLS(c *config.Loaded, endpoint config.Endpoint) (*tls.Config, error) {
	if network, _ := endpoint.Dial(); network == "unix" {
		return nil, nil
	}
	return keys.MutualTLS(c.Keys.TLS.Cert, c.Keys.TLS.Key, c.Keys.TLS.CA)
}

// startSealer makes a sealer for a role that cannot work without keys; what it holds is wiped when the role's parts are stopped.
func (r *role) startSealer() (*sealer, error) {
	if r.keeper == nil && r.config.KeysConnect() == "" {
		return nil, wrongUsage("%w", errNoKeys)
	}
	s, err := r.newSealer(r.observer.part("ingest"))
	if err != nil {
		return nil, err
	}
	r.parts.start("held slot keys", func(ctx context.Context) error {
		defer s.holder.Close()
		<-ctx.Done()
		return ctx.Err()
	})
	r.observer.ready("keys", s.ready)
	return s, nil
}

// ready tells whether the authority answers.
func (s *sealer) ready(ctx context.Context) error {
	return s.told(s.holder.Ready(ctx))
}

func sealedObject(seal event.Seal, identity string) keys.Object {
	return keys.Object{Class: seal.Class, Slot: time.Unix(seal.Slot, 0).UTC(), ID: identity, Version: event.SealedForm}
}

func (s *sealer) seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	sealed, err := s.holder.Seal(ctx, nil, sealedObject(seal, identity), s.packer.Pack(payload))
	return sealed, s.told(err)
}

func (s *sealer) open(ctx context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error) {
	packed, err := s.holder.Open(ctx, nil, sealedObject(seal, identity), sealed)
	if err != nil {
		return nil, s.told(err)
	}
	payload, err := s.packer.Unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", keys.ErrNotYours, err)
	}
	return payload, nil
}

// told says what to do, where something can be done.
func (s *sealer) told(err error) error {
	switch {
	case errors.Is(err, errNoKeys):
		return err
	case errors.Is(err, keys.ErrUnavailable):
		return fmt.Errorf("%w; %s", err, s.remedy)
	case errors.Is(err, keys.ErrNoSlot):
		return fmt.Errorf("%w; has the key authority another retention schedule (key retention.schedule)?", err)
	case errors.Is(err, keys.ErrNotBegun):
		return fmt.Errorf("%w; set the clocks of this machine and of the key authority right", err)
	}
	return err
}

// over tells that nothing can be sealed or opened in the slot any more, foreign that no key of ours opens the payload.
func over(err error) bool { return errors.Is(err, keys.ErrDestroyed) || errors.Is(err, keys.ErrSealed) }

func foreign(err error) bool {
	return errors.Is(err, keys.ErrNotYours) || errors.Is(err, keys.ErrUnknown) || errors.Is(err, keys.ErrNoSlot)
}

// stageKeys is the sealer as a stage wants it: with that stage's own words for a slot that is over and a payload of somebody else.
type stageKeys struct {
	*sealer
	ended, foreign error
}

func ingestKeys(s *sealer) stageKeys { return stageKeys{s, ingest.ErrKeyEnded, ingest.ErrForeign} }
func rejectKeys(s *sealer) stageKeys { return stageKeys{s, rejects.ErrKeyEnded, rejects.ErrForeign} }

// Seal seals a payload for its event.
func (k stageKeys) Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	sealed, err := k.seal(ctx, seal, identity, payload)
	if over(err) {
		err = fmt.Errorf("%w: %w", k.ended, err)
	}
	return sealed, err
}

// Open opens what was sealed for the event.
func (k stageKeys) Open(ctx context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error) {
	payload, err := k.open(ctx, seal, identity, sealed)
	switch {
	case over(err):
		err = fmt.Errorf("%w: %w", k.ended, err)
	case foreign(err):
		err = fmt.Errorf("%w: %w", k.foreign, err)
	}
	return payload, err
}

// Transient: an authority that is away, or whose clock is behind, comes back; a lost key or another schedule is mended by a person.
func (stageKeys) Transient(err error) bool {
	return errors.Is(err, keys.ErrUnavailable) || errors.Is(err, keys.ErrNotBegun)
}

// sealedBy is the schedule's row of dead letters.
func sealedBy(schedule *retention.Schedule) *retention.Row { return schedule.Row(retention.Rejects) }
