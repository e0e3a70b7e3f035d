package images

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/keys"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// take sends one picture and returns its id.
func (w *world) take(t *testing.T, more string, picture string) event.ImageID {
	answer := w.post(part{"event", "", told(now, more)}, part{"image", "", picture})
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	return idsOf(t, answer.Body.String())[0]
}

// codeOf reads a picture and returns the code of what is the matter, empty where nothing is.
func (w *world) codeOf(t *testing.T, id event.ImageID) Code {
	found, err := w.reader.Find(t.Context(), id)
	if err == nil {
		_, err = w.reader.Read(t.Context(), found)
	}
	if err == nil {
		return ""
	}
	return asFailure(err).code
}

// What is not to the bit what was stored is never handed out.
func TestAlteredBytesFailLoudly(t *testing.T) {
	for name, change := range map[string]func(w *world, one, two *event.StoredImage){
		"a bit of the picture":       func(w *world, one, _ *event.StoredImage) { w.packs[one.Pack][one.Offset+100] ^= 1 },
		"the pack is gone":           func(w *world, one, _ *event.StoredImage) { delete(w.packs, one.Pack) },
		"the pack is short":          func(w *world, one, _ *event.StoredImage) { w.packs[one.Pack] = w.packs[one.Pack][:one.Offset+9] },
		"the index points elsewhere": func(_ *world, one, _ *event.StoredImage) { one.Offset++ },
		"another picture's bytes": func(_ *world, one, two *event.StoredImage) {
			one.Pack, one.Offset, one.Length, one.Hash = two.Pack, two.Offset, two.Length, two.Hash
		},
		"moved to another slot": func(w *world, one, _ *event.StoredImage) {
			moved := event.PackName(now.Add(-2*time.Hour).Truncate(time.Hour).Unix(), "x")
			w.packs[moved], one.Pack = w.packs[one.Pack], moved
		},
		"another length": func(_ *world, one, _ *event.StoredImage) { one.Bytes++ },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.take(t, imb, picture1(1)), w.take(t, imb, picture1(2))
			w.take(t, imb, picture1(3))
			other := w.post(part{"event", "", told(now.Add(-2*time.Hour), imb)}, part{"image", "", picture1(4)})
			require.Equal(t, http.StatusCreated, other.Code, "the other slot has a key of its own")
			require.Empty(t, w.codeOf(t, first))
			w.set(func() {
				var one, two *event.StoredImage
				for i := range w.index {
					switch w.index[i].ID {
					case first:
						one = &w.index[i]
					case second:
						two = &w.index[i]
					}
				}
				change(w, one, two)
			})
			require.Equal(t, Damaged, w.codeOf(t, first))
			require.Contains(t, w.log.String(), first.String(), "the log names the picture")
		})
	}
}

// At its slot's end a picture is gone, though index and store still have it and no sweeper has come by.
func TestAPicturePastItsLimitIsGone(t *testing.T) {
	w := newWorld(t)
	id := w.take(t, imb, picture1(1))
	row := schedule().Row(retention.MailpieceImages)
	end := time.Unix(row.DestroyAt(row.SlotOf(now.UnixMilli())), 0)
	w.set(func() { w.clock = end.Add(-time.Second) })
	require.Empty(t, w.codeOf(t, id))
	w.set(func() { w.clock = end })
	require.Equal(t, Gone, w.codeOf(t, id))
	images, packs := w.stored()
	require.Equal(t, []int{1, 1}, []int{images, packs}, "the stores still have it")
	found := w.index[0]
	_, err := w.reader.Read(t.Context(), &found)
	require.Equal(t, Gone, asFailure(err).code, "nor for one who knows where it lies")
	w.set(func() { w.index = nil })
	require.Equal(t, Gone, w.codeOf(t, id), "an id tells its slot when no store knows it any more")
	require.Equal(t, NotFound, w.codeOf(t, event.NewImageID(end.UnixMilli(), nil)))
}

func TestStoresThatDoNotAnswerAreNotForEver(t *testing.T) {
	w := newWorld(t)
	id := w.take(t, imb, picture1(1))
	w.set(func() { w.putErr = errDown })
	require.Equal(t, StoreUnavailable, w.codeOf(t, id))
	w.set(func() { w.putErr, w.keyErr = nil, keys.ErrUnavailable })
	require.Equal(t, KeyUnavailable, w.codeOf(t, id))
	w.set(func() { w.keyErr = keys.ErrDestroyed })
	require.Equal(t, Gone, w.codeOf(t, id), "its key was destroyed before its time")
}

type testViewers struct{}

func (testViewers) Viewer(r *http.Request) (Viewer, bool) {
	switch r.Header.Get("Authorization") {
	case "officer":
		return Viewer{Name: "records", All: true}, true
	case "mailer":
		return Viewer{Name: "acme", MIDs: []string{"900123456"}}, true
	case "other":
		return Viewer{Name: "globex", MIDs: []string{"123456", ""}}, true
	}
	return Viewer{}, false
}

func TestTheShelfShowsEachWhatIsTheirs(t *testing.T) {
	w := newWorld(t)
	theirs, unread := w.take(t, imb, picture1(1)), w.take(t, "", picture1(2))
	shelf := NewShelf(w.reader, testViewers{}, tables().ServiceTypes)
	get := func(who, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", who)
		for _, c := range change {
			c(r)
		}
		answer := httptest.NewRecorder()
		shelf.ServeHTTP(answer, r)
		return answer
	}
	path := "/v1/images/" + theirs.String()
	for who, status := range map[string]int{"officer": 200, "mailer": 200, "other": 404, "": 401} {
		require.Equal(t, status, get(who, path).Code, who)
	}
	for who, status := range map[string]int{"officer": 200, "mailer": 404, "other": 404} {
		require.Equal(t, status, get(who, "/v1/images/"+unread.String()).Code, "%s and a picture without a barcode", who)
	}
	whole := get("mailer", path)
	require.Equal(t, picture1(1), whole.Body.String())
	require.Equal(t, []string{"image/png", "no-store", "nosniff"}, []string{whole.Header().Get("Content-Type"), whole.Header().Get("Cache-Control"), whole.Header().Get("X-Content-Type-Options")})
	piece := get("mailer", path, func(r *http.Request) { r.Header.Set("Range", "bytes=8-15") })
	require.Equal(t, http.StatusPartialContent, piece.Code)
	require.Equal(t, picture1(1)[8:16], piece.Body.String())

	list := func(who, query string) (ids []string, status int) {
		answer := get(who, "/v1/images"+query)
		var got struct{ Images []struct{ ID string } }
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got))
		for _, image := range got.Images {
			ids = append(ids, image.ID)
		}
		return ids, answer.Code
	}
	ids, _ := list("mailer", "?barcode=0027090012345600001210118112501")
	require.Equal(t, []string{theirs.String()}, ids)
	ids, _ = list("other", "?barcode=0027090012345600001210118112501")
	require.Empty(t, ids)
	for _, query := range []string{"", "?barcode=", "?zip=10118", "?barcode=00270900123456000012&barcode=00270900123456000013", "?barcode=00270900123456000012&zip=1"} {
		_, status := list("officer", query)
		require.Equal(t, http.StatusBadRequest, status, "there is no other way to find pictures: %q", query)
	}
	require.Equal(t, http.StatusMethodNotAllowed, get("officer", path, func(r *http.Request) { r.Method = http.MethodDelete }).Code)
	require.Equal(t, http.StatusNotFound, get("officer", "/v1/images/"+strings.Repeat("0", 39)).Code)
	w.set(func() { w.clock = now.Add(schedule().Row(retention.MailpieceImages).Longest()) })
	require.Equal(t, http.StatusGone, get("mailer", path).Code)
}
