package images

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/images/header"
	"mailtrail/pipeline/keys"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

const imb = `,"imb":"0027090012345600001210118112501","side":"front"`

func idsOf(t *testing.T, answer string) (ids []event.ImageID) {
	var got answerImages
	require.NoError(t, json.Unmarshal([]byte(answer), &got), answer)
	for _, image := range got.Images {
		ids = append(ids, image.ID)
	}
	return ids
}

func TestPicturesComeBackAsTheyWere(t *testing.T) {
	w := newWorld(t)
	captured := now.Add(-time.Minute)
	one, two, three := picture1(1), picture1(2), picture1(3)
	answer := w.post(
		part{"event", "application/json", told(captured, imb)}, part{"image", "image/png", one},
		part{"event", "", told(captured.Add(-2*time.Hour), "")}, part{"image", "", two}, part{"image", "application/octet-stream", three})
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	ids := idsOf(t, answer.Body.String())
	require.Len(t, ids, 3)
	for i, want := range []string{one, two, three} {
		found, err := w.reader.Find(t.Context(), ids[i])
		require.NoError(t, err)
		got, err := w.reader.Read(t.Context(), found)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	first, err := w.reader.Find(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, []any{"F-900123456-000012", "900123456", "front", "DBCS-0421", "image/png", uint32(64), uint32(48), uint32(len(one)), captured, "camera-1"},
		[]any{first.PieceKey, first.MID, first.Side, first.MachineID, first.MediaType, first.Width, first.Height, first.Bytes, first.Captured, first.Device})
	images, packs := w.stored()
	require.Equal(t, []int{3, 2}, []int{images, packs}, "pictures of one slot share a pack")
	for name, pack := range w.packs {
		require.NotContains(t, string(pack), "IHDR", "%s holds nothing in clear", name)
	}
}

func TestARepeatedRequestHasTheSameIDs(t *testing.T) {
	w := newWorld(t)
	send := func(device string) event.ImageID {
		answer := w.post(part{"event", "", told(now, imb)}, part{"image", "", picture1(1)})
		require.Equal(t, http.StatusCreated, answer.Code)
		return idsOf(t, answer.Body.String())[0]
	}
	first := send("")
	require.Equal(t, first, send(""))
	images, packs := w.stored()
	require.Equal(t, []int{1, 2}, []int{images, packs}, "the second pack is an orphan; the first entry wins")
	require.NotEqual(t, first, w.door.deps.IDKey.ID("another camera", now.UnixMilli(), []byte(picture1(1))))
	require.NotEqual(t, first, w.door.deps.IDKey.ID("camera-1", now.UnixMilli()+1, []byte(picture1(1))))
	require.Equal(t, first, w.door.deps.IDKey.ID("camera-1", now.UnixMilli(), []byte(picture1(1))))
}

func TestBadInputIsToldAndNothingIsStored(t *testing.T) {
	good := part{"event", "", told(now, imb)}
	png := part{"image", "", picture1(1)}
	bomb := []byte(png.body)
	binary.BigEndian.PutUint32(bomb[16:], 1<<30)
	row := schedule().Row(retention.MailpieceImages)
	for name, c := range map[string]struct {
		parts  []part
		status int
		code   string
		field  string
		index  int
	}{
		"no parts":           {nil, 400, string(EmptyBody), "", noIndex},
		"event alone":        {[]part{good}, 400, string(MissingImage), "image", 0},
		"two events":         {[]part{good, good, png}, 400, string(MissingImage), "image", 0},
		"image alone":        {[]part{png}, 400, string(MissingEvent), "event", 0},
		"another part":       {[]part{good, png, {"note", "", "x"}}, 400, string(UnknownPart), "Content-Disposition", 1},
		"no bytes":           {[]part{good, {"image", "", ""}}, 422, string(header.Empty), "image", 0},
		"a text":             {[]part{good, {"image", "", "Return to sender"}}, 415, string(header.Unknown), "image", 0},
		"cut off":            {[]part{good, png, good, {"image", "", png.body[:len(png.body)-9]}}, 422, string(header.Truncated), "image", 1},
		"cut off TIFF":       {[]part{good, {"image", "image/tiff", "II*\x00\x08\x00\x00\x00\x02\x00"}}, 422, string(header.Truncated), "image", 0},
		"another type":       {[]part{good, {"image", "image/jpeg", png.body}}, 422, string(WrongType), "image", 0},
		"altered header":     {[]part{good, {"image", "", string(bomb)}}, 422, string(header.Broken), "image", 0},
		"event not JSON":     {[]part{{"event", "", "imb=1"}, png}, 400, string(event.NotReadable), "event", 0},
		"event without time": {[]part{{"event", "", `{"machineId":"M"}`}, png}, 422, string(event.Missing), "capturedDatetime", 0},
		"a wrong barcode":    {[]part{{"event", "", told(now, `,"imb":"99999999999999999999"`)}, png}, 422, string(event.BadBarcode), "imb", 0},
		"local time":         {[]part{{"event", "", `{"machineId":"M","capturedDatetime":"2026-11-20T14:00:00"}`}, png}, 422, string(event.UnknownZone), "capturedDatetime", 0},
		"from the future":    {[]part{{"event", "", told(now.Add(11*time.Minute), imb)}, png}, 422, string(TooFarAhead), "capturedDatetime", 0},
		"too late":           {[]part{{"event", "", told(now.Add(-time.Duration(row.Behind)-time.Second), imb)}, png}, 422, string(TooOld), "capturedDatetime", 0},
		"past its limit":     {[]part{{"event", "", told(now.Add(-row.Longest()), imb)}, png}, 422, string(TooOld), "capturedDatetime", 0},
		"a large event":      {[]part{{"event", "", told(now, `,"x":"`+strings.Repeat("x", 70_000)+`"`)}, png}, 413, string(BodyTooLarge), "event", 0},
		"a large image":      {[]part{good, {"image", "", strings.Repeat("x", 2<<20)}}, 413, string(BodyTooLarge), "", noIndex},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.post(c.parts...)
			var got failureBody
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got), answer.Body.String())
			index := noIndex
			if got.Error.Index != nil {
				index = *got.Error.Index
			}
			require.Equal(t, []any{c.status, c.code, c.field, c.index}, []any{answer.Code, string(got.Error.Code), got.Error.Field, index}, answer.Body.String())
			require.NotEmpty(t, got.Error.Message)
			images, packs := w.stored()
			require.Zero(t, images+packs, "nothing is stored")
			require.Zero(t, w.door.bytes.used.Load()+w.door.requests.used.Load(), "what was taken is given back")
			require.NotContains(t, answer.Body.String()+w.log.String(), "0027090012345600001210118112501", "no barcode in an answer or a log")
		})
	}
}

func TestRequestsThatAreNotLetIn(t *testing.T) {
	contentType, text := body(part{"event", "", told(now, imb)}, part{"image", "", picture1(1)})
	for name, c := range map[string]struct {
		change func(*http.Request)
		world  func(*world)
		status int
		code   Code
	}{
		"no token":         {func(r *http.Request) { r.Header.Del("Authorization") }, nil, 401, Unauthorized},
		"wrong token":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer bad") }, nil, 401, Unauthorized},
		"another method":   {func(r *http.Request) { r.Method = http.MethodPut }, nil, 405, MethodNotAllowed},
		"JSON":             {func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, nil, 415, UnsupportedType},
		"64 MiB announced": {func(r *http.Request) { r.ContentLength = 64 << 20 }, nil, 413, BodyTooLarge},
		"breaks off":       {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(text[:len(text)/2])) }, nil, 400, NotReadable},
		"ingest is behind": {nil, func(w *world) { w.full = true }, 503, PipelineFull},
		"no key":           {nil, func(w *world) { w.keyErr = keys.ErrUnavailable }, 503, KeyUnavailable},
		"slot is over":     {nil, func(w *world) { w.keyErr = keys.ErrDestroyed }, 410, Gone},
		"store is down":    {nil, func(w *world) { w.putErr = errDown }, 503, StoreUnavailable},
		"Kafka is down":    {nil, func(w *world) { w.logErr = errDown }, 503, NotAcknowledged},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.world != nil {
				c.world(w)
			}
			answer := w.send(contentType, strings.NewReader(text), c.change)
			require.Equal(t, c.status, answer.Code, answer.Body.String())
			require.Contains(t, answer.Body.String(), fmt.Sprintf(`"code":%q`, c.code))
			require.Equal(t, c.status == 503, answer.Header().Get("Retry-After") != "")
			images, _ := w.stored()
			require.Zero(t, images, "nobody is told of a picture")
		})
	}
}

// When a store is back the door takes pictures again, by itself.
func TestTheDoorRecovers(t *testing.T) {
	w := newWorld(t)
	send := func() int {
		return w.post(part{"event", "", told(now, imb)}, part{"image", "", picture1(1)}).Code
	}
	w.set(func() { w.putErr = errDown })
	require.Equal(t, http.StatusServiceUnavailable, send())
	w.set(func() { w.putErr = nil })
	require.Eventually(t, func() bool { return send() == http.StatusCreated }, time.Second, time.Millisecond)
}

// Many at once share packs, and none waits for more than the pack's age and its way.
func TestPacksAreCutByBytesAndAge(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PackAge = 50 * time.Millisecond })
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			answer := w.post(part{"event", "", told(now.Add(-time.Duration(i)*time.Millisecond), "")}, part{"image", "", picture1(byte(i))})
			if answer.Code != http.StatusCreated {
				t.Errorf("status %d: %s", answer.Code, answer.Body)
			}
		})
	}
	all.Wait()
	images, packs := w.stored()
	require.Equal(t, 60, images)
	require.GreaterOrEqual(t, packs, 60*3000/(64<<10), "no pack is much larger than pack_bytes")
	require.Less(t, packs, 30, "pictures share packs")
	for name, pack := range w.packs {
		require.LessOrEqual(t, len(pack), 64<<10)
		walk(t, name, pack, w.index)
	}
}

// walk goes through a pack by its own lengths, and holds it against the index.
func walk(t *testing.T, name string, pack []byte, index []event.StoredImage) {
	rest, ok := strings.CutPrefix(string(pack), packMagic)
	require.True(t, ok)
	slot, _, err := event.SplitPackName(name)
	require.NoError(t, err)
	require.Equal(t, uint64(slot), binary.BigEndian.Uint64([]byte(rest)))
	at := packHead
	for at < len(pack) {
		var id event.ImageID
		copy(id[:], pack[at:])
		length := int(binary.BigEndian.Uint32(pack[at+event.ImageIDBytes:]))
		at += entryHead
		for _, row := range index {
			if row.ID == id {
				require.Equal(t, []any{name, int64(at), int64(length)}, []any{row.Pack, row.Offset, row.Length})
			}
		}
		at += length
	}
	require.Equal(t, len(pack), at)
}

func TestTheIDKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "ids.key")
	var all sync.WaitGroup
	var got [8]IDKey
	for i := range got {
		all.Go(func() {
			key, err := LoadIDKey(path)
			if err != nil {
				t.Error(err)
			}
			got[i] = key
		})
	}
	all.Wait()
	require.NotEqual(t, IDKey{}, got[0])
	for _, key := range got {
		require.Equal(t, got[0], key, "all doors that start at once have one key")
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")
	require.NoError(t, os.WriteFile(path, []byte("mailtrail image id key 1\n00\n"), 0o600))
	_, err = LoadIDKey(path)
	require.ErrorContains(t, err, "put it back from a copy")
}

func FuzzRequest(f *testing.F) {
	contentType, text := body(part{"event", "", told(now, imb)}, part{"image", "", picture1(1)})
	f.Add(contentType, text)
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{}\r\n--x--\r\n")
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, contentType, text string) {
		answer := w.send(contentType, strings.NewReader(text), nil)
		if answer.Code >= 500 || !json.Valid(answer.Body.Bytes()) {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		if used := w.door.bytes.used.Load(); used != 0 {
			t.Fatalf("%d bytes of the budget are lost", used)
		}
	})
}
