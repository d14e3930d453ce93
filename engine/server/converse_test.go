package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// pipelineMax is the most commands of converseChecked in one write.
const pipelineMax = 16

// valueSizes of converseChecked: bytes, as likely as they occur.
var valueSizes = append([]int{0, 1, 17, 1000, 1000, 3000, 20000}, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100)

// converseChecked writes and reads keys of its own, in pipelines of 1 to 16 commands with values of all sizes, and
// compares every reply with what a map says. It waits up to stall before it reads.
func converseChecked(conn net.Conn, id, operations int, stall time.Duration) error {
	random := rand.New(rand.NewPCG(uint64(id), 7))
	values := map[string]string{}
	for done := 0; done < operations; {
		if err := conn.SetDeadline(time.Now().Add(linkTimeout)); err != nil {
			return err
		}
		send, want, n := exchange(random, id, values)
		done += n
		if _, err := conn.Write(send); err != nil {
			return fmt.Errorf("after %d operations: %w", done, err)
		}
		if stall > 0 {
			time.Sleep(time.Duration(random.Int64N(int64(stall))))
		}
		got := make([]byte, len(want))
		if n, err := io.ReadFull(conn, got); err != nil {
			return fmt.Errorf("after %d operations, %d of %d bytes: %w", done, n, len(want), err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("after %d operations: got %s, want %s", done, short(got), short(want))
		}
	}
	return nil
}

// exchange makes up some commands and their replies.
func exchange(random *rand.Rand, id int, values map[string]string) (send, want []byte, commands int) {
	for range 1 + random.IntN(pipelineMax)*random.IntN(2) {
		key := fmt.Sprintf("client:%d:%d", id, random.IntN(20))
		if random.IntN(2) == 0 {
			letter := string(rune('a' + random.IntN(26)))
			values[key] = strings.Repeat(letter, valueSizes[random.IntN(len(valueSizes))])
			send, want = append(send, request("SET", key, values[key])...), append(want, "+OK\r\n"...)
		} else if value, ok := values[key]; ok {
			send, want = append(send, request("GET", key)...), append(want, bulkReply(value)...)
		} else {
			send, want = append(send, request("GET", key)...), append(want, "$-1\r\n"...)
		}
		commands++
	}
	return send, want, commands
}
