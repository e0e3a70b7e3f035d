package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode/picture"
	"mailtrail/schemas/retention"
)

// fakeImages takes scans as fakeGateway does, and pictures.
type fakeImages struct {
	fakeGateway
	mutex    sync.Mutex
	taken    map[string]sentPicture // by key and place
	attempts map[string][]byte
}

type sentPicture struct {
	told      imageEvent
	mediaType string
	file      []byte
}

func (g *fakeImages) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/v1/images" {
		return g.fakeGateway.RoundTrip(r)
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	key := r.Header.Get("Idempotency-Key")
	if before, again := g.attempts[key]; !again {
		g.attempts[key] = body
		return reply(http.StatusServiceUnavailable, `{"error":{"code":"busy"}}`), nil
	} else if !bytes.Equal(before, body) {
		return nil, errors.New("other bytes under the same key")
	}
	return g.takePictures(r, key, body)
}

func (g *fakeImages) takePictures(r *http.Request, key string, body []byte) (*http.Response, error) {
	mediaType, with, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" || r.Header.Get("Authorization") != "Bearer secret" {
		return reply(http.StatusBadRequest, `{"error":{"code":"not_readable"}}`), nil
	}
	var ids []map[string]string
	var told imageEvent
	for parts := multipart.NewReader(bytes.NewReader(body), with["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		switch part.FormName() {
		case "event":
			told = imageEvent{}
			if err := json.Unmarshal(content, &told); err != nil {
				return nil, err
			}
		case "image":
			id := key + "-" + strconv.Itoa(len(ids))
			g.taken[id] = sentPicture{told, part.Header.Get("Content-Type"), content}
			ids = append(ids, map[string]string{"id": id})
		}
	}
	answer, err := json.Marshal(map[string]any{"images": ids})
	return reply(http.StatusCreated, string(answer)), err
}

func imagesOptions(count uint64, share float64) Options {
	o := testOptions(count)
	o.Images = share
	return o
}

func TestPicturesOfMail(t *testing.T) {
	g := &fakeImages{taken: map[string]sentPicture{}, attempts: map[string][]byte{}}
	config := g.config()
	config.Client = &http.Client{Transport: g}
	config.Patience = 10 * time.Second
	o := imagesOptions(30_000, 0.003)
	truth, sum, err := ToHTTP(t.Context(), o, config)
	require.NoError(t, err)
	require.Greater(t, len(g.taken), 5)
	require.EqualValues(t, len(g.taken), sum.Images)
	require.EqualValues(t, len(g.attempts), sum.Retries, "each request was refused once as busy")
	require.Contains(t, truth, Row{Door: HTTP, Class: retention.MailpieceImages, Outcome: "stored", Events: sum.Images})
	scans := strings.Join(valuesOf(g.bodies), "")
	reader, read := picture.NewReader(nil), 0
	for _, one := range g.taken {
		require.Contains(t, []string{"image/jpeg", "image/png", "image/tiff"}, one.mediaType)
		require.Contains(t, scans, one.told.IMb, "a piece that was scanned too, here or in another form")
		require.Contains(t, scans, one.told.MachineID)
		require.Equal(t, side, one.told.Side)
		at, err := time.Parse(time.RFC3339, one.told.CapturedDatetime)
		require.NoError(t, err)
		require.WithinRange(t, at, testNow.Add(-5*time.Hour), testNow)
		grey, err := picture.Decode(one.file)
		require.NoError(t, err)
		found, err := reader.Read(grey)
		require.NoError(t, err)
		for i := range found {
			if found[i].Err == nil {
				require.Equal(t, one.told.IMb, string(found[i].Repaired.IMb.Digits()), "the picture shows the piece")
				read++
			}
		}
	}
	require.InDelta(t, len(g.taken), read, float64(len(g.taken))/20+1)
}

func valuesOf(bodies map[string]string) (all []string) {
	for _, body := range bodies {
		all = append(all, body)
	}
	return all
}

func TestPicturesDoNotMoveTheMail(t *testing.T) {
	bodies := func(share float64) (all []string, pictures int) {
		_, err := Generate(t.Context(), imagesOptions(5_000, share), func(r *Request) error {
			all = append(all, r.Key, string(r.Body))
			pictures += len(r.pictures)
			return nil
		})
		require.NoError(t, err)
		return all, pictures
	}
	without, none := bodies(0)
	with, some := bodies(0.5)
	require.Equal(t, without, with)
	require.Zero(t, none)
	require.Greater(t, some, 100)
}

func TestPicturesOptions(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"share": {func(o *Options) { o.Images = 2 }, "images are 2, expected a share of 0 to 1"},
		"door":  {func(o *Options) { o.Door = File }, "images go to the gateway alone, not to door file"},
		"behind": {func(o *Options) {
			schedule := *o.Schedule
			schedule.Classes = append([]retention.Row(nil), schedule.Classes...)
			schedule.Row(retention.MailpieceImages).Behind /= 2
			o.Schedule = &schedule
		}, "class mailpiece_images: behind is 6h0m0s, which must be more than 7h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			o := imagesOptions(10, 0.1)
			o.Schedule = retention.Builtin()
			test.change(&o)
			_, err := Generate(t.Context(), o, func(*Request) error { return nil })
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestPicturesThatTheDoorForgets(t *testing.T) {
	for name, test := range map[string]struct{ status, answer, want string }{
		"forgotten": {"201", `{"images":[]}`, "accounts for 0 of "},
		"refused":   {"422", `{"error":{"code":"not_a_picture","message":"it is text"}}`, "422: not_a_picture: it is text (expected 201)"},
		"no JSON":   {"201", `ok`, "not the JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &fakeGateway{}
			config := g.config()
			config.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/v1/images" {
					status, err := strconv.Atoi(test.status)
					return reply(status, test.answer), err
				}
				return g.RoundTrip(r)
			})}
			_, _, err := ToHTTP(t.Context(), imagesOptions(2_000, 0.01), config)
			require.ErrorContains(t, err, test.want)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
