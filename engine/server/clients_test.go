package server

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"bpfdb/internal/kerneltest"
)

func TestGoRedis(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) { useGoRedis(t, s, protocol) })
		}
	})
}

func useGoRedis(t *testing.T, s *Server, protocol int) {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	client := redis.NewClient(&redis.Options{
		Addr: s.Addr().String(), Protocol: protocol, ClientName: "test", MaxRetries: -1,
	})
	defer client.Close()
	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, %v, want %v", what, got, err, want)
		}
	}
	err := client.FlushAll(ctx).Err()
	check("FLUSHALL", nil, nil, err)
	pong, err := client.Ping(ctx).Result()
	check("PING", pong, "PONG", err)
	name, err := client.ClientGetName(ctx).Result()
	check("CLIENT GETNAME", name, "test", err)
	err = client.MSet(ctx, "a", 1, "b", "two").Err()
	check("MSET", nil, nil, err)
	values, err := client.MGet(ctx, "a", "none", "b").Result()
	check("MGET", values, []any{"1", nil, "two"}, err)
	n, err := client.IncrBy(ctx, "a", 41).Result()
	check("INCRBY", n, 42, err)
	set, err := client.SetNX(ctx, "a", "no", 0).Result()
	check("SET NX", set, false, err)
	n, err = client.Del(ctx, "a", "b", "none").Result()
	check("DEL", n, 2, err)
	if err := client.Get(ctx, "a").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("GET of a deleted key: got %v, want redis.Nil", err)
	}
	replies, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 100 {
			p.Append(ctx, "log", fmt.Sprint(i%10))
		}
		return nil
	})
	check("pipelined APPEND", replies[99].(*redis.IntCmd).Val(), 100, err)
	conn := client.Conn() // a transaction belongs to its connection
	defer conn.Close()
	for _, command := range []string{"BEGIN", "SET in txn", "COMMIT"} {
		status, err := conn.Do(ctx, anys(command)...).Text()
		check(command, status, "OK", err)
	}
	in, err := client.Get(ctx, "in").Result()
	check("GET after COMMIT", in, "txn", err)
}

func anys(command string) (words []any) {
	for word := range strings.FieldsSeq(command) {
		words = append(words, word)
	}
	return words
}

func TestRedisCLI(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		kerneltest.Require(t, kerneltest.Tool("redis-cli"))
		for _, test := range []struct{ args, want string }{
			{"FLUSHALL", "OK"},
			{"SET key value", "OK"},
			{"GET key", "value"},
			{"-3 GET key", "value"},
			{"INCR n", "1"},
			{"MGET key none n", "value\n\n1"},
			{"NOPE", "ERR unknown command 'NOPE', with args beginning with:"},
		} {
			got := runTool(t, s, "redis-cli", strings.Fields(test.args)...)
			if strings.TrimSpace(got) != test.want {
				t.Errorf("redis-cli %s: got %q, want %q", test.args, got, test.want)
			}
		}
	})
}

// TestRedisBenchmark runs the tests that the figures rest on. redis-benchmark ends with an error when a reply is one;
// every command must have reached the engine.
func TestRedisBenchmark(t *testing.T) {
	const requests = 4000
	rated := regexp.MustCompile(`(?m)^"([A-Z_]+( \(10 keys\))?)","[0-9.]+"`)
	tests := []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"}
	onEveryPath(t, func(t *testing.T, s *Server) {
		kerneltest.Require(t, kerneltest.Tool("redis-benchmark"))
		for _, pipeline := range []string{"1", "16"} {
			before := s.counter("commands")
			out := runTool(t, s, "redis-benchmark", "-t", "ping,set,get,mset,incr", "-n", fmt.Sprint(requests),
				"-c", "50", "-P", pipeline, "-r", "100", "--csv", "-e")
			var ran []string
			for _, row := range rated.FindAllStringSubmatch(out, -1) {
				ran = append(ran, row[1])
			}
			if !slices.Equal(ran, tests) {
				t.Errorf("pipeline %s: ran %q, want %q:\n%s", pipeline, ran, tests, out)
			}
			if got, want := s.counter("commands")-before, uint64(len(tests)*requests); got < want {
				t.Errorf("pipeline %s: %d commands executed, want %d", pipeline, got, want)
			}
		}
	})
}

// runTool runs one of Redis's client programs against the server and returns what it printed.
func runTool(t *testing.T, s *Server, tool string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	to := []string{"-h", s.Addr().Addr().String(), "-p", fmt.Sprint(s.Addr().Port())}
	out, err := exec.CommandContext(ctx, tool, append(to, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, out)
	}
	return string(out)
}
