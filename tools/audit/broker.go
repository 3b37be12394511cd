package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A broker is Kafka, and how it is killed.
type broker struct {
	addr  string
	kill  func(ctx context.Context) error // kill -9, and up again; nil: it cannot be killed
	close func()
}

// startBroker starts the broker that s asks for.
func startBroker(ctx context.Context, s setup) (*broker, error) {
	switch {
	case s.brokers == "fake":
		return fakeBroker()
	case s.brokers != "":
		b := &broker{addr: s.brokers, close: func() {}}
		if s.restart != "" {
			b.kill = func(ctx context.Context) error { return shell(ctx, "sh", "-c", s.restart) }
		}
		return b, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.dir, "kafka")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	jars := filepath.Join(root, ".kafka", "libs") // that `kafka.sh start` has fetched before, if it has
	if _, err := os.Stat(filepath.Join(jars, ".complete")); err == nil {
		if err := os.Symlink(jars, filepath.Join(dir, "libs")); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	port, err := freePorts()
	if err != nil {
		return nil, err
	}
	script := func(ctx context.Context, verb string) error {
		return shell(ctx, filepath.Join(root, "tools", "kafka", "kafka.sh"), verb, dir, strconv.Itoa(port))
	}
	b := &broker{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	b.close = func() {
		if s.keep {
			script(context.Background(), "stop") // its data stays, to be looked at
			return
		}
		script(context.Background(), "clean")
	}
	b.kill = func(ctx context.Context) error {
		if err := script(ctx, "kill"); err != nil {
			return err
		}
		return script(ctx, "start")
	}
	if err := script(ctx, "start"); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// fakeBroker is one in memory, for a quick try. It lives in this process, so it cannot be killed.
func fakeBroker() (*broker, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second), kfake.BrokerConfigs(map[string]string{
		"group.consumer.heartbeat.interval.ms": "300", "group.consumer.session.timeout.ms": "3000"}))
	if err != nil {
		return nil, err
	}
	return &broker{addr: c.ListenAddrs()[0], close: c.Close}, nil
}

// shell runs a command; its output is part of the error.
func shell(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", filepath.Base(name), args, err, out)
	}
	return nil
}

// moduleRoot is the folder of go.mod, in or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run the audit within the checkout: there is no go.mod here or above")
		}
	}
	return "", err
}

// freePorts finds a port that is free, and the next two as well: Kafka takes all three.
func freePorts() (int, error) {
	for range 100 {
		a, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := a.Addr().(*net.TCPAddr).Port
		a.Close()
		if free(port) && free(port+1) && free(port+2) {
			return port, nil
		}
	}
	return 0, errors.New("find three free ports in a row: none in 100 tries")
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		l.Close()
	}
	return err == nil
}
