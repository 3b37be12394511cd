package endpoint

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/rest"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
)

var failures = table.Identifier{"panther_monitor", "classification_failures"}

// A world is a lake in a folder, its writer, and the endpoint before it.
type world struct {
	t      *testing.T
	dir    string
	lake   *lake.Catalog
	sink   *lake.Sink
	server *httptest.Server
	next   int64
}

func newWorld(t *testing.T, properties map[string]string) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "lake")}
	folder, err := lake.OpenFolder(w.dir)
	w.must(err)
	w.lake = lake.NewCatalog(folder)
	w.sink = lake.NewSink(w.lake, func(string, int64) (*logtype.Schema, bool) { return nil, false }, lake.Options{})
	w.sink.Assign(stream.Partition{Topic: schemas.ClassificationFailures.Name}, 0)
	w.server = httptest.NewServer(New(w.lake, properties))
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// write commits one row.
func (w *world) write() {
	w.t.Helper()
	w.must(w.sink.Add(w.t.Context(), []stream.Record{{Topic: schemas.ClassificationFailures.Name, Offset: w.next, Message: schemas.Failure{RowID: fmt.Sprint(w.next)}}}))
	w.next++
	_, _, err := w.sink.Flush(w.t.Context(), true)
	w.must(err)
}

// ask returns status and body of an answer.
func (w *world) ask(method, path string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+Path+path, nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(r)
	w.must(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.must(err)
	return resp.StatusCode, strings.TrimSpace(string(b))
}

// A client of another make finds the tables, and sees each commit.
func TestClientSeesTheNewestCommit(t *testing.T) {
	w := newWorld(t, nil)
	w.write()
	client, err := rest.NewCatalog(t.Context(), "panther", w.server.URL+Path)
	w.must(err)
	spaces, err := client.ListNamespaces(t.Context(), nil)
	w.must(err)
	if diff := cmp.Diff([]table.Identifier{{"panther_monitor"}}, spaces); diff != "" {
		t.Error(diff)
	}
	var tables []table.Identifier
	for id, err := range client.ListTables(t.Context(), table.Identifier{"panther_monitor"}) {
		w.must(err)
		tables = append(tables, id)
	}
	if diff := cmp.Diff([]table.Identifier{failures}, tables); diff != "" {
		t.Error(diff)
	}
	for rows := int64(1); rows < 4; rows++ {
		seen, err := client.LoadTable(t.Context(), failures)
		w.must(err)
		ours, err := w.lake.LoadTable(t.Context(), failures)
		w.must(err)
		if !seen.Metadata().Equals(ours.Metadata()) || seen.MetadataLocation() != ours.MetadataLocation() {
			t.Errorf("with %d rows the client sees %s, we have %s", rows, seen.MetadataLocation(), ours.MetadataLocation())
		}
		if got := seen.CurrentSnapshot().Summary.Properties["total-records"]; got != fmt.Sprint(rows) {
			t.Errorf("the client sees %s rows, want %d", got, rows)
		}
		w.write()
	}
	if _, err := client.CreateTable(t.Context(), table.Identifier{"panther_monitor", "mine"}, nil); err == nil {
		t.Error("a client has made a table")
	}
	if ok, err := client.CheckTableExists(t.Context(), table.Identifier{"panther_monitor", "mine"}); ok || err != nil {
		t.Errorf("a table that is not there: %v, %v", ok, err)
	}
	if ok, err := client.CheckNamespaceExists(t.Context(), catalog.ToIdentifier("panther_monitor")); !ok || err != nil {
		t.Errorf("a namespace that is there: %v, %v", ok, err)
	}
}

func TestAnswers(t *testing.T) {
	w := newWorld(t, map[string]string{"s3.endpoint": "http://store:9000"})
	for path, want := range map[string]string{
		"/v1/namespaces":                 `200 {"namespaces":[]}`,
		"/v1/namespaces/panther_monitor": `404 {"error":{"code":404,"message":"there is no such namespace`,
	} {
		if code, body := w.ask("GET", path); !strings.HasPrefix(fmt.Sprint(code, " ", body), want) {
			t.Errorf("an empty lake: GET %s: %d %s, want %s", path, code, body, want)
		}
	}
	w.write()
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/v1/config", `200 {"defaults":{"s3.endpoint":"http://store:9000"},"endpoints":["GET /v1/{prefix}/namespaces"`},
		{"GET", "/v1/config?warehouse=any", `200 {"defaults"`},
		{"GET", "/v1/namespaces", `200 {"namespaces":[["panther_monitor"]]}`},
		{"GET", "/v1/namespaces?parent=panther_monitor", `200 {"namespaces":[]}`},
		{"GET", "/v1/namespaces/panther_monitor", `200 {"namespace":["panther_monitor"],"properties":{}}`},
		{"GET", "/v1/namespaces/other", `404 {"error":{"code":404,"message":"there is no such namespace`},
		{"HEAD", "/v1/namespaces/panther_monitor", `204 `},
		{"HEAD", "/v1/namespaces/other", `404 `},
		{"GET", "/v1/namespaces/panther_monitor/tables", `200 {"identifiers":[{"namespace":["panther_monitor"],"name":"classification_failures"}]}`},
		{"GET", "/v1/namespaces/panther_monitor/views", `200 {"identifiers":[]}`},
		{"GET", "/v1/namespaces/panther_monitor/tables/classification_failures", `200 {"config":{"s3.endpoint":"http://store:9000"},"metadata":{`},
		{"HEAD", "/v1/namespaces/panther_monitor/tables/classification_failures", `204 `},
		{"HEAD", "/v1/namespaces/panther_monitor/tables/none", `404 `},
		{"GET", "/v1/namespaces/panther_monitor/tables/none", `404 {"error":{"code":404,"message":"table does not exist`},
		{"GET", "/v1/namespaces/panther_monitor/tables/%2e%2e", `404 {"error":{`},
		{"GET", "/v1/namespaces/panther_monitor/tables/..%2f..%2fx", `404 {"error":{`},
		{"POST", "/v1/namespaces/panther_monitor/tables/classification_failures/metrics", `204 `},
		{"POST", "/v1/namespaces/panther_monitor/tables/classification_failures", `406 {"error":{"code":406,"message":"this catalog is for readers`},
		{"POST", "/v1/namespaces/panther_monitor/tables", `406 {`},
		{"POST", "/v1/namespaces", `406 {`},
		{"DELETE", "/v1/namespaces/panther_monitor/tables/classification_failures", `406 {`},
		{"POST", "/v1/transactions/commit", `406 {`},
		{"GET", "/v2/config", `404 {"error":{"code":404,"message":"there is nothing at this path; engines are given the address of the catalog, which ends in /iceberg`},
	} {
		code, body := w.ask(c.method, c.path)
		if !strings.HasPrefix(fmt.Sprint(code, " ", body), c.want) {
			t.Errorf("%s %s: %d %.200s\nwant %s", c.method, c.path, code, body, c.want)
		}
		if body != "" && !json.Valid([]byte(body)) {
			t.Errorf("%s %s: no JSON: %.200s", c.method, c.path, body)
		}
	}
}

// A lake that cannot be read is told from a table that is not there: an engine would else take it for empty.
func TestALakeThatIsAway(t *testing.T) {
	w := newWorld(t, nil)
	w.write()
	newest, err := w.lake.LoadTable(t.Context(), failures)
	w.must(err)
	w.write()
	w.must(os.WriteFile(filepath.Join(filepath.Dir(newest.MetadataLocation()), "v9.metadata.json"), []byte("{"), 0o644))
	code, body := w.ask("GET", "/v1/namespaces/panther_monitor/tables/classification_failures")
	if code != 503 || !strings.Contains(body, "ServiceUnavailableException") || !strings.Contains(body, "v9.metadata.json") {
		t.Errorf("%d %s", code, body)
	}
}
