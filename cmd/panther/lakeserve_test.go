package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// panther lake serve says where it is, answers there, and ends when it is told.
func TestLakeServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	talk, w := io.Pipe()
	p := &program{out: io.Discard, err: w, env: func(string) string { return "" }}
	code := make(chan int)
	go func() {
		code <- p.main(ctx, []string{"lake", "serve", "--warehouse", t.TempDir(), "--listen", "127.0.0.1:0"})
		w.Close()
	}()
	line, err := bufio.NewReader(talk).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://\S+/iceberg`).FindString(line)
	resp, err := http.Get(address + "/v1/namespaces")
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(b) != `{"namespaces":[]}` {
		t.Errorf("%s: %d %s", address, resp.StatusCode, b)
	}
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit %d", c)
	}
}

func TestLakeServeMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"takes no arguments":                   {"x"},
		"choose another address with --listen": {"--listen", "127.0.0.1:99999"},
	} {
		var talk bytes.Buffer
		p := &program{out: io.Discard, err: &talk, env: func(string) string { return "" }}
		if code := p.main(t.Context(), append([]string{"lake", "serve", "--dir", t.TempDir()}, args...)); code == 0 || !strings.Contains(talk.String(), want) {
			t.Errorf("%q: exit %d, %s", args, code, &talk)
		}
	}
}
