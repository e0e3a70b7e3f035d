//go:build !faults

package main

import "mailtrail/pipeline/ingest"

// faultPoint is nothing: only programs built with the tag faults, for crash tests, end themselves.
func faultPoint() func(ingest.Point) { return nil }
