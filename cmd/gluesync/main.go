// Command gluesync makes what AWS Glue says of the tables of a lake agree with the schemas. It is `panther gluesync` alone, to be
// copied to a host: package gluesync has it all.
package main

import (
	"panther/sinks/lake/gluesync"
	"panther/sinks/lake/operator"
)

func main() { operator.Process("gluesync", gluesync.Main) }
