package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A clientLog hands the client library's messages to slog, one level lower than the library thinks: what it calls an error
// it retries by itself.
type clientLog struct {
	log     *slog.Logger
	repeats repeats
}

func newClientLog(log *slog.Logger) *clientLog {
	return &clientLog{log: log}
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
		held, due := l.repeats.due(msg, time.Now())
		if !due {
			return
		}
		if held > 0 {
			keyvals = append(keyvals[:len(keyvals):len(keyvals)], "repeated", held)
		}
	}
	l.log.Log(context.Background(), to, "kafka client: "+msg, text(keyvals)...)
}

// repeats lets a message through once a minute, and counts those between. The zero value is ready.
type repeats struct {
	mu   sync.Mutex
	seen map[string]*repeat // by message; messages are constants, so that they are few
}

type repeat struct {
	next time.Time
	held int // since it was last let through
}

// due says whether msg is to be logged now, and how often it was held back since it last was.
func (rs *repeats) due(msg string, now time.Time) (held int, due bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.seen == nil {
		rs.seen = map[string]*repeat{}
	}
	r := rs.seen[msg]
	if r == nil {
		r = &repeat{}
		rs.seen[msg] = r
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

// warn logs a warning, and a repeated one once a minute with how often it came.
func (rs *repeats) warn(log *slog.Logger, message string, facts ...any) {
	where := facts
	if i := slices.Index(facts, any("err")); i >= 0 {
		where = facts[:i] // what differs each time must not make it another warning
	}
	if held, due := rs.due(message+fmt.Sprint(where...), time.Now()); due {
		log.Warn(message, append(facts, "repeated", held)...)
	}
}
