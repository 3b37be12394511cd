package classify

import (
	"fmt"
	"sync"
	"weak"

	"panther/schemas"
	"panther/schemas/logtype"
)

// Plans compiles each set of candidates once, however many workers ask for it: sources with the same log types, and all tasks
// of a process, share a Plan. It is forgotten once no Checker has it any more. The zero Plans is ready for use.
type Plans struct {
	mu    sync.Mutex
	plans map[string]weak.Pointer[Plan] // by the candidates' addresses: a Plan keeps its candidates, so an address is theirs
	grown int                           // how many there were when dead ones were last thrown away
}

// Worker returns what one goroutine needs to check lines of any number of sources.
func (p *Plans) Worker() *Worker { return &Worker{plans: p} }

// A Worker makes Checkers that share its memory: it looks at one line at a time.
type Worker struct {
	plans *Plans
	own   worker
}

// Checker returns a Checker for the candidate schemas of a source, in the source's order. Candidates that are too large for a
// plan fail each line, with the reason.
func (w *Worker) Checker(candidates []*logtype.Schema) Checker {
	plan, err := w.plans.plan(candidates)
	if err != nil {
		return refused{candidates, err}
	}
	return &Engine{plan, &w.own}
}

func (p *Plans) plan(candidates []*logtype.Schema) (*Plan, error) {
	key := ""
	for _, s := range candidates {
		key += fmt.Sprintf("%p ", s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if plan := p.plans[key].Value(); plan != nil {
		return plan, nil
	}
	plan, err := Compile(candidates)
	if err != nil {
		return nil, err
	}
	if p.plans == nil {
		p.plans = map[string]weak.Pointer[Plan]{}
	}
	if len(p.plans) > 2*p.grown {
		for key, plan := range p.plans {
			if plan.Value() == nil {
				delete(p.plans, key)
			}
		}
		p.grown = len(p.plans) + 8
	}
	p.plans[key] = weak.Make(plan)
	return plan, nil
}

// refused checks lines for candidates that are too large.
type refused struct {
	candidates []*logtype.Schema
	why        error
}

func (r refused) Check(l Line) Verdict {
	p := Plan{candidates: r.candidates}
	return Verdict{Candidates: p.each(schemas.Reason{Code: schemas.NoSchema, Expected: "log types that can be compiled", Got: r.why.Error()})}
}
