package main

import (
	"encoding/json"
	"net"
	"net/http"
	"path"
	"sync"
)

// A hook is the web server to which alerts are delivered. What it has seen is what people would have been told.
type hook struct {
	server *http.Server
	url    string

	mu   sync.Mutex
	told map[telling]*told
}

// A telling is one alert at one destination.
type telling struct{ destination, alert string }

type told struct {
	kind    string // of alert
	took    int    // requests answered with 200
	refused int    // with 503
	keys    map[string]bool
}

func newHook() (*hook, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &hook{url: "http://" + l.Addr().String(), told: map[telling]*told{}}
	h.server = &http.Server{Handler: http.HandlerFunc(h.serve)}
	go h.server.Serve(l)
	return h, nil
}

// serve takes an alert. The flaky destination refuses each alert once.
func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	var alert struct {
		ID      string `json:"id"`
		AlertID string `json:"alertId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&alert); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := telling{path.Base(r.URL.Path), alert.AlertID}
	t := h.told[at]
	if t == nil {
		t = &told{kind: alert.ID, keys: map[string]bool{}}
		h.told[at] = t
	}
	t.keys[r.Header.Get("Idempotency-Key")] = true
	if at.destination == "flaky" && t.refused == 0 {
		t.refused++
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	t.took++
}

// all returns what was told so far.
func (h *hook) all() map[telling]told {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[telling]told{}
	for k, v := range h.told {
		out[k] = *v
	}
	return out
}

func (h *hook) close() { h.server.Close() }
