// Package endpoint shows a lake to other engines: it speaks the REST protocol of Iceberg catalogs, as far as readers need it.
// Spark, Trino, DuckDB and PyIceberg then open every table by its name, and see the newest commit.
//
// Its one idea: an engine asks a catalog only where a table's files are, and reads those itself, from the folder or the
// bucket, with credentials of its own. So nothing is ever written here, no file passes through, and no secret is given away.
package endpoint

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/apache/iceberg-go/table"

	"panther/sinks/lake"
)

// Path is where the endpoint is on the server that holds it: engines are given http://host:port/iceberg.
const Path = "/iceberg"

type endpoint struct {
	catalog    *lake.Catalog
	properties map[string]string
}

// New makes a handler of the paths below Path. Clients are told the properties, as where the store of the files is.
func New(c *lake.Catalog, properties map[string]string) http.Handler {
	e := &endpoint{catalog: c, properties: properties}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/config", e.config)
	for _, r := range e.routes() {
		mux.HandleFunc(r.method+" /v1"+r.path, r.answer)
	}
	mux.HandleFunc("/", refuse)
	return http.StripPrefix(Path, mux)
}

// A route is one question that is answered.
type route struct {
	method, path string
	answer       http.HandlerFunc
}

func (e *endpoint) routes() []route {
	return []route{
		{"GET", "/namespaces", e.spaces},
		{"GET", "/namespaces/{namespace}", e.space},
		{"HEAD", "/namespaces/{namespace}", e.space},
		{"GET", "/namespaces/{namespace}/tables", e.tables},
		{"GET", "/namespaces/{namespace}/tables/{table}", e.table},
		{"HEAD", "/namespaces/{namespace}/tables/{table}", e.table},
		{"GET", "/namespaces/{namespace}/views", e.views},
		{"POST", "/namespaces/{namespace}/tables/{table}/metrics", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNoContent) // engines tell what a scan cost, whether asked or not
		}},
	}
}

// config tells what the endpoint can do.
func (e *endpoint) config(w http.ResponseWriter, r *http.Request) {
	var can []string
	for _, r := range e.routes() {
		can = append(can, r.method+" /v1/{prefix}"+r.path)
	}
	reply(w, r, map[string]any{"defaults": e.given(), "overrides": map[string]string{}, "endpoints": can})
}

func (e *endpoint) given() map[string]string {
	if e.properties == nil {
		return map[string]string{}
	}
	return e.properties
}

func (e *endpoint) spaces(w http.ResponseWriter, r *http.Request) {
	ids, err := e.catalog.ListTables(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	spaces := [][]string{}
	if r.URL.Query().Get("parent") == "" { // no namespace is within another
		for _, id := range ids {
			if !slices.ContainsFunc(spaces, func(s []string) bool { return s[0] == id[0] }) {
				spaces = append(spaces, []string{id[0]})
			}
		}
	}
	reply(w, r, map[string]any{"namespaces": spaces})
}

// in lists the tables of the namespace that a request names; there is no empty one.
func (e *endpoint) in(r *http.Request) (tables []string, err error) {
	ids, err := e.catalog.ListTables(r.Context())
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id[0] == r.PathValue("namespace") {
			tables = append(tables, id[1])
		}
	}
	if len(tables) == 0 {
		return nil, errNoSpace
	}
	return tables, nil
}

func (e *endpoint) space(w http.ResponseWriter, r *http.Request) {
	if _, err := e.in(r); err != nil {
		fail(w, err)
		return
	}
	reply(w, r, map[string]any{"namespace": []string{r.PathValue("namespace")}, "properties": map[string]string{}})
}

// An identifier names a table.
type identifier struct {
	Namespace []string `json:"namespace"`
	Name      string   `json:"name"`
}

func (e *endpoint) tables(w http.ResponseWriter, r *http.Request) {
	names, err := e.in(r)
	if err != nil {
		fail(w, err)
		return
	}
	ids := []identifier{}
	for _, name := range names {
		ids = append(ids, identifier{[]string{r.PathValue("namespace")}, name})
	}
	reply(w, r, map[string]any{"identifiers": ids})
}

func (e *endpoint) views(w http.ResponseWriter, r *http.Request) {
	if _, err := e.in(r); err != nil {
		fail(w, err)
		return
	}
	reply(w, r, map[string]any{"identifiers": []identifier{}})
}

// table answers with the whole metadata of a table as it is now.
func (e *endpoint) table(w http.ResponseWriter, r *http.Request) {
	id, err := lake.Parse(r.PathValue("namespace") + "." + r.PathValue("table"))
	if err != nil {
		err = errors.Join(lake.ErrNoTable, err)
	}
	var t *table.Table
	if err == nil {
		t, err = e.catalog.LoadTable(r.Context(), id)
	}
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, r, map[string]any{"metadata-location": t.MetadataLocation(), "metadata": t.Metadata(), "config": e.given()})
}

// reply answers; to HEAD without a body.
func reply(w http.ResponseWriter, r *http.Request, answer any) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b, err := json.Marshal(answer)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
}

var errNoSpace = errors.New("there is no such namespace; `panther lake tables` lists the tables")

// fail answers with an error as the protocol has it.
func fail(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, lake.ErrNoTable):
		answerError(w, http.StatusNotFound, "NoSuchTableException", err.Error())
	case errors.Is(err, errNoSpace):
		answerError(w, http.StatusNotFound, "NoSuchNamespaceException", err.Error())
	default:
		answerError(w, http.StatusServiceUnavailable, "ServiceUnavailableException", err.Error())
	}
}

func answerError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": kind, "code": status}})
}

// refuse answers what is not asked by readers.
func refuse(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		answerError(w, http.StatusNotFound, "NotFoundException", "there is nothing at this path; engines are given the address of the catalog, which ends in "+Path)
		return
	}
	answerError(w, http.StatusNotAcceptable, "UnsupportedOperationException", "this catalog is for readers: tables are written by panther alone")
}
