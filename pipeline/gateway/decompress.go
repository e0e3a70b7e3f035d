package gateway

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const zstdWindow = 8 << 20 // bytes; what RFC 8878 section 3.1.1.1.2 asks every decoder to support

// decompressors keeps readers of compressed bodies for use again.
type decompressors struct {
	gzips, zstds *sync.Pool
}

func newDecompressors(maxBody int64) decompressors {
	return decompressors{
		gzips: &sync.Pool{New: func() any { return new(gzip.Reader) }},
		zstds: &sync.Pool{New: func() any {
			// With one worker it decodes within Read and leaves no goroutine behind.
			d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderMaxMemory(uint64(max(maxBody, zstdWindow))))
			if err != nil {
				panic("the zstd decoder's options are wrong: " + err.Error())
			}
			return d
		}},
	}
}

// open reads the body as the Content-Encoding says; release gives the reader back.
func (d *decompressors) open(encoding string, body io.Reader) (source io.Reader, release func(), failed *failure) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, func() {}, nil
	case "gzip", "x-gzip":
		z := d.gzips.Get().(*gzip.Reader)
		release = func() {
			// The reader must not hold on to the request's connection.
			_ = z.Reset(strings.NewReader(""))
			d.gzips.Put(z)
		}
		return &lateGzip{z: z, body: body}, release, nil
	case "zstd":
		z := d.zstds.Get().(*zstd.Decoder)
		release = func() {
			// Nor the decoder.
			_ = z.Reset(nil)
			d.zstds.Put(z)
		}
		if err := z.Reset(body); err != nil {
			release()
			return nil, nil, fail(http.StatusBadRequest, NotReadable, "the body is not zstd").because(err)
		}
		return z, release, nil
	}
	return nil, nil, fail(http.StatusUnsupportedMediaType, UnsupportedEncoding, "expected gzip, zstd or none").withField("Content-Encoding")
}

// lateGzip reads the gzip header with the first Read, so that a slow or broken
// one is an error of reading like any other.
type lateGzip struct {
	z      *gzip.Reader
	body   io.Reader
	opened bool
}

func (l *lateGzip) Read(p []byte) (int, error) {
	if !l.opened {
		if err := l.z.Reset(l.body); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		l.opened = true
	}
	return l.z.Read(p)
}
