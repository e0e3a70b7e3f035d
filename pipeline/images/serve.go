package images

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// Viewer is who asks for a picture.
type Viewer struct {
	Name string
	// All may see every picture (an officer); others those that bear one of the MIDs.
	All  bool
	MIDs []string
}

func (v *Viewer) sees(image *event.StoredImage) bool {
	return v.All || image.MID != "" && slices.Contains(v.MIDs, image.MID)
}

// Viewers knows who may see pictures. It is asked for every request.
type Viewers interface {
	Viewer(r *http.Request) (viewer Viewer, ok bool)
}

// Shelf serves pictures: GET /v1/images/{id}, and GET /v1/images?barcode= for the list of one piece.
type Shelf struct {
	reader  *Reader
	viewers Viewers
	types   *barcode.ServiceTypes
}

// NewShelf makes a Shelf; types are the service types by which a barcode tells its piece.
func NewShelf(reader *Reader, viewers Viewers, types *barcode.ServiceTypes) *Shelf {
	return &Shelf{reader, viewers, types}
}

const shelfPath = "/v1/images"

// ServeHTTP serves one request.
func (s *Shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answerer{w: w, clock: s.reader.deps.Clock}
	viewer, ok := s.viewers.Viewer(r)
	id := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, shelfPath), "/")
	var f *failure
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		f = fail(http.StatusMethodNotAllowed, MethodNotAllowed, "expected GET or HEAD")
	case !ok:
		w.Header()["Www-Authenticate"] = []string{`Bearer realm="mailtrail"`, `Basic realm="mailtrail", charset="UTF-8"`}
		f = fail(http.StatusUnauthorized, Unauthorized, "no mailer and no officer has these credentials, or they were revoked: expected Authorization: Bearer TOKEN, or HTTP basic with name and token")
	case id == "":
		f = s.list(a, r, &viewer)
	default:
		f = s.one(a, r, &viewer, id)
	}
	if f != nil {
		a.fail(f)
	}
	line := s.reader.deps.Log.Info()
	if a.status >= http.StatusInternalServerError {
		line = s.reader.deps.Log.Warn().AnErr("cause", a.cause)
	}
	line.Int("status", a.status).Str("viewer", viewer.Name).Bool("list", id == "").Msg("an image was asked for")
}

// one answers with a picture. One that the viewer may not see is not told from one that is not there.
func (s *Shelf) one(a *answerer, r *http.Request, viewer *Viewer, text string) *failure {
	id, err := event.ParseImageID(text)
	if err != nil {
		return fail(http.StatusNotFound, NotFound, err.Error())
	}
	image, err := s.reader.Find(r.Context(), id)
	if err != nil {
		return asFailure(err)
	}
	if !viewer.sees(image) {
		return fail(http.StatusNotFound, NotFound, "no image has this id; one that was sent just now is found within seconds")
	}
	picture, err := s.reader.Read(r.Context(), image)
	if err != nil {
		return asFailure(err)
	}
	header := a.w.Header()
	header.Set("Content-Type", image.MediaType)
	header.Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", id.String()+Extension(image.MediaType)))
	header.Set("Cache-Control", "no-store") // no copy may outlive the limit
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("ETag", `"`+id.String()+`"`)
	a.status = http.StatusOK
	http.ServeContent(a.w, r, "", image.Captured, bytes.NewReader(picture))
	return nil
}

// Extension is how the name of a file of the media type ends.
func Extension(mediaType string) string {
	_, name, _ := strings.Cut(mediaType, "/")
	return "." + name
}

// listed is one picture in the list of a piece.
type listed struct {
	ID        event.ImageID `json:"id"`
	Captured  string        `json:"capturedDatetime"`
	MachineID string        `json:"machineId,omitempty"`
	Side      string        `json:"side,omitempty"`
	MediaType string        `json:"mediaType"`
	Width     uint32        `json:"width"`
	Height    uint32        `json:"height"`
	Bytes     uint32        `json:"bytes"`
}

// list answers with the pictures of one piece, as far as the viewer may see them.
func (s *Shelf) list(a *answerer, r *http.Request, viewer *Viewer) *failure {
	query := r.URL.Query()
	text := query.Get("barcode")
	if text == "" || len(query) != 1 || len(query["barcode"]) != 1 {
		return fail(http.StatusBadRequest, BadParameter, "expected ?barcode= with one barcode and nothing else: images are found by piece or id alone").at("barcode", noIndex)
	}
	parsed, err := barcode.Parse(text)
	if err != nil {
		return fail(http.StatusBadRequest, BadParameter, err.Error()).at("barcode", noIndex)
	}
	found, err := s.reader.OfPiece(r.Context(), parsed.LookupKeys(s.types))
	if err != nil {
		return asFailure(err)
	}
	answer := struct {
		Images []listed `json:"images"`
		Time   string   `json:"time"`
	}{[]listed{}, a.serverTime()}
	for i := range found {
		if image := &found[i]; viewer.sees(image) {
			answer.Images = append(answer.Images, listed{
				image.ID, image.Captured.UTC().Format("2006-01-02T15:04:05.000Z07:00"), image.MachineID, image.Side, image.MediaType, image.Width, image.Height, image.Bytes,
			})
		}
	}
	a.answer(http.StatusOK, answer)
	return nil
}
