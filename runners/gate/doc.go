// Package gate decides whether one build of BPF-DB is slower than another.
//
// Shared machines change faster than a trial lasts, so builds are measured in turns of a
// tenth of a second: base, base again and head, three servers alive at once, every round
// a slice of each in random order, so that what the machine does falls on all alike (Abedi
// and Brecht, ICPE 2017). What is judged is the ratio within a round of head to base's two
// servers; the ratio of those two to each other, taken in the same seconds, is the noise. A
// block is such rounds on fresh servers, as a server may be fast or slow for its whole life
// (Treadmill, ISCA 2016).
//
// A metric of a cell has regressed when four things hold at once: the exact signed-rank
// test over all rounds is significant, corrected for the number of tests (Holm) and of
// looks at the data; the bootstrap interval of the median ratio, drawn by blocks and then
// rounds, lies above 1; the median exceeds a least effect, which is what base shows against
// itself and never less than a budget; and several blocks show it by themselves. A narrow
// interval only says that a block agrees with itself, recurrence is the signal.
//
// Blocks are added while the rounds cannot exclude a slowdown of the size that the gate
// promises to find, or blocks disagree; if that is so in the end, the answer is
// "inconclusive". Any error is an error; nothing but a completed comparison gives "ok".
//
// Exact compares beside it what does not depend on the clock: instructions the verifier
// walks through, bytes per key, allocations per operation.
package gate
