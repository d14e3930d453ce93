package netns

//go:generate go tool bpf2go -go-package netns -tags linux -target amd64 -no-global-types loss ../../bpf/loss.bpf.c
