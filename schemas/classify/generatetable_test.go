package classify_test

import (
	"math/rand/v2"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// A carpenter makes tables for log types by chance, whose columns do not always fit: they are missing, of another type, wanted
// twice, or shared.
type carpenter struct {
	*rand.Rand
	percent int // how often something does not fit
}

func (o *carpenter) chance(percent int) bool { return o.IntN(100) < percent }

// isOdd reports whether the next thing is not to fit.
func (o *carpenter) isOdd() bool { return o.chance(o.percent) }

// column makes a column; a dictionary has its texts.
func (o *carpenter) column(k classify.ColumnKind, children ...*classify.Column) *classify.Column {
	if k == classify.DictionaryColumn {
		children = []*classify.Column{classify.NewColumn(classify.TextColumn)}
	}
	return classify.NewColumn(k, children...)
}

func (o *carpenter) text() classify.ColumnKind {
	if o.chance(50) {
		return classify.DictionaryColumn
	}
	return classify.TextColumn
}

// into makes a column for a value, or in its place one that does not fit.
func (o *carpenter) into(v *logtype.Value, depth int) classify.Into {
	if o.isOdd() && depth > 0 {
		switch o.IntN(8) {
		case 0:
			return classify.Into{Column: o.column(o.text()), JSON: o.chance(70)}
		case 1:
			return classify.Into{Column: o.column([]classify.ColumnKind{classify.IntColumn, classify.LongColumn, classify.FloatColumn, classify.BoolColumn, classify.TimeColumn, classify.NoColumn}[o.IntN(6)])}
		case 2:
			x := o.into(v, depth-1)
			x.Column = o.column(classify.ListColumn, x.Column)
			return x
		case 3:
			columns, aims := o.aims(v.Fields, depth-1)
			return classify.Into{Column: o.column(classify.StructColumn, columns...), Within: aims}
		case 4:
			x := o.into(v, depth-1)
			x.JSON = !x.JSON
			return x
		case 5:
			x := o.into(v, depth-1)
			x.Within = append(x.Within, classify.Aim{Member: "zz"})
			return x
		}
	}
	switch v.Type {
	case logtype.Array:
		e := o.into(v.Element, depth)
		e.Column = o.column(classify.ListColumn, e.Column)
		return e
	case logtype.Object:
		columns, aims := o.aims(v.Fields, depth)
		return classify.Into{Column: o.column(classify.StructColumn, columns...), Within: aims}
	case logtype.JSON:
		return classify.Into{Column: o.column(o.text()), JSON: true}
	case logtype.String:
		return classify.Into{Column: o.column(o.text()), JSON: o.isOdd()}
	case logtype.Int, logtype.SmallInt:
		if o.chance(30) {
			return classify.Into{Column: o.column(classify.LongColumn)}
		}
		return classify.Into{Column: o.column(classify.IntColumn), JSON: o.chance(10)}
	}
	return classify.Into{Column: o.column(map[logtype.Type]classify.ColumnKind{logtype.BigInt: classify.LongColumn,
		logtype.Float: classify.FloatColumn, logtype.Boolean: classify.BoolColumn, logtype.Timestamp: classify.TimeColumn}[v.Type]), JSON: o.chance(10)}
}

// aims makes columns for the fields of an object.
func (o *carpenter) aims(fields []logtype.Field, depth int) (columns []*classify.Column, aims []classify.Aim) {
	for i := range fields {
		f := &fields[i]
		if o.isOdd() && o.chance(30) {
			continue
		}
		a := classify.Aim{Member: f.Name}
		if !(o.isOdd() && o.chance(30)) {
			for n := 0; n == 0 || o.isOdd(); n++ {
				if o.isOdd() && o.chance(20) && len(columns) > 0 && depth == 3 {
					c := columns[o.IntN(len(columns))]
					if c.Kind != classify.StructColumn && c.Kind != classify.ListColumn {
						a.Into = append(a.Into, classify.Into{Column: c, JSON: o.chance(50)})
						continue
					}
				}
				x := o.into(&f.Value, depth)
				columns = append(columns, x.Column)
				a.Into = append(a.Into, x)
			}
		}
		aims = append(aims, a)
		if o.isOdd() && o.chance(15) {
			x := o.into(&f.Value, depth)
			columns = append(columns, x.Column)
			aims = append(aims, classify.Aim{Member: f.Name, Into: []classify.Into{x}})
		}
	}
	o.Shuffle(len(aims), func(i, j int) { aims[i], aims[j] = aims[j], aims[i] })
	return columns, aims
}

// table makes a table for the events of a log type.
func (o *carpenter) table(s *logtype.Schema) ([]*classify.Column, *classify.Filler) {
	fields := ownFields()
	was := o.percent
	if o.chance(60) {
		o.percent = 0
	}
	columns, aims := o.aims(fields, 3)
	o.percent = was
	cs, as := o.aims(s.Fields, 3)
	columns, aims = append(columns, cs...), append(aims, as...)
	return columns, classify.NewFiller(aims)
}
