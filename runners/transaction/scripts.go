package transaction

import (
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"fmt"

	"bpfdb/workloads"
)

// scripts holds a Lua script for every transaction that is not one command of Redis anyway,
// with its stored procedure's name, arguments and replies.
//
//go:embed lua/*.lua
var scripts embed.FS

type script struct {
	text []byte
	sha1 string // its name for EVALSHA
}

var scriptOf = func() (all [workloads.TxnKindCount]script) {
	for kind := range workloads.TxnKindCount {
		if commandOf(kind) != "" || kind == workloads.InsertRecord || kind == workloads.ScanRecords {
			continue
		}
		text, err := scripts.ReadFile("lua/" + kind.String() + ".lua")
		if err != nil {
			panic(fmt.Sprintf("transaction: %v", err)) // the files are part of the program
		}
		sum := sha1.Sum(text)
		all[kind] = script{text, hex.EncodeToString(sum[:])}
	}
	return all
}()

// Scripts lists the text of every script, to be loaded before a run in mode Lua.
func Scripts() [][]byte {
	var texts [][]byte
	for _, script := range scriptOf {
		if script.text != nil {
			texts = append(texts, script.text)
		}
	}
	return texts
}

// commandOf is the command that does all of a transaction: nobody writes a script for that.
func commandOf(kind workloads.TxnKind) string {
	switch kind {
	case workloads.GetSubscriberData, workloads.GetAccessData, workloads.ReadRecord:
		return "GET"
	case workloads.WriteFour:
		return "MSET"
	}
	return ""
}
