// Package gate decides whether one build of BPF-DB is slower than another.
//
// Both builds run the same op streams on one machine in the same minutes: every round
// measures each cell on each build once, next to each other and in random order, so that
// drift of the machine falls on both (Abedi and Brecht, ICPE 2017). What is judged is the
// ratio within a round. A metric of a cell has regressed when three things hold at once:
// the exact signed-rank test, corrected for the number of tests (Holm), is significant;
// the bootstrap interval of the median ratio lies above 1; and the median exceeds a least
// effect, which is what this machine shows between two equal builds (Noise), and never
// less than a budget. Then an independent block of rounds has to find it again: a narrow
// interval only says that a block agrees with itself, recurrence is the signal. A regression
// is what two blocks of at most three find.
//
// Where the rounds cannot exclude a slowdown of the size that the gate promises to find, or
// blocks disagree, the answer is "inconclusive". Any error is an error; nothing but a
// completed comparison gives "ok".
//
// Exact compares beside it what does not depend on the clock: instructions the verifier
// walks through, bytes per key, allocations per operation.
package gate
