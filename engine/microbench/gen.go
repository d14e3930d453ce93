package microbench

//go:generate go tool bpf2go -go-package microbench -tags linux -target amd64 -no-global-types -type bench_args -type bench_code bench ../../bpf/bench.bpf.c
