package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/minio"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

var long = flag.Bool("long", false, "kill the door for images, MinIO and Kafka 20 times each under load (a quarter of an hour)")

// TestImages runs the roles of images against real Kafka, ClickHouse and MinIO, kills the door under load, and looks into every file.
func TestImages(t *testing.T) {
	s := withObjects(external(t))
	token, officer, mailer := s.device("camera-1"), s.do("access", "add", "officer", "records"), s.do("access", "add", "mailer", "acme", "--mid", "900123456")
	s.role(t, "ingest").says("partitions assigned", 30*time.Second)
	api := s.role(t, "api")
	api.says("api is open", 30*time.Second)

	t.Run("killed under load", func(t *testing.T) {
		s.as(t).killedUnderLoad(token, officer, func() *process {
			p := s.role(s.t, "images", "run") // it outlives this part of the test
			p.says("the door for images is open", 30*time.Second)
			return p
		})
	})
	t.Run("found and read", func(t *testing.T) { s.as(t).foundAndRead(token, officer, mailer) })
	t.Run("store away", func(t *testing.T) { s.as(t).storeAway(token) })
	t.Run("nothing in clear", func(t *testing.T) { s.as(t).nothingInClear() })
}

// marker stands in every picture of these tests, in clear.
const marker = "PLANTED-MARKER-7f3a9c51"

// picture is a TIFF of one bit a pixel whose pixels hold the marker and what tells it from others.
func tiffPicture(number, size int) []byte {
	b := append([]byte("II*\x00"), 0, 0, 0, 0)
	pixels := fmt.Appendf(nil, "%s %08d ", marker, number)
	noise := rand.New(rand.NewPCG(uint64(number), 1))
	for len(pixels) < size {
		pixels = append(pixels, byte(noise.Uint32()))
	}
	b = append(b, pixels...)
	at := len(b)
	b[4], b[5], b[6], b[7] = byte(at), byte(at>>8), byte(at>>16), byte(at>>24)
	entry := func(tag uint16, value int) {
		b = append(b, byte(tag), byte(tag>>8), 4, 0, 1, 0, 0, 0, byte(value), byte(value>>8), byte(value>>16), byte(value>>24))
	}
	b = append(b, 4, 0)
	entry(256, 8)
	entry(257, size)
	entry(273, 8)
	entry(279, len(pixels))
	return append(b, 0, 0, 0, 0)
}

// imageRequest is a request of one picture of a piece, captured at a time.
func imageRequest(number int, captured time.Time, picture []byte) (contentType string, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("the-same-for-a-repeat")
	_ = w.WriteField("event", fmt.Sprintf(`{"imb":"00270900123456%06d10118112501","capturedDatetime":%q,"machineId":"DBCS-0421","side":"front"}`, number%1000, captured.UTC().Format("2006-01-02T15:04:05.000Z")))
	part, _ := w.CreateFormFile("image", "piece.tiff")
	_, _ = part.Write(picture)
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

// imageDoor is where images are taken in.
func (s *site) imageDoor() string { return "http://" + s.images + "/v1/images" }

func postImage(url, token, contentType string, body []byte) (status int, id, answer string) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err.Error()
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err.Error()
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", err.Error()
	}
	var got struct{ Images []struct{ ID string } }
	if json.Unmarshal(raw, &got) == nil && len(got.Images) == 1 {
		id = got.Images[0].ID
	}
	return response.StatusCode, id, string(raw)
}

// getImage reads an image through the API.
func (s *site) getImage(token, id string) (status int, picture []byte) {
	r, err := http.NewRequest(http.MethodGet, "http://"+s.api+"/v1/images/"+id, nil)
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, raw
}

// killedUnderLoad kills the door, MinIO and Kafka while clients send, each repeating until it is told 201: every picture is there once, as it was.
func (s *site) killedUnderLoad(token, officer string, start func() *process) {
	t := s.t
	const clients = 4
	kills, each := 4, 50
	if *long {
		kills, each = 80, 600
	}
	captured := time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond)
	var sent, repeats atomic.Int64
	var mu sync.Mutex
	want := map[string][]byte{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(kills)*time.Minute)
	defer cancel()
	door := start()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range each {
				number := client*each + i
				picture := tiffPicture(number, 2000+number%1000*37)
				contentType, body := imageRequest(number, captured.Add(time.Duration(number)*time.Second), picture)
				for ctx.Err() == nil {
					status, id, answer := postImage(s.imageDoor(), token, contentType, body)
					if status == http.StatusCreated {
						mu.Lock()
						want[id] = picture
						mu.Unlock()
						sent.Add(1)
						break
					}
					if status != 0 && status < 500 {
						t.Errorf("picture %d: %d %s", number, status, answer)
						return
					}
					repeats.Add(1)
					time.Sleep(20 * time.Millisecond) // as a client does before it tries again
				}
			}
		})
	}
	for kill := range kills {
		next := int64((kill + 1) * clients * each / (kills + 1))
		eventually(t, time.Minute, func() error {
			if n := sent.Load(); n < next {
				return fmt.Errorf("%d images are acknowledged, %d are awaited", n, next)
			}
			return nil
		})
		switch kill % 4 { // the door twice as often in the suite, as often as the others with -long
		case 1:
			require.NoError(t, syscall.Kill(s.objectStack.server.PID(), syscall.SIGKILL)) // it is started again by itself
		case 2:
			s.broker.Kill9()
			require.NoError(t, s.broker.Restart(t.Context()))
		default:
			require.NoError(t, door.cmd.Process.Kill())
			<-door.ended
			door = start()
		}
	}
	all.Wait()
	require.Len(t, want, clients*each, "every picture has an id of its own")
	require.Positive(t, repeats.Load(), "the kills were felt")
	eventually(t, time.Minute, func() error {
		if n := s.count("SELECT count() FROM mailtrail.images"); n < uint64(clients*each) {
			return fmt.Errorf("%d images are in the index", n)
		}
		return nil
	})
	require.EqualValues(t, clients*each, s.count("SELECT count() FROM mailtrail.images"), "each is there once")
	for id, picture := range want {
		status, got := s.getImage(officer, id)
		require.Equal(t, http.StatusOK, status)
		require.True(t, bytes.Equal(picture, got), "image %s is as it was sent", id)
	}
	eventually(t, 30*time.Second, func() error {
		got := s.run("audit")
		if got.status != 0 {
			return fmt.Errorf("audit: %s %s", got.stdout, got.stderr)
		}
		if !strings.Contains(got.stdout, fmt.Sprintf("packs of %d images", clients*each)) || !strings.Contains(got.stdout, "mail.images: clean: 4 partitions") {
			return fatal{errors.New(got.stdout)}
		}
		return nil
	})
}

// foundAndRead uses the commands and the API as people do.
func (s *site) foundAndRead(token, officer, mailer string) {
	t := s.t
	picture := tiffPicture(900, 40_000)
	contentType, body := imageRequest(900, time.Now().Add(-time.Minute), picture)
	status, id, answer := postImage(s.imageDoor(), token, contentType, body)
	require.Equal(t, http.StatusCreated, status, answer)
	again, same, _ := postImage(s.imageDoor(), token, contentType, body)
	require.Equal(t, []any{http.StatusCreated, id}, []any{again, same}, "the same request has the same id")
	eventually(t, 30*time.Second, func() error {
		if status, _ := s.getImage(officer, id); status != http.StatusOK {
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	rows := jsonLines(t, s.do("images", "list", "0027090012345600090010118112501", "--format", "json"))
	require.Len(t, rows, 1)
	require.Equal(t, []any{id, "DBCS-0421", "front", "image/tiff"}, []any{rows[0]["id"], rows[0]["machineId"], rows[0]["side"], rows[0]["mediaType"]})
	out := filepath.Join(t.TempDir(), "piece.tiff")
	s.do("images", "get", id, "--out", out)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	require.True(t, bytes.Equal(picture, got))
	require.Equal(t, 1, s.run("images", "get", id, "--out", out).status, "a file is never written over")
	require.Equal(t, 1, s.run("images", "list", "00270900123456999999").status, "no image of this piece")
	require.Equal(t, 2, s.run("images", "get", "xyz").status)

	status, _ = s.getImage(mailer, id)
	require.Equal(t, http.StatusOK, status, "it bears the mailer's MID")
	status, _ = s.getImage(token, id)
	require.Equal(t, http.StatusUnauthorized, status, "a camera sees no images")
	status, _, _ = postImage(s.imageDoor(), officer, contentType, body)
	require.Equal(t, http.StatusUnauthorized, status)
	old := append([]byte("0000000000ff"), id[12:]...)
	status, _ = s.getImage(officer, string(old))
	require.Equal(t, http.StatusGone, status, "an image of 1970 is past its limit")
	require.EqualValues(t, 1, s.count("SELECT count() FROM mailtrail.images WHERE bytes > 40000"), "stored once")
}

// storeAway stops MinIO: the door says when to come again, and takes images again when MinIO is back, without a restart.
func (s *site) storeAway(token string) {
	t := s.t
	s.objectsAway()
	contentType, body := imageRequest(901, time.Now().Add(-time.Minute), tiffPicture(901, 3000))
	status, _, answer := postImage(s.imageDoor(), token, contentType, body)
	require.Equal(t, http.StatusServiceUnavailable, status, answer)
	require.Contains(t, answer, `"code":"store_unavailable"`)
	s.objectsBack()
	eventually(t, time.Minute, func() error {
		if status, _, answer := postImage(s.imageDoor(), token, contentType, body); status != http.StatusCreated {
			return errors.New(answer)
		}
		return nil
	})
}

// nothingInClear looks into every file of every store, log and folder of the installation.
func (s *site) nothingInClear() {
	t := s.t
	folder := filepath.Dir(filepath.Dir(s.data)) // of all temporary folders of the test
	control := filepath.Join(folder, "control")
	require.NoError(t, os.WriteFile(control, tiffPicture(1, 5000), 0o600))
	found, looked := filesHolding(t, folder, marker)
	require.Equal(t, []string{control}, found, "of %d files", looked)
	require.Greater(t, looked, 50)
	s.do("images", "list", "0027090012345600090010118112501")
}

// filesHolding lists the files below a folder that hold a text, but for those that `images get` was told to write.
func filesHolding(t *testing.T, folder, text string) (found []string, looked int) {
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a store removed it in this moment
		}
		if err != nil || !entry.Type().IsRegular() || entry.Name() == "piece.tiff" {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		looked++
		if bytes.Contains(content, []byte(text)) {
			found = append(found, path)
		}
		return err
	}))
	return found, looked
}

// role starts a role with metrics of its own.
func (s *site) role(t *testing.T, args ...string) *process {
	free, err := ports.Free(1)
	require.NoError(t, err)
	return s.as(t).with("--set", "metrics.listen="+free[0]).start(args...)
}

// objectStack is the MinIO of an installation.
type objectStack struct {
	server *minio.Server
	cancel context.CancelFunc
	ended  chan error
}

// withObjects starts MinIO for an installation of roles.
func withObjects(s *site) *site {
	s = s.with("--set", "objects.access_key="+minio.AccessKey, "--set", "objects.secret_key_file="+minio.SecretFile(s.data))
	s.objectStack = &objectStack{}
	s.objectsBack()
	s.t.Cleanup(s.objectsAway)
	s.owner().do("migrate")
	return s
}

// objectsBack starts MinIO, and objectsAway stops it.
func (s *site) objectsBack() {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(s.t, err)
	program, err := fetcher.MinIO(s.t.Context())
	require.NoError(s.t, err)
	server, err := minio.New(minio.Config{Data: s.data, Addr: s.objects, Schedule: retention.Builtin()}, minio.Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Program: program})
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stack := s.objectStack
	stack.server = server
	stack.cancel, stack.ended = cancel, make(chan error, 1)
	go func() { stack.ended <- server.Run(ctx) }()
	require.NoError(s.t, server.Ready(s.t.Context()))
}

func (s *site) objectsAway() {
	if s.objectStack.cancel == nil {
		return
	}
	s.objectStack.cancel()
	<-s.objectStack.ended
	s.objectStack.cancel = nil
}

// Under `up` the gateway's port and the door's own take images, and the API has them.
func TestUpTakesImages(t *testing.T) {
	s := newSite(t)
	s.up()
	token, officer := s.device("camera-1"), s.do("access", "add", "officer", "records")
	for number, door := range []string{s.gateway, s.images} {
		picture := tiffPicture(number, 3000)
		contentType, body := imageRequest(number, time.Now().Add(-time.Minute), picture)
		var id string
		eventually(t, 10*time.Second, func() error { // it knows the device within two seconds
			status, stored, answer := postImage("http://"+door+"/v1/images", token, contentType, body)
			if id = stored; status != http.StatusCreated {
				return errors.New(answer)
			}
			return nil
		})
		eventually(t, 20*time.Second, func() error {
			if status, got := s.getImage(officer, id); status != http.StatusOK || !bytes.Equal(picture, got) {
				return fmt.Errorf("status %d, %d bytes", status, len(got))
			}
			return nil
		})
	}
	require.Contains(t, s.do("audit"), "packs: clean: 2 packs of 2 images")
}
