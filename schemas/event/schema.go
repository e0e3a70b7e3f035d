package event

import (
	"encoding/json"
	"fmt"
	"strings"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of what is accepted as a
// JSON body: an event, an array of events, or a push envelope. It is made from
// the table of fields. A schema cannot say all: lengths of text are bytes of
// UTF-8, an empty text and null mean that a field is absent, and whether a
// barcode is valid is seen later.
func JSONSchema() []byte {
	event := schemaRef{Ref: "#/$defs/event"}
	list := schemaNode{Type: "array", Items: &event}
	text, err := json.MarshalIndent(schemaDocument{
		Schema:      "https://json-schema.org/draft/2020-12/schema",
		Title:       "mailtrail scan events",
		Description: "The body of POST /v1/scans as application/json: one event, an array of events, or the push envelope of IV-MTR. As application/x-ndjson each line is one event.",
		AnyOf:       []schemaRef{{Ref: "#/$defs/envelope"}, event, {Ref: "#/$defs/events"}},
		Defs:        schemaDefs{Event: eventSchema(), Events: list, Envelope: envelopeSchema(list)},
	}, "", "  ")
	if err != nil {
		panic("the JSON Schema of scan events cannot be written: " + err.Error())
	}
	return text
}

type schemaDocument struct {
	Schema      string      `json:"$schema"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	AnyOf       []schemaRef `json:"anyOf"`
	Defs        schemaDefs  `json:"$defs"`
}

type schemaDefs struct {
	Event    schemaNode `json:"event"`
	Events   schemaNode `json:"events"`
	Envelope schemaNode `json:"envelope"`
}

type schemaRef struct {
	Ref string `json:"$ref"`
}

// schemaNode is a schema; members that are not set are left out.
type schemaNode struct {
	Description string            `json:"description,omitempty"`
	Type        any               `json:"type,omitempty"`
	Items       *schemaRef        `json:"items,omitempty"`
	MaxLength   int               `json:"maxLength,omitempty"`
	Pattern     string            `json:"pattern,omitempty"`
	Minimum     *int              `json:"minimum,omitempty"`
	Properties  schemaMembers     `json:"properties,omitempty"`
	Required    []string          `json:"required,omitempty"`
	AnyOf       []schemaNode      `json:"anyOf,omitempty"`
	AllOf       []schemaNode      `json:"allOf,omitempty"`
	Examples    []json.RawMessage `json:"examples,omitempty"`
}

// schemaMembers are named schemas that keep the order of the table.
type schemaMembers []schemaMember

type schemaMember struct {
	name string
	node schemaNode
}

// MarshalJSON writes the members as one object.
func (m schemaMembers) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, each := range m {
		node, err := json.Marshal(each.node)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", each.name, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "%q:%s", each.name, node)
	}
	return append(text, '}'), nil
}

func eventSchema() schemaNode {
	node := schemaNode{
		Description: "One scan. Exactly one of imb, bars, imtb, imcb, impb, s10, planet names the object. Fields that are not listed are counted and ignored; an empty text and null mean that a field is absent.",
		Type:        "object",
		Required:    []string{ScanDatetime.String()},
		Examples: []json.RawMessage{json.RawMessage(`{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123-05:00",` +
			`"scanEventCode":"918","handlingEventType":"A","scanLocaleKey":"V19160","machineId":"DBCS-0421"}`)},
	}
	for f := range NumFields {
		node.Properties = append(node.Properties, schemaMember{f.String(), fieldSchema(f)})
	}
	var object, place schemaNode
	for _, f := range Objects {
		object.AnyOf = append(object.AnyOf, schemaNode{Required: []string{f.String()}})
	}
	for _, f := range []Field{MachineID, ScanLocaleKey, ScanFacilityZip} {
		place.AnyOf = append(place.AnyOf, schemaNode{Required: []string{f.String()}})
	}
	node.AllOf = []schemaNode{object, place}
	return node
}

func fieldSchema(f Field) schemaNode {
	spec, zero := f.Spec(), 0
	node := schemaNode{Description: spec.Comment, Type: []string{"string", "integer", "null"}, MaxLength: spec.Max, Minimum: &zero}
	if spec.Kind == Date || spec.Kind == Moment {
		node.Type, node.Minimum = []string{"string", "null"}, nil
	}
	node.Pattern = fieldPattern(f)
	return node
}

// fieldPattern is the regular expression of a field's text, empty where any text is allowed.
func fieldPattern(f Field) string {
	const date, clock = `[0-9]{4}-[0-9]{2}-[0-9]{2}`, `[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?`
	spec := f.Spec()
	switch {
	case spec.Kind == Text:
		return ""
	case spec.Kind == Date:
		return "^(" + date + ")?$"
	case spec.Kind == Moment:
		return "^(" + date + "[Tt ]" + clock + "([Zz]|[+-][0-9]{2}:[0-9]{2})?)?$"
	case f == Bars:
		return "^[0-9A-Za-z?]*$"
	}
	letters := "[0-9]"
	if spec.Kind == Letters {
		letters = "[0-9A-Za-z]"
	}
	if spec.Lengths == nil {
		return "^" + letters + "*$"
	}
	var lengths []string
	for _, n := range spec.Lengths {
		lengths = append(lengths, fmt.Sprintf("%s{%d}", letters, n))
	}
	return "^(" + strings.Join(lengths, "|") + ")?$"
}

func envelopeSchema(events schemaNode) schemaNode {
	number := func(comment string) schemaNode {
		return schemaNode{Description: comment, Type: []string{"string", "integer", "null"}}
	}
	events.Type = []string{"array", "null"}
	return schemaNode{
		Description: "The push envelope of IV-MTR. Its names may be written in any case.",
		Type:        "object",
		Required:    []string{"events"},
		Properties: schemaMembers{
			{"msgGrpId", number("the group of messages that this one belongs to")},
			{"msgSerNbr", number("this message's number in its group, from 1")},
			{"totMsgCnt", number("messages in the group")},
			{"recCnt", number("events in this message")},
			{"totRecCnt", number("events in the group")},
			{"events", events},
		},
	}
}
