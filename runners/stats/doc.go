// Package stats summarises trials. The trial is the unit of replication: requests
// inside one trial are autocorrelated, so every interval here is over trials and
// none over requests. Functions are pure and seeded; the same data gives the same
// figure on every machine.
//
// The intervals are percentile bootstraps (Efron and Tibshirani, An Introduction to
// the Bootstrap, 1993, ch. 13). With the three to ten trials a run has they are
// coarse: with n = 3 the interval is at best the range of the data. Reports print n.
package stats
