package main

import (
	"context"

	"panther/sinks/lake/gluesync"
	"panther/sinks/lake/operator"
)

// runGluesync is `panther gluesync`, the same as the program gluesync: its flags are those of package gluesync.
func runGluesync(ctx context.Context, p *program, args []string) error {
	ctx, stop := interruptible(ctx, p)
	defer stop()
	if code := gluesync.Main(ctx, operator.Call{Name: "panther gluesync", Args: args, Out: p.out, Talk: p.err, Env: p.env}); code != 0 {
		return &exitError{code: code}
	}
	return nil
}
