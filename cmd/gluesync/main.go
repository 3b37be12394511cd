// Command gluesync makes what AWS Glue says of the tables of a lake agree with the schemas. It is `panther gluesync` alone, to be
// copied to a host: package gluesync has it all.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"panther/sinks/lake/gluesync"
	"panther/sinks/lake/operator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := gluesync.Main(ctx, operator.Call{Name: "gluesync", Args: os.Args[1:], Out: os.Stdout, Talk: os.Stderr, Env: os.Getenv})
	stop()
	os.Exit(code)
}
