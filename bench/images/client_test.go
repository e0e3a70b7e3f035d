package images

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// incompressible is a TIFF of so many bytes of noise.
func incompressible(size int, seed uint64) []byte {
	noise := rand.New(rand.NewPCG(seed, 7))
	b := append(make([]byte, 0, size+64), "II*\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(8+size/8*8))
	for range size / 8 {
		b = binary.LittleEndian.AppendUint64(b, noise.Uint64())
	}
	b = binary.LittleEndian.AppendUint16(b, 4)
	for _, entry := range [][2]uint32{{256, 8}, {257, uint32(size / 8 * 8)}, {273, 8}, {279, uint32(size / 8 * 8)}} {
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(entry[0])), 4), 1)
		b = binary.LittleEndian.AppendUint32(b, entry[1])
	}
	return binary.LittleEndian.AppendUint32(b, 0)
}

// load is clients that send one request after the other.
type load struct {
	clients, perRequest, size int
	lasts                     time.Duration
	most                      int // requests in all, 0 for no bound
}

// seen is what came of a load.
type seen struct {
	images  int
	took    time.Duration
	answers []time.Duration // from sent to acknowledged
	ids     []string
	refused int
}

// run sends the load to the door.
func (s *site) run(l load) seen {
	var mu sync.Mutex
	var all seen
	var workers sync.WaitGroup
	began := time.Now()
	transport := &http.Transport{MaxIdleConnsPerHost: l.clients, WriteBufferSize: 64 << 10}
	defer transport.CloseIdleConnections()
	for client := range l.clients {
		workers.Go(func() {
			picture := incompressible(l.size, uint64(client))
			noise := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(client)))
			var own seen
			for n := 0; time.Since(began) < l.lasts && (l.most == 0 || n < l.most/l.clients); n++ {
				body := requestOf(picture, l.perRequest, noise)
				sent := time.Now()
				ids, status := s.post(transport, body)
				if status != http.StatusCreated {
					own.refused++
					time.Sleep(10 * time.Millisecond) // as a client does before it tries again
					continue
				}
				own.answers = append(own.answers, time.Since(sent))
				own.images += len(ids)
				own.ids = append(own.ids, ids[0])
			}
			mu.Lock()
			defer mu.Unlock()
			all.images, all.refused = all.images+own.images, all.refused+own.refused
			all.answers, all.ids = append(all.answers, own.answers...), append(all.ids, own.ids...)
		})
	}
	workers.Wait()
	all.took = time.Since(began)
	return all
}

// requestOf is a request of pictures that differ in their first pixels.
func requestOf(picture []byte, images int, noise *rand.Rand) []byte {
	var b bytes.Buffer
	b.Grow(images * (len(picture) + 512))
	for range images {
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{\"imb\":\"00270900123%09d10118112501\",\"capturedDatetime\":%q,\"machineId\":\"DBCS-0421\"}\r\n",
			noise.Uint32N(1_000_000_000), time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
		b.WriteString("--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"p\"\r\nContent-Type: image/tiff\r\n\r\n")
		binary.LittleEndian.PutUint64(picture[8:], noise.Uint64())
		b.Write(picture)
		b.WriteString("\r\n")
	}
	b.WriteString("--x--\r\n")
	return b.Bytes()
}

func (s *site) post(transport *http.Transport, body []byte) (ids []string, status int) {
	r, err := http.NewRequest(http.MethodPost, "http://"+s.door+"/v1/images", bytes.NewReader(body))
	if err != nil {
		return nil, 0
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Authorization", "Bearer "+s.camera)
	response, err := transport.RoundTrip(r)
	if err != nil {
		return nil, 0
	}
	defer response.Body.Close()
	var got struct{ Images []struct{ ID string } }
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return nil, 0
	}
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection can be used again
	for _, image := range got.Images {
		ids = append(ids, image.ID)
	}
	return ids, response.StatusCode
}

// read gets an image through the API and returns how long that took.
func (s *site) read(client *http.Client, id string) (took time.Duration, bytes int64, err error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+s.api+"/v1/images/"+id, nil)
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Authorization", "Bearer "+s.officer)
	began := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	bytes, err = io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return time.Since(began), bytes, err
}

// at is a quantile of times.
func at(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(len(times)-1, int(share*float64(len(times))))].Round(10 * time.Microsecond)
}
