package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"mailtrail/pipeline/simulate/mailpiece"
)

// picturesToRequest keeps a request with pictures of some 40 kB, few of them above 120, well below what the door takes (gateway.max_body).
const picturesToRequest = 64

// sendPictures draws and sends the pictures of a request, after its scans were taken in.
func (g *gateway) sendPictures(ctx context.Context, r *Request) error {
	if r.Copy || len(r.pictures) == 0 {
		return nil
	}
	press, _ := g.presses.Get().(*mailpiece.Press)
	if press == nil {
		var err error
		if press, err = mailpiece.NewPress(cameraDots); err != nil {
			return err
		}
	}
	defer g.presses.Put(press)
	for first := 0; first < len(r.pictures); first += picturesToRequest {
		some := r.pictures[first:min(first+picturesToRequest, len(r.pictures))]
		key := r.Key + "-pictures-" + strconv.Itoa(first)
		body, err := form(press, some, key)
		if err != nil {
			return fmt.Errorf("draw pictures: %w", err)
		}
		post := posting{g.URL + "/v1/images", "multipart/form-data; boundary=" + key, key, body}
		if err := g.patiently(ctx, func() error { return g.postPictures(ctx, &post, len(some)) }); err != nil {
			return err
		}
		g.progress.add(Progress{Images: uint64(len(some))})
	}
	return nil
}

// postPictures sends pictures once.
func (g *gateway) postPictures(ctx context.Context, p *posting, count int) error {
	status, body, err := g.post(ctx, p)
	if err != nil {
		return err
	}
	var answer struct {
		Images []struct {
			ID string `json:"id"`
		} `json:"images"`
		Error doorError `json:"error"`
	}
	err = json.Unmarshal(body, &answer)
	switch {
	case status != http.StatusCreated:
		return fmt.Errorf("gateway: pictures: %d: %s: %s (expected 201)", status, answer.Error.Code, answer.Error.Message)
	case err != nil:
		return fmt.Errorf("gateway: pictures: the answer is not the JSON that was expected: %w", err)
	case len(answer.Images) != count:
		return fmt.Errorf("gateway: the answer accounts for %d of %d pictures", len(answer.Images), count)
	}
	return nil
}
