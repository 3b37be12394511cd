package main

import (
	"context"

	"panther/sinks/lake/compact"
	"panther/sinks/lake/operator"
)

// runCompact is `panther compact`, the same as the program compact: its flags are those of package compact.
func runCompact(ctx context.Context, p *program, args []string) error {
	ctx, stop := interruptible(ctx, p)
	defer stop()
	if code := compact.Main(ctx, operator.Call{Name: "panther compact", Args: args, Out: p.out, Talk: p.err, Env: p.env}); code != 0 {
		return &exitError{code: code}
	}
	return nil
}
