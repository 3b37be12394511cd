package lake

// NewMemory is the store of the tests.
func NewMemory() Store { return newMemory() }
