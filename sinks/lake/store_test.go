package lake_test

import (
	"testing"

	"panther/sinks/lake"
	"panther/sinks/lake/catalogtest"
	"panther/sinks/lake/storetest"
)

func TestFolderIsAStore(t *testing.T) {
	folder, err := lake.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, folder)
}

// The store that the other tests write to behaves as real ones do.
func TestTheStoreOfTheTestsIsAStore(t *testing.T) { storetest.Run(t, lake.NewMemory()) }

func TestFolderCatalogForgets(t *testing.T) {
	dir := t.TempDir()
	catalogtest.Forgets(t, func(t *testing.T) *lake.Catalog {
		folder, err := lake.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		return lake.NewCatalog(folder)
	})
}
