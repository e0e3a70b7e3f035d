package gateway

import (
	"net/http"
	"strings"
)

// authenticate notes the device that the request comes from, or answers 401. A
// header counts before a certificate, so that a wrong token is seen.
func (c *call) authenticate() bool {
	credentials, given := CredentialsOf(c.r)
	if given {
		device, ok := c.g.deps.Authenticator.Authenticate(credentials)
		if ok {
			c.device = device
			return true
		}
	}
	message := "no device has these credentials, or it was revoked"
	if !given {
		message = "expected Authorization: Bearer TOKEN, HTTP basic with device and token, or a client certificate"
	}
	c.w.Header()["Www-Authenticate"] = []string{`Bearer realm="mailtrail"`, `Basic realm="mailtrail", charset="UTF-8"`}
	c.fail(fail(http.StatusUnauthorized, Unauthorized, message))
	return false
}

// CredentialsOf are what a request shows: a header counts before a certificate. given is false where it shows nothing.
func CredentialsOf(r *http.Request) (credentials Credentials, given bool) {
	header := r.Header.Get("Authorization")
	if header != "" {
		if device, token, ok := r.BasicAuth(); ok {
			return Credentials{Device: device, Token: token}, device != "" && token != ""
		}
		scheme, token, _ := strings.Cut(header, " ")
		token = strings.TrimSpace(token)
		return Credentials{Token: token}, strings.EqualFold(scheme, "Bearer") && token != ""
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return Credentials{Certificate: r.TLS.VerifiedChains[0][0]}, true
	}
	return Credentials{}, false
}
