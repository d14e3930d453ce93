// Package run carries out a plan: it starts the systems, loads and measures them, judges
// what came back and keeps the results directory valid after every trial.
//
// A trial that could not be measured is recorded with the reason in place of numbers. A
// trial whose reads were wrong, or that did not get the load the other systems of its
// round got, additionally makes the whole run fail: such numbers mean nothing.
package run
