package gluesync

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
	"panther/sinks/lake/operator"
)

const (
	region = "us-west-2" // other packages use other regions of the same server
	door   = "schema: Custom.Door\nfields:\n- {name: id, type: string, description: which door}\n- {name: port, type: int}\n"
)

// A bench is a lake in a folder, whose heads are in Glue.
type bench struct {
	*testing.T
	endpoint, lake, schemas string
	options                 catalogs.Options
	glue                    *glue.Client
	said                    string // by the last run
}

// newBench needs moto, the server of AWS's APIs that PANTHER_TEST_GLUE names, as http://127.0.0.1:5000.
func newBench(t *testing.T) *bench {
	b := &bench{T: t, endpoint: os.Getenv("PANTHER_TEST_GLUE"), lake: t.TempDir(), schemas: t.TempDir()}
	switch {
	case b.endpoint != "":
	case os.Getenv("CI") == "true":
		t.Fatal("PANTHER_TEST_GLUE names no server of Glue's API; `pip install moto[server,glue]; moto_server` is one")
	default:
		t.Skip("PANTHER_TEST_GLUE names no server of Glue's API; `pip install moto[server,glue]; moto_server` is one")
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": ""} {
		t.Setenv(name, value)
	}
	b.options = catalogs.Options{Warehouse: b.lake, Kind: catalogs.Glue, AWS: bucket.Options{Endpoint: b.endpoint, Region: region}}
	config, err := b.options.AWS.Config(t.Context())
	b.must(err)
	b.glue = glue.NewFromConfig(config)
	for _, space := range []string{lake.LogsSpace, lake.MonitorSpace} {
		_, err := b.glue.DeleteDatabase(t.Context(), &glue.DeleteDatabaseInput{Name: &space})
		var none *types.EntityNotFoundException
		if err != nil && !errors.As(err, &none) {
			t.Fatal(err)
		}
	}
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) schema(text string) {
	b.must(os.WriteFile(filepath.Join(b.schemas, "door.yml"), []byte(text), 0o600))
}

// run calls the program as a person does, and returns what it found: "table: what" or "table: what (mended)".
func (b *bench) run(code int, args ...string) (found []string) {
	b.Helper()
	var out, talk bytes.Buffer
	args = append([]string{"-warehouse", b.lake, "-endpoint", b.endpoint, "-region", region, "-schemas", b.schemas, "-o", "json"}, args...)
	got := Main(b.Context(), operator.Call{Name: "gluesync", Args: args, Out: &out, Talk: &talk, Env: func(string) string { return "" }})
	if b.said = talk.String(); got != code {
		b.Fatalf("%q: exit %d, want %d\n%s%s", args, got, code, &out, &talk)
	}
	var r Result
	if code != operator.Usage {
		b.must(json.Unmarshal(out.Bytes(), &r))
	}
	for _, d := range r.Differences {
		line := d.Table + ": " + d.What
		if d.Mended {
			line += " (mended)"
		}
		found = append(found, line)
	}
	return found
}

func (b *bench) expect(want, got []string) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Error(diff)
	}
}

func (b *bench) entry(id table.Identifier) *types.Table {
	b.Helper()
	out, err := b.glue.GetTable(b.Context(), &glue.GetTableInput{DatabaseName: &id[0], Name: &id[1]})
	b.must(err)
	return out.Table
}

// update changes Glue's entry as another program would.
func (b *bench) update(id table.Identifier, change func(in *types.TableInput)) {
	b.Helper()
	at := b.entry(id)
	in := &types.TableInput{Name: at.Name, TableType: at.TableType, StorageDescriptor: at.StorageDescriptor, Parameters: at.Parameters}
	change(in)
	_, err := b.glue.UpdateTable(b.Context(), &glue.UpdateTableInput{DatabaseName: &id[0], TableInput: in, VersionId: at.VersionId})
	b.must(err)
}

// rows writes rows of Custom.Door into the table.
func (b *bench) rows(n int64) {
	b.Helper()
	c, err := catalogs.Open(b.Context(), b.options)
	b.must(err)
	s, err := logtype.Parse("door.yml", []byte(door))
	b.must(err)
	sink := lake.NewSink(c, func(string, int64) (*logtype.Schema, bool) { return s, true }, lake.Options{})
	p := stream.Partition{Topic: "panther.events", ID: stream.ID{1}}
	sink.Assign(p, 0)
	for i := range n {
		b.must(sink.Add(b.Context(), []stream.Record{{Topic: p.Topic, TopicID: p.ID, Offset: i, Value: []byte(`{"id":"a"}`),
			Headers: []stream.Header{{Key: "log-type", Value: []byte("Custom.Door")}}}}))
	}
	_, _, err = sink.Flush(b.Context(), true)
	b.must(err)
}

var doors = lake.LogTable("Custom.Door")

// Whatever differs is found, told, mended, and then gone; with -dry-run nothing changes.
func TestSync(t *testing.T) {
	b := newBench(t)
	b.schema(door)
	nothing := "panther_logs.custom_door: Glue has no table, and nothing was written to it yet"
	b.expect([]string{nothing}, b.run(operator.Problems, "-dry-run"))
	b.expect([]string{nothing}, b.run(operator.Problems, "-dry-run", "-workers", "1"))
	b.expect([]string{nothing + " (mended)"}, b.run(0))
	b.expect(nil, b.run(0, "-dry-run"))

	b.schema(strings.Replace(door, "type: int", "type: bigint", 1) + "- {name: floor, type: string}\n")
	wider := []string{"panther_logs.custom_door: column port is int, want long", "panther_logs.custom_door: column floor string is not there"}
	b.expect(wider, b.run(operator.Problems, "-dry-run"))
	b.expect([]string{wider[0] + " (mended)", wider[1] + " (mended)"}, b.run(0))

	before := b.entry(doors)
	b.update(doors, func(in *types.TableInput) {
		in.StorageDescriptor.Columns[0].Type = aws.String("binary")
		in.StorageDescriptor.Columns[1].Comment = nil
		in.StorageDescriptor.Columns = append(in.StorageDescriptor.Columns[:2], append([]types.Column{{Name: aws.String("partition_0"), Type: aws.String("string")}}, in.StorageDescriptor.Columns[3:]...)...)
		in.StorageDescriptor.Location = aws.String("s3://elsewhere")
		in.PartitionKeys = []types.Column{{Name: aws.String("hour"), Type: aws.String("string")}}
		in.Parameters["theirs"] = "stays"
	})
	_, err := b.glue.CreatePartition(t.Context(), &glue.CreatePartitionInput{DatabaseName: &doors[0], TableName: &doors[1], PartitionInput: &types.PartitionInput{Values: []string{"10"}}})
	b.must(err)
	var crawled, mended []string
	for _, what := range []string{
		"Glue says it is at s3://elsewhere, and it is at " + filepath.ToSlash(b.lake) + "/panther_logs/custom_door",
		"Glue names partition keys, 1 of them: a table of Iceberg has its own",
		"Glue shows column p_row_id as binary, and it is string",
		`Glue describes column p_parse_time as "", and it is "when the line was classified"`,
		"Glue does not show column p_event_time timestamp",
		"Glue shows column partition_0, which the table has not",
		"Glue lists partitions, 1 of them: a table of Iceberg has its own",
	} {
		crawled = append(crawled, "panther_logs.custom_door: "+what)
		mended = append(mended, "panther_logs.custom_door: "+what+" (mended)")
	}
	b.expect(crawled, b.run(operator.Problems, "-dry-run", "-prefix", "custom_"))
	b.expect(nil, b.run(0, "-prefix", "AWS."))
	b.expect(mended, b.run(0, "-prefix", "Custom.D"))
	b.expect(nil, b.run(0, "-dry-run"))
	after := b.entry(doors)
	if diff := cmp.Diff(before.StorageDescriptor.Columns, after.StorageDescriptor.Columns, cmp.Comparer(func(a, b types.Column) bool { return *a.Name == *b.Name && *a.Type == *b.Type })); diff != "" {
		t.Error(diff)
	}
	for _, key := range []string{"metadata_location", "previous_metadata_location"} {
		if after.Parameters[key] != before.Parameters[key] {
			t.Errorf("%s is %q, was %q", key, after.Parameters[key], before.Parameters[key])
		}
	}
	if after.Parameters["theirs"] != "stays" {
		t.Errorf("what others wrote is gone: %v", after.Parameters)
	}
}

// A table that was removed in Glue comes back with its rows, if it is certain what it was.
func TestForgottenTable(t *testing.T) {
	b := newBench(t)
	b.schema(door)
	b.rows(3)
	location := b.entry(doors).Parameters["metadata_location"]
	forget := func() {
		_, err := b.glue.DeleteTable(t.Context(), &glue.DeleteTableInput{DatabaseName: &doors[0], Name: &doors[1]})
		b.must(err)
	}
	forget()
	b.expect([]string{"panther_logs.custom_door: Glue has no table, though its files are there: the newest version is " + location + " (mended)"}, b.run(0))
	c, err := catalogs.Open(t.Context(), b.options)
	b.must(err)
	if in, err := c.Inspect(t.Context(), doors); err != nil || in.Rows != 3 || !in.OK() {
		t.Errorf("%+v, %v", in, err)
	}
	forget()
	twin := filepath.Join(filepath.Dir(location), strings.SplitN(filepath.Base(location), "-", 2)[0]+"-another.metadata.json")
	b.must(os.WriteFile(twin, []byte("{}"), 0o600))
	for range 2 {
		if found := b.run(operator.Problems); len(found) != 1 || !strings.Contains(found[0], "only one was the table") || strings.Contains(found[0], "mended") {
			t.Error(found)
		}
	}
}

// What would harm somebody is told, and left.
func TestLeftToPeople(t *testing.T) {
	b := newBench(t)
	folder, err := lake.OpenFolder(b.lake)
	b.must(err)
	s, err := logtype.Parse("door.yml", []byte(door))
	b.must(err)
	_, err = lake.NewCatalog(folder).Follow(t.Context(), s)
	b.must(err)
	b.schema(door)
	if found := b.run(operator.Problems); len(found) != 1 || !strings.Contains(found[0], "it belongs to the catalog file") {
		t.Error(found)
	}
	b = newBench(t)
	b.schema(door)
	_, err = b.glue.CreateDatabase(t.Context(), &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &doors[0]}})
	b.must(err)
	_, err = b.glue.CreateTable(t.Context(), &glue.CreateTableInput{DatabaseName: &doors[0], TableInput: &types.TableInput{Name: &doors[1]}})
	b.must(err)
	if found := b.run(operator.Problems); len(found) != 1 || !strings.Contains(found[0], "no table of Iceberg: remove it there") {
		t.Error(found)
	}
}

// Another type of a column, and other partitions, are not for this program to change.
func TestTypesAndPartitionsAreLeft(t *testing.T) {
	b := newBench(t)
	b.schema(door)
	b.rows(1)
	c, err := catalogs.Open(t.Context(), b.options)
	b.must(err)
	at, err := c.LoadTable(t.Context(), doors)
	b.must(err)
	tx := at.NewTransaction()
	b.must(tx.UpdateSpec(true).AddField("id", iceberg.IdentityTransform{}, "by_id").Commit())
	_, err = tx.Commit(t.Context())
	b.must(err)
	_, _, err = c.CommitTable(t.Context(), doors, nil, []table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{"panther.schema.version": "7"})})
	b.must(err)
	b.schema(strings.Replace(door, "type: int", "type: string", 1))
	for range 2 {
		found := b.run(operator.Problems)
		if len(found) != 2 || !strings.HasSuffix(found[0], "column port is int, want string") || !strings.Contains(found[1], "partitioned by hour(p_parse_time), identity(id), want the hour of p_parse_time") {
			t.Error(found)
		}
	}
}

// What is wrong with a call, or with the service, is said in words.
func TestUsage(t *testing.T) {
	b := newBench(t)
	b.schema(door)
	for want, args := range map[string][]string{
		"-workers 0":                 {"-workers", "0"},
		"want table or json":         {"-o", "csv"},
		"the tables are not in Glue": {"-catalog", "file"},
		"there are no schemas":       {"-schemas", "/none"},
		"not defined: -no":           {"-no"},
	} {
		if b.run(operator.Usage, args...); !strings.Contains(b.said, want) {
			t.Errorf("%q: %s; want %s", args, b.said, want)
		}
	}
	b.endpoint = "http://127.0.0.1:1"
	if b.run(operator.Failed); !strings.Contains(b.said, "in Glue") {
		t.Error(b.said)
	}
}
