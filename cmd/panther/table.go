package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An output says for whom a command prints: people or machines. It is the flag -o.
type output string

const (
	forPeople   output = "table"
	forMachines output = "json"
)

// outputFlag adds -o to f.
func outputFlag(f *flag.FlagSet) *output {
	o := forPeople
	f.Var(&o, "o", "output `format`: table, or json for machines")
	return &o
}

func (o *output) String() string { return string(*o) }

// Set takes the flag's value.
func (o *output) Set(s string) error {
	if s != string(forPeople) && s != string(forMachines) {
		return fmt.Errorf("want table or json")
	}
	*o = output(s)
	return nil
}

// printJSON prints v for machines.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// A table is rows of cells for people; the first row is the header.
type table struct {
	rows  [][]string
	right []bool // columns of numbers stand to the right
}

// newTable makes a table with a header, in which # stands before the name of a column of numbers.
func newTable(header ...string) *table {
	t := &table{rows: [][]string{make([]string, len(header))}, right: make([]bool, len(header))}
	for i, name := range header {
		t.rows[0][i], t.right[i] = strings.CutPrefix(name, "#")
	}
	return t
}

// add adds a row, of as many cells as the header has. What could disturb a terminal is made visible.
func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = printable(c)
	}
	t.rows = append(t.rows, row)
}

// addLong adds a row whose last cell is a text that goes on in the lines below, so that none of it is lost.
func (t *table) addLong(cells ...string) {
	last := len(cells) - 1
	lines := strings.Split(strings.TrimSuffix(wrap(printable(cells[last]), lineWidth, ""), "\n"), "\n")
	for i, line := range lines {
		row := make([]string, len(cells))
		if i == 0 {
			copy(row, cells)
		}
		row[last] = line
		t.add(row...)
	}
}

// print writes the table, indented.
func (t *table) print(w io.Writer, indent string) error {
	var b strings.Builder
	widths := t.widths()
	for _, row := range t.rows {
		line := indent
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.right[i] {
				line += pad + cell + "  "
			} else {
				line += cell + pad + "  "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// widths returns how many letters each column needs.
func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// A factSheet is what there is to say about one thing: a title, and names with values.
type factSheet struct {
	title string
	rows  [][2]string
}

func newFacts(title string) *factSheet { return &factSheet{title: title} }

// add adds a fact. One without a value is left out.
func (f *factSheet) add(name, value string) {
	if value != "" {
		f.rows = append(f.rows, [2]string{name, printable(value)})
	}
}

func (f *factSheet) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(printable(f.title) + "\n")
	width := 0
	for _, row := range f.rows {
		width = max(width, len(row[0]))
	}
	for _, row := range f.rows {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, row[0], row[1])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable makes visible what could disturb a terminal: names and lines come from strangers.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(escaped(r, s[i:i+size]))
		i += size
	}
	return b.String()
}

// escaped is a letter, which is bytes in the text, as a terminal may show it.
func escaped(r rune, bytes string) string {
	switch {
	case r == utf8.RuneError && len(bytes) == 1:
		return fmt.Sprintf(`\x%02x`, bytes[0])
	case r == '\t':
		return `\t`
	case r == '\n':
		return `\n`
	case r < utf8.RuneSelf && unicode.IsControl(r):
		return fmt.Sprintf(`\x%02x`, r)
	case !unicode.IsGraphic(r): // control letters of Unicode too: some turn the order of a line around
		return fmt.Sprintf(`\u%04x`, r)
	}
	return bytes
}

// when writes a time for people: local, short, with its age.
func when(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	local, today := t.Local(), now.Local()
	layout := "2006-01-02"
	switch {
	case local.YearDay() == today.YearDay() && local.Year() == today.Year():
		layout = time.TimeOnly
	case local.Year() == today.Year():
		layout = "Jan 2 15:04"
	}
	return local.Format(layout) + " (" + age(t, now) + ")"
}

// age is how long ago t was, or how long it is until then.
func age(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Second:
		return "in " + short(-d)
	case d < time.Second:
		return "now"
	}
	return short(d) + " ago"
}

// short writes a duration by its largest unit.
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// plural writes a number of things.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// orNone is s, or a dash where a cell would be empty.
func orNone(s string) string { return cmp.Or(s, "-") }
