// Package plots draws the figures of a run: grouped bars per system over workload for
// throughput, 99th percentile and processor time per operation, one figure for each
// setting, and lines for the engine alone over table size. Each is written as SVG and PNG.
//
// Every trial is a dot and every interval a whisker, so that a reader sees how much of a
// difference is noise. Colours are fixed per system and stay apart for colour-blind
// readers. A system that was not installed keeps its place and says so.
package plots
