package main

import (
	"context"

	"panther/sinks/lake/operator"
)

// operate makes a command of one of the operator's programs, which are also built alone: its flags are those of its package.
func operate(name string, main func(context.Context, operator.Call) int) func(context.Context, *program, []string) error {
	return func(ctx context.Context, p *program, args []string) error {
		ctx, stop := interruptible(ctx, p)
		defer stop()
		if code := main(ctx, operator.Call{Name: "panther " + name, Args: args, Out: p.out, Talk: p.err, Env: p.env}); code != 0 {
			return &exitError{code: code}
		}
		return nil
	}
}
