package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/pipeline/keys"
)

// newImageKeys makes a holder that gets its keys from the authority at keys.connect. Close it.
func (r *role) newImageKeys(metrics prometheus.Registerer) (imageKeys, error) {
	c := r.config
	var source keys.Source = noImageKeys{}
	if connect := c.Keys.Connect; connect != "" {
		network, address := connect.Dial()
		config := keys.ClientConfig{Network: network, Address: address}
		var err error
		if network != "unix" {
			if config.TLS, err = keys.MutualTLS(c.Keys.TLS.Cert, c.Keys.TLS.Key, c.Keys.TLS.CA); err != nil {
				return imageKeys{}, err
			}
		}
		if source, err = keys.NewClient(config); err != nil {
			return imageKeys{}, err
		}
	}
	holder, err := keys.NewHolder(keys.HolderDeps{Metrics: metrics, Clock: keys.WallClock{}, Source: source})
	return imageKeys{holder}, err
}

// noImageKeys is where no authority is configured.
type noImageKeys struct{}

func (noImageKeys) Key(context.Context, string, time.Time, keys.Use) (keys.Grant, error) {
	return keys.Grant{}, fmt.Errorf("%w: %w", keys.ErrUnavailable, errors.New("keys.connect is not set: images are sealed under slot keys alone, which `mailtrail retention run` serves at keys.listen"))
}
