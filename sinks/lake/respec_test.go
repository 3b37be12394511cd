package lake

import (
	"testing"
	"time"

	"github.com/apache/iceberg-go"
)

// Rows get into a table that another engine has given another partitioning, and maintenance goes on: the files are by the hour.
func TestOtherPartitioning(t *testing.T) {
	for _, what := range []string{"one more field", "another field", "no field"} {
		m := newMaintained(t)
		m.commit(3)
		tx := m.load().NewTransaction()
		spec := tx.UpdateSpec(true)
		if what != "one more field" {
			spec = spec.RemoveField("p_parse_hour")
		}
		if what != "no field" {
			spec = spec.AddField(colRowID, iceberg.IdentityTransform{}, "by_row")
		}
		must0(t, spec.Commit())
		_, err := tx.Commit(ctx)
		must0(t, err)
		if ByHour(m.load()) {
			t.Fatal("it is partitioned by the hour still")
		}
		m.commit(50)
		m.clock.t = m.clock.t.Add(3 * time.Hour)
		done, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep())
		if err != nil || done.Rows != 53 || done.FilesAfter != 1 {
			t.Errorf("%s: %+v, %v", what, done, err)
		}
		if in := m.inspect(); !in.OK() || in.Rows != 53 {
			t.Errorf("%s: %d rows, %v", what, in.Rows, in.Problems())
		}
	}
}
