// Package report is the door for people outside of the mail room: the records officer's page at /officer, and, where there are
// images, /v1/images for officers and mailers. To all else it says that its answers are not there yet, in the form in which all
// its errors come. OFFICER.md describes the page, pipeline/images the images.
package report

import (
	"encoding/json"
	"html/template"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// Config is what the operator decides.
type Config struct {
	// Listen is the address, HOST:PORT (api.listen).
	Listen string
	// Cert and Key are PEM files; plain HTTP without them (api.tls).
	Cert, Key string
	// Schedule is the one that the configuration names, for when the server that has it in force does not answer.
	Schedule *retention.Schedule
}

// Deps are what the API needs from outside.
type Deps struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Clock   func() time.Time
	// Officers tell who a records officer is.
	Officers Officers
	// Applied is the schedule in force, and Stores what they hold; Ledger is what was entered.
	Applied Applied
	Stores  []Store
	Ledger  Ledger
	// Images serves /v1/images and what lies below; it lets in by itself. nil where there are no images.
	Images http.Handler
}

// API serves the page and the images. Run it once.
type API struct {
	config  Config
	deps    Deps
	handler http.Handler
	page    *template.Template
}

// New prepares an API; nothing runs yet.
func New(config Config, deps Deps) *API {
	a := &API{config: config, deps: deps, page: officerTemplate()}
	guard := newGuard(deps.Officers, deps.Metrics, deps.Clock)
	mux := http.NewServeMux()
	officer := headers(guard.protect(a.officerRoutes()))
	mux.Handle("/officer", officer)
	mux.Handle("/officer/", officer)
	if deps.Images != nil {
		mux.Handle("/v1/images", deps.Images)
		mux.Handle("/v1/images/", deps.Images)
	}
	mux.HandleFunc("/", a.notAvailable)
	a.handler = mux
	return a
}

// answer is the form of an error, as the gateway's.
type answer struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Time string `json:"time"`
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// notAvailable answers 404 not_available to everything that is not built.
func (a *API) notAvailable(w http.ResponseWriter, _ *http.Request) {
	var out answer
	out.Error.Code = "not_available"
	out.Error.Message = "this version has no answers for mailers yet; `mailtrail piece BARCODE` and the SQL views have them. The records officer's page is at /officer"
	out.Time = a.deps.Clock().UTC().Format(time.RFC3339Nano)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(out) // the client may be gone
}
