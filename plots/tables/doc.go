// Package tables writes the measured parts of PAPER.md and README.md: Markdown between
// pairs of markers, such as
//
//	<!-- results:ycsb -->
//	<!-- /results:ycsb -->
//
// A number in those documents stands between markers or not at all, so one command
// refreshes all of them and one command finds a stale one.
package tables
