// Package flame folds what `perf script` prints into stacks with counts and draws them as a flame
// graph (Gregg, "The Flame Graph", CACM 59(6), 2016): a frame is as wide as its share of the
// samples and stands on the frame that called it. The drawing needs nothing but itself.
package flame
