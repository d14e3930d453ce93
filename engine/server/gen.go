package server

//go:generate go tool bpf2go -go-package server -tags linux -target amd64 -no-global-types -type conn -type conn_args sockmap ../../bpf/sockmap.bpf.c
//go:generate go tool bpf2go -go-package server -tags linux -target amd64 -no-global-types -type wire_args -type wire_key -type wire wire ../../bpf/wire.bpf.c
