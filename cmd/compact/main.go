// Command compact back-fills JSON log data into the table of a log type. It is `panther compact` alone, to be copied to a host:
// package compact has it all.
package main

import (
	"panther/sinks/lake/compact"
	"panther/sinks/lake/operator"
)

func main() { operator.Process("compact", compact.Main) }
