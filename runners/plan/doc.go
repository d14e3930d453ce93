// Package plan turns specs into the exact sequence of trials of a run. A plan is a pure
// function of the specs, the profile, the chosen systems and the seed: it looks at no
// machine, so it can be printed, compared and repeated.
//
// Order: experiments one after the other; within one, rounds; within a round every cell
// exactly once. A round visits the points (a cell without its system) in random order,
// and at each point the systems in random order, next to each other in time. Repeats are
// thereby spread over the whole run and never follow a fixed order (randomized multiple
// interleaved trials: Abedi and Brecht, ICPE 2017), while the systems of one point and
// round form a pair in which slow drift of the machine cancels.
//
// Every trial has a server of its own, started and loaded for it: a server's restarts
// differ from each other more than its requests do (Treadmill, ISCA 2016), and an update
// mix leaves another heap behind than it found. Loading is pipelined and costs less than
// a measured phase; specs choose the number of records accordingly.
package plan
