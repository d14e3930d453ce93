package engine

//go:generate go tool bpf2go -go-package engine -tags linux -target amd64 -no-global-types -type conn -type txn -type control -type scratch -type shard -type serve_args -type operate_args -type operation -type call_args -type transact_args -type maintain_args -type scan_args -type log_entry -type serve_status -type operation_code -type transact_code -type protocol_error -type counter engine ../bpf/engine.bpf.c
