package simulate

import (
	"context"
	"io"
)

// ToFile writes the mail as newline-delimited JSON, an event a line, without
// copies of requests. tell, where it is not nil, is called after each request. The
// truth has rows for each door that the file may be fed to.
func ToFile(ctx context.Context, options Options, w io.Writer, tell func(Progress)) (Truth, Progress, error) {
	options.Door = File
	p := &progress{listener: tell}
	truth, err := Generate(ctx, options, func(r *Request) error {
		if _, err := w.Write(r.Body); err != nil {
			return err
		}
		p.add(Progress{Requests: 1, Events: uint64(r.Len()), Accepted: uint64(r.Len())})
		return nil
	})
	return truth, p.sum, err
}
