package isolation

//go:generate go tool bpf2go -go-package isolation -tags linux -target amd64 -output-suffix _test -no-global-types -type entry -type worker -type lists_args lists ../../bpf/testdata/lists.bpf.c
//go:generate go tool bpf2go -go-package isolation -tags linux -target amd64 -output-suffix _test -no-global-types unchecked ../../bpf/testdata/lists_unchecked.bpf.c
//go:generate go tool bpf2go -go-package isolation -tags linux -target amd64 -output-suffix _test -no-global-types -type state -type snapshot -type start_args interrupt ../../bpf/testdata/interrupt.bpf.c
