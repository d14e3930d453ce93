package systemtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"time"
)

// logFile is in the server's working directory, which is the trial's own.
const logFile = "systemtest.log"

// saveTime is how long a checkpoint of a Durable server takes.
const saveTime = 100 * time.Millisecond

type logged struct{ Key, Value string }

// recover reads back what a Durable or Lossy server has logged; the latter forgets the
// last of it.
func (s *server) recover() error {
	if s.behaviour != Durable && s.behaviour != Lossy {
		return nil
	}
	file, err := os.OpenFile(logFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.file = json.NewEncoder(file)
	last := ""
	for records := json.NewDecoder(file); ; {
		var r logged
		if err := records.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		s.keys.values[r.Key], last = r.Value, r.Key
	}
	if s.behaviour == Lossy {
		delete(s.keys.values, last)
	}
	return nil
}

// log is called with the keys locked.
func (s *server) log(key, value string) {
	if s.file == nil {
		return
	}
	if err := s.file.Encode(logged{key, value}); err != nil {
		fail(1, err.Error())
	}
}

// beginSave and persistence are called with the keys locked.
func (s *server) beginSave() string {
	if s.file == nil {
		return "-ERR no persistence\r\n"
	}
	s.saved = time.Now().Add(saveTime)
	return "+Background saving started\r\n"
}

func (s *server) persistence() string {
	if s.file == nil {
		return ""
	}
	busy := 0
	if time.Now().Before(s.saved) {
		busy = 1
	}
	return "rdb_bgsave_in_progress:" + strconv.Itoa(busy) + "\r\nrdb_last_bgsave_status:ok\r\n"
}
