package main

import (
	"time"

	"mailtrail/schemas/operation"
)

// eventTypeName is handlingEventType in words (IV-MTR).
func eventTypeName(code string) string {
	switch code {
	case "", "A":
		return "actual"
	case "S":
		return "assumed"
	case "L":
		return "logical"
	}
	return code
}

// operationName says in words what a code stood for at a time; empty where no source says so: a name that only follows from
// the numbering of the codes is no fact about a scan.
func operationName(operations *operation.Table, code, eventType string, at time.Time) string {
	if o, _ := operations.Lookup(code, eventType, at); o.Stated {
		return o.Name
	}
	return ""
}
