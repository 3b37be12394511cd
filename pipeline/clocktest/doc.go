// Package clocktest proves by simulation that drop-off alarms are neither false nor missed, whatever dies, lags or changes.
//
// It is a test and nothing else. A world of producers, partitions, a catalogue, brokers and processes runs on a clock of its
// own, with faults drawn from a seed. Two nodes work in it: the classifier, at the edge, and dropoff. What decides is the real
// code: stream.Edge, stream.Clocks, the task of stream.NewTask and stages.Dropoff, with records and changelogs as the bytes
// that travel between them. Only what the runner does with a broker is played here. An oracle that knows every event, who
// listened when, and the true catalogue, judges each alarm.
//
// A seed always gives the same schedule. To see one: go test ./pipeline/clocktest -run Schedules -from 17 -schedules 1 -story.
// A rule that no schedule needs is not proved: TestMutants breaks each in turn and expects an objection.
//
// Read world_test.go for the world, process_test.go for the runner's turn, oracle_test.go for what is right.
package clocktest
