package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

//go:embed officer.css
var officerCSS []byte

// slotsShown is how many destroyed slots one page lists.
const slotsShown = 40

// officerRoutes are the records officer's page and what it links to.
func (a *API) officerRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /officer", a.officerPage)
	mux.HandleFunc("GET /officer/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/officer", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET /officer/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(officerCSS) // the client may be gone
	})
	mux.HandleFunc("GET /officer/checkpoint", a.officerCheckpoint)
	mux.HandleFunc("GET /officer/proofs/{class}/{slot}", a.officerProof)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "There is no such page; the records officer's is /officer.", http.StatusNotFound)
	})
	return mux
}

func (a *API) officerPage(w http.ResponseWriter, r *http.Request) {
	asked := Asked{Class: r.FormValue("class"), Before: a.deps.Clock().Add(time.Second), Limit: slotsShown + 1}
	if text := r.FormValue("before"); text != "" {
		before, err := parseMoment(text)
		if err != nil {
			http.Error(w, "before: "+err.Error(), http.StatusBadRequest)
			return
		}
		asked.Before, asked.After = before, r.FormValue("after")
	}
	page := a.gather(r.Context(), asked)
	page.Officer, page.Encrypted = officerOf(r), r.TLS != nil
	var out bytes.Buffer
	if err := a.page.Execute(&out, page); err != nil {
		a.deps.Log.Error().Err(err).Msg("the records officer's page cannot be written")
		http.Error(w, "The page cannot be written; the log of mailtrail says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = out.WriteTo(w) // the client may be gone
}

func parseMoment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("expected a date such as 2026-11-01, or a time such as 2026-11-01T00:00:00Z")
}

// officerProof is the proof bundle of a slot as a file.
func (a *API) officerProof(w http.ResponseWriter, r *http.Request) {
	class := r.PathValue("class")
	slot, err := time.Parse(time.RFC3339, strings.TrimSuffix(r.PathValue("slot"), ".json"))
	if err != nil {
		http.Error(w, "The slot in the address: expected the start of a slot, such as 2026-10-26T00:00:00Z.json", http.StatusBadRequest)
		return
	}
	bundle, err := a.deps.Ledger.Proof(r.Context(), class, slot.UTC())
	if err != nil {
		a.noProof(w, err)
		return
	}
	name := fmt.Sprintf("mailtrail-proof-%s-%s.json", class, slot.UTC().Format("20060102T150405Z"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	_, _ = w.Write(bundle) // the client may be gone
}

func (a *API) officerCheckpoint(w http.ResponseWriter, r *http.Request) {
	state, err := a.deps.Ledger.State(r.Context(), Asked{})
	if err != nil {
		a.noProof(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="mailtrail-checkpoint-%d.txt"`, state.Size))
	_, _ = w.Write([]byte(state.Checkpoint)) // the client may be gone
}

func (a *API) noProof(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNoProof), errors.Is(err, ErrNoLedger):
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		a.deps.Log.Error().Err(err).Msg("the ledger cannot be read for the records officer's page")
		http.Error(w, "The ledger cannot be read: "+err.Error(), http.StatusServiceUnavailable)
	}
}
