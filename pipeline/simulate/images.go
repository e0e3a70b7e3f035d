package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"time"

	"github.com/cespare/xxhash/v2"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Resolution of the cameras, dots per inch.
const cameraDots = 200

// photograph is what a machine's camera takes of a letter or flat while it scans it. The picture itself is made when it is sent.
type photograph struct {
	imb     string
	at      int64 // Unix milliseconds
	machine string
	seed    uint64
}

// photographs decides which scans have a picture. It has no chance of its own, so that the mail is the same with pictures and without.
type photographs struct {
	share       float64
	first, last int64 // when pictures may be taken, Unix milliseconds
}

// newPhotographs says that pictures are taken no earlier than the schedule's behind allows to the end of a run.
func newPhotographs(o *Options) photographs {
	behind := o.imagesBehind()
	return photographs{o.Images, o.Now.Add(longestRun + border - behind).UnixMilli(), o.Now.UnixMilli()}
}

// imagesBehind is how old a picture may be on arrival.
func (o *Options) imagesBehind() time.Duration {
	return time.Duration(o.Schedule.Row(retention.MailpieceImages).Behind)
}

// imageMistakes checks the options of pictures.
func (o *Options) imageMistakes() (found []error) {
	if !(o.Images >= 0 && o.Images <= 1) {
		found = append(found, fmt.Errorf("images are %g, expected a share of 0 to 1", o.Images))
	}
	if o.Images == 0 {
		return found
	}
	if o.Door != HTTP {
		found = append(found, fmt.Errorf("images go to the gateway alone, not to door %s", o.Door))
	}
	if behind := o.imagesBehind(); behind <= longestRun+border {
		found = append(found, fmt.Errorf("class %s: behind is %s, which must be more than %s for the truth to hold", retention.MailpieceImages, behind, longestRun+border))
	}
	return found
}

// take returns the picture of a scan, if it has one: that of a sound Intelligent Mail barcode, taken by a machine that is no handheld.
func (p *photographs) take(o *object, at int64, d damage, machine []byte) (photograph, bool) {
	if p.share == 0 || o.field != event.IMb || d != sound || len(machine) == 0 || at < p.first || at > p.last {
		return photograph{}, false
	}
	seed := mix(xxhash.Sum64(o.text) ^ uint64(at))
	if float64(seed>>11) >= p.share*(1<<53) {
		return photograph{}, false
	}
	return photograph{string(o.text), at, string(machine), mix(seed)}, true
}

// side is the side that a picture shows: that with the address.
const side = "front"

// imageEvent is the part `event` of POST /v1/images.
type imageEvent struct {
	IMb              string `json:"imb"`
	CapturedDatetime string `json:"capturedDatetime"`
	MachineID        string `json:"machineId"`
	Side             string `json:"side"`
}

// draw makes the file of the picture.
func (p *photograph) draw(press *mailpiece.Press) ([]byte, mailpiece.Format, error) {
	r := &random{p.seed}
	m := mustIMb([]byte(p.imb))
	formats := []mailpiece.Format{mailpiece.JPEG, mailpiece.JPEG, mailpiece.TIFF, mailpiece.PNG}
	share := func() float64 { return float64(r.below(1<<20)) / (1 << 20) }
	camera := mailpiece.Camera{Rotation: 6*share() - 3, Blur: 0.4 + 0.4*share(), Grain: 1 + 3*share(), Noise: 0.002 * share(), Shade: 0.3 * share()}
	format := pick(r, formats)
	file, err := mailpiece.Encode(press.Letter(p.seed, &m).Photograph(p.seed, camera), format)
	return file, format, err
}

// form writes pictures as multipart/form-data: for each a part event and a part image.
func form(press *mailpiece.Press, pictures []photograph, boundary string) ([]byte, error) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	if err := parts.SetBoundary(boundary); err != nil {
		return nil, err
	}
	write := func(name, mediaType string, content []byte) error {
		part, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"`, name)}, "Content-Type": {mediaType},
		})
		if err == nil {
			_, err = part.Write(content)
		}
		return err
	}
	for i := range pictures {
		p := &pictures[i]
		told, err := json.Marshal(imageEvent{p.imb, time.UnixMilli(p.at).UTC().Format("2006-01-02T15:04:05.000Z07:00"), p.machine, side})
		if err != nil {
			return nil, err
		}
		file, format, err := p.draw(press)
		if err != nil {
			return nil, err
		}
		if err := write("event", "application/json", told); err != nil {
			return nil, err
		}
		if err := write("image", string(format), file); err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return body.Bytes(), err
}
