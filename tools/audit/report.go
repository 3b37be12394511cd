package main

import (
	"fmt"
	"io"
	"strings"
)

// A report prints one line for each check.
type report struct {
	out   io.Writer
	wrong int
}

// check prints a check. wrong lists what is not as it should be; empty: all is well.
func (r *report) check(name string, wrong []string, format string, args ...any) {
	mark := "ok   "
	if len(wrong) > 0 {
		mark = "WRONG"
		r.wrong++
	}
	fmt.Fprintf(r.out, "%s %-32s %s\n", mark, name, fmt.Sprintf(format, args...))
	for i, w := range wrong {
		if i == 8 {
			fmt.Fprintf(r.out, "        ... and %d more\n", len(wrong)-i)
			break
		}
		fmt.Fprintf(r.out, "        %s\n", strings.ReplaceAll(w, "\n", "\n        "))
	}
}

// unless lists one thing that is wrong, unless fine.
func unless(fine bool, format string, args ...any) []string {
	if fine {
		return nil
	}
	return []string{fmt.Sprintf(format, args...)}
}
