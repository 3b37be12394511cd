package operator

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// IsTerminal reports whether a file is a terminal; what is no file is none.
func IsTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// A Status is a line on a terminal that is written over.
type Status struct{ width int } // of what stands there

// Show writes a text in place of the one before.
func (s *Status) Show(w io.Writer, text string) {
	fmt.Fprintf(w, "\r%-*s", s.width, text)
	s.width = len(text)
}

// Clear takes the text away.
func (s *Status) Clear(w io.Writer) {
	if s.width > 0 {
		fmt.Fprintf(w, "\r%s\r", strings.Repeat(" ", s.width))
		s.width = 0
	}
}
