package catalogs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/sinks/lake"
	"panther/sinks/lake/catalogtest"
)

// A service is a catalog of Iceberg's REST protocol that is written to. It keeps to what the protocol says of commits.
type service struct {
	*httptest.Server
	faulty *faulty

	mu     sync.Mutex
	spaces map[string]bool
	tables map[string]*kept
	seen   []string // headers of authorization
}

type kept struct {
	meta table.Metadata
	n    int
}

func startService(t *testing.T) *service {
	s := &service{spaces: map[string]bool{}, tables: map[string]*kept{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/config", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"defaults": map[string]string{}, "overrides": map[string]string{"prefix": "wh-" + r.URL.Query().Get("warehouse")}})
	})
	mux.HandleFunc("POST /v1/{prefix}/namespaces", s.makeSpace)
	mux.HandleFunc("GET /v1/{prefix}/namespaces/{space}/tables", s.list)
	mux.HandleFunc("POST /v1/{prefix}/namespaces/{space}/tables", s.make)
	mux.HandleFunc("GET /v1/{prefix}/namespaces/{space}/tables/{table}", s.load)
	mux.HandleFunc("POST /v1/{prefix}/namespaces/{space}/tables/{table}", s.commit)
	locked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, r.Header.Get("Authorization"))
		mux.ServeHTTP(w, r)
	})
	s.faulty = &faulty{service: locked, step: restStep, refuse: func(w http.ResponseWriter, f fault) { refuse(w, f.status, f.code) }}
	s.Server = httptest.NewServer(s.faulty)
	t.Cleanup(s.Close)
	return s
}

func restStep(r *http.Request) string {
	switch _, name, of := strings.Cut(r.URL.Path, "/tables/"); {
	case of && name != "" && r.Method == http.MethodGet:
		return "load"
	case of && name != "":
		return "commit"
	}
	return "other"
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, kind string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": "no", "type": kind, "code": status}})
}

func (s *service) makeSpace(w http.ResponseWriter, r *http.Request) {
	var in struct{ Namespace []string }
	json.NewDecoder(r.Body).Decode(&in)
	if s.spaces[in.Namespace[0]] {
		refuse(w, 409, "AlreadyExistsException")
		return
	}
	s.spaces[in.Namespace[0]] = true
	answer(w, map[string]any{"namespace": in.Namespace, "properties": map[string]string{}})
}

func (s *service) list(w http.ResponseWriter, r *http.Request) {
	space := r.PathValue("space")
	if !s.spaces[space] {
		refuse(w, 404, "NoSuchNamespaceException")
		return
	}
	ids := []map[string]any{}
	for name := range s.tables {
		if of, short, _ := strings.Cut(name, "."); of == space {
			ids = append(ids, map[string]any{"namespace": []string{space}, "name": short})
		}
	}
	answer(w, map[string]any{"identifiers": ids})
}

func (k *kept) location() string {
	return fmt.Sprintf("%s/metadata/%05d-0.metadata.json", k.meta.Location(), k.n)
}

func (k *kept) answer(w http.ResponseWriter) {
	answer(w, map[string]any{"metadata-location": k.location(), "metadata": k.meta, "config": map[string]string{}})
}

func (s *service) make(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name       string                 `json:"name"`
		Schema     *iceberg.Schema        `json:"schema"`
		Spec       *iceberg.PartitionSpec `json:"partition-spec"`
		Location   string                 `json:"location"`
		Properties iceberg.Properties     `json:"properties"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, 400, err.Error())
		return
	}
	space := r.PathValue("space")
	name := space + "." + in.Name
	switch {
	case !s.spaces[space]:
		refuse(w, 404, "NoSuchNamespaceException")
		return
	case s.tables[name] != nil:
		refuse(w, 409, "AlreadyExistsException")
		return
	}
	meta, err := table.NewMetadata(in.Schema, in.Spec, table.UnsortedSortOrder, in.Location, in.Properties)
	if err != nil {
		refuse(w, 400, err.Error())
		return
	}
	s.tables[name] = &kept{meta: meta}
	s.tables[name].answer(w)
}

func (s *service) load(w http.ResponseWriter, r *http.Request) {
	k := s.tables[r.PathValue("space")+"."+r.PathValue("table")]
	if k == nil {
		refuse(w, 404, "NoSuchTableException")
		return
	}
	k.answer(w)
}

func (s *service) commit(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Requirements table.Requirements `json:"requirements"`
		Updates      table.Updates      `json:"updates"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, 400, err.Error())
		return
	}
	k := s.tables[r.PathValue("space")+"."+r.PathValue("table")]
	for _, req := range in.Requirements {
		if err := req.Validate(k.meta); err != nil {
			refuse(w, 409, "CommitFailedException")
			return
		}
	}
	meta, err := table.UpdateTableMetadata(k.meta, in.Updates, k.location())
	if err != nil {
		refuse(w, 400, err.Error())
		return
	}
	k.meta, k.n = meta, k.n+1
	k.answer(w)
}

// opens opens lakes in one folder whose heads the service keeps.
func (s *service) opens(t *testing.T) catalogtest.Open {
	dir := t.TempDir()
	return func(t *testing.T) *lake.Catalog {
		t.Helper()
		c, err := Open(t.Context(), Options{Warehouse: dir, Kind: Rest, REST: REST{URI: s.URL, Warehouse: "main", Token: "a-token"}})
		must(t, err)
		return c
	}
}

func TestRESTIsACatalog(t *testing.T) {
	s := startService(t)
	open := s.opens(t)
	catalogtest.Run(t, open)
	if got := s.seen[len(s.seen)-1]; got != "Bearer a-token" {
		t.Errorf("the service is shown %q", got)
	}
	must(t, open(t).Check(t.Context()))
}

func TestRESTWhereThingsGoWrong(t *testing.T) {
	start := func(t *testing.T) (*faulty, catalogtest.Open) {
		s := startService(t)
		return s.faulty, s.opens(t)
	}
	conflict := fault{name: "applied, and a gateway that repeats it answers with a conflict", status: 409, code: "CommitFailedException", apply: true}
	faults(t, start, append(kinds("ServiceUnavailableException", "ForbiddenException"), conflict))
}

// Messages say what was asked, of whom, and how to mend it. A service that is away when the process starts is asked again.
func TestRESTErrors(t *testing.T) {
	s := startService(t)
	open := s.opens(t)
	for want, f := range map[string]fault{
		"allow it to the user of lake.rest":            {status: 403, code: "ForbiddenException"},
		"set lake.rest.credential or lake.rest.token":  {status: 401, code: "NotAuthorizedException"},
		"load table panther_logs.x in the catalog at ": {status: 503, code: "ServiceUnavailableException"},
	} {
		s.faulty.set("load", f, 1)
		if _, err := open(t).LoadTable(t.Context(), table.Identifier{lake.LogsSpace, "x"}); err == nil || !contains(err, want) || !contains(err, s.URL) || contains(err, "a-token") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	c, err := Open(t.Context(), Options{Warehouse: t.TempDir(), Kind: Rest, REST: REST{URI: away.URL}})
	must(t, err)
	if _, err := c.ListTables(t.Context()); err == nil || !contains(err, "does the catalog run?") {
		t.Errorf("a service that is away: %v", err)
	}
	heads := newRESTHeads(REST{URI: s.URL})
	s.faulty.set("other", fault{status: 503, code: "ServiceUnavailableException"}, 1)
	if _, err := heads.List(t.Context()); err == nil {
		t.Error("no error of a service that is away")
	}
	ids, err := heads.List(t.Context())
	if diff := cmp.Diff([]table.Identifier(nil), ids); err != nil || diff != "" {
		t.Errorf("when it is back: %v, %v", ids, err)
	}
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

// The tables of others in the same service are none of ours.
func TestRESTListsOurTables(t *testing.T) {
	s := startService(t)
	s.spaces["sales"] = true
	s.tables["sales.orders"] = &kept{}
	ids, err := s.opens(t)(t).ListTables(t.Context())
	if len(ids) > 0 || err != nil {
		t.Errorf("%v, %v", ids, err)
	}
	if _, err := s.opens(t)(t).LoadTable(t.Context(), table.Identifier{lake.LogsSpace, "none"}); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("%v, want lake.ErrNoTable", err)
	}
}
