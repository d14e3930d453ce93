// Package fleet lets several processes, on this host or others, generate one load together.
// Each drives its part of the connections, from the same streams and schedules a single
// process would use; their histograms are added up.
//
// A member is `bench worker` behind any command that connects its standard streams, such as
// ssh. The two sides exchange lines of JSON: the load goes in; when the member is connected
// and warm it says so; its clock is compared with ours; all members get a common time to
// start, each in its own clock; the result comes back with encoded histograms. When its input
// ends, a member stops.
package fleet
