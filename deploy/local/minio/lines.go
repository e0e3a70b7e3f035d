package minio

import (
	"bytes"
	"encoding/json"

	"github.com/rs/zerolog"
)

// longestLine bounds what is kept of a line without an end, in bytes.
const longestLine = 64 << 10

// lines gives what MinIO says, a JSON object a line, to our log. Its words name buckets and keys of objects, never what is in them.
type lines struct {
	log  zerolog.Logger
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			break
		}
		l.tell(line)
		l.rest = append(l.rest[:0], rest...)
	}
	if len(l.rest) > longestLine {
		l.rest = l.rest[:0]
	}
	return len(p), nil
}

func (l *lines) tell(line []byte) {
	var said struct {
		Level   string `json:"level"`
		Message string `json:"message"`
		Error   struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	event := l.log.Debug()
	if json.Unmarshal(line, &said) != nil { // a panic, or Go itself
		said.Level, said.Message = "FATAL", string(line)
	}
	if said.Level == "ERROR" || said.Level == "FATAL" {
		event = l.log.Warn()
	}
	event.Str("said", said.Message+said.Error.Message).Msg("MinIO says")
}
