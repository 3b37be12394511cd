package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A clientLog hands the client library's messages to slog, one level lower than the library thinks: what it calls an error
// it retries by itself. A message that repeats is passed on once a minute, with its count.
type clientLog struct {
	log *slog.Logger

	mu      sync.Mutex
	repeats map[string]*repeat // by message; the library's messages are constants, so that they are few
}

// A repeat counts how often a message was held back since it was last passed on.
type repeat struct {
	next time.Time
	held int
}

func newClientLog(log *slog.Logger) *clientLog {
	return &clientLog{log: log, repeats: map[string]*repeat{}}
}

// Level asks the library for no more than what slog would show.
func (l *clientLog) Level() kgo.LogLevel {
	switch {
	case l.log.Enabled(context.Background(), slog.LevelDebug):
		return kgo.LogLevelInfo
	case l.log.Enabled(context.Background(), slog.LevelInfo):
		return kgo.LogLevelWarn
	case l.log.Enabled(context.Background(), slog.LevelWarn):
		return kgo.LogLevelError
	}
	return kgo.LogLevelNone
}

// Log passes a message on.
func (l *clientLog) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	to := slog.LevelDebug
	switch level {
	case kgo.LogLevelError:
		to = slog.LevelWarn
	case kgo.LogLevelWarn:
		to = slog.LevelInfo
	}
	if to > slog.LevelDebug {
		held, pass := l.pass(msg, time.Now())
		if !pass {
			return
		}
		if held > 0 {
			keyvals = append(keyvals[:len(keyvals):len(keyvals)], "repeated", held)
		}
	}
	l.log.Log(context.Background(), to, "kafka client: "+msg, text(keyvals)...)
}

// pass says whether msg is due, and how many were held back since the last one.
func (l *clientLog) pass(msg string, now time.Time) (held int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.repeats[msg]
	if r == nil {
		r = &repeat{}
		l.repeats[msg] = r
	}
	if now.Before(r.next) {
		r.held++
		return 0, false
	}
	held = r.held
	*r = repeat{next: now.Add(time.Minute)}
	return held, true
}

// text prints the library's own types as text; slog would show their fields.
func text(keyvals []any) []any {
	out := make([]any, len(keyvals))
	for i, v := range keyvals {
		switch v.(type) {
		case string, error, fmt.Stringer, bool, int, int16, int32, int64:
			out[i] = v
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}
