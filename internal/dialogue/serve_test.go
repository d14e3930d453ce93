package dialogue

import (
	"net"
	"sync"
	"testing"

	"bpfdb/engine/model"
)

// serveModel serves a model on TCP for the length of the test, to test what needs a network but not Redis.
func serveModel(t *testing.T) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mu sync.Mutex
	db := model.NewDB()
	go func() { // ends when the listener closes
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			session := model.NewSession(db)
			mu.Unlock()
			go serveSession(conn, session, &mu) // ends with the connection
		}
	}()
	return listener.Addr().String()
}

func serveSession(conn net.Conn, session *model.Session, mu *sync.Mutex) {
	defer conn.Close()
	buf := make([]byte, 64<<10)
	for closed := false; !closed; {
		n, err := conn.Read(buf)
		mu.Lock()
		if err != nil {
			session.Close()
		}
		var out []byte
		out, closed = session.Serve(buf[:n])
		mu.Unlock()
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}
