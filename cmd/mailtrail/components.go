package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
)

// components are long-lived parts that are started one after the other and stopped in reverse.
type components struct {
	log     zerolog.Logger
	running []component
	failed  chan error
}

type component struct {
	name string
	stop context.CancelFunc
	done chan struct{}
}

func newComponents(log zerolog.Logger) *components {
	return &components{log: log, failed: make(chan error, 1)}
}

// start runs a part until it is stopped. A part that ends by itself ends all.
func (c *components) start(name string, run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	part := component{name: name, stop: stop, done: make(chan struct{})}
	c.running = append(c.running, part)
	go func() {
		defer close(part.done)
		err := run(ctx)
		if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		select {
		case c.failed <- fmt.Errorf("%s: %w", name, err):
		default:
		}
	}()
}

// wait returns when ctx ends, or with the error of the first part that failed.
func (c *components) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.failed:
		return err
	}
}

// check runs a step of the start and gives up early where a part fails meanwhile.
func (c *components) check(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- step(ctx) }()
	select {
	case err := <-done:
		return err
	case err := <-c.failed:
		c.failed <- err
		cancel()
		<-done
		return err
	}
}

// stop ends the parts, the last first, each before the next.
func (c *components) stop() {
	for i := len(c.running) - 1; i >= 0; i-- {
		part := c.running[i]
		c.log.Debug().Str("part", part.name).Msg("stopping")
		part.stop()
		<-part.done
	}
	c.running = nil
}
