package kafka

import (
	"errors"
	"fmt"
	"strconv"
)

// A poisoned record is one on which a mapper panicked.
type poisoned struct {
	topic  string
	num    int32
	offset int64
}

// panicked is a mapper's panic.
type panicked struct {
	at    poisoned
	cause any
	stack []byte
}

func (p *panicked) Error() string {
	return "panic at " + p.at.topic + "/" + strconv.Itoa(int(p.at.num)) + " offset " + strconv.FormatInt(p.at.offset, 10) + ": " + fmt.Sprint(p.cause) + "\n" + string(p.stack)
}

// explainAbort decides whether an abort's cause needs a new session: most are mended by reading the records again.
func (s *session) explainAbort(err error) error {
	var panicked *panicked
	switch {
	case err == nil:
		return nil
	case errors.As(err, &panicked):
		s.poison[panicked.at]++
		s.log.Error("a record makes the stage panic; after the second time it becomes a dead letter",
			"topic", panicked.at.topic, "partition", panicked.at.num, "offset", panicked.at.offset, "times", s.poison[panicked.at], "err", err)
		return nil
	}
	return err
}
