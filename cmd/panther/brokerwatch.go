package main

import (
	"context"
	"fmt"
	"time"
)

// How long no line is acknowledged until people are told, and until it is given up.
const (
	brokerSlow = 5 * time.Second
	brokerGone = 30 * time.Second
)

// A brokerWatch notices that brokers do not answer while lines are on their way to them. The client library would wait for
// long, and say only that time is up.
type brokerWatch struct {
	sent, taken func() int64 // lines handed to the producer, and those acknowledged
	say         func(text string)
}

// run looks once a second until ctx ends. An error says that the brokers are gone, and how far it got.
func (w brokerWatch) run(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	taken, since, told := w.taken(), time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now, sent := w.taken(), w.sent()
		if now != taken || now >= sent {
			taken, since, told = now, time.Now(), false
			continue
		}
		switch waited := time.Since(since); {
		case waited >= brokerGone:
			return fmt.Errorf("the broker is gone, or its disk is full: for %s it has acknowledged nothing; %d lines are acknowledged, %d behind them are not and may be missing. "+
				"Mend it, then send what is missing", brokerGone, now, sent-now)
		case waited >= brokerSlow && !told:
			told = true
			w.say(fmt.Sprintf("the broker has taken nothing for %s: %d lines are acknowledged, %d wait; they are sent if it takes them within %s",
				brokerSlow, now, sent-now, brokerGone))
		}
	}
}
