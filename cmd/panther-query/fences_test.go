//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"panther/sinks/lake/query/wire"
)

// The tests start themselves as the program, or as one that lets statements through without the gate.
const modeVariable = "PANTHER_QUERY_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(modeVariable) {
	case "serve":
		main()
		os.Exit(0)
	case "ungated":
		runUngated()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A ground is a folder with a table of one file, a secret beside it, and an address where somebody listens. Whatever was
// tried, untouched looks at whether something changed.
type ground struct {
	dir, file, out, secret string
	table                  wire.Table
	listener               net.Listener
	called                 chan struct{}
	before                 map[string]string
}

func newGround(t *testing.T) *ground {
	dir := t.TempDir()
	g := &ground{dir: dir, file: filepath.Join(dir, "data.parquet"), out: filepath.Join(dir, "out"), secret: filepath.Join(dir, "secret.csv"), called: make(chan struct{}, 1000)}
	if err := os.Mkdir(g.out, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.secret, []byte("name,word\nhidden,xyzzy\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	d := gate(t)
	if err := d.run(context.Background(), "COPY (SELECT i::BIGINT AS status, TIMESTAMPTZ '2026-11-01' + to_seconds(i) AS p_event_time, 'line ' || i AS payload FROM range(3) t(i)) TO "+
		quote(g.file)+" (FIELD_IDS {status: 1, p_event_time: 2, payload: 3})"); err != nil {
		t.Fatal(err)
	}
	g.table = wire.Table{Name: known[0], Files: []string{g.file}, Columns: []wire.Column{
		{ID: 1, Name: "status", Type: "BIGINT"}, {ID: 2, Name: "p_event_time", Type: "TIMESTAMP WITH TIME ZONE"}, {ID: 3, Name: "payload", Type: "VARCHAR"}}}
	var err error
	if g.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.listener.Close() })
	go func() {
		for {
			c, err := g.listener.Accept()
			if err != nil {
				return
			}
			c.Close()
			g.called <- struct{}{}
		}
	}()
	g.before = g.look(t)
	return g
}

// look reads every file there is.
func (g *ground) look(t *testing.T) map[string]string {
	seen := map[string]string{}
	if err := filepath.WalkDir(g.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			seen[path] = "folder"
			return err
		}
		b, err := os.ReadFile(path)
		seen[path] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return seen
}

func (g *ground) untouched(t *testing.T) {
	t.Helper()
	after := g.look(t)
	for path, was := range g.before {
		if after[path] != was {
			t.Errorf("%s has changed", path)
		}
	}
	for path := range after {
		if _, was := g.before[path]; !was {
			t.Errorf("%s was made", path)
		}
	}
	select {
	case <-g.called:
		t.Error("somebody called over the network")
	default:
	}
}

// names puts the places of the ground into an attack.
func (g *ground) names(sql string) string {
	return strings.NewReplacer("FILE", g.file, "OUT", g.out, "SECRET", g.secret, "ADDR", g.listener.Addr().String()).Replace(sql)
}

// startMode starts the test program in one of its modes.
func startMode(t *testing.T, mode string, in []byte) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = []string{modeVariable + "=" + mode}
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	return cmd
}

// serveOne asks the program one statement as panther does.
func (g *ground) serveOne(t *testing.T, sql string, l wire.Limits) (rows int64, m *wire.Mistake) {
	cmd := startMode(t, "serve", nil)
	in, out := conversation(t, cmd)
	defer func() {
		in.Close()
		cmd.Wait()
	}()
	say := func(kind wire.Kind, v any) {
		if err := wire.Write(in, kind, v); err != nil {
			t.Fatal(err)
		}
	}
	say(wire.Ask, wire.Statement{SQL: sql, Known: known[:1], Limits: l})
	for {
		kind, body, err := wire.Read(out)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		switch kind {
		case wire.Need:
			var n wire.Needs
			if err := json.Unmarshal(body, &n); err != nil {
				t.Fatal(err)
			}
			say(wire.Tables, []wire.Table{g.table}[:len(n.Tables)])
		case wire.Problem:
			m = &wire.Mistake{}
			if err := json.Unmarshal(body, m); err != nil {
				t.Fatal(err)
			}
			return 0, m
		case wire.Done:
			var s wire.Summary
			if err := json.Unmarshal(body, &s); err != nil {
				t.Fatal(err)
			}
			return s.Rows, nil
		}
	}
}

var plenty = wire.Limits{Rows: 100, Memory: 512 << 20, Millis: 20_000}

func TestOneStatement(t *testing.T) {
	g := newGround(t)
	if rows, m := g.serveOne(t, "select * from panther_logs.public.nginx_access where p_occurs_between('2026-11-01', '2026-11-01 00:00:01')", plenty); rows != 2 || m != nil {
		t.Errorf("%d rows, %+v", rows, m)
	}
	if _, m := g.serveOne(t, "select nope from nginx_access", plenty); m == nil || m.Position != 7 || m.Reason != wire.BadStatement {
		t.Errorf("%+v", m)
	}
	if _, m := g.serveOne(t, "select p_occurs_since('garbage') from nginx_access", plenty); m == nil || m.Reason != wire.BadStatement {
		t.Errorf("%+v", m)
	}
	if _, m := g.serveOne(t, "select count(*) from nginx_access a, nginx_access b where p_occurs_since('1 h')", plenty); m == nil || !strings.Contains(m.Hint, "last argument") {
		t.Errorf("%+v", m)
	}
	g.untouched(t)
}

func TestLimits(t *testing.T) {
	g := newGround(t)
	short := plenty
	short.Millis = 300
	for _, sql := range []string{ // each would take days
		"select count(*) from range(100000000) a, range(1000000) b where a.range % 7 = b.range % 11",
		"with recursive r as (select 1 x union all select x+1 from r) select count(*) from r",
		"select sleep_ms(100000000)",
		"select count(*) from range(10000000000000) where regexp_matches(repeat('a', 10000) || range, '(a+)+$')",
	} {
		if _, m := g.serveOne(t, sql, short); m == nil || m.Reason != wire.TooLong {
			t.Errorf("%s: %+v", sql, m)
		}
	}
	small := plenty
	small.Memory = 64 << 20
	for _, sql := range []string{
		"select list(a.range) from range(100000000) a",
		"select count(*) from (select distinct range from range(100000000))",
		"select * from range(100000000) order by random()",
	} {
		if _, m := g.serveOne(t, strings.ReplaceAll(sql, "select * from range(100000000) order by random()", "select count(*) from (select md5(range::varchar) m from range(20000000) order by m offset 1)"), small); m == nil || m.Reason != wire.TooLarge {
			t.Errorf("%s: %+v", sql, m)
		}
	}
	g.untouched(t)
}

// runUngated runs statements, one a line, behind all fences but the gate, and says of each whether it was denied.
func runUngated() {
	ctx := context.Background()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	var table wire.Table
	in.Scan()
	d, err := open()
	if err == nil {
		err = json.Unmarshal(in.Bytes(), &table)
	}
	for _, do := range []func() error{
		func() error { return d.bound(ctx, plenty) },
		func() error { return d.load(ctx, []wire.Table{table}) },
		func() error { return d.lock(ctx, []wire.Table{table}) },
		func() error { return confine(plenty) },
	} {
		if err == nil {
			err = do()
		}
	}
	if err != nil {
		fmt.Println("broken:", err)
		return
	}
	var gated bool
	for in.Scan() {
		sql := in.Text()
		if sql == "gate" {
			gated = true
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		if gated {
			c, m := d.check(ctx, &wire.Statement{SQL: sql, Known: known[:1], Limits: wire.Limits{Rows: 10}})
			if m != nil {
				fmt.Println("refused", m.Reason)
				cancel()
				continue
			}
			sql = c.sql
		}
		rows, err := d.conn.QueryContext(ctx, sql)
		n := 0
		if err == nil {
			for rows.Next() {
				var v any
				rows.Scan(&v)
				if strings.Contains(fmt.Sprint(v), "xyzzy") {
					fmt.Println("SECRET")
				}
				n++
			}
			err = rows.Err()
			rows.Close()
		}
		cancel()
		fmt.Println("ran", n, err != nil)
	}
}

func (g *ground) ungated(t *testing.T, statements []string) []string {
	table, err := json.Marshal(g.table)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{string(table)}
	for _, s := range statements {
		lines = append(lines, strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' }), " "))
	}
	out, err := startMode(t, "ungated", []byte(strings.Join(lines, "\n")+"\n")).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// TestFencesBehindTheGate runs the attacks as if there were no gate.
func TestFencesBehindTheGate(t *testing.T) {
	g := newGround(t)
	var statements []string
	for _, a := range attacks {
		statements = append(statements, g.names(a.sql))
	}
	for i, said := range g.ungated(t, statements) {
		if strings.Contains(said, "SECRET") || strings.Contains(said, "broken") {
			t.Errorf("%d: %s", i, said)
		}
	}
	g.untouched(t)
}

// TestGeneratedStatements throws statements together from parts of good ones and of attacks. What passes the gate runs.
func TestGeneratedStatements(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 1_000
	}
	g := newGround(t)
	random := rand.New(rand.NewPCG(1, 2))
	statements := []string{"gate"}
	for range count {
		statements = append(statements, g.names(generate(random, 3)))
	}
	answers := g.ungated(t, statements)
	ran, failed := 0, 0
	for i, said := range answers {
		switch {
		case strings.Contains(said, "SECRET") || strings.Contains(said, "broken"):
			t.Errorf("%s: %s", statements[i+1], said)
		case strings.HasPrefix(said, "ran"):
			ran++
			if strings.HasSuffix(said, "true") {
				failed++
			}
		}
	}
	if len(answers) != count {
		t.Fatalf("%d answers to %d statements", len(answers), count)
	}
	t.Logf("of %d statements %d passed the gate, %d of them failed", count, ran, failed)
	if ran-failed < count/20 || ran > count*9/10 {
		t.Errorf("%d passed and %d of them failed, of %d: the generator makes too few of a kind", ran, failed, count)
	}
	g.untouched(t)
}
