package catalogs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogtest"
)

// A glueService is moto, the server of AWS's APIs that PANTHER_TEST_GLUE names, as http://127.0.0.1:5000, behind a gate that does
// what moto does not: compare versions.
type glueService struct {
	*httptest.Server
	faulty *faulty
	moto   *url.URL
	mu     sync.Mutex
}

func startGlue(t *testing.T) *glueService {
	named := os.Getenv("PANTHER_TEST_GLUE")
	switch {
	case named != "":
	case os.Getenv("CI") == "true":
		t.Fatal("PANTHER_TEST_GLUE names no server of Glue's API; `pip install moto[server,glue]; moto_server` is one")
	default:
		t.Skip("PANTHER_TEST_GLUE names no server of Glue's API; `pip install moto[server,glue]; moto_server` is one")
	}
	moto, err := url.Parse(named)
	must(t, err)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_MAX_ATTEMPTS": ""} {
		t.Setenv(name, value)
	}
	g := &glueService{moto: moto}
	g.faulty = &faulty{service: http.HandlerFunc(g.serve), step: glueStep, refuse: func(w http.ResponseWriter, f fault) { glueError(w, f.status, f.code) }}
	g.Server = httptest.NewServer(g.faulty)
	t.Cleanup(g.Close)
	for _, space := range spaces() { // of earlier tests; other packages use other regions of the same server
		_, err := g.client(t).DeleteDatabase(t.Context(), &glue.DeleteDatabaseInput{Name: &space})
		var none *types.EntityNotFoundException
		if err != nil && !errors.As(err, &none) {
			t.Fatal(err)
		}
	}
	return g
}

func glueAction(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.")
}

func glueStep(r *http.Request) string {
	return map[string]string{"GetTable": "load", "UpdateTable": "commit"}[glueAction(r)]
}

func glueError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "no"})
}

// serve passes requests on, one at a time, and refuses those to update a version that is not the newest, as Glue does.
func (g *glueService) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if glueAction(r) == "UpdateTable" {
		var in struct {
			DatabaseName, VersionId string
			TableInput              struct{ Name string }
		}
		json.Unmarshal(body, &in)
		if in.VersionId == "" || in.VersionId != g.version(r, in.DatabaseName, in.TableInput.Name) {
			glueError(w, http.StatusBadRequest, "ConcurrentModificationException")
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.pass(w, r)
}

func (g *glueService) pass(w http.ResponseWriter, r *http.Request) {
	httputil.NewSingleHostReverseProxy(g.moto).ServeHTTP(w, r)
}

func (g *glueService) version(r *http.Request, database, name string) string {
	ask := r.Clone(r.Context())
	ask.Header.Set("X-Amz-Target", "AWSGlue.GetTable")
	b, _ := json.Marshal(map[string]string{"DatabaseName": database, "Name": name})
	ask.Body, ask.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	ask.Header.Del("Content-Length")
	w := httptest.NewRecorder()
	g.pass(w, ask)
	var out struct{ Table struct{ VersionId string } }
	json.Unmarshal(w.Body.Bytes(), &out)
	return out.Table.VersionId
}

func (g *glueService) options(dir string) Options {
	return Options{Warehouse: dir, Kind: Glue, AWS: bucket.Options{Endpoint: g.URL, Region: "eu-west-1"}}
}

// opens opens lakes in one folder whose heads Glue keeps.
func (g *glueService) opens(t *testing.T) catalogtest.Open {
	dir := t.TempDir()
	return func(t *testing.T) *lake.Catalog {
		t.Helper()
		c, err := g.options(dir).AWS.Config(t.Context())
		must(t, err)
		c.Retryer = func() aws.Retryer { // waits for nothing for long
			return retry.AddWithMaxBackoffDelay(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.RateLimiter = 3, ratelimit.None }), time.Millisecond)
		}
		folder, err := lake.OpenFolder(dir)
		must(t, err)
		return lake.NewCatalogOf(folder, newGlueHeads(c, folder))
	}
}

func TestGlueIsACatalog(t *testing.T) {
	g := startGlue(t)
	open := g.opens(t)
	catalogtest.Run(t, open)
	c, err := Open(t.Context(), g.options(t.TempDir()))
	must(t, err)
	must(t, c.Check(t.Context()))
}

func TestGlueWhereThingsGoWrong(t *testing.T) {
	start := func(t *testing.T) (*faulty, catalogtest.Open) {
		g := startGlue(t)
		return g.faulty, g.opens(t)
	}
	faults(t, start, kinds("InternalServiceException", "AccessDeniedException"))
}

func (g *glueService) client(t *testing.T) *glue.Client {
	c, err := g.options("").AWS.Config(t.Context())
	must(t, err)
	return glue.NewFromConfig(c)
}

// Glue shows the columns, and keeps what others wrote beside what is ours.
func TestGlueShowsTheTable(t *testing.T) {
	g := startGlue(t)
	c := g.opens(t)(t)
	sink := catalogtest.NewSink(c, catalogtest.Failures, 0)
	flush := func(offset int64) {
		must(t, sink.Add(t.Context(), []stream.Record{catalogtest.Line(catalogtest.Failures, offset)}))
		_, _, err := sink.Flush(t.Context(), true)
		must(t, err)
	}
	flush(0)
	get := func() *types.Table {
		out, err := g.client(t).GetTable(t.Context(), &glue.GetTableInput{DatabaseName: &lake.FailuresTable[0], Name: &lake.FailuresTable[1]})
		must(t, err)
		return out.Table
	}
	before := get()
	in := &types.TableInput{Name: before.Name, TableType: before.TableType, StorageDescriptor: before.StorageDescriptor, Owner: aws.String("somebody"), Parameters: before.Parameters}
	in.Parameters["theirs"] = "stays"
	_, err := g.client(t).UpdateTable(t.Context(), &glue.UpdateTableInput{DatabaseName: &lake.FailuresTable[0], TableInput: in, VersionId: before.VersionId})
	must(t, err)
	flush(1)
	now := get()
	loaded, err := c.LoadTable(t.Context(), lake.FailuresTable)
	must(t, err)
	if now.Parameters["theirs"] != "stays" || aws.ToString(now.Owner) != "somebody" {
		t.Errorf("what others wrote is gone: %v, %v", now.Parameters, now.Owner)
	}
	if p := now.Parameters; p["table_type"] != "ICEBERG" || p["metadata_location"] != loaded.MetadataLocation() || p["previous_metadata_location"] != before.Parameters["metadata_location"] {
		t.Errorf("parameters %v; it is at %s", p, loaded.MetadataLocation())
	}
	kinds := map[string]string{}
	for _, column := range now.StorageDescriptor.Columns {
		kinds[*column.Name] = *column.Type
	}
	for name, want := range map[string]string{"p_parse_time": "timestamp", "payload": "string", "payload_raw": "binary", "offset": "bigint", "partition": "int",
		"candidates": kinds["candidates"]} {
		if kinds[name] != want {
			t.Errorf("column %s is %s, want %s", name, kinds[name], want)
		}
	}
	if !strings.HasPrefix(kinds["candidates"], "array<struct<") {
		t.Errorf("column candidates is %s", kinds["candidates"])
	}
}

// Tables of others in our database are none of ours, and are not touched.
func TestGlueAndOtherTables(t *testing.T) {
	g := startGlue(t)
	c := g.opens(t)(t)
	_, err := g.client(t).CreateDatabase(t.Context(), &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: aws.String(lake.LogsSpace)}})
	must(t, err)
	_, err = g.client(t).CreateTable(t.Context(), &glue.CreateTableInput{DatabaseName: aws.String(lake.LogsSpace), TableInput: &types.TableInput{Name: aws.String("hive")}})
	must(t, err)
	ids, err := c.ListTables(t.Context())
	if diff := cmp.Diff([]table.Identifier(nil), ids); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if _, err := c.LoadTable(t.Context(), table.Identifier{lake.LogsSpace, "hive"}); err == nil || !contains(err, "it is no table of Iceberg: remove it there") {
		t.Error(err)
	}
}

func TestGlueErrors(t *testing.T) {
	g := startGlue(t)
	for want, f := range map[string]fault{
		"load table panther_logs.x in Glue: AccessDeniedException: no; allow glue:GetTable on the catalog, the database panther_logs": {status: 400, code: "AccessDeniedException"},
		"get new ones":              {status: 400, code: "ExpiredTokenException"},
		"look at AWS_ACCESS_KEY_ID": {status: 400, code: "UnrecognizedClientException"},
	} {
		g.faulty.set("load", f, 9)
		if _, err := g.opens(t)(t).LoadTable(t.Context(), table.Identifier{lake.LogsSpace, "x"}); err == nil || !contains(err, want) || contains(err, "RequestID") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	open := g.opens(t)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, err := open(t).LoadTable(t.Context(), table.Identifier{lake.LogsSpace, "x"}); err == nil || !contains(err, "set AWS_ACCESS_KEY_ID") {
		t.Errorf("without credentials: %v", err)
	}
}
