// Command compact back-fills JSON log data into the table of a log type. It is `panther compact` alone, to be copied to a host:
// package compact has it all.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"panther/sinks/lake/compact"
	"panther/sinks/lake/operator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := compact.Main(ctx, operator.Call{Name: "compact", Args: os.Args[1:], Out: os.Stdout, Talk: os.Stderr, Env: os.Getenv})
	stop()
	os.Exit(code)
}
