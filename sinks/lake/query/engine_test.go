package query_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/sinks/lake"
	"panther/sinks/lake/laketest"
	"panther/sinks/lake/query"
	"panther/sinks/lake/query/wire"
)

// engine is SQL over the lake of laketest; the test is skipped where panther-query is not there.
func engine(t testing.TB, store lake.Store) *query.Engine {
	program, err := query.Find(os.Getenv("PANTHER_QUERY"))
	if errors.Is(err, query.ErrNoProgram) {
		t.Skip("SQL is not tested: `make build`, then set PANTHER_QUERY to the path of panther-query, or run `make test`, which finds it")
	}
	if err != nil {
		t.Fatal(err)
	}
	c := lake.NewCatalog(store)
	if err := laketest.Write(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	return &query.Engine{Catalog: c, Program: program, Cache: query.Cache{Dir: t.TempDir()}}
}

func folder(t testing.TB) lake.Store {
	f, err := lake.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ask returns the rows of a statement as JSON, one a row.
func ask(t testing.TB, e *query.Engine, s query.Statement) (rows []string, cut string, err error) {
	a, err := e.Run(t.Context(), s)
	if err != nil {
		return nil, "", err
	}
	defer a.Close()
	for b, err := range a.Batches() {
		if err != nil {
			return rows, "", err
		}
		for i := range int(b.NumRows()) {
			var row []byte
			for j := range int(b.NumCols()) {
				row = query.AppendJSON(append(row, ' '), b.Column(j), i)
			}
			rows = append(rows, string(row[1:]))
		}
	}
	return rows, a.Cut(), nil
}

func TestAnswers(t *testing.T) {
	e := engine(t, folder(t))
	for sql, want := range map[string][]string{
		`select count(*), count(distinct "offset"), min(p_parse_time) from panther_monitor.public.classification_failures`:       {`40 40 "2026-11-01T10:30:00Z"`},
		`select "offset" from classification_failures where p_occurs_between('2026-11-01 10:37', '2026-11-01 10:44') order by 1`: {"1", "2"},
		`select count(*) from classification_failures where p_parse_time >= '2026-11-01 15:00' and p_source_label = 'okta'`:      {"1"},
		`select count(*) from classification_failures where p_parse_time >= '2027-01-01'`:                                        {"0"},
		`select payload_raw, candidates[1].reasons[1].expected from classification_failures where payload_raw is not null`:       {`"/wAgaXMgbm90IFVURi04" "int"`},
		// Each file has the columns, names and types of its time.
		`select "offset", port, port__string, n, "new" from panther_logs.a_one order by 1`: {
			"0 80 null 1 null", `1 null "http" 5000000000 null`, `2 null "81" 2 null`, "3 82 null 3 true", `4 null "smtp" 4 null`, "5 83 null 5 null"},
		`select "offset", "user".id__int, "user".id, "user".name, "user" is null from a_one order by 1`: {
			"0 7 null null false", `1 null "x" "ann" false`, `2 null "8" null false`, "3 null null null true", `4 null "y" null false`, "5 null null null true"},
		`select list_transform(list, lambda e: e.k) from a_one where list is not null order by "offset"`:                            {`["a","b"]`, `["c"]`},
		`select sum(n), 1.5::decimal(4, 2), 'a"b', null, {'x': [1]}, map {'k': 2}, 0.1::double, interval 3 days from a_one`:         {`5000000015 1.5 "a\"b" null {"x":[1]} {"k":2} 0.1 "0 months 3 days 0s"`},
		`select table_name from information_schema.tables where table_schema = 'main' and table_catalog like 'panther%' order by 1`: {`"a_one"`, `"classification_failures"`},
	} {
		got, _, err := ask(t, e, query.Statement{SQL: sql})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", sql, err, diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	e := engine(t, folder(t))
	for sql, want := range map[string]string{
		"select 1\nfrom a_one\nwhere nope": `line 3, column 7: Referenced column "nope" not found in FROM clause`,
		"drop table a_one":                 "line 1, column 1: only SELECT is answered",
		"select cast('é' as int), x":       "line 1, column 26: ",
		"from classification_failure":      "did you mean panther_monitor.classification_failures?",
	} {
		_, _, err := ask(t, e, query.Statement{SQL: sql})
		var mistake *query.Error
		if !errors.As(err, &mistake) || !mistake.Permanent() || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", sql, err, want)
		}
	}
	if _, _, err := ask(t, e, query.Statement{SQL: "select error('gone wrong')"}); err == nil || !strings.Contains(err.Error(), "gone wrong") {
		t.Errorf("an error at work: %v", err)
	}
}

// A file that is damaged, or gone, is no mistake of the statement: what is asked is right.
func TestDamagedFiles(t *testing.T) {
	for what, spoil := range map[string]func(file string) error{
		"gone":    os.Remove,
		"cut off": func(file string) error { return os.Truncate(file, 100) },
		"empty":   func(file string) error { return os.Truncate(file, 0) },
	} {
		store := folder(t)
		e := engine(t, store)
		files, err := filepath.Glob(store.Root() + "/panther_logs/a_one/data/*/*.parquet")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if err := spoil(file); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = ask(t, e, query.Statement{SQL: "select count(distinct n) from a_one"})
		var mistake *query.Error
		if !errors.As(err, &mistake) || mistake.Permanent() || !strings.Contains(err.Error(), "a file of table panther_logs.a_one cannot be read") || !strings.Contains(mistake.Hint, "panther lake verify") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLimits(t *testing.T) {
	e := engine(t, folder(t))
	rows, cut, err := ask(t, e, query.Statement{SQL: "from range(10)", Limits: query.Limits{Rows: 3}})
	if err != nil || len(rows) != 3 || cut != "3 rows" {
		t.Errorf("%q, cut by %q, %v", rows, cut, err)
	}
	rows, cut, err = ask(t, e, query.Statement{SQL: "from range(3)", Limits: query.Limits{Rows: 3}})
	if err != nil || len(rows) != 3 || cut != "" {
		t.Errorf("%q, cut by %q, %v", rows, cut, err)
	}
	rows, cut, err = ask(t, e, query.Statement{SQL: "select repeat('x', 1000) from range(100000)", Limits: query.Limits{Rows: -1, Bytes: 1 << 20}})
	if err != nil || len(rows) < 500 || len(rows) > 5000 || cut == "" {
		t.Errorf("%d rows, cut by %q, %v", len(rows), cut, err)
	}
	_, _, err = ask(t, e, query.Statement{SQL: "select count(*) from range(100000000) a, range(1000000) b where a.range % 7 = b.range % 11", Limits: query.Limits{Timeout: 200 * time.Millisecond}})
	var mistake *query.Error
	if !errors.As(err, &mistake) || mistake.Reason != wire.TooLong {
		t.Errorf("beyond the deadline: %v", err)
	}
}

// Whoever stops reading ends the statement; so does whoever gives up.
func TestStopping(t *testing.T) {
	e := engine(t, folder(t))
	a, err := e.Run(t.Context(), query.Statement{SQL: "from range(1000000)", Limits: query.Limits{Rows: -1}})
	if err != nil {
		t.Fatal(err)
	}
	for range a.Batches() {
		break
	}
	a.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Run(ctx, query.Statement{SQL: "select 1"}); err == nil {
		t.Error("a statement that nobody wants has an answer")
	}
}

func TestExplain(t *testing.T) {
	e := engine(t, folder(t))
	rows, _, err := ask(t, e, query.Statement{SQL: "select count(*) from a_one where n > 3", Explain: true})
	if err != nil || !strings.Contains(strings.Join(rows, ""), "READ_PARQUET") {
		t.Errorf("%v %v", rows, err)
	}
	var mistake *query.Error
	if _, _, err = ask(t, e, query.Statement{SQL: "analyze select nope", Explain: true}); !errors.As(err, &mistake) {
		t.Errorf("%v", err)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	if _, err := query.Find("/nowhere/panther-query"); err == nil || !strings.Contains(err.Error(), "PANTHER_QUERY") {
		t.Error(err)
	}
	for _, program := range []string{"/bin/false", "/bin/true", "/bin/cat"} {
		if _, err := os.Stat(program); err != nil {
			continue
		}
		e := &query.Engine{Catalog: lake.NewCatalog(folder(t)), Program: program}
		if _, err := e.Run(t.Context(), query.Statement{SQL: "select 1"}); err == nil || !slices.ContainsFunc([]string{"ended in the middle", "of another version"}, func(s string) bool { return strings.Contains(err.Error(), s) }) {
			t.Errorf("%s: %v", program, err)
		}
	}
}
