package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// maxAnswerLine is the longest line that is looked at, in bytes; a longer one is refused. No barcode comes near.
const maxAnswerLine = 4096

// Sizes of the stream. Lines are handed out in batches small enough that slow ones hold up few others, and a bounded number of batches is under
// way, so memory stays the same however long the input is.
const (
	readBytes       = 64 << 10
	batchBytes      = 4 << 10
	batchesToWorker = 8
)

// verdict is what came of a line.
type verdict uint8

const (
	answered verdict = iota
	refused
	ambiguous
)

// tally counts lines by verdict.
type tally struct{ lines, refused, ambiguous int }

func (t *tally) count(v verdict) {
	t.lines++
	switch v {
	case refused:
		t.refused++
	case ambiguous:
		t.ambiguous++
	}
}

func (t *tally) add(other tally) {
	t.lines += other.lines
	t.refused += other.refused
	t.ambiguous += other.ambiguous
}

// answerer answers lines. It is used by one goroutine at a time.
type answerer interface {
	// Answer appends the answer to a line, without a line break, to dst.
	Answer(dst, line []byte) ([]byte, verdict)
	// Refuse appends the answer to a line that cannot be looked at; line is its beginning.
	Refuse(dst, line []byte, why error) []byte
}

// What is wrong with lines that no answerer gets to see.
var (
	errLineTooLong = fmt.Errorf("the line is longer than %d bytes", maxAnswerLine)
	errNotText     = errors.New("the line is not text")
)

// batch is some lines on their way, each with a line break, and then their answers.
type batch struct {
	lines, answers []byte
	tally          tally
	done           chan struct{} // gets a value when the answers are there
}

// answer answers all lines of the batch.
func (b *batch) answer(who answerer) {
	b.answers, b.tally = b.answers[:0], tally{}
	for line := range bytes.Lines(b.lines) {
		line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
		v := refused
		switch {
		case len(line) > maxAnswerLine:
			b.answers = who.Refuse(b.answers, line[:maxAnswerLine], errLineTooLong)
		case !isText(line):
			b.answers = who.Refuse(b.answers, line, errNotText)
		default:
			b.answers, v = who.Answer(b.answers, line)
		}
		b.answers = append(b.answers, '\n')
		b.tally.count(v)
	}
}

// isText reports whether a line is UTF-8 without control characters other than tabs.
func isText(line []byte) bool {
	plain := true
	for _, c := range line {
		plain = plain && c >= ' ' && c < utf8.RuneSelf-1
	}
	if plain {
		return true
	}
	for _, r := range string(line) {
		if r != '\t' && unicode.IsControl(r) {
			return false
		}
	}
	return utf8.Valid(line)
}

// stream answers every line of in on out, in their order. What has been read is answered at once, even where no more comes for a while, so that
// a program at the other end may ask and wait. When ctx ends it returns although a read may still wait for input.
func stream(ctx context.Context, in io.Reader, out io.Writer, answerers []answerer) (tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	count := batchesToWorker * len(answerers)
	s := &streaming{
		free: make(chan *batch, count), work: make(chan *batch, count), order: make(chan *batch, count),
	}
	for range count {
		s.free <- &batch{done: make(chan struct{}, 1)}
	}
	defer cancel()
	for _, who := range answerers {
		go func() {
			for b := range s.work {
				b.answer(who)
				b.done <- struct{}{}
			}
		}()
	}
	// Reader and workers end by themselves when the input or ctx ends. They are not waited for: a read of a silent terminal cannot be woken.
	go s.read(ctx, in)
	total, err := s.write(ctx, out)
	if err == nil {
		err = s.failure
	}
	return total, err
}

// streaming is what reader, workers and writer share. A batch goes from free to both work and order, and back.
type streaming struct {
	free, work, order chan *batch
	failure           error // of reading; set before order is closed
}

// read cuts the input into batches until it ends.
func (s *streaming) read(ctx context.Context, in io.Reader) {
	defer close(s.order)
	defer close(s.work)
	var begun []byte // of a line that has not ended yet, no more than shows that it is too long
	var b *batch
	flush := func() {
		if b != nil {
			s.order <- b
			s.work <- b
			b = nil
		}
	}
	buffer := make([]byte, readBytes)
	for {
		n, err := in.Read(buffer)
		for chunk := buffer[:n]; len(chunk) > 0; {
			line, rest, ended := bytes.Cut(chunk, []byte("\n"))
			chunk = rest
			begun = append(begun, line[:min(len(line), maxAnswerLine+1-len(begun))]...)
			if !ended {
				break
			}
			if b == nil && !s.take(ctx, &b) {
				return
			}
			b.lines = append(append(b.lines, begun...), '\n')
			begun = begun[:0]
			if len(b.lines) >= batchBytes {
				flush()
			}
		}
		if err != nil && len(begun) > 0 { // the last line may lack its line break
			if b == nil && !s.take(ctx, &b) {
				return
			}
			b.lines = append(append(b.lines, begun...), '\n')
		}
		flush()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.failure = fmt.Errorf("reading the lines: %w", err)
			}
			return
		}
	}
}

// take waits for a batch that is free. It fails when ctx has ended.
func (s *streaming) take(ctx context.Context, b **batch) bool {
	select {
	case *b = <-s.free:
		(*b).lines = (*b).lines[:0]
		return true
	case <-ctx.Done():
		return false
	}
}

// write writes the answers of each batch as soon as it is its turn.
func (s *streaming) write(ctx context.Context, out io.Writer) (total tally, err error) {
	for {
		var b *batch
		var more bool
		select {
		case b, more = <-s.order:
		case <-ctx.Done():
			return total, context.Cause(ctx)
		}
		if !more {
			return total, nil
		}
		<-b.done
		if _, err := out.Write(b.answers); err != nil {
			return total, fmt.Errorf("writing the answers: %w", err)
		}
		total.add(b.tally)
		s.free <- b
	}
}
