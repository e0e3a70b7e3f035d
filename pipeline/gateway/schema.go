package gateway

import (
	"encoding/json"
	"net/http"

	"mailtrail/schemas/event"
)

// schemas are the answers of GET /v1/schema, made once.
type schemas struct {
	proto, json, both []byte
}

func newSchemas() schemas {
	s := schemas{proto: event.Proto, json: event.JSONSchema()}
	both, err := json.MarshalIndent(struct {
		Proto string          `json:"proto"`
		JSON  json.RawMessage `json:"json"`
	}{string(s.proto), s.json}, "", "  ")
	if err != nil {
		panic("the schemas cannot be written as JSON: " + err.Error())
	}
	s.both = append(both, '\n')
	return s
}

func (c *call) getSchema() {
	query, s := c.r.URL.Query(), &c.g.schemas
	switch format := query.Get("format"); {
	case !query.Has("format"):
		c.write(http.StatusOK, "application/json", s.both)
	case format == "proto":
		c.write(http.StatusOK, "text/plain; charset=utf-8", s.proto)
	case format == "json":
		c.write(http.StatusOK, "application/schema+json", s.json)
	default:
		c.fail(fail(http.StatusBadRequest, BadParameter, "expected format=proto or format=json, or none for both").withField("format"))
	}
}
