package kafka

import (
	"errors"
	"fmt"
	"strconv"
)

// A poisoned line is one on which a mapper panicked.
type poisoned struct {
	topic  string
	num    int32
	offset int64
	line   int64 // within the record, from 0; 0 where a record is a line
}

// mostGuilty is how many lines of one record are put aside one by one. Each costs two transactions: where more are guilty, as
// when the mapper panics before it finds a line at all, the rest of the record is put aside as a whole.
const mostGuilty = 8

// guilty reports whether the mapper panicked on a line twice: once may be an accident.
func (s *session) guilty(at poisoned) bool { return len(s.poison) > 0 && s.poison[at] >= 2 }

// guiltyUpTo counts the guilty lines of a record, up to one.
func (s *session) guiltyUpTo(at poisoned) (n int) {
	for p, times := range s.poison {
		line := p.line
		if p.line = at.line; p == at && line <= at.line && times >= 2 {
			n++
		}
	}
	return n
}

// panicked is a mapper's panic.
type panicked struct {
	at    poisoned
	cause any
	stack []byte
}

func (p *panicked) Error() string {
	return "panic at " + p.at.topic + "/" + strconv.Itoa(int(p.at.num)) + " offset " + strconv.FormatInt(p.at.offset, 10) + " line " + strconv.FormatInt(p.at.line, 10) + ": " + fmt.Sprint(p.cause) + "\n" + string(p.stack)
}

// explainAbort decides whether an abort's cause needs a new session: most are mended by reading the records again.
func (s *session) explainAbort(err error) error {
	var panicked *panicked
	switch {
	case err == nil:
		return nil
	case errors.As(err, &panicked):
		s.poison[panicked.at]++
		s.log.Error("a line makes the stage panic; after the second time it becomes a dead letter",
			"topic", panicked.at.topic, "partition", panicked.at.num, "offset", panicked.at.offset, "line", panicked.at.line, "times", s.poison[panicked.at], "err", err)
		return nil
	}
	return err
}
