// Package host looks at the machine a benchmark runs on: what it is (Environment), and
// where its processor time goes (CPUTime). It reads /proc and /sys through an fs.FS, so
// that tests can be another machine.
package host
