package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"mailtrail/cmd/mailtrail/config"
)

// clientTLS is how a store is reached: nil in clear. key is the configuration section, for errors.
func clientTLS(key string, c config.ClientTLS) (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.InsecureSkipVerify}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("%s.ca: %w", key, err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s.ca: %s holds no certificate in PEM form", key, c.CA)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("%s.cert and %s.key: %w", key, key, err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
