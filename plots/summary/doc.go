// Package summary turns the trials of one or more runs into what figures and tables
// show: per panel, workload and system a median with its interval, and the ratio of two
// systems paired by round. It draws and prints nothing.
//
// The unit of replication is the trial. Latency percentiles are taken per trial from its
// own histogram; across trials they are summarised by median and interval, never averaged.
package summary
